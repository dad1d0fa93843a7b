/* SPDX-License-Identifier: Apache-2.0 */
/*
 * N76: every allocation fails in turn. The call says so, the file is one of the
 * two, nothing is left in memory or in the folder.
 */
#include "plugins/env-file/env_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "support/alloc.h"

extern const struct lks_plugin lks_plugin_env_file;

/* The C library's own would call its realloc, which the linker cannot lead here. */
void *__wrap_reallocarray(void *data, size_t count, size_t size);
void *__wrap_reallocarray(void *data, size_t count, size_t size)
{
	return realloc(data, count * size);
}

static const char old_text[] = "# top\nA=1\nexport B='two words'";
static const char new_text[] = "# top\nA=2\nexport B='two words'\nC=x";

static enum lks_status change_two(struct env *env, const struct lks_change *changes)
{
	struct lks_call call = fake_call(env->fake, 20000, LKS_CALL_WANT_VERSION);

	return env->backend->set_many(env->instance, &call, changes, 2, env->err);
}

static void test_n76_a_write_survives_every_failing_allocation(void **state)
{
	struct lks_record *two = fake_record_of("2", 1);
	struct lks_record *word = fake_record_of("x", 1);
	struct lks_change changes[] = { { "A", two, NULL }, { "C", word, "" } };
	bool failed = true;
	unsigned n;

	(void)state;
	for (n = 1; failed; n++) {
		AUTO(env_end) struct env env = env_begin(old_text);
		enum lks_status status;

		setxattr(env.path, "user.note", "kept", 4, 0);
		alloc_fail_at(n);
		status = change_two(&env, changes);
		failed = alloc_has_failed();
		alloc_fail_at(0);
		/* Without memory for the last look, what is there is not known. */
		if (!failed || status == LKS_OK)
			assert_int_equal(status, LKS_OK);
		else
			assert_true(status == LKS_NO_MEMORY || status == LKS_UNCERTAIN);
		env_assert_file(&env, status == LKS_NO_MEMORY ? old_text : new_text);
		env_assert_clean(&env);
		assert_int_equal(fake_host_buffers(env.fake), 0);
	}
	assert_true(n > 20);
	fake_record_free(two);
	fake_record_free(word);
}

static void test_n76_reading_and_listing_survive_every_failing_allocation(void **state)
{
	AUTO(env_end) struct env env = env_begin(old_text);
	struct lks_call call = fake_call(env.fake, 20000, LKS_CALL_WANT_VERSION);

	(void)state;
	ALLOC_LOOP
	{
		struct lks_record *record;
		enum lks_status status;

		alloc_fail_at(0);
		record = fake_record_new();
		alloc_fail_at(alloc_n_);
		status = env.backend->get(env.instance, &call, "B", NULL, record, env.err);
		ALLOC_RESULT(status);
		fake_record_free(record);
	}
	ALLOC_LOOP
	{
		struct lks_list *list;
		enum lks_status status;

		alloc_fail_at(0);
		list = fake_list_new();
		alloc_fail_at(alloc_n_);
		status = env.backend->list(env.instance, &call, "", NULL, list, env.err);
		ALLOC_RESULT(status);
		fake_list_free(list);
	}
}

static void test_n76_opening_survives_every_failing_allocation(void **state)
{
	const struct fake_setting settings[] = { { "path", "/srv/{a}/{b}/.env" },
						 { "layout", "{a}/{b}/{name}" } };
	struct fake_host *fake = fake_host_new();
	struct lks_settings *made = fake_settings_new(&lks_plugin_env_file, settings, 2);
	struct lks_call call = fake_call(fake, 20000, 0);
	const struct lks_backend *backend = lks_plugin_env_file.backend;

	(void)state;
	ALLOC_LOOP
	{
		void *instance = NULL;
		enum lks_status status =
			backend->open(fake_host_table(fake), made, &call, &instance, NULL);

		ALLOC_RESULT(status);
		if (status == LKS_OK)
			backend->close(instance);
	}
	fake_settings_free(made);
	fake_host_free(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n76_a_write_survives_every_failing_allocation),
		cmocka_unit_test(test_n76_reading_and_listing_survive_every_failing_allocation),
		cmocka_unit_test(test_n76_opening_survives_every_failing_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
