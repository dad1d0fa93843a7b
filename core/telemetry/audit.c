/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appending to the audit log. What is known of the file stands in PATH.head,
 * which also carries the lock, because the log itself may be rotated away
 * while somebody waits.
 */
#include "telemetry/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "base/trust.h"
#include "telemetry/audit_spool.h"

#define WRITE_DEADLINE_MS 2000
#define LOCK_POLL_MS 5

struct audit {
	bool is_strict;
	bool has_complained;
	bool is_broken; /* a sync failed: what is on disk is not known any more */
	char *path;
	char *name; /* of the file in its folder */
	char *head_name;
	bool is_barred; /* we may not write the log or its head */
	int spool;      /* where our entries go instead; -1: into the log */
	int folder;
	int head;
	int file;
	struct stat file_stat;
};

/* What PATH.head says. */
struct head {
	uint64_t count;
	uint64_t inode;
	uint64_t size;
};

/* Always as long, so that it is replaced by one write. */
#define HEAD_FORMAT "{\"count\":%20" PRIu64 ",\"inode\":%20" PRIu64 ",\"size\":%20" PRIu64 "}\n"
#define HEAD_SIZE 88

static enum lks_status fail(const struct audit *audit, struct lks_error *err, const char *what,
			    int error_number)
{
	error_set(err, LKS_UNAVAILABLE, "the audit log cannot be written: %s: %s", what,
		  strerror(error_number));
	error_where(err, "%s", audit->path);
	return LKS_UNAVAILABLE;
}

static enum lks_status refuse(const struct audit *audit, struct lks_error *err, const char *name,
			      const char *reason, const char *hint)
{
	error_set(err, LKS_UNAVAILABLE, "the audit log is refused: %s %s", name, reason);
	error_where(err, "%s", audit->path);
	error_hint(err, "%s", hint);
	return LKS_UNAVAILABLE;
}

static enum lks_status check_file(const struct audit *audit, const char *name,
				  const struct stat *stat, struct lks_error *err)
{
	if (!S_ISREG(stat->st_mode))
		return refuse(audit, err, name, "is not a regular file",
			      "move it away: a new one is made");
	if (stat->st_nlink > 1)
		return refuse(audit, err, name, "has more than one name",
			      "remove the other hard links");
	if (stat->st_uid != geteuid() && stat->st_uid)
		return refuse(audit, err, name, "belongs to another user",
			      "chown it to root or to the user who runs lockstep");
	if (stat->st_mode & 022)
		return refuse(audit, err, name, "can be written by others", "chmod go-w it");
	return LKS_OK;
}

/* Open or make `name` in the log's folder; `*fd` is replaced on success. */
static enum lks_status open_file(struct audit *audit, const char *name, int flags, int *fd,
				 struct stat *ret_stat, struct lks_error *err)
{
	AUTO(fd_close) int fresh = -1;
	enum lks_status status;

	fresh = openat(audit->folder, name,
		       O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags,
		       0600);
	if (fresh < 0 && errno == ELOOP)
		return refuse(audit, err, name, "is a symbolic link", "put the file itself there");
	audit->is_barred = fresh < 0 && (errno == EACCES || errno == EPERM);
	if (fresh < 0 || fstat(fresh, ret_stat))
		return fail(audit, err, name, errno);
	status = check_file(audit, name, ret_stat, err);
	if (status)
		return status;
	fd_close(fd);
	*fd = fresh;
	fresh = -1;
	return LKS_OK;
}

/* Is `fd` still what the name stands for? */
static bool is_current(const struct audit *audit, const char *name, int fd)
{
	struct stat there, ours;

	return fd >= 0 && !fstatat(audit->folder, name, &there, AT_SYMLINK_NOFOLLOW) &&
	       !fstat(fd, &ours) && there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

static enum lks_status lock_head(const struct audit *audit, int64_t deadline_ms,
				 struct lks_error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	while (fcntl(audit->head, F_OFD_SETLK, &lock)) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EACCES)
			return fail(audit, err, "its lock", errno);
		if (clock_boot_ms() >= deadline_ms)
			return fail(audit, err, "another process holds its lock", ETIMEDOUT);
		clock_sleep_ms(LOCK_POLL_MS);
	}
	return LKS_OK;
}

static void unlock_head(const struct audit *audit)
{
	struct flock lock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(audit->head, F_OFD_SETLK, &lock);
}

/* Head and log as they are now, the head locked. */
static enum lks_status take(struct audit *audit, struct lks_error *err)
{
	int64_t deadline_ms = clock_boot_ms() + WRITE_DEADLINE_MS;
	struct stat ignored;
	enum lks_status status;

	for (;;) {
		if (audit->head < 0) {
			status = open_file(audit, audit->head_name, 0, &audit->head, &ignored, err);
			if (status)
				return status;
		}
		status = lock_head(audit, deadline_ms, err);
		if (status)
			return status;
		if (is_current(audit, audit->head_name, audit->head))
			break;
		/* Somebody removed it while we waited. */
		close(audit->head);
		audit->head = -1;
	}
	if (is_current(audit, audit->name, audit->file) && !fstat(audit->file, &audit->file_stat))
		status = check_file(audit, audit->name, &audit->file_stat, err);
	else
		status = open_file(audit, audit->name, O_APPEND, &audit->file, &audit->file_stat,
				   err);
	if (status)
		unlock_head(audit);
	return status;
}

static bool read_head(const struct audit *audit, struct head *ret_head)
{
	char text[HEAD_SIZE + 1] = { 0 };
	ssize_t len = pread(audit->head, text, HEAD_SIZE, 0);

	return len > 0 &&
	       sscanf(text, "{\"count\":%" SCNu64 ",\"inode\":%" SCNu64 ",\"size\":%" SCNu64,
		      &ret_head->count, &ret_head->inode, &ret_head->size) == 3;
}

/* Lines from `offset` on; also whether the last one is whole. */
static bool count_lines(int fd, uint64_t offset, uint64_t size, uint64_t *ret_count,
			bool *ret_is_whole)
{
	char block[65536];

	*ret_is_whole = true;
	while (offset < size) {
		ssize_t len = pread(fd, block, sizeof(block), (off_t)offset);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len == 0;
		for (ssize_t i = 0; i < len; i++)
			*ret_count += block[i] == '\n';
		*ret_is_whole = block[len - 1] == '\n';
		offset += (uint64_t)len;
	}
	return true;
}

/* How many lines were ever written, and whether the last one was cut short. */
static enum lks_status find_end(const struct audit *audit, uint64_t *ret_count, bool *ret_is_whole,
				struct lks_error *err)
{
	struct head head = { 0 };
	uint64_t size = (uint64_t)audit->file_stat.st_size;
	uint64_t from = 0;
	bool is_whole;

	if (read_head(audit, &head) && head.inode == audit->file_stat.st_ino)
		from = head.size <= size ? head.size : size;
	*ret_count = head.count;
	if (!count_lines(audit->file, from, size, ret_count, &is_whole))
		return fail(audit, err, "reading it", errno);
	if (!is_whole)
		++*ret_count;
	*ret_is_whole = is_whole;
	return LKS_OK;
}

/* All of it or nothing: nobody else writes while we hold the lock. */
static enum lks_status append(const struct audit *audit, const struct text *lines,
			      struct lks_error *err)
{
	const char *next = lines->data;
	size_t left = lines->len;

	while (left) {
		ssize_t written = FAILPOINT("audit-append") ? (errno = ENOSPC, -1)
							    : write(audit->file, next, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			int saved = errno;

			(void)!ftruncate(audit->file, audit->file_stat.st_size);
			return fail(audit, err, "appending", saved);
		}
		next += written;
		left -= (size_t)written;
	}
	return LKS_OK;
}

static void write_head(const struct audit *audit, uint64_t count, uint64_t size)
{
	char text[HEAD_SIZE + 1];

	snprintf(text, sizeof(text), HEAD_FORMAT, count, (uint64_t)audit->file_stat.st_ino, size);
	/* A head that is behind is caught up with by the next writer. */
	if (pwrite(audit->head, text, HEAD_SIZE, 0) != HEAD_SIZE)
		log_debug("audit: %s could not be brought up to date", audit->head_name);
}

void audit_add_member(struct text *line, const char *name, const char *value)
{
	AUTO(text_release) struct text plain = TEXT_INIT;

	if (!value)
		return;
	text_add_escaped(&plain, value, strlen(value));
	text_printf(line, ",\"%s\":\"", name);
	for (const char *c = text_string(&plain); *c; c++) {
		if (*c == '"' || *c == '\\')
			text_add_char(line, '\\');
		text_add_char(line, *c);
	}
	text_add_char(line, '"');
	line->failed = line->failed || plain.failed;
}

static const char *phase_name(enum audit_phase phase)
{
	static const char *const names[] = { "read", "before", "after", "note" };

	return (unsigned)phase < COUNT_OF(names) ? names[phase] : "note";
}

static void add_entry(struct text *line, const struct audit_entry *entry, int64_t wall_ms)
{
	char now[32];

	time_print(wall_ms, now);
	text_printf(line, "\"time\":\"%s\"", now);
	audit_add_member(line, "phase", phase_name(entry->phase));
	audit_add_member(line, "action", entry->action);
	audit_add_member(line, "subject", entry->subject);
	audit_add_member(line, "reference", entry->reference);
	audit_add_member(line, "outcome", entry->outcome);
	audit_add_member(line, "request", entry->request);
	audit_add_member(line, "operation", entry->operation);
	if (entry->step)
		text_printf(line, ",\"step\":%d", entry->step);
	audit_add_member(line, "version", entry->version);
	audit_add_member(line, "digest", entry->digest);
	audit_add_member(line, "reason", entry->reason);
	audit_add_member(line, "rule", entry->rule);
	text_add_char(line, '}');
}

char *audit_format(const struct audit_entry *entry, int64_t wall_ms)
{
	AUTO(text_release) struct text line = TEXT_INIT;

	text_add_char(&line, '{');
	add_entry(&line, entry, wall_ms);
	return text_steal(&line);
}

static void add_indexed(struct text *line, const void *context, size_t index, int64_t wall_ms)
{
	const struct audit_entry *entries = context;

	add_entry(line, &entries[index], wall_ms);
}

static bool must_sync(const struct audit_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].phase != AUDIT_READ)
			return true;
	}
	return false;
}

/* With the head locked. */
static enum lks_status write_locked(struct audit *audit, audit_body body, const void *context,
				    size_t count, bool is_synced, struct lks_error *err)
{
	AUTO(text_release) struct text lines = TEXT_INIT;
	int64_t wall_ms = clock_wall_ms();
	uint64_t number = 0;
	bool is_whole = true;
	enum lks_status status = find_end(audit, &number, &is_whole, err);

	if (status)
		return status;
	if (!is_whole)
		text_add_char(&lines, '\n');
	for (size_t i = 0; i < count; i++) {
		text_printf(&lines, "{\"seq\":%" PRIu64 ",", ++number);
		body(&lines, context, i, wall_ms);
		text_add_char(&lines, '\n');
	}
	if (!text_ok(&lines))
		return error_no_memory(err, "writing the audit log");
	status = append(audit, &lines, err);
	if (status)
		return status;
	if (is_synced && (FAILPOINT("audit-sync") || fdatasync(audit->file))) {
		audit->is_broken = true;
		return fail(audit, err, "the sync to disk failed", errno ? errno : EIO);
	}
	write_head(audit, number, (uint64_t)audit->file_stat.st_size + lines.len);
	return LKS_OK;
}

static enum lks_status write_entries(struct audit *audit, const struct audit_entry *entries,
				     size_t count, struct lks_error *err)
{
	enum lks_status status;

	if (audit->is_broken)
		return fail(audit, err, "a sync to disk failed before", EIO);
	if (audit->folder < 0)
		return fail(audit, err, "it could not be opened", ENOENT);
	if (audit->spool >= 0)
		return spool_write(audit->spool, audit->path, entries, count, err);
	status = take(audit, err);
	if (status)
		return status;
	status = write_locked(audit, add_indexed, entries, count, must_sync(entries, count), err);
	unlock_head(audit);
	return status;
}

/* A batch at a time: others may write in between. */
void audit_collect(struct audit *audit)
{
	AUTO(spool_release) struct spool *spool = NULL;
	struct lks_error err;
	enum lks_status status = LKS_OK;

	if (!audit || audit->folder < 0 || audit->file < 0 || audit->is_broken || geteuid())
		return;
	error_clear(&err);
	spool = spool_list(audit->folder, audit->name);
	while (spool && !status && spool_has_more(spool)) {
		size_t count = 0;

		status = take(audit, &err);
		if (status)
			break;
		count = spool_read(spool);
		if (count)
			status = write_locked(audit, spool_body, spool, count, true, &err);
		if (!status)
			status = spool_remove(spool, audit->path, &err);
		unlock_head(audit);
	}
	if (status)
		log_warn("%s: what waits in the spool was not taken in: %s", audit->path,
			 err.message);
}

/* What a failure means in this mode. */
static enum lks_status judge(struct audit *audit, enum lks_status status, struct lks_error *err)
{
	if (!status)
		return LKS_OK;
	if (audit->is_strict) {
		error_exit(err, EXIT_AUDIT);
		return status;
	}
	if (!audit->has_complained)
		log_error("%s: %s; going on without (audit mode is not strict)", err->where,
			  err->message);
	audit->has_complained = true;
	error_clear(err);
	return LKS_OK;
}

enum lks_status audit_write_many(struct audit *audit, const struct audit_entry *entries,
				 size_t count, struct lks_error *err)
{
	struct lks_error own;

	if (!audit || !count)
		return LKS_OK;
	if (!err)
		err = &own;
	return judge(audit, write_entries(audit, entries, count, err), err);
}

enum lks_status audit_write(struct audit *audit, const struct audit_entry *entry,
			    struct lks_error *err)
{
	return audit_write_many(audit, entry, 1, err);
}

/* Make the missing folders of `path`, for us alone. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)!mkdir(path, 0700);
		*slash = '/';
	}
	(void)!mkdir(path, 0700);
}

static enum lks_status open_folder(struct audit *audit, struct lks_error *err)
{
	AUTO(free_ptr) char *folder = strndup(audit->path, (size_t)(audit->name - audit->path));
	enum lks_status status;

	if (!folder)
		return error_no_memory(err, "opening the audit log");
	if (folder[1])
		folder[strlen(folder) - 1] = '\0';
	status = trust_enter_folder(folder, "the audit log's folder", &audit->folder, err);
	if (status != LKS_NOT_FOUND)
		return status;
	make_folders(folder);
	return trust_enter_folder(folder, "the audit log's folder", &audit->folder, err);
}

static enum lks_status open_files(struct audit *audit, struct lks_error *err)
{
	enum lks_status status = open_folder(audit, err);
	struct stat log;

	if (status)
		return status;
	status = take(audit, err);
	if (!status) {
		unlock_head(audit);
		spool_make(audit->folder, audit->name);
		return LKS_OK;
	}
	/* Whose log it is, is not to go around what stops him. */
	if (!audit->is_barred || !geteuid() ||
	    (!fstatat(audit->folder, audit->name, &log, AT_SYMLINK_NOFOLLOW) &&
	     log.st_uid == geteuid()))
		return status;
	return spool_open(audit->folder, audit->path, &audit->spool, err);
}

enum lks_status audit_open(const char *path, bool strict, struct audit **ret_audit,
			   struct lks_error *err)
{
	struct audit *audit = calloc(1, sizeof(*audit));
	struct lks_error own;
	enum lks_status status;

	if (!err)
		err = &own;
	if (!audit)
		return error_no_memory(err, "opening the audit log");
	audit->folder = audit->head = audit->file = audit->spool = -1;
	audit->is_strict = strict;
	audit->path = strdup(path);
	audit->head_name = calloc(1, strlen(path) + sizeof(".head"));
	audit->name = audit->path ? strrchr(audit->path, '/') : NULL;
	if (!audit->name || !audit->head_name) {
		audit_close(audit);
		return path[0] == '/' ? error_no_memory(err, "opening the audit log")
				      : error_set(err, LKS_INVALID,
						  "the audit log's path must be absolute");
	}
	audit->name++;
	sprintf(audit->head_name, "%s.head", audit->name);
	status = judge(audit, open_files(audit, err), err);
	if (status) {
		audit_close(audit);
		return status;
	}
	*ret_audit = audit;
	return LKS_OK;
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	fd_close(&audit->file);
	fd_close(&audit->head);
	fd_close(&audit->folder);
	fd_close(&audit->spool);
	free(audit->head_name);
	free(audit->path);
	free(audit);
}
