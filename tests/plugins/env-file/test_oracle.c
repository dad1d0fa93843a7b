/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parsers themselves as oracles: bash and dash, and, where they are
 * installed, python-dotenv and node's dotenv (found through NODE_PATH).
 *
 * What strict writes, every one of them reads back; what a dialect says it
 * reads, its parser reads. A test without its parser is skipped with the name
 * of what is missing.
 */
#include "plugins/env-file/env_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "env-file/writer.h"
#include "support/run.h"

#define FILES 400
#define VALUE_MAX 64

/* Each prints the value of A in each file that is named, NUL-terminated. */
static const char shell_script[] =
	"for f in \"$@\"; do (A='<skipped>'; unset B; set -a; . \"$f\" 2>/dev/null; "
	"printf '%s\\0' \"$A\"); done";
static const char python_script[] =
	"import sys,logging,dotenv\n"
	"logging.disable(logging.CRITICAL)\n"
	"for f in sys.argv[1:]:\n"
	"    v=dotenv.dotenv_values(f,encoding='utf-8').get('A','<skipped>')\n"
	"    sys.stdout.buffer.write(('<none>' if v is None else v).encode()+b'\\0')\n";
static const char node_script[] =
	"const d=require('dotenv'),fs=require('fs');"
	"for(const f of process.argv.slice(1)){const v=d.parse(fs.readFileSync(f)).A;"
	"process.stdout.write((v===undefined?'<skipped>':v)+'\\0');}";

struct oracle {
	const char *dialect;
	const char *argv[6];  /* before the files */
	const char *probe[4]; /* ends with 0 where the parser is installed */
};

static const struct oracle bash = { "posix",
				    { "bash", "--norc", "-c", shell_script, "bash" },
				    { "bash", "-c", ":" } };
static const struct oracle dash = { "posix",
				    { "dash", "-c", shell_script, "dash" },
				    { "dash", "-c", ":" } };
static const struct oracle python = { "python",
				      { "python3", "-c", python_script },
				      { "python3", "-c", "import dotenv" } };
static const struct oracle node = { "node",
				    { "node", "-e", node_script, "--" },
				    { "node", "-e", "require('dotenv')" } };

static bool is_installed(const struct oracle *oracle)
{
	AUTO(run_release) struct run run = RUN_INIT;
	char command[256];

	snprintf(command, sizeof(command), "command -v %s", oracle->probe[0]);
	run_words(&run, "/bin/sh", "-c", command, NULL);
	if (run.exit_code == 0)
		run_program(&run, oracle->probe);
	if (run.exit_code == 0)
		return true;
	print_message("# skipped: %s has no parser of env files here\n", oracle->probe[0]);
	return false;
}

static void file_name(struct temp *temp, size_t index, char *out, size_t room)
{
	snprintf(out, room, "%s/%zu.env", temp->path, index);
}

/* The oracle's answers for all files; `run` owns them. */
static void ask(const struct oracle *oracle, struct temp *temp, struct run *run,
		const char **ret_answers)
{
	static char names[FILES][300];
	const char *argv[FILES + 8];
	const char *at;
	size_t count = 0;
	size_t i;

	while (oracle->argv[count]) {
		argv[count] = oracle->argv[count];
		count++;
	}
	for (i = 0; i < FILES; i++) {
		file_name(temp, i, names[i], sizeof(names[i]));
		argv[count++] = names[i];
	}
	argv[count] = NULL;
	run->folder = temp->path;
	run_program(run, argv);
	if (run->exit_code != 0)
		fail_msg("%s: %s", oracle->argv[0], run->err);
	for (at = run->out, i = 0; i < FILES; i++) {
		assert_true(at < run->out + run->out_len);
		ret_answers[i] = at;
		at += strlen(at) + 1;
	}
}

static const char *random_text(unsigned *seed, const char *const *bits, size_t count, char *out)
{
	size_t pieces = (size_t)rand_r(seed) % 10;
	size_t len = 0;

	out[0] = '\0';
	while (pieces--)
		len += (size_t)sprintf(out + len, "%s", bits[(size_t)rand_r(seed) % count]);
	return out;
}

static const char *const value_bits[] = { "a",   "Z9", " ",    "'", "\"", "\\", "$",        "{",
					  "}",   "`",  "#",    "=", "\n", "\t", "\xc3\xa9", "(id)",
					  "\\n", "${", "${B}", ";", "%s", "!",  "*",        "~",
					  "&",   "|",  "<",    ">", ":",  "-",  "\r",       "$B" };

/* Everything that `writer` writes, `oracle` reads back. */
static void check_written(const struct oracle *oracle, const char *writer)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	AUTO(run_release) struct run run = RUN_INIT;
	static char values[FILES][VALUE_MAX];
	static const char *answers[FILES];
	struct grammar grammar = { dialect_find(writer), false, false };
	struct fake_host *fake = fake_host_new();
	const struct lks_host *host = fake_host_table(fake);
	unsigned seed = 1234567;
	size_t i;

	for (i = 0; i < FILES;) {
		struct edit edit = { "A", NULL, 0 };
		struct bytes text = { 0 };
		char name[300];

		random_text(&seed, value_bits, COUNT_OF(value_bits), values[i]);
		edit.value = (const unsigned char *)values[i];
		edit.len = strlen(values[i]);
		assert_int_equal(bytes_new(&text, host, 0, NULL), LKS_OK);
		if (writer_apply(host, &grammar, "f", &edit, &text, NULL) == LKS_OK) {
			file_name(&temp, i, name, sizeof(name));
			file_write(name, text.data, text.len, 0600);
			i++;
		}
		bytes_release(&text);
	}
	ask(oracle, &temp, &run, answers);
	for (i = 0; i < FILES; i++) {
		if (strcmp(answers[i], values[i]) != 0)
			fail_msg("%s reads <%s> back as <%s>", oracle->argv[0], values[i],
				 answers[i]);
	}
	fake_host_free(fake);
}

static const char *const line_bits[] = { "a",    " ",           "'",    "\"",  "\\",  "#",
					 "=",    "\n",          "\t",   "\\n", "\\'", "\\\"",
					 "x'",   "'y",          " # ",  "\"z", "`",   "\xc3\xa9",
					 "\nA=", "\nexport A=", "\r\n", "b c", "\\\\" };

/* What our reading of `oracle`'s dialect says of any text, it says too. */
static void check_read(const struct oracle *oracle)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	AUTO(run_release) struct run run = RUN_INIT;
	static char ours[FILES][2 * VALUE_MAX];
	static char texts[FILES][2 * VALUE_MAX];
	static const char *answers[FILES];
	struct grammar grammar = { dialect_find(oracle->dialect), false, false };
	unsigned seed = 7654321;
	size_t i;

	for (i = 0; i < FILES;) {
		struct entries entries = { 0 };
		struct remark remark;
		const struct entry *entry;
		char name[300];
		size_t len = 2;

		strcpy(texts[i], "A=");
		random_text(&seed, line_bits, COUNT_OF(line_bits), texts[i] + len);
		len = strlen(texts[i]);
		memset(ours[i], 0, sizeof(ours[i]));
		/* A text that is refused is nobody's to compare. */
		if (grammar_parse(&grammar, (unsigned char *)texts[i], len, &entries, &remark) ==
		    GRAMMAR_OK) {
			entry = entries_find(&entries, "A");
			if (!entry)
				strcpy(ours[i], "<skipped>");
			else if (!entry->trouble)
				grammar_decode(&grammar, &entries, entry, (unsigned char *)ours[i]);
			if (entry && !entry->trouble)
				ours[i][entry->value_len] = '\0';
			if (!entry || !entry->trouble) {
				file_name(&temp, i, name, sizeof(name));
				file_write(name, texts[i], len, 0600);
				i++;
			}
		}
		entries_release(&entries);
	}
	ask(oracle, &temp, &run, answers);
	for (i = 0; i < FILES; i++) {
		if (strcmp(answers[i], ours[i]) != 0)
			fail_msg("%s reads <%s> as <%s>, we as <%s>", oracle->argv[0], texts[i],
				 answers[i], ours[i]);
	}
}

#define ORACLE_TESTS(oracle)                                                                       \
	static void test_what_strict_writes_##oracle##_reads_back(void **state)                    \
	{                                                                                          \
		(void)state;                                                                       \
		if (!is_installed(&oracle))                                                        \
			skip();                                                                    \
		check_written(&oracle, "strict");                                                  \
	}                                                                                          \
	static void test_what_its_dialect_writes_##oracle##_reads_back(void **state)               \
	{                                                                                          \
		(void)state;                                                                       \
		if (!is_installed(&oracle))                                                        \
			skip();                                                                    \
		check_written(&oracle, oracle.dialect);                                            \
	}                                                                                          \
	static void test_what_its_dialect_reads_##oracle##_reads_too(void **state)                 \
	{                                                                                          \
		(void)state;                                                                       \
		if (!is_installed(&oracle))                                                        \
			skip();                                                                    \
		check_read(&oracle);                                                               \
	}

ORACLE_TESTS(bash)
ORACLE_TESTS(dash)
ORACLE_TESTS(python)
ORACLE_TESTS(node)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_strict_writes_bash_reads_back),
		cmocka_unit_test(test_what_its_dialect_writes_bash_reads_back),
		cmocka_unit_test(test_what_its_dialect_reads_bash_reads_too),
		cmocka_unit_test(test_what_strict_writes_dash_reads_back),
		cmocka_unit_test(test_what_its_dialect_writes_dash_reads_back),
		cmocka_unit_test(test_what_its_dialect_reads_dash_reads_too),
		cmocka_unit_test(test_what_strict_writes_python_reads_back),
		cmocka_unit_test(test_what_its_dialect_writes_python_reads_back),
		cmocka_unit_test(test_what_its_dialect_reads_python_reads_too),
		cmocka_unit_test(test_what_strict_writes_node_reads_back),
		cmocka_unit_test(test_what_its_dialect_writes_node_reads_back),
		cmocka_unit_test(test_what_its_dialect_reads_node_reads_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
