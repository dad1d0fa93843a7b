/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open, judge, read and lock an env file. replace.c writes it.
 */
#include "env-file/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <time.h>

#include "env-file/grammar.h"

#define READ_TRIES 5

enum lks_status target_errno(const struct target *target, int number, const char *doing,
			     struct lks_error *err)
{
	const struct lks_host *host = target->host;
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
	return host->fail(host, err, status, "%s: %s: %m", target->path, doing);
}

static enum lks_status refuse(const struct target *target, const char *what, const char *hint,
			      struct lks_error *err)
{
	target->host->fail(target->host, err, LKS_UNSUPPORTED, "%s: refused: %s", target->path,
			   what);
	target->host->hint(target->host, err, hint);
	return LKS_UNSUPPORTED;
}

/* ---- the folder --------------------------------------------------------- */

static enum lks_status step_down(struct target *target, const char *name, bool trusted,
				 struct lks_error *err)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (trusted ? 0 : O_NOFOLLOW);
	int fd = openat(target->dir_fd < 0 ? AT_FDCWD : target->dir_fd, name, flags);

	if (fd < 0)
		return target_errno(target, errno, "opening its folder", err);
	if (target->dir_fd >= 0)
		close(target->dir_fd);
	target->dir_fd = fd;
	return LKS_OK;
}

/* The folders behind `at`, one by one. `path` is cut up. */
static enum lks_status walk_down(struct target *target, char *path, struct lks_error *err)
{
	char *slash;

	for (; (slash = strchr(path, '/')); path = slash + 1) {
		enum lks_status status;

		*slash = '\0';
		if (!*path)
			continue;
		status = step_down(target, path, false, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static enum lks_status open_folder(struct target *target, size_t trusted_len, struct lks_error *err)
{
	AUTO(owned_free) char *path = strdup(target->path);
	const char *last = strrchr(target->path, '/');
	enum lks_status status;
	char saved;
	size_t cut;

	if (!path)
		return target_errno(target, ENOMEM, "opening its folder", err);
	if (snprintf(target->base, sizeof(target->base), "%s", last ? last + 1 : target->path) >=
		    (int)sizeof(target->base) ||
	    !target->base[0] || strcmp(target->base, ".") == 0 || strcmp(target->base, "..") == 0)
		return target->host->fail(target->host, err, LKS_INVALID,
					  "%s is not the path of a file", target->path);
	for (cut = trusted_len; cut > 0 && path[cut - 1] != '/'; cut--)
		;
	if (cut == 0) {
		status = step_down(target, ".", true, err);
	} else {
		saved = path[cut];
		path[cut] = '\0';
		status = step_down(target, path, true, err);
		path[cut] = saved;
	}
	return status ? status : walk_down(target, path + cut, err);
}

/* A link is followed once, to a name in the same folder. */
static enum lks_status follow_symlink(struct target *target, struct lks_error *err)
{
	char name[256];
	ssize_t len;

	len = readlinkat(target->dir_fd, target->base, name, sizeof(name));
	if (len < 0)
		return errno == EINVAL || errno == ENOENT
			       ? LKS_OK
			       : target_errno(target, errno, "reading the symbolic link", err);
	if (len >= (ssize_t)sizeof(name) || memchr(name, '/', (size_t)len) ||
	    (len == 1 && name[0] == '.') || (len == 2 && memcmp(name, "..", 2) == 0))
		return refuse(target, "it is a symbolic link that leaves its folder",
			      "set path to the file that the link points to", err);
	memcpy(target->base, name, (size_t)len);
	target->base[len] = '\0';
	return LKS_OK;
}

enum lks_status target_open(const struct lks_host *host, const char *path, size_t trusted_len,
			    unsigned flags, struct target *ret_target, struct lks_error *err)
{
	struct statfs system;
	enum lks_status status;

	ret_target->host = host;
	ret_target->path = path;
	ret_target->flags = flags;
	status = open_folder(ret_target, trusted_len, err);
	if (status)
		return status;
	if (fstat(ret_target->dir_fd, &ret_target->dir) || fstatfs(ret_target->dir_fd, &system))
		return target_errno(ret_target, errno, "looking at its folder", err);
	if (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC ||
	    system.f_type == CGROUP_SUPER_MAGIC || system.f_type == CGROUP2_SUPER_MAGIC)
		return refuse(ret_target, "it is a file of the kernel",
			      "set path to a file on a disk", err);
	return flags & TARGET_FOLLOW_SYMLINK ? follow_symlink(ret_target, err) : LKS_OK;
}

void target_close(struct target *target)
{
	owned_close(&target->lock_fd);
	owned_close(&target->dir_fd);
	target->lock_fd = target->dir_fd = -1;
}

/* ---- judging and reading ------------------------------------------------ */

static bool owner_is_trusted(const struct target *target, const struct stat *st)
{
	uid_t self = geteuid();

	if (st->st_uid == self || st->st_uid == 0)
		return true;
	return self == 0 && (target->dir.st_uid == 0 || target->dir.st_uid == st->st_uid);
}

static enum lks_status judge(const struct target *target, const struct stat *st,
			     struct lks_error *err)
{
	if (S_ISDIR(st->st_mode))
		return refuse(target, "it is a folder", "set path to the file in it", err);
	if (!S_ISREG(st->st_mode))
		return refuse(target, "it is not a regular file (a pipe, socket or device)",
			      "set path to a regular file", err);
	if (st->st_nlink > 1)
		return refuse(target,
			      "it has a second name (a hard link), which would keep the old "
			      "values",
			      "make it a file of its own: cp -p FILE NEW && mv NEW FILE", err);
	if (st->st_mode & (S_ISUID | S_ISGID))
		return refuse(target, "it has the setuid or setgid bit", "chmod u-s,g-s FILE", err);
	if (!owner_is_trusted(target, st))
		return refuse(target, "it belongs to another user",
			      "run as the user that owns the file, or chown it", err);
	if (st->st_size > GRAMMAR_FILE_MAX)
		return refuse(target, "it is larger than 1 MiB",
			      "an env file that large is not read; split it", err);
	return LKS_OK;
}

static enum lks_status open_target(struct target *target, int *ret_fd, struct lks_error *err)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	*ret_fd = openat(target->dir_fd, target->base, flags);
	if (*ret_fd >= 0 || errno == ENOENT)
		return LKS_OK;
	if (errno == ELOOP)
		return refuse(target, "it is a symbolic link",
			      "set path to the real file, or follow_symlink = true for a link "
			      "within its folder",
			      err);
	if (errno == ENXIO)
		return refuse(target, "it is not a regular file (a socket)",
			      "set path to a regular file", err);
	return target_errno(target, errno, "opening it", err);
}

enum lks_status target_check(struct target *target, bool *ret_missing, struct lks_error *err)
{
	AUTO(owned_close) int fd = -1;
	struct stat st;
	enum lks_status status = open_target(target, &fd, err);

	*ret_missing = !status && fd < 0;
	if (status || fd < 0)
		return status;
	if (fstat(fd, &st))
		return target_errno(target, errno, "looking at it", err);
	return judge(target, &st, err);
}

/* Up to `capacity` bytes from the start. */
static enum lks_status read_all(const struct target *target, int fd, struct bytes *text,
				struct lks_error *err)
{
	text->len = 0;
	while (text->len < text->capacity) {
		ssize_t got = pread(fd, text->data + text->len, text->capacity - text->len,
				    (off_t)text->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return target_errno(target, errno, "reading it", err);
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
static enum lks_status read_once(struct target *target, struct snapshot *snapshot, bool *ret_stable,
				 struct lks_error *err)
{
	struct stat after;
	enum lks_status status;

	snapshot_release(snapshot);
	*ret_stable = true;
	status = open_target(target, &snapshot->fd, err);
	if (status)
		return status;
	if (snapshot->fd < 0) {
		snapshot->missing = true;
		return bytes_new(&snapshot->text, target->host, 0, err);
	}
	if (fstat(snapshot->fd, &snapshot->st))
		return target_errno(target, errno, "looking at it", err);
	/* Replaced since it was opened (no name left): still a whole file. */
	status = judge(target, &snapshot->st, err);
	/* One byte more shows whether it has grown. */
	if (!status)
		status = bytes_new(&snapshot->text, target->host, (size_t)snapshot->st.st_size + 1,
				   err);
	if (!status)
		status = read_all(target, snapshot->fd, &snapshot->text, err);
	if (status)
		return status;
	if (fstat(snapshot->fd, &after))
		return target_errno(target, errno, "looking at it", err);
	*ret_stable = same_state(&snapshot->st, &after) &&
		      snapshot->text.len == (size_t)snapshot->st.st_size;
	return LKS_OK;
}

enum lks_status target_read(struct target *target, struct snapshot *ret_snapshot,
			    struct lks_error *err)
{
	bool stable = false;
	unsigned tries;

	for (tries = 0; tries < READ_TRIES && !stable; tries++) {
		enum lks_status status = read_once(target, ret_snapshot, &stable, err);

		if (status)
			return status;
	}
	if (!stable)
		return target->host->fail(target->host, err, LKS_UNAVAILABLE,
					  "%s: another program is writing to it", target->path);
	return LKS_OK;
}

void snapshot_release(struct snapshot *snapshot)
{
	owned_close(&snapshot->fd);
	bytes_release(&snapshot->text);
	memset(&snapshot->st, 0, sizeof(snapshot->st));
	snapshot->fd = -1;
	snapshot->missing = false;
}

/* ---- the lock ----------------------------------------------------------- */

static enum lks_status open_lock(struct target *target, struct lks_error *err)
{
	struct stat st;
	char name[300];

	if (target->flags & TARGET_IN_PLACE) {
		/* The inode stays, so the file can be its own lock; a folder
		   that holds a bind mount may be read-only. */
		target->lock_fd = openat(target->dir_fd, target->base,
					 O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (target->lock_fd < 0)
			return target_errno(target, errno, "opening it for writing", err);
		return LKS_OK;
	}
	snprintf(name, sizeof(name), ".%s.lockstep.lock", target->base);
	target->lock_fd = openat(target->dir_fd, name,
				 O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
				 S_IRUSR | S_IWUSR);
	if (target->lock_fd < 0 && errno == ELOOP)
		return refuse(target, "its lock file is a symbolic link",
			      "somebody put it there: remove .NAME.lockstep.lock", err);
	if (target->lock_fd < 0)
		return target_errno(target, errno, "making its lock file", err);
	if (fstat(target->lock_fd, &st))
		return target_errno(target, errno, "looking at its lock file", err);
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1 || !owner_is_trusted(target, &st))
		return refuse(target, "its lock file is not ours",
			      "somebody put it there: remove .NAME.lockstep.lock", err);
	/* What root made must not lock out the file's owner. */
	if (geteuid() == 0 && st.st_uid != target->dir.st_uid)
		(void)!fchown(target->lock_fd, target->dir.st_uid, target->dir.st_gid);
	return LKS_OK;
}

enum lks_status target_lock(struct target *target, int64_t deadline_ms, struct lks_error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct timespec pause = { 0, 500000 };
	enum lks_status status = open_lock(target, err);

	if (status)
		return status;
	for (;;) {
		if (fcntl(target->lock_fd, F_OFD_SETLK, &lock) == 0)
			return LKS_OK;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return target_errno(target, errno, "locking it", err);
		if (target->host->now_ms(target->host) >= deadline_ms)
			return target->host->fail(target->host, err, LKS_UNAVAILABLE,
						  "%s: another process holds its lock",
						  target->path);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 8000000)
			pause.tv_nsec += pause.tv_nsec / 2;
	}
}
