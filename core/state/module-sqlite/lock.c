/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two lock files. Open file description locks: they belong to the open
 * file, not to the process, so closing another descriptor of the same file
 * does not drop them, and a dead process holds none.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "state/module-sqlite/sqlite.h"

#define FIRST_PAUSE_NS 500000L
#define LONGEST_PAUSE_NS 20000000L

static int64_t boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int lock_set(int fd, short type, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
	};
	int result;

	do
		result = fcntl(fd, F_OFD_SETLK, &lock);
	while (result < 0 && errno == EINTR);
	return result;
}

enum lks_status database_lock(struct database *database, struct lks_error *err)
{
	int64_t deadline = boot_ms() + database->lock_wait_ms;
	struct timespec pause = { 0, FIRST_PAUSE_NS };

	while (lock_set(database->lock_fd, F_WRLCK, 0, 1)) {
		if (errno != EAGAIN && errno != EACCES)
			return module_fail(err, LKS_FAILED, "lock %s.lock: %s", database->path,
					   strerror(errno));
		if (boot_ms() >= deadline)
			return module_fail(err, LKS_UNAVAILABLE,
					   "the state %s is busy: another process has held"
					   " %s.lock for %lld ms",
					   database->path, database->path,
					   (long long)database->lock_wait_ms);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LONGEST_PAUSE_NS)
			pause.tv_nsec *= 2;
	}
	return LKS_OK;
}

void database_unlock(struct database *database)
{
	(void)lock_set(database->lock_fd, F_UNLCK, 0, 1);
}

enum lks_status operation_byte_lock(struct database *database, int64_t number,
				    struct lks_error *err)
{
	if (!lock_set(database->ops_fd, F_WRLCK, (off_t)number, 1))
		return LKS_OK;
	if (errno == EAGAIN || errno == EACCES)
		return module_fail(err, LKS_CONFLICT, "another process executes this operation");
	return module_fail(err, LKS_FAILED, "lock %s.ops: %s", database->path, strerror(errno));
}

void operation_byte_unlock(struct database *database, int64_t number)
{
	(void)lock_set(database->ops_fd, F_UNLCK, (off_t)number, 1);
}
