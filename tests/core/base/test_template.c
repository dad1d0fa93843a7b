/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of base/template: places, filters, and what is refused. */
#include "support/test.h"

#include "base/template.h"

static struct lks_record *sample(void)
{
	struct lks_record *record = NULL;
	struct lks_error err;
	assert_ok(record_new(&record, &err), &err);
	assert_ok(record_put(record, "username", "app user", 8, &err), &err);
	assert_ok(record_put(record, "password", "p@ss/\"'\\%\n", 10, &err), &err);
	assert_ok(record_put(record, "raw", "\x00\xff", 2, &err), &err);
	return record;
}

static void assert_renders(const char *text, const char *expected)
{
	struct lks_error err;
	AUTO(record_freep) struct lks_record *record = sample();
	AUTO(secret_freep) struct lks_buffer *filled = NULL;
	assert_ok(template_render(text, record, &filled, &err), &err);
	assert_int_equal(filled->len, strlen(expected));
	assert_memory_equal(filled->data, expected, filled->len);
}

static void assert_refused(const char *text, enum lks_status status, const char *part)
{
	struct lks_error err;
	AUTO(record_freep) struct lks_record *record = sample();
	AUTO(secret_freep) struct lks_buffer *filled = NULL;
	assert_int_equal(template_render(text, record, &filled, &err), status);
	assert_contains(err.message, part);
	assert_null(filled);
}

static void test_fields_are_filled_in(void **state)
{
	(void)state;
	assert_renders("", "");
	assert_renders("plain", "plain");
	assert_renders("{username}", "app user");
	assert_renders("a{username}b{username}c", "aapp userbapp userc");
}

static void test_a_url_is_encoded_for_its_place(void **state)
{
	(void)state;
	assert_renders("postgres://{username:url}:{password:url}@db/app",
		       "postgres://app%20user:p%40ss%2F%22%27%5C%25%0A@db/app");
	assert_renders("{raw:url}", "%00%FF");
}

static void test_json_shell_base64_and_hex_have_their_forms(void **state)
{
	(void)state;
	assert_renders("{{\"p\": \"{password:json}\"}}", "{\"p\": \"p@ss/\\\"'\\\\%\\u000a\"}");
	assert_renders("P={password:shell}", "P='p@ss/\"'\\''\\%\n'");
	assert_renders("{username:base64}", "YXBwIHVzZXI=");
	assert_renders("{raw:base64}", "AP8=");
	assert_renders("{raw:hex}", "00ff");
}

static void test_filters_follow_one_another(void **state)
{
	(void)state;
	assert_renders("{raw:base64:url}", "AP8%3D");
	assert_renders("{username:hex:base64}", "NjE3MDcwMjA3NTczNjU3Mg==");
}

static void test_doubled_braces_stand_for_themselves(void **state)
{
	(void)state;
	assert_renders("{{}}", "{}");
	assert_renders("{{{username}}}", "{app user}");
	assert_renders("{{username}}", "{username}");
}

static void test_a_brace_that_is_not_closed_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("ab{username", LKS_INVALID, "character 3");
	assert_refused("ab}cd", LKS_INVALID, "character 3");
	assert_refused("{", LKS_INVALID, "character 1");
	assert_refused("{}", LKS_INVALID, "field's name");
	assert_refused("{user name}", LKS_INVALID, "field's name");
}

static void test_an_unknown_filter_is_refused_with_the_nearest(void **state)
{
	(void)state;
	struct lks_error err;
	AUTO(record_freep) struct lks_record *record = sample();
	AUTO(secret_freep) struct lks_buffer *filled = NULL;
	assert_int_equal(template_render("{password:urll}", record, &filled, &err), LKS_INVALID);
	assert_contains(err.hint, "url");
	assert_int_equal(template_render("{password:url:url:url:url:url}", record, &filled, &err),
			 LKS_INVALID);
}

static void test_a_missing_field_is_named(void **state)
{
	(void)state;
	assert_refused("{nothing}", LKS_NOT_FOUND, "nothing");
}

static void test_a_value_that_its_place_cannot_hold_is_refused(void **state)
{
	(void)state;
	assert_refused("{raw:json}", LKS_INVALID, "UTF-8");
	assert_refused("{raw:shell}", LKS_INVALID, "NUL");
}

struct names {
	char text[256];
};

static enum lks_status collect(void *context, const char *name, struct lks_error *err)
{
	struct names *names = context;
	(void)err;
	strncat(names->text, name, sizeof(names->text) - strlen(names->text) - 1);
	strncat(names->text, "|", sizeof(names->text) - strlen(names->text) - 1);
	return LKS_OK;
}

static void test_references_keep_their_colons(void **state)
{
	(void)state;
	struct lks_error err;
	struct names names = { "" };
	const char *text = "{app:KEY} {app:KEY#f:url} {secretref://app/KEY:base64:url} {app:url}";
	assert_ok(template_walk(text, strlen(text), TEMPLATE_REFERENCES, collect, &names, &err),
		  &err);
	assert_string_equal(names.text, "app:KEY|app:KEY#f|secretref://app/KEY|app:url|");
}

static void test_a_secret_is_never_in_an_error(void **state)
{
	(void)state;
	struct lks_error err;
	AUTO(record_freep) struct lks_record *record = sample();
	AUTO(secret_freep) struct lks_buffer *filled = NULL;
	assert_int_equal(template_render("{username}{nothing}", record, &filled, &err),
			 LKS_NOT_FOUND);
	assert_null(strstr(err.message, "app user"));
	assert_null(strstr(err.hint, "app user"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_filled_in),
		cmocka_unit_test(test_a_url_is_encoded_for_its_place),
		cmocka_unit_test(test_json_shell_base64_and_hex_have_their_forms),
		cmocka_unit_test(test_filters_follow_one_another),
		cmocka_unit_test(test_doubled_braces_stand_for_themselves),
		cmocka_unit_test(test_a_brace_that_is_not_closed_is_refused_with_its_place),
		cmocka_unit_test(test_an_unknown_filter_is_refused_with_the_nearest),
		cmocka_unit_test(test_a_missing_field_is_named),
		cmocka_unit_test(test_a_value_that_its_place_cannot_hold_is_refused),
		cmocka_unit_test(test_references_keep_their_colons),
		cmocka_unit_test(test_a_secret_is_never_in_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
