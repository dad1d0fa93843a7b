/* SPDX-License-Identifier: Apache-2.0 */
/* The store that the tests of env-file share. */
#include "plugins/env-file/env_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct lks_plugin lks_plugin_env_file;

static struct lks_call call_of(struct env *env, uint64_t flags)
{
	return fake_call(env->fake, 20000, flags);
}

enum lks_status env_reopen(struct env *env)
{
	struct lks_settings *settings;
	struct lks_call call = call_of(env, 0);
	enum lks_status status;

	env->settings[0].value = env->path_option ? env->path_option : env->path;
	settings = fake_settings_new(&lks_plugin_env_file, env->settings, env->setting_count);
	env->backend->close(env->instance);
	env->instance = NULL;
	status = env->backend->open(env->host, settings, &call, &env->instance, env->err);
	fake_settings_free(settings);
	return status;
}

void env_option(struct env *env, const char *option, const char *value)
{
	assert_true(env->setting_count < SETTINGS_MAX);
	env->settings[env->setting_count++] = (struct fake_setting){ option, value };
	assert_env_ok(env, env_reopen(env));
}

struct env env_begin(const char *text)
{
	struct env env = { .temp = temp_make() };

	snprintf(env.path, sizeof(env.path), "%s/.env", env.temp.path);
	if (text)
		file_write(env.path, text, strlen(text), 0600);
	env.fake = fake_host_new();
	env.host = fake_host_table(env.fake);
	env.backend = lks_plugin_env_file.backend;
	env.err = fake_error_new();
	env_option(&env, "path", env.path);
	return env;
}

struct env env_begin_with(const char *text, const char *option, const char *value)
{
	struct env env = env_begin(text);

	env_option(&env, option, value);
	return env;
}

void env_end(struct env *env)
{
	env->backend->close(env->instance);
	fake_record_free(env->record);
	fake_error_free(env->err);
	fake_host_free(env->fake);
	temp_remove(&env->temp);
}

static enum lks_status get_with(struct env *env, const char *path, uint64_t flags)
{
	struct lks_call call = call_of(env, flags);

	fake_record_free(env->record);
	env->record = fake_record_new();
	fake_error_clear(env->err);
	return env->backend->get(env->instance, &call, path, NULL, env->record, env->err);
}

enum lks_status env_try_get(struct env *env, const char *path)
{
	return get_with(env, path, 0);
}

const char *env_get(struct env *env, const char *path)
{
	return get_with(env, path, 0) ? NULL : fake_record_value(env->record, NULL);
}

const char *env_version(struct env *env, const char *path)
{
	env->text[0] = '\0';
	if (get_with(env, path, LKS_CALL_WANT_VERSION) == LKS_OK)
		snprintf(env->text, sizeof(env->text), "%s", fake_record_version(env->record));
	return env->text;
}

enum lks_status env_set_bytes(struct env *env, const char *path, const void *value, size_t len,
			      const char *expected)
{
	struct lks_record *record = fake_record_of(value, len);
	struct lks_call call = call_of(env, 0);
	enum lks_status status;

	fake_error_clear(env->err);
	status = env->backend->set(env->instance, &call, path, record, expected, env->err);
	fake_record_free(record);
	return status;
}

enum lks_status env_set(struct env *env, const char *path, const char *value)
{
	return env_set_bytes(env, path, value, strlen(value), NULL);
}

enum lks_status env_remove(struct env *env, const char *path)
{
	struct lks_call call = call_of(env, 0);

	fake_error_clear(env->err);
	return env->backend->remove(env->instance, &call, path, NULL, env->err);
}

enum lks_status env_accepts(struct env *env, const char *path, const void *value, size_t len)
{
	struct lks_record *record = fake_record_of(value, len);
	struct lks_call call = call_of(env, 0);
	enum lks_status status;

	fake_error_clear(env->err);
	status = env->backend->accepts(env->instance, &call, path, record, env->err);
	fake_record_free(record);
	return status;
}

char *env_list(struct env *env, const char *prefix)
{
	struct lks_list *list = fake_list_new();
	char *cursor = NULL;
	char *text = calloc(1, 1);
	size_t len = 0;

	do {
		struct lks_call call = call_of(env, 0);
		enum lks_status status;
		size_t i;

		fake_list_clear(list);
		status = env->backend->list(env->instance, &call, prefix, cursor, list, env->err);
		if (status)
			fail_msg("list: %s", fake_error_text(env->err));
		for (i = 0; i < fake_list_count(list); i++) {
			const char *path = fake_list_at(list, i);

			text = realloc(text, len + strlen(path) + 2);
			len += (size_t)sprintf(text + len, "%s ", path);
		}
		free(cursor);
		cursor = fake_list_cursor(list) ? strdup(fake_list_cursor(list)) : NULL;
	} while (cursor);
	fake_list_free(list);
	return text;
}

void env_assert_file(struct env *env, const char *text)
{
	char *found = file_read(env->path, NULL);

	assert_string_equal(found, text);
	free(found);
}

void env_assert_clean(struct env *env)
{
	char lock[600];
	size_t expected = 0;

	snprintf(lock, sizeof(lock), "%s/..env.lockstep.lock", env->temp.path);
	expected += access(lock, F_OK) == 0;
	expected += access(env->path, F_OK) == 0;
	assert_int_equal(folder_count(env->temp.path), expected);
}
