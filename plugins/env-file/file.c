/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open, judge, read and lock an env file. replace.c writes it.
 */
#include "env-file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <time.h>

#include "env-file/grammar.h"

#define READ_TRIES 5

enum lks_status file_errno(const struct file *file, int number, const char *doing,
			   struct lks_error *err)
{
	const struct lks_host *host = file->host;
	enum lks_status status = LKS_FAILED;

	switch (number) {
	case EACCES:
	case EPERM:
	case EROFS:
		status = LKS_DENIED;
		break;
	case ENOENT:
	case ENOTDIR:
		status = LKS_NOT_FOUND;
		break;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EMFILE:
	case ENFILE:
	case EAGAIN:
	case ETIMEDOUT:
		status = LKS_UNAVAILABLE;
		break;
	case ENOMEM:
		status = LKS_NO_MEMORY;
		break;
	case ENAMETOOLONG:
	case ELOOP:
		status = LKS_INVALID;
		break;
	default:
		break;
	}
	errno = number;
	return host->fail(host, err, status, "%s: %s: %m", file->path, doing);
}

static enum lks_status refuse(const struct file *file, const char *what, const char *hint,
			      struct lks_error *err)
{
	file->host->fail(file->host, err, LKS_UNSUPPORTED, "%s: refused: %s", file->path, what);
	file->host->hint(file->host, err, hint);
	return LKS_UNSUPPORTED;
}

/* ---- the folder --------------------------------------------------------- */

static enum lks_status step_down(struct file *file, const char *name, bool trusted,
				 struct lks_error *err)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (trusted ? 0 : O_NOFOLLOW);
	int fd = openat(file->dir_fd < 0 ? AT_FDCWD : file->dir_fd, name, flags);

	if (fd < 0)
		return file_errno(file, errno, "opening its folder", err);
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	file->dir_fd = fd;
	return LKS_OK;
}

/* The folders behind `at`, one by one. `path` is cut up. */
static enum lks_status walk_down(struct file *file, char *path, struct lks_error *err)
{
	char *slash;

	for (; (slash = strchr(path, '/')); path = slash + 1) {
		enum lks_status status;

		*slash = '\0';
		if (!*path)
			continue;
		status = step_down(file, path, false, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static enum lks_status open_folder(struct file *file, size_t trusted_len, struct lks_error *err)
{
	AUTO(free_ptr) char *path = strdup(file->path);
	const char *last = strrchr(file->path, '/');
	enum lks_status status;
	char saved;
	size_t cut;

	if (!path)
		return file_errno(file, ENOMEM, "opening its folder", err);
	if (snprintf(file->base, sizeof(file->base), "%s", last ? last + 1 : file->path) >=
		    (int)sizeof(file->base) ||
	    !file->base[0] || strcmp(file->base, ".") == 0 || strcmp(file->base, "..") == 0)
		return file->host->fail(file->host, err, LKS_INVALID,
					"%s is not the path of a file", file->path);
	for (cut = trusted_len; cut > 0 && path[cut - 1] != '/'; cut--)
		;
	if (cut == 0) {
		status = step_down(file, ".", true, err);
	} else {
		saved = path[cut];
		path[cut] = '\0';
		status = step_down(file, path, true, err);
		path[cut] = saved;
	}
	return status ? status : walk_down(file, path + cut, err);
}

/* A link is followed once, to a name in the same folder. */
static enum lks_status follow_symlink(struct file *file, struct lks_error *err)
{
	char target[256];
	ssize_t len;

	len = readlinkat(file->dir_fd, file->base, target, sizeof(target));
	if (len < 0)
		return errno == EINVAL || errno == ENOENT
			       ? LKS_OK
			       : file_errno(file, errno, "reading the symbolic link", err);
	if (len >= (ssize_t)sizeof(target) || memchr(target, '/', (size_t)len) ||
	    (len == 1 && target[0] == '.') || (len == 2 && memcmp(target, "..", 2) == 0))
		return refuse(file, "it is a symbolic link that leaves its folder",
			      "set path to the file that the link points to", err);
	memcpy(file->base, target, (size_t)len);
	file->base[len] = '\0';
	return LKS_OK;
}

enum lks_status file_open(const struct lks_host *host, const char *path, size_t trusted_len,
			  unsigned flags, struct file *ret_file, struct lks_error *err)
{
	struct statfs system;
	enum lks_status status;

	ret_file->host = host;
	ret_file->path = path;
	ret_file->flags = flags;
	status = open_folder(ret_file, trusted_len, err);
	if (status)
		return status;
	if (fstat(ret_file->dir_fd, &ret_file->dir) || fstatfs(ret_file->dir_fd, &system))
		return file_errno(ret_file, errno, "looking at its folder", err);
	if (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC ||
	    system.f_type == CGROUP_SUPER_MAGIC || system.f_type == CGROUP2_SUPER_MAGIC)
		return refuse(ret_file, "it is a file of the kernel",
			      "set path to a file on a disk", err);
	return flags & FILE_FOLLOW_SYMLINK ? follow_symlink(ret_file, err) : LKS_OK;
}

void file_close(struct file *file)
{
	fd_close(&file->lock_fd);
	fd_close(&file->dir_fd);
	file->lock_fd = file->dir_fd = -1;
}

/* ---- judging and reading ------------------------------------------------ */

static bool owner_is_trusted(const struct file *file, const struct stat *st)
{
	uid_t self = geteuid();

	if (st->st_uid == self || st->st_uid == 0)
		return true;
	return self == 0 && (file->dir.st_uid == 0 || file->dir.st_uid == st->st_uid);
}

static enum lks_status judge(const struct file *file, const struct stat *st, struct lks_error *err)
{
	if (S_ISDIR(st->st_mode))
		return refuse(file, "it is a folder", "set path to the file in it", err);
	if (!S_ISREG(st->st_mode))
		return refuse(file, "it is not a regular file (a pipe, socket or device)",
			      "set path to a regular file", err);
	if (st->st_nlink > 1)
		return refuse(file, "it has a second name (a hard link), which would keep the old "
				    "values",
			      "make it a file of its own: cp -p FILE NEW && mv NEW FILE", err);
	if (st->st_mode & (S_ISUID | S_ISGID))
		return refuse(file, "it has the setuid or setgid bit", "chmod u-s,g-s FILE", err);
	if (!owner_is_trusted(file, st))
		return refuse(file, "it belongs to another user",
			      "run as the user that owns the file, or chown it", err);
	if (st->st_size > GRAMMAR_FILE_MAX)
		return refuse(file, "it is larger than 1 MiB",
			      "an env file that large is not read; split it", err);
	return LKS_OK;
}

static enum lks_status open_target(struct file *file, int *ret_fd, struct lks_error *err)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	*ret_fd = openat(file->dir_fd, file->base, flags);
	if (*ret_fd >= 0 || errno == ENOENT)
		return LKS_OK;
	if (errno == ELOOP)
		return refuse(file, "it is a symbolic link",
			      "set path to the real file, or follow_symlink = true for a link "
			      "within its folder",
			      err);
	if (errno == ENXIO)
		return refuse(file, "it is not a regular file (a socket)",
			      "set path to a regular file", err);
	return file_errno(file, errno, "opening it", err);
}

enum lks_status file_check(struct file *file, bool *ret_missing, struct lks_error *err)
{
	AUTO(fd_close) int fd = -1;
	struct stat st;
	enum lks_status status = open_target(file, &fd, err);

	*ret_missing = !status && fd < 0;
	if (status || fd < 0)
		return status;
	if (fstat(fd, &st))
		return file_errno(file, errno, "looking at it", err);
	return judge(file, &st, err);
}

/* Up to `capacity` bytes from the start. */
static enum lks_status read_all(const struct file *file, int fd, struct bytes *text,
				struct lks_error *err)
{
	text->len = 0;
	while (text->len < text->capacity) {
		ssize_t got = pread(fd, text->data + text->len, text->capacity - text->len,
				    (off_t)text->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_errno(file, errno, "reading it", err);
		if (got == 0)
			break;
		text->len += (size_t)got;
	}
	return LKS_OK;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* One try; `*ret_stable` is false if it was written to meanwhile. */
static enum lks_status read_once(struct file *file, struct snapshot *snapshot, bool *ret_stable,
				 struct lks_error *err)
{
	struct stat after;
	enum lks_status status;

	snapshot_release(snapshot);
	*ret_stable = true;
	status = open_target(file, &snapshot->fd, err);
	if (status)
		return status;
	if (snapshot->fd < 0) {
		snapshot->missing = true;
		return bytes_new(&snapshot->text, file->host, 0, err);
	}
	if (fstat(snapshot->fd, &snapshot->st))
		return file_errno(file, errno, "looking at it", err);
	if (snapshot->st.st_nlink == 0) {
		*ret_stable = false; /* replaced between open and fstat */
		return LKS_OK;
	}
	status = judge(file, &snapshot->st, err);
	/* One byte more shows whether it has grown. */
	if (!status)
		status = bytes_new(&snapshot->text, file->host, (size_t)snapshot->st.st_size + 1,
				   err);
	if (!status)
		status = read_all(file, snapshot->fd, &snapshot->text, err);
	if (status)
		return status;
	if (fstat(snapshot->fd, &after))
		return file_errno(file, errno, "looking at it", err);
	*ret_stable = same_state(&snapshot->st, &after) &&
		      snapshot->text.len == (size_t)snapshot->st.st_size;
	return LKS_OK;
}

enum lks_status file_read(struct file *file, struct snapshot *ret_snapshot, struct lks_error *err)
{
	bool stable = false;
	unsigned tries;

	for (tries = 0; tries < READ_TRIES && !stable; tries++) {
		enum lks_status status = read_once(file, ret_snapshot, &stable, err);

		if (status)
			return status;
	}
	if (!stable)
		return file->host->fail(file->host, err, LKS_UNAVAILABLE,
					"%s: another program is writing to it", file->path);
	return LKS_OK;
}

void snapshot_release(struct snapshot *snapshot)
{
	fd_close(&snapshot->fd);
	bytes_release(&snapshot->text);
	memset(&snapshot->st, 0, sizeof(snapshot->st));
	snapshot->fd = -1;
	snapshot->missing = false;
}

/* ---- the lock ----------------------------------------------------------- */

static enum lks_status open_lock(struct file *file, struct lks_error *err)
{
	struct stat st;
	char name[300];

	if (file->flags & FILE_IN_PLACE) {
		/* The inode stays, so the file can be its own lock; a folder
		   that holds a bind mount may be read-only. */
		file->lock_fd = openat(file->dir_fd, file->base,
				       O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (file->lock_fd < 0)
			return file_errno(file, errno, "opening it for writing", err);
		return LKS_OK;
	}
	snprintf(name, sizeof(name), ".%s.lockstep.lock", file->base);
	file->lock_fd = openat(file->dir_fd, name,
			       O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			       S_IRUSR | S_IWUSR);
	if (file->lock_fd < 0 && errno == ELOOP)
		return refuse(file, "its lock file is a symbolic link",
			      "somebody put it there: remove .NAME.lockstep.lock", err);
	if (file->lock_fd < 0)
		return file_errno(file, errno, "making its lock file", err);
	if (fstat(file->lock_fd, &st))
		return file_errno(file, errno, "looking at its lock file", err);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1 || !owner_is_trusted(file, &st))
		return refuse(file, "its lock file is not ours",
			      "somebody put it there: remove .NAME.lockstep.lock", err);
	/* What root made must not lock out the file's owner. */
	if (geteuid() == 0 && st.st_uid != file->dir.st_uid)
		(void)!fchown(file->lock_fd, file->dir.st_uid, file->dir.st_gid);
	return LKS_OK;
}

enum lks_status file_lock(struct file *file, int64_t deadline_ms, struct lks_error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec pause = { 0, 500000 };
	enum lks_status status = open_lock(file, err);

	if (status)
		return status;
	for (;;) {
		if (fcntl(file->lock_fd, F_OFD_SETLK, &lock) == 0)
			return LKS_OK;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return file_errno(file, errno, "locking it", err);
		if (file->host->now_ms(file->host) >= deadline_ms)
			return file->host->fail(file->host, err, LKS_UNAVAILABLE,
						"%s: another process holds its lock", file->path);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 8000000)
			pause.tv_nsec += pause.tv_nsec / 2;
	}
}
