/* SPDX-License-Identifier: Apache-2.0 */
/* The audit's spool: the folder, and what an ordinary user adds to it. */
#include "telemetry/audit_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"

#define SPOOL_DEADLINE_MS 2000 /* well below SPOOL_UNFINISHED_MS */

static char *spool_name(const char *log)
{
	AUTO(text_release) struct text name = TEXT_INIT;

	text_printf(&name, "%s.spool", log);
	return text_steal(&name);
}

/* --- the folder ------------------------------------------------------------ */

/* No use elsewhere: nobody believes a folder that is not root's or his own,
   and only root can read what others put there. */
void spool_make(int folder, const char *log_name)
{
	AUTO(free_ptr) char *name = spool_name(log_name);
	AUTO(fd_close) int fd = -1;
	struct stat st;
	bool is_new;

	if (!name || geteuid() || fstat(folder, &st) || !(st.st_mode & (S_IXGRP | S_IXOTH)))
		return;
	is_new = !mkdirat(folder, name, SPOOL_MODE);
	fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_uid) {
		log_debug("audit: %s is not there and cannot be made", name);
		return;
	}
	/* mkdir() heeds the umask; a crash may have come right after it. */
	if ((is_new || (st.st_mode & 07777) == 01700) && fchmod(fd, SPOOL_MODE))
		log_debug("audit: %s: %s", name, strerror(errno));
}

static enum lks_status refuse(const char *path, const char *reason, const char *hint,
			      struct lks_error *err)
{
	error_set(err, LKS_UNAVAILABLE,
		  "the audit log cannot be written: it is another user's, and its spool %s",
		  reason);
	error_where(err, "%s", path);
	error_hint(err, "%s", hint);
	return LKS_UNAVAILABLE;
}

enum lks_status spool_open(int folder, const char *log_path, int *ret_fd, struct lks_error *err)
{
	static const char again[] = "as root: remove it, then lockstep doctor makes it anew";
	AUTO(free_ptr) char *path = spool_name(log_path);
	AUTO(fd_close) int fd = -1;
	struct stat st;

	if (!path)
		return error_no_memory(err, "opening the audit log");
	fd = openat(folder, strrchr(path, '/') + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return refuse(path, "is not there", "as root: lockstep doctor makes it", err);
	if (fd < 0 && errno == ENOTDIR)
		return refuse(path, "is not a folder", again, err);
	if (fd < 0 && errno == EACCES)
		return refuse(path, "cannot be reached",
			      "as root: chmod go+x the folder that it is in, then lockstep doctor",
			      err);
	if (fd < 0 || fstat(fd, &st))
		return refuse(path, strerror(errno), again, err);
	if (st.st_uid && st.st_uid != geteuid())
		return refuse(path, "belongs to neither root nor you", again, err);
	if ((st.st_mode & 07777) != SPOOL_MODE)
		return refuse(path, "has another mode than 1733", "as root: chmod 1733 it", err);
	*ret_fd = fd;
	fd = -1;
	return LKS_OK;
}

/* --- an entry -------------------------------------------------------------- */

static bool is_sane(const char *key, const char *value)
{
	static const struct {
		const char *key;
		size_t max;
	} known[] = { { "time", 32 },
		      { "phase", 4 },
		      { "action", 32 },
		      { "subject", 256 },
		      { "reference", SPOOL_FILE_MAX },
		      { "outcome", 32 },
		      { "request", 36 },
		      { "version", 256 },
		      { "reason", 4096 },
		      { "rule", 2048 } };

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (!strcmp(key, known[i].key))
			return strlen(value) <= known[i].max;
	}
	return false;
}

json_t *spool_parse(const char *text, size_t len)
{
	AUTO(json_freep) json_t *entry = NULL;
	const char *key, *request;
	int64_t wall_ms;
	json_t *value;

	if (!len || text[len - 1] != '\n' || json_read(text, len - 1, "entry", &entry, NULL) ||
	    !json_is_object(entry))
		return NULL;
	json_object_foreach(entry, key, value)
	{
		if (!json_is_string(value) || !is_sane(key, json_string_value(value)))
			return NULL;
	}
	request = json_text(entry, "request");
	if (strcmp(json_text(entry, "phase"), "read") != 0 || !json_text(entry, "action")[0] ||
	    !json_text(entry, "subject")[0] || !time_parse(json_text(entry, "time"), &wall_ms) ||
	    (request[0] && strlen(request) != 36))
		return NULL;
	return TAKE(entry);
}

/* The whole of it, in time, or nothing. */
static int write_file(int spool_fd, const char *name, const struct text *line)
{
	int64_t deadline_ms = clock_boot_ms() + SPOOL_DEADLINE_MS;
	int fd = openat(spool_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t done = 0;
	int error_number = 0;

	if (fd < 0)
		return errno;
	while (done < line->len && !error_number) {
		ssize_t written = write(fd, line->data + done, line->len - done);

		if (written >= 0)
			done += (size_t)written;
		else if (errno != EINTR)
			error_number = errno;
	}
	if (close(fd) && !error_number)
		error_number = errno;
	/* Later it may have been thrown away, as never finished. */
	if (!error_number && clock_boot_ms() >= deadline_ms)
		error_number = ETIMEDOUT;
	if (error_number)
		unlinkat(spool_fd, name, 0);
	return error_number;
}

static enum lks_status write_entry(int spool_fd, const char *log_path,
				   const struct audit_entry *entry, struct lks_error *err)
{
	AUTO(text_release) struct text line = TEXT_INIT;
	AUTO(free_ptr) char *plain = audit_format(entry, clock_wall_ms());
	AUTO(json_freep) json_t *parsed = NULL;
	char name[37 + sizeof(".json")];
	enum lks_status status;
	int error_number;

	if (plain)
		text_printf(&line, "%s\n", plain);
	if (!plain || !text_ok(&line))
		return error_no_memory(err, "writing the audit log");
	/* What root would not take in is not recorded. */
	parsed = spool_parse(line.data, line.len);
	if (!parsed || line.len > SPOOL_FILE_MAX) {
		error_set(err, LKS_UNAVAILABLE, "the audit log's spool takes no such entry");
		error_where(err, "%s.spool", log_path);
		error_hint(err, "ask for fewer secrets at once");
		return LKS_UNAVAILABLE;
	}
	status = uuid7_make(name, err);
	if (status)
		return status;
	strcat(name, ".json");
	error_number = write_file(spool_fd, name, &line);
	if (!error_number)
		return LKS_OK;
	error_set(err, LKS_UNAVAILABLE, "the audit log's spool cannot be written: %s",
		  strerror(error_number));
	error_where(err, "%s.spool", log_path);
	return LKS_UNAVAILABLE;
}

enum lks_status spool_write(int spool_fd, const char *log_path, const struct audit_entry *entries,
			    size_t count, struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	for (size_t i = 0; i < count; i++) {
		if (entries[i].phase == AUDIT_READ)
			continue;
		error_set(err, LKS_UNAVAILABLE,
			  "the audit log cannot be written: it is another user's, and its spool "
			  "takes reads only, no changes");
		error_where(err, "%s", log_path);
		error_hint(err, "change secrets as the user whose log it is");
		return LKS_UNAVAILABLE;
	}
	for (size_t i = 0; i < count && !status; i++)
		status = write_entry(spool_fd, log_path, &entries[i], err);
	return status;
}
