/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets from a program, and verdicts from a program.
 *
 * As a backend it speaks the protocol of Summon's providers: `PROVIDER PATH`
 * prints the value. As a verifier it hands the candidate over on stdin and
 * takes the exit code. README.md has the whole of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/candidate.h"
#include "exec/message.h"
#include "exec/run.h"

#define ARGUMENTS_MAX 256
#define VARIABLES_MAX 256
#define EXIT_TEMPORARY 75 /* EX_TEMPFAIL of sysexits.h */
#define DEFAULT_PATH "PATH=/usr/bin:/bin"
/* Around a value of the largest size there may be blanks to trim. */
#define BLANKS_MAX 4096
#define SECRETS_MAX 64

enum trim { TRIM_SPACE, TRIM_NEWLINE, TRIM_NONE };

/* Never changes after `open`: calls may overlap. */
struct exec {
	const struct lks_host *host;
	char **command; /* NULL at the end */
	size_t command_count;
	char **environment; /* NULL at the end; room for one more */
	size_t environment_count;
	char *env_name;
	int64_t timeout_ms;
	int64_t missing_exit;
	enum trim trim;
};

/* ------------------------------------------------------------------------ */
/* Settings                                                                  */

static void exec_close(void *instance)
{
	struct exec *exec = instance;

	if (!exec)
		return;
	for (size_t i = 0; i < exec->command_count; i++)
		free(exec->command[i]);
	for (size_t i = 0; i < exec->environment_count; i++)
		free(exec->environment[i]);
	free(exec->command);
	free(exec->environment);
	free(exec->env_name);
	free(exec);
}

static enum lks_status no_memory(const struct lks_host *host, struct lks_error *err)
{
	return host->fail(host, err, LKS_NO_MEMORY, "out of memory");
}

static int is_variable_name(const char *name)
{
	if (!*name || (*name >= '0' && *name <= '9') || strlen(name) > 200)
		return 0;
	for (const char *c = name; *c; c++)
		if (!(*c >= 'A' && *c <= 'Z') && !(*c >= 'a' && *c <= 'z') &&
		    !(*c >= '0' && *c <= '9') && *c != '_')
			return 0;
	return 1;
}

/* The program's own PATH, also for finding the program itself. */
static const char *search_path(const struct exec *exec)
{
	for (size_t i = 0; i < exec->environment_count; i++)
		if (strncmp(exec->environment[i], "PATH=", 5) == 0)
			return exec->environment[i] + 5;
	return "";
}

/* The path of a program that is only named; NULL if it is in no folder. */
static char *find_program(const struct exec *exec, const char *name)
{
	const char *folder = search_path(exec);

	while (*folder) {
		size_t width = strcspn(folder, ":");
		char *path = NULL;
		struct stat st;

		/* An empty or relative part of a search path is the working folder. */
		if (folder[0] == '/' && asprintf(&path, "%.*s/%s", (int)width, folder, name) < 0)
			return NULL;
		if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0)
			return path;
		free(path);
		folder += width + (folder[width] == ':');
	}
	return NULL;
}

static enum lks_status read_command(struct exec *exec, const struct lks_settings *settings,
				    struct lks_error *err)
{
	const struct lks_host *host = exec->host;
	size_t count = host->setting_count(settings, "command");
	const char *program = host->setting_item(settings, "command", 0);

	if (count == 0 || count > ARGUMENTS_MAX || !program || !*program)
		return host->fail(host, err, LKS_INVALID,
				  "command: expected a program and its arguments, like "
				  "[ \"/usr/lib/summon/summon-file\" ]");
	if (strchr(program, '/') && program[0] != '/')
		return host->fail(host, err, LKS_INVALID, "command: %s is not a whole path",
				  program);
	exec->command = calloc(count + 1, sizeof(*exec->command));
	if (!exec->command)
		return no_memory(host, err);
	for (; exec->command_count < count; exec->command_count++) {
		const char *word = host->setting_item(settings, "command", exec->command_count);
		char *copy = exec->command_count == 0 && !strchr(program, '/')
				     ? find_program(exec, program)
				     : strdup(word ? word : "");

		if (!copy && exec->command_count == 0)
			return host->fail(host, err, LKS_INVALID,
					  "command: there is no program %s in %s", program,
					  search_path(exec));
		if (!copy)
			return no_memory(host, err);
		exec->command[exec->command_count] = copy;
	}
	return LKS_OK;
}

static enum lks_status add_variable(struct exec *exec, const char *name, const char *value,
				    struct lks_error *err)
{
	char *variable = NULL;

	if (!is_variable_name(name))
		return exec->host->fail(exec->host, err, LKS_INVALID,
					"env: \"%s\" is no name of a variable", name);
	if (asprintf(&variable, "%s=%s", name, value) < 0)
		return no_memory(exec->host, err);
	exec->environment[exec->environment_count++] = variable;
	return LKS_OK;
}

static enum lks_status read_environment(struct exec *exec, const struct lks_settings *settings,
					struct lks_error *err)
{
	const struct lks_host *host = exec->host;
	size_t count = host->setting_count(settings, "env");
	enum lks_status status = LKS_OK;
	int has_path = 0;

	if (count > VARIABLES_MAX)
		return host->fail(host, err, LKS_INVALID, "env: more than %d variables",
				  VARIABLES_MAX);
	/* PATH, the candidate's and the NULL at the end. */
	exec->environment = calloc(count + 3, sizeof(*exec->environment));
	if (!exec->environment)
		return no_memory(host, err);
	for (size_t i = 0; i < count && !status; i++) {
		const char *name = host->setting_key(settings, "env", i);
		const char *value = host->setting_item(settings, "env", i);

		has_path |= name && strcmp(name, "PATH") == 0;
		status = add_variable(exec, name ? name : "", value ? value : "", err);
	}
	if (!status && !has_path) {
		exec->environment[exec->environment_count] = strdup(DEFAULT_PATH);
		if (!exec->environment[exec->environment_count])
			return no_memory(host, err);
		exec->environment_count++;
	}
	return status;
}

static enum lks_status read_settings(struct exec *exec, const struct lks_settings *settings,
				     struct lks_error *err)
{
	const struct lks_host *host = exec->host;
	const char *trim = host->setting_text(settings, "trim");
	const char *env_name = host->setting_text(settings, "env_name");
	enum lks_status status;

	exec->timeout_ms = host->setting_ms(settings, "timeout");
	exec->missing_exit = host->setting_number(settings, "missing_exit");
	exec->trim = !trim || strcmp(trim, "space") == 0 ? TRIM_SPACE
		     : strcmp(trim, "newline") == 0      ? TRIM_NEWLINE
							 : TRIM_NONE;
	if (env_name) {
		if (!is_variable_name(env_name))
			return host->fail(host, err, LKS_INVALID,
					  "env_name: \"%s\" is no name of a variable", env_name);
		exec->env_name = strdup(env_name);
		if (!exec->env_name)
			return no_memory(host, err);
	}
	status = read_environment(exec, settings, err);
	return status ? status : read_command(exec, settings, err);
}

static enum lks_status exec_open(const struct lks_host *host, const struct lks_settings *settings,
				 const struct lks_call *call, void **ret_instance,
				 struct lks_error *err)
{
	struct exec *exec = calloc(1, sizeof(*exec));
	enum lks_status status;

	(void)call;
	if (!exec)
		return no_memory(host, err);
	exec->host = host;
	status = read_settings(exec, settings, err);
	if (status)
		exec_close(exec);
	else
		*ret_instance = exec;
	return status;
}

/* ------------------------------------------------------------------------ */
/* Running                                                                   */

static int64_t deadline_of(const struct exec *exec, const struct lks_call *call)
{
	int64_t own = exec->timeout_ms > 0 ? exec->host->now_ms(exec->host) + exec->timeout_ms
					   : INT64_MAX;

	return call->deadline_ms < own ? call->deadline_ms : own;
}

static void last_words(const struct exec *exec, const struct run_result *result,
		       const struct message_secret *secrets, size_t count, char *buffer)
{
	message_from(exec->host->buffer_data(result->complaint),
		     exec->host->buffer_len(result->complaint), result->complaint_is_cut, secrets,
		     count, buffer);
}

/* "after 5s", for people. */
static void describe_end(const struct exec *exec, const struct run_result *result,
			 const char *words, char *buffer, size_t size)
{
	const char *program = exec->command[0];
	const char *colon = *words ? ": " : "";

	switch (result->end) {
	case RUN_EXITED:
		snprintf(buffer, size, "%s ended with exit code %d%s%s", program, result->code,
			 colon, words);
		break;
	case RUN_KILLED:
		snprintf(buffer, size, "%s was killed by signal %d%s%s", program, result->code,
			 colon, words);
		break;
	case RUN_LATE:
		snprintf(buffer, size, "%s was not done in time and was stopped%s%s", program,
			 colon, words);
		break;
	case RUN_TOO_MUCH:
		snprintf(buffer, size, "%s printed more than %d bytes and was stopped", program,
			 LKS_VALUE_MAX);
		break;
	case RUN_NOT_STARTED:
		snprintf(buffer, size, "%s cannot be started: %s", program, strerror(result->code));
		break;
	}
}

/* ------------------------------------------------------------------------ */
/* The backend                                                               */

static int is_blank(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim_output(enum trim trim, const unsigned char **data, size_t *len)
{
	if (trim == TRIM_NEWLINE) {
		if (*len > 0 && (*data)[*len - 1] == '\n')
			(*len)--;
		if (*len > 0 && (*data)[*len - 1] == '\r')
			(*len)--;
		return;
	}
	if (trim == TRIM_NONE)
		return;
	while (*len > 0 && is_blank((*data)[*len - 1]))
		(*len)--;
	while (*len > 0 && is_blank((*data)[0])) {
		(*data)++;
		(*len)--;
	}
}

static enum lks_status failed_status(const struct exec *exec, const struct run_result *result)
{
	if (result->end == RUN_LATE)
		return LKS_UNAVAILABLE;
	if (result->end != RUN_EXITED)
		return LKS_FAILED;
	if (exec->missing_exit > 0 && result->code == exec->missing_exit)
		return LKS_NOT_FOUND;
	return result->code == EXIT_TEMPORARY ? LKS_UNAVAILABLE : LKS_FAILED;
}

static enum lks_status provider_failed(const struct exec *exec, const struct run_result *result,
				       struct lks_error *err)
{
	const struct lks_host *host = exec->host;
	struct message_secret printed = { host->buffer_data(result->output),
					  host->buffer_len(result->output) };
	char words[MESSAGE_MAX + 1];
	char reason[LKS_TEXT_MAX];
	enum lks_status status;

	/* What it printed may be a secret all the same. */
	trim_output(TRIM_SPACE, (const unsigned char **)&printed.data, &printed.len);
	last_words(exec, result, &printed, printed.len ? 1 : 0, words);
	describe_end(exec, result, words, reason, sizeof(reason));
	status = host->fail(host, err, failed_status(exec, result), "%s", reason);
	if (result->end == RUN_NOT_STARTED)
		host->hint(host, err, "is the program there, and may you run it?");
	return status;
}

static enum lks_status take_value(const struct exec *exec, const struct run_result *result,
				  struct lks_record *record, struct lks_error *err)
{
	const struct lks_host *host = exec->host;
	const unsigned char *data = host->buffer_data(result->output);
	size_t len = host->buffer_len(result->output);

	if (result->end != RUN_EXITED || result->code != 0)
		return provider_failed(exec, result, err);
	trim_output(exec->trim, &data, &len);
	if (len > LKS_VALUE_MAX)
		return host->fail(host, err, LKS_FAILED, "%s printed more than %d bytes",
				  exec->command[0], LKS_VALUE_MAX);
	return host->record_put(host, record, "value", data, len, err);
}

static enum lks_status exec_get(void *instance, const struct lks_call *call, const char *path,
				const char *version, struct lks_record *record,
				struct lks_error *err)
{
	const struct exec *exec = instance;
	const struct lks_host *host = exec->host;
	const char *argv[ARGUMENTS_MAX + 2];
	struct run_request request = {
		.argv = argv,
		.environment = (const char *const *)exec->environment,
		.output_max = LKS_VALUE_MAX + BLANKS_MAX,
		.deadline_ms = deadline_of(exec, call),
	};
	struct run_result result;
	enum lks_status status;

	if (version)
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "a program that prints values has no versions of them");
	if (path[0] == '-')
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "the path %s would be an option to %s", path, exec->command[0]);
	memcpy(argv, exec->command, exec->command_count * sizeof(*argv));
	argv[exec->command_count] = path;
	argv[exec->command_count + 1] = NULL;
	status = run_program(host, &request, &result, err);
	if (status)
		return status;
	status = take_value(exec, &result, record, err);
	run_release(host, &result);
	return status;
}

/* ------------------------------------------------------------------------ */
/* The verifier                                                              */

static size_t secrets_of(const struct lks_host *host, const struct lks_record *record,
			 struct message_secret *secrets, size_t count)
{
	size_t fields = record ? host->record_count(record) : 0;

	for (size_t i = 0; i < fields && count < SECRETS_MAX; i++) {
		const char *field;

		if (host->record_at(record, i, &field, &secrets[count].data, &secrets[count].len) ==
			    LKS_OK &&
		    secrets[count].len > 0)
			count++;
	}
	return count;
}

static enum lks_verdict verdict_of(const struct run_result *result)
{
	if (result->end != RUN_EXITED || result->code == EXIT_TEMPORARY)
		return LKS_VERDICT_UNKNOWN;
	return result->code == 0 ? LKS_VERDICT_VALID : LKS_VERDICT_INVALID;
}

static void give_answer(const struct exec *exec, const struct run_result *result,
			const struct lks_record *candidate, const struct lks_record *with,
			struct lks_answer *answer)
{
	const struct lks_host *host = exec->host;
	struct message_secret secrets[SECRETS_MAX];
	char words[MESSAGE_MAX + 1] = "";
	char reason[LKS_TEXT_MAX];
	size_t count = secrets_of(host, candidate, secrets, 0);

	count = secrets_of(host, with, secrets, count);
	/* More values than can be looked for: nothing is shown. */
	if (count < SECRETS_MAX)
		last_words(exec, result, secrets, count, words);
	if (result->end == RUN_EXITED && *words)
		host->answer_set(host, answer, verdict_of(result), words);
	else if (result->end == RUN_EXITED && result->code == 0)
		host->answer_set(host, answer, LKS_VERDICT_VALID, NULL);
	else {
		describe_end(exec, result, words, reason, sizeof(reason));
		host->answer_set(host, answer, verdict_of(result), reason);
	}
}

static enum lks_status verify_with(const struct exec *exec, const struct lks_call *call,
				   const struct lks_record *candidate,
				   const struct lks_record *with, struct lks_buffer *input,
				   struct lks_buffer *variable, struct lks_answer *answer,
				   struct lks_error *err)
{
	const struct lks_host *host = exec->host;
	const char *environment[VARIABLES_MAX + 3] = { NULL };
	struct run_request request = {
		.argv = (const char *const *)exec->command,
		.environment = environment,
		.input = host->buffer_data(input),
		.input_len = host->buffer_len(input),
		.deadline_ms = deadline_of(exec, call),
	};
	struct run_result result;
	enum lks_status status;
	size_t count = 0;

	for (size_t i = 0; i < exec->environment_count; i++)
		if (!variable ||
		    strncmp(exec->environment[i], exec->env_name, strlen(exec->env_name)) != 0 ||
		    exec->environment[i][strlen(exec->env_name)] != '=')
			environment[count++] = exec->environment[i];
	if (variable)
		environment[count] = (const char *)host->buffer_data(variable);
	status = run_program(host, &request, &result, err);
	if (status)
		return status;
	give_answer(exec, &result, candidate, with, answer);
	run_release(host, &result);
	return LKS_OK;
}

static enum lks_status exec_verify(void *instance, const struct lks_call *call,
				   const struct lks_record *candidate,
				   const struct lks_record *with, struct lks_answer *answer,
				   struct lks_error *err)
{
	const struct exec *exec = instance;
	const struct lks_host *host = exec->host;
	struct lks_buffer *input = NULL, *variable = NULL;
	enum lks_status status = candidate_input(host, candidate, with, &input, err);

	if (!status && exec->env_name)
		status = candidate_variable(host, candidate, exec->env_name, &variable, err);
	if (!status)
		status = verify_with(exec, call, candidate, with, input, variable, answer, err);
	if (input)
		host->buffer_free(host, input);
	if (variable)
		host->buffer_free(host, variable);
	return status;
}

/* ------------------------------------------------------------------------ */

static const struct lks_option options[] = {
	{ .name = "command",
	  .type = LKS_OPTION_LIST,
	  .flags = LKS_OPTION_REQUIRED | LKS_OPTION_COMMAND,
	  .help = "the program and its arguments; a store adds the secret's path" },
	{ .name = "timeout",
	  .type = LKS_OPTION_DURATION,
	  .fallback = "10s",
	  .minimum = 10,
	  .maximum = 3600000,
	  .help = "how long it may take" },
	{ .name = "env", .type = LKS_OPTION_MAP, .help = "variables it gets besides PATH" },
	{ .name = "env_name",
	  .type = LKS_OPTION_TEXT,
	  .help = "verifier: hand the candidate over in this variable too" },
	{ .name = "trim",
	  .type = LKS_OPTION_TEXT,
	  .fallback = "space",
	  .choices = "space|newline|none",
	  .help = "store: what is cut off around the printed value" },
	{ .name = "missing_exit",
	  .type = LKS_OPTION_NUMBER,
	  .minimum = 1,
	  .maximum = 255,
	  .help = "store: the exit code that means there is no such secret" },
};

static const struct lks_backend backend = {
	.size = sizeof(struct lks_backend),
	.traits = LKS_CONCURRENT | LKS_BINARY,
	.open = exec_open,
	.close = exec_close,
	.get = exec_get,
};

static const struct lks_verifier verifier = {
	.size = sizeof(struct lks_verifier),
	.traits = LKS_CONCURRENT,
	.open = exec_open,
	.close = exec_close,
	.verify = exec_verify,
};

LKS_PLUGIN(exec, "exec", .version = PACKAGE_VERSION,
	   .summary = "secrets and verdicts from a program (Summon providers, scripts)",
	   .license = "Apache-2.0", .option_count = sizeof(options) / sizeof(options[0]),
	   .options = options, .backend = &backend, .verifier = &verifier);
