/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the config file, reads it into structs by the table, fills in the
   defaults that depend on who runs it, and has the whole judged. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/schema.h"

#define SYSTEM_CONFIG "/etc/lockstep/lockstep.conf"

/* The caller's report, and the first error of it for `err`. */
struct first {
	struct report inner;
	struct report *outer;
	struct lks_error *err;
	bool keeps_broken; /* hand out what could be read beside the errors */
};

static void first_add(void *context, const struct lks_error *err)
{
	struct first *first = context;

	if (first->err && first->inner.errors == 1)
		*first->err = *err;
	if (!first->outer)
		return;
	first->outer->errors++;
	if (first->outer->add)
		first->outer->add(first->outer->context, err);
}

static void first_warn(void *context, const struct lks_error *err)
{
	struct first *first = context;

	if (!first->outer)
		return;
	first->outer->warnings++;
	if (first->outer->warn)
		first->outer->warn(first->outer->context, err);
}

/* ------------------------------------------------------------------------ */
/* Defaults                                                                  */

/* An absolute folder that belongs to us: what the environment says of it is
   not believed otherwise. */
static bool is_own_folder(const char *path)
{
	struct stat folder;

	return path && *path == '/' && stat(path, &folder) == 0 && S_ISDIR(folder.st_mode) &&
	       folder.st_uid == geteuid();
}

/* Where a person's state goes. */
static enum lks_status personal_folder(char **ret_folder, struct lks_error *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	struct text text = TEXT_INIT;

	if (is_own_folder(state)) {
		text_printf(&text, "%s/lockstep", state);
	} else if (is_own_folder(home)) {
		text_printf(&text, "%s/.local/state/lockstep", home);
	} else {
		error_set(err, LKS_INVALID,
			  "found no place for state and audit: neither XDG_STATE_HOME nor HOME "
			  "is a folder of this user");
		error_hint(err, "set state.url and audit.path in the config");
		return LKS_INVALID;
	}
	*ret_folder = text_steal(&text);
	return *ret_folder ? LKS_OK : error_no_memory(err, "reading the config");
}

static bool join(char **slot, const char *prefix, const char *folder, const char *name)
{
	struct text text = TEXT_INIT;

	text_printf(&text, "%s%s/%s", prefix, folder, name);
	*slot = text_steal(&text);
	return *slot != NULL;
}

/* The key lies beside the state unless told otherwise. */
static bool set_key_file(struct config *config)
{
	const char *path = config->state_url + strlen("sqlite:");
	const char *slash = strrchr(path, '/');
	AUTO(free_ptr) char *folder = strndup(path, slash ? (size_t)(slash - path) : 0);

	return folder && join(&config->state_key_file, "", folder, "state.key");
}

/*
 * Operations belong to the config that they were begun under: its names mean
 * other things elsewhere. So each config has a state of its own, unless it
 * says otherwise: `STATE/FOLDER-DIGEST/state.db`, readable and told apart by
 * the whole path. The machine's config has the plain folder.
 */
static bool set_state(struct config *config, const char *state)
{
	struct text folder = TEXT_INIT;
	uint64_t digest = 0xcbf29ce484222325u;
	const char *base;
	bool is_set;

	if (!config->path || strcmp(config->path, "/etc/lockstep/lockstep.conf") == 0)
		return join(&config->state_url, "sqlite:", state, "state.db");
	/* FNV-1a: told apart, not kept secret. */
	for (const char *at = config->path; *at; at++)
		digest = (digest ^ (unsigned char)*at) * 0x100000001b3u;
	base = strrchr(config->folder, '/');
	text_printf(&folder, "%s/%.64s-%016llx", state, base && base[1] ? base + 1 : "root",
		    (unsigned long long)digest);
	is_set = text_ok(&folder) &&
		 join(&config->state_url, "sqlite:", text_string(&folder), "state.db");
	text_release(&folder);
	return is_set;
}

static enum lks_status set_places(struct config *config, struct lks_error *err)
{
	AUTO(free_ptr) char *personal = NULL;
	const char *state = "/var/lib/lockstep";
	const char *audit = "/var/log/lockstep";

	if (geteuid() != 0 && !(config->state_url && config->audit_path)) {
		enum lks_status status = personal_folder(&personal, err);

		if (status)
			return status;
		state = audit = personal;
	}
	if (!config->state_url && !set_state(config, state))
		return error_no_memory(err, "reading the config");
	if (!config->audit_path && !join(&config->audit_path, "", audit, "audit.jsonl"))
		return error_no_memory(err, "reading the config");
	if (!config->state_key_file && !set_key_file(config))
		return error_no_memory(err, "reading the config");
	return LKS_OK;
}

/* What the table cannot say: a default that is no duration. */
static void set_propagation(struct config *config)
{
	for (size_t i = 0; i < config->verifier_count; i++) {
		if (!setting_find(config->verifiers[i].settings, "propagation"))
			config->verifiers[i].propagation_ms = -1;
	}
}

static enum lks_status set_environment(struct config *config, const char *environment,
				       struct lks_error *err)
{
	if (!environment)
		return LKS_OK;
	free(config->environment);
	config->environment = strdup(environment);
	return config->environment ? LKS_OK : error_no_memory(err, "reading the config");
}

/* ------------------------------------------------------------------------ */

/* `tree` is the config's from here on. */
static enum lks_status build(struct setting_tree *tree, struct first *first,
			     struct config **ret_config, struct lks_error *err)
{
	AUTO(config_freep) struct config *config = calloc(1, sizeof(*config));
	AUTO(reader_release) struct reader reader = { .report = &first->inner };
	enum lks_status status;

	if (!config) {
		setting_tree_free(tree);
		return error_no_memory(err, "reading the config");
	}
	config->tree = tree;
	config->owner_uid = setting_tree_owner(tree);
	config->folder = strdup(setting_tree_folder(tree));
	if (setting_tree_path(tree))
		config->path = strdup(setting_tree_path(tree));
	if (!config->folder || (setting_tree_path(tree) && !config->path))
		return error_no_memory(err, "reading the config");
	reader.folder = config->folder;
	section_read(&reader, &schema_root, setting_tree_root(tree), config);
	set_propagation(config);
	if (!reader.no_memory)
		config_check(config, &reader);
	if (reader.no_memory)
		return error_no_memory(err, "reading the config");
	if (first->inner.errors) {
		if (first->keeps_broken)
			*ret_config = TAKE(config);
		return LKS_INVALID; /* first_add() has filled `err` */
	}
	status = set_places(config, err);
	if (status)
		return status;
	*ret_config = TAKE(config);
	return LKS_OK;
}

static void first_setup(struct first *first, struct report *report, struct lks_error *err)
{
	*first = (struct first){ .inner = { .add = first_add, .warn = first_warn },
				 .outer = report,
				 .err = err };
	first->inner.context = first;
}

/* An error that ended the reading is one of all errors. A file that cannot be
   believed is an error of the config, not an answer to what was asked. */
static enum lks_status end_with(struct first *first, enum lks_status status, struct lks_error *end)
{
	if (status == LKS_NOT_FOUND || status == LKS_NO_MEMORY) {
		if (first->err)
			*first->err = *end;
		return status;
	}
	if (status == LKS_DENIED)
		status = end->status = LKS_INVALID;
	first->inner.errors++;
	first_add(first, end);
	return first->inner.errors > 1 ? LKS_INVALID : status;
}

static enum lks_status load_file(const char *path, const char *environment, bool keeps_broken,
				 struct report *report, struct config **ret_config,
				 struct lks_error *err)
{
	AUTO(config_freep) struct config *config = NULL;
	struct setting_tree *tree = NULL;
	struct lks_error end = { 0 };
	struct first first;
	enum lks_status status;

	first_setup(&first, report, err);
	first.keeps_broken = keeps_broken;
	status = setting_tree_read(path, &first.inner, &tree, &end);
	if (status)
		return end_with(&first, status, &end);
	status = build(tree, &first, &config, &end);
	if (status && first.inner.errors) {
		*ret_config = TAKE(config);
		return LKS_INVALID;
	}
	if (status)
		return end_with(&first, status, &end);
	status = set_environment(config, environment, err);
	if (!status)
		*ret_config = TAKE(config);
	return status;
}

enum lks_status config_parse(const void *data, size_t len, const char *name, const char *folder,
			     struct report *report, struct config **ret_config,
			     struct lks_error *err)
{
	struct setting_tree *tree = NULL;
	struct lks_error end = { 0 };
	struct first first;
	enum lks_status status;

	first_setup(&first, report, err);
	status = setting_tree_parse(data, len, name, folder, &first.inner, &tree, &end);
	if (status)
		return end_with(&first, status, &end);
	status = build(tree, &first, ret_config, &end);
	if (status && first.inner.errors)
		return LKS_INVALID;
	return status ? end_with(&first, status, &end) : LKS_OK;
}

/* A name that is there, whatever it is: judging is for the reader. */
static bool is_there(const char *path)
{
	struct stat file;

	return lstat(path, &file) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The file that is meant; NULL if there is none. */
static const char *find_file(const char *path, const char *environment_path, struct lks_error *err)
{
	static const char *const places[] = { "./lockstep.conf", SYSTEM_CONFIG };

	if (!path && environment_path && *environment_path)
		path = environment_path;
	for (size_t i = 0; !path && i < COUNT_OF(places); i++) {
		if (is_there(places[i]))
			path = places[i];
	}
	if (path)
		return path;
	error_set(err, LKS_NOT_FOUND,
		  "there is no config: neither ./lockstep.conf nor " SYSTEM_CONFIG " is there");
	error_hint(err, "`lockstep init` writes one; -c FILE names one");
	return NULL;
}

enum lks_status config_load(const char *path, const char *environment_path, const char *environment,
			    struct report *report, struct config **ret_config,
			    struct lks_error *err)
{
	path = find_file(path, environment_path, err);
	return path ? load_file(path, environment, false, report, ret_config, err) : LKS_NOT_FOUND;
}

enum lks_status config_inspect(const char *path, const char *environment_path,
			       const char *environment, struct report *report,
			       struct config **ret_config, struct lks_error *err)
{
	*ret_config = NULL;
	path = find_file(path, environment_path, err);
	return path ? load_file(path, environment, true, report, ret_config, err) : LKS_NOT_FOUND;
}

enum lks_status config_defaults(const char *environment, struct config **ret_config,
				struct lks_error *err)
{
	AUTO(config_freep) struct config *config = NULL;
	AUTO(free_ptr) char *folder = getcwd(NULL, 0);
	enum lks_status status;

	status = config_parse("", 0, "defaults", folder ? folder : "/", NULL, &config, err);
	if (!status)
		status = set_environment(config, environment, err);
	if (!status)
		*ret_config = TAKE(config);
	return status;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	section_release(&schema_root, config);
	setting_tree_free(config->tree);
	free(config->path);
	free(config->folder);
	free(config);
}

void config_freep(struct config **config)
{
	config_free(*config);
}

/* ------------------------------------------------------------------------ */

static const void *find(const char *name, const void *entries, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		const char *entry = (const char *)entries + i * size;

		if (strcmp(*(char *const *)(const void *)entry, name) == 0)
			return entry;
	}
	return NULL;
}

const struct config_store *config_store(const struct config *config, const char *name)
{
	return find(name, config->stores, config->store_count, sizeof(*config->stores));
}

const struct config_verifier *config_verifier(const struct config *config, const char *name)
{
	return find(name, config->verifiers, config->verifier_count, sizeof(*config->verifiers));
}

const struct config_rotation *config_rotation(const struct config *config, const char *name)
{
	return find(name, config->rotations, config->rotation_count, sizeof(*config->rotations));
}

const char *strategy_name(enum strategy strategy)
{
	switch (strategy) {
	case STRATEGY_IMMEDIATE:
		return "immediate";
	case STRATEGY_STAGED:
		return "staged";
	case STRATEGY_DUAL_WRITE:
		return "dual-write";
	case STRATEGY_BLUE_GREEN:
		return "blue-green";
	case STRATEGY_CANARY:
		return "canary";
	}
	return "";
}

const char *const *config_engine_keys(const char *section, size_t *ret_count)
{
	static const char *const store_keys[] = { "plugin", "layout", "labels", "timeout",
						  "read_only" };
	static const char *const verifier_keys[] = { "plugin", "timeout", "propagation", "with",
						     "admin" };

	if (strcmp(section, "stores") == 0) {
		*ret_count = COUNT_OF(store_keys);
		return store_keys;
	}
	*ret_count = COUNT_OF(verifier_keys);
	return verifier_keys;
}
