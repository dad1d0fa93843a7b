/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of an env file: under its lock, all of one call by one rename.
 */
#include "env-file/env_file.h"

#include <stdint.h>

/* How often a change is made anew because another program wrote meanwhile. */
#define CHANGE_TRIES 8

enum lks_status envfile_record_value(const struct env_file *env, const char *path,
				     const struct lks_record *record,
				     const unsigned char **ret_data, size_t *ret_len,
				     struct lks_error *err)
{
	const struct lks_host *host = env->host;
	const void *data = NULL;

	if (host->record_count(record) != 1 ||
	    host->record_find(record, "value", &data, ret_len) != LKS_OK)
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "%s: an env file holds the one field `value` under a key, and "
				  "this record has others: give each field a key of its own",
				  path);
	*ret_data = data ? data : (const unsigned char *)"";
	return LKS_OK;
}

/* A change with its path taken apart. */
struct change {
	struct spot spot;
	struct edit edit;
	const char *expected;
	struct lks_record *record;
	char version[LKS_VERSION_MAX + 1]; /* of the new value, if wanted */
};

struct changes {
	struct change *list;
	size_t count;
};

static void changes_release(struct changes *changes)
{
	size_t i;

	for (i = 0; changes->list && i < changes->count; i++)
		spot_release(&changes->list[i].spot);
	free(changes->list);
	memset(changes, 0, sizeof(*changes));
}

static enum lks_status prepare(const struct env_file *env, const struct lks_call *call,
			       const char *path, struct lks_record *record, const char *expected,
			       struct change *change, struct lks_error *err)
{
	enum lks_status status = envfile_locate(env, path, &change->spot, err);

	if (status)
		return status;
	change->expected = expected;
	change->record = record;
	change->edit.key = change->spot.key;
	if (!record)
		return LKS_OK;
	status = envfile_record_value(env, path, record, &change->edit.value, &change->edit.len,
				      err);
	if (!status)
		status = writer_accepts(env->host, &env->grammar, &change->edit, err);
	/* Before the write: what fails after it would be told as not done. */
	return status ? status
		      : envfile_wanted_version(env, call, change->edit.key, change->edit.value,
					       change->edit.len, change->version, err);
}

/* The version of what the file holds at `key`; "" for nothing. */
static enum lks_status current_version(const struct env_file *env, const struct entries *entries,
				       const char *key, char ret_version[LKS_VERSION_MAX + 1],
				       struct lks_error *err)
{
	AUTO(bytes_release) struct bytes value = { 0 };
	const struct entry *entry = entries_find(entries, key);
	enum lks_status status;

	ret_version[0] = '\0';
	if (!entry)
		return LKS_OK;
	status = bytes_new(&value, env->host, entry->line_end - entry->value_start, err);
	if (status)
		return status;
	grammar_decode(&env->grammar, entries, entry, value.data);
	return envfile_version(env, key, value.data, entry->value_len, ret_version, err);
}

static enum lks_status check_expected(const struct env_file *env, const struct entries *entries,
				      const struct change *change, struct lks_error *err)
{
	const struct lks_host *host = env->host;
	char version[LKS_VERSION_MAX + 1];
	enum lks_status status;

	if (!change->expected)
		return LKS_OK;
	if (!*change->expected) {
		if (!entries_find(entries, change->edit.key))
			return LKS_OK;
		return host->fail(host, err, LKS_CONFLICT, "%s: %s is there already",
				  change->spot.file, change->edit.key);
	}
	status = current_version(env, entries, change->edit.key, version, err);
	if (status)
		return status;
	if (strcmp(version, change->expected) == 0)
		return LKS_OK;
	return host->fail(host, err, LKS_CONFLICT, "%s: %s was %s by somebody else",
			  change->spot.file, change->edit.key, *version ? "changed" : "removed");
}

/* All changes, applied to a copy of what was read. */
static enum lks_status edit_all(const struct env_file *env, const struct changes *changes,
				const struct content *content, struct bytes *text,
				struct lks_error *err)
{
	const struct bytes *old = &content->snapshot.text;
	enum lks_status status = bytes_new(text, env->host, old->len, err);
	size_t i;

	if (status)
		return status;
	bytes_add(text, old->data, old->len);
	for (i = 0; i < changes->count && !status; i++) {
		status = check_expected(env, &content->entries, &changes->list[i], err);
		if (!status)
			status = writer_apply(env->host, &env->grammar, changes->list[i].spot.file,
					      &changes->list[i].edit, text, err);
	}
	return status;
}

static enum lks_status check_missing(const struct env_file *env, const char *path,
				     struct lks_error *err)
{
	if (env->flags & TARGET_CREATE)
		return LKS_OK;
	env->host->fail(env->host, err, LKS_INVALID, "%s: there is no such file", path);
	env->host->hint(env->host, err, "create = true makes the file with the first value");
	return LKS_INVALID;
}

/* Under the lock: read, edit, replace; anew while others write between. */
static enum lks_status change_file(struct env_file *env, const struct lks_call *call,
				   const struct changes *changes, struct target *target,
				   struct lks_error *err)
{
	unsigned tries;

	for (tries = 0; tries < CHANGE_TRIES; tries++) {
		AUTO(content_release) struct content content = { .snapshot = SNAPSHOT_INIT };
		AUTO(bytes_release) struct bytes text = { 0 };
		bool foreign = false;
		enum lks_status status = envfile_load(env, target, &content, err);

		if (!status)
			status = edit_all(env, changes, &content, &text, err);
		if (status)
			return status;
		if (bytes_equal(&text, &content.snapshot.text))
			return LKS_OK;
		if (content.snapshot.missing)
			status = check_missing(env, target->path, err);
		if (!status)
			status = envfile_check_deadline(env, call, err);
		if (!status)
			status = target_replace(target, &content.snapshot, &text, call->operation,
						&foreign, err);
		if (status || !foreign)
			return status;
	}
	return env->host->fail(env->host, err, LKS_CONFLICT,
			       "%s: another program keeps writing to it", target->path);
}

static enum lks_status make_changes(struct env_file *env, const struct lks_call *call,
				    const struct changes *changes, struct lks_error *err)
{
	AUTO(target_close) struct target target = TARGET_INIT;
	enum lks_status status;
	size_t i;

	for (i = 1; i < changes->count; i++) {
		if (strcmp(changes->list[i].spot.file, changes->list[0].spot.file) != 0)
			return env->host->fail(env->host, err, LKS_UNSUPPORTED,
					       "%s and %s are two files, which no one rename can "
					       "change",
					       changes->list[0].spot.file,
					       changes->list[i].spot.file);
	}
	status = envfile_check_deadline(env, call, err);
	if (!status)
		status = target_open(env->host, changes->list[0].spot.file, env->place.trusted_len,
				     env->flags, &target, err);
	if (!status)
		status = target_lock(&target, call->deadline_ms, err);
	if (!status)
		status = change_file(env, call, changes, &target, err);
	for (i = 0; i < changes->count && !status; i++) {
		const struct change *change = &changes->list[i];

		if (change->record)
			status = envfile_set_version(env, change->version, change->record, err);
	}
	return status;
}

enum lks_status envfile_set_many(void *instance, const struct lks_call *call,
				 const struct lks_change *changes, size_t count,
				 struct lks_error *err)
{
	AUTO(changes_release) struct changes all = { 0 };
	struct env_file *env = instance;
	size_t i;

	if (count == 0)
		return LKS_OK;
	all.list = calloc(count, sizeof(*all.list));
	if (!all.list)
		return env->host->fail(env->host, err, LKS_NO_MEMORY, "out of memory");
	all.count = count;
	for (i = 0; i < count; i++) {
		enum lks_status status = prepare(env, call, changes[i].path, changes[i].record,
						 changes[i].expected, &all.list[i], err);

		if (status)
			return status;
	}
	return make_changes(env, call, &all, err);
}

enum lks_status envfile_set(void *instance, const struct lks_call *call, const char *path,
			    struct lks_record *record, const char *expected, struct lks_error *err)
{
	struct lks_change change = { path, record, expected };

	return envfile_set_many(instance, call, &change, 1, err);
}

enum lks_status envfile_remove(void *instance, const struct lks_call *call, const char *path,
			       const char *expected, struct lks_error *err)
{
	AUTO(spot_release) struct spot spot = { 0 };
	AUTO(target_close) struct target target = TARGET_INIT;
	AUTO(content_release) struct content content = { .snapshot = SNAPSHOT_INIT };
	struct lks_change change = { path, NULL, expected };
	struct env_file *env = instance;
	enum lks_status status = envfile_locate(env, path, &spot, err);

	/* Only to tell: a race with another remover ends the same. */
	if (!status)
		status = target_open(env->host, spot.file, env->place.trusted_len, env->flags,
				     &target, err);
	if (!status)
		status = envfile_load(env, &target, &content, err);
	if (status)
		return status;
	if (content.snapshot.missing)
		return envfile_missing(env, spot.file, err);
	if (!entries_find(&content.entries, spot.key))
		return env->host->fail(env->host, err, LKS_NOT_FOUND, "%s: there is no key %s",
				       spot.file, spot.key);
	return envfile_set_many(env, call, &change, 1, err);
}
