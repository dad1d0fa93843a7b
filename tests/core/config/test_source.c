/* SPDX-License-Identifier: Apache-2.0 */
/* Config files on disk: size, trust, changes while reading, includes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/tree.h"
#include "support/temp.h"
#include "support/test.h"

static enum lks_status read_tree(const char *path, struct setting_tree **ret_tree,
				 struct lks_error *err)
{
	struct report report = { 0 };

	*ret_tree = NULL;
	return setting_tree_read(path, &report, ret_tree, err);
}

static void test_n6_more_than_a_megabyte_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	char *text = malloc(SETTING_FILE_MAX + 1);
	struct setting_tree *tree;
	struct lks_error err = { 0 };

	(void)state;
	memset(text, '\n', SETTING_FILE_MAX + 1);
	file_write(temp_path(&temp, "a.conf"), text, SETTING_FILE_MAX + 1, 0600);
	assert_int_equal(read_tree(temp_path(&temp, "a.conf"), &tree, &err), LKS_INVALID);
	assert_contains(err.message, "larger than 1 MiB");
	file_write(temp_path(&temp, "a.conf"), text, SETTING_FILE_MAX, 0600);
	assert_ok(read_tree(temp_path(&temp, "a.conf"), &tree, &err), &err);
	setting_tree_free(tree);
	free(text);
}

static void test_there_is_no_such_file(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct setting_tree *tree;
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(read_tree(temp_path(&temp, "none.conf"), &tree, &err), LKS_NOT_FOUND);
}

static void assert_denied(const char *path)
{
	struct setting_tree *tree;
	struct lks_error err = { 0 };
	enum lks_status status = read_tree(path, &tree, &err);

	if (status == LKS_OK)
		fail_msg("%s was believed", path);
	assert_true(status == LKS_DENIED || status == LKS_INVALID);
	assert_true(err.message[0]);
}

static void test_n11_files_that_cannot_be_believed_are_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const char *path = temp_path(&temp, "a.conf");
	const char *link = temp_path(&temp, "link.conf");
	const char *fifo = temp_path(&temp, "fifo.conf");
	const char *folder = temp_path(&temp, "folder");

	(void)state;
	file_write(path, "a = 1;", 6, 0620);
	assert_denied(path);
	file_write(path, "a = 1;", 6, 0602);
	assert_denied(path);
	file_write(path, "a = 1;", 6, 0600);
	assert_int_equal(symlink(path, link), 0);
	assert_denied(link);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_denied(fifo);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_denied(folder);
	assert_denied("/dev/zero");
}

static void test_n11_folders_that_cannot_be_believed_are_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(temp_remove) struct temp sticky = temp_make();
	const char *folder = temp_path(&temp, "open");
	const char *path = temp_path(&temp, "open/a.conf");
	const char *in_tmp = temp_path(&sticky, "a.conf");

	(void)state;
	assert_int_equal(mkdir(folder, 0700), 0);
	file_write(path, "a = 1;", 6, 0600);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_denied(path);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_denied(path);
	assert_int_equal(chmod(folder, 0770), 0);
	assert_denied(path);
	file_write(in_tmp, "a = 1;", 6, 0600);
	assert_denied(in_tmp);
}

static void test_n11_a_file_of_somebody_else_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const char *path = temp_path(&temp, "a.conf");

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a file away");
	file_write(path, "a = 1;", 6, 0600);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_denied(path);
}

static void test_n12_a_file_replaced_or_changed_while_it_is_read(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *data = NULL;
	const char *path = temp_path(&temp, "a.conf");
	struct lks_error err = { 0 };
	struct stat before;
	size_t len;
	int fd;

	(void)state;
	file_write(path, "a = 1;", 6, 0600);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &before), 0);
	/* Replaced by rename: the file that was judged is the one that is read. */
	file_write(temp_path(&temp, "b.conf"), "evil = 1;", 9, 0600);
	assert_int_equal(rename(temp_path(&temp, "b.conf"), path), 0);
	assert_ok(source_read_fd(fd, path, &before, &data, &len, &err), &err);
	assert_string_equal(data, "a = 1;");
	close(fd);
	/* Written over: refused. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &before), 0);
	assert_int_equal(pwrite(fd, "more than there was", 19, 0), 19);
	free(data);
	data = NULL;
	assert_int_equal(source_read_fd(fd, path, &before, &data, &len, &err), LKS_INVALID);
	assert_contains(err.message, "changed while it was read");
	close(fd);
}

static void test_includes_keep_their_file_and_line(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(setting_tree_freep) struct setting_tree *tree = NULL;
	const char *path = temp_path(&temp, "main.conf");
	const struct setting *root;
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(mkdir(temp_path(&temp, "sub"), 0700), 0);
	file_write_text(temp_path(&temp, "sub/more.conf"),
			"\n\nb = 2;\n@include \"last.conf\"\nd = 4;");
	file_write_text(temp_path(&temp, "last.conf"), "c = 3;");
	file_write_text(path,
			"a = 1;\ng = {\n  @include \"sub/more.conf\" # in a group\n};\nz = 9;\n"
			"s = \"@include \\\"x\\\"\"; // @include \"none\"\n");
	assert_ok(read_tree(path, &tree, &err), &err);
	root = setting_tree_root(tree);
	assert_int_equal(setting_find(root, "g.b")->number, 2);
	assert_int_equal(setting_find(root, "g.b")->line, 3);
	assert_contains(setting_find(root, "g.b")->file, "/sub/more.conf");
	assert_contains(setting_find(root, "g.c")->file, "/last.conf");
	assert_int_equal(setting_find(root, "g.d")->line, 5);
	assert_int_equal(setting_find(root, "z")->line, 5);
	assert_string_equal(setting_find(root, "z")->file, path);
	assert_string_equal(setting_find(root, "s")->text, "@include \"x\"");
}

static void assert_include_refused(struct temp *temp, const char *text, const char *part)
{
	const char *path = temp_path(temp, "main.conf");
	struct setting_tree *tree;
	struct lks_error err = { 0 };

	file_write_text(path, text);
	assert_int_equal(read_tree(path, &tree, &err), LKS_INVALID);
	assert_int_equal(err.status, LKS_INVALID);
	assert_null(tree);
	if (!strstr(err.message, part))
		fail_msg("\"%s\": %s", text, err.message);
	assert_contains(err.where, "main.conf:");
}

static void test_n13_includes_stay_inside_and_end(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(temp_remove) struct temp other = temp_make_trusted();
	AUTO(text_release) struct text text = TEXT_INIT;
	struct setting_tree *tree;
	struct lks_error err = { 0 };

	(void)state;
	file_write_text(temp_path(&other, "x.conf"), "a = 1;");
	text_printf(&text, "@include \"%s\"", temp_path(&other, "x.conf"));
	assert_include_refused(&temp, text_string(&text), "outside the config's folder");
	assert_include_refused(&temp, "@include \"../x.conf\"", "outside the config's folder");
	assert_include_refused(&temp, "@include \"a/../../x.conf\"", "outside");
	assert_include_refused(&temp, "@include \"\"", "outside");
	assert_include_refused(&temp, "@include \"main.conf\"", "includes this one");
	assert_include_refused(&temp, "@include \"none.conf\"", "none.conf");
	assert_include_refused(&temp, "@include x.conf", "without a file name in quotes");
	assert_include_refused(&temp, "@include \"x.conf", "closing quote");
	assert_include_refused(&temp, "a = 1; @include \"x.conf\"", "after other text");
	assert_include_refused(&temp, "@include \"x.conf\" b = 1;", "more text behind");
	/* A circle over two files. */
	file_write_text(temp_path(&temp, "two.conf"), "@include \"main.conf\"");
	file_write_text(temp_path(&temp, "main.conf"), "@include \"two.conf\"");
	assert_true(read_tree(temp_path(&temp, "main.conf"), &tree, &err) == LKS_INVALID);
	assert_contains(err.where, "two.conf:1");
	/* A folder that leads elsewhere. */
	assert_int_equal(symlink(other.path, temp_path(&temp, "away")), 0);
	file_write_text(temp_path(&temp, "main.conf"), "@include \"away/x.conf\"");
	assert_true(read_tree(temp_path(&temp, "main.conf"), &tree, &err) != LKS_OK);
	assert_contains(err.where, "main.conf:1");
}

static void test_n11_an_included_file_is_judged_too(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	file_write(temp_path(&temp, "x.conf"), "a = 1;", 6, 0666);
	assert_include_refused(&temp, "@include \"x.conf\"", "x.conf");
	file_write(temp_path(&temp, "x.conf"), "a\0= 1;", 6, 0600);
	file_write_text(temp_path(&temp, "main.conf"), "@include \"x.conf\"");
	assert_int_equal(mkfifo(temp_path(&temp, "f.conf"), 0600), 0);
	assert_include_refused(&temp, "@include \"f.conf\"", "f.conf");
}

static void test_a_comment_or_group_does_not_leave_its_file_unnoticed(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct setting_tree *tree;
	struct lks_error err = { 0 };

	(void)state;
	file_write_text(temp_path(&temp, "x.conf"), "/* open");
	file_write_text(temp_path(&temp, "main.conf"), "@include \"x.conf\"\n*/ a = 1;");
	assert_int_equal(read_tree(temp_path(&temp, "main.conf"), &tree, &err), LKS_INVALID);
	assert_contains(err.where, "x.conf:1");
}

static void test_n13_many_includes_are_bounded(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(text_release) struct text text = TEXT_INIT;

	(void)state;
	file_write_text(temp_path(&temp, "x.conf"), "# nothing\n");
	for (int i = 0; i < 65; i++)
		text_add(&text, "@include \"x.conf\"\n");
	assert_include_refused(&temp, text_string(&text), "more than 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n6_more_than_a_megabyte_is_refused),
		cmocka_unit_test(test_there_is_no_such_file),
		cmocka_unit_test(test_n11_files_that_cannot_be_believed_are_refused),
		cmocka_unit_test(test_n11_folders_that_cannot_be_believed_are_refused),
		cmocka_unit_test(test_n11_a_file_of_somebody_else_is_refused),
		cmocka_unit_test(test_n12_a_file_replaced_or_changed_while_it_is_read),
		cmocka_unit_test(test_includes_keep_their_file_and_line),
		cmocka_unit_test(test_n13_includes_stay_inside_and_end),
		cmocka_unit_test(test_n11_an_included_file_is_judged_too),
		cmocka_unit_test(test_a_comment_or_group_does_not_leave_its_file_unnoticed),
		cmocka_unit_test(test_n13_many_includes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
