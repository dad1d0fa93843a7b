/* SPDX-License-Identifier: Apache-2.0 */
/* Private modules: opened once, and only if they fit. */
#include "support/test.h"

#include <pthread.h>

#include "base/module.h"

static const struct module_head table = { .abi = 3, .size = 64 };
static const struct module_head other = { .abi = 1, .size = 64 };
static int opened;

static enum lks_status open_one(const char *name, const struct module_head **ret_table,
				struct lks_error *err)
{
	opened++;
	if (!strcmp(name, "crypto"))
		*ret_table = &other;
	else if (!strcmp(name, "state-sqlite"))
		*ret_table = &table;
	else
		return error_set(err, LKS_NOT_FOUND, "no %s", name);
	return LKS_OK;
}

/* As when a pinned file's digest is wanted while it is being opened. */
static enum lks_status open_with_crypto(const char *name, const struct module_head **ret_table,
					struct lks_error *err)
{
	const struct module_head *crypto;

	if (strcmp(name, "crypto") != 0) {
		enum lks_status status = module_open("crypto", 1, 16, &crypto, err);

		if (status)
			return status;
	}
	return open_one(name, ret_table, err);
}

static int forget(void **state)
{
	(void)state;
	opened = 0;
	module_use_opener(open_one);
	return 0;
}

static void test_a_module_is_opened_once(void **state)
{
	const struct module_head *head = NULL;
	struct lks_error err;

	(void)state;
	assert_ok(module_open("state-sqlite", 3, 64, &head, &err), &err);
	assert_ptr_equal(head, &table);
	assert_ok(module_open("state-sqlite", 3, 64, &head, &err), &err);
	assert_int_equal(opened, 1);
}

static void test_n30_another_version_or_a_shorter_table_is_refused(void **state)
{
	const struct module_head *head = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(module_open("state-sqlite", 2, 64, &head, &err), LKS_FAILED);
	assert_contains(err.message, "another version");
	assert_contains(err.hint, "same build");
	assert_int_equal(module_open("state-sqlite", 4, 64, &head, &err), LKS_FAILED);
	assert_int_equal(module_open("state-sqlite", 3, 65, &head, &err), LKS_FAILED);
	assert_null(head);
	/* A longer table is newer and fine. */
	assert_ok(module_open("state-sqlite", 3, 63, &head, &err), &err);
}

static void test_a_failure_is_the_openers_and_is_tried_again(void **state)
{
	const struct module_head *head = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(module_open("http", 1, 16, &head, &err), LKS_NOT_FOUND);
	assert_string_equal(err.message, "no http");
	assert_int_equal(module_open("http", 1, 16, &head, &err), LKS_NOT_FOUND);
	assert_int_equal(opened, 2);
}

static void test_n22_a_modules_name_is_no_path(void **state)
{
	const struct module_head *head = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(module_open("../evil", 1, 16, &head, &err), LKS_INVALID);
	assert_int_equal(module_open("", 1, 16, &head, &err), LKS_INVALID);
	assert_int_equal(module_open("a/b", 1, 16, &head, &err), LKS_INVALID);
	assert_int_equal(opened, 0);
}

static void test_without_an_opener_nothing_opens(void **state)
{
	const struct module_head *head = NULL;
	struct lks_error err;

	(void)state;
	module_use_opener(NULL);
	assert_int_equal(module_open("crypto", 1, 16, &head, &err), LKS_FAILED);
}

static void test_an_opener_may_need_another_module(void **state)
{
	const struct module_head *head = NULL;
	struct lks_error err;

	(void)state;
	module_use_opener(open_with_crypto);
	assert_ok(module_open("state-sqlite", 3, 64, &head, &err), &err);
	assert_ptr_equal(head, &table);
	assert_ok(module_open("crypto", 1, 16, &head, &err), &err);
	assert_int_equal(opened, 2);
}

static void *open_in_thread(void *context)
{
	const struct module_head **head = context;
	struct lks_error err;

	if (module_open("state-sqlite", 3, 64, head, &err))
		*head = NULL;
	return NULL;
}

static void test_threads_get_the_same_table(void **state)
{
	pthread_t threads[4];
	const struct module_head *heads[4] = { NULL };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, open_in_thread, (void *)&heads[i]), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_ptr_equal(heads[i], &table);
	}
	assert_int_equal(opened, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_module_is_opened_once, forget),
		cmocka_unit_test_setup(test_n30_another_version_or_a_shorter_table_is_refused,
				       forget),
		cmocka_unit_test_setup(test_a_failure_is_the_openers_and_is_tried_again, forget),
		cmocka_unit_test_setup(test_n22_a_modules_name_is_no_path, forget),
		cmocka_unit_test_setup(test_without_an_opener_nothing_opens, forget),
		cmocka_unit_test_setup(test_an_opener_may_need_another_module, forget),
		cmocka_unit_test_setup(test_threads_get_the_same_table, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
