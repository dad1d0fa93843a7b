/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, invisible marks, and what people get to see of hostile text. */
#include "support/test.h"

#include "base/text.h"

static void test_n42_only_shortest_forms_of_real_characters_are_utf8(void **state)
{
	static const char *const good[] = { "",
					    "plain",
					    "\xc3\xa4",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x94\x91",
					    "\xf4\x8f\xbf\xbf",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80" };
	static const char *const bad[] = { "\x80",
					   "\xc3",
					   "\xc0\x80",
					   "\xc1\xbf",
					   "\xe0\x80\xaf",
					   "\xe2\x82",
					   "\xed\xa0\x80",
					   "\xed\xbf\xbf",
					   "\xf0\x80\x80\xaf",
					   "\xf4\x90\x80\x80",
					   "\xf8\x88\x80\x80\x80",
					   "\xff",
					   "a\xc3z",
					   "\xf0\x9f\x94" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(utf8_is_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (utf8_is_valid(bad[i], strlen(bad[i])))
			fail_msg("case %zu was taken", i);
	}
	assert_true(utf8_is_valid("a\0b", 3));
}

static void test_n8_bidi_and_zero_width_marks_are_found(void **state)
{
	static const char *const hidden[] = {
		"a\xe2\x80\x8b z", "\xe2\x80\xaetxt", "\xef\xbb\xbf{",    "a\xc2\xad",   "\xd8\x9c",
		"\xe2\x81\xa6",    "\xe2\x81\xa9",    "\xf3\xa0\x81\xa1", "\xe3\x85\xa4"
	};
	static const char *const plain[] = { "", "API_KEY", "Schl\xc3\xbcssel", "\xe9\x8d\xb5",
					     "\xff\xfe" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(hidden); i++)
		assert_true(utf8_has_invisible(hidden[i], strlen(hidden[i])));
	for (size_t i = 0; i < COUNT_OF(plain); i++)
		assert_false(utf8_has_invisible(plain[i], strlen(plain[i])));
}

static const char *escaped(const char *text, size_t len)
{
	static char buffer[256];

	string_escape(buffer, sizeof(buffer), text, len);
	return buffer;
}

static void test_n91_control_characters_are_shown_not_obeyed(void **state)
{
	(void)state;
	assert_string_equal(escaped("a\nb\tc\rd", 7), "a\\nb\\tc\\rd");
	assert_string_equal(escaped("\x1b[2J\x07\x7f", 6), "\\x1b[2J\\x07\\x7f");
	assert_string_equal(escaped("a\0b", 3), "a\\x00b");
	/* U+009B starts a terminal's command, too. */
	assert_string_equal(escaped("\xc2\x9b"
				    "2J",
				    4),
			    "\\u009b2J");
	assert_string_equal(escaped("\xe2\x80\xaelkj", 6), "\\u202elkj");
	assert_string_equal(escaped("\xf3\xa0\x81\xa1", 4), "\\U000e0061");
	assert_string_equal(escaped("\xff\xc3", 2), "\\xff\\xc3");
	assert_string_equal(escaped("\xc3\xa4 \xe2\x82\xac", 6), "\xc3\xa4 \xe2\x82\xac");
	assert_string_equal(escaped("100%n%s", 7), "100%n%s");
}

static void test_escaping_twice_changes_nothing(void **state)
{
	char once[256];
	char twice[256];
	char bytes[64];

	(void)state;
	for (unsigned int seed = 0; seed < 4096; seed++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)((seed * 2654435761U + i * 40503U * (seed | 1)) >> 11);
		string_escape(once, sizeof(once), bytes, sizeof(bytes));
		assert_true(utf8_is_valid(once, strlen(once)));
		assert_false(utf8_has_invisible(once, strlen(once)));
		string_escape(twice, sizeof(twice), once, strlen(once));
		assert_string_equal(once, twice);
	}
}

static void test_both_escapes_say_the_same(void **state)
{
	static const char raw[] = "x\n\xe2\x80\xae\xff\x01 end";
	AUTO(text_release) struct text text = TEXT_INIT;

	(void)state;
	text_add_escaped(&text, raw, sizeof(raw) - 1);
	assert_string_equal(text_string(&text), escaped(raw, sizeof(raw) - 1));
}

static void test_what_does_not_fit_is_cut_between_characters(void **state)
{
	char buffer[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(buffer); size++) {
		string_copy(buffer, size, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
		assert_true(strlen(buffer) < size);
		assert_int_equal(strlen(buffer) % 3, 0);
		string_escape(buffer, size, "\x1b\x1b\x1b", 3);
		assert_true(strlen(buffer) < size);
		assert_int_equal(strlen(buffer) % 4, 0);
	}
	string_copy(buffer, sizeof(buffer), "1234567");
	assert_string_equal(buffer, "1234567");
	string_copy(buffer, sizeof(buffer), "12345678");
	assert_string_equal(buffer, "1234567");
	string_copy(buffer, 0, "untouched");
	assert_string_equal(buffer, "1234567");
	/* Bytes that only look like the inside of a character. */
	string_copy(buffer, 3, "\x80\x80\x80\x80");
	assert_string_equal(buffer, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n42_only_shortest_forms_of_real_characters_are_utf8),
		cmocka_unit_test(test_n8_bidi_and_zero_width_marks_are_found),
		cmocka_unit_test(test_n91_control_characters_are_shown_not_obeyed),
		cmocka_unit_test(test_escaping_twice_changes_nothing),
		cmocka_unit_test(test_both_escapes_say_the_same),
		cmocka_unit_test(test_what_does_not_fit_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
