/* SPDX-License-Identifier: Apache-2.0 */
/* The env files that `init` makes stores of. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/secret.h"
#include "cli/init.h"

#define ENV_SIZE_MAX ((size_t)4 << 20)

void init_release(struct init *init)
{
	for (size_t i = 0; i < init->count; i++) {
		struct env_store *store = &init->stores[i];

		for (size_t j = 0; j < store->key_count; j++)
			free(store->keys[j]);
		free(store->keys);
		free(store->path);
	}
	init->count = 0;
}

static bool is_env_file(const char *name)
{
	static const char *const no_secrets[] = { ".example", ".sample", ".template", ".dist",
						  ".bak",     ".swp",    "~",         ".lock" };

	if (strcmp(name, ".env") != 0 && !string_starts(name, ".env.") &&
	    !string_ends(name, ".env"))
		return false;
	if (strstr(name, ".lockstep."))
		return false;
	for (size_t i = 0; i < COUNT_OF(no_secrets); i++)
		if (string_ends(name, no_secrets[i]))
			return false;
	return true;
}

static bool is_taken(const struct init *init, const char *name)
{
	for (size_t i = 0; i < init->count; i++)
		if (strcmp(init->stores[i].name, name) == 0)
			return true;
	return false;
}

/* ".env" is app, ".env.staging" staging, "web.env" web. */
static void choose_name(const struct init *init, const char *path, char name[LKS_NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char plain[LKS_NAME_MAX - 2] = "";
	size_t len = 0;

	if (string_starts(base, ".env."))
		base += 5;
	for (; *base && len + 1 < sizeof(plain) && strcmp(base, ".env") != 0; base++) {
		const char c = *base >= 'A' && *base <= 'Z' ? (char)(*base + ('a' - 'A')) : *base;

		if ((c >= 'a' && c <= 'z') || (len > 0 && (ascii_is_digit(c) || c == '-')))
			plain[len++] = c;
		else if (len > 0 && plain[len - 1] != '-')
			plain[len++] = '-';
	}
	while (len > 0 && plain[len - 1] == '-')
		len--;
	plain[len] = '\0';
	string_copy(name, LKS_NAME_MAX + 1, len ? plain : "app");
	for (int i = 2; is_taken(init, name) && i < INIT_FILES_MAX + 2; i++)
		snprintf(name, LKS_NAME_MAX + 1, "%s-%d", len ? plain : "app", i);
}

static enum lks_status add_key(struct env_store *store, const char *data, size_t len,
			       struct lks_error *err)
{
	char **keys = realloc(store->keys, (store->key_count + 1) * sizeof(*keys));

	if (!keys)
		return error_no_memory(err, "the keys of an env file");
	store->keys = keys;
	keys[store->key_count] = strndup(data, len);
	if (!keys[store->key_count])
		return error_no_memory(err, "the keys of an env file");
	store->key_count++;
	return LKS_OK;
}

/* The name in "NAME=..." or "export NAME=...". */
static enum lks_status look_at_line(struct env_store *store, const char *line, size_t len,
				    struct lks_error *err)
{
	size_t start = 0, end;

	while (start < len && (line[start] == ' ' || line[start] == '\t'))
		start++;
	if (len - start > 7 && memcmp(line + start, "export ", 7) == 0)
		start += 7;
	for (end = start; end < len; end++) {
		if (line[end] == '.' || line[end] == '-')
			continue;
		if (!ascii_is_alnum(line[end]) && line[end] != '_')
			break;
	}
	if (end == start || end == len || line[end] != '=')
		return LKS_OK;
	if (memchr(line + start, '.', end - start) || memchr(line + start, '-', end - start))
		store->is_dotted = true;
	return add_key(store, line + start, end - start, err);
}

static enum lks_status look_at_file(struct env_store *store, struct lks_error *err)
{
	AUTO(fd_close) int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO(secret_freep) struct lks_buffer *content = NULL;
	struct stat info;
	enum lks_status status;

	if (fd < 0 || fstat(fd, &info))
		return error_set(err, status_from_errno(errno), "%s: %m", store->path);
	if (!S_ISREG(info.st_mode))
		return error_set(err, LKS_INVALID, "%s is not a regular file", store->path);
	store->is_link = lstat(store->path, &info) == 0 && S_ISLNK(info.st_mode);
	status = secret_read_fd(fd, ENV_SIZE_MAX, store->path, &content, err);
	for (size_t at = 0; !status && at < content->len;) {
		const char *line = (const char *)content->data + at;
		const char *newline = memchr(line, '\n', content->len - at);
		const size_t len = newline ? (size_t)(newline - line) : content->len - at;

		status = look_at_line(store, line, len, err);
		at += len + 1;
	}
	return status;
}

static enum lks_status add_store(struct init *init, const char *path, struct lks_error *err)
{
	struct env_store *store = &init->stores[init->count];

	if (init->count == INIT_FILES_MAX)
		return error_set(err, LKS_INVALID, "more than %d env files: name them with --from",
				 INIT_FILES_MAX);
	if (strpbrk(path, "\"\\\n\r\t{}"))
		return error_set(err, LKS_INVALID,
				 "an env file's path may not hold quotes, backslashes or braces");
	memset(store, 0, sizeof(*store));
	choose_name(init, path, store->name);
	/* Paths in a config start at its folder. */
	store->path = strchr(init->path, '/') ? realpath(path, NULL) : strdup(path);
	if (!store->path && errno != ENOMEM)
		return error_set(err, status_from_errno(errno), "%s: %m", path);
	if (!store->path)
		return error_no_memory(err, "the env files");
	init->count++;
	return look_at_file(store, err);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int choose_env_file(const struct dirent *entry)
{
	return is_env_file(entry->d_name);
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

enum lks_status init_find(struct init *init, struct lks_error *err)
{
	struct dirent **entries = NULL;
	const char *path;
	enum lks_status status = LKS_OK;
	int count;

	if (cli_option_at(init->cli, "from", 0)) {
		for (size_t i = 0; !status && (path = cli_option_at(init->cli, "from", i)); i++)
			status = add_store(init, path, err);
		return status;
	}
	count = scandir(".", &entries, choose_env_file, by_name);
	if (count < 0)
		return error_set(err, status_from_errno(errno), "look for env files: %m");
	for (int i = 0; !status && i < count; i++) {
		struct stat info;

		if (stat(entries[i]->d_name, &info) == 0 && S_ISREG(info.st_mode))
			status = add_store(init, entries[i]->d_name, err);
	}
	free_entries(entries, count);
	return status;
}
