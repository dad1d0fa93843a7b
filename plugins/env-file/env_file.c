/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The env-file backend: its descriptor, options and slots.
 */
#include "env-file/env_file.h"

#include <stdint.h>
#include <stdio.h>

/* ---- open and close ----------------------------------------------------- */

static void env_close(void *instance)
{
	struct env_file *env = instance;

	if (!env)
		return;
	place_release(&env->place);
	free(env);
}

static enum lks_status read_settings(struct env_file *env, const struct lks_settings *settings,
				     struct lks_error *err)
{
	const struct lks_host *host = env->host;
	const char *dialect = host->setting_text(settings, "dialect");

	env->grammar.dialect = dialect_find(dialect ? dialect : "strict");
	if (!env->grammar.dialect)
		return host->fail(host, err, LKS_INVALID, "dialect: %s is none of " DIALECT_NAMES,
				  dialect);
	env->grammar.lenient = host->setting_flag(settings, "lenient");
	env->grammar.dotted = host->setting_flag(settings, "allow_dotted_keys");
	if (host->setting_flag(settings, "create"))
		env->flags |= TARGET_CREATE;
	if (host->setting_flag(settings, "in_place"))
		env->flags |= TARGET_IN_PLACE;
	if (host->setting_flag(settings, "follow_symlink"))
		env->flags |= TARGET_FOLLOW_SYMLINK;
	return place_init(host, host->setting_text(settings, "path"),
			  host->setting_text(settings, "layout"), &env->place, err);
}

static enum lks_status env_open(const struct lks_host *host, const struct lks_settings *settings,
				const struct lks_call *call, void **ret_instance,
				struct lks_error *err)
{
	struct env_file *env = calloc(1, sizeof(*env));
	enum lks_status status;

	(void)call;
	if (!env)
		return host->fail(host, err, LKS_NO_MEMORY, "out of memory");
	env->host = host;
	status = read_settings(env, settings, err);
	if (status) {
		env_close(env);
		return status;
	}
	*ret_instance = env;
	return LKS_OK;
}

/* ---- reading ------------------------------------------------------------ */

static void warn_once(struct env_file *env, const char *path, const struct content *content)
{
	const struct remark *remark = &content->entries.warning;
	const struct lks_host *host = env->host;

	if (!env->warned_mode && !content->snapshot.missing &&
	    (content->snapshot.st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))) {
		env->warned_mode = true;
		host->log(host, LKS_LOG_WARN,
			  "%s has mode %04o: other users can read or write the secrets in it "
			  "(chmod 600)",
			  path, (unsigned)content->snapshot.st.st_mode & 07777);
	}
	if (!env->warned_grammar && content->entries.warning_count) {
		env->warned_grammar = true;
		host->log(host, LKS_LOG_WARN, "%s:%u:%u: %s (%u such remarks)", path, remark->line,
			  remark->column, remark->text, content->entries.warning_count);
	}
}

enum lks_status envfile_check_deadline(const struct env_file *env, const struct lks_call *call,
				       struct lks_error *err)
{
	if (env->host->now_ms(env->host) < call->deadline_ms)
		return LKS_OK;
	return env->host->fail(env->host, err, LKS_UNAVAILABLE, "the deadline has passed");
}

enum lks_status envfile_load(struct env_file *env, struct target *target, struct content *content,
			     struct lks_error *err)
{
	enum lks_status status;

	content_release(content);
	status = target_read(target, &content->snapshot, err);
	if (!status)
		status = writer_parse(env->host, &env->grammar, target->path,
				      &content->snapshot.text, &content->entries, err);
	if (!status)
		warn_once(env, target->path, content);
	return status;
}

enum lks_status envfile_missing(const struct env_file *env, const char *path, struct lks_error *err)
{
	env->host->fail(env->host, err, LKS_NOT_FOUND, "%s: there is no such file", path);
	if (!(env->flags & TARGET_CREATE))
		env->host->hint(env->host, err,
				"create = true makes the file with the first value");
	return LKS_NOT_FOUND;
}

enum lks_status envfile_locate(const struct env_file *env, const char *path, struct spot *ret_spot,
			       struct lks_error *err)
{
	const char *problem;
	enum lks_status status = place_find(env->host, &env->place, path, ret_spot, err);

	if (status)
		return status;
	problem = grammar_key_problem(&env->grammar, ret_spot->key);
	if (problem)
		return env->host->fail(env->host, err, LKS_INVALID,
				       "%s is no key of an env file: %s", ret_spot->key, problem);
	return LKS_OK;
}

enum lks_status envfile_version(const struct env_file *env, const char *key,
				const unsigned char *value, size_t len,
				char ret_version[LKS_VERSION_MAX + 1], struct lks_error *err)
{
	AUTO(bytes_release) struct bytes text = { 0 };
	enum lks_status status = bytes_new(&text, env->host, strlen(key) + 1 + len, err);

	if (status)
		return status;
	bytes_add(&text, key, strlen(key) + 1);
	bytes_add(&text, value, len);
	return env->host->digest(env->host, text.data, text.len, ret_version, err);
}

enum lks_status envfile_wanted_version(const struct env_file *env, const struct lks_call *call,
				       const char *key, const unsigned char *value, size_t len,
				       char ret_version[LKS_VERSION_MAX + 1], struct lks_error *err)
{
	enum lks_status status;

	ret_version[0] = '\0';
	if (!(call->flags & LKS_CALL_WANT_VERSION))
		return LKS_OK;
	status = envfile_version(env, key, value, len, ret_version, err);
	if (status != LKS_UNAVAILABLE)
		return status;
	ret_version[0] = '\0';
	return LKS_OK;
}

enum lks_status envfile_set_version(const struct env_file *env, const char *version,
				    struct lks_record *record, struct lks_error *err)
{
	if (!*version)
		return LKS_OK;
	return env->host->record_set_version(env->host, record, version, err);
}

/* One key of a file that was read into `record`. */
static enum lks_status fill_record(const struct env_file *env, const struct lks_call *call,
				   const char *path, const struct content *content, const char *key,
				   struct lks_record *record, struct lks_error *err)
{
	AUTO(bytes_release) struct bytes value = { 0 };
	const struct lks_host *host = env->host;
	const struct entry *entry = entries_find(&content->entries, key);
	char version[LKS_VERSION_MAX + 1];
	enum lks_status status;

	if (!entry)
		return host->fail(host, err, LKS_NOT_FOUND, "%s: there is no key %s", path, key);
	if (entry->trouble) {
		host->fail(host, err, LKS_UNSUPPORTED, "%s:%u:%u: %s cannot be read: %s", path,
			   entry->line, entry->column, key, entry->trouble);
		host->hint(host, err, "write the value in single quotes, or set it anew");
		return LKS_UNSUPPORTED;
	}
	status = bytes_new(&value, host, entry->line_end - entry->value_start, err);
	if (status)
		return status;
	grammar_decode(&env->grammar, &content->entries, entry, value.data);
	if (call->flags & LKS_CALL_NAMES_ONLY)
		status = host->record_put(host, record, "value", "", 0, err);
	else
		status = host->record_put(host, record, "value", value.data, entry->value_len, err);
	if (!status)
		status = envfile_wanted_version(env, call, key, value.data, entry->value_len,
						version, err);
	return status ? status : envfile_set_version(env, version, record, err);
}

static enum lks_status env_get(void *instance, const struct lks_call *call, const char *path,
			       const char *version, struct lks_record *record,
			       struct lks_error *err)
{
	AUTO(spot_release) struct spot spot = { 0 };
	AUTO(target_close) struct target target = TARGET_INIT;
	AUTO(content_release) struct content content = { .snapshot = SNAPSHOT_INIT };
	struct env_file *env = instance;
	enum lks_status status;

	if (version)
		return env->host->fail(env->host, err, LKS_UNSUPPORTED,
				       "an env file keeps no older versions");
	status = envfile_check_deadline(env, call, err);
	if (!status)
		status = envfile_locate(env, path, &spot, err);
	if (!status)
		status = target_open(env->host, spot.file, env->place.trusted_len, env->flags,
				     &target, err);
	if (!status)
		status = envfile_load(env, &target, &content, err);
	if (status)
		return status;
	if (content.snapshot.missing)
		return envfile_missing(env, spot.file, err);
	return fill_record(env, call, spot.file, &content, spot.key, record, err);
}

/* Consecutive paths of one file share its one read. */
static enum lks_status env_get_many(void *instance, const struct lks_call *call,
				    const char *const *paths, struct lks_record *const *records,
				    size_t count, enum lks_status *ret_statuses,
				    struct lks_error *err)
{
	AUTO(target_close) struct target target = TARGET_INIT;
	AUTO(content_release) struct content content = { .snapshot = SNAPSHOT_INIT };
	AUTO(spot_release) struct spot last = { 0 };
	struct env_file *env = instance;
	enum lks_status loaded = LKS_OK;
	enum lks_status first = LKS_OK;
	size_t good = 0;
	size_t i;

	if (envfile_check_deadline(env, call, err))
		return LKS_UNAVAILABLE;
	for (i = 0; i < count; i++) {
		AUTO(spot_release) struct spot spot = { 0 };
		struct lks_error *to = first ? NULL : err;
		enum lks_status status = envfile_locate(env, paths[i], &spot, to);

		if (!status && (!last.file || strcmp(last.file, spot.file) != 0)) {
			target_close(&target);
			spot_release(&last);
			last = spot;
			last.key = NULL;
			spot.file = strdup(last.file);
			loaded = target_open(env->host, last.file, env->place.trusted_len,
					     env->flags, &target, to);
			if (!loaded)
				loaded = envfile_load(env, &target, &content, to);
			if (!loaded && content.snapshot.missing)
				loaded = envfile_missing(env, last.file, to);
		}
		if (!status)
			status = loaded;
		if (!status)
			status = fill_record(env, call, last.file, &content, spot.key, records[i],
					     to);
		ret_statuses[i] = status;
		if (!status || status == LKS_NOT_FOUND)
			good++;
		else if (!first)
			first = status;
	}
	return good || !count ? LKS_OK : first;
}

/* ---- listing ------------------------------------------------------------ */

struct page {
	struct env_file *env;
	const char *prefix;
	const char *cursor; /* the last path of the page before; NULL: begin */
	bool begun;         /* the cursor was passed */
	size_t count;
	char last[LKS_PATH_MAX + 1];
	struct lks_list *list;
};

/* `*ret_full`: one entry more than fits. */
static enum lks_status add_keys(struct page *page, const struct entries *entries,
				const char *prefix, bool *ret_full, struct lks_error *err)
{
	const struct lks_host *host = page->env->host;
	size_t i;

	for (i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->list[i];
		char path[LKS_PATH_MAX + 1];
		enum lks_status status;
		int len;

		if (entry->odd || entry->shadowed || entry->bare)
			continue;
		len = snprintf(path, sizeof(path), "%s%.*s", prefix, (int)entry->key_len,
			       (const char *)entries->text + entry->key_start);
		if (len >= (int)sizeof(path))
			continue;
		if (!page->begun) {
			page->begun = strcmp(path, page->cursor) == 0;
			continue;
		}
		if (strncmp(path, page->prefix, strlen(page->prefix)) != 0)
			continue;
		if (page->count == LKS_PAGE_MAX) {
			*ret_full = true;
			return host->list_next(host, page->list, page->last, err);
		}
		status = host->list_add(host, page->list, path, err);
		if (status)
			return status;
		memcpy(page->last, path, (size_t)len + 1);
		page->count++;
	}
	return LKS_OK;
}

static enum lks_status list_file(struct page *page, const struct place_file *place, bool *ret_full,
				 struct lks_error *err)
{
	AUTO(target_close) struct target target = TARGET_INIT;
	AUTO(content_release) struct content content = { .snapshot = SNAPSHOT_INIT };
	struct env_file *env = page->env;
	enum lks_status status;

	status = target_open(env->host, place->file, env->place.trusted_len, env->flags, &target,
			     err);
	if (!status)
		status = envfile_load(env, &target, &content, err);
	if (status)
		return status;
	if (content.snapshot.missing && !*place->prefix && !(env->flags & TARGET_CREATE))
		return envfile_missing(env, place->file, err);
	return add_keys(page, &content.entries, place->prefix, ret_full, err);
}

static enum lks_status env_list(void *instance, const struct lks_call *call, const char *prefix,
				const char *cursor, struct lks_list *list, struct lks_error *err)
{
	AUTO(place_files_release) struct place_files files = { 0 };
	struct env_file *env = instance;
	struct page page = {
		.env = env, .prefix = prefix, .cursor = cursor, .begun = !cursor, .list = list
	};
	enum lks_status status = envfile_check_deadline(env, call, err);
	bool full = false;
	size_t i;

	if (!status)
		status = place_files(env->host, &env->place, prefix, &files, err);
	for (i = 0; !status && !full && i < files.count; i++) {
		/* Files in front of the cursor's are not read again. */
		if (!page.begun &&
		    strncmp(cursor, files.list[i].prefix, strlen(files.list[i].prefix)) != 0)
			continue;
		status = list_file(&page, &files.list[i], &full, err);
	}
	if (!status && !page.begun)
		return env->host->fail(env->host, err, LKS_CONFLICT,
				       "%s was removed while the keys were listed: list them anew",
				       cursor);
	return status;
}

static enum lks_status env_accepts(void *instance, const struct lks_call *call, const char *path,
				   const struct lks_record *record, struct lks_error *err)
{
	AUTO(spot_release) struct spot spot = { 0 };
	const struct env_file *env = instance;
	struct edit edit = { 0 };
	enum lks_status status = envfile_locate(env, path, &spot, err);

	(void)call;
	if (!status)
		status = envfile_record_value(env, path, record, &edit.value, &edit.len, err);
	if (status)
		return status;
	edit.key = spot.key;
	return writer_accepts(env->host, &env->grammar, &edit, err);
}

/* Every file that is there can be read; none is. */
static enum lks_status env_health(void *instance, const struct lks_call *call,
				  struct lks_error *err)
{
	AUTO(place_files_release) struct place_files files = { 0 };
	struct env_file *env = instance;
	enum lks_status status = envfile_check_deadline(env, call, err);
	size_t i;

	if (!status)
		status = place_files(env->host, &env->place, "", &files, err);
	for (i = 0; i < files.count && !status; i++) {
		AUTO(target_close) struct target target = TARGET_INIT;
		bool is_missing = false;

		status = target_open(env->host, files.list[i].file, env->place.trusted_len,
				     env->flags, &target, err);
		if (!status)
			status = target_check(&target, &is_missing, err);
		if (!status && is_missing && !(env->flags & TARGET_CREATE))
			status = envfile_missing(env, files.list[i].file, err);
	}
	return status;
}

/* ---- the descriptor ----------------------------------------------------- */

static const struct lks_option options[] = {
	{ .name = "path",
	  .type = LKS_OPTION_PATH,
	  .flags = LKS_OPTION_REQUIRED | LKS_OPTION_LAYOUT,
	  .help = "the env file; may hold placeholders of the layout" },
	{ .name = "layout",
	  .type = LKS_OPTION_TEXT,
	  .fallback = "{name}",
	  .help = "what the segments of a record's path are; the last is the key" },
	{ .name = "dialect",
	  .type = LKS_OPTION_TEXT,
	  .fallback = "strict",
	  .choices = DIALECT_NAMES,
	  .help = "whose reading of env files counts; strict is what all agree on" },
	{ .name = "lenient",
	  .type = LKS_OPTION_FLAG,
	  .fallback = "false",
	  .help = "pass over lines that make no sense, with a warning" },
	{ .name = "allow_dotted_keys",
	  .type = LKS_OPTION_FLAG,
	  .fallback = "false",
	  .help = "keys may hold . and -" },
	{ .name = "create",
	  .type = LKS_OPTION_FLAG,
	  .fallback = "false",
	  .help = "make a missing file (mode 0600) with the first value" },
	{ .name = "in_place",
	  .type = LKS_OPTION_FLAG,
	  .fallback = "false",
	  .help = "overwrite instead of replace, for a bind-mounted file: not atomic" },
	{ .name = "follow_symlink",
	  .type = LKS_OPTION_FLAG,
	  .fallback = "false",
	  .help = "follow one symbolic link within the folder" },
};

static const struct lks_backend backend = {
	.size = sizeof(struct lks_backend),
	.traits = LKS_CAS | LKS_ATOMIC_MANY,
	.sides = { .pending = SUFFIX_PENDING,
		   .previous = SUFFIX_PREVIOUS,
		   .blue = SUFFIX_BLUE,
		   .green = SUFFIX_GREEN,
		   .metadata = SUFFIX_METADATA },
	.value_max = GRAMMAR_VALUE_MAX,
	.open = env_open,
	.close = env_close,
	.get = env_get,
	.set = envfile_set,
	.remove = envfile_remove,
	.list = env_list,
	.get_many = env_get_many,
	.set_many = envfile_set_many,
	.accepts = env_accepts,
	.health = env_health,
};

LKS_PLUGIN(env_file, "env-file", .version = "0.1.0",
	   .summary = "secrets in .env files, replaced atomically", .license = "Apache-2.0",
	   .option_count = sizeof(options) / sizeof(options[0]), .options = options,
	   .backend = &backend);
