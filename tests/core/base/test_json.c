/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from outside is refused unless it is exact. */
#include "support/test.h"

#include <locale.h>
#include <malloc.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"

static enum lks_status read_text(const char *text, struct lks_error *err)
{
	AUTO(json_freep) json_t *value = NULL;

	return json_read(text, strlen(text), "answer.json", &value, err);
}

static void test_n18_inexact_json_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *reason;
	} cases[] = {
		{ "{\"a\":1,\"a\":2}", "appears twice" },
		{ "{\"a\":{\"b\":1,\"b\":1}}", "appears twice" },
		{ "{} x", "follows the end" },
		{ "{}{}", "follows the end" },
		{ "[\"\\u0000\"]", "NUL" },
		{ "{\"a\\u0000b\":1}", "NUL" },
		{ "[\"\\ud800\"]", "not JSON" },
		{ "[\"\\udc00\"]", "not JSON" },
		{ "[\"\\ud800\\ud800\"]", "not JSON" },
		{ "\xef\xbb\xbf{}", "not JSON" },
		{ "[1e400]", "too large" },
		{ "[99999999999999999999]", "too large" },
		{ "[\"\xff\"]", "UTF-8" },
		{ "[\"\xed\xa0\x80\"]", "UTF-8" },
		{ "[\"\xc0\xaf\"]", "UTF-8" },
		{ "", "ends too early" },
		{ "[", "answer.json" },
		{ "[\"abc", "ends too early" },
		{ "{'a':1}", "not JSON" },
		{ "[1,]", "not JSON" },
		{ "[NaN]", "not JSON" },
		{ "[01]", "not JSON" },
		{ "[\"a\nb\"]", "not JSON" },
		{ "// c\n{}", "not JSON" },
	};
	struct lks_error err;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (read_text(cases[i].text, &err) != LKS_INVALID)
			fail_msg("case %zu was taken: %s", i, cases[i].text);
		if (!strstr(err.message, cases[i].reason))
			fail_msg("case %zu: %s", i, err.message);
		assert_contains(err.message, "answer.json");
	}
}

static void test_n18_a_nul_byte_does_not_end_the_text(void **state)
{
	static const char text[] = "{}\0{}";
	AUTO(json_freep) json_t *value = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(json_read(text, sizeof(text) - 1, "x", &value, &err), LKS_INVALID);
	assert_null(value);
}

static void test_n1_deep_nesting_is_refused_at_once(void **state)
{
	const size_t len = 1 << 20;
	AUTO(free_ptr) char *text = malloc(len + 1);
	AUTO(json_freep) json_t *value = NULL;
	const int64_t before = clock_boot_ms();
	struct lks_error err;

	(void)state;
	memset(text, '[', len);
	text[len] = '\0';
	assert_int_equal(json_read(text, len, "x", &value, &err), LKS_INVALID);
	assert_contains(err.message, "64 levels");
	/* Linear in the limit, not in the text: far below its 50 ms. */
	assert_true(clock_boot_ms() - before < 1000);
	/* The limit itself is fine; brackets in texts are no nesting. */
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	assert_ok(json_read(text, 128, "x", &value, &err), &err);
	json_decref(value);
	value = NULL;
	text[0] = '[';
	text[1] = '"';
	memset(text + 2, '[', 1000);
	memcpy(text + 1002, "\\\"{{{\"]", 7);
	assert_ok(json_read(text, 1009, "x", &value, &err), &err);
}

static void test_errors_say_where_and_never_quote_the_text(void **state)
{
	struct lks_error err;

	(void)state;
	assert_int_equal(read_text("{\n \"password\": hunter2\n}", &err), LKS_INVALID);
	assert_contains(err.message, "line 2");
	assert_string_equal(err.where, "answer.json:2");
	assert_null(strstr(err.message, "hunter2"));
	assert_null(strstr(err.message, "password"));
	assert_int_equal(read_text("{\"hunter2\":1,\"hunter2\":2}", &err), LKS_INVALID);
	assert_null(strstr(err.message, "hunter2"));
}

static void test_one_value_has_one_canonical_text(void **state)
{
	AUTO(json_freep) json_t *value = NULL;
	AUTO(free_ptr) char *text = NULL;
	static const char raw[] =
		"{ \"b\": [1, 2.5, true, null], \"a\": {\"z\":\"\\u00e4\",\"y\":1} }";
	struct lks_error err;

	(void)state;
	assert_ok(json_read(raw, sizeof(raw) - 1, "x", &value, &err), &err);
	text = json_canonical(value);
	assert_string_equal(text, "{\"a\":{\"y\":1,\"z\":\"\xc3\xa4\"},\"b\":[1,2.5,true,null]}");
}

static void test_n80_numbers_do_not_depend_on_the_locale(void **state)
{
	AUTO(json_freep) json_t *value = NULL;
	AUTO(free_ptr) char *text = NULL;
	struct lks_error err;

	(void)state;
	(void)setlocale(LC_ALL, "de_DE.UTF-8");
	assert_ok(json_read("[0.5]", 5, "x", &value, &err), &err);
	text = json_canonical(value);
	(void)setlocale(LC_ALL, "C");
	assert_string_equal(text, "[0.5]");
}

static void test_access_never_fails(void **state)
{
	AUTO(json_freep) json_t *value = NULL;
	struct lks_error err;
	static const char raw[] = "{\"t\":\"x\",\"n\":7,\"f\":true,\"o\":{}}";

	(void)state;
	assert_ok(json_read(raw, sizeof(raw) - 1, "x", &value, &err), &err);
	assert_string_equal(json_text(value, "t"), "x");
	assert_string_equal(json_text(value, "n"), "");
	assert_string_equal(json_text(value, "none"), "");
	assert_string_equal(json_text(NULL, "t"), "");
	assert_int_equal(json_number(value, "n"), 7);
	assert_int_equal(json_number(value, "t"), 0);
	assert_true(json_flag(value, "f"));
	assert_false(json_flag(value, "n"));
	assert_false(json_flag(NULL, "f"));
}

static void test_putting_takes_and_null_is_null(void **state)
{
	AUTO(json_freep) json_t *object = json_object();
	AUTO(free_ptr) char *text = NULL;

	(void)state;
	assert_int_equal(json_put_text(object, "a", NULL), 0);
	assert_int_equal(json_put_text(object, "b", "x"), 0);
	assert_int_equal(json_put_number(object, "c", INT64_MIN), 0);
	assert_int_equal(json_put_flag(object, "d", 1), 0);
	assert_int_equal(json_put_flag(object, "e", 0), 0);
	assert_int_equal(json_put(object, "f", json_array()), 0);
	assert_int_equal(json_put(object, "g", NULL), -1);
	/* A file may be called anything; JSON may not hold everything. */
	assert_int_equal(json_put_text(object, "h", "/tmp/\xff"), 0);
	text = json_canonical(object);
	assert_string_equal(text, "{\"a\":null,\"b\":\"x\",\"c\":-9223372036854775808,"
				  "\"d\":true,\"e\":false,\"f\":[],\"h\":\"/tmp/\\\\xff\"}");
}

static void test_an_error_is_an_object_with_seven_members(void **state)
{
	struct lks_error err;
	AUTO(json_freep) json_t *object = NULL;
	AUTO(free_ptr) char *text = NULL;

	(void)state;
	(void)error_set(&err, LKS_DENIED, "not for \"you\"");
	error_where(&err, "lockstep.conf:12");
	object = json_error(&err);
	text = json_canonical(object);
	assert_string_equal(text, "{\"exit\":4,\"hint\":null,\"message\":\"not for \\\"you\\\"\","
				  "\"operation\":null,\"reference\":null,\"status\":\"denied\","
				  "\"where\":\"lockstep.conf:12\"}");
}

/* free() of this program, seen by -Wl,--wrap: is the memory zero by then? */
void __real_free(void *data);
void __wrap_free(void *data);
static const char *volatile watched; /* free() is thought not to look */
static int seen;

void __wrap_free(void *data)
{
	if (data && watched) {
		const size_t len = malloc_usable_size(data);
		const char *bytes = data;

		if (memmem(bytes, len, watched, strlen(watched)))
			seen++;
	}
	__real_free(data);
}

static void test_freed_json_is_wiped(void **state)
{
	json_t *value = NULL;
	char *volatile copy;
	struct lks_error err;
	static const char raw[] = "{\"key\":\"needle-in-memory\",\"list\":[\"needle-in-memory\"]}";

	(void)state;
	watched = "needle-in-memory";
	assert_ok(json_read(raw, sizeof(raw) - 1, "x", &value, &err), &err);
	json_decref(value);
	watched = NULL;
	assert_int_equal(seen, 0);
	/* The watch itself works. */
	watched = "needle";
	copy = strdup("a needle");
	free(copy);
	watched = NULL;
	assert_int_equal(seen, 1);
}

static void test_what_jansson_returns_can_be_freed_by_anyone(void **state)
{
	json_t *value = json_pack("{s:i}", "a", 1);
	char *text = json_dumps(value, JSON_COMPACT);

	(void)state;
	assert_string_equal(text, "{\"a\":1}");
	free(text);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n18_inexact_json_is_refused),
		cmocka_unit_test(test_n18_a_nul_byte_does_not_end_the_text),
		cmocka_unit_test(test_n1_deep_nesting_is_refused_at_once),
		cmocka_unit_test(test_errors_say_where_and_never_quote_the_text),
		cmocka_unit_test(test_one_value_has_one_canonical_text),
		cmocka_unit_test(test_n80_numbers_do_not_depend_on_the_locale),
		cmocka_unit_test(test_access_never_fails),
		cmocka_unit_test(test_putting_takes_and_null_is_null),
		cmocka_unit_test(test_an_error_is_an_object_with_seven_members),
		cmocka_unit_test(test_freed_json_is_wiped),
		cmocka_unit_test(test_what_jansson_returns_can_be_freed_by_anyone),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
