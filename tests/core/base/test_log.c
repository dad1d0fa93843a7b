/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines, read back from a pipe. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

static int pipe_fds[2];

static int open_pipe(void **state)
{
	(void)state;
	log_operation(NULL);
	log_request(NULL);
	return pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK);
}

static int close_pipe(void **state)
{
	(void)state;
	log_setup(LKS_LOG_WARN, LOG_TEXT, STDERR_FILENO);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

static const char *logged(void)
{
	static char text[65536];
	const ssize_t len = read(pipe_fds[0], text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void test_a_line_has_its_level_and_the_ids_of_its_thread(void **state)
{
	(void)state;
	log_setup(LKS_LOG_INFO, LOG_TEXT, pipe_fds[1]);
	log_info("step %d of %d: promote %s", 3, 6, "app:API_KEY");
	assert_string_equal(logged(), "info: step 3 of 6: promote app:API_KEY\n");
	log_operation("op-1");
	log_request("req-1");
	assert_string_equal(log_current_request(), "req-1");
	log_error("rolling back");
	assert_string_equal(logged(), "error: rolling back operation=op-1 request=req-1\n");
	log_operation(NULL);
	log_warn("x");
	assert_string_equal(logged(), "warn: x request=req-1\n");
}

static void *log_from_elsewhere(void *context)
{
	(void)context;
	log_error("elsewhere");
	return NULL;
}

static void test_another_thread_has_other_ids(void **state)
{
	pthread_t thread;

	(void)state;
	log_setup(LKS_LOG_INFO, LOG_TEXT, pipe_fds[1]);
	log_operation("op-1");
	assert_int_equal(pthread_create(&thread, NULL, log_from_elsewhere, NULL), 0);
	pthread_join(thread, NULL);
	assert_string_equal(logged(), "error: elsewhere\n");
}

static void test_lines_below_the_level_are_not_written(void **state)
{
	(void)state;
	log_setup(LKS_LOG_WARN, LOG_TEXT, pipe_fds[1]);
	log_info("quiet");
	log_debug("quiet");
	assert_string_equal(logged(), "");
	assert_int_equal(log_level(), LKS_LOG_WARN);
	log_setup(LKS_LOG_DEBUG, LOG_TEXT, pipe_fds[1]);
	log_debug("loud");
	assert_string_equal(logged(), "debug: loud\n");
}

static void test_n91_nobody_can_forge_a_line_or_steer_the_terminal(void **state)
{
	(void)state;
	log_setup(LKS_LOG_INFO, LOG_TEXT, pipe_fds[1]);
	log_operation("a\nerror: forged");
	log_warn("provider: %s", "x\nerror: forged\x1b[2J %n \xff");
	assert_string_equal(logged(), "warn: provider: x\\nerror: forged\\x1b[2J %n \\xff "
				      "operation=a\\nerror: forged\n");
}

static void test_n91_a_json_line_is_json_whatever_the_message_holds(void **state)
{
	AUTO(json_freep) json_t *line = NULL;
	struct lks_error err;
	const char *text;

	(void)state;
	log_setup(LKS_LOG_INFO, LOG_JSON, pipe_fds[1]);
	log_operation("op\"1");
	log_request("req-1");
	log_warn("a \"quoted\" back\\slash\nand \x01 \xff");
	text = logged();
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_ok(json_read(text, strlen(text), "log", &line, &err), &err);
	assert_string_equal(json_text(line, "level"), "warn");
	assert_string_equal(json_text(line, "message"),
			    "a \"quoted\" back\\slash\\nand \\x01 \\xff");
	assert_string_equal(json_text(line, "operation"), "op\"1");
	assert_string_equal(json_text(line, "request"), "req-1");
	assert_int_equal(strlen(json_text(line, "time")), 20);
}

static void test_an_endless_message_is_one_line_and_still_json(void **state)
{
	AUTO(json_freep) json_t *line = NULL;
	struct lks_error err;
	static char endless[30000];
	const char *text;

	(void)state;
	memset(endless, '"', sizeof(endless) - 1);
	log_setup(LKS_LOG_INFO, LOG_JSON, pipe_fds[1]);
	log_operation("op-1");
	log_request("req-1");
	log_info("%s", endless);
	text = logged();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_ok(json_read(text, strlen(text), "log", &line, &err), &err);
	assert_string_equal(json_text(line, "request"), "req-1");
	log_setup(LKS_LOG_INFO, LOG_TEXT, pipe_fds[1]);
	log_info("%s", endless);
	text = logged();
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void test_n75_a_log_that_is_closed_harms_nobody(void **state)
{
	(void)state;
	log_setup(LKS_LOG_INFO, LOG_TEXT, -1);
	errno = ENOTTY;
	log_error("nowhere");
	assert_int_equal(errno, ENOTTY);
}

static void test_errno_can_be_logged_and_survives(void **state)
{
	(void)state;
	log_setup(LKS_LOG_INFO, LOG_TEXT, pipe_fds[1]);
	errno = ENOENT;
	log_error("x: %m");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(logged(), "error: x: No such file or directory\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_line_has_its_level_and_the_ids_of_its_thread,
						open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(test_another_thread_has_other_ids, open_pipe,
						close_pipe),
		cmocka_unit_test_setup_teardown(test_lines_below_the_level_are_not_written,
						open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(
			test_n91_nobody_can_forge_a_line_or_steer_the_terminal, open_pipe,
			close_pipe),
		cmocka_unit_test_setup_teardown(
			test_n91_a_json_line_is_json_whatever_the_message_holds, open_pipe,
			close_pipe),
		cmocka_unit_test_setup_teardown(test_an_endless_message_is_one_line_and_still_json,
						open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(test_n75_a_log_that_is_closed_harms_nobody,
						open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(test_errno_can_be_logged_and_survives, open_pipe,
						close_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
