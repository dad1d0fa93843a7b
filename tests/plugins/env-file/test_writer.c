/* SPDX-License-Identifier: Apache-2.0 */
/* What is written, and that every other byte stays. */
#include "plugins/env-file/env_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "env-file/writer.h"

static const char *const all_dialects[] = { "strict",  "node",        "python",  "ruby", "godotenv",
					    "compose", "compose-raw", "systemd", "posix" };

static void test_only_the_value_changes(void **state)
{
	static const char *const rows[][3] = {
		{ "A=1\n", "new", "A=new\n" },
		{ "A=1", "new", "A=new" },
		{ "A=1\r\nB=2\r\n", "new", "A=new\r\nB=2\r\n" },
		{ "# c\n\n  export  A = 'old'   # note\n\nB=2", "a b",
		  "# c\n\n  export  A = 'a b'   # note\n\nB=2" },
		{ "A='1\n2'\nB=3\n", "x", "A=x\nB=3\n" },
		{ "A=\nB=3\n", "x", "A=x\nB=3\n" },
		{ "A= # c\n", "x", "A=x # c\n" },
		{ "A=1\n", "", "A=''\n" },
		{ "A=1\n", "it's", "A=\"it's\"\n" },
		{ "A=1\n", "p$x", "A='p$x'\n" },
		{ "A=1\n", "l1\nl2", "A='l1\nl2'\n" },
		{ "\xef\xbb\xbf"
		  "A=1\n",
		  "x",
		  "\xef\xbb\xbf"
		  "A=x\n" },
		{ "B=1\n", "x", "B=1\nA=x\n" },
		{ "B=1", "x", "B=1\nA=x" },
		{ "B=1\r\n", "x", "B=1\r\nA=x\r\n" },
		{ "B=1\r\nC=2", "x", "B=1\r\nC=2\r\nA=x" },
		{ "", "x", "A=x\n" },
		{ "\xef\xbb\xbf", "x",
		  "\xef\xbb\xbf"
		  "A=x\n" },
		{ "# only a comment", "x", "# only a comment\nA=x" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		AUTO(env_end) struct env env = env_begin(rows[i][0]);

		assert_env_ok(&env, env_set(&env, "A", rows[i][1]));
		env_assert_file(&env, rows[i][2]);
		assert_string_equal(env_get(&env, "A"), rows[i][1]);
	}
}

static void test_writing_the_same_value_leaves_the_line_alone(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=\"1\"\n");

	(void)state;
	assert_env_ok(&env, env_set(&env, "A", "1"));
	env_assert_file(&env, "A=\"1\"\n");
}

/* N51: also where the last line has no end, where lines end in CRLF, and with
   the label of a key that is not there. */
static void test_n51_a_label_that_came_and_went_leaves_every_byte(void **state)
{
	static const char *const files[] = {
		"A=1\n",
		"A=1",
		"# top\r\nB=2\r\n\r\nA='x y' # note\r\n# end",
		"B=2",
		"B=2\n",
		"B=2\n\n\n",
		"B=2\r\n# end",
		"",
		("\xef\xbb\xbf"
		 "A=1"),
		"\xef\xbb\xbf",
		"export A=1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(files); i++) {
		AUTO(env_end) struct env env = env_begin(files[i]);

		assert_env_ok(&env, env_set(&env, "A__PENDING", "p w"));
		assert_env_ok(&env, env_set(&env, "A__PREVIOUS", "q"));
		assert_env_ok(&env, env_set(&env, "A__PENDING", "other"));
		assert_env_ok(&env, env_remove(&env, "A__PENDING"));
		assert_env_ok(&env, env_remove(&env, "A__PREVIOUS"));
		env_assert_file(&env, files[i]);
	}
}

static void test_a_label_stands_directly_above_its_key(void **state)
{
	AUTO(env_end) struct env env = env_begin("X=0\n# about A\nA=1\nB=2\n");

	(void)state;
	assert_env_ok(&env, env_set(&env, "A__PREVIOUS", "0"));
	assert_env_ok(&env, env_set(&env, "A__PENDING", "2"));
	env_assert_file(&env, "X=0\n# about A\nA__PREVIOUS=0\nA__PENDING=2\nA=1\nB=2\n");
}

static void test_a_new_key_joins_the_labels_that_wait_for_it(void **state)
{
	AUTO(env_end) struct env env = env_begin("X=0\n");

	(void)state;
	assert_env_ok(&env, env_set(&env, "A__PENDING", "1"));
	assert_env_ok(&env, env_set(&env, "B", "2"));
	assert_env_ok(&env, env_set(&env, "A", "1"));
	env_assert_file(&env, "X=0\nA__PENDING=1\nA=1\nB=2\n");
}

static void test_of_two_assignments_the_last_is_edited_and_both_are_removed(void **state)
{
	AUTO(env_end) struct env env = env_begin_with("A=1\nB=x\nA=2\n", "lenient", "true");

	(void)state;
	assert_env_ok(&env, env_set(&env, "A", "3"));
	env_assert_file(&env, "A=1\nB=x\nA=3\n");
	assert_env_ok(&env, env_remove(&env, "A"));
	env_assert_file(&env, "B=x\n");
}

/* N49: what is written reads back as it was, or is refused when planning. */
static void test_n49_hard_values_are_held_exactly_or_refused_when_planning(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		bool held; /* by strict */
	} values[] = {
		{ "a\nB=injected", 12, true },  { "\n", 1, true },     { "a\rb", 3, false },
		{ "a\0b", 3, false },           { "it's", 4, true },   { "say \"hi\"", 8, true },
		{ "both ' and \"", 12, false }, { "`id`", 4, true },   { "$(id)", 5, true },
		{ "a'$(id)", 7, false },        { "${X}", 4, false },  { "$X", 2, true },
		{ "a # b", 5, true },           { "#a", 2, true },     { " lead", 5, true },
		{ "trail ", 6, true },          { "a=b=", 4, true },   { "back\\slash", 10, true },
		{ "two\\\\", 5, false },        { "end\\", 4, false }, { "\xff\xfe", 2, false },
		{ "\xc3\xa9", 2, true },        { "", 0, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(values); i++) {
		AUTO(env_end) struct env env = env_begin("A=1\nB=2\n");
		enum lks_status planned = env_accepts(&env, "A", values[i].value, values[i].len);
		size_t len = 0;

		assert_int_equal(planned, values[i].held ? LKS_OK : LKS_UNSUPPORTED);
		assert_int_equal(env_set_bytes(&env, "A", values[i].value, values[i].len, NULL),
				 planned);
		if (!values[i].held) {
			assert_true(strlen(fake_error_text(env.err)) > 20);
			env_assert_file(&env, "A=1\nB=2\n");
			continue;
		}
		assert_non_null(env_get(&env, "A"));
		assert_memory_equal(fake_record_value(env.record, &len), values[i].value,
				    values[i].len);
		assert_int_equal(len, values[i].len);
		assert_string_equal(env_get(&env, "B"), "2");
	}
}

static void test_n49_a_value_of_64_kib_is_held_and_a_larger_one_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	char *value = malloc(1 << 20);

	(void)state;
	memset(value, 'x', 1 << 20);
	assert_env_ok(&env, env_set_bytes(&env, "A", value, 65536, NULL));
	assert_int_equal(env_accepts(&env, "A", value, 65537), LKS_UNSUPPORTED);
	assert_int_equal(env_set_bytes(&env, "A", value, 1 << 20, NULL), LKS_UNSUPPORTED);
	assert_contains(fake_error_text(env.err), "64 KiB");
	free(value);
}

static void test_n50_names_that_load_code_are_never_written(void **state)
{
	static const char *const denied[] = { "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH",
					      "BASH_ENV",   "NODE_OPTIONS",    "LD_X__PENDING" };
	AUTO(env_end) struct env env = env_begin("LD_PRELOAD=x\n");
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(denied); i++) {
		assert_int_equal(env_accepts(&env, denied[i], "x", 1), LKS_DENIED);
		assert_int_equal(env_set(&env, denied[i], "/tmp/evil.so"), LKS_DENIED);
	}
	assert_int_equal(env_set(&env, "export A", "x"), LKS_INVALID);
	assert_int_equal(env_set(&env, "A=B", "x"), LKS_INVALID);
	assert_int_equal(env_set(&env, "1A", "x"), LKS_INVALID);
	env_assert_file(&env, "LD_PRELOAD=x\n");
}

static void test_a_dialect_writes_what_strict_cannot(void **state)
{
	static const struct {
		const char *dialect, *value, *file;
	} rows[] = {
		{ "python", "both ' and \"", "A='both \\' and \"'\n" },
		{ "python", "a\rb", "A=\"a\\rb\"\n" },
		{ "node", "both ' and \"", "A=`both ' and \"`\n" },
		{ "ruby", "a'$x\"", "A=\"a'\\$x\\\"\"\n" },
		{ "godotenv", "a'\"b", "A=\"a'\\\"b\"\n" },
		{ "compose", "a'${x}", "A='a\\'${x}'\n" },
		{ "systemd", "a'$\"", "A=\"a'\\$\\\"\"\n" },
		{ "posix", "a'$(id)", "A=\"a'\\$(id)\"\n" },
		{ "compose-raw", "a ' \" # $x \\", "A=a ' \" # $x \\\n" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		AUTO(env_end) struct env env = env_begin_with("A=1\n", "dialect", rows[i].dialect);

		assert_env_ok(&env, env_set(&env, "A", rows[i].value));
		env_assert_file(&env, rows[i].file);
		assert_string_equal(env_get(&env, "A"), rows[i].value);
	}
}

static void test_what_a_dialect_cannot_hold_is_refused_with_its_name(void **state)
{
	AUTO(env_end) struct env env = env_begin_with("A=1\n", "dialect", "compose-raw");

	(void)state;
	assert_int_equal(env_accepts(&env, "A", "a\nb", 3), LKS_UNSUPPORTED);
	assert_contains(fake_error_text(env.err), "a line break");
	assert_contains(fake_error_text(env.err), "compose-raw");
}

/* A shell keeps the CR of a CRLF file: the value would not read back. */
static void test_a_change_that_would_not_read_back_is_not_made(void **state)
{
	AUTO(env_end) struct env env = env_begin_with("A=1\r\nB=2\r\n", "dialect", "posix");

	(void)state;
	assert_int_equal(env_set(&env, "C", "x"), LKS_UNSUPPORTED);
	env_assert_file(&env, "A=1\r\nB=2\r\n");
}

static void test_no_key_is_put_below_a_comment_that_systemd_may_continue(void **state)
{
	AUTO(env_end) struct env env = env_begin_with("A=1\n# note \\\n", "dialect", "systemd");

	(void)state;
	assert_int_equal(env_set(&env, "B", "2"), LKS_UNSUPPORTED);
	assert_contains(fake_error_text(env.err), "backslash");
	assert_env_ok(&env, env_set(&env, "A__PENDING", "2"));
	env_assert_file(&env, "A__PENDING=2\nA=1\n# note \\\n");
}

static void test_a_message_never_quotes_a_value(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n-----BEGIN hunter2\n");

	(void)state;
	assert_int_equal(env_try_get(&env, "A"), LKS_INVALID);
	assert_null(strstr(fake_error_text(env.err), "hunter2"));
	assert_contains(fake_error_text(env.err), ".env:2:1:");
	assert_int_equal(env_accepts(&env, "A", "hunter2\r", 8), LKS_UNSUPPORTED);
	assert_null(strstr(fake_error_text(env.err), "hunter2"));
}

/* ---- seeded random files ------------------------------------------------ */

static size_t pick(unsigned *seed, size_t count)
{
	return (size_t)rand_r(seed) % count;
}

static const char *random_value(unsigned *seed, char *out, size_t room)
{
	static const char *const bits[] = { "a",  "Z",   "9",  " ", "'", "\"", "\\",       "$",
					    "{",  "}",   "`",  "#", "=", "\n", "\xc3\xa9", "\t",
					    "(x", "\\n", "${", ";", "%", "\r" };
	size_t count = pick(seed, 9);
	size_t len = 0;

	out[0] = '\0';
	while (count-- && len + 4 < room)
		len += (size_t)sprintf(out + len, "%s", bits[pick(seed, COUNT_OF(bits))]);
	return out;
}

/* A file of lines that strict reads; no key twice. */
static void random_file(unsigned *seed, char *out, const char *eol)
{
	static const char *const lines[] = { "# comment = 'x",
					     "",
					     "  ",
					     "export K%zu=v # c",
					     "K%zu = 'q \"q'",
					     "K%zu=\"d\\n\"   # e",
					     "K%zu='two\nlines'",
					     "\tK%zu=x",
					     "K%zu=" };
	size_t count = pick(seed, 8);
	size_t at = 0;
	size_t i;

	out[0] = '\0';
	for (i = 0; i < count; i++) {
		const char *line = lines[pick(seed, COUNT_OF(lines))];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		at += (size_t)sprintf(out + at, line, i);
#pragma GCC diagnostic pop
		if (i + 1 < count || pick(seed, 2))
			at += (size_t)sprintf(out + at, "%s", eol);
	}
}

struct fixture {
	struct fake_host *fake;
	const struct lks_host *host;
	struct lks_error *err;
};

static void load_text(const struct fixture *fixture, struct bytes *bytes, const char *text)
{
	bytes_release(bytes);
	assert_int_equal(bytes_new(bytes, fixture->host, strlen(text), NULL), LKS_OK);
	bytes_add(bytes, text, strlen(text));
}

/* For each dialect: a value that is taken reads back, its lines go without a
   trace, and no other byte has moved. */
static void check_round(const struct fixture *fixture, const char *dialect, unsigned seed)
{
	struct grammar grammar = { dialect_find(dialect), false, false };
	struct bytes text = { 0 };
	char before[2048];
	char value[64];
	struct edit edit = { "NEW", NULL, 0 };
	const char *eol = pick(&seed, 3) ? "\n" : "\r\n";
	enum lks_status status;

	random_file(&seed, before, strcmp(dialect, "posix") == 0 ? "\n" : eol);
	load_text(fixture, &text, before);
	edit.key = pick(&seed, 2) ? "NEW" : "K0__PENDING";
	edit.value = (const unsigned char *)random_value(&seed, value, sizeof(value));
	edit.len = strlen(value);
	status = writer_apply(fixture->host, &grammar, "f", &edit, &text, fixture->err);
	if (status == LKS_OK) {
		struct entries entries = { 0 };
		const struct entry *entry;
		unsigned char found[256];

		assert_int_equal(writer_parse(fixture->host, &grammar, "f", &text, &entries, NULL),
				 LKS_OK);
		entry = entries_find(&entries, edit.key);
		assert_non_null(entry);
		grammar_decode(&grammar, &entries, entry, found);
		assert_int_equal(entry->value_len, edit.len);
		assert_memory_equal(found, value, edit.len);
		entries_release(&entries);
		edit.value = NULL;
		assert_int_equal(writer_apply(fixture->host, &grammar, "f", &edit, &text, NULL),
				 LKS_OK);
	} else if (status != LKS_UNSUPPORTED && status != LKS_INVALID) {
		fail_msg("seed %u: %s", seed, fake_error_text(fixture->err));
	}
	if (text.len != strlen(before) || memcmp(text.data, before, text.len) != 0)
		fail_msg("%s, seed %u: <%s> became <%.*s>", dialect, seed, before, (int)text.len,
			 (const char *)text.data);
	bytes_release(&text);
}

static void test_n51_random_edits_of_random_files_move_no_other_byte(void **state)
{
	struct fixture fixture = { .fake = fake_host_new(), .err = fake_error_new() };
	unsigned round;

	(void)state;
	fixture.host = fake_host_table(fixture.fake);
	for (round = 0; round < 18000; round++)
		check_round(&fixture, all_dialects[round % COUNT_OF(all_dialects)],
			    7919 * round + 1);
	fake_error_free(fixture.err);
	fake_host_free(fixture.fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_value_changes),
		cmocka_unit_test(test_writing_the_same_value_leaves_the_line_alone),
		cmocka_unit_test(test_n51_a_label_that_came_and_went_leaves_every_byte),
		cmocka_unit_test(test_a_label_stands_directly_above_its_key),
		cmocka_unit_test(test_a_new_key_joins_the_labels_that_wait_for_it),
		cmocka_unit_test(test_of_two_assignments_the_last_is_edited_and_both_are_removed),
		cmocka_unit_test(test_n49_hard_values_are_held_exactly_or_refused_when_planning),
		cmocka_unit_test(test_n49_a_value_of_64_kib_is_held_and_a_larger_one_refused),
		cmocka_unit_test(test_n50_names_that_load_code_are_never_written),
		cmocka_unit_test(test_a_dialect_writes_what_strict_cannot),
		cmocka_unit_test(test_what_a_dialect_cannot_hold_is_refused_with_its_name),
		cmocka_unit_test(test_a_change_that_would_not_read_back_is_not_made),
		cmocka_unit_test(test_no_key_is_put_below_a_comment_that_systemd_may_continue),
		cmocka_unit_test(test_a_message_never_quotes_a_value),
		cmocka_unit_test(test_n51_random_edits_of_random_files_move_no_other_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
