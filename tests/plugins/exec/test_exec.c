/* SPDX-License-Identifier: Apache-2.0 */
/* The exec plugin against real programs: short shell scripts in a folder. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <lockstep/plugin.h>

#include "support/fake_host.h"
#include "support/temp.h"
#include "support/test.h"

extern const struct lks_plugin lks_plugin_exec;

#define DEADLINE_MS 20000

/* A script, an instance that runs it, and where answers go. */
struct fixture {
	struct temp temp;
	struct fake_host *fake;
	struct lks_error *err;
	struct lks_settings *settings;
	struct lks_answer *answer;
	void *instance;
	char program[600];
};

static void setup(struct fixture *fixture, const char *script)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->temp = temp_make_trusted();
	fixture->fake = fake_host_new();
	fixture->err = fake_error_new();
	fixture->answer = fake_answer_new();
	snprintf(fixture->program, sizeof(fixture->program), "%s/program", fixture->temp.path);
	if (script)
		file_write(fixture->program, script, strlen(script), 0755);
}

/* Open with the script as command and up to three further settings. */
static enum lks_status open_with(struct fixture *fixture, const char *name, const char *value,
				 const char *name_2, const char *value_2)
{
	struct fake_setting settings[] = { { "command", fixture->program },
					   { name, value },
					   { name_2, value_2 } };
	size_t count = name_2 ? 3 : name ? 2 : 1;
	struct lks_call call = fake_call(fixture->fake, DEADLINE_MS, 0);

	fixture->settings = fake_settings_new(&lks_plugin_exec, settings, count);
	return lks_plugin_exec.backend->open(fake_host_table(fixture->fake), fixture->settings,
					     &call, &fixture->instance, fixture->err);
}

static void must_open(struct fixture *fixture, const char *name, const char *value)
{
	if (open_with(fixture, name, value, NULL, NULL))
		fail_msg("open: %s", fake_error_text(fixture->err));
}

static void teardown(struct fixture *fixture)
{
	if (fixture->instance)
		lks_plugin_exec.backend->close(fixture->instance);
	fake_settings_free(fixture->settings);
	fake_answer_free(fixture->answer);
	fake_error_free(fixture->err);
	fake_host_free(fixture->fake);
	temp_remove(&fixture->temp);
}

static enum lks_status get_by(struct fixture *fixture, const char *path, int64_t after_ms,
			      struct lks_record *record)
{
	struct lks_call call = fake_call(fixture->fake, after_ms, 0);

	return lks_plugin_exec.backend->get(fixture->instance, &call, path, NULL, record,
					    fixture->err);
}

static void assert_value(struct fixture *fixture, const char *path, const char *expected)
{
	struct lks_record *record = fake_record_new();

	if (get_by(fixture, path, DEADLINE_MS, record))
		fail_msg("get: %s", fake_error_text(fixture->err));
	assert_string_equal(fake_record_value(record, NULL), expected);
	fake_record_free(record);
}

static void assert_get_fails(struct fixture *fixture, const char *path, int64_t after_ms,
			     enum lks_status status, const char *reason)
{
	struct lks_record *record = fake_record_new();

	assert_int_equal(get_by(fixture, path, after_ms, record), status);
	assert_contains(fake_error_text(fixture->err), reason);
	assert_null(fake_record_value(record, NULL));
	fake_record_free(record);
}

static enum lks_verdict verify_by(struct fixture *fixture, struct lks_record *candidate,
				  struct lks_record *with, int64_t after_ms)
{
	struct lks_call call = fake_call(fixture->fake, after_ms, 0);
	struct lks_record *nothing = fake_record_new();
	enum lks_status status = lks_plugin_exec.verifier->verify(fixture->instance, &call,
								  candidate, with ? with : nothing,
								  fixture->answer, fixture->err);

	if (status)
		fail_msg("verify: %s", fake_error_text(fixture->err));
	fake_record_free(nothing);
	fake_record_free(candidate);
	return fake_answer_verdict(fixture->answer);
}

static enum lks_verdict verify(struct fixture *fixture, const char *value)
{
	return verify_by(fixture, fake_record_of(value, SIZE_MAX), NULL, DEADLINE_MS);
}

/* ------------------------------------------------------------------------ */
/* As a store                                                                */

static void test_a_provider_is_run_with_the_path_and_prints_the_value(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\necho \"$# $1\"\n");
	must_open(&fixture, NULL, NULL);
	assert_value(&fixture, "prod/db", "1 prod/db");
	teardown(&fixture);
}

static void test_blanks_around_the_value_go_as_summon_does_it(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nprintf ' \\n a b \\r\\n\\n'\n");
	must_open(&fixture, NULL, NULL);
	assert_value(&fixture, "x", "a b");
	teardown(&fixture);
}

static void test_trim_newline_takes_one_line_end_and_none_keeps_all(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nprintf ' a\\n\\n'\n");
	must_open(&fixture, "trim", "newline");
	assert_value(&fixture, "x", " a\n");
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\nprintf ' a\\n\\n'\n");
	must_open(&fixture, "trim", "none");
	assert_value(&fixture, "x", " a\n\n");
	teardown(&fixture);
}

static void test_an_empty_value_is_a_value(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nexit 0\n");
	must_open(&fixture, NULL, NULL);
	assert_value(&fixture, "x", "");
	teardown(&fixture);
}

static void test_bytes_that_are_no_text_come_through(void **state)
{
	struct fixture fixture;
	struct lks_record *record = fake_record_new();
	size_t len;

	(void)state;
	setup(&fixture, "#!/bin/sh\nprintf 'a\\000\\377b'\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(get_by(&fixture, "x", DEADLINE_MS, record), LKS_OK);
	assert_memory_equal(fake_record_value(record, &len), "a\0\377b", 4);
	assert_int_equal(len, 4);
	fake_record_free(record);
	teardown(&fixture);
}

static void test_a_failure_says_the_last_line_of_stderr(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\necho first >&2\necho 'no such vault' >&2\necho >&2\nexit 4\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", DEADLINE_MS, LKS_FAILED, "exit code 4: no such vault");
	teardown(&fixture);
}

static void test_exit_codes_are_mapped(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nexit $1\n");
	must_open(&fixture, "missing_exit", "3");
	assert_get_fails(&fixture, "3", DEADLINE_MS, LKS_NOT_FOUND, "exit code 3");
	assert_get_fails(&fixture, "75", DEADLINE_MS, LKS_UNAVAILABLE, "exit code 75");
	assert_get_fails(&fixture, "1", DEADLINE_MS, LKS_FAILED, "exit code 1");
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\nkill -9 $$\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", DEADLINE_MS, LKS_FAILED, "signal 9");
	teardown(&fixture);
}

static void test_a_value_that_was_printed_before_a_failure_is_not_shown(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\necho s3cretvalue\necho 'bad: s3cretvalue!' >&2\nexit 1\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", DEADLINE_MS, LKS_FAILED, "bad: ***!");
	teardown(&fixture);
}

static void test_a_program_that_is_not_there_is_said_so(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, NULL);
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", DEADLINE_MS, LKS_FAILED, "cannot be started");
	teardown(&fixture);
	setup(&fixture, NULL);
	snprintf(fixture.program, sizeof(fixture.program), "no-such-program-anywhere");
	assert_int_equal(open_with(&fixture, NULL, NULL, NULL, NULL), LKS_INVALID);
	assert_contains(fake_error_text(fixture.err), "no-such-program-anywhere in /usr/bin:/bin");
	teardown(&fixture);
}

static void test_a_bare_name_is_looked_up(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, NULL);
	snprintf(fixture.program, sizeof(fixture.program), "echo");
	must_open(&fixture, NULL, NULL);
	assert_value(&fixture, "a/b", "a/b");
	teardown(&fixture);
}

static void test_a_path_that_looks_like_an_option_is_refused(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\necho ran\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "-rf", DEADLINE_MS, LKS_UNSUPPORTED, "option");
	teardown(&fixture);
}

static void test_a_store_is_read_only_and_has_no_versions(void **state)
{
	struct fixture fixture;
	struct lks_record *record = fake_record_new();
	struct lks_call call;

	(void)state;
	setup(&fixture, "#!/bin/sh\necho a\n");
	must_open(&fixture, NULL, NULL);
	call = fake_call(fixture.fake, DEADLINE_MS, 0);
	assert_null(lks_plugin_exec.backend->set);
	assert_null(lks_plugin_exec.backend->remove);
	assert_null(lks_plugin_exec.backend->list);
	assert_int_equal(lks_plugin_exec.backend->get(fixture.instance, &call, "a", "1", record,
						      fixture.err),
			 LKS_UNSUPPORTED);
	fake_record_free(record);
	teardown(&fixture);
}

static void test_a_value_over_1_mib_is_refused(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nhead -c $1 /dev/zero | tr '\\0' a\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "1048577", DEADLINE_MS, LKS_FAILED, "more than 1048576 bytes");
	assert_get_fails(&fixture, "9000000", DEADLINE_MS, LKS_FAILED, "more than 1048576 bytes");
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\nexec yes\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", DEADLINE_MS, LKS_FAILED, "more than 1048576 bytes");
	teardown(&fixture);
}

static void test_a_value_of_1_mib_comes_whole(void **state)
{
	struct fixture fixture;
	struct lks_record *record = fake_record_new();
	size_t len;

	(void)state;
	setup(&fixture, "#!/bin/sh\nhead -c 1048576 /dev/zero | tr '\\0' a\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(get_by(&fixture, "x", DEADLINE_MS, record), LKS_OK);
	fake_record_value(record, &len);
	assert_int_equal(len, 1048576);
	fake_record_free(record);
	teardown(&fixture);
}

/* ------------------------------------------------------------------------ */
/* Time, groups, descriptors                                                 */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_a_program_that_is_late_is_stopped(void **state)
{
	struct fixture fixture;
	int64_t started = now_ms();

	(void)state;
	setup(&fixture, "#!/bin/sh\nexec sleep 600\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", 300, LKS_UNAVAILABLE, "not done in time");
	assert_true(now_ms() - started < 10000);
	teardown(&fixture);
}

static void test_the_option_timeout_counts_too(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nexec sleep 600\n");
	must_open(&fixture, "timeout", "200ms");
	assert_get_fails(&fixture, "x", 600000, LKS_UNAVAILABLE, "not done in time");
	teardown(&fixture);
}

static void test_a_program_that_ignores_sigterm_is_killed(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 600; done\n");
	must_open(&fixture, NULL, NULL);
	assert_get_fails(&fixture, "x", 400, LKS_UNAVAILABLE, "not done in time");
	teardown(&fixture);
}

static void test_what_sigterm_makes_a_program_say_is_no_verdict(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\ntrap 'exit 0' TERM\nsleep 600 &\nwait\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify_by(&fixture, fake_record_of("a", SIZE_MAX), NULL, 400),
			 LKS_VERDICT_UNKNOWN);
	teardown(&fixture);
}

/* The grandchild keeps stdout and stderr open; its number is in the file. */
static void test_grandchildren_are_killed_and_not_waited_for(void **state)
{
	struct fixture fixture;
	char *number;
	pid_t pid;
	int tries = 0;

	(void)state;
	setup(&fixture, "#!/bin/sh\nsleep 600 &\necho $! >\"$0.pid\"\necho value\n");
	must_open(&fixture, NULL, NULL);
	assert_value(&fixture, "x", "value");
	number = file_read(temp_path(&fixture.temp, "program.pid"), NULL);
	pid = (pid_t)atoi(number);
	free(number);
	assert_true(pid > 1);
	/* It was sent SIGKILL; the kernel and init may need a moment. */
	while (kill(pid, 0) == 0 && tries++ < 500) {
		char path[64], status[256] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "re");
		if (!file || !fgets(status, sizeof(status), file) || strstr(status, ") Z"))
			tries = 1000;
		if (file)
			fclose(file);
		poll(NULL, 0, 10);
	}
	assert_true(tries != 501);
	teardown(&fixture);
}

static void test_a_grandchild_that_prints_without_end_does_not_hold_us(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\n(exec yes >&2) &\nprintf value\n");
	must_open(&fixture, NULL, NULL);
	assert_value(&fixture, "x", "value");
	teardown(&fixture);
}

static void test_only_the_three_streams_and_a_clean_environment_reach_it(void **state)
{
	struct fixture fixture;
	struct lks_record *record = fake_record_new();
	const char *value;
	int leaked;

	(void)state;
	setenv("EXEC_TEST_LEAK", "1", 1);
	setup(&fixture, "#!/bin/sh\nls -l /proc/$$/fd\nenv\n");
	/* Not close-on-exec, as other code in the process may open files. */
	leaked = open(temp_path(&fixture.temp, "leaked-file"), O_RDWR | O_CREAT, 0600);
	assert_true(leaked > 2);
	must_open(&fixture, "env.HOME", "/srv");
	assert_int_equal(get_by(&fixture, "x", DEADLINE_MS, record), LKS_OK);
	value = fake_record_value(record, NULL);
	assert_null(strstr(value, "leaked-file"));
	assert_contains(value, "1 -> pipe:");
	assert_contains(value, "HOME=/srv");
	assert_contains(value, "PATH=/usr/bin:/bin");
	assert_null(strstr(value, "EXEC_TEST_LEAK"));
	fake_record_free(record);
	unsetenv("EXEC_TEST_LEAK");
	close(leaked);
	teardown(&fixture);
}

static size_t open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void test_nothing_is_left_open_and_no_child_unreaped(void **state)
{
	struct fixture fixture;
	size_t before;

	(void)state;
	setup(&fixture, "#!/bin/sh\nexit $1\n");
	must_open(&fixture, NULL, NULL);
	before = open_descriptors();
	for (int i = 0; i < 20; i++)
		assert_get_fails(&fixture, "1", DEADLINE_MS, LKS_FAILED, "exit code 1");
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(fake_host_buffers(fixture.fake), 0);
	teardown(&fixture);
}

static void test_it_works_with_the_standard_streams_closed(void **state)
{
	struct fixture fixture;
	struct lks_record *record = fake_record_new();
	enum lks_status status;
	int saved[3];

	(void)state;
	setup(&fixture, "#!/bin/sh\ncat >/dev/null\necho value\n");
	must_open(&fixture, NULL, NULL);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		close(fd);
	}
	status = get_by(&fixture, "x", DEADLINE_MS, record);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(status, LKS_OK);
	assert_string_equal(fake_record_value(record, NULL), "value");
	fake_record_free(record);
	teardown(&fixture);
}

/* ------------------------------------------------------------------------ */
/* As a verifier                                                             */

static void test_exit_codes_are_verdicts(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nread code\nexit $code\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "0"), LKS_VERDICT_VALID);
	assert_int_equal(verify(&fixture, "1"), LKS_VERDICT_INVALID);
	assert_int_equal(verify(&fixture, "2"), LKS_VERDICT_INVALID);
	assert_int_equal(verify(&fixture, "127"), LKS_VERDICT_INVALID);
	assert_int_equal(verify(&fixture, "75"), LKS_VERDICT_UNKNOWN);
	teardown(&fixture);
}

static void test_what_cannot_be_asked_is_unknown(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, NULL);
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "x"), LKS_VERDICT_UNKNOWN);
	assert_contains(fake_answer_message(fixture.answer), "cannot be started");
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\nkill -SEGV $$\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "x"), LKS_VERDICT_UNKNOWN);
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\nexec sleep 600\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify_by(&fixture, fake_record_of("x", SIZE_MAX), NULL, 200),
			 LKS_VERDICT_UNKNOWN);
	assert_contains(fake_answer_message(fixture.answer), "not done in time");
	teardown(&fixture);
}

static void test_one_field_comes_as_it_is(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture,
	      "#!/bin/sh\n[ \"$(od -An -c | tr -d ' \\n')\" = 'a\\0\\nb' ] && [ $# = 0 ]\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify_by(&fixture, fake_record_of("a\0\nb", 4), NULL, DEADLINE_MS),
			 LKS_VERDICT_VALID);
	teardown(&fixture);
}

static void test_several_fields_come_as_json(void **state)
{
	struct fixture fixture;
	struct lks_record *candidate = fake_record_new(), *with = fake_record_new();

	(void)state;
	setup(&fixture,
	      "#!/bin/sh\n"
	      "[ \"$(cat)\" = '{\"password\":\"a\\\"b\\\\\\u000a\303\274\",\"username\":\"u\","
	      "\"with\":{\"host\":\"h\"}}' ]\n");
	must_open(&fixture, NULL, NULL);
	fake_record_put(candidate, "username", "u", 1);
	fake_record_put(candidate, "password", "a\"b\\\n\303\274", 7);
	fake_record_put(with, "host", "h", 1);
	assert_int_equal(verify_by(&fixture, candidate, with, DEADLINE_MS), LKS_VERDICT_VALID);
	fake_record_free(with);
	teardown(&fixture);
}

static void test_json_of_what_is_not_utf8_is_refused(void **state)
{
	static const char *const bad[] = { "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82",
					   "\xf5\x80" };
	struct fixture fixture;
	struct lks_record *with = fake_record_of("h", 1);
	struct lks_call call;

	(void)state;
	setup(&fixture, "#!/bin/sh\nexit 0\n");
	must_open(&fixture, NULL, NULL);
	call = fake_call(fixture.fake, DEADLINE_MS, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct lks_record *candidate = fake_record_of(bad[i], SIZE_MAX);

		assert_int_equal(lks_plugin_exec.verifier->verify(fixture.instance, &call,
								  candidate, with, fixture.answer,
								  fixture.err),
				 LKS_UNSUPPORTED);
		fake_record_free(candidate);
	}
	fake_record_free(with);
	teardown(&fixture);
}

static void test_the_candidate_is_in_the_environment_only_with_env_name(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\n! env | grep -q s3cret\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "s3cret"), LKS_VERDICT_VALID);
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\n[ \"$TOKEN\" = s3cret ] && [ \"$(cat)\" = s3cret ]\n");
	must_open(&fixture, "env_name", "TOKEN");
	assert_int_equal(verify(&fixture, "s3cret"), LKS_VERDICT_VALID);
	teardown(&fixture);
}

static void test_the_candidate_is_never_an_argument(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\n! tr '\\0' '\\n' </proc/$$/cmdline | grep -q s3cret\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "s3cret"), LKS_VERDICT_VALID);
	teardown(&fixture);
}

static void test_the_message_is_the_last_line_without_the_candidate(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nread v\necho x >&2\necho \"401 for $v and $v\" >&2\nexit 1\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "s3cret\n"), LKS_VERDICT_INVALID);
	assert_string_equal(fake_answer_message(fixture.answer), "401 for *** and ***");
	/* N89: a value that any word may hold is no reason to mangle words. */
	assert_int_equal(verify(&fixture, "a\n"), LKS_VERDICT_INVALID);
	assert_null(strstr(fake_answer_message(fixture.answer), "401"));
	teardown(&fixture);
}

static void test_a_line_of_a_long_secret_is_not_shown(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\ncat >&2\nexit 1\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "-----BEGIN\nMIIabcdef\n-----END\n"),
			 LKS_VERDICT_INVALID);
	assert_null(strstr(fake_answer_message(fixture.answer), "END"));
	teardown(&fixture);
}

static void test_a_line_that_is_too_long_is_not_shown(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture,
	      "#!/bin/sh\nread v\nprintf \"$v\" >&2\nhead -c 100000 /dev/zero | tr '\\0' b >&2\n"
	      "exit 1\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, "s3cret\n"), LKS_VERDICT_INVALID);
	assert_null(strstr(fake_answer_message(fixture.answer), "bbb"));
	teardown(&fixture);
}

/* N74: the pipe breaks; this test would die of SIGPIPE. */
static void test_n74_stdin_that_is_not_read_does_no_harm(void **state)
{
	struct fixture fixture;
	char *value = malloc(1000001);
	sigset_t before, after, pending;

	(void)state;
	memset(value, 'a', 1000000);
	value[1000000] = '\0';
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &before);
	setup(&fixture, "#!/bin/sh\nexec <&-\nexit 0\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, value), LKS_VERDICT_VALID);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int number = 1; number < NSIG; number++)
		assert_int_equal(sigismember(&before, number), sigismember(&after, number));
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	teardown(&fixture);
	free(value);
}

static void test_a_large_candidate_comes_whole(void **state)
{
	struct fixture fixture;
	char *value = malloc(1000001);

	(void)state;
	memset(value, 'a', 1000000);
	value[1000000] = '\0';
	setup(&fixture, "#!/bin/sh\n[ $(wc -c) = 1000000 ]\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify(&fixture, value), LKS_VERDICT_VALID);
	teardown(&fixture);
	free(value);
}

static void test_1_gib_of_output_is_dropped(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nhead -c 1073741824 /dev/zero\necho fine >&2\n");
	must_open(&fixture, NULL, NULL);
	assert_int_equal(verify_by(&fixture, fake_record_of("abcd", SIZE_MAX), NULL, 60000),
			 LKS_VERDICT_VALID);
	assert_string_equal(fake_answer_message(fixture.answer), "fine");
	teardown(&fixture);
}

static void test_settings_that_make_no_sense_are_refused(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\n");
	assert_int_equal(open_with(&fixture, "env_name", "A=B", NULL, NULL), LKS_INVALID);
	assert_contains(fake_error_text(fixture.err), "env_name");
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\n");
	assert_int_equal(open_with(&fixture, "env.A B", "x", NULL, NULL), LKS_INVALID);
	assert_contains(fake_error_text(fixture.err), "A B");
	teardown(&fixture);
	setup(&fixture, "#!/bin/sh\n");
	snprintf(fixture.program, sizeof(fixture.program), "bin/x");
	assert_int_equal(open_with(&fixture, NULL, NULL, NULL, NULL), LKS_INVALID);
	assert_contains(fake_error_text(fixture.err), "whole path");
	teardown(&fixture);
}

static void test_every_buffer_that_fails_is_clean(void **state)
{
	struct fixture fixture;

	(void)state;
	setup(&fixture, "#!/bin/sh\nhead -c 20000 /dev/zero | tr '\\0' a\n");
	must_open(&fixture, NULL, NULL);
	for (unsigned nth = 1; nth < 6; nth++) {
		struct lks_record *record = fake_record_new();
		enum lks_status status;

		fake_host_fail_buffer(fixture.fake, nth);
		status = get_by(&fixture, "x", DEADLINE_MS, record);
		fake_host_fail_buffer(fixture.fake, 0);
		assert_true(status == LKS_NO_MEMORY || status == LKS_OK);
		assert_int_equal(fake_host_buffers(fixture.fake), 0);
		fake_record_free(record);
	}
	teardown(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_provider_is_run_with_the_path_and_prints_the_value),
		cmocka_unit_test(test_blanks_around_the_value_go_as_summon_does_it),
		cmocka_unit_test(test_trim_newline_takes_one_line_end_and_none_keeps_all),
		cmocka_unit_test(test_an_empty_value_is_a_value),
		cmocka_unit_test(test_bytes_that_are_no_text_come_through),
		cmocka_unit_test(test_a_failure_says_the_last_line_of_stderr),
		cmocka_unit_test(test_exit_codes_are_mapped),
		cmocka_unit_test(test_a_value_that_was_printed_before_a_failure_is_not_shown),
		cmocka_unit_test(test_a_program_that_is_not_there_is_said_so),
		cmocka_unit_test(test_a_bare_name_is_looked_up),
		cmocka_unit_test(test_a_path_that_looks_like_an_option_is_refused),
		cmocka_unit_test(test_a_store_is_read_only_and_has_no_versions),
		cmocka_unit_test(test_a_value_over_1_mib_is_refused),
		cmocka_unit_test(test_a_value_of_1_mib_comes_whole),
		cmocka_unit_test(test_a_program_that_is_late_is_stopped),
		cmocka_unit_test(test_the_option_timeout_counts_too),
		cmocka_unit_test(test_a_program_that_ignores_sigterm_is_killed),
		cmocka_unit_test(test_what_sigterm_makes_a_program_say_is_no_verdict),
		cmocka_unit_test(test_grandchildren_are_killed_and_not_waited_for),
		cmocka_unit_test(test_a_grandchild_that_prints_without_end_does_not_hold_us),
		cmocka_unit_test(test_only_the_three_streams_and_a_clean_environment_reach_it),
		cmocka_unit_test(test_nothing_is_left_open_and_no_child_unreaped),
		cmocka_unit_test(test_it_works_with_the_standard_streams_closed),
		cmocka_unit_test(test_exit_codes_are_verdicts),
		cmocka_unit_test(test_what_cannot_be_asked_is_unknown),
		cmocka_unit_test(test_one_field_comes_as_it_is),
		cmocka_unit_test(test_several_fields_come_as_json),
		cmocka_unit_test(test_json_of_what_is_not_utf8_is_refused),
		cmocka_unit_test(test_the_candidate_is_in_the_environment_only_with_env_name),
		cmocka_unit_test(test_the_candidate_is_never_an_argument),
		cmocka_unit_test(test_the_message_is_the_last_line_without_the_candidate),
		cmocka_unit_test(test_a_line_of_a_long_secret_is_not_shown),
		cmocka_unit_test(test_a_line_that_is_too_long_is_not_shown),
		cmocka_unit_test(test_n74_stdin_that_is_not_read_does_no_harm),
		cmocka_unit_test(test_a_large_candidate_comes_whole),
		cmocka_unit_test(test_1_gib_of_output_is_dropped),
		cmocka_unit_test(test_settings_that_make_no_sense_are_refused),
		cmocka_unit_test(test_every_buffer_that_fails_is_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
