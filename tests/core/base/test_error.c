/* SPDX-License-Identifier: Apache-2.0 */
/* The one error object. */
#include "support/test.h"

#include <errno.h>

#include "base/error.h"
#include "base/text.h"

static void test_failing_is_one_line(void **state)
{
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, LKS_NOT_FOUND, "%s: no key %s", "app.env", "A"),
			 LKS_NOT_FOUND);
	assert_int_equal(err.status, LKS_NOT_FOUND);
	assert_string_equal(err.message, "app.env: no key A");
	assert_int_equal(error_exit_code(&err), EXIT_NOT_FOUND);
}

static void test_nobody_needs_to_ask_for_the_error(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, LKS_DENIED, "no"), LKS_DENIED);
	error_where(NULL, "x");
	error_hint(NULL, "x");
	error_reference(NULL, "x");
	error_operation(NULL, "x");
	error_exit(NULL, EXIT_STUCK);
	error_prefix(NULL, "x");
	error_clear(NULL);
	assert_int_equal(error_no_memory(NULL, "x"), LKS_NO_MEMORY);
	assert_int_equal(error_exit_code(NULL), EXIT_INTERNAL);
}

static void test_a_new_error_forgets_the_old_one(void **state)
{
	struct lks_error err = { 0 };

	(void)state;
	(void)error_set(&err, LKS_DENIED, "first");
	error_where(&err, "%s:%d", "lockstep.conf", 3);
	error_hint(&err, "chmod %o %s", 0600, "x");
	error_reference(&err, "app:KEY");
	error_operation(&err, "0192f0c1-2d3e-7000-8000-000000000000");
	error_exit(&err, EXIT_AUDIT);
	assert_string_equal(err.where, "lockstep.conf:3");
	assert_string_equal(err.hint, "chmod 600 x");
	assert_string_equal(err.reference, "app:KEY");
	assert_string_equal(err.operation, "0192f0c1-2d3e-7000-8000-000000000000");
	assert_int_equal(error_exit_code(&err), EXIT_AUDIT);
	(void)error_set(&err, LKS_CONFLICT, "second");
	assert_string_equal(err.where, "");
	assert_string_equal(err.hint, "");
	assert_string_equal(err.reference, "");
	assert_string_equal(err.operation, "");
	assert_int_equal(error_exit_code(&err), EXIT_CONFLICT);
}

static void test_an_error_may_quote_itself(void **state)
{
	struct lks_error err = { 0 };

	(void)state;
	(void)error_set(&err, LKS_INVALID, "inner");
	(void)error_set(&err, LKS_FAILED, "outer: %s", err.message);
	assert_string_equal(err.message, "outer: inner");
	error_prefix(&err, "%s: ", "read");
	assert_string_equal(err.message, "read: outer: inner");
	assert_int_equal(err.status, LKS_FAILED);
}

static void test_n91_a_message_cannot_write_to_the_terminal_or_another_line(void **state)
{
	struct lks_error err = { 0 };

	(void)state;
	(void)error_set(&err, LKS_DENIED, "provider says: %s",
			"\x1b]0;owned\x07\nerror: all is well %n%s");
	assert_string_equal(err.message,
			    "provider says: \\x1b]0;owned\\x07\\nerror: all is well %n%s");
	error_where(&err, "%s", "a\nb");
	assert_string_equal(err.where, "a\\nb");
	error_hint(&err, "%s", "a\rb");
	assert_string_equal(err.hint, "a\\rb");
	error_reference(&err, "a\tb");
	assert_string_equal(err.reference, "a\\tb");
	error_prefix(&err, "%s", "\n");
	assert_memory_equal(err.message, "\\nprovider", 10);
}

static void test_an_endless_message_is_cut_and_stays_utf8(void **state)
{
	static char endless[20000];
	struct lks_error err = { 0 };

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(endless); i += 3)
		memcpy(endless + i, "\xe2\x82\xac", 3);
	(void)error_set(&err, LKS_FAILED, "x%s", endless);
	assert_in_range(strlen(err.message), 1000, sizeof(err.message) - 1);
	assert_true(utf8_is_valid(err.message, strlen(err.message)));
	error_prefix(&err, "%s", "yy");
	assert_true(utf8_is_valid(err.message, strlen(err.message)));
	error_where(&err, "%s", endless);
	assert_in_range(strlen(err.where), 500, sizeof(err.where) - 1);
	assert_true(utf8_is_valid(err.where, strlen(err.where)));
}

static void test_a_failure_is_never_called_success(void **state)
{
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(error_set(&err, LKS_OK, "a bug"), LKS_FAILED);
	assert_int_equal(err.status, LKS_FAILED);
	assert_int_equal(error_exit_code(&err), EXIT_INTERNAL);
}

static void test_every_status_has_a_name_and_an_exit_code(void **state)
{
	static const struct {
		enum lks_status status;
		const char *name;
		enum exit_code code;
	} cases[] = {
		{ LKS_OK, "ok", EXIT_DONE },
		{ LKS_FAILED, "failed", EXIT_INTERNAL },
		{ LKS_INVALID, "invalid", EXIT_USAGE },
		{ LKS_NOT_FOUND, "not-found", EXIT_NOT_FOUND },
		{ LKS_DENIED, "denied", EXIT_DENIED },
		{ LKS_UNAUTHENTICATED, "unauthenticated", EXIT_DENIED },
		{ LKS_UNAVAILABLE, "unavailable", EXIT_UNAVAILABLE },
		{ LKS_THROTTLED, "throttled", EXIT_UNAVAILABLE },
		{ LKS_UNCERTAIN, "uncertain", EXIT_UNAVAILABLE },
		{ LKS_CONFLICT, "conflict", EXIT_CONFLICT },
		{ LKS_UNSUPPORTED, "unsupported", EXIT_USAGE },
		{ LKS_NO_MEMORY, "no-memory", EXIT_INTERNAL },
		/* A plugin may return anything. */
		{ (enum lks_status)77, "failed", EXIT_INTERNAL },
		{ (enum lks_status) - 1, "failed", EXIT_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_string_equal(status_name(cases[i].status), cases[i].name);
		assert_int_equal(status_exit_code(cases[i].status), cases[i].code);
	}
}

static void test_errno_becomes_what_the_caller_does_next(void **state)
{
	(void)state;
	assert_int_equal(status_from_errno(ENOENT), LKS_NOT_FOUND);
	assert_int_equal(status_from_errno(EACCES), LKS_DENIED);
	assert_int_equal(status_from_errno(EROFS), LKS_DENIED);
	assert_int_equal(status_from_errno(ENOMEM), LKS_NO_MEMORY);
	assert_int_equal(status_from_errno(ENOSPC), LKS_UNAVAILABLE);
	assert_int_equal(status_from_errno(EMFILE), LKS_UNAVAILABLE);
	assert_int_equal(status_from_errno(EEXIST), LKS_CONFLICT);
	assert_int_equal(status_from_errno(EISDIR), LKS_INVALID);
	assert_int_equal(status_from_errno(EIO), LKS_FAILED);
	assert_int_equal(status_from_errno(0), LKS_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failing_is_one_line),
		cmocka_unit_test(test_nobody_needs_to_ask_for_the_error),
		cmocka_unit_test(test_a_new_error_forgets_the_old_one),
		cmocka_unit_test(test_an_error_may_quote_itself),
		cmocka_unit_test(test_n91_a_message_cannot_write_to_the_terminal_or_another_line),
		cmocka_unit_test(test_an_endless_message_is_cut_and_stays_utf8),
		cmocka_unit_test(test_a_failure_is_never_called_success),
		cmocka_unit_test(test_every_status_has_a_name_and_an_exit_code),
		cmocka_unit_test(test_errno_becomes_what_the_caller_does_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
