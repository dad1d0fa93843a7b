/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and prints secret references, byte by byte, with one position in
   every complaint. Patterns are in pattern.c, layouts in layout.c. */
#include "base/reference.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SCHEME "secretref://"
#define SEGMENT_MAX 255

/* Where the parser stands. */
struct reader {
	const char *start;
	const char *at;
	const char *end;
	const char *store; /* once known: the one part that messages repeat */
	struct lks_error *err;
};

static bool is_segment_char(char c)
{
	return ascii_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

/* "reference of store 'vault': '?' at character 9: ..." */
static enum lks_status refuse(const struct reader *reader, const char *at, const char *what)
{
	char found[32];
	char head[LKS_NAME_MAX + 16];

	if (at >= reader->end)
		string_copy(found, sizeof(found), "the end");
	else if (*at > 0x20 && *at < 0x7f)
		(void)snprintf(found, sizeof(found), "'%c'", *at);
	else
		(void)snprintf(found, sizeof(found), "byte 0x%02x", (unsigned)(unsigned char)*at);
	head[0] = '\0';
	if (reader->store)
		(void)snprintf(head, sizeof(head), " of store '%s'", reader->store);
	error_set(reader->err, LKS_INVALID, "reference%s: %s at character %zu: %s", head, found,
		  (size_t)(at - reader->start) + 1, what);
	error_hint(reader->err, "write STORE:PATH[#FIELD] or "
				"secretref://STORE/PATH[?version=V|?label=LABEL][#FIELD]");
	return LKS_INVALID;
}

static enum lks_status read_store(struct reader *reader, char separator,
				  char store[LKS_NAME_MAX + 1])
{
	const char *at = reader->at;
	size_t len;

	while (at < reader->end && (ascii_is_digit(*at) || (*at >= 'a' && *at <= 'z') ||
				    (*at == '-' && at > reader->at)))
		at++;
	len = (size_t)(at - reader->at);
	if (!len)
		return refuse(reader, at, "a store's name begins with a letter a-z");
	if (at >= reader->end || *at != separator)
		return refuse(reader, at,
			      separator == ':' ? "expected a store's name (a-z 0-9 -) and ':'"
					       : "expected a store's name (a-z 0-9 -) and '/'");
	if (len > LKS_NAME_MAX)
		return refuse(reader, reader->at + LKS_NAME_MAX,
			      "a store's name has at most 32 characters");
	if (ascii_is_digit(*reader->at))
		return refuse(reader, reader->at, "a store's name begins with a letter a-z");
	memcpy(store, reader->at, len);
	store[len] = '\0';
	reader->at = at + 1;
	reader->store = store;
	return LKS_OK;
}

/* One segment; leaves `at` behind it. */
static enum lks_status skip_segment(struct reader *reader)
{
	const char *start = reader->at;
	const char *at = start;

	while (at < reader->end && is_segment_char(*at))
		at++;
	if (at == start)
		return refuse(reader, at,
			      "expected a part of the path: letters, digits, '.', '_', '-'");
	if (at - start > SEGMENT_MAX)
		return refuse(reader, start + SEGMENT_MAX,
			      "a part of the path has at most 255 characters");
	if (at - start <= 2 && start[0] == '.' && at[-1] == '.')
		return refuse(reader, start, "'.' and '..' are not allowed as parts of the path");
	reader->at = at;
	return LKS_OK;
}

static enum lks_status read_path(struct reader *reader, bool is_prefix, char path[LKS_PATH_MAX + 1])
{
	const char *start = reader->at;
	enum lks_status status;
	size_t len;

	for (;;) {
		if (is_prefix && reader->at == reader->end)
			break;
		status = skip_segment(reader);
		if (status)
			return status;
		if (reader->at >= reader->end || *reader->at != '/')
			break;
		reader->at++;
	}
	len = (size_t)(reader->at - start);
	memcpy(path, start, len);
	path[len] = '\0';
	return LKS_OK;
}

/* A word of segment characters up to `max`, into `buffer`. */
static enum lks_status read_word(struct reader *reader, size_t max, char *buffer, const char *what)
{
	const char *start = reader->at;
	size_t len;

	while (reader->at < reader->end && is_segment_char(*reader->at) &&
	       (size_t)(reader->at - start) < max)
		reader->at++;
	len = (size_t)(reader->at - start);
	if (!len || (reader->at < reader->end && is_segment_char(*reader->at)))
		return refuse(reader, reader->at, what);
	memcpy(buffer, start, len);
	buffer[len] = '\0';
	return LKS_OK;
}

static bool take(struct reader *reader, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
		return false;
	reader->at += len;
	return true;
}

static enum lks_status read_query(struct reader *reader, struct reference *reference)
{
	static const enum label labels[] = { LABEL_CURRENT, LABEL_PENDING, LABEL_PREVIOUS };
	char word[LKS_VERSION_MAX + 1];
	const char *start;
	enum lks_status status;

	if (take(reader, "version="))
		return read_word(reader, LKS_VERSION_MAX, reference->version,
				 "a version has 1 to 64 letters, digits, '.', '_', '-'");
	if (!take(reader, "label="))
		return refuse(reader, reader->at, "expected version=V or label=LABEL after '?'");
	start = reader->at;
	status =
		read_word(reader, LKS_VERSION_MAX, word, "a label is current, pending or previous");
	if (status)
		return status;
	for (size_t i = 0; i < COUNT_OF(labels); i++) {
		if (strcmp(word, label_name(labels[i])) == 0) {
			reference->label = labels[i];
			return LKS_OK;
		}
	}
	return refuse(reader, start, "a label is current, pending or previous");
}

static enum lks_status parse(struct reader *reader, bool is_prefix, struct reference *reference)
{
	enum lks_status status;
	bool is_url = take(reader, SCHEME);

	status = read_store(reader, is_url ? '/' : ':', reference->store);
	if (status)
		return status;
	status = read_path(reader, is_prefix, reference->path);
	if (status)
		return status;
	if (is_url && !is_prefix && take(reader, "?")) {
		status = read_query(reader, reference);
		if (status)
			return status;
	}
	if (!is_prefix && take(reader, "#")) {
		status = read_word(reader, LKS_FIELD_MAX, reference->field,
				   "a field has 1 to 253 letters, digits, '.', '_', '-'");
		if (status)
			return status;
	}
	if (reader->at == reader->end)
		return LKS_OK;
	if (*reader->at == '?')
		return refuse(reader, reader->at,
			      "a version or label needs the long form secretref://STORE/PATH?...");
	return refuse(reader, reader->at,
		      "expected the end here; allowed are letters, digits, "
		      "'.', '_', '-' and '/' between parts");
}

static enum lks_status parse_bytes(const void *data, size_t len, bool is_prefix,
				   struct reference *ret_reference, struct lks_error *err)
{
	struct reference reference = { 0 };
	struct reader reader = { data, data, (const char *)data + len, NULL, err };
	enum lks_status status;

	if (len > REFERENCE_MAX) {
		error_set(err, LKS_INVALID, "reference: %zu characters, at most %d are allowed",
			  len, REFERENCE_MAX);
		return LKS_INVALID;
	}
	status = parse(&reader, is_prefix, &reference);
	if (!status)
		*ret_reference = reference;
	return status;
}

enum lks_status reference_parse_bytes(const void *data, size_t len, struct reference *ret_reference,
				      struct lks_error *err)
{
	return parse_bytes(data, len, false, ret_reference, err);
}

enum lks_status reference_parse(const char *text, struct reference *ret_reference,
				struct lks_error *err)
{
	return parse_bytes(text, strnlen(text, REFERENCE_MAX + 1), false, ret_reference, err);
}

enum lks_status reference_parse_prefix(const char *text, struct reference *ret_reference,
				       struct lks_error *err)
{
	return parse_bytes(text, strnlen(text, REFERENCE_MAX + 1), true, ret_reference, err);
}

void reference_print(const struct reference *reference, char *buffer, size_t size)
{
	const char *mark = reference->field[0] ? "#" : "";

	if (reference->version[0])
		(void)snprintf(buffer, size, SCHEME "%s/%s?version=%s%s%s", reference->store,
			       reference->path, reference->version, mark, reference->field);
	else if (reference->label)
		(void)snprintf(buffer, size, SCHEME "%s/%s?label=%s%s%s", reference->store,
			       reference->path, label_name(reference->label), mark,
			       reference->field);
	else
		(void)snprintf(buffer, size, "%s:%s%s%s", reference->store, reference->path, mark,
			       reference->field);
}

void reference_print_record(const struct reference *reference, char *buffer, size_t size)
{
	(void)snprintf(buffer, size, "%s:%s", reference->store, reference->path);
}

const char *label_name(enum label label)
{
	switch (label) {
	case LABEL_CURRENT:
		return "current";
	case LABEL_PENDING:
		return "pending";
	case LABEL_PREVIOUS:
		return "previous";
	case LABEL_NONE:
		break;
	}
	return "";
}
