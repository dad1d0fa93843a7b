/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the audit log: its last lines, and whether it hangs together. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "telemetry/audit.h"

#define BLOCK 65536

static void file_close(FILE **file)
{
	if (*file)
		fclose(*file);
}

static enum lks_status open_log(const char *path, FILE **ret_file, struct lks_error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat stat;

	if (fd < 0) {
		error_set(err, status_from_errno(errno), "the audit log cannot be read: %s",
			  strerror(errno));
		error_where(err, "%s", path);
		return status_from_errno(errno);
	}
	if (fstat(fd, &stat) || !S_ISREG(stat.st_mode)) {
		close(fd);
		error_set(err, LKS_INVALID, "the audit log is not a regular file");
		error_where(err, "%s", path);
		return LKS_INVALID;
	}
	*ret_file = fdopen(fd, "r");
	if (*ret_file)
		return LKS_OK;
	close(fd);
	return error_no_memory(err, "reading the audit log");
}

struct check {
	void (*problem)(void *context, uint64_t line, const char *text);
	void *context;
	struct audit_summary summary;
	char time[32]; /* of the line before */
};

static void add_problem(struct check *check, const char *format, ...) PRINTF_LIKE(2, 3);
static void add_problem(struct check *check, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	check->summary.problems++;
	if (check->problem)
		check->problem(check->context, check->summary.lines, text);
}

static void check_members(struct check *check, json_t *entry)
{
	static const char *const known[] = { "seq",       "time",      "phase",    "action",
					     "subject",   "reference", "outcome",  "request",
					     "operation", "step",      "version",  "digest",
					     "reason",    "rule",      "spool_id", "spooled_by",
					     "collected" };
	const char *key;
	json_t *value;

	json_object_foreach(entry, key, value)
	{
		bool is_number =
			!strcmp(key, "seq") || !strcmp(key, "step") || !strcmp(key, "spooled_by");
		bool is_known = false;

		for (size_t i = 0; i < COUNT_OF(known); i++)
			is_known = is_known || !strcmp(key, known[i]);
		if (!is_known || (is_number ? !json_is_integer(value) : !json_is_string(value)))
			add_problem(check, "a member that does not belong there");
	}
	for (size_t i = 0; i < 5; i++) {
		if (!json_object_get(entry, known[i]))
			add_problem(check, "no \"%s\"", known[i]);
	}
}

static void check_ids(struct check *check, const json_t *entry)
{
	static const char *const names[] = { "request", "operation", "spool_id" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *id = json_text(entry, names[i]);

		if (id[0] && strlen(id) != 36)
			add_problem(check, "\"%s\" is not an id", names[i]);
	}
}

static void check_order(struct check *check, const json_t *entry)
{
	struct audit_summary *summary = &check->summary;
	const char *time = json_text(entry, "time");
	const char *collected = json_text(entry, "collected");
	/* What waited in the spool is older than its place in the log. */
	const char *stamp = collected[0] ? collected : time;
	int64_t number = json_number(entry, "seq");
	int64_t wall_ms;

	if (number <= 0)
		return;
	if (summary->last && (uint64_t)number != summary->last + 1)
		add_problem(check, "number %" PRId64 " follows number %" PRIu64, number,
			    summary->last);
	summary->last = (uint64_t)number;
	if (!summary->first)
		summary->first = summary->last;
	summary->spooled += collected[0] != '\0';
	if (!time_parse(time, &wall_ms) || !time_parse(stamp, &wall_ms))
		add_problem(check, "\"time\" is not a time");
	else if (strcmp(stamp, check->time) < 0)
		add_problem(check, "earlier than the line before it");
	string_copy(check->time, sizeof(check->time), stamp);
}

static void check_line(struct check *check, const char *line, size_t len)
{
	AUTO(json_freep) json_t *entry = NULL;
	struct lks_error err;

	if (!len || line[len - 1] != '\n') {
		add_problem(check, "cut short");
		return;
	}
	if (json_read(line, len - 1, "line", &entry, &err) || !json_is_object(entry)) {
		add_problem(check, "not a JSON object");
		/* The number of a line that was cut short was used up. */
		if (check->summary.last)
			check->summary.last++;
		return;
	}
	check_members(check, entry);
	check_ids(check, entry);
	check_order(check, entry);
}

/* PATH.head knows how long the file was. */
static void check_head(struct check *check, const char *path, const struct stat *log)
{
	AUTO(text_release) struct text head_path = TEXT_INIT;
	AUTO(file_close) FILE *head = NULL;
	uint64_t count, inode, size;
	struct lks_error err;

	text_printf(&head_path, "%s.head", path);
	if (!text_ok(&head_path) || open_log(text_string(&head_path), &head, &err) ||
	    fscanf(head, "{\"count\":%" SCNu64 ",\"inode\":%" SCNu64 ",\"size\":%" SCNu64, &count,
		   &inode, &size) != 3) {
		add_problem(check, "%s.head is missing or damaged", path);
		return;
	}
	if (inode == log->st_ino && (uint64_t)log->st_size < size)
		add_problem(check, "the file is shorter than it was: %" PRIu64 " bytes are gone",
			    size - (uint64_t)log->st_size);
	else if (inode == log->st_ino && check->summary.last < count)
		add_problem(check, "the last number was %" PRIu64, count);
}

enum lks_status audit_check(const char *path,
			    void (*problem)(void *context, uint64_t line, const char *text),
			    void *context, struct audit_summary *ret_summary, struct lks_error *err)
{
	struct check check = { .problem = problem, .context = context };
	AUTO(file_close) FILE *file = NULL;
	AUTO(free_ptr) char *line = NULL;
	size_t capacity = 0;
	struct stat stat;
	ssize_t len;
	enum lks_status status = open_log(path, &file, err);

	if (status)
		return status;
	while ((len = getline(&line, &capacity, file)) > 0) {
		check.summary.lines++;
		check_line(&check, line, (size_t)len);
	}
	if (ferror(file) || fstat(fileno(file), &stat))
		return error_set(err, LKS_FAILED, "%s: %s", path, strerror(errno));
	check_head(&check, path, &stat);
	*ret_summary = check.summary;
	return LKS_OK;
}

/* Where the last `count` lines begin. */
static off_t find_tail(int fd, off_t size, size_t count)
{
	char block[BLOCK];
	size_t ends = size > 0 && pread(fd, block, 1, size - 1) == 1 && block[0] != '\n';

	while (size > 0) {
		size_t want = size > BLOCK ? BLOCK : (size_t)size;
		off_t start = size - (off_t)want;
		ssize_t len = pread(fd, block, want, start);

		if (len <= 0)
			return 0;
		for (ssize_t i = len; i-- > 0;) {
			if (block[i] == '\n' && ends++ == count)
				return start + i + 1;
		}
		size = start;
	}
	return 0;
}

enum lks_status audit_tail(const char *path, size_t count,
			   void (*each)(void *context, const char *line, size_t len), void *context,
			   struct lks_error *err)
{
	AUTO(file_close) FILE *file = NULL;
	AUTO(free_ptr) char *line = NULL;
	size_t capacity = 0;
	struct stat stat;
	ssize_t len;
	enum lks_status status = open_log(path, &file, err);

	if (status)
		return status;
	if (fstat(fileno(file), &stat) ||
	    fseeko(file, find_tail(fileno(file), stat.st_size, count), SEEK_SET))
		return error_set(err, LKS_FAILED, "%s: %s", path, strerror(errno));
	while (count-- && (len = getline(&line, &capacity, file)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		each(context, line, (size_t)len);
	}
	return LKS_OK;
}
