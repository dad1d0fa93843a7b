/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one config file: once, through the descriptor that was judged, within a
   size, and only if its bytes are plain UTF-8 text. */
#include "config/tree.h"

#include <errno.h>
#include <limits.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/trust.h"

static bool is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_mode == b->st_mode &&
	       a->st_uid == b->st_uid;
}

static enum lks_status too_large(const char *path, struct lks_error *err)
{
	error_set(err, LKS_INVALID, "%s is larger than 1 MiB, which is the most a config may be",
		  path);
	error_hint(err, "split it with @include");
	return LKS_INVALID;
}

/* At most `room` bytes. */
static enum lks_status read_all(int fd, const char *path, char *data, size_t room, size_t *ret_len,
				struct lks_error *err)
{
	size_t len = 0;

	while (len < room) {
		ssize_t got = read(fd, data + len, room - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, status_from_errno(errno), "cannot read %s: %s", path,
					 strerror(errno));
		if (got == 0)
			break;
		len += (size_t)got;
	}
	*ret_len = len;
	return LKS_OK;
}

enum lks_status source_read_fd(int fd, const char *path, const struct stat *before, char **ret_data,
			       size_t *ret_len, struct lks_error *err)
{
	AUTO(free_ptr) char *data = NULL;
	struct stat after;
	enum lks_status status;
	size_t room, len;

	if (before->st_size > SETTING_FILE_MAX)
		return too_large(path, err);
	room = (size_t)before->st_size + 1;
	data = malloc(room + 1);
	if (!data)
		return error_no_memory(err, "reading the config");
	status = read_all(fd, path, data, room, &len, err);
	if (status)
		return status;
	if (fstat(fd, &after) < 0)
		return error_set(err, LKS_FAILED, "cannot examine %s: %s", path, strerror(errno));
	if (!is_same_state(before, &after) || len != (size_t)before->st_size) {
		error_set(err, LKS_INVALID, "%s changed while it was read", path);
		error_hint(err, "run the command again once the file is complete");
		return LKS_INVALID;
	}
	data[len] = '\0';
	*ret_len = len;
	*ret_data = TAKE(data);
	return LKS_OK;
}

/* Where the open file is, by the kernel. */
static enum lks_status real_path_of(int fd, const char *path, char **ret_path,
				    struct lks_error *err)
{
	char link[64];
	char target[PATH_MAX];
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, target, sizeof(target) - 1);
	if (len > 0)
		target[len] = '\0';
	else if (!realpath(path, target)) /* no /proc here */
		return error_set(err, LKS_FAILED, "cannot tell where %s is: %s", path,
				 strerror(errno));
	*ret_path = strdup(target);
	return *ret_path ? LKS_OK : error_no_memory(err, "reading the config");
}

enum lks_status source_read(const char *path, struct source *ret_source, struct lks_error *err)
{
	AUTO(source_release) struct source source = { 0 };
	AUTO(fd_close) int fd = -1;
	enum lks_status status;

	status = trust_open_file(path, "the config file", 0, &fd, &source.stat, err);
	if (status)
		return status;
	status = real_path_of(fd, path, &source.real_path, err);
	if (status)
		return status;
	status = source_read_fd(fd, path, &source.stat, &source.data, &source.len, err);
	if (status)
		return status;
	*ret_source = source;
	source = (struct source){ 0 };
	return LKS_OK;
}

void source_release(struct source *source)
{
	/* A secret that was pasted by mistake shall not stay behind. */
	if (source->data)
		explicit_bzero(source->data, source->len);
	free(source->data);
	free(source->real_path);
	*source = (struct source){ 0 };
}

static int line_of(const char *data, const char *at)
{
	int line = 1;

	for (; data < at; data++)
		line += *data == '\n';
	return line;
}

static enum lks_status refuse(const char *path, int line, struct lks_error *err, const char *what,
			      const char *hint)
{
	error_set(err, LKS_INVALID, "%s", what);
	error_where(err, "%s:%d", path, line);
	error_hint(err, "%s", hint);
	return LKS_INVALID;
}

static enum lks_status check_encoding(const char *data, size_t len, const char *path,
				      struct lks_error *err)
{
	static const char save[] = "save the file as UTF-8 without a byte order mark";
	const char *nul = memchr(data, '\0', len);

	if (len >= 2 && (memcmp(data, "\xff\xfe", 2) == 0 || memcmp(data, "\xfe\xff", 2) == 0))
		return refuse(path, 1, err, "found UTF-16 text, expected UTF-8", save);
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		return refuse(path, 1, err, "found a byte order mark, expected plain UTF-8", save);
	if (nul)
		return refuse(path, line_of(data, nul), err,
			      "found a NUL byte, expected UTF-8 text",
			      "the file is binary or UTF-16: save it as UTF-8");
	return LKS_OK;
}

/* Line by line, so that the message can say which one. */
static enum lks_status check_line(const char *data, size_t len, const char *path, int line,
				  struct lks_error *err)
{
	if (!utf8_is_valid(data, len))
		return refuse(path, line, err, "found bytes that are not UTF-8",
			      "save the file as UTF-8");
	if (utf8_has_invisible(data, len))
		return refuse(path, line, err,
			      "found an invisible character (zero-width, bidi or other mark)",
			      "remove it: what the file says must be what it shows");
	for (size_t i = 0; i < len; i++) {
		bool is_line_end = data[i] == '\r' && i + 1 == len;

		if (((unsigned char)data[i] < 0x20 || data[i] == 0x7f) && data[i] != '\t' &&
		    !is_line_end)
			return refuse(path, line, err, "found a control character",
				      "remove it, or write \\xHH inside a string");
	}
	return LKS_OK;
}

enum lks_status source_check(const char *data, size_t len, const char *path, struct lks_error *err)
{
	const char *end = data + len;
	enum lks_status status;
	int line = 1;

	if (len > SETTING_FILE_MAX)
		return too_large(path, err);
	status = check_encoding(data, len, path, err);
	if (status)
		return status;
	for (const char *at = data; at < end; line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		status = check_line(at, (size_t)(stop - at), path, line, err);
		if (status)
			return status;
		at = stop + 1;
	}
	return LKS_OK;
}
