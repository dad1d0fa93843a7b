/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Written twice with the same code: once to count, once into a buffer of
 * exactly that size, as secret memory does not grow.
 */
#include "exec/candidate.h"

#include <stdio.h>
#include <string.h>

struct writer {
	unsigned char *data; /* NULL: only count */
	size_t len;
};

static void put(struct writer *writer, const void *data, size_t len)
{
	if (writer->data && len)
		memcpy(writer->data + writer->len, data, len);
	writer->len += len;
}

static void put_text(struct writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

/* The length of the UTF-8 character at `data`, 0 if there is none. */
static size_t character(const unsigned char *data, size_t left)
{
	unsigned char c = data[0];
	size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (len == 0 || len > left)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((data[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates and what is beyond the last character. */
	if ((c == 0xe0 && data[1] < 0xa0) || (c == 0xed && data[1] > 0x9f) ||
	    (c == 0xf0 && data[1] < 0x90) || (c == 0xf4 && data[1] > 0x8f))
		return 0;
	return len;
}

/* 0 if it is no text. */
static int put_json_text(struct writer *writer, const unsigned char *data, size_t len)
{
	put_text(writer, "\"");
	for (size_t i = 0; i < len;) {
		size_t width = character(data + i, len - i);
		char escaped[8];

		if (width == 0)
			return 0;
		if (data[i] == '"' || data[i] == '\\')
			put_text(writer, "\\");
		if (data[i] < 0x20) {
			snprintf(escaped, sizeof(escaped), "\\u%04x", data[i]);
			put_text(writer, escaped);
		} else {
			put(writer, data + i, width);
		}
		i += width;
	}
	put_text(writer, "\"");
	return 1;
}

/* The members of a record, without the braces. */
static int put_members(const struct lks_host *host, struct writer *writer,
		       const struct lks_record *record)
{
	size_t count = host->record_count(record);

	for (size_t i = 0; i < count; i++) {
		const char *field;
		const void *data;
		size_t len;

		if (host->record_at(record, i, &field, &data, &len))
			return 0;
		put_text(writer, i ? ",\"" : "\"");
		put_text(writer, field);
		put_text(writer, "\":");
		if (!put_json_text(writer, data, len))
			return 0;
	}
	return 1;
}

static int put_all(const struct lks_host *host, struct writer *writer,
		   const struct lks_record *candidate, const struct lks_record *with)
{
	size_t with_count = with ? host->record_count(with) : 0;
	int is_ok = 1;

	put_text(writer, "{");
	is_ok = put_members(host, writer, candidate);
	if (with_count) {
		put_text(writer, host->record_count(candidate) ? ",\"with\":{" : "\"with\":{");
		is_ok = put_members(host, writer, with) && is_ok;
		put_text(writer, "}");
	}
	put_text(writer, "}\n");
	return is_ok;
}

static enum lks_status copy_one(const struct lks_host *host, const void *prefix, size_t prefix_len,
				const void *data, size_t len, size_t room,
				struct lks_buffer **ret_buffer, struct lks_error *err)
{
	enum lks_status status = host->buffer_new(host, prefix_len + len + room, ret_buffer, err);
	struct writer writer;

	if (status)
		return status;
	writer = (struct writer){ host->buffer_data(*ret_buffer), 0 };
	put(&writer, prefix, prefix_len);
	put(&writer, data, len);
	memset(writer.data + writer.len, 0, room);
	return host->buffer_set_len(host, *ret_buffer, prefix_len + len, err);
}

enum lks_status candidate_input(const struct lks_host *host, const struct lks_record *candidate,
				const struct lks_record *with, struct lks_buffer **ret_input,
				struct lks_error *err)
{
	struct writer writer = { NULL, 0 };
	enum lks_status status;
	const char *field;
	const void *data;
	size_t len;

	if (host->record_count(candidate) == 1 && (!with || host->record_count(with) == 0) &&
	    host->record_at(candidate, 0, &field, &data, &len) == LKS_OK)
		return copy_one(host, NULL, 0, data, len, 0, ret_input, err);
	if (!put_all(host, &writer, candidate, with))
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "a candidate with several fields is handed over as JSON, and one "
				  "of its values is not UTF-8");
	status = host->buffer_new(host, writer.len, ret_input, err);
	if (status)
		return status;
	len = writer.len;
	writer = (struct writer){ host->buffer_data(*ret_input), 0 };
	put_all(host, &writer, candidate, with);
	return host->buffer_set_len(host, *ret_input, len, err);
}

enum lks_status candidate_variable(const struct lks_host *host, const struct lks_record *candidate,
				   const char *name, struct lks_buffer **ret_variable,
				   struct lks_error *err)
{
	char prefix[256];
	const char *field;
	const void *data;
	size_t len;
	int prefix_len = snprintf(prefix, sizeof(prefix), "%s=", name);

	if (host->record_count(candidate) != 1 ||
	    host->record_at(candidate, 0, &field, &data, &len))
		if (host->record_find(candidate, "value", &data, &len))
			return host->fail(host, err, LKS_UNSUPPORTED,
					  "env_name: the candidate has several fields and none is "
					  "called \"value\"");
	if (memchr(data, 0, len) || prefix_len < 0 || (size_t)prefix_len >= sizeof(prefix))
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "env_name: the value holds a NUL, which no variable can hold");
	return copy_one(host, prefix, (size_t)prefix_len, data, len, 1, ret_variable, err);
}
