/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each dialect reads: the table of differences between the parsers, row
 * by row, and inputs at the edges. test_oracle.c asks the real parsers.
 */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "env-file/grammar.h"
#include "support/fake_host.h"

/* Outcomes that are not a value. */
#define SKIPPED "<skipped>" /* no such key; the file stands */
#define ERROR "<error>"     /* the file makes no sense */
#define TROUBLE "<trouble>" /* the key is there, its value cannot be told */

struct reading {
	char value[4096];
	struct remark error;
	struct remark warning;
};

static void read_key(const char *dialect, bool lenient, const char *text, size_t len,
		     const char *key, struct reading *reading)
{
	struct grammar grammar = { dialect_find(dialect), lenient, false };
	struct entries entries = { 0 };
	const struct entry *entry;
	/* An exact copy, so that a sanitizer sees every byte too far. */
	unsigned char *copy = malloc(len ? len : 1);

	memset(reading, 0, sizeof(*reading));
	assert_non_null(grammar.dialect);
	memcpy(copy, text, len);
	if (grammar_parse(&grammar, copy, len, &entries, &reading->error)) {
		strcpy(reading->value, ERROR);
	} else if (!(entry = entries_find(&entries, key))) {
		strcpy(reading->value, SKIPPED);
	} else if (entry->trouble) {
		strcpy(reading->value, TROUBLE);
	} else {
		assert_true(entry->value_len < sizeof(reading->value));
		grammar_decode(&grammar, &entries, entry, (unsigned char *)reading->value);
		reading->value[entry->value_len] = '\0';
	}
	reading->warning = entries.warning;
	entries_release(&entries);
	free(copy);
}

struct row {
	const char *input;
	const char *key;
	/* strict node python ruby godotenv compose systemd posix */
	const char *read[8];
};

static const char *const names[8] = { "strict",   "node",    "python",  "ruby",
				      "godotenv", "compose", "systemd", "posix" };

static const struct row matrix[] = {
	{ "A = b c ", "A", { "b c", "b c", "b c", "b c", "b c", "b c", "b c", ERROR } },
	{ "A=", "A", { "", "", "", "", "", "", "", "" } },
	{ "export A=b", "A", { "b", "b", "b", "b", "b", "b", SKIPPED, "b" } },
	{ "A: b", "A", { ERROR, "b", SKIPPED, "b", "b", "b", SKIPPED, ERROR } },
	{ "A\nB=1", "B", { ERROR, "1", "1", "1", ERROR, "1", "1", ERROR } },
	{ "A=b # c", "A", { "b", "b", "b", "b", "b", "b", "b # c", "b" } },
	{ "A=b#c", "A", { "b#c", "b", "b#c", "b", "b#c", "b#c", "b#c", "b#c" } },
	{ "A=#c", "A", { "#c", "", "#c", "", "#c", "#c", "#c", "#c" } },
	{ "A=b\t# c", "A", { "b", "b", "b", "b", "b", "b\t# c", "b\t# c", "b" } },
	{ "A='x \\n y # z'",
	  "A",
	  { "x \\n y # z", "x \\n y # z", "x \\n y # z", "x \\n y # z", "x \\n y # z",
	    "x \\n y # z", "x \\n y # z", "x \\n y # z" } },
	{ "A='${B}'", "A", { "${B}", "${B}", TROUBLE, "${B}", "${B}", "${B}", "${B}", "${B}" } },
	{ "A='it\\'s'",
	  "A",
	  { ERROR, "it\\'s", "it's", "it\\'s", "it\\'s", "it's", "it\\s'", ERROR } },
	{ "A=\"1\\n2\"",
	  "A",
	  { "1\n2", "1\n2", "1\n2", "1\\n2", "1\n2", "1\n2", "1\\n2", "1\\n2" } },
	{ "A=\"1\\t2\"", "A", { "1\t2", "1\\t2", "1\t2", "1t2", "1t2", "1\t2", "1\\t2", "1\\t2" } },
	{ "A=\"q\\\"q\"",
	  "A",
	  { "q\"q", "q\\\"q", "q\"q", "q\"q", "q\"q", "q\"q", "q\"q", "q\"q" } },
	{ "A=\"b\\\\b\"",
	  "A",
	  { "b\\b", "b\\\\b", "b\\b", "b\\b", "b\\b", "b\\b", "b\\b", "b\\b" } },
	{ "A=\"p\\$B\"", "A", { "p$B", "p\\$B", "p\\$B", "p$B", "p$B", "p$B", "p$B", "p$B" } },
	{ "A=`b c`", "A", { "`b c`", "b c", "`b c`", "`b c`", "`b c`", "`b c`", "`b c`", ERROR } },
	{ "A='1\n2'", "A", { "1\n2", "1\n2", "1\n2", "1\n2", "1\n2", "1\n2", "1\n2", "1\n2" } },
	{ "A=\"x\"y", "A", { ERROR, "\"x\"y", SKIPPED, "\"x\"y", ERROR, ERROR, "xy", "xy" } },
	{ "A=\"x\" # c", "A", { "x", "x", "x", "x", "x", "x", "x# c", "x" } },
	{ "A=\"abc", "A", { ERROR, "\"abc", SKIPPED, "\"abc", ERROR, ERROR, ERROR, ERROR } },
	{ "A=a\\nb", "A", { "a\\nb", "a\\nb", "a\\nb", "anb", "a\\nb", "a\\nb", "anb", "anb" } },
	{ "A=C:\\dir",
	  "A",
	  { "C:\\dir", "C:\\dir", "C:\\dir", "C:dir", "C:\\dir", "C:\\dir", "C:dir", "C:dir" } },
	{ "A=x\\\nB=y", "B", { "y", "y", "y", "y", "y", "y", SKIPPED, SKIPPED } },
	{ "A=${B}", "A", { "${B}", "${B}", TROUBLE, TROUBLE, TROUBLE, TROUBLE, "${B}", TROUBLE } },
	{ "A=$B", "A", { "$B", "$B", "$B", TROUBLE, TROUBLE, TROUBLE, "$B", TROUBLE } },
	{ "A=\"$$\"", "A", { "$$", "$$", "$$", "$$", "$$", "$", "$$", TROUBLE } },
	{ "A=$(id)",
	  "A",
	  { "$(id)", "$(id)", "$(id)", TROUBLE, TROUBLE, TROUBLE, "$(id)", ERROR } },
	{ "A=1\nA=2", "A", { ERROR, "2", "2", "2", "2", "2", "2", "2" } },
	{ "A-B=1\nC=2", "C", { ERROR, "2", "2", "2", ERROR, "2", "2", ERROR } },
	{ "A.B=1\nC=2", "C", { ERROR, "2", "2", "2", "2", "2", "2", ERROR } },
	{ "1A=1\nC=2", "C", { ERROR, "2", "2", "2", "2", "2", "2", ERROR } },
	{ "A=b\r\nC=d\r\n", "A", { "b", "b", "b", "b", "b", "b", "b", "b\r" } },
	{ "\xef\xbb\xbf"
	  "A=b",
	  "A",
	  { "b", "b", "b", "b", "b", "b", "b", "b" } },
	{ "# A=1\nB=2",
	  "A",
	  { SKIPPED, SKIPPED, SKIPPED, SKIPPED, SKIPPED, SKIPPED, SKIPPED, SKIPPED } },
	{ "; A=1\nB=2", "B", { ERROR, "2", "2", "2", ERROR, ERROR, "2", ERROR } },
	{ "A= # c", "A", { TROUBLE, "", "# c", "", "# c", TROUBLE, "# c", "" } },
};

static void test_each_dialect_reads_as_its_parser_does(void **state)
{
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < COUNT_OF(matrix); i++) {
		for (k = 0; k < COUNT_OF(names); k++) {
			struct reading reading;

			read_key(names[k], false, matrix[i].input, strlen(matrix[i].input),
				 matrix[i].key, &reading);
			if (strcmp(reading.value, matrix[i].read[k]) != 0)
				fail_msg("row %zu, %s: <%s> is read as <%s>, not as <%s>", i,
					 names[k], matrix[i].input, reading.value,
					 matrix[i].read[k]);
		}
	}
}

static void test_docker_reads_lines_raw(void **state)
{
	struct reading reading;
	static const char text[] = "# c\nA= 'x' # y \nB\nC=1\r\n";

	(void)state;
	read_key("compose-raw", false, text, sizeof(text) - 1, "A", &reading);
	assert_string_equal(reading.value, " 'x' # y ");
	read_key("compose-raw", false, text, sizeof(text) - 1, "B", &reading);
	assert_string_equal(reading.value, TROUBLE);
	read_key("compose-raw", false, text, sizeof(text) - 1, "C", &reading);
	assert_string_equal(reading.value, "1");
}

struct edge {
	const char *text;
	size_t len;
	const char *key;
	const char *value;
	unsigned line, column; /* of the error */
};

#define TEXT(text) text, sizeof(text) - 1

static const struct edge edges[] = {
	{ TEXT(""), "A", SKIPPED, 0, 0 },
	{ TEXT("\xef\xbb\xbf"), "A", SKIPPED, 0, 0 },
	{ TEXT("\xef\xbb\xbf# c\nA=1"), "A", "1", 0, 0 },
	{ TEXT("A=1\rB=2\r"), "B", "2", 0, 0 },
	{ TEXT("A=1"), "A", "1", 0, 0 },
	{ TEXT("A=1\nB=\0x"), "A", ERROR, 2, 3 },
	{ TEXT("A=1\nB=x\xff\n"), "A", ERROR, 2, 4 },
	{ TEXT("A=\xc0\xaf"), "A", ERROR, 1, 3 },
	{ TEXT("A=\xed\xa0\x80"), "A", ERROR, 1, 3 },
	{ TEXT("A=\xf4\x90\x80\x80"), "A", ERROR, 1, 3 },
	{ TEXT("A=\xf0\x9f\x94\x91"), "A", "\xf0\x9f\x94\x91", 0, 0 },
	{ TEXT("=b"), "A", ERROR, 1, 1 },
	{ TEXT("=="), "A", ERROR, 1, 1 },
	{ TEXT("A==b="), "A", "=b=", 0, 0 },
	{ TEXT("A =b"), "A", "b", 0, 0 },
	{ TEXT("export"), "A", ERROR, 1, 7 },
	{ TEXT("export "), "A", ERROR, 1, 8 },
	{ TEXT("export=1"), "export", "1", 0, 0 },
	{ TEXT("export =1"), "export", "1", 0, 0 },
	{ TEXT("exportA=1"), "exportA", "1", 0, 0 },
	{ TEXT("export\tA=1"), "A", "1", 0, 0 },
	{ TEXT("A=1\nB=\"x\n\n"), "A", ERROR, 2, 3 },
	{ TEXT("A=\"\\"), "A", ERROR, 1, 4 },
	{ TEXT("A=\"\\q\""), "A", ERROR, 1, 4 },
	{ TEXT("A=\"a\" \"b\""), "A", ERROR, 1, 6 },
	{ TEXT("A=\"\"\"\""), "A", ERROR, 1, 5 },
	{ TEXT("A=   "), "A", "", 0, 0 },
	{ TEXT("A='  '"), "A", "  ", 0, 0 },
	{ TEXT("A=x\xc2\xa0"), "A", "x\xc2\xa0", 0, 0 },
	{ TEXT("a=1\nA=2"), "a", "1", 0, 0 },
	{ TEXT("A=1\n\n  \t\nB='1\r\n2'\r\nA2=3"), "B", "1\n2", 0, 0 },
	{ TEXT("A='1\r2'"), "A", TROUBLE, 0, 0 },
	{ TEXT("A=1\nB='\n\n'\nC C"), "A", ERROR, 5, 3 },
	{ TEXT("A=1\nB=2\nA=3"), "A", ERROR, 3, 1 },
};

static void test_inputs_at_the_edges_are_read_or_refused_at_their_place(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(edges); i++) {
		struct reading reading;

		read_key("strict", false, edges[i].text, edges[i].len, edges[i].key, &reading);
		if (strcmp(reading.value, edges[i].value) != 0 ||
		    reading.error.line != edges[i].line || reading.error.column != edges[i].column)
			fail_msg("edge %zu: <%s> at %u:%u (%s)", i, reading.value,
				 reading.error.line, reading.error.column, reading.error.text);
	}
}

/* N51 */
static void test_n51_a_duplicate_key_is_refused_with_its_line(void **state)
{
	static const char text[] = "A=1\n# c\nB=2\nA=3\n";
	struct reading reading;

	(void)state;
	read_key("strict", false, text, sizeof(text) - 1, "A", &reading);
	assert_string_equal(reading.value, ERROR);
	assert_int_equal(reading.error.line, 4);
	assert_int_equal(reading.error.other_line, 1);
	read_key("strict", true, text, sizeof(text) - 1, "A", &reading);
	assert_string_equal(reading.value, "3");
	assert_int_equal(reading.warning.line, 4);
}

static void test_lenient_passes_over_a_bad_line_and_says_so(void **state)
{
	static const char text[] = "A=1\nnot a line\nB=2\n";
	struct reading reading;

	(void)state;
	read_key("strict", true, text, sizeof(text) - 1, "B", &reading);
	assert_string_equal(reading.value, "2");
	assert_int_equal(reading.warning.line, 2);
}

static void test_what_parsers_read_differently_is_warned_about(void **state)
{
	static const char *const lines[] = { "A=b#c", "A=a\\b", "A=a$B", "A=x${y}", "A=a$(b)" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(lines); i++) {
		struct reading reading;

		read_key("strict", false, lines[i], strlen(lines[i]), "A", &reading);
		assert_int_equal(reading.warning.line, 1);
	}
}

static void test_a_value_over_ten_thousand_lines_is_one_value(void **state)
{
	struct grammar grammar = { dialect_find("strict"), false, false };
	struct entries entries = { 0 };
	struct remark error = { 0 };
	char *text = malloc(50000);
	size_t len = 3;

	(void)state;
	memcpy(text, "A='", 3);
	for (; len < 20003; len += 2)
		memcpy(text + len, "x\n", 2);
	memcpy(text + len, "'\nB=1\n", 6);
	len += 6;
	assert_int_equal(grammar_parse(&grammar, (unsigned char *)text, len, &entries, &error), 0);
	assert_int_equal(entries.count, 2);
	assert_int_equal(entries.list[0].value_len, 20000);
	assert_int_equal(entries.list[1].line, 10002);
	entries_release(&entries);
	free(text);
}

static enum grammar_result parse_filled(size_t value_len, size_t keys, struct remark *error)
{
	struct grammar grammar = { dialect_find("strict"), false, false };
	struct entries entries = { 0 };
	char *text = malloc(value_len + 3 + keys * 16);
	enum grammar_result result;
	size_t len = value_len + 3;
	size_t i;

	memset(text, 'x', len);
	memcpy(text, "A=", 2);
	text[len - 1] = '\n';
	for (i = 0; i < keys; i++)
		len += (size_t)sprintf(text + len, "K%zu=1\n", i);
	result = grammar_parse(&grammar, (unsigned char *)text, len, &entries, error);
	entries_release(&entries);
	free(text);
	return result;
}

static void test_the_limits_hold_at_their_edge(void **state)
{
	struct remark error = { 0 };

	(void)state;
	assert_int_equal(parse_filled(GRAMMAR_VALUE_MAX, 0, &error), GRAMMAR_OK);
	assert_int_equal(parse_filled(GRAMMAR_VALUE_MAX + 1, 0, &error), GRAMMAR_BAD);
	assert_contains(error.text, "64 KiB");
	assert_int_equal(parse_filled(1, GRAMMAR_KEYS_MAX - 1, &error), GRAMMAR_OK);
	assert_int_equal(parse_filled(1, GRAMMAR_KEYS_MAX, &error), GRAMMAR_BAD);
	assert_contains(error.text, "4096");
	assert_int_equal(parse_filled(10u << 20, 0, &error), GRAMMAR_BAD);
	assert_contains(error.text, "1 MiB");
}

/* N50 */
static void test_n50_what_is_no_key_is_refused(void **state)
{
	static const char *const bad[] = { "",   "A B", "A=B", "1A",  "\xc3\x84", "export A", " A",
					   "A ", "A\n", "A.B", "A-B", "A$",       "A\tB" };
	struct grammar grammar = { dialect_find("strict"), false, false };
	char longest[258];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad); i++)
		assert_non_null(grammar_key_problem(&grammar, bad[i]));
	assert_null(grammar_key_problem(&grammar, "_a9"));
	memset(longest, 'K', sizeof(longest));
	longest[256] = '\0';
	assert_non_null(grammar_key_problem(&grammar, longest));
	longest[255] = '\0';
	assert_null(grammar_key_problem(&grammar, longest));
	grammar.dotted = true;
	assert_null(grammar_key_problem(&grammar, "A.B-c"));
	assert_non_null(grammar_key_problem(&grammar, ".A"));
}

/* Any bytes: no dialect may read beyond its input or loop. Seeded. */
static void test_any_bytes_end_in_a_reading_or_an_error(void **state)
{
	static const char alphabet[] = "AB=\"'\\$`# \t\r\n;:{}()x\xc3\xa4";
	static const char *const all[] = { "strict",  "node",        "python",  "ruby", "godotenv",
					   "compose", "compose-raw", "systemd", "posix" };
	unsigned seed = 20240701;
	size_t round;

	(void)state;
	for (round = 0; round < 60000; round++) {
		char text[32];
		size_t len = (size_t)(rand_r(&seed) % (int)sizeof(text));
		struct reading reading;
		size_t i;

		for (i = 0; i < len; i++)
			text[i] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		if (len > 1) {
			text[0] = 'A';
			text[1] = '=';
		}
		read_key(all[round % COUNT_OF(all)], round & 1, text, len, "A", &reading);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_dialect_reads_as_its_parser_does),
		cmocka_unit_test(test_docker_reads_lines_raw),
		cmocka_unit_test(test_inputs_at_the_edges_are_read_or_refused_at_their_place),
		cmocka_unit_test(test_n51_a_duplicate_key_is_refused_with_its_line),
		cmocka_unit_test(test_lenient_passes_over_a_bad_line_and_says_so),
		cmocka_unit_test(test_what_parsers_read_differently_is_warned_about),
		cmocka_unit_test(test_a_value_over_ten_thousand_lines_is_one_value),
		cmocka_unit_test(test_the_limits_hold_at_their_edge),
		cmocka_unit_test(test_n50_what_is_no_key_is_refused),
		cmocka_unit_test(test_any_bytes_end_in_a_reading_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
