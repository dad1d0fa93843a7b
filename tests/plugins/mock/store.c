/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that misbehaves as it is told: its records are files in the folder
 * `data`, every call is a line in the file `calls`. With -DMANY it has get_many
 * and set_many. As a verifier it answers what the candidate says.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <dirent.h>

#include "mock.h"

struct store {
	const struct lks_host *host;
	char data[512], calls[512], mode[32], token[64];
};

static void note(const struct store *store, const char *call, const char *path)
{
	FILE *file = fopen(store->calls, "ae");

	if (file) {
		fprintf(file, "%s %s\n", call, path);
		fclose(file);
	}
}

static int is_mode(const struct store *store, const char *mode)
{
	return !strcmp(store->mode, mode);
}

static void store_path(const struct store *store, const char *path, char *buffer, size_t size)
{
	size_t len = (size_t)snprintf(buffer, size, "%s/", store->data);

	for (; *path && len + 1 < size; path++)
		buffer[len++] = *path == '/' ? '@' : *path;
	buffer[len] = '\0';
}

static enum lks_status store_open(const struct lks_host *host, const struct lks_settings *settings,
				  const struct lks_call *call, void **ret_instance,
				  struct lks_error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	const void *token;
	size_t len;

	(void)call;
	if (!store)
		return host->fail(host, err, LKS_NO_MEMORY, "no memory");
	store->host = host;
	snprintf(store->data, sizeof(store->data), "%s", host->setting_text(settings, "data"));
	snprintf(store->calls, sizeof(store->calls), "%s", host->setting_text(settings, "calls"));
	snprintf(store->mode, sizeof(store->mode), "%s", host->setting_text(settings, "mode"));
	if (!host->setting_secret(host, settings, "token", &token, &len, NULL))
		snprintf(store->token, sizeof(store->token), "%.*s", (int)len, (const char *)token);
	note(store, "open", store->token);
	*ret_instance = store;
	return LKS_OK;
}

static void store_close(void *instance)
{
	note(instance, "close", "");
	free(instance);
}

/* "Fresh tokens only": one that begins with "old" is refused. */
static enum lks_status check_token(const struct store *store, struct lks_error *err)
{
	if (!strncmp(store->token, "old", 3))
		return store->host->fail(store->host, err, LKS_UNAUTHENTICATED, "token refused");
	return LKS_OK;
}

static enum lks_status misbehave(const struct store *store, struct lks_record *record,
				 struct lks_error *err)
{
	const struct lks_host *host = store->host;

	if (is_mode(store, "nul"))
		return host->record_put(host, record, "value", "a\0b", 3, err);
	if (is_mode(store, "fields"))
		return host->record_put(host, record, "other", "x", 1, err);
	if (is_mode(store, "half")) {
		(void)!host->record_put(host, record, "value", "secret", 6, err);
		return host->fail(host, err, LKS_UNAVAILABLE, "gone in the middle");
	}
	if (is_mode(store, "evil"))
		return host->fail(host, err, LKS_FAILED, "%s", "\033[31m%n%s\nok");
	return LKS_OK; /* empty */
}

static enum lks_status store_get(void *instance, const struct lks_call *call, const char *path,
				 const char *version, struct lks_record *record,
				 struct lks_error *err)
{
	const struct store *store = instance;
	char name[2048], data[4096];
	enum lks_status status = check_token(store, err);
	ssize_t len;
	int fd;

	(void)call;
	(void)version;
	note(store, "get", path);
	if (status)
		return status;
	if (store->mode[0] && !strstr("lie lost uncertain list", store->mode))
		return misbehave(store, record, err);
	store_path(store, path, name, sizeof(name));
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return store->host->fail(store->host, err, LKS_NOT_FOUND, "there is no %s", path);
	len = read(fd, data, sizeof(data));
	close(fd);
	return store->host->record_put(store->host, record, "value", data, (size_t)len, err);
}

static enum lks_status store_set(void *instance, const struct lks_call *call, const char *path,
				 struct lks_record *record, const char *expected,
				 struct lks_error *err)
{
	const struct store *store = instance;
	const void *data;
	char name[2048];
	size_t len;
	int fd;

	(void)call;
	note(store, "set", path);
	if (expected && !*expected) {
		store_path(store, path, name, sizeof(name));
		if (!access(name, F_OK))
			return store->host->fail(store->host, err, LKS_CONFLICT, "is there");
	}
	if (is_mode(store, "lie"))
		return LKS_OK;
	if (is_mode(store, "lost"))
		return store->host->fail(store->host, err, LKS_UNCERTAIN, "no answer");
	store_path(store, path, name, sizeof(name));
	fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || store->host->record_find(record, "value", &data, &len) ||
	    write(fd, data, len) != (ssize_t)len)
		return store->host->fail(store->host, err, LKS_FAILED, "cannot write");
	close(fd);
	if (is_mode(store, "uncertain"))
		return store->host->fail(store->host, err, LKS_UNCERTAIN, "no answer");
	return store->host->record_set_version(store->host, record, "v1", err);
}

static enum lks_status store_remove(void *instance, const struct lks_call *call, const char *path,
				    const char *expected, struct lks_error *err)
{
	const struct store *store = instance;
	char name[2048];

	(void)call;
	(void)expected;
	note(store, "remove", path);
	store_path(store, path, name, sizeof(name));
	if (unlink(name))
		return store->host->fail(store->host, err, LKS_NOT_FOUND, "there is no %s", path);
	return LKS_OK;
}

static enum lks_status list_evil(const struct store *store, const char *cursor,
				 struct lks_list *list, struct lks_error *err)
{
	static const char *const names[] = { "../x", "a b", "x.pending", "zz", "a//b", "aa", "aa" };

	(void)cursor;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)!store->host->list_add(store->host, list, names[i], NULL);
	(void)err;
	return LKS_OK;
}

static enum lks_status store_list(void *instance, const struct lks_call *call, const char *prefix,
				  const char *cursor, struct lks_list *list, struct lks_error *err)
{
	const struct store *store = instance;
	struct dirent *entry;
	DIR *folder;

	(void)call;
	note(store, "list", prefix);
	if (is_mode(store, "list"))
		return list_evil(store, cursor, list, err);
	if (is_mode(store, "loop"))
		return store->host->list_next(store->host, list, "again", err);
	folder = opendir(store->data);
	while (folder && (entry = readdir(folder))) {
		char path[256];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s", entry->d_name);
		for (char *c = path; *c; c++)
			*c = *c == '@' ? '/' : *c;
		if (!strncmp(path, prefix, strlen(prefix)))
			(void)!store->host->list_add(store->host, list, path, err);
	}
	if (folder)
		closedir(folder);
	return LKS_OK;
}

#ifdef MANY
static enum lks_status store_get_many(void *instance, const struct lks_call *call,
				      const char *const *paths, struct lks_record *const *records,
				      size_t count, enum lks_status *ret_statuses,
				      struct lks_error *err)
{
	note(instance, "get_many", "");
	for (size_t i = 0; i < count; i++)
		ret_statuses[i] = store_get(instance, call, paths[i], NULL, records[i], err);
	return LKS_OK;
}

static enum lks_status store_set_many(void *instance, const struct lks_call *call,
				      const struct lks_change *changes, size_t count,
				      struct lks_error *err)
{
	note(instance, "set_many", "");
	for (size_t i = 0; i < count; i++) {
		enum lks_status status =
			changes[i].record ? store_set(instance, call, changes[i].path,
						      changes[i].record, changes[i].expected, err)
					  : store_remove(instance, call, changes[i].path,
							 changes[i].expected, NULL);
		if (status && status != LKS_NOT_FOUND)
			return status;
	}
	return LKS_OK;
}
#endif

static enum lks_status store_verify(void *instance, const struct lks_call *call,
				    const struct lks_record *candidate,
				    const struct lks_record *with, struct lks_answer *answer,
				    struct lks_error *err)
{
	const struct store *store = instance;
	const void *data = "", *extra = "";
	size_t len = 0, extra_len = 0;

	(void)call;
	(void)!store->host->record_find(candidate, "value", &data, &len);
	(void)!store->host->record_find(with, "host", &extra, &extra_len);
	note(store, "verify", extra_len ? "with host" : "");
	if (len == 4 && !memcmp(data, "good", 4))
		store->host->answer_set(store->host, answer, LKS_VERDICT_VALID, "works");
	else if (len == 3 && !memcmp(data, "bad", 3))
		store->host->answer_set(store->host, answer, LKS_VERDICT_INVALID, "refused");
	else if (len == 3 && !memcmp(data, "odd", 3))
		store->host->answer_set(store->host, answer, (enum lks_verdict)99, "?");
	else
		return store->host->fail(store->host, err, LKS_UNAVAILABLE, "nobody is there");
	return LKS_OK;
}

static const struct lks_option options[] = {
	{ .name = "data", .type = LKS_OPTION_PATH, .flags = LKS_OPTION_REQUIRED },
	{ .name = "calls", .type = LKS_OPTION_PATH, .flags = LKS_OPTION_REQUIRED },
	{ .name = "mode", .type = LKS_OPTION_TEXT, .fallback = "" },
	{ .name = "token", .type = LKS_OPTION_SECRET },
};

static const struct lks_backend backend = {
	.size = sizeof(backend),
	.sides = { .pending = ".pending", .previous = ".previous" },
	.value_max = 1000,
	.open = store_open,
	.close = store_close,
	.get = store_get,
	.set = store_set,
	.remove = store_remove,
	.list = store_list,
#ifdef MANY
	.get_many = store_get_many,
	.set_many = store_set_many,
#endif
};

static const struct lks_verifier verifier = {
	.size = sizeof(verifier),
	.propagation_ms = 250,
	.open = store_open,
	.close = store_close,
	.verify = store_verify,
};

MOCK_PLUGIN(MOCK, MOCK_NAME, MOCK_TEXTS, .option_count = sizeof(options) / sizeof(options[0]),
	    .options = options, .backend = &backend, .verifier = &verifier);
