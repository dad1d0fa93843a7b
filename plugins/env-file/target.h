/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One env file on disk: read it safely, lock it, replace it whole.
 *
 * The folder is opened once and everything happens relative to it. A file that
 * is not plainly somebody's own regular file is refused, with the reason and
 * what to do. A new content becomes visible by one rename; until then the old
 * file is untouched, and the temporary file is gone after every failure.
 */
#ifndef ENV_FILE_TARGET_H
#define ENV_FILE_TARGET_H

#include <stdint.h>
#include <sys/stat.h>

#include "env-file/bytes.h"

#define TARGET_CREATE (1u << 0)         /* a missing file is made, 0600 */
#define TARGET_IN_PLACE (1u << 1)       /* overwrite: for bind mounts, not atomic */
#define TARGET_FOLLOW_SYMLINK (1u << 2) /* once, within the folder */

struct target {
	const struct lks_host *host;
	const char *path; /* borrowed, for messages */
	unsigned flags;
	int dir_fd;
	int lock_fd;
	struct stat dir;
	char base[256];
};

/* What was there when it was read. */
struct snapshot {
	struct bytes text;
	struct stat st;
	int fd;       /* still open: its attributes are copied from here */
	bool missing; /* there is no such file; `text` is empty */
};

#define TARGET_INIT                                                                                \
	{                                                                                          \
		.dir_fd = -1, .lock_fd = -1                                                        \
	}
#define SNAPSHOT_INIT                                                                              \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Open the folder of `path`. Folders behind the first `trusted_len` bytes came
 * from a record's path: no symbolic link is followed among them. LKS_NOT_FOUND
 * if there is no such folder.
 */
enum lks_status target_open(const struct lks_host *host, const char *path, size_t trusted_len,
			    unsigned flags, struct target *ret_target, struct lks_error *err);
void target_close(struct target *target);

/* Could it be read? Opens and judges it, and reads nothing. */
enum lks_status target_check(struct target *target, bool *ret_missing, struct lks_error *err);

/* Read it whole. A missing file is no failure: `missing` is set. */
enum lks_status target_read(struct target *target, struct snapshot *ret_snapshot,
			    struct lks_error *err);
void snapshot_release(struct snapshot *snapshot);

/* Keep other writers of ours out until target_close(); LKS_UNAVAILABLE when the
   deadline comes first. */
enum lks_status target_lock(struct target *target, int64_t deadline_ms, struct lks_error *err);

/*
 * Replace what `seen` holds by `text`. Needs the lock. Sets `*ret_foreign` and
 * changes nothing if somebody wrote to the file since `seen` was read: the
 * caller reads again. `operation` names the temporary file and may be NULL.
 */
enum lks_status target_replace(struct target *target, const struct snapshot *seen,
			       const struct bytes *text, const char *operation, bool *ret_foreign,
			       struct lks_error *err);

/* fail() with the status that `number`, an errno, calls for. */
enum lks_status target_errno(const struct target *target, int number, const char *doing,
			     struct lks_error *err);

#endif
