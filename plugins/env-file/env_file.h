/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configured store of env files, shared by what reads (env_file.c) and
 * what writes (change.c).
 */
#ifndef ENV_FILE_ENV_FILE_H
#define ENV_FILE_ENV_FILE_H

#include "env-file/place.h"
#include "env-file/target.h"
#include "env-file/writer.h"

struct env_file {
	const struct lks_host *host;
	struct place place;
	struct grammar grammar;
	unsigned flags;   /* TARGET_* */
	bool warned_mode; /* each said once per instance */
	bool warned_grammar;
};

/* A file that was read and taken apart. */
struct content {
	struct snapshot snapshot;
	struct entries entries;
};

static inline void content_release(struct content *content)
{
	entries_release(&content->entries);
	snapshot_release(&content->snapshot);
}

/* Read the file and take it apart; what was in `content` is released. */
enum lks_status envfile_load(struct env_file *env, struct target *target, struct content *content,
			     struct lks_error *err);
/* A record's path as file and key; LKS_INVALID if it is neither. */
enum lks_status envfile_locate(const struct env_file *env, const char *path, struct spot *ret_spot,
			       struct lks_error *err);
/* LKS_NOT_FOUND for a file that is not there, with what to do. */
enum lks_status envfile_missing(const struct env_file *env, const char *path,
				struct lks_error *err);
enum lks_status envfile_check_deadline(const struct env_file *env, const struct lks_call *call,
				       struct lks_error *err);

/* Keyed, over the key and the value: equal values of two keys differ. */
enum lks_status envfile_version(const struct env_file *env, const char *key,
				const unsigned char *value, size_t len,
				char ret_version[LKS_VERSION_MAX + 1], struct lks_error *err);
/* The same, only if the call wants it; "" for a caller without a key. */
enum lks_status envfile_wanted_version(const struct env_file *env, const struct lks_call *call,
				       const char *key, const unsigned char *value, size_t len,
				       char ret_version[LKS_VERSION_MAX + 1],
				       struct lks_error *err);
/* "" sets nothing. */
enum lks_status envfile_set_version(const struct env_file *env, const char *version,
				    struct lks_record *record, struct lks_error *err);

/* The one field `value`, borrowed from the record; LKS_UNSUPPORTED for others. */
enum lks_status envfile_record_value(const struct env_file *env, const char *path,
				     const struct lks_record *record,
				     const unsigned char **ret_data, size_t *ret_len,
				     struct lks_error *err);

/* Slots of the backend. */
enum lks_status envfile_set_many(void *instance, const struct lks_call *call,
				 const struct lks_change *changes, size_t count,
				 struct lks_error *err);
enum lks_status envfile_set(void *instance, const struct lks_call *call, const char *path,
			    struct lks_record *record, const char *expected, struct lks_error *err);
enum lks_status envfile_remove(void *instance, const struct lks_call *call, const char *path,
			       const char *expected, struct lks_error *err);

#endif
