/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One env-file store over a file `.env` in a fresh folder, for tests.
 *
 *   AUTO(env_end) struct env env = env_begin("A=1\n");
 *   assert_string_equal(env_get(&env, "A"), "1");
 */
#ifndef ENV_TEST_H
#define ENV_TEST_H

#include "support/test.h"

#include <lockstep/plugin.h>

#include "support/fake_host.h"
#include "support/temp.h"

#define SETTINGS_MAX 8

struct env {
	struct temp temp;
	struct fake_host *fake;
	const struct lks_host *host;
	const struct lks_backend *backend;
	struct lks_error *err;
	void *instance;
	char path[512];                             /* of the file */
	const char *path_option;                    /* NULL: `path` */
	struct fake_setting settings[SETTINGS_MAX]; /* the first is the path */
	size_t setting_count;
	char text[LKS_VERSION_MAX + 1]; /* of env_version() */
	struct lks_record *record;      /* of env_get() */
};

/* `text` NULL: there is no file. */
struct env env_begin(const char *text);
struct env env_begin_with(const char *text, const char *option, const char *value);
void env_end(struct env *env);
/* Opens the store anew with one option more. */
void env_option(struct env *env, const char *option, const char *value);
enum lks_status env_reopen(struct env *env);

/* NULL: it failed, see env->err. */
const char *env_get(struct env *env, const char *path);
enum lks_status env_try_get(struct env *env, const char *path);
/* "" for nothing. */
const char *env_version(struct env *env, const char *path);
enum lks_status env_set(struct env *env, const char *path, const char *value);
enum lks_status env_set_bytes(struct env *env, const char *path, const void *value, size_t len,
			      const char *expected);
enum lks_status env_remove(struct env *env, const char *path);
enum lks_status env_accepts(struct env *env, const char *path, const void *value, size_t len);
/* All keys of all pages, each followed by a blank. The caller frees. */
char *env_list(struct env *env, const char *prefix);

/* The file holds exactly this. */
void env_assert_file(struct env *env, const char *text);
/* Nothing but the file and its lock is in the folder. */
void env_assert_clean(struct env *env);

#define assert_env_ok(env, call)                                                                   \
	do {                                                                                       \
		if ((call) != LKS_OK)                                                              \
			fail_msg("%s: %s", #call, fake_error_text((env)->err));                    \
	} while (0)

#endif
