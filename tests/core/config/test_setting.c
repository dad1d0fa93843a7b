/* SPDX-License-Identifier: Apache-2.0 */
/* The text of config files: its bytes and grammar. Files are in test_source.c. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/setting.h"
#include "core/config/collect.h"

static struct setting_tree *tree_of(const char *text)
{
	struct collect *collect = calloc(1, sizeof(*collect));
	struct setting_tree *tree = NULL;
	struct lks_error err = { 0 };

	collect_start(collect);
	assert_ok(setting_tree_parse(text, strlen(text), "t.conf", "/base", &collect->report, &tree,
				     &err),
		  &err);
	if (collect->report.errors)
		fail_msg("%s", collect->errors[0].message);
	free(collect);
	return tree;
}

static void assert_bytes_refused(const void *data, size_t len, const char *where, const char *part)
{
	struct report report = { 0 };
	struct setting_tree *tree = NULL;
	struct lks_error err = { 0 };

	assert_int_equal(setting_tree_parse(data, len, "t.conf", "/base", &report, &tree, &err),
			 LKS_INVALID);
	assert_null(tree);
	assert_contains(err.message, part);
	assert_string_equal(err.where, where);
}

static void assert_refused(const char *text, const char *where, const char *part)
{
	assert_bytes_refused(text, strlen(text), where, part);
}

/* ------------------------------------------------------------------------ */

static void test_every_kind_of_value_keeps_its_type_and_line(void **state)
{
	AUTO(setting_tree_freep)
	struct setting_tree *tree = tree_of("a = \"x\" \"y\\n\\x41\";\n"
					    "b = -12; c : 0x1F\n"
					    "d = TRUE,\n"
					    "e = 1.5;\n"
					    "g = { h = [ 1, 2 ]; i = ( \"p\",\n  { q = 3; } ); };\n"
					    "/* a\n comment */ last = 9223372036854775807L; # end");
	const struct setting *root = setting_tree_root(tree);

	(void)state;
	assert_int_equal(root->member_count, 7);
	assert_string_equal(setting_find(root, "a")->text, "xy\nA");
	assert_int_equal(setting_find(root, "b")->number, -12);
	assert_int_equal(setting_find(root, "c")->number, 31);
	assert_int_equal(setting_find(root, "d")->type, SETTING_FLAG);
	assert_int_equal(setting_find(root, "d")->number, 1);
	assert_int_equal(setting_find(root, "e")->type, SETTING_FLOAT);
	assert_int_equal(setting_find(root, "g.h")->type, SETTING_ARRAY);
	assert_int_equal(setting_find(root, "g.h")->members[1]->number, 2);
	assert_int_equal(setting_find(root, "g.i")->type, SETTING_LIST);
	assert_int_equal(setting_find(root, "g.i")->members[1]->line, 6);
	assert_int_equal(setting_find(root, "g.i")->members[1]->members[0]->number, 3);
	assert_true(setting_find(root, "last")->number == INT64_MAX);
	assert_int_equal(setting_find(root, "last")->line, 8);
	assert_string_equal(setting_find(root, "last")->file, "t.conf");
	assert_null(setting_find(root, "g.none"));
	assert_null(setting_find(root, "a.b"));
}

static void test_an_empty_file_is_an_empty_group(void **state)
{
	AUTO(setting_tree_freep) struct setting_tree *tree = tree_of("");
	AUTO(setting_tree_freep) struct setting_tree *comments = tree_of("# nothing\n\n/* */\n");

	(void)state;
	assert_int_equal(setting_tree_root(tree)->member_count, 0);
	assert_int_equal(setting_tree_root(comments)->member_count, 0);
}

static void test_n1_a_megabyte_of_brackets_is_refused_at_once(void **state)
{
	static const char brackets[] = "[({";
	char *text = malloc(SETTING_FILE_MAX);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 3; i++) {
		int64_t start = clock_boot_ms();

		memset(text, brackets[i], SETTING_FILE_MAX);
		memcpy(text, "a = ", 4);
		if (i == 2) {
			for (size_t k = 0; k + 4 < SETTING_FILE_MAX; k += 4)
				memcpy(text + k, "a={ ", 4);
		}
		assert_bytes_refused(text, 50000, "t.conf:1",
				     i == 0 ? "found '[', expected a plain value" : "32 deep");
		assert_bytes_refused(text, SETTING_FILE_MAX, "t.conf:1", "found");
		assert_true(clock_boot_ms() - start < 50 * 4); /* two reads, also under ASan */
	}
	free(text);
}

static void test_n1_nesting_of_32_is_read(void **state)
{
	AUTO(text_release) struct text text = TEXT_INIT;

	(void)state;
	text_add(&text, "a = ");
	for (int i = 0; i < SETTING_DEPTH_MAX; i++)
		text_add(&text, "(");
	for (int i = 0; i < SETTING_DEPTH_MAX; i++)
		text_add(&text, ")");
	setting_tree_free(tree_of(text_string(&text)));
	text_clear(&text);
	text_add(&text, "a = ");
	for (int i = 0; i <= SETTING_DEPTH_MAX; i++)
		text_add(&text, "(");
	assert_refused(text_string(&text), "t.conf:1", "nested more than 32 deep");
}

static void test_n4_a_duplicate_key_is_refused_with_both_lines(void **state)
{
	struct collect *collect = calloc(1, sizeof(*collect));
	struct setting_tree *tree = NULL;
	struct lks_error err = { 0 };
	const char *text = "a = 1;\nb = { c = 1;\n c = 2; };\na = { x = ( 1 ); };\nz = 5;";

	(void)state;
	collect_start(collect);
	assert_ok(setting_tree_parse(text, strlen(text), "t.conf", "/", &collect->report, &tree,
				     &err),
		  &err);
	assert_int_equal(collect->report.errors, 2);
	collect_expect(collect, 3, "found 'c' again, it is set at t.conf:2 already");
	collect_expect(collect, 4, "found 'a' again, it is set at t.conf:1 already");
	assert_int_equal(setting_find(setting_tree_root(tree), "a")->number, 1);
	assert_int_equal(setting_find(setting_tree_root(tree), "z")->line, 5);
	setting_tree_free(tree);
	free(collect);
}

static void test_n7_bytes_that_are_not_plain_utf8_are_refused(void **state)
{
	(void)state;
	assert_bytes_refused("a = 1;\nb\0 = 2;", 15, "t.conf:2", "NUL");
	assert_refused("a = 1;\nb = \"\xff\";", "t.conf:2", "not UTF-8");
	assert_refused("# \xc0\xaf", "t.conf:1", "not UTF-8");
	assert_refused("\xef\xbb\xbf"
		       "a = 1;",
		       "t.conf:1", "byte order mark");
	assert_bytes_refused("\xff\xfe"
			     "a\0=\0",
			     6, "t.conf:1", "UTF-16");
	assert_bytes_refused("\xfe\xff\0a\0=", 6, "t.conf:1", "UTF-16");
	assert_refused("a = 1;\r\nb = \x01;", "t.conf:2", "control character");
	assert_refused("a = \"\x1b[31m\";", "t.conf:1", "control character");
	assert_refused("a = \r1;", "t.conf:1", "control character");
	setting_tree_free(tree_of("a = 1;\r\nb = \"gr\xc3\xbc\xc3\x9f\";\r\n"));
}

static void test_n8_invisible_characters_are_refused_everywhere(void **state)
{
	(void)state;
	assert_refused("st\xe2\x80\x8bores = {};", "t.conf:1", "invisible");
	assert_refused("a = 1; # \xe2\x80\xae", "t.conf:1", "invisible");
	assert_refused("a = \"x\xe2\x80\x8f\";", "t.conf:1", "invisible");
	assert_refused("p\xd0\xb0th = 1;", "t.conf:1", "expected the name of a setting");
}

static void test_n9_bare_words_and_odd_numbers_are_named(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "a = no;", "found 'no', expected a value" },
		{ "a = 0o17;", "found '0o17', expected a value" },
		{ "a = 017;", "leading zero" },
		{ "a = [ on, off ];", "found 'on', expected a value" },
		{ "a = 12abc;", "found '12abc'" },
		{ "a = -;", "found '-'" },
		{ "a = $HOME;", "found '$HOME'" },
	};
	struct collect *collect = calloc(1, sizeof(*collect));

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct setting_tree *tree = NULL;
		struct lks_error err = { 0 };

		collect_start(collect);
		assert_ok(setting_tree_parse(cases[i].text, strlen(cases[i].text), "t.conf", "/",
					     &collect->report, &tree, &err),
			  &err);
		collect_expect(collect, 1, cases[i].part);
		setting_tree_free(tree);
	}
	free(collect);
}

static void test_a_long_bare_word_is_not_repeated(void **state)
{
	struct collect *collect = calloc(1, sizeof(*collect));
	struct setting_tree *tree = NULL;
	struct lks_error err = { 0 };

	(void)state;
	collect_start(collect);
	assert_ok(setting_tree_parse("a = hunter2hunter2;", 19, "t.conf", "/", &collect->report,
				     &tree, &err),
		  &err);
	assert_null(strstr(collect->errors[0].message, "hunter2"));
	setting_tree_free(tree);
	free(collect);
}

static void test_n10_numbers_that_overflow_are_reported(void **state)
{
	static const char *const texts[] = {
		"a = 9223372036854775808;",   "a = -9223372036854775809;",
		"a = 0x8000000000000000;",    "a = 99999999999999999999999999999999;",
		"a = 18446744073709551616L;",
	};
	struct collect *collect = calloc(1, sizeof(*collect));
	AUTO(setting_tree_freep) struct setting_tree *least = tree_of("a = -9223372036854775808;");
	AUTO(setting_tree_freep) struct setting_tree *large = tree_of("a = 4294967296;");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct setting_tree *tree = NULL;
		struct lks_error err = { 0 };

		collect_start(collect);
		assert_ok(setting_tree_parse(texts[i], strlen(texts[i]), "t.conf", "/",
					     &collect->report, &tree, &err),
			  &err);
		collect_expect(collect, 1, "too large");
		assert_int_equal(setting_find(setting_tree_root(tree), "a")->type, SETTING_BROKEN);
		setting_tree_free(tree);
	}
	assert_true(setting_find(setting_tree_root(least), "a")->number == INT64_MIN);
	assert_true(setting_find(setting_tree_root(large), "a")->number == INT64_C(4294967296));
	free(collect);
}

static void test_syntax_errors_say_what_was_found_and_expected(void **state)
{
	(void)state;
	assert_refused("a = 1;\nb 2;", "t.conf:2", "found a number, expected '='");
	assert_refused("a = ;", "t.conf:1", "found ';', expected a value");
	assert_refused("a = {\n b = 1;\n", "t.conf:3", "expected '}'");
	assert_refused("a = ( 1, );", "t.conf:1", "expected a value after the ','");
	assert_refused("a = ( 1 2 );", "t.conf:1", "expected ',' or ')'");
	assert_refused("a = [ { } ];", "t.conf:1", "holds no groups");
	assert_refused("}", "t.conf:1", "found '}'");
	assert_refused("a = \"x\ny\";", "t.conf:1", "closing quote");
	assert_refused("a = \"\\q\";", "t.conf:1", "unknown escape");
	assert_refused("a = \"\\x00\";", "t.conf:1", "unknown escape");
	assert_refused("a = 1; /* x", "t.conf:1", "comment without an end");
	assert_refused("true = 1;", "t.conf:1", "found 'true'");
	assert_refused("\"a\" = 1;", "t.conf:1", "found a text in quotes");
	assert_refused("a = 1;;", "t.conf:1", "found ';'");
	assert_refused("a = 1;\n@include \"x\"", "t.conf:2", "not allowed here");
}

static void test_n14_more_than_ten_thousand_entries_are_refused(void **state)
{
	AUTO(text_release) struct text names = TEXT_INIT;
	AUTO(text_release) struct text items = TEXT_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		text_printf(&names, "n%d=1;\n", i);
	text_add(&items, "a = [ 0");
	for (int i = 0; i < 100000; i++)
		text_add(&items, ",1");
	text_add(&items, " ];");
	assert_refused(text_string(&names), "t.conf:10001", "more than 10000 entries");
	assert_refused(text_string(&items), "t.conf:1", "more than 10000 entries");
	text_clear(&names);
	text_add_char(&names, 'a');
	for (int i = 0; i < 300; i++)
		text_add_char(&names, 'b');
	text_add(&names, " = 1;");
	assert_refused(text_string(&names), "t.conf:1", "at most 253");
}

static void test_any_text_is_read_or_refused_without_harm(void **state)
{
	static const char *const pieces[] = { "a",   "=",        "{",  "}",     "(",  ")",  "[",
					      "]",   ";",        ",",  "\"x\"", "1",  "0x", "true",
					      "/*",  "*/",       "#",  "\n",    "\\", "-",  ".5",
					      "1e3", "@include", "\"", "b",     " " };
	uint32_t seed = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		AUTO(text_release) struct text text = TEXT_INIT;
		struct report report = { 0 };
		struct setting_tree *tree = NULL;
		struct lks_error err = { 0 };
		enum lks_status status;

		for (int k = 0; k < 12; k++) {
			seed = seed * 1664525u + 1013904223u;
			text_add(&text, pieces[(seed >> 8) % COUNT_OF(pieces)]);
		}
		status = setting_tree_parse(text_string(&text), text.len, "t", "/", &report, &tree,
					    &err);
		/* Anything else means that libconfig saw what scan.c did not. */
		if (status != LKS_OK && status != LKS_INVALID)
			fail_msg("\"%s\": %s", text_string(&text), err.message);
		setting_tree_free(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_value_keeps_its_type_and_line),
		cmocka_unit_test(test_an_empty_file_is_an_empty_group),
		cmocka_unit_test(test_n1_a_megabyte_of_brackets_is_refused_at_once),
		cmocka_unit_test(test_n1_nesting_of_32_is_read),
		cmocka_unit_test(test_n4_a_duplicate_key_is_refused_with_both_lines),
		cmocka_unit_test(test_n7_bytes_that_are_not_plain_utf8_are_refused),
		cmocka_unit_test(test_n8_invisible_characters_are_refused_everywhere),
		cmocka_unit_test(test_n9_bare_words_and_odd_numbers_are_named),
		cmocka_unit_test(test_a_long_bare_word_is_not_repeated),
		cmocka_unit_test(test_n10_numbers_that_overflow_are_reported),
		cmocka_unit_test(test_syntax_errors_say_what_was_found_and_expected),
		cmocka_unit_test(test_n14_more_than_ten_thousand_entries_are_refused),
		cmocka_unit_test(test_any_text_is_read_or_refused_without_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
