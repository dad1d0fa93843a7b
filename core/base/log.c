/* SPDX-License-Identifier: Apache-2.0 */
/* One write() per line, without allocation, so that lines of several threads
   and processes do not mix. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define MESSAGE_SIZE 4096
#define ID_SIZE 65

static struct {
	atomic_int level;
	atomic_int format;
	atomic_int fd;
} settings = { LKS_LOG_WARN, LOG_TEXT, STDERR_FILENO };

static _Thread_local char operation_id[ID_SIZE];
static _Thread_local char request_id[ID_SIZE];

/* A line under construction; what does not fit is dropped. */
struct line {
	char data[2 * MESSAGE_SIZE + 1024];
	size_t len;
};

static void line_add(struct line *line, const char *string)
{
	string_copy(line->data + line->len, sizeof(line->data) - line->len, string);
	line->len += strlen(line->data + line->len);
}

/* The text has no control characters any more: two escapes are left. */
static void line_add_quoted(struct line *line, const char *string)
{
	char piece[3] = { 0 };

	line_add(line, "\"");
	for (; *string && line->len + 8 < sizeof(line->data); string++) {
		piece[0] = *string;
		piece[1] = '\0';
		if (*string == '"' || *string == '\\') {
			piece[0] = '\\';
			piece[1] = *string;
		}
		memcpy(line->data + line->len, piece, 3);
		line->len += strlen(piece);
	}
	line_add(line, "\"");
}

static const char *level_name(enum lks_level level)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	return (unsigned int)level < COUNT_OF(names) ? names[level] : "error";
}

static void make_text(struct line *line, enum lks_level level, const char *message)
{
	line_add(line, level_name(level));
	line_add(line, ": ");
	line_add(line, message);
	if (operation_id[0]) {
		line_add(line, " operation=");
		line_add(line, operation_id);
	}
	if (request_id[0]) {
		line_add(line, " request=");
		line_add(line, request_id);
	}
}

static void make_json(struct line *line, enum lks_level level, const char *message)
{
	char stamp[32];

	time_print(clock_wall_ms(), stamp);
	line_add(line, "{\"time\":\"");
	line_add(line, stamp);
	line_add(line, "\",\"level\":\"");
	line_add(line, level_name(level));
	line_add(line, "\",\"message\":");
	line_add_quoted(line, message);
	if (operation_id[0]) {
		line_add(line, ",\"operation\":");
		line_add_quoted(line, operation_id);
	}
	if (request_id[0]) {
		line_add(line, ",\"request\":");
		line_add_quoted(line, request_id);
	}
	line_add(line, "}");
}

void log_setup(enum lks_level level, enum log_format format, int fd)
{
	atomic_store(&settings.level, (int)level);
	atomic_store(&settings.format, (int)format);
	atomic_store(&settings.fd, fd);
}

enum lks_level log_level(void)
{
	return (enum lks_level)atomic_load(&settings.level);
}

/* A log that cannot be written has nowhere to say so. */
static void write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t written = write(fd, data, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		data += written;
		len -= (size_t)written;
	}
}

void log_line(enum lks_level level, const char *format, ...)
{
	const int saved_errno = errno;
	char raw[MESSAGE_SIZE];
	char message[MESSAGE_SIZE];
	struct line line;
	va_list arguments;

	if (level > log_level())
		return;
	va_start(arguments, format);
	if (vsnprintf(raw, sizeof(raw), format, arguments) < 0)
		string_copy(raw, sizeof(raw), format);
	va_end(arguments);
	string_escape(message, sizeof(message), raw, strlen(raw));
	line.len = 0;
	line.data[0] = '\0';
	if (atomic_load(&settings.format) == LOG_JSON)
		make_json(&line, level, message);
	else
		make_text(&line, level, message);
	if (line.len + 1 >= sizeof(line.data))
		line.len = sizeof(line.data) - 2;
	line.data[line.len++] = '\n';
	write_all(atomic_load(&settings.fd), line.data, line.len);
	errno = saved_errno;
}

static void set_id(char id[ID_SIZE], const char *value)
{
	if (value)
		string_escape(id, ID_SIZE, value, strlen(value));
	else
		id[0] = '\0';
}

void log_operation(const char *operation)
{
	set_id(operation_id, operation);
}

void log_request(const char *request)
{
	set_id(request_id, request);
}

const char *log_current_request(void)
{
	return request_id;
}
