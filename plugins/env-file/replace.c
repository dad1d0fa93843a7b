/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replace an env file: a temporary file beside it, made like it in every
 * attribute, synced, and renamed over it.
 */
#include "env-file/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#define NAME_TRIES 8

struct temp {
	int dir_fd;
	int fd;
	bool live; /* the name exists and is ours */
	char name[400];
};

static void temp_discard(struct temp *temp)
{
	owned_close(&temp->fd);
	if (temp->live)
		unlinkat(temp->dir_fd, temp->name, 0);
	temp->fd = -1;
	temp->live = false;
}

/* ---- names -------------------------------------------------------------- */

static bool is_token(const char *text)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF-");

	return len >= 16 && len <= 64 && text[len] == '\0';
}

/*
 * Remove what crashed writers left. Called under the lock, so no temporary
 * file of ours is in use. Only regular files of the trusted owners go; what
 * somebody else put there stays, and another name is used.
 */
static void remove_leftovers(const struct target *target)
{
	char prefix[300];
	size_t prefix_len = (size_t)snprintf(prefix, sizeof(prefix), ".%s.lockstep.", target->base);
	int fd = openat(target->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;

	if (!dir) {
		owned_close(&fd);
		return;
	}
	while ((found = readdir(dir))) {
		struct stat st;

		if (strncmp(found->d_name, prefix, prefix_len) != 0 ||
		    !is_token(found->d_name + prefix_len))
			continue;
		if (fstatat(target->dir_fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode) || st.st_nlink > 1 ||
		    (st.st_uid != geteuid() &&
		     !(geteuid() == 0 && st.st_uid == target->dir.st_uid)))
			continue;
		unlinkat(target->dir_fd, found->d_name, 0);
	}
	closedir(dir);
}

static enum lks_status temp_name(const struct target *target, const char *token, struct temp *temp,
				 struct lks_error *err)
{
	unsigned char random[16];
	char text[33];
	enum lks_status status;
	size_t i;

	if (!token) {
		status = target->host->random(target->host, random, sizeof(random), err);
		if (status)
			return status;
		for (i = 0; i < sizeof(random); i++)
			snprintf(text + 2 * i, 3, "%02x", random[i]);
		token = text;
	}
	snprintf(temp->name, sizeof(temp->name), ".%s.lockstep.%s", target->base, token);
	return LKS_OK;
}

/* The operation's name first; one that is taken is left alone. */
static enum lks_status temp_make(const struct target *target, const char *operation,
				 struct temp *temp, struct lks_error *err)
{
	unsigned tries;

	temp->dir_fd = target->dir_fd;
	for (tries = 0; tries < NAME_TRIES; tries++) {
		bool named = tries == 0 && operation && is_token(operation);
		enum lks_status status = temp_name(target, named ? operation : NULL, temp, err);

		if (status)
			return status;
		temp->fd = openat(target->dir_fd, temp->name,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				  S_IRUSR | S_IWUSR);
		if (temp->fd >= 0) {
			temp->live = true;
			return LKS_OK;
		}
		if (errno != EEXIST)
			break;
	}
	return target_errno(target, errno, "making a temporary file beside it", err);
}

/* ---- attributes --------------------------------------------------------- */

/* Bound to the content or kept by the kernel: not ours to copy. */
static bool xattr_is_kernels(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

/* All names, one after the other; *ret_len 0 where there are none. */
static int xattr_names(int fd, char **ret_names, size_t *ret_len)
{
	ssize_t len = flistxattr(fd, NULL, 0);
	AUTO(owned_free) char *names = NULL;

	*ret_len = 0;
	if (len < 0)
		return errno == ENOTSUP || errno == ENOSYS ? 0 : -1;
	if (len == 0)
		return 0;
	names = malloc((size_t)len);
	if (!names)
		return -1;
	len = flistxattr(fd, names, (size_t)len);
	if (len < 0)
		return -1;
	*ret_names = TAKE(names);
	*ret_len = (size_t)len;
	return 0;
}

static int xattr_copy(int from, int to, const char *name)
{
	AUTO(owned_free) void *value = NULL;
	ssize_t len = fgetxattr(from, name, NULL, 0);

	if (len < 0)
		return -1;
	value = malloc((size_t)len + 1);
	if (!value)
		return -1;
	len = fgetxattr(from, name, value, (size_t)len);
	if (len < 0)
		return -1;
	return fsetxattr(to, name, value, (size_t)len, 0);
}

static bool names_hold(const char *names, size_t len, const char *name)
{
	size_t at;

	for (at = 0; at < len; at += strlen(names + at) + 1) {
		if (strcmp(names + at, name) == 0)
			return true;
	}
	return false;
}

/* The folder's default ACL may have given the new file what the old has not. */
static int drop_extra_xattrs(int to, const char *wanted, size_t wanted_len)
{
	AUTO(owned_free) char *names = NULL;
	size_t len;
	size_t at;

	if (xattr_names(to, &names, &len))
		return -1;
	for (at = 0; at < len; at += strlen(names + at) + 1) {
		if (strncmp(names + at, "security.", 9) == 0 ||
		    names_hold(wanted, wanted_len, names + at))
			continue;
		if (fremovexattr(to, names + at) && errno != ENODATA)
			return -1;
	}
	return 0;
}

static enum lks_status copy_xattrs(const struct target *target, int from, int to,
				   struct lks_error *err)
{
	AUTO(owned_free) char *names = NULL;
	size_t len;
	size_t at;

	if (xattr_names(from, &names, &len))
		return target_errno(target, errno, "reading its extended attributes", err);
	if (drop_extra_xattrs(to, names, len))
		return target_errno(target, errno, "keeping its access list", err);
	for (at = 0; at < len; at += strlen(names + at) + 1) {
		if (xattr_is_kernels(names + at) || xattr_copy(from, to, names + at) == 0)
			continue;
		if (errno == ENOMEM || errno == ENOSPC || errno == EDQUOT)
			return target_errno(target, errno, "keeping its extended attributes", err);
		return target->host->fail(target->host, err, LKS_DENIED,
					  "%s: its extended attribute %s cannot be kept: %m",
					  target->path, names + at);
	}
	return LKS_OK;
}

static enum lks_status copy_attributes(const struct target *target, const struct snapshot *seen,
				       int to, struct lks_error *err)
{
	struct stat st;
	enum lks_status status;

	if (seen->missing)
		return LKS_OK;
	if (fstat(to, &st))
		return target_errno(target, errno, "looking at the temporary file", err);
	if ((st.st_uid != seen->st.st_uid || st.st_gid != seen->st.st_gid) &&
	    fchown(to, seen->st.st_uid, seen->st.st_gid))
		return target_errno(target, errno, "keeping its owner and group", err);
	status = copy_xattrs(target, seen->fd, to, err);
	if (status)
		return status;
	/* Last: an access list that is copied sets the mode too. */
	if (fchmod(to, seen->st.st_mode & 07777))
		return target_errno(target, errno, "keeping its mode", err);
	return LKS_OK;
}

/* ---- content ------------------------------------------------------------ */

/* Over the limit the kernel sends SIGXFSZ, which would end the process. */
static enum lks_status check_limit(const struct target *target, size_t len, struct lks_error *err)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    len > limit.rlim_cur)
		return target_errno(target, EFBIG, "writing it (limit of file sizes, RLIMIT_FSIZE)",
				    err);
	return LKS_OK;
}

static int write_all(int fd, const unsigned char *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t done = pwrite(fd, data + at, len - at, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		if (done == 0) {
			errno = ENOSPC;
			return -1;
		}
		at += (size_t)done;
	}
	return 0;
}

static enum lks_status temp_fill(const struct target *target, struct temp *temp,
				 const struct bytes *text, struct lks_error *err)
{
	int fd = temp->fd;

	/* A full disk shows here; not every file system can tell. */
	if (text->len && fallocate(fd, 0, 0, (off_t)text->len) && errno != EOPNOTSUPP &&
	    errno != ENOSYS && errno != EINTR)
		return target_errno(target, errno, "reserving space for the new content", err);
	if (write_all(fd, text->data, text->len))
		return target_errno(target, errno, "writing the new content", err);
	/* After a failure the kernel calls the pages clean: never asked again. */
	if (fsync(fd))
		return target->host->fail(target->host, err, LKS_FAILED,
					  "%s: syncing the new content failed, the file is as it "
					  "was: %m",
					  target->path);
	temp->fd = -1;
	if (close(fd))
		return target->host->fail(target->host, err, LKS_FAILED,
					  "%s: closing the new content failed, the file is as it "
					  "was: %m",
					  target->path);
	return LKS_OK;
}

/* Is it still what `seen` was read from, by state and by content? */
static enum lks_status check_foreign(struct target *target, const struct snapshot *seen,
				     bool *ret_foreign, struct lks_error *err)
{
	AUTO(snapshot_release) struct snapshot now = SNAPSHOT_INIT;
	enum lks_status status = target_read(target, &now, err);

	if (status)
		return status;
	*ret_foreign = now.missing != seen->missing ||
		       (!now.missing &&
			(now.st.st_dev != seen->st.st_dev || now.st.st_ino != seen->st.st_ino ||
			 now.st.st_mode != seen->st.st_mode || now.st.st_uid != seen->st.st_uid ||
			 now.st.st_gid != seen->st.st_gid || !bytes_equal(&now.text, &seen->text)));
	return LKS_OK;
}

static enum lks_status put_in_place(const struct target *target, const struct snapshot *seen,
				    struct temp *temp, bool *ret_foreign, struct lks_error *err)
{
	int failed;

	if (seen->missing) {
		failed = renameat2(target->dir_fd, temp->name, target->dir_fd, target->base,
				   RENAME_NOREPLACE);
		if (failed && errno == EEXIST) {
			*ret_foreign = true;
			return LKS_OK;
		}
		if (failed && (errno == EINVAL || errno == ENOSYS))
			failed = renameat(target->dir_fd, temp->name, target->dir_fd, target->base);
	} else {
		failed = renameat(target->dir_fd, temp->name, target->dir_fd, target->base);
	}
	if (!failed) {
		temp->live = false;
		return LKS_OK;
	}
	if (errno != EBUSY)
		return target_errno(target, errno, "replacing it", err);
	target->host->fail(target->host, err, LKS_UNSUPPORTED,
			   "%s is a mount of its own (a file bound into a container) and cannot be "
			   "replaced",
			   target->path);
	target->host->hint(
		target->host, err,
		"mount its folder instead, or set in_place = true: then a reader may see "
		"half a file, and so may a crash");
	return LKS_UNSUPPORTED;
}

static enum lks_status sync_folder(const struct target *target, struct lks_error *err)
{
	int fd = openat(target->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd);
	int number = errno;

	owned_close(&fd);
	if (!failed)
		return LKS_OK;
	errno = number;
	return target->host->fail(
		target->host, err, LKS_FAILED,
		"%s has its new content, but syncing the folder failed, so it may "
		"be lost with the power: %m",
		target->path);
}

static enum lks_status check_result(struct target *target, const struct bytes *text,
				    struct lks_error *err)
{
	AUTO(snapshot_release) struct snapshot now = SNAPSHOT_INIT;

	if (target_read(target, &now, NULL))
		return target->host->fail(target->host, err, LKS_UNCERTAIN,
					  "%s was written, but could not be read back",
					  target->path);
	if (now.missing || !bytes_equal(&now.text, text))
		return target->host->fail(target->host, err, LKS_UNCERTAIN,
					  "%s was written, but reads back differently: another "
					  "program changed it at once",
					  target->path);
	return LKS_OK;
}

/* ---- in place, where asked for ------------------------------------------ */

static enum lks_status overwrite(struct target *target, const struct snapshot *seen,
				 const struct bytes *text, bool *ret_foreign, struct lks_error *err)
{
	enum lks_status status = check_foreign(target, seen, ret_foreign, err);
	struct stat st;
	int number;

	if (status || *ret_foreign)
		return status;
	if (fstat(target->lock_fd, &st))
		return target_errno(target, errno, "looking at it", err);
	if (st.st_dev != seen->st.st_dev || st.st_ino != seen->st.st_ino) {
		*ret_foreign = true;
		return LKS_OK;
	}
	if (write_all(target->lock_fd, text->data, text->len) == 0 &&
	    ftruncate(target->lock_fd, (off_t)text->len) == 0 && fsync(target->lock_fd) == 0)
		return check_result(target, text, err);
	number = errno;
	if (write_all(target->lock_fd, seen->text.data, seen->text.len) ||
	    ftruncate(target->lock_fd, (off_t)seen->text.len)) {
		errno = number;
		return target->host->fail(
			target->host, err, LKS_UNCERTAIN,
			"%s: writing in place failed and the old content could not "
			"be put back: %m",
			target->path);
	}
	return target_errno(target, number, "writing in place (the old content is back)", err);
}

enum lks_status target_replace(struct target *target, const struct snapshot *seen,
			       const struct bytes *text, const char *operation, bool *ret_foreign,
			       struct lks_error *err)
{
	AUTO(temp_discard) struct temp temp = { .fd = -1 };
	enum lks_status status = check_limit(target, text->len, err);

	*ret_foreign = false;
	if (status)
		return status;
	if (target->flags & TARGET_IN_PLACE)
		return overwrite(target, seen, text, ret_foreign, err);
	remove_leftovers(target);
	status = temp_make(target, operation, &temp, err);
	if (!status)
		status = copy_attributes(target, seen, temp.fd, err);
	if (!status)
		status = temp_fill(target, &temp, text, err);
	if (!status)
		status = check_foreign(target, seen, ret_foreign, err);
	if (status || *ret_foreign)
		return status;
	status = put_in_place(target, seen, &temp, ret_foreign, err);
	if (status || *ret_foreign)
		return status;
	status = sync_folder(target, err);
	return status ? status : check_result(target, text, err);
}
