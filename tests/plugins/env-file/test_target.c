/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file on disk: what is refused, what is kept, and what every failing call
 * leaves behind. The calls are wrapped by the linker: one of them can be made
 * to fail, to end the process, or to let a foreign writer in.
 */
#include "plugins/env-file/env_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- faults ------------------------------------------------------------- */

enum fault_kind { FAULT_NONE, FAULT_ERRNO, FAULT_KILL, FAULT_HOOK };

static struct {
	enum fault_kind kind;
	const char *only; /* NULL: any call counts */
	int number;       /* errno */
	unsigned at;      /* 1 is the next call */
	unsigned seen;
	bool once_hit;
	void (*hook)(void);
} fault;

static bool fault_now(const char *call)
{
	if (fault.kind == FAULT_NONE || (fault.only && strcmp(fault.only, call) != 0))
		return false;
	if (++fault.seen != fault.at)
		return false;
	fault.once_hit = true;
	if (fault.kind == FAULT_KILL)
		raise(SIGKILL);
	if (fault.kind == FAULT_HOOK) {
		fault.hook();
		return false;
	}
	errno = fault.number;
	return true;
}

static void fault_arm(enum fault_kind kind, const char *only, int number, unsigned at)
{
	memset(&fault, 0, sizeof(fault));
	fault.kind = kind;
	fault.only = only;
	fault.number = number;
	fault.at = at;
}

static void fault_off(void)
{
	fault.kind = FAULT_NONE;
}

#define WRAP(type, name, parameters, arguments)                                                    \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fault_now(#name) ? (type)-1 : __real_##name arguments;                      \
	}

WRAP(int, fsync, (int fd), (fd))
WRAP(int, fallocate, (int fd, int mode, off_t offset, off_t len), (fd, mode, offset, len))
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
WRAP(int, renameat, (int from_fd, const char *from, int to_fd, const char *to),
     (from_fd, from, to_fd, to))
WRAP(int, fstat, (int fd, struct stat *st), (fd, st))
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t len, off_t at), (fd, data, len, at))
WRAP(ssize_t, pread, (int fd, void *data, size_t len, off_t at), (fd, data, len, at))
WRAP(ssize_t, flistxattr, (int fd, char *list, size_t size), (fd, list, size))

/* Has really closed: the kernel lets go of the descriptor in every case. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	bool failed = fault_now("close");
	int number = errno;
	int result = __real_close(fd);

	errno = failed ? number : errno;
	return failed ? -1 : result;
}

int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
	va_end(list);
	return fault_now("openat") ? -1 : __real_openat(dir_fd, path, flags, mode);
}

/* In a child as an ordinary user; the parent is told whether all held. */
static bool in_child(void (*body)(void *), void *argument, bool as_nobody)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (as_nobody && geteuid() == 0 &&
		    (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
			_exit(99);
		body(argument);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void must(bool held)
{
	if (!held)
		_exit(1);
}

static const char text[] = "# top\nA=1\nB='two words' # note\nC=3";

/* ---- N52: what is no file of ours --------------------------------------- */

static void assert_refused(struct env *env, const char *says)
{
	assert_int_not_equal(env_try_get(env, "A"), LKS_OK);
	assert_contains(fake_error_text(env->err), says);
	assert_true(strlen(fake_error_hint(env->err)) > 0);
	assert_int_not_equal(env_set(env, "A", "2"), LKS_OK);
	assert_contains(fake_error_text(env->err), says);
	assert_int_equal(fake_host_buffers(env->fake), 0);
}

static void test_n52_a_symbolic_link_is_refused_and_its_target_untouched(void **state)
{
	AUTO(env_end) struct env env = env_begin(NULL);
	const char *real = temp_path(&env.temp, "shadow");
	char *after;

	(void)state;
	file_write_text(real, "A=1\n");
	assert_int_equal(symlink(real, env.path), 0);
	assert_refused(&env, "symbolic link");
	env_option(&env, "follow_symlink", "true");
	assert_refused(&env, "leaves its folder");
	after = file_read(real, NULL);
	assert_string_equal(after, "A=1\n");
	free(after);
}

static void test_n52_a_link_within_the_folder_is_followed_once_where_allowed(void **state)
{
	AUTO(env_end) struct env env = env_begin_with(NULL, "follow_symlink", "true");
	const char *real = temp_path(&env.temp, "real.env");
	struct stat st;
	char *after;

	(void)state;
	file_write_text(real, "A=1\n");
	assert_int_equal(symlink("real.env", env.path), 0);
	assert_env_ok(&env, env_set(&env, "A", "2"));
	after = file_read(real, NULL);
	assert_string_equal(after, "A=2\n");
	free(after);
	assert_int_equal(lstat(env.path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(unlink(real), 0);
	assert_int_equal(symlink("elsewhere", real), 0);
	assert_refused(&env, "symbolic link");
}

static const char *swap_path;

static void swap_for_a_link(void)
{
	unlink(swap_path);
	if (symlink("/etc/hostname", swap_path))
		abort();
}

static void test_n52_a_link_that_is_swapped_in_while_writing_is_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	struct stat st;

	(void)state;
	swap_path = env.path;
	fault_arm(FAULT_HOOK, "fsync", 0, 1);
	fault.hook = swap_for_a_link;
	assert_int_equal(env_set(&env, "A", "2"), LKS_UNSUPPORTED);
	fault_off();
	assert_int_equal(lstat(env.path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(folder_count(env.temp.path), 2);
}

static void test_n52_a_second_name_is_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	assert_int_equal(link(env.path, temp_path(&env.temp, "other")), 0);
	assert_refused(&env, "hard link");
}

static void test_n52_a_folder_a_pipe_a_socket_and_a_device_are_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(NULL);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(mkdir(env.path, 0700), 0);
	assert_refused(&env, "folder");
	assert_int_equal(rmdir(env.path), 0);
	assert_int_equal(mkfifo(env.path, 0600), 0);
	assert_refused(&env, "regular file");
	assert_int_equal(unlink(env.path), 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%.100s", env.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_refused(&env, "regular file");
	close(fd);
	env.path_option = "/dev/zero";
	assert_env_ok(&env, env_reopen(&env));
	assert_int_equal(env_try_get(&env, "A"), LKS_UNSUPPORTED);
}

static void test_n52_files_of_the_kernel_are_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(NULL);

	(void)state;
	env.path_option = "/proc/self/environ";
	assert_env_ok(&env, env_reopen(&env));
	assert_refused(&env, "file of the kernel");
}

static void test_n52_setuid_is_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	assert_int_equal(chmod(env.path, 04600), 0);
	assert_refused(&env, "setuid");
}

static void other_owner(void *argument)
{
	struct env *env = argument;

	must(env_try_get(env, "A") == LKS_UNSUPPORTED);
	must(strstr(fake_error_text(env->err), "another user"));
	must(env_set(env, "A", "2") != LKS_OK);
}

static void test_n52_a_file_of_another_user_is_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a file away");
	assert_int_equal(chown(env.path, 12345, 12345), 0);
	assert_int_equal(chmod(env.path, 0644), 0);
	assert_int_equal(chmod(env.temp.path, 0777), 0);
	assert_true(in_child(other_owner, &env, true));
	/* Root works for the owner, who stays the owner; but not in a folder
	   of a third user. */
	assert_int_equal(chown(env.temp.path, 54321, 54321), 0);
	assert_int_equal(env_set(&env, "A", "2"), LKS_UNSUPPORTED);
	env_assert_file(&env, text);
}

static void test_root_keeps_owner_and_group(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a file away");
	assert_int_equal(chown(env.path, 12345, 12346), 0);
	assert_env_ok(&env, env_set(&env, "A", "2"));
	assert_int_equal(stat(env.path, &st), 0);
	assert_int_equal(st.st_uid, 12345);
	assert_int_equal(st.st_gid, 12346);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void no_write(void *argument)
{
	struct env *env = argument;

	must(env_set(env, "A", "2") == LKS_DENIED);
	must(env_try_get(env, "A") == LKS_OK);
}

static void test_n52_a_folder_without_write_permission_is_denied_and_still_read(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	if (geteuid() == 0) {
		assert_int_equal(chown(env.path, 65534, 65534), 0);
		assert_int_equal(chmod(env.temp.path, 0755), 0);
	} else {
		assert_int_equal(chmod(env.temp.path, 0500), 0);
	}
	assert_true(in_child(no_write, &env, true));
	assert_int_equal(chmod(env.temp.path, 0700), 0);
	env_assert_file(&env, text);
}

static void test_n52_an_immutable_file_is_denied(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	int fd = open(env.path, O_RDONLY | O_CLOEXEC);
	int flags = FS_IMMUTABLE_FL;
	enum lks_status status;

	(void)state;
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags)) {
		close(fd);
		skip_because("no file can be made immutable here");
	}
	status = env_set(&env, "A", "2");
	flags = 0;
	assert_int_equal(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
	assert_int_equal(status, LKS_DENIED);
	env_assert_file(&env, text);
	env_assert_clean(&env);
}

/* A file bound over itself, in a mount namespace of its own. */
static void bind_mounted(void *argument)
{
	struct env *env = argument;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(env->path, env->path, NULL, MS_BIND, NULL))
		_exit(77);
	must(env_set(env, "A", "2") == LKS_UNSUPPORTED);
	must(strstr(fake_error_text(env->err), "mount"));
	must(strstr(fake_error_hint(env->err), "in_place = true"));
	must(folder_count(env->temp.path) == 2);
	must(env_try_get(env, "A") == LKS_OK);
	env_option(env, "in_place", "true");
	must(env_set(env, "A", "22") == LKS_OK);
	must(strcmp(env_get(env, "A"), "22") == 0);
	must(env_set(env, "A", "1") == LKS_OK);
}

static void test_n52_a_bind_mounted_file_is_refused_and_in_place_is_named(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		bind_mounted(&env);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip_because("nothing can be mounted here");
	assert_int_equal(status, 0);
	env_assert_file(&env, text);
}

static void read_only(void *argument)
{
	struct env *env = argument;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(env->temp.path, env->temp.path, NULL, MS_BIND, NULL) ||
	    mount(NULL, env->temp.path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		_exit(77);
	must(env_try_get(env, "A") == LKS_OK);
	must(env_set(env, "A", "2") == LKS_DENIED);
	must(strstr(fake_error_text(env->err), "Read-only"));
}

static void test_n52_a_read_only_file_system_is_denied_and_still_read(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		read_only(&env);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip_because("nothing can be mounted here");
	assert_int_equal(status, 0);
}

/* ---- N53: what is kept -------------------------------------------------- */

static void test_n53_a_file_that_others_can_read_warns_once_and_keeps_its_mode(void **state)
{
	AUTO(env_end) struct env env = env_begin(NULL);
	const char *found;

	(void)state;
	file_write(env.path, text, sizeof(text) - 1, 0644);
	assert_env_ok(&env, env_set(&env, "A", "2"));
	assert_non_null(env_get(&env, "A"));
	assert_int_equal(file_mode(env.path) & 07777, 0644);
	found = strstr(fake_host_log(env.fake), "mode 0644");
	assert_non_null(found);
	assert_null(strstr(found + 1, "mode 0644"));
}

static void test_n53_extended_attributes_are_kept(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	char value[16] = "";

	(void)state;
	if (setxattr(env.path, "user.note", "kept", 4, 0))
		skip_because("no extended attributes here");
	assert_env_ok(&env, env_set(&env, "A", "2"));
	assert_int_equal(getxattr(env.path, "user.note", value, sizeof(value)), 4);
	assert_string_equal(value, "kept");
}

/* u::rw-, u:7:r--, g::---, m::r--, o::--- */
static const unsigned char acl[] = { 2,   0,   0,   0,   1,   0,   6,  0,   255, 255, 255,
				     255, 2,   0,   4,   0,   7,   0,  0,   0,   4,   0,
				     0,   0,   255, 255, 255, 255, 16, 0,   4,   0,   255,
				     255, 255, 255, 32,  0,   0,   0,  255, 255, 255, 255 };

static void test_n53_an_access_list_is_kept_and_none_is_inherited(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	unsigned char found[64];

	(void)state;
	if (setxattr(env.path, "system.posix_acl_access", acl, sizeof(acl), 0))
		skip_because("no access lists here");
	assert_env_ok(&env, env_set(&env, "A", "2"));
	assert_int_equal(getxattr(env.path, "system.posix_acl_access", found, sizeof(found)),
			 sizeof(acl));
	assert_memory_equal(found, acl, sizeof(acl));
	/* The folder gives every new file a list; this file must not get one. */
	assert_int_equal(removexattr(env.path, "system.posix_acl_access"), 0);
	assert_int_equal(chmod(env.path, 0600), 0);
	assert_int_equal(setxattr(env.temp.path, "system.posix_acl_default", acl, sizeof(acl), 0),
			 0);
	assert_env_ok(&env, env_set(&env, "A", "3"));
	assert_int_equal(getxattr(env.path, "system.posix_acl_access", found, sizeof(found)), -1);
	assert_int_equal(file_mode(env.path) & 07777, 0600);
}

/* ---- N54: a foreign writer ---------------------------------------------- */

static const char *foreign_path;
static const char *foreign_text;

static void write_foreign(void)
{
	FILE *file = fopen(foreign_path, "w");

	fputs(foreign_text, file);
	fclose(file);
}

static void write_foreign_by_rename(void)
{
	char other[600];
	FILE *file;

	snprintf(other, sizeof(other), "%s.editor", foreign_path);
	file = fopen(other, "w");
	fputs(foreign_text, file);
	fclose(file);
	rename(other, foreign_path);
}

static void test_n54_what_an_editor_writes_between_read_and_rename_is_kept(void **state)
{
	void (*const editors[])(void) = { write_foreign, write_foreign_by_rename };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(editors); i++) {
		AUTO(env_end) struct env env = env_begin("A=1\nB=2\n");

		foreign_path = env.path;
		foreign_text = "A=1\nB=edited\n# and a comment\n";
		fault_arm(FAULT_HOOK, "fsync", 0, 1);
		fault.hook = editors[i];
		assert_env_ok(&env, env_set(&env, "A", "new"));
		assert_true(fault.once_hit);
		fault_off();
		env_assert_file(&env, "A=new\nB=edited\n# and a comment\n");
		env_assert_clean(&env);
	}
}

static void test_n54_a_foreign_change_of_our_key_is_a_conflict(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	char version[LKS_VERSION_MAX + 1];

	(void)state;
	snprintf(version, sizeof(version), "%s", env_version(&env, "A"));
	foreign_path = env.path;
	foreign_text = "A=theirs\n";
	fault_arm(FAULT_HOOK, "fsync", 0, 1);
	fault.hook = write_foreign;
	assert_int_equal(env_set_bytes(&env, "A", "new", 3, version), LKS_CONFLICT);
	fault_off();
	env_assert_file(&env, "A=theirs\n");
	env_assert_clean(&env);
}

/* ---- N56, N57: calls that fail ------------------------------------------ */

/* Each call of one kind fails in turn, until the write goes through. */
static void fail_each(const char *call, int number)
{
	unsigned at;

	for (at = 1;; at++) {
		AUTO(env_end) struct env env = env_begin(text);
		enum lks_status status;
		char *after;
		bool hit;

		fault_arm(FAULT_ERRNO, call, number, at);
		status = env_set(&env, "A", "2");
		hit = fault.once_hit;
		fault_off();
		after = file_read(env.path, NULL);
		if (status == LKS_OK) {
			assert_string_equal(after, "# top\nA=2\nB='two words' # note\nC=3");
			free(after);
			env_assert_clean(&env);
			if (!hit)
				return;
			continue;
		}
		assert_contains(fake_error_text(env.err), ".env");
		/* Behind the rename only two things can be said. */
		if (strcmp(after, text) != 0)
			assert_true(status == LKS_FAILED || status == LKS_UNCERTAIN);
		else
			assert_int_not_equal(status, LKS_UNCERTAIN);
		free(after);
		env_assert_clean(&env);
		assert_int_equal(fake_host_buffers(env.fake), 0);
	}
}

static void test_n56_every_failing_call_leaves_the_old_file_or_says_what_is_there(void **state)
{
	static const char *const calls[] = { "fsync", "fallocate", "fchmod", "renameat",
					     "fstat", "pwrite",    "pread",  "flistxattr",
					     "close", "openat" };
	static const int numbers[] = { EIO, ENOSPC, EDQUOT, EACCES };
	size_t i;
	size_t k;

	(void)state;
	for (i = 0; i < COUNT_OF(calls); i++) {
		for (k = 0; k < COUNT_OF(numbers); k++)
			fail_each(calls[i], numbers[k]);
	}
}

static void test_n56_a_full_disk_is_unavailable_and_named(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	fault_arm(FAULT_ERRNO, "pwrite", ENOSPC, 1);
	assert_int_equal(env_set(&env, "A", "2"), LKS_UNAVAILABLE);
	fault_off();
	assert_contains(fake_error_text(env.err), "No space left");
	assert_contains(fake_error_text(env.err), env.path);
	env_assert_file(&env, text);
}

static void test_n56_a_failed_sync_is_not_asked_again(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	fault_arm(FAULT_ERRNO, "fsync", EIO, 1);
	assert_int_equal(env_set(&env, "A", "2"), LKS_FAILED);
	assert_int_equal(fault.seen, 1);
	fault_off();
	env_assert_file(&env, text);
	env_assert_clean(&env);
}

static void small_files(void *argument)
{
	struct env *env = argument;
	struct rlimit limit = { 10, 10 };

	must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	must(env_set(env, "A", "2") == LKS_UNAVAILABLE);
	must(strstr(fake_error_text(env->err), "RLIMIT_FSIZE"));
}

static void test_n56_a_limit_of_file_sizes_is_an_error_and_no_signal(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	assert_true(in_child(small_files, &env, false));
	env_assert_file(&env, text);
	env_assert_clean(&env);
}

static void test_n57_a_failing_close_leaves_the_old_file(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	unsigned at;

	(void)state;
	/* The close of the new content is the one that counts. */
	for (at = 1; at < 12; at++) {
		fault_arm(FAULT_ERRNO, "close", EIO, at);
		if (env_set(&env, "A", "2") == LKS_FAILED)
			break;
		fault_off();
		file_write(env.path, text, sizeof(text) - 1, 0600);
	}
	fault_off();
	assert_true(at < 12);
	assert_contains(fake_error_text(env.err), "closing the new content failed");
	env_assert_file(&env, text);
	env_assert_clean(&env);
}

/* ---- kill ---------------------------------------------------------------- */

/* Dies at its n-th call; what is left is one of the two files, and the next
   write clears up. */
static void test_a_kill_at_every_call_leaves_the_old_or_the_new_file(void **state)
{
	static const char new_text[] = "# top\nA=2\nB='two words' # note\nC=3";
	unsigned at;
	bool killed = true;

	(void)state;
	for (at = 1; killed; at++) {
		AUTO(env_end) struct env env = env_begin(text);
		int status = 0;
		pid_t child = fork();
		char *after;

		if (child == 0) {
			fault_arm(FAULT_KILL, NULL, 0, at);
			_exit(env_set(&env, "A", "2") != LKS_OK);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		killed = WIFSIGNALED(status);
		after = file_read(env.path, NULL);
		assert_true(strcmp(after, text) == 0 || strcmp(after, new_text) == 0);
		if (!killed)
			assert_string_equal(after, new_text);
		free(after);
		assert_env_ok(&env, env_set(&env, "A", "3"));
		env_assert_file(&env, "# top\nA=3\nB='two words' # note\nC=3");
		env_assert_clean(&env);
	}
	assert_true(at > 15);
}

/* ---- N58: names that are taken ------------------------------------------- */

#define OPERATION "0190f5fe-7e0b-7000-8000-000000000001"

static enum lks_status set_in_operation(struct env *env, const char *value)
{
	struct lks_record *record = fake_record_of(value, SIZE_MAX);
	struct lks_call call = fake_call(env->fake, 10000, 0);
	enum lks_status status;

	call.operation = OPERATION;
	status = env->backend->set(env->instance, &call, "A", record, NULL, env->err);
	fake_record_free(record);
	return status;
}

static void test_n58_leftovers_of_a_crash_are_removed(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	file_write_text(temp_path(&env.temp, "..env.lockstep." OPERATION), "half");
	file_write_text(temp_path(&env.temp, "..env.lockstep.0123456789abcdef0123456789abcdef"),
			"half");
	assert_env_ok(&env, set_in_operation(&env, "2"));
	env_assert_clean(&env);
}

static void test_n58_a_name_that_somebody_else_took_is_left_alone(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	const char *victim = temp_path(&env.temp, "victim");
	char *after;

	(void)state;
	file_write_text(victim, "untouched");
	assert_int_equal(symlink("victim", temp_path(&env.temp, "..env.lockstep." OPERATION)), 0);
	assert_env_ok(&env, set_in_operation(&env, "2"));
	after = file_read(victim, NULL);
	assert_string_equal(after, "untouched");
	free(after);
	assert_string_equal(env_get(&env, "A"), "2");
	/* The file, its lock, the victim and the link. */
	assert_int_equal(folder_count(env.temp.path), 4);
}

static void test_n58_a_lock_file_that_is_a_link_is_refused(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);

	(void)state;
	assert_int_equal(symlink("victim", temp_path(&env.temp, "..env.lockstep.lock")), 0);
	assert_int_equal(env_set(&env, "A", "2"), LKS_UNSUPPORTED);
	assert_false(file_exists(temp_path(&env.temp, "victim")));
	env_assert_file(&env, text);
}

static void test_other_hidden_files_are_never_taken_for_leftovers(void **state)
{
	static const char *const names[] = { "..env.lockstep.lock", "..env.lockstep.notes",
					     "..env.lockstep.x.lockstep.0123456789abcdef",
					     ".env.local" };
	AUTO(env_end) struct env env = env_begin(text);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++)
		file_write_text(temp_path(&env.temp, names[i]), "");
	assert_env_ok(&env, env_set(&env, "A", "2"));
	assert_int_equal(folder_count(env.temp.path), 5);
}

/* ---- the rest ------------------------------------------------------------ */

static void test_a_held_lock_is_waited_for_until_the_deadline(void **state)
{
	AUTO(env_end) struct env env = env_begin(text);
	int fd = open(temp_path(&env.temp, "..env.lockstep.lock"), O_RDWR | O_CREAT | O_CLOEXEC,
		      0600);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct lks_record *record = fake_record_of("2", 1);
	struct lks_call call = fake_call(env.fake, 30, 0);

	(void)state;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(env.backend->set(env.instance, &call, "A", record, NULL, env.err),
			 LKS_UNAVAILABLE);
	assert_contains(fake_error_text(env.err), "holds its lock");
	close(fd);
	env_assert_file(&env, text);
	fake_record_free(record);
}

static void test_in_place_keeps_the_inode_and_shrinks_the_file(void **state)
{
	AUTO(env_end) struct env env = env_begin_with(text, "in_place", "true");
	struct stat before;
	struct stat after;

	(void)state;
	assert_int_equal(stat(env.path, &before), 0);
	assert_env_ok(&env, env_remove(&env, "B"));
	assert_int_equal(stat(env.path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	env_assert_file(&env, "# top\nA=1\nC=3");
	assert_int_equal(folder_count(env.temp.path), 1);
}

static void test_in_place_puts_the_old_content_back_when_writing_fails(void **state)
{
	AUTO(env_end) struct env env = env_begin_with(text, "in_place", "true");

	(void)state;
	fault_arm(FAULT_ERRNO, "fsync", EIO, 1);
	assert_int_equal(env_set(&env, "A", "2"), LKS_FAILED);
	fault_off();
	assert_contains(fake_error_text(env.err), "old content is back");
	env_assert_file(&env, text);
}

static void test_a_larger_file_is_refused_before_it_is_read(void **state)
{
	AUTO(env_end) struct env env = env_begin("");

	(void)state;
	assert_int_equal(truncate(env.path, 10 << 20), 0);
	assert_refused(&env, "larger than 1 MiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n52_a_symbolic_link_is_refused_and_its_target_untouched),
		cmocka_unit_test(test_n52_a_link_within_the_folder_is_followed_once_where_allowed),
		cmocka_unit_test(test_n52_a_link_that_is_swapped_in_while_writing_is_refused),
		cmocka_unit_test(test_n52_a_second_name_is_refused),
		cmocka_unit_test(test_n52_a_folder_a_pipe_a_socket_and_a_device_are_refused),
		cmocka_unit_test(test_n52_files_of_the_kernel_are_refused),
		cmocka_unit_test(test_n52_setuid_is_refused),
		cmocka_unit_test(test_n52_a_file_of_another_user_is_refused),
		cmocka_unit_test(test_root_keeps_owner_and_group),
		cmocka_unit_test(
			test_n52_a_folder_without_write_permission_is_denied_and_still_read),
		cmocka_unit_test(test_n52_an_immutable_file_is_denied),
		cmocka_unit_test(test_n52_a_bind_mounted_file_is_refused_and_in_place_is_named),
		cmocka_unit_test(test_n52_a_read_only_file_system_is_denied_and_still_read),
		cmocka_unit_test(
			test_n53_a_file_that_others_can_read_warns_once_and_keeps_its_mode),
		cmocka_unit_test(test_n53_extended_attributes_are_kept),
		cmocka_unit_test(test_n53_an_access_list_is_kept_and_none_is_inherited),
		cmocka_unit_test(test_n54_what_an_editor_writes_between_read_and_rename_is_kept),
		cmocka_unit_test(test_n54_a_foreign_change_of_our_key_is_a_conflict),
		cmocka_unit_test(
			test_n56_every_failing_call_leaves_the_old_file_or_says_what_is_there),
		cmocka_unit_test(test_n56_a_full_disk_is_unavailable_and_named),
		cmocka_unit_test(test_n56_a_failed_sync_is_not_asked_again),
		cmocka_unit_test(test_n56_a_limit_of_file_sizes_is_an_error_and_no_signal),
		cmocka_unit_test(test_n57_a_failing_close_leaves_the_old_file),
		cmocka_unit_test(test_a_kill_at_every_call_leaves_the_old_or_the_new_file),
		cmocka_unit_test(test_n58_leftovers_of_a_crash_are_removed),
		cmocka_unit_test(test_n58_a_name_that_somebody_else_took_is_left_alone),
		cmocka_unit_test(test_n58_a_lock_file_that_is_a_link_is_refused),
		cmocka_unit_test(test_other_hidden_files_are_never_taken_for_leftovers),
		cmocka_unit_test(test_a_held_lock_is_waited_for_until_the_deadline),
		cmocka_unit_test(test_in_place_keeps_the_inode_and_shrinks_the_file),
		cmocka_unit_test(test_in_place_puts_the_old_content_back_when_writing_fails),
		cmocka_unit_test(test_a_larger_file_is_refused_before_it_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
