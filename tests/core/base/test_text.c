/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings, names, hex, the nearest word. */
#include "support/test.h"

#include <locale.h>

#include "base/text.h"

static void test_a_text_grows_and_stays_terminated(void **state)
{
	AUTO(text_release) struct text text = TEXT_INIT;

	(void)state;
	assert_string_equal(text_string(&text), "");
	for (int i = 0; i < 1000; i++)
		text_printf(&text, "%d,", i % 10);
	assert_int_equal(text.len, 2000);
	assert_int_equal(strlen(text_string(&text)), 2000);
	text_add(&text, NULL);
	text_add_char(&text, '!');
	text_append(&text, "a\0b", 3);
	assert_int_equal(text.len, 2004);
	assert_memory_equal(text.data + 2000, "!a\0b", 5);
	assert_true(text_ok(&text));
	text_clear(&text);
	assert_string_equal(text_string(&text), "");
}

static void test_an_impossible_length_fails_once_and_keeps_the_content(void **state)
{
	AUTO(text_release) struct text text = TEXT_INIT;

	(void)state;
	text_add(&text, "kept");
	text_append(&text, "x", SIZE_MAX - 2);
	assert_false(text_ok(&text));
	text_add(&text, "lost");
	assert_string_equal(text_string(&text), "kept");
	assert_null(text_steal(&text));
}

static void test_an_empty_text_can_be_stolen(void **state)
{
	AUTO(text_release) struct text text = TEXT_INIT;
	AUTO(free_ptr) char *stolen = text_steal(&text);
	AUTO(free_ptr) char *second = NULL;

	(void)state;
	assert_string_equal(stolen, "");
	text_add(&text, "again");
	second = text_steal(&text);
	assert_string_equal(second, "again");
	assert_string_equal(text_string(&text), "");
}

static void test_hex_is_exact_about_length_and_digits(void **state)
{
	unsigned char bytes[3] = { 1, 2, 3 };
	char hex[7];

	(void)state;
	hex_print("\x00\xab\xff", 3, hex);
	assert_string_equal(hex, "00abff");
	assert_true(hex_parse("00aBfF", bytes, 3));
	assert_memory_equal(bytes, "\x00\xab\xff", 3);
	assert_false(hex_parse("00abf", bytes, 3));
	assert_false(hex_parse("00abff0", bytes, 3));
	assert_false(hex_parse("00abfg", bytes, 3));
	assert_false(hex_parse("0x0abf", bytes, 3));
	assert_false(hex_parse("", bytes, 3));
	assert_true(hex_parse("", bytes, 0));
}

static void test_the_nearest_word_is_a_slip_away(void **state)
{
	static const char *const words[] = { "stores", "routes", "policies", "state", "audit" };

	(void)state;
	assert_string_equal(nearest("store", words, 5), "stores");
	assert_string_equal(nearest("polices", words, 5), "policies");
	assert_string_equal(nearest("staet", words, 5), "state");
	assert_string_equal(nearest("AUDIT", words, 5), "audit");
	assert_string_equal(nearest("route", words, 5), "routes");
	assert_null(nearest("verifiers", words, 5));
	assert_null(nearest("", words, 5));
	assert_null(nearest("xyz", words, 5));
	assert_null(nearest("a", words, 5));
	assert_null(nearest("store", words, 0));
}

static void test_a_very_long_word_has_no_neighbour(void **state)
{
	static const char *const words[] = { "stores" };
	char word[200];

	(void)state;
	memset(word, 's', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(nearest(word, words, 1));
}

static void test_names_have_a_closed_alphabet(void **state)
{
	(void)state;
	assert_true(name_is_valid("a"));
	assert_true(name_is_valid("env-file2"));
	assert_true(name_is_valid("abcdefghijklmnopqrstuvwxyz012345"));
	assert_false(name_is_valid("abcdefghijklmnopqrstuvwxyz0123456"));
	assert_false(name_is_valid(""));
	assert_false(name_is_valid("2a"));
	assert_false(name_is_valid("-a"));
	assert_false(name_is_valid("A"));
	assert_false(name_is_valid("a_b"));
	assert_false(name_is_valid("a/b"));
	assert_false(name_is_valid("a.b"));
	assert_false(name_is_valid("\xc3\xa4"));
	assert_false(name_is_valid("a\n"));
}

static void test_n80_letters_do_not_depend_on_the_locale(void **state)
{
	(void)state;
	/* Where they are installed, these change isalpha() and toupper(). */
	(void)setlocale(LC_ALL, "tr_TR.ISO-8859-9");
	for (int c = -128; c < 128; c++) {
		const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		assert_int_equal(ascii_is_alpha((char)c), is_letter);
		assert_int_equal(ascii_is_digit((char)c), c >= '0' && c <= '9');
		assert_int_equal(ascii_is_alnum((char)c), is_letter || (c >= '0' && c <= '9'));
	}
	(void)setlocale(LC_ALL, "C");
}

static void test_ends_and_starts(void **state)
{
	(void)state;
	assert_true(string_starts("sqlite:/x", "sqlite:"));
	assert_false(string_starts("sql", "sqlite:"));
	assert_true(string_ends("a.so", ".so"));
	assert_false(string_ends("so", ".so"));
	assert_true(string_ends("so", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_grows_and_stays_terminated),
		cmocka_unit_test(test_an_impossible_length_fails_once_and_keeps_the_content),
		cmocka_unit_test(test_an_empty_text_can_be_stolen),
		cmocka_unit_test(test_hex_is_exact_about_length_and_digits),
		cmocka_unit_test(test_the_nearest_word_is_a_slip_away),
		cmocka_unit_test(test_a_very_long_word_has_no_neighbour),
		cmocka_unit_test(test_names_have_a_closed_alphabet),
		cmocka_unit_test(test_n80_letters_do_not_depend_on_the_locale),
		cmocka_unit_test(test_ends_and_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
