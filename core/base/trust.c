/* SPDX-License-Identifier: Apache-2.0 */
/* Folder chains and files that decide what runs, judged on open descriptors. */
#include "base/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

/* A path that a person can paste into a shell. */
static void shell_quote(const char *path, char *buffer, size_t size)
{
	if (strpbrk(path, " \t\n'\"\\$`!*?[]{}()<>|&;#~"))
		snprintf(buffer, size, "'%s'", path);
	else
		string_copy(buffer, size, path);
}

static enum lks_status refuse_owner(const char *path, const char *what, const struct stat *st,
				    struct lks_error *err)
{
	char quoted[512];

	shell_quote(path, quoted, sizeof(quoted));
	error_set(err, LKS_DENIED, "%s %s belongs to user id %lu, not to root or to you (%lu)",
		  what, path, (unsigned long)st->st_uid, (unsigned long)geteuid());
	error_hint(err, "chown %lu %s", (unsigned long)geteuid(), quoted);
	return LKS_DENIED;
}

static enum lks_status refuse_mode(const char *path, const char *what, const struct stat *st,
				   const char *reason, const char *fix, struct lks_error *err)
{
	char quoted[512];

	shell_quote(path, quoted, sizeof(quoted));
	error_set(err, LKS_DENIED, "%s %s %s (mode %04o)", what, path, reason,
		  (unsigned)st->st_mode & 07777u);
	error_hint(err, "chmod %s %s", fix, quoted);
	return LKS_DENIED;
}

static enum lks_status check_owner_and_writers(const struct stat *st, const char *path,
					       const char *what, struct lks_error *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return refuse_owner(path, what, st, err);
	if (S_ISDIR(st->st_mode) && (st->st_mode & OTHERS_WRITE) && (st->st_mode & S_ISVTX)) {
		error_set(err, LKS_DENIED,
			  "%s %s is a shared folder (mode %04o): anybody can put files there", what,
			  path, (unsigned)st->st_mode & 07777u);
		error_hint(err, "keep it in a folder that only you or root can write");
		return LKS_DENIED;
	}
	if (st->st_mode & OTHERS_WRITE)
		return refuse_mode(path, what, st, "can be written by others", "go-w", err);
	return LKS_OK;
}

static enum lks_status refuse_link(const char *path, const char *what, struct lks_error *err)
{
	AUTO(free_ptr) char *real = realpath(path, NULL);

	error_set(err, LKS_DENIED, "%s %s is a symbolic link, which is not followed", what, path);
	if (real)
		error_hint(err, "name the real place: %s", real);
	return LKS_DENIED;
}

/* One step down the chain; replaces `*fd`. `path` is the folder's own path. */
static enum lks_status step_into(int *fd, const char *name, const char *path, const char *what,
				 struct lks_error *err)
{
	struct stat st;
	int next = openat(*fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0) {
		int error_number = errno;

		if (fstatat(*fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			return refuse_link(path, what, err);
		return error_set(err, status_from_errno(error_number), "%s %s: %s", what, path,
				 strerror(error_number));
	}
	close(*fd);
	*fd = next;
	if (fstat(next, &st))
		return error_set(err, LKS_FAILED, "%s %s: %s", what, path, strerror(errno));
	return check_owner_and_writers(&st, path, what, err);
}

static enum lks_status absolute(const char *path, const char *what, struct text *ret_path,
				struct lks_error *err)
{
	if (!path[0])
		return error_set(err, LKS_INVALID, "%s: the path is empty", what);
	if (path[0] != '/') {
		AUTO(free_ptr) char *here = getcwd(NULL, 0);

		if (!here || here[0] != '/')
			return error_set(err, LKS_NOT_FOUND,
					 "%s %s: the working directory is gone; give a whole path",
					 what, path);
		text_add(ret_path, here);
		text_add_char(ret_path, '/');
	}
	text_add(ret_path, path);
	return text_ok(ret_path) ? LKS_OK : error_no_memory(err, what);
}

/* Walk the folders of the absolute `path`, which is cut into pieces. */
static enum lks_status walk(char *path, const char *what, int *ret_fd, struct lks_error *err)
{
	AUTO(text_release) struct text so_far = TEXT_INIT;
	AUTO(fd_close) int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum lks_status status;
	struct stat st;
	char *rest = NULL;

	if (fd < 0 || fstat(fd, &st))
		return error_set(err, LKS_FAILED, "open /: %s", strerror(errno));
	status = check_owner_and_writers(&st, "/", "the folder", err);
	for (char *name = strtok_r(path, "/", &rest); name && !status;
	     name = strtok_r(NULL, "/", &rest)) {
		bool is_last = rest[strspn(rest, "/")] == '\0';

		if (strcmp(name, ".") == 0)
			continue;
		text_add_char(&so_far, '/');
		text_add(&so_far, name);
		if (!text_ok(&so_far))
			return error_no_memory(err, what);
		status = step_into(&fd, name, text_string(&so_far), is_last ? what : "the folder",
				   err);
	}
	if (status)
		return status;
	*ret_fd = fd;
	fd = -1;
	return LKS_OK;
}

enum lks_status trust_enter_folder(const char *path, const char *what, int *ret_fd,
				   struct lks_error *err)
{
	AUTO(text_release) struct text whole = TEXT_INIT;
	enum lks_status status = absolute(path, what, &whole, err);

	return status ? status : walk(whole.data, what, ret_fd, err);
}

enum lks_status trust_open_folder(const char *path, const char *what, int *ret_fd,
				  struct lks_error *err)
{
	AUTO(fd_close) int fd = -1;
	enum lks_status status = trust_enter_folder(path, what, &fd, err);
	int readable;

	if (status)
		return status;
	/* The walk needs no read permission on the folders above; this does. */
	readable = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (readable < 0)
		return error_set(err, status_from_errno(errno), "%s %s: %s", what, path,
				 strerror(errno));
	*ret_fd = readable;
	return LKS_OK;
}

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a folder";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "something else";
}

static enum lks_status check_file(const struct stat *st, const char *path, const char *what,
				  unsigned flags, struct lks_error *err)
{
	enum lks_status status;

	if (S_ISLNK(st->st_mode))
		return refuse_link(path, what, err);
	if (!S_ISREG(st->st_mode))
		return error_set(err, LKS_DENIED, "%s %s is %s, not a regular file", what, path,
				 kind_of(st->st_mode));
	status = check_owner_and_writers(st, path, what, err);
	if (status)
		return status;
	if ((flags & TRUST_PRIVATE) && (st->st_mode & (S_IRWXG | S_IRWXO)))
		return refuse_mode(path, what, st, "can be read by others", "600", err);
	if ((flags & TRUST_ONE_LINK) && st->st_nlink != 1) {
		error_set(err, LKS_DENIED, "%s %s has %lu names (hard links); it may have one",
			  what, path, (unsigned long)st->st_nlink);
		error_hint(err, "replace it by a copy of its own");
		return LKS_DENIED;
	}
	return LKS_OK;
}

enum lks_status trust_open_file_at(int folder_fd, const char *folder, const char *name,
				   const char *what, unsigned flags, int *ret_fd,
				   struct stat *ret_stat, struct lks_error *err)
{
	AUTO(text_release) struct text path = TEXT_INIT;
	AUTO(fd_close) int fd = -1;
	enum lks_status status;
	struct stat st;

	text_printf(&path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
	if (!text_ok(&path))
		return error_no_memory(err, what);
	/* Looked at before it is opened: opening a device can have effects. */
	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return error_set(err, status_from_errno(errno), "%s %s: %s", what, path.data,
				 strerror(errno));
	status = check_file(&st, path.data, what, flags, err);
	if (status)
		return status;
	fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return error_set(err, status_from_errno(errno), "%s %s: %s", what, path.data,
				 strerror(errno));
	status = check_file(&st, path.data, what, flags, err);
	if (status)
		return status;
	if (ret_stat)
		*ret_stat = st;
	*ret_fd = fd;
	fd = -1;
	return LKS_OK;
}

enum lks_status trust_open_file(const char *path, const char *what, unsigned flags, int *ret_fd,
				struct stat *ret_stat, struct lks_error *err)
{
	AUTO(text_release) struct text whole = TEXT_INIT;
	AUTO(text_release) struct text folder = TEXT_INIT;
	AUTO(fd_close) int fd = -1;
	enum lks_status status;
	char *slash;

	status = absolute(path, what, &whole, err);
	if (status)
		return status;
	slash = strrchr(whole.data, '/');
	if (!slash[1] || strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		return error_set(err, LKS_INVALID, "%s %s is a folder, not a file", what, path);
	*slash = '\0';
	text_add(&folder, whole.data[0] ? whole.data : "/");
	if (!text_ok(&folder))
		return error_no_memory(err, what);
	status = walk(whole.data, "the folder", &fd, err);
	if (status)
		return status;
	return trust_open_file_at(fd, folder.data, slash + 1, what, flags, ret_fd, ret_stat, err);
}
