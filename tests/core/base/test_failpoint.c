/* SPDX-License-Identifier: Apache-2.0 */
/* Failpoints: in a test build they do what they are told, in any other build
   they are not there. */
#include "support/test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "support/run.h"
#include "support/temp.h"

static int passes(void)
{
	return FAILPOINT("test-of-failpoints");
}

#ifdef ENABLE_FAILPOINTS

static void test_a_point_fails_at_its_pass_only(void **state)
{
	(void)state;
	failpoint_use("other:error,test-of-failpoints:error@3");
	assert_int_equal(passes(), 0);
	assert_int_equal(passes(), 0);
	assert_int_equal(passes(), 1);
	assert_int_equal(passes(), 0);
	failpoint_use("test-of-failpoints:error");
	assert_int_equal(passes(), 1);
	assert_int_equal(passes(), 0);
	failpoint_use("test-of-failpoints:error@*");
	assert_int_equal(passes(), 1);
	assert_int_equal(passes(), 1);
	failpoint_use(NULL);
	assert_int_equal(passes(), 0);
}

static int64_t slept_ms;

static int64_t fake_now(void *context)
{
	(void)context;
	return slept_ms;
}

static void fake_sleep(void *context, int64_t ms)
{
	(void)context;
	slept_ms += ms;
}

static void test_a_point_stalls(void **state)
{
	const struct clock_source source = { fake_now, fake_now, fake_sleep, NULL };

	(void)state;
	clock_use(&source);
	failpoint_use("test-of-failpoints:delay=250@2");
	assert_int_equal(passes(), 0);
	assert_int_equal(slept_ms, 0);
	assert_int_equal(passes(), 0);
	assert_int_equal(slept_ms, 250);
	clock_use(NULL);
	failpoint_use(NULL);
}

/* A child that uses `points`; how it ended. */
static int end_of_child(const char *points)
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		(void)freopen("/dev/null", "w", stderr);
		failpoint_use(points);
		_exit(passes());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_a_point_kills(void **state)
{
	(void)state;
	assert_int_equal(end_of_child("test-of-failpoints:kill"), SIGKILL);
	assert_int_equal(end_of_child("test-of-failpoints:kill@2"), 0);
}

static void test_a_misspelt_point_stops_the_test(void **state)
{
	static const char *const cases[] = { "x",          "x:",       ":kill",   "x:die",
					     "x:kill@",    "x:kill@x", "x:delay", "x:delay=",
					     "x:delay=1s", "x:kill@-1" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (end_of_child(cases[i]) != SIGABRT)
			fail_msg("%s was taken", cases[i]);
	}
}

static void test_the_environment_is_read_before_main(void **state)
{
	static const char *const environment[] = { "LOCKSTEP_FAILPOINT=test-of-failpoints:kill",
						   NULL };
	AUTO(run_release) struct run run = RUN_INIT;

	(void)state;
	run.environment = environment;
	run_words(&run, "/proc/self/exe", "pass", NULL);
	assert_int_equal(run.signal, SIGKILL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_point_fails_at_its_pass_only),
		cmocka_unit_test(test_a_point_stalls),
		cmocka_unit_test(test_a_point_kills),
		cmocka_unit_test(test_a_misspelt_point_stops_the_test),
		cmocka_unit_test(test_the_environment_is_read_before_main),
	};

	(void)argv;
	if (argc > 1)
		return passes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_no_name_of_a_point_is_in_the_binary(void **state)
{
	AUTO(free_ptr) char *self = NULL;
	/* In two parts, so that the needle itself is not found. */
	char needle[32] = "test-of-";
	size_t len = 0;

	(void)state;
	strcat(needle, "fail");
	strcat(needle, "points");
	assert_int_equal(passes(), 0);
	self = file_read("/proc/self/exe", &len);
	assert_true(len > 1000);
	assert_null(memmem(self, len, needle, strlen(needle)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_name_of_a_point_is_in_the_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
