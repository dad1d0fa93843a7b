/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin changed is seen and put back; what it answers is brought into range. */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "plugin/fence.h"
#include "support/temp.h"
#include "support/test.h"

extern char **environ;

/* What `misbehave` leaves behind, and whether it is gone afterwards. */
static unsigned around(void (*misbehave)(void))
{
	struct fence fence;
	unsigned changed;

	fence_enter(&fence);
	misbehave();
	changed = fence_leave(&fence, "rude");
	fence_enter(&fence);
	assert_int_equal(fence_leave(&fence, "rude"), 0);
	return changed;
}

static void do_nothing(void)
{
}

static void change_folder(void)
{
	assert_int_equal(chdir("/"), 0);
}

static void change_umask(void)
{
	umask(0);
}

static void change_locale(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

static void change_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void change_environment(void)
{
	static char *empty[] = { NULL };

	environ = empty;
}

static void close_many(void)
{
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
}

static void test_n35_nothing_changed_is_nothing_said(void **state)
{
	(void)state;
	assert_int_equal(around(do_nothing), 0);
}

static void test_n35_folder_umask_locale_and_signals_are_put_back(void **state)
{
	AUTO(free_ptr) char *before = getcwd(NULL, 0);
	AUTO(free_ptr) char *after = NULL;
	mode_t mask = umask(077);

	(void)state;
	umask(mask);
	assert_int_equal(around(change_folder), FENCE_FOLDER);
	after = getcwd(NULL, 0);
	assert_string_equal(before, after);
	assert_int_equal(around(change_umask), FENCE_UMASK);
	assert_int_equal(umask(mask), mask);
	assert_int_equal(around(change_signals), FENCE_SIGNALS);
	assert_int_equal(around(change_environment), FENCE_ENVIRON);
	if (strcmp(setlocale(LC_ALL, NULL), "C.UTF-8") != 0 && setlocale(LC_ALL, "C.UTF-8")) {
		setlocale(LC_ALL, "C");
		assert_int_equal(around(change_locale), FENCE_LOCALE);
		assert_string_equal(setlocale(LC_ALL, NULL), "C");
	}
}

static void test_n35_closed_standard_streams_are_open_again(void **state)
{
	int saved[3];
	unsigned changed;

	(void)state;
	for (int fd = 0; fd <= 2; fd++)
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 50);
	changed = around(close_many);
	for (int fd = 0; fd <= 2; fd++) {
		assert_true(fcntl(fd, F_GETFD) >= 0);
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(changed, FENCE_FDS);
}

static void test_n35_the_warning_names_the_plugin_and_is_said_once(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	AUTO(free_ptr) char *lines = NULL;
	int fd = open(temp_path(&temp, "log"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	struct fence fence;

	(void)state;
	log_setup(LKS_LOG_WARN, LOG_TEXT, fd);
	for (int i = 0; i < 3; i++) {
		fence_enter(&fence);
		umask(0);
		fence_leave(&fence, "once");
	}
	log_setup(LKS_LOG_WARN, LOG_TEXT, 2);
	close(fd);
	lines = file_read(temp_path(&temp, "log"), NULL);
	assert_contains(lines, "plugin once changed the umask");
	assert_null(strstr(strstr(lines, "plugin once") + 1, "plugin once"));
}

static void *wait_for_end(void *pipe_end)
{
	char c;

	return read(*(int *)pipe_end, &c, 1) == 1 ? pipe_end : NULL;
}

static void test_n35_threads_can_be_counted(void **state)
{
	size_t before = fence_threads();
	pthread_t thread;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_end, &ends[0]), 0);
	assert_int_equal(fence_threads(), before + 1);
	assert_int_equal(write(ends[1], "x", 1), 1);
	pthread_join(thread, NULL);
	close(ends[0]);
	close(ends[1]);
}

static void test_a_status_that_is_none_is_a_failure(void **state)
{
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(fence_status((enum lks_status)4711, "rude", "get", &err), LKS_FAILED);
	assert_contains(err.message, "plugin rude answered get with 4711");
	error_clear(&err);
	assert_int_equal(fence_status(LKS_DENIED, "rude", "get", &err), LKS_DENIED);
	assert_contains(err.message, "did not say why");
	error_set(&err, LKS_FAILED, "its own words");
	assert_int_equal(fence_status(LKS_NOT_FOUND, "rude", "get", &err), LKS_NOT_FOUND);
	assert_string_equal(err.message, "its own words");
	assert_int_equal(err.status, LKS_NOT_FOUND);
	assert_int_equal(fence_status(LKS_OK, "rude", "get", &err), LKS_OK);
	assert_int_equal(fence_status(LKS_DENIED, "rude", "get", NULL), LKS_DENIED);
}

static void test_n35_ok_without_a_record_is_a_failure(void **state)
{
	struct lks_record empty = { 0 };
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(fence_record(&empty, "rude", &err), LKS_FAILED);
	assert_contains(err.message, "gave no field");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n35_nothing_changed_is_nothing_said),
		cmocka_unit_test(test_n35_folder_umask_locale_and_signals_are_put_back),
		cmocka_unit_test(test_n35_closed_standard_streams_are_open_again),
		cmocka_unit_test(test_n35_the_warning_names_the_plugin_and_is_said_once),
		cmocka_unit_test(test_n35_threads_can_be_counted),
		cmocka_unit_test(test_a_status_that_is_none_is_a_failure),
		cmocka_unit_test(test_n35_ok_without_a_record_is_a_failure),
	};
	struct lks_error err = { 0 };

	if (fence_setup(&err))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
