/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary file beside the target, synced, renamed over it. */
#include "cli/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/failpoint.h"
#include "base/random.h"
#include "base/text.h"

struct replacement {
	int folder;
	int file;
	char name[256]; /* of the temporary file; "": none */
};

static void replacement_release(struct replacement *replacement)
{
	fd_close(&replacement->file);
	if (replacement->name[0])
		(void)unlinkat(replacement->folder, replacement->name, 0);
	fd_close(&replacement->folder);
}

static enum lks_status fail(struct lks_error *err, const char *path, const char *doing)
{
	return error_set(err, status_from_errno(errno), "%s: %s: %m", path, doing);
}

static enum lks_status open_folder(struct replacement *replacement, const char *path,
				   const char **ret_base, struct lks_error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(free_ptr)
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	if (!folder)
		return error_no_memory(err, "the output file");
	*ret_base = slash ? slash + 1 : path;
	if (!(*ret_base)[0] || strlen(*ret_base) > 220)
		return error_set(err, LKS_INVALID, "%s: this is no file name", path);
	replacement->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return replacement->folder < 0 ? fail(err, path, "open its folder") : LKS_OK;
}

/* Mode and owner of what is there go to the new file. */
static enum lks_status take_over(const struct replacement *replacement, const char *path,
				 const char *base, struct lks_error *err)
{
	struct stat there, made;

	if (fstatat(replacement->folder, base, &there, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? LKS_OK : fail(err, path, "look at it");
	if (!S_ISREG(there.st_mode)) {
		error_set(err, LKS_INVALID, "%s is not a regular file", path);
		if (S_ISLNK(there.st_mode))
			error_hint(err, "name the file that the link leads to");
		return LKS_INVALID;
	}
	if (fstat(replacement->file, &made))
		return fail(err, path, "look at it");
	if ((there.st_uid != made.st_uid || there.st_gid != made.st_gid) &&
	    fchown(replacement->file, there.st_uid, there.st_gid))
		return fail(err, path, "keep its owner");
	if (fchmod(replacement->file, there.st_mode & 0600))
		return fail(err, path, "keep its mode");
	return LKS_OK;
}

static enum lks_status write_all(const struct replacement *replacement, const char *path,
				 const struct lks_buffer *content, struct lks_error *err)
{
	size_t done = 0;

	while (done < content->len) {
		const ssize_t written =
			write(replacement->file, content->data + done, content->len - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return fail(err, path, "write");
		done += (size_t)written;
	}
	if (FAILPOINT("render-sync") || fsync(replacement->file))
		return fail(err, path, "sync");
	return LKS_OK;
}

enum lks_status replace_file(const char *path, const struct lks_buffer *content,
			     struct lks_error *err)
{
	AUTO(replacement_release) struct replacement replacement = { -1, -1, "" };
	unsigned char bytes[8];
	char hex[17], name[sizeof(replacement.name)];
	const char *base = NULL;
	enum lks_status status = open_folder(&replacement, path, &base, err);

	if (!status)
		status = random_bytes(bytes, sizeof(bytes), err);
	if (status)
		return status;
	hex_print(bytes, sizeof(bytes), hex);
	snprintf(name, sizeof(name), ".%s.lockstep.%s", base, hex);
	replacement.file = openat(replacement.folder, name,
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (replacement.file < 0)
		return fail(err, path, "make a file beside it");
	string_copy(replacement.name, sizeof(replacement.name), name);
	status = take_over(&replacement, path, base, err);
	if (!status)
		status = write_all(&replacement, path, content, err);
	if (status)
		return status;
	if (renameat(replacement.folder, name, replacement.folder, base))
		return fail(err, path, "put it in place");
	replacement.name[0] = '\0';
	return fsync(replacement.folder) ? fail(err, path, "sync its folder") : LKS_OK;
}
