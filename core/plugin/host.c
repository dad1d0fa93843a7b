/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's table. Every argument comes from a plugin: NULL, too long, not
 * UTF-8 and out of range are answered, never trusted.
 */
#include "plugin/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "plugin/settings.h"

#define WAIT_MAX_MS (24 * 60 * 60 * 1000)

struct host {
	struct lks_host table;
	char *instance;
	host_digester digest;
	void *context;
};

static const struct host *host_of(const struct lks_host *table)
{
	return table->context;
}

static PRINTF_LIKE(4, 5) enum lks_status
	host_fail(const struct lks_host *host, struct lks_error *err, enum lks_status status,
		  const char *format, ...)
{
	char message[LKS_TEXT_MAX + 1];
	va_list args;

	(void)host;
	if (status <= LKS_OK || status > LKS_NO_MEMORY)
		status = LKS_FAILED;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return error_set(err, status, "%s", message);
}

static void host_hint(const struct lks_host *host, struct lks_error *err, const char *text)
{
	(void)host;
	if (text)
		error_hint(err, "%s", text);
}

static void host_retry_after(const struct lks_host *host, struct lks_error *err, int64_t wait_ms)
{
	(void)host;
	if (err && wait_ms >= 0)
		err->retry_after_ms = wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
}

static PRINTF_LIKE(3, 4) void host_log(const struct lks_host *host, enum lks_level level,
				       const char *format, ...)
{
	char message[LKS_TEXT_MAX + 1];
	va_list args;

	if ((unsigned)level > LKS_LOG_DEBUG)
		level = LKS_LOG_INFO;
	if (level > log_level())
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	log_line(level, "%s: %s", host_of(host)->instance, message);
}

static int64_t host_now_ms(const struct lks_host *host)
{
	(void)host;
	return clock_boot_ms();
}

static int64_t host_wall_ms(const struct lks_host *host)
{
	(void)host;
	return clock_wall_ms();
}

static enum lks_status host_random(const struct lks_host *host, void *data, size_t len,
				   struct lks_error *err)
{
	(void)host;
	return random_bytes(data, len, err);
}

/* 128 bits are enough to tell versions apart, and short enough to read. */
static enum lks_status host_digest(const struct lks_host *host, const void *data, size_t len,
				   char ret_text[LKS_VERSION_MAX + 1], struct lks_error *err)
{
	unsigned char digest[32];
	enum lks_status status;

	ret_text[0] = '\0';
	if (!host_of(host)->digest)
		return error_set(err, LKS_UNAVAILABLE,
				 "there is no key for digests here, so no version can be made");
	status = host_of(host)->digest(host_of(host)->context, data, len, digest, err);
	if (!status)
		hex_print(digest, 16, ret_text);
	return status;
}

static enum lks_status host_setting_secret(const struct lks_host *host,
					   const struct lks_settings *settings, const char *name,
					   const void **ret_data, size_t *ret_len,
					   struct lks_error *err)
{
	const struct lks_buffer *secret = settings_secret(settings, name);

	(void)host;
	if (!secret)
		return error_set(err, LKS_NOT_FOUND, "the option %s is not set",
				 name ? name : "(none)");
	*ret_data = secret->data;
	*ret_len = secret->len;
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* Buffers                                                                   */

static enum lks_status host_buffer_new(const struct lks_host *host, size_t capacity,
				       struct lks_buffer **ret_buffer, struct lks_error *err)
{
	(void)host;
	return secret_new(capacity, ret_buffer, err);
}

static void host_buffer_free(const struct lks_host *host, struct lks_buffer *buffer)
{
	(void)host;
	secret_free(buffer);
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
	(void)host;
	if (len > buffer->capacity)
		return error_set(err, LKS_FAILED, "a buffer of %zu bytes cannot hold %zu",
				 buffer->capacity, len);
	buffer->len = len;
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* Records                                                                   */

static bool is_version(const char *version)
{
	size_t len = version ? strnlen(version, LKS_VERSION_MAX + 1) : 0;

	if (len == 0 || len > LKS_VERSION_MAX)
		return false;
	for (const char *c = version; *c; c++)
		if (!ascii_is_alnum(*c) && *c != '.' && *c != '_' && *c != '-')
			return false;
	return true;
}

static enum lks_status bad_version(struct lks_error *err)
{
	return error_set(err, LKS_FAILED,
			 "the plugin gave a version that is not [A-Za-z0-9._-]{1,%d}",
			 LKS_VERSION_MAX);
}

static enum lks_status host_record_put(const struct lks_host *host, struct lks_record *record,
				       const char *field, const void *data, size_t len,
				       struct lks_error *err)
{
	(void)host;
	return record_put(record, field, data, len, err);
}

static size_t host_record_count(const struct lks_record *record)
{
	return record->field_count;
}

static enum lks_status host_record_at(const struct lks_record *record, size_t index,
				      const char **ret_field, const void **ret_data,
				      size_t *ret_len)
{
	if (index >= record->field_count)
		return LKS_NOT_FOUND;
	*ret_field = record->fields[index].name;
	*ret_data = record->fields[index].value->data;
	*ret_len = record->fields[index].value->len;
	return LKS_OK;
}

static enum lks_status host_record_find(const struct lks_record *record, const char *field,
					const void **ret_data, size_t *ret_len)
{
	const struct lks_buffer *value = field ? record_find(record, field) : NULL;

	if (!value)
		return LKS_NOT_FOUND;
	*ret_data = value->data;
	*ret_len = value->len;
	return LKS_OK;
}

static enum lks_status host_record_set_version(const struct lks_host *host,
					       struct lks_record *record, const char *version,
					       struct lks_error *err)
{
	(void)host;
	if (!is_version(version))
		return bad_version(err);
	string_copy(record->version, sizeof(record->version), version);
	return LKS_OK;
}

static const char *host_record_version(const struct lks_record *record)
{
	return record->version[0] ? record->version : NULL;
}

static void host_record_set_created(struct lks_record *record, int64_t wall_ms)
{
	record->created_wall_ms = wall_ms > 0 ? wall_ms : 0;
}

static enum lks_status host_record_set_note(const struct lks_host *host, struct lks_record *record,
					    const char *name, const char *text,
					    struct lks_error *err)
{
	(void)host;
	return record_set_note(record, name, text, err);
}

static const char *host_record_note(const struct lks_record *record, const char *name)
{
	return name ? record_note(record, name) : NULL;
}

/* ------------------------------------------------------------------------ */
/* Pages and answers                                                         */

/* A path as section "Secret references" has it: what does not fit cannot be
   named by anybody. */
static bool is_path(const char *path)
{
	size_t len = path ? strnlen(path, LKS_PATH_MAX + 1) : 0;
	const char *start = path;

	if (len == 0 || len > LKS_PATH_MAX)
		return false;
	for (const char *c = path;; c++) {
		size_t width = (size_t)(c - start);

		if (*c != '/' && *c != '\0') {
			if (!ascii_is_alnum(*c) && *c != '.' && *c != '_' && *c != '-')
				return false;
			continue;
		}
		if (width == 0 || width > 255 || (width == 1 && start[0] == '.') ||
		    (width == 2 && start[0] == '.' && start[1] == '.'))
			return false;
		if (*c == '\0')
			return true;
		start = c + 1;
	}
}

static enum lks_status page_has_room(const struct lks_list *list, struct lks_error *err)
{
	if (list->count < LKS_PAGE_MAX)
		return LKS_OK;
	return error_set(err, LKS_FAILED, "the plugin put more than %d entries on a page",
			 LKS_PAGE_MAX);
}

static enum lks_status host_list_add(const struct lks_host *host, struct lks_list *list,
				     const char *path, struct lks_error *err)
{
	enum lks_status status = page_has_room(list, err);

	(void)host;
	if (status)
		return status;
	if (!is_path(path))
		return error_set(err, LKS_FAILED,
				 "the plugin listed a path that no reference can name");
	return list_add(list, path, 0, NULL, err);
}

static enum lks_status host_list_add_version(const struct lks_host *host, struct lks_list *list,
					     const char *version, int64_t created_wall_ms,
					     const char *state, struct lks_error *err)
{
	enum lks_status status = page_has_room(list, err);

	(void)host;
	if (status)
		return status;
	if (!is_version(version))
		return bad_version(err);
	if (state && (strnlen(state, 65) > 64 || !utf8_is_valid(state, strlen(state))))
		return error_set(err, LKS_FAILED, "the plugin gave a version an unreadable state");
	return list_add(list, version, created_wall_ms > 0 ? created_wall_ms : 0, state, err);
}

static enum lks_status host_list_next(const struct lks_host *host, struct lks_list *list,
				      const char *cursor, struct lks_error *err)
{
	size_t len = cursor ? strnlen(cursor, LKS_CURSOR_MAX + 1) : 0;
	char *copy;

	(void)host;
	if (len == 0 || len > LKS_CURSOR_MAX || !utf8_is_valid(cursor, len))
		return error_set(err, LKS_FAILED,
				 "the plugin gave a cursor that is not a text of 1 to %d bytes",
				 LKS_CURSOR_MAX);
	copy = strdup(cursor);
	if (!copy)
		return error_no_memory(err, "list records");
	free(list->cursor);
	list->cursor = copy;
	return LKS_OK;
}

/* Bounded, without control characters, valid UTF-8; error_set() has the rule. */
static void clean_copy(char *buffer, size_t size, const char *text)
{
	struct lks_error clean;
	char bounded[LKS_TEXT_MAX + 1];

	buffer[0] = '\0';
	if (!text)
		return;
	snprintf(bounded, sizeof(bounded), "%.*s", LKS_TEXT_MAX, text);
	error_set(&clean, LKS_FAILED, "%s", bounded);
	string_copy(buffer, size, clean.message);
}

static void host_answer_set(const struct lks_host *host, struct lks_answer *answer,
			    enum lks_verdict verdict, const char *message)
{
	(void)host;
	if ((unsigned)verdict > LKS_VERDICT_INVALID)
		verdict = LKS_VERDICT_UNKNOWN;
	answer->verdict = verdict;
	clean_copy(answer->message, sizeof(answer->message), message);
}

static void host_answer_set_identity(const struct lks_host *host, struct lks_answer *answer,
				     const char *identity)
{
	(void)host;
	clean_copy(answer->identity, sizeof(answer->identity), identity);
}

/* ------------------------------------------------------------------------ */

static const struct lks_host services = {
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
	.setting_text = settings_text,
	.setting_number = settings_number,
	.setting_flag = settings_flag,
	.setting_ms = settings_ms,
	.setting_count = settings_count,
	.setting_item = settings_item,
	.setting_key = settings_key,
	.setting_secret = host_setting_secret,
	.setting_instance = settings_instance,
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
	.record_version = host_record_version,
	.record_set_created = host_record_set_created,
	.record_set_note = host_record_set_note,
	.record_note = host_record_note,
	.list_add = host_list_add,
	.list_add_version = host_list_add_version,
	.list_next = host_list_next,
	.answer_set = host_answer_set,
	.answer_set_identity = host_answer_set_identity,
	.http = NULL,
};

enum lks_status host_new(const char *instance, host_digester digest, void *context,
			 const struct lks_host **ret_host, struct lks_error *err)
{
	struct host *host = calloc(1, sizeof(*host));

	if (!host)
		return error_no_memory(err, "set up a plugin");
	host->table = services;
	host->table.context = host;
	host->digest = digest;
	host->context = context;
	host->instance = strdup(instance);
	if (!host->instance) {
		free(host);
		return error_no_memory(err, "set up a plugin");
	}
	*ret_host = &host->table;
	return LKS_OK;
}

void host_free(const struct lks_host *host)
{
	struct host *mine = host ? host->context : NULL;

	if (!mine)
		return;
	free(mine->instance);
	free(mine);
}
