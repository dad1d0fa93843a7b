/* SPDX-License-Identifier: Apache-2.0 */
/* Which files and folders are believed. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/trust.h"
#include "support/temp.h"
#include "support/test.h"

static void assert_file(const char *path, unsigned flags, enum lks_status status,
			const char *reason, const char *hint)
{
	AUTO(fd_close) int fd = -1;
	struct lks_error err = { 0 };

	assert_int_equal(trust_open_file(path, "the file", flags, &fd, NULL, &err), status);
	assert_contains(err.message, reason);
	assert_contains(err.hint, hint);
	assert_int_equal(fd, -1);
}

static void test_a_file_of_ours_is_opened_close_on_exec(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(fd_close) int fd = -1;
	struct lks_error err = { 0 };
	struct stat st;
	char c;

	(void)state;
	file_write(temp_path(&temp, "a"), "x", 1, 0600);
	assert_ok(trust_open_file(temp_path(&temp, "a"), "the file", TRUST_PRIVATE | TRUST_ONE_LINK,
				  &fd, &st, &err),
		  &err);
	assert_int_equal(st.st_size, 1);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void test_a_relative_path_starts_at_the_working_folder(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(fd_close) int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO(fd_close) int fd = -1;
	AUTO(fd_close) int again = -1;
	struct lks_error err = { 0 };

	(void)state;
	file_write(temp_path(&temp, "a"), "x", 1, 0600);
	assert_int_equal(chdir(temp.path), 0);
	assert_ok(trust_open_file("./a", "the file", 0, &fd, NULL, &err), &err);
	mkdir(temp_path(&temp, "b"), 0700);
	assert_ok(trust_open_file("b//../a", "the file", 0, &again, NULL, &err), &err);
	assert_int_equal(fchdir(here), 0);
}

static void test_n79_a_working_folder_that_is_gone_is_said(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(fd_close) int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct lks_error err = { 0 };
	int fd = -1;

	(void)state;
	mkdir(temp_path(&temp, "gone"), 0700);
	assert_int_equal(chdir(temp_path(&temp, "gone")), 0);
	rmdir(temp_path(&temp, "gone"));
	assert_int_equal(trust_open_file("a", "the file", 0, &fd, NULL, &err), LKS_NOT_FOUND);
	assert_contains(err.message, "working directory");
	assert_int_equal(fchdir(here), 0);
}

static void test_n11_loose_modes_are_refused_with_the_fix(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const char *path = temp_path(&temp, "a");

	(void)state;
	file_write(path, "x", 1, 0620);
	assert_file(path, 0, LKS_DENIED, "can be written by others (mode 0620)", "chmod go-w /");
	file_write(path, "x", 1, 0602);
	assert_file(path, 0, LKS_DENIED, "can be written by others", "chmod go-w");
	file_write(path, "x", 1, 0640);
	assert_file(path, TRUST_PRIVATE, LKS_DENIED, "can be read by others", "chmod 600");
	file_write(path, "x", 1, 0600);
	chmod(temp.path, 0770);
	assert_file(path, 0, LKS_DENIED, "the folder", "chmod go-w");
	chmod(temp.path, 0700);
}

static void test_n11_a_sticky_folder_is_no_exception(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make();

	(void)state;
	file_write(temp_path(&temp, "a"), "x", 1, 0600);
	if (strncmp(temp.path, "/tmp/", 5) != 0)
		skip_because("the temporary folder is not below /tmp");
	assert_file(temp_path(&temp, "a"), 0, LKS_DENIED, "/tmp is a shared folder", "only you");
}

static void test_n11_other_kinds_of_files_are_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	file_write(temp_path(&temp, "a"), "x", 1, 0600);
	assert_int_equal(mkfifo(temp_path(&temp, "fifo"), 0600), 0);
	assert_file(temp_path(&temp, "fifo"), 0, LKS_DENIED, "a FIFO", "");
	assert_file("/dev/zero", 0, LKS_DENIED, "", "");
	assert_file(temp.path, 0, LKS_DENIED, "a folder", "");
	assert_int_equal(symlink("a", temp_path(&temp, "link")), 0);
	assert_file(temp_path(&temp, "link"), 0, LKS_DENIED, "symbolic link",
		    temp_path(&temp, "a"));
	assert_int_equal(link(temp_path(&temp, "a"), temp_path(&temp, "b")), 0);
	assert_file(temp_path(&temp, "a"), TRUST_ONE_LINK, LKS_DENIED, "2 names", "copy");
}

static void test_what_is_not_there_is_not_found(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct lks_error err = { 0 };
	int fd = -1;

	(void)state;
	assert_file(temp_path(&temp, "none"), 0, LKS_NOT_FOUND, "none", "");
	assert_file(temp_path(&temp, "none/a"), 0, LKS_NOT_FOUND, "none", "");
	assert_file("", 0, LKS_INVALID, "empty", "");
	assert_file("/etc/", 0, LKS_INVALID, "is a folder", "");
	assert_int_equal(trust_open_folder(temp_path(&temp, "none"), "the folder", &fd, &err),
			 LKS_NOT_FOUND);
}

static void test_a_file_in_a_chain_that_is_no_folder_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct lks_error err = { 0 };
	int fd = -1;

	(void)state;
	file_write(temp_path(&temp, "a"), "x", 1, 0600);
	assert_int_not_equal(
		trust_open_file(temp_path(&temp, "a/b"), "the file", 0, &fd, NULL, &err), LKS_OK);
	assert_int_equal(fd, -1);
}

static void test_the_root_folder_is_a_folder(void **state)
{
	struct lks_error err = { 0 };
	AUTO(fd_close) int fd = -1;
	AUTO(fd_close) int file = -1;

	(void)state;
	assert_ok(trust_open_folder("/", "the folder", &fd, &err), &err);
	assert_int_equal(trust_open_file("/no-such-file", "the file", 0, &file, NULL, &err),
			 LKS_NOT_FOUND);
	assert_contains(err.message, "the file /no-such-file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_of_ours_is_opened_close_on_exec),
		cmocka_unit_test(test_a_relative_path_starts_at_the_working_folder),
		cmocka_unit_test(test_n79_a_working_folder_that_is_gone_is_said),
		cmocka_unit_test(test_n11_loose_modes_are_refused_with_the_fix),
		cmocka_unit_test(test_n11_a_sticky_folder_is_no_exception),
		cmocka_unit_test(test_n11_other_kinds_of_files_are_refused),
		cmocka_unit_test(test_what_is_not_there_is_not_found),
		cmocka_unit_test(test_a_file_in_a_chain_that_is_no_folder_is_refused),
		cmocka_unit_test(test_the_root_folder_is_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
