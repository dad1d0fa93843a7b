/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's table and its objects, for the unit tests of plugins.
 */
#include "support/fake_host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#define CANARY_LEN 16
#define CANARY 0xdb

struct fake_host {
	struct lks_host table;
	size_t buffers;
	unsigned fail_buffer;
	bool has_key;
	int64_t now_ms;
	char *log;
	size_t log_len;
};

struct lks_buffer {
	struct fake_host *fake;
	unsigned char *data;
	size_t len;
	size_t capacity;
};

struct lks_error {
	enum lks_status status;
	char text[LKS_TEXT_MAX + 1];
	char hint[LKS_TEXT_MAX + 1];
	int64_t retry_after_ms;
};

struct pair {
	char *name;
	char *data;
	size_t len;
};

struct lks_settings {
	const struct lks_plugin *plugin;
	struct pair *pairs;
	size_t count;
};

struct lks_record {
	struct pair *fields;
	size_t count;
	struct pair *notes;
	size_t note_count;
	char version[LKS_VERSION_MAX + 1];
	int64_t created_ms;
};

struct lks_list {
	char **paths;
	size_t count;
	char *cursor;
};

struct lks_answer {
	enum lks_verdict verdict;
	char *message;
	char *identity;
};

/* A test that runs out of memory has nothing to say. */
static void *must(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static struct fake_host *fake_of(const struct lks_host *host)
{
	return host->context;
}

/* ---- errors, log, clock ------------------------------------------------- */

static void escape_controls(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

static enum lks_status host_fail(const struct lks_host *host, struct lks_error *err,
				 enum lks_status status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void host_log(const struct lks_host *host, enum lks_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static enum lks_status host_fail(const struct lks_host *host, struct lks_error *err,
				 enum lks_status status, const char *format, ...)
{
	va_list list;

	(void)host;
	if (status == LKS_OK)
		abort();
	if (!err)
		return status;
	memset(err, 0, sizeof(*err));
	err->status = status;
	va_start(list, format);
	vsnprintf(err->text, sizeof(err->text), format, list);
	va_end(list);
	escape_controls(err->text);
	return status;
}

static void host_hint(const struct lks_host *host, struct lks_error *err, const char *text)
{
	(void)host;
	if (err)
		snprintf(err->hint, sizeof(err->hint), "%s", text);
}

static void host_retry_after(const struct lks_host *host, struct lks_error *err, int64_t wait_ms)
{
	(void)host;
	if (err)
		err->retry_after_ms = wait_ms;
}

static void host_log(const struct lks_host *host, enum lks_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	struct fake_host *fake = fake_of(host);
	char line[LKS_TEXT_MAX + 1];
	size_t room;
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	escape_controls(line);
	room = strlen(line) + 16;
	fake->log = must(realloc(fake->log, fake->log_len + room));
	fake->log_len +=
		(size_t)snprintf(fake->log + fake->log_len, room, "%s: %s\n", names[level], line);
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t host_now_ms(const struct lks_host *host)
{
	const struct fake_host *fake = fake_of(host);

	return fake->now_ms >= 0 ? fake->now_ms : clock_ms(CLOCK_BOOTTIME);
}

static int64_t host_wall_ms(const struct lks_host *host)
{
	(void)host;
	return clock_ms(CLOCK_REALTIME);
}

static enum lks_status host_random(const struct lks_host *host, void *data, size_t len,
				   struct lks_error *err)
{
	if (getrandom(data, len, 0) != (ssize_t)len)
		return host_fail(host, err, LKS_FAILED, "no random bytes");
	return LKS_OK;
}

/* FNV-1a under four keys: not for secrets, good enough to tell values apart. */
static enum lks_status host_digest(const struct lks_host *host, const void *data, size_t len,
				   char ret_text[LKS_VERSION_MAX + 1], struct lks_error *err)
{
	const unsigned char *bytes = data;
	size_t part;

	if (!fake_of(host)->has_key)
		return host_fail(host, err, LKS_UNAVAILABLE, "no key for digests");
	for (part = 0; part < 4; part++) {
		uint64_t hash =
			UINT64_C(14695981039346656037) ^ (part * UINT64_C(0x9e3779b97f4a7c15));
		size_t i;

		for (i = 0; i < len; i++)
			hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
		snprintf(ret_text + part * 16, 17, "%016llx", (unsigned long long)hash);
	}
	return LKS_OK;
}

/* ---- settings ----------------------------------------------------------- */

static const struct pair *setting_nth(const struct lks_settings *settings, const char *name,
				      size_t index, bool members)
{
	size_t name_len = strlen(name);
	size_t i;

	for (i = 0; i < settings->count; i++) {
		const char *pair_name = settings->pairs[i].name;
		bool same = strcmp(pair_name, name) == 0;
		bool member = strncmp(pair_name, name, name_len) == 0 && pair_name[name_len] == '.';

		if ((same || (members && member)) && index-- == 0)
			return &settings->pairs[i];
	}
	return NULL;
}

static const char *setting_fallback(const struct lks_settings *settings, const char *name)
{
	size_t i;

	for (i = 0; settings->plugin && i < settings->plugin->option_count; i++) {
		if (strcmp(settings->plugin->options[i].name, name) == 0)
			return settings->plugin->options[i].fallback;
	}
	return NULL;
}

static const char *host_setting_text(const struct lks_settings *settings, const char *name)
{
	const struct pair *pair = setting_nth(settings, name, 0, false);

	return pair ? pair->data : setting_fallback(settings, name);
}

static int64_t host_setting_number(const struct lks_settings *settings, const char *name)
{
	const char *text = host_setting_text(settings, name);

	return text ? strtoll(text, NULL, 10) : 0;
}

static int host_setting_flag(const struct lks_settings *settings, const char *name)
{
	const char *text = host_setting_text(settings, name);

	return text && strcasecmp(text, "true") == 0;
}

static int64_t host_setting_ms(const struct lks_settings *settings, const char *name)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }
	};
	const char *text = host_setting_text(settings, name);
	char *end = NULL;
	int64_t number;
	size_t i;

	if (!text)
		return 0;
	number = strtoll(text, &end, 10);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) == 0)
			return number * units[i].ms;
	}
	abort();
}

static size_t host_setting_count(const struct lks_settings *settings, const char *name)
{
	size_t count = 0;

	while (setting_nth(settings, name, count, true))
		count++;
	return count;
}

static const char *host_setting_item(const struct lks_settings *settings, const char *name,
				     size_t index)
{
	const struct pair *pair = setting_nth(settings, name, index, true);

	return pair ? pair->data : NULL;
}

static const char *host_setting_key(const struct lks_settings *settings, const char *name,
				    size_t index)
{
	const struct pair *pair = setting_nth(settings, name, index, true);

	return pair && pair->name[strlen(name)] == '.' ? pair->name + strlen(name) + 1 : NULL;
}

static enum lks_status host_setting_secret(const struct lks_host *host,
					   const struct lks_settings *settings, const char *name,
					   const void **ret_data, size_t *ret_len,
					   struct lks_error *err)
{
	const struct pair *pair = setting_nth(settings, name, 0, false);

	if (!pair)
		return host_fail(host, err, LKS_NOT_FOUND, "%s is not set", name);
	*ret_data = pair->data;
	*ret_len = pair->len;
	return LKS_OK;
}

static const char *host_setting_instance(const struct lks_settings *settings)
{
	(void)settings;
	return "test";
}

/* ---- buffers ------------------------------------------------------------ */

static enum lks_status host_buffer_new(const struct lks_host *host, size_t capacity,
				       struct lks_buffer **ret_buffer, struct lks_error *err)
{
	struct fake_host *fake = fake_of(host);
	struct lks_buffer *buffer;

	if (fake->fail_buffer && --fake->fail_buffer == 0)
		return host_fail(host, err, LKS_NO_MEMORY, "no secret memory left");
	buffer = calloc(1, sizeof(*buffer));
	if (buffer)
		buffer->data = calloc(1, capacity + 1 + CANARY_LEN);
	if (!buffer || !buffer->data) {
		free(buffer);
		return host_fail(host, err, LKS_NO_MEMORY, "no secret memory left");
	}
	buffer->fake = fake;
	buffer->capacity = capacity;
	memset(buffer->data + capacity + 1, CANARY, CANARY_LEN);
	fake->buffers++;
	*ret_buffer = buffer;
	return LKS_OK;
}

static void host_buffer_free(const struct lks_host *host, struct lks_buffer *buffer)
{
	size_t i;

	(void)host;
	if (!buffer)
		return;
	for (i = 0; i < CANARY_LEN; i++) {
		if (buffer->data[buffer->capacity + 1 + i] != CANARY)
			abort();
	}
	explicit_bzero(buffer->data, buffer->capacity);
	buffer->fake->buffers--;
	free(buffer->data);
	free(buffer);
}

static unsigned char *host_buffer_data(struct lks_buffer *buffer)
{
	return buffer->data;
}

static size_t host_buffer_len(const struct lks_buffer *buffer)
{
	return buffer->len;
}

static size_t host_buffer_capacity(const struct lks_buffer *buffer)
{
	return buffer->capacity;
}

static enum lks_status host_buffer_set_len(const struct lks_host *host, struct lks_buffer *buffer,
					   size_t len, struct lks_error *err)
{
	if (len > buffer->capacity)
		return host_fail(host, err, LKS_FAILED, "longer than the buffer");
	buffer->len = len;
	return LKS_OK;
}

/* ---- records ------------------------------------------------------------ */

static int pair_order(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

/* False without memory: nothing was changed then. */
static bool pair_put(struct pair **pairs, size_t *count, const char *name, const void *data,
		     size_t len)
{
	struct pair *pair = NULL;
	char *copy;
	size_t i;

	for (i = 0; i < *count && !pair; i++) {
		if (strcmp((*pairs)[i].name, name) == 0)
			pair = &(*pairs)[i];
	}
	copy = calloc(1, len + 1);
	if (!copy)
		return false;
	if (len)
		memcpy(copy, data, len);
	if (!pair) {
		struct pair *grown = reallocarray(*pairs, *count + 1, sizeof(*grown));
		char *copied = strdup(name);

		*pairs = grown ? grown : *pairs;
		if (!grown || !copied) {
			free(copied);
			free(copy);
			return false;
		}
		pair = &grown[(*count)++];
		pair->name = copied;
	} else {
		free(pair->data);
	}
	pair->data = copy;
	pair->len = len;
	return true;
}

static void pairs_free(struct pair *pairs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(pairs[i].name);
		free(pairs[i].data);
	}
	free(pairs);
}

static enum lks_status host_record_put(const struct lks_host *host, struct lks_record *record,
				       const char *field, const void *data, size_t len,
				       struct lks_error *err)
{
	if (!*field || strlen(field) > LKS_FIELD_MAX || len > LKS_VALUE_MAX)
		return host_fail(host, err, LKS_FAILED, "not a field");
	if (!pair_put(&record->fields, &record->count, field, data, len))
		return host_fail(host, err, LKS_NO_MEMORY, "out of memory");
	qsort(record->fields, record->count, sizeof(*record->fields), pair_order);
	return LKS_OK;
}

static size_t host_record_count(const struct lks_record *record)
{
	return record->count;
}

static enum lks_status host_record_at(const struct lks_record *record, size_t index,
				      const char **ret_field, const void **ret_data,
				      size_t *ret_len)
{
	if (index >= record->count)
		return LKS_NOT_FOUND;
	*ret_field = record->fields[index].name;
	*ret_data = record->fields[index].data;
	*ret_len = record->fields[index].len;
	return LKS_OK;
}

static enum lks_status host_record_find(const struct lks_record *record, const char *field,
					const void **ret_data, size_t *ret_len)
{
	size_t i;

	for (i = 0; i < record->count; i++) {
		if (strcmp(record->fields[i].name, field) != 0)
			continue;
		*ret_data = record->fields[i].data;
		*ret_len = record->fields[i].len;
		return LKS_OK;
	}
	return LKS_NOT_FOUND;
}

static enum lks_status host_record_set_version(const struct lks_host *host,
					       struct lks_record *record, const char *version,
					       struct lks_error *err)
{
	if (strlen(version) > LKS_VERSION_MAX)
		return host_fail(host, err, LKS_FAILED, "not a version");
	snprintf(record->version, sizeof(record->version), "%s", version);
	return LKS_OK;
}

static void host_record_set_created(struct lks_record *record, int64_t wall_ms)
{
	record->created_ms = wall_ms;
}

static enum lks_status host_record_set_note(const struct lks_host *host, struct lks_record *record,
					    const char *name, const char *text,
					    struct lks_error *err)
{
	if (!pair_put(&record->notes, &record->note_count, name, text, strlen(text)))
		return host_fail(host, err, LKS_NO_MEMORY, "out of memory");
	return LKS_OK;
}

static const char *host_record_note(const struct lks_record *record, const char *name)
{
	size_t i;

	for (i = 0; i < record->note_count; i++) {
		if (strcmp(record->notes[i].name, name) == 0)
			return record->notes[i].data;
	}
	return NULL;
}

/* ---- lists and answers -------------------------------------------------- */

static enum lks_status host_list_add(const struct lks_host *host, struct lks_list *list,
				     const char *path, struct lks_error *err)
{
	char **paths;

	if (list->count >= LKS_PAGE_MAX || !*path || strlen(path) > LKS_PATH_MAX)
		return host_fail(host, err, LKS_FAILED, "not an entry of a page");
	paths = reallocarray(list->paths, list->count + 1, sizeof(*paths));
	if (!paths)
		return host_fail(host, err, LKS_NO_MEMORY, "out of memory");
	list->paths = paths;
	list->paths[list->count] = strdup(path);
	if (!list->paths[list->count])
		return host_fail(host, err, LKS_NO_MEMORY, "out of memory");
	list->count++;
	return LKS_OK;
}

static enum lks_status host_list_add_version(const struct lks_host *host, struct lks_list *list,
					     const char *version, int64_t created_wall_ms,
					     const char *state, struct lks_error *err)
{
	(void)created_wall_ms;
	(void)state;
	return host_list_add(host, list, version, err);
}

static enum lks_status host_list_next(const struct lks_host *host, struct lks_list *list,
				      const char *cursor, struct lks_error *err)
{
	if (strlen(cursor) > LKS_CURSOR_MAX)
		return host_fail(host, err, LKS_FAILED, "not a cursor");
	free(list->cursor);
	list->cursor = strdup(cursor);
	return list->cursor ? LKS_OK : host_fail(host, err, LKS_NO_MEMORY, "out of memory");
}

static void host_answer_set(const struct lks_host *host, struct lks_answer *answer,
			    enum lks_verdict verdict, const char *message)
{
	(void)host;
	free(answer->message);
	answer->verdict = verdict;
	answer->message = message ? must(strdup(message)) : NULL;
}

static void host_answer_set_identity(const struct lks_host *host, struct lks_answer *answer,
				     const char *identity)
{
	(void)host;
	free(answer->identity);
	answer->identity = identity ? must(strdup(identity)) : NULL;
}

static const struct lks_host fake_table = {
	.size = sizeof(struct lks_host),
	.abi = LKS_ABI,
	.fail = host_fail,
	.hint = host_hint,
	.retry_after = host_retry_after,
	.log = host_log,
	.now_ms = host_now_ms,
	.wall_ms = host_wall_ms,
	.random = host_random,
	.digest = host_digest,
	.setting_text = host_setting_text,
	.setting_number = host_setting_number,
	.setting_flag = host_setting_flag,
	.setting_ms = host_setting_ms,
	.setting_count = host_setting_count,
	.setting_item = host_setting_item,
	.setting_key = host_setting_key,
	.setting_secret = host_setting_secret,
	.setting_instance = host_setting_instance,
	.buffer_new = host_buffer_new,
	.buffer_free = host_buffer_free,
	.buffer_data = host_buffer_data,
	.buffer_len = host_buffer_len,
	.buffer_capacity = host_buffer_capacity,
	.buffer_set_len = host_buffer_set_len,
	.record_put = host_record_put,
	.record_count = host_record_count,
	.record_at = host_record_at,
	.record_find = host_record_find,
	.record_set_version = host_record_set_version,
	.record_version = fake_record_version,
	.record_set_created = host_record_set_created,
	.record_set_note = host_record_set_note,
	.record_note = host_record_note,
	.list_add = host_list_add,
	.list_add_version = host_list_add_version,
	.list_next = host_list_next,
	.answer_set = host_answer_set,
	.answer_set_identity = host_answer_set_identity,
};

/* ---- what tests call ---------------------------------------------------- */

struct fake_host *fake_host_new(void)
{
	struct fake_host *fake = must(calloc(1, sizeof(*fake)));

	fake->table = fake_table;
	fake->table.context = fake;
	fake->has_key = true;
	fake->now_ms = -1;
	fake->log = must(calloc(1, 1));
	return fake;
}

void fake_host_free(struct fake_host *fake)
{
	if (!fake)
		return;
	if (fake->buffers) {
		fprintf(stderr, "# %zu buffers were not released\n", fake->buffers);
		abort();
	}
	free(fake->log);
	free(fake);
}

const struct lks_host *fake_host_table(struct fake_host *fake)
{
	return &fake->table;
}

size_t fake_host_buffers(const struct fake_host *fake)
{
	return fake->buffers;
}

const char *fake_host_log(const struct fake_host *fake)
{
	return fake->log;
}

void fake_host_log_clear(struct fake_host *fake)
{
	fake->log_len = 0;
	fake->log[0] = '\0';
}

void fake_host_fail_buffer(struct fake_host *fake, unsigned nth)
{
	fake->fail_buffer = nth;
}

void fake_host_set_key(struct fake_host *fake, bool has_key)
{
	fake->has_key = has_key;
}

void fake_host_set_now(struct fake_host *fake, int64_t now_ms)
{
	fake->now_ms = now_ms;
}

struct lks_call fake_call(struct fake_host *fake, int64_t after_ms, uint64_t flags)
{
	struct lks_call call = { .size = sizeof(call),
				 .deadline_ms = host_now_ms(&fake->table) + after_ms,
				 .request = "test",
				 .flags = flags };

	return call;
}

struct lks_error *fake_error_new(void)
{
	return must(calloc(1, sizeof(struct lks_error)));
}

void fake_error_free(struct lks_error *err)
{
	free(err);
}

enum lks_status fake_error_status(const struct lks_error *err)
{
	return err->status;
}

const char *fake_error_text(const struct lks_error *err)
{
	return err->text;
}

const char *fake_error_hint(const struct lks_error *err)
{
	return err->hint;
}

int64_t fake_error_retry_after(const struct lks_error *err)
{
	return err->retry_after_ms;
}

void fake_error_clear(struct lks_error *err)
{
	memset(err, 0, sizeof(*err));
}

struct lks_settings *fake_settings_new(const struct lks_plugin *plugin,
				       const struct fake_setting *settings, size_t count)
{
	struct lks_settings *made = must(calloc(1, sizeof(*made)));
	size_t i;

	made->plugin = plugin;
	made->pairs = must(calloc(count + 1, sizeof(*made->pairs)));
	made->count = count;
	for (i = 0; i < count; i++) {
		made->pairs[i].name = must(strdup(settings[i].name));
		made->pairs[i].data = must(strdup(settings[i].value));
		made->pairs[i].len = strlen(settings[i].value);
	}
	return made;
}

void fake_settings_free(struct lks_settings *settings)
{
	if (!settings)
		return;
	pairs_free(settings->pairs, settings->count);
	free(settings);
}

struct lks_record *fake_record_new(void)
{
	return must(calloc(1, sizeof(struct lks_record)));
}

struct lks_record *fake_record_of(const void *value, size_t len)
{
	struct lks_record *record = fake_record_new();

	fake_record_put(record, "value", value, len == SIZE_MAX ? strlen(value) : len);
	return record;
}

void fake_record_free(struct lks_record *record)
{
	if (!record)
		return;
	pairs_free(record->fields, record->count);
	pairs_free(record->notes, record->note_count);
	free(record);
}

const char *fake_record_value(const struct lks_record *record, size_t *ret_len)
{
	const void *data = NULL;
	size_t len = 0;

	if (host_record_find(record, "value", &data, &len) != LKS_OK)
		return NULL;
	if (ret_len)
		*ret_len = len;
	return data;
}

const char *fake_record_version(const struct lks_record *record)
{
	return record->version;
}

void fake_record_put(struct lks_record *record, const char *field, const void *data, size_t len)
{
	if (!pair_put(&record->fields, &record->count, field, data, len))
		abort();
	qsort(record->fields, record->count, sizeof(*record->fields), pair_order);
}

struct lks_list *fake_list_new(void)
{
	return must(calloc(1, sizeof(struct lks_list)));
}

void fake_list_clear(struct lks_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	free(list->cursor);
	memset(list, 0, sizeof(*list));
}

void fake_list_free(struct lks_list *list)
{
	if (!list)
		return;
	fake_list_clear(list);
	free(list);
}

size_t fake_list_count(const struct lks_list *list)
{
	return list->count;
}

const char *fake_list_at(const struct lks_list *list, size_t index)
{
	return index < list->count ? list->paths[index] : NULL;
}

const char *fake_list_cursor(const struct lks_list *list)
{
	return list->cursor;
}

struct lks_answer *fake_answer_new(void)
{
	return must(calloc(1, sizeof(struct lks_answer)));
}

void fake_answer_free(struct lks_answer *answer)
{
	if (!answer)
		return;
	free(answer->message);
	free(answer->identity);
	free(answer);
}

enum lks_verdict fake_answer_verdict(const struct lks_answer *answer)
{
	return answer->verdict;
}

const char *fake_answer_message(const struct lks_answer *answer)
{
	return answer->message ? answer->message : "";
}

const char *fake_answer_identity(const struct lks_answer *answer)
{
	return answer->identity ? answer->identity : "";
}
