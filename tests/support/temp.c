/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and files of tests. */
#include "support/temp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/test.h"

static struct temp make_in(const char *folder)
{
	struct temp temp;

	memset(&temp, 0, sizeof(temp));
	snprintf(temp.path, sizeof(temp.path), "%s/lockstep-test-XXXXXX", folder);
	if (!mkdtemp(temp.path))
		fail_msg("%s: %s", temp.path, strerror(errno));
	return temp;
}

struct temp temp_make(void)
{
	const char *folder = getenv("TMPDIR");

	return make_in(folder && *folder ? folder : "/tmp");
}

struct temp temp_make_trusted(void)
{
	const char *folder = getenv("HOME");

	if (!folder || !*folder)
		fail_msg("HOME is not set");
	return make_in(folder);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info;
	(void)walk;
	(void)kind;
	return remove(path);
}

/* A test may have made a folder unreadable. */
static int open_up(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info;
	(void)walk;
	if (kind == FTW_D || kind == FTW_DNR)
		chmod(path, 0700);
	return 0;
}

void temp_remove(struct temp *temp)
{
	if (!temp->path[0])
		return;
	nftw(temp->path, open_up, 16, FTW_PHYS);
	nftw(temp->path, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
	temp->path[0] = '\0';
}

const char *temp_path(struct temp *temp, const char *name)
{
	char *path = temp->names[temp->next++ % COUNT_OF(temp->names)];
	const size_t len = strlen(temp->path);

	if (len + 1 + strlen(name) >= sizeof(temp->names[0]))
		fail_msg("%s: too long for a test's path", name);
	memcpy(path, temp->path, len);
	path[len] = '/';
	strcpy(path + len + 1, name);
	return path;
}

void file_write(const char *path, const void *data, size_t len, mode_t mode)
{
	const char *at = data;
	AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	while (len > 0) {
		const ssize_t written = write(fd, at, len);

		if (written <= 0)
			fail_msg("%s: %s", path, strerror(errno));
		at += written;
		len -= (size_t)written;
	}
	if (fchmod(fd, mode))
		fail_msg("%s: %s", path, strerror(errno));
}

void file_write_text(const char *path, const char *text)
{
	file_write(path, text, strlen(text), 0600);
}

char *file_read(const char *path, size_t *ret_len)
{
	size_t len = 0;
	size_t capacity = 4096;
	char *data = malloc(capacity);
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	for (;;) {
		ssize_t got;

		if (!data)
			fail_msg("%s: out of memory", path);
		got = read(fd, data + len, capacity - len - 1);
		if (got < 0)
			fail_msg("%s: %s", path, strerror(errno));
		if (got == 0)
			break;
		len += (size_t)got;
		if (len + 1 == capacity)
			data = realloc(data, capacity *= 2);
	}
	data[len] = '\0';
	if (ret_len)
		*ret_len = len;
	return data;
}

bool file_exists(const char *path)
{
	struct stat info;

	return !lstat(path, &info);
}

mode_t file_mode(const char *path)
{
	struct stat info;

	if (lstat(path, &info))
		fail_msg("%s: %s", path, strerror(errno));
	return info.st_mode & 07777;
}

size_t folder_count(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	if (!folder)
		fail_msg("%s: %s", path, strerror(errno));
	for (struct dirent *entry; (entry = readdir(folder));)
		count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(folder);
	return count;
}
