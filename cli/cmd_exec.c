/* SPDX-License-Identifier: Apache-2.0 */
/* `exec`: run a program with secrets in its environment. */
#include <string.h>

#include "base/log.h"
#include "cli/child.h"
#include "cli/commands.h"
#include "cli/secrets.h"

/*
 * Names that make a program load or run something else. With --all the store
 * decides the names, and whoever writes to it is not to decide what runs here.
 */
static const char *const forbidden[] = {
	"BASHOPTS",
	"BASH_ENV",
	"CDPATH",
	"ENV",
	"GCONV_PATH",
	"GETCONF_DIR",
	"GIT_ASKPASS",
	"GIT_EXEC_PATH",
	"GIT_SSH",
	"GIT_SSH_COMMAND",
	"HOSTALIASES",
	"IFS",
	"JAVA_TOOL_OPTIONS",
	"LOCALDOMAIN",
	"LOCPATH",
	"MALLOC_TRACE",
	"NIS_PATH",
	"NLSPATH",
	"NODE_OPTIONS",
	"NODE_PATH",
	"OPENSSL_CONF",
	"OPENSSL_MODULES",
	"PATH",
	"PERL5DB",
	"PERL5LIB",
	"PERL5OPT",
	"PERLLIB",
	"PROMPT_COMMAND",
	"PS4",
	"PYTHONHOME",
	"PYTHONPATH",
	"PYTHONSTARTUP",
	"RESOLV_HOST_CONF",
	"RES_OPTIONS",
	"RUBYLIB",
	"RUBYOPT",
	"SHELLOPTS",
	"SSLKEYLOGFILE",
	"TZDIR",
	"_JAVA_OPTIONS",
};

static bool is_forbidden(const char *name)
{
	if (string_starts(name, "LD_") || string_starts(name, "BASH_FUNC_") ||
	    string_starts(name, "DYLD_"))
		return true;
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		if (strcmp(name, forbidden[i]) == 0)
			return true;
	return false;
}

static bool is_variable_name(const char *name)
{
	if (!ascii_is_alpha(name[0]) && name[0] != '_')
		return false;
	for (; *name; name++)
		if (!ascii_is_alnum(*name) && *name != '_')
			return false;
	return true;
}

static struct secret_entry *find_name(const struct secrets *secrets, const char *name, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (secrets->entries[i].name && strcmp(secrets->entries[i].name, name) == 0)
			return &secrets->entries[i];
	return NULL;
}

/* --env NAME=REF */
static enum lks_status add_named(struct secrets *secrets, const char *argument,
				 struct lks_error *err)
{
	const char *equals = strchr(argument, '=');
	AUTO(free_ptr) char *name = equals ? strndup(argument, (size_t)(equals - argument)) : NULL;
	struct reference reference;
	enum lks_status status;

	if (!equals || !equals[1])
		return error_set(err, LKS_INVALID, "--env takes NAME=REF");
	if (!name)
		return error_no_memory(err, "the variables");
	if (!is_variable_name(name))
		return error_set(err, LKS_INVALID,
				 "--env: a variable's name has letters, digits and _ only");
	status = reference_parse(equals + 1, &reference, err);
	if (status)
		return status;
	if (find_name(secrets, name, secrets->count))
		return error_set(err, LKS_INVALID, "--env: %s was given twice", name);
	return secrets_add(secrets, name, &reference, false, err);
}

/*
 * What --all found is named after the last part of its path. A name that the
 * caller gave with --env wins; two that are found collide.
 */
static enum lks_status name_listed(struct secrets *secrets, size_t index, bool *ret_keep,
				   struct lks_error *err)
{
	struct secret_entry *entry = &secrets->entries[index];
	const char *slash = strrchr(entry->reference.path, '/');
	const char *name = slash ? slash + 1 : entry->reference.path;
	const struct secret_entry *other = find_name(secrets, name, index);
	char printed[REFERENCE_MAX * 2], other_printed[REFERENCE_MAX * 2];

	reference_print(&entry->reference, printed, sizeof(printed));
	*ret_keep = !other || other->is_listed;
	if (other && other->is_listed) {
		reference_print(&other->reference, other_printed, sizeof(other_printed));
		error_set(err, LKS_INVALID, "--all: %s and %s would both be the variable %s",
			  other_printed, printed, name);
		error_hint(err, "name one of them with --env NAME=REF, or narrow the prefix");
		return LKS_INVALID;
	}
	if (!is_variable_name(name) || is_forbidden(name)) {
		error_set(err, LKS_INVALID, "--all: %s: %s", printed,
			  is_forbidden(name) ? "a variable of this name changes what a program "
					       "loads or runs"
					     : "this is no name for a variable");
		error_hint(err, "name the variable with --env NAME=%s, or narrow the prefix",
			   printed);
		return LKS_INVALID;
	}
	entry->name = *ret_keep ? strdup(name) : NULL;
	return *ret_keep && !entry->name ? error_no_memory(err, "the variables") : LKS_OK;
}

static enum lks_status collect(struct cli *cli, struct secrets *secrets, struct lks_error *err)
{
	const char *argument;
	enum lks_status status = LKS_OK;
	size_t named, kept;

	for (size_t i = 0; !status && (argument = cli_option_at(cli, "env", i)); i++)
		status = add_named(secrets, argument, err);
	kept = named = secrets->count;
	for (size_t i = 0; !status && (argument = cli_option_at(cli, "all", i)); i++)
		status = secrets_add_all(secrets, cli, argument, err);
	for (size_t i = named; !status && i < secrets->count; i++) {
		struct secret_entry swap = secrets->entries[kept];
		bool keep;

		secrets->entries[kept] = secrets->entries[i];
		secrets->entries[i] = swap;
		status = name_listed(secrets, kept, &keep, err);
		kept += keep;
	}
	if (status)
		return status;
	for (size_t i = kept; i < secrets->count; i++)
		record_free(TAKE(secrets->entries[i].record));
	secrets->count = kept;
	return LKS_OK;
}

/* --- the environment -------------------------------------------------- */

/* NAME=VALUE texts; those with secrets are in secret memory. */
struct environment {
	char **variables;
	size_t count;
	struct lks_buffer **secret; /* what to wipe */
	size_t secret_count;
};

static void environment_release(struct environment *environment)
{
	for (size_t i = 0; i < environment->secret_count; i++)
		secret_free(environment->secret[i]);
	free(environment->secret);
	free(environment->variables);
	memset(environment, 0, sizeof(*environment));
}

static bool is_kept(const char *variable, bool pristine, const struct secrets *secrets)
{
	static const char *const plain[] = { "PATH", "HOME", "USER", "LANG", "TERM", "TZ" };
	const size_t len = strcspn(variable, "=");
	bool known = !pristine;

	for (size_t i = 0; i < COUNT_OF(plain); i++)
		known = known || (strlen(plain[i]) == len && strncmp(variable, plain[i], len) == 0);
	for (size_t i = 0; known && i < secrets->count; i++)
		known = strlen(secrets->entries[i].name) != len ||
			strncmp(variable, secrets->entries[i].name, len) != 0;
	return known;
}

static enum lks_status make_variable(const struct secret_entry *entry,
				     struct lks_buffer **ret_variable, struct lks_error *err)
{
	AUTO(secret_text_release) struct secret_text text = SECRET_TEXT_INIT;
	const struct lks_buffer *value;
	enum lks_status status = secrets_value(entry, &value, err);

	if (status)
		return status;
	if (memchr(value->data, '\0', value->len)) {
		char reference[REFERENCE_MAX * 2];

		reference_print(&entry->reference, reference, sizeof(reference));
		return error_set(err, LKS_INVALID,
				 "%s holds a NUL byte, which no variable can hold", reference);
	}
	secret_text_add(&text, entry->name);
	secret_text_add(&text, "=");
	secret_text_append(&text, value->data, value->len);
	return secret_text_steal(&text, ret_variable, err);
}

static enum lks_status make_environment(const struct cli *cli, const struct secrets *secrets,
					struct environment *environment, struct lks_error *err)
{
	const bool pristine = cli_option_value(cli, "pristine") != NULL;
	size_t count = 0;

	while (cli->environment[count])
		count++;
	environment->variables = calloc(count + secrets->count + 1, sizeof(char *));
	environment->secret = calloc(secrets->count + 1, sizeof(struct lks_buffer *));
	if (!environment->variables || !environment->secret)
		return error_no_memory(err, "the environment");
	for (size_t i = 0; i < count; i++)
		if (is_kept(cli->environment[i], pristine, secrets))
			environment->variables[environment->count++] = cli->environment[i];
	for (size_t i = 0; i < secrets->count; i++) {
		struct lks_buffer *variable;
		const enum lks_status status = make_variable(&secrets->entries[i], &variable, err);

		if (status)
			return status;
		environment->secret[environment->secret_count++] = variable;
		environment->variables[environment->count++] = (char *)variable->data;
	}
	return LKS_OK;
}

/* --- the command ------------------------------------------------------ */

/* Everything up to the start; `*ret_redactor` stays NULL if nothing is masked. */
static enum lks_status prepare(struct cli *cli, struct environment *environment,
			       struct redactor **ret_redactor, struct lks_error *err)
{
	AUTO(secrets_release) struct secrets secrets = SECRETS_INIT;
	enum lks_status status = collect(cli, &secrets, err);

	if (!status)
		status = secrets_read(&secrets, cli, err);
	if (!status)
		status = make_environment(cli, &secrets, environment, err);
	if (!status && !cli_option_value(cli, "no-mask"))
		status = secrets_redactor(&secrets, ret_redactor, err);
	if (!status && *ret_redactor && redactor_count(*ret_redactor) == 0)
		redactor_free(TAKE(*ret_redactor));
	/* Plugins end before the program begins. */
	stores_free(TAKE(cli->stores));
	return status;
}

static int refuse_unavailable(struct cli *cli)
{
	static const char *const unavailable[] = { "watch", "consumer" };

	for (size_t i = 0; i < COUNT_OF(unavailable); i++)
		if (cli_option_value(cli, unavailable[i]))
			return cli_usage(cli, "--%s is not available in this version",
					 unavailable[i]);
	return 0;
}

int cmd_exec(struct cli *cli, int argc, char **argv)
{
	AUTO(environment_release) struct environment environment = { NULL, 0, NULL, 0 };
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	struct program program = { argv + 1, NULL, cli->umask, cli->signal_mask, cli->core_limit };
	struct child child;
	struct lks_error err;
	int code = refuse_unavailable(cli);

	(void)argc;
	if (code)
		return code;
	if (prepare(cli, &environment, &redactor, &err))
		return cli_fail(cli, &err);
	program.environment = environment.variables;
	/* Nothing to do but to be the program. Process 1 has orphans to bury. */
	if (!redactor && getpid() != 1) {
		if (program_become(&program, &err))
			return cli_fail(cli, &err);
	}
	if (child_start(&child, &program, redactor, &err))
		return cli_fail(cli, &err);
	environment_release(&environment);
	if (child_wait(&child, &code, &err)) {
		const int lost = cli_fail(cli, &err);

		return code ? code : lost;
	}
	return code;
}
