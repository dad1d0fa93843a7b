/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with places for secrets: one reader, and the filters. */
#include "base/template.h"

#include <string.h>

#include "base/text.h"

typedef enum lks_status (*filter_function)(const struct lks_buffer *value, struct secret_text *out,
					   struct lks_error *err);

static void add_byte(struct secret_text *out, unsigned char byte)
{
	secret_text_append(out, &byte, 1);
}

static void add_hex(struct secret_text *out, unsigned char byte, const char *digits)
{
	secret_text_append(out, &digits[byte >> 4], 1);
	secret_text_append(out, &digits[byte & 15], 1);
}

static enum lks_status filter_url(const struct lks_buffer *value, struct secret_text *out,
				  struct lks_error *err)
{
	(void)err;
	for (size_t i = 0; i < value->len; i++) {
		unsigned char byte = value->data[i];
		if (byte < 0x80 && (ascii_is_alnum((char)byte) || strchr("-._~", byte)) && byte) {
			add_byte(out, byte);
			continue;
		}
		add_byte(out, '%');
		add_hex(out, byte, "0123456789ABCDEF");
	}
	return LKS_OK;
}

static enum lks_status filter_json(const struct lks_buffer *value, struct secret_text *out,
				   struct lks_error *err)
{
	if (!utf8_is_valid(value->data, value->len))
		return error_set(err, LKS_INVALID,
				 "the value is not UTF-8, so no JSON string can hold it");
	for (size_t i = 0; i < value->len; i++) {
		unsigned char byte = value->data[i];
		if (byte == '"' || byte == '\\') {
			add_byte(out, '\\');
			add_byte(out, byte);
		} else if (byte < 0x20 || byte == 0x7f) {
			secret_text_add(out, "\\u00");
			add_hex(out, byte, "0123456789abcdef");
		} else {
			add_byte(out, byte);
		}
	}
	return LKS_OK;
}

static enum lks_status filter_shell(const struct lks_buffer *value, struct secret_text *out,
				    struct lks_error *err)
{
	if (memchr(value->data, 0, value->len))
		return error_set(err, LKS_INVALID,
				 "the value has a NUL byte, which no shell word can hold");
	add_byte(out, '\'');
	for (size_t i = 0; i < value->len; i++) {
		if (value->data[i] == '\'')
			secret_text_add(out, "'\\''");
		else
			add_byte(out, value->data[i]);
	}
	add_byte(out, '\'');
	return LKS_OK;
}

static enum lks_status filter_base64(const struct lks_buffer *value, struct secret_text *out,
				     struct lks_error *err)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	(void)err;
	for (size_t i = 0; i < value->len; i += 3) {
		size_t left = value->len - i;
		uint32_t bits = (uint32_t)value->data[i] << 16;
		if (left > 1)
			bits |= (uint32_t)value->data[i + 1] << 8;
		if (left > 2)
			bits |= value->data[i + 2];
		secret_text_append(out, &digits[bits >> 18], 1);
		secret_text_append(out, &digits[bits >> 12 & 63], 1);
		secret_text_append(out, left > 1 ? &digits[bits >> 6 & 63] : "=", 1);
		secret_text_append(out, left > 2 ? &digits[bits & 63] : "=", 1);
	}
	return LKS_OK;
}

static enum lks_status filter_hex(const struct lks_buffer *value, struct secret_text *out,
				  struct lks_error *err)
{
	(void)err;
	for (size_t i = 0; i < value->len; i++)
		add_hex(out, value->data[i], "0123456789abcdef");
	return LKS_OK;
}

static const struct filter {
	const char *name;
	filter_function apply;
} filters[] = {
	{ "url", filter_url },       { "json", filter_json }, { "shell", filter_shell },
	{ "base64", filter_base64 }, { "hex", filter_hex },
};

static const struct filter *filter_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(filters); i++) {
		if (strcmp(filters[i].name, name) == 0)
			return &filters[i];
	}
	return NULL;
}

/* One place: `{NAME:FILTER:FILTER}`, taken apart. */
#define PLACE_FILTERS_MAX 4
struct place {
	char name[TEMPLATE_NAME_MAX + 1];
	const struct filter *filters[PLACE_FILTERS_MAX];
	size_t filter_count;
	size_t offset; /* of its brace, for messages */
};

static enum lks_status unknown_filter(const struct place *place, const char *name,
				      struct lks_error *err)
{
	const char *names[COUNT_OF(filters)];
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		names[i] = filters[i].name;
	const char *near = nearest(name, names, COUNT_OF(filters));
	error_set(err, LKS_INVALID, "template, character %zu: there is no filter \"%s\"",
		  place->offset + 1, name);
	if (near)
		error_hint(err, "did you mean \"%s\"? Filters are url, json, shell, base64, hex",
			   near);
	else
		error_hint(err, "filters are url, json, shell, base64, hex");
	return LKS_INVALID;
}

/* Cut the filters off the end of the name, last one first. */
static enum lks_status place_split(struct place *place, enum template_names names,
				   struct lks_error *err)
{
	const struct filter *found[PLACE_FILTERS_MAX];
	size_t count = 0;
	for (char *colon; (colon = strrchr(place->name, ':'));) {
		const struct filter *filter = filter_find(colon + 1);
		/* "app:url" is a reference to the secret `url`. */
		bool is_name =
			names == TEMPLATE_REFERENCES &&
			(!filter || !memchr(place->name, ':', (size_t)(colon - place->name)));
		if (is_name)
			break;
		if (!filter)
			return unknown_filter(place, colon + 1, err);
		if (count == PLACE_FILTERS_MAX)
			return error_set(err, LKS_INVALID,
					 "template, character %zu: more than %d filters",
					 place->offset + 1, PLACE_FILTERS_MAX);
		found[count++] = filter;
		*colon = '\0';
	}
	for (size_t i = 0; i < count; i++)
		place->filters[i] = found[count - 1 - i];
	place->filter_count = count;
	return LKS_OK;
}

static bool is_field_name(const char *name)
{
	if (!*name || strlen(name) > LKS_FIELD_MAX)
		return false;
	for (; *name; name++) {
		if (!ascii_is_alnum(*name) && !strchr("._-", *name))
			return false;
	}
	return true;
}

/* `text[offset]` is the opening brace. */
static enum lks_status place_read(const char *text, size_t len, size_t offset,
				  enum template_names names, struct place *ret_place,
				  size_t *ret_next, struct lks_error *err)
{
	const char *start = text + offset + 1;
	const char *end = memchr(start, '}', len - offset - 1);
	ret_place->offset = offset;
	if (!end)
		return error_set(err, LKS_INVALID,
				 "template, character %zu: this \"{\" is never closed; a brace "
				 "itself is written \"{{\"",
				 offset + 1);
	size_t size = (size_t)(end - start);
	if (size > TEMPLATE_NAME_MAX || memchr(start, 0, size))
		return error_set(err, LKS_INVALID,
				 "template, character %zu: no name can be like this", offset + 1);
	memcpy(ret_place->name, start, size);
	ret_place->name[size] = '\0';
	*ret_next = offset + 1 + size + 1;
	enum lks_status status = place_split(ret_place, names, err);
	if (status != LKS_OK)
		return status;
	if (names == TEMPLATE_FIELDS ? !is_field_name(ret_place->name) : !*ret_place->name)
		return error_set(err, LKS_INVALID,
				 "template, character %zu: a %s was expected between the braces",
				 offset + 1,
				 names == TEMPLATE_FIELDS ? "field's name" : "secret reference");
	return LKS_OK;
}

/* Called for the plain text between places, and for each place. */
struct reader {
	enum lks_status (*plain)(void *context, const char *text, size_t len);
	enum lks_status (*place)(void *context, const struct place *place, struct lks_error *err);
	void *context;
};

static enum lks_status read_template(const char *text, size_t len, enum template_names names,
				     const struct reader *reader, struct lks_error *err)
{
	struct place place;
	size_t at = 0;
	while (at < len) {
		size_t run = at;
		while (run < len && text[run] != '{' && text[run] != '}')
			run++;
		bool doubled = run + 1 < len && text[run + 1] == text[run];
		/* One of two equal braces belongs to the text. */
		enum lks_status status = reader->plain(reader->context, text + at,
						       run - at + (run < len && doubled));
		if (status != LKS_OK)
			return status;
		if (run >= len)
			return LKS_OK;
		if (doubled) {
			at = run + 2;
			continue;
		}
		if (text[run] == '}')
			return error_set(err, LKS_INVALID,
					 "template, character %zu: this \"}\" closes nothing; a "
					 "brace itself is written \"}}\"",
					 run + 1);
		status = place_read(text, len, run, names, &place, &at, err);
		if (status != LKS_OK)
			return status;
		status = reader->place(reader->context, &place, err);
		if (status != LKS_OK)
			return status;
	}
	return LKS_OK;
}

struct walk {
	enum lks_status (*visit)(void *context, const char *name, struct lks_error *err);
	void *context;
};

static enum lks_status walk_plain(void *context, const char *text, size_t len)
{
	(void)context, (void)text, (void)len;
	return LKS_OK;
}

static enum lks_status walk_place(void *context, const struct place *place, struct lks_error *err)
{
	const struct walk *walk = context;
	return walk->visit ? walk->visit(walk->context, place->name, err) : LKS_OK;
}

enum lks_status template_walk(const char *text, size_t len, enum template_names names,
			      enum lks_status (*visit)(void *context, const char *name,
						       struct lks_error *err),
			      void *context, struct lks_error *err)
{
	struct walk walk = { visit, context };
	struct reader reader = { walk_plain, walk_place, &walk };
	return read_template(text, len, names, &reader, err);
}

struct fill {
	template_lookup lookup;
	void *context;
	struct secret_text out;
};

static void fill_release(struct fill *fill)
{
	secret_text_release(&fill->out);
}

static enum lks_status fill_plain(void *context, const char *text, size_t len)
{
	struct fill *fill = context;
	secret_text_append(&fill->out, text, len);
	return LKS_OK;
}

static enum lks_status fill_place(void *context, const struct place *place, struct lks_error *err)
{
	struct fill *fill = context;
	const struct lks_buffer *value = NULL;
	enum lks_status status = fill->lookup(fill->context, place->name, &value, err);
	if (status != LKS_OK)
		return status;
	AUTO(secret_freep) struct lks_buffer *filtered = NULL;
	for (size_t i = 0; i < place->filter_count; i++) {
		struct secret_text out = SECRET_TEXT_INIT;
		status = place->filters[i]->apply(value, &out, err);
		if (status != LKS_OK) {
			secret_text_release(&out);
			error_prefix(err, "{%s}: ", place->name);
			return status;
		}
		struct lks_buffer *next = NULL;
		status = secret_text_steal(&out, &next, err);
		if (status != LKS_OK)
			return status;
		secret_free(filtered);
		filtered = next;
		value = filtered;
	}
	secret_text_append(&fill->out, value->data, value->len);
	return LKS_OK;
}

enum lks_status template_fill(const char *text, size_t len, enum template_names names,
			      template_lookup lookup, void *context, struct lks_buffer **ret_filled,
			      struct lks_error *err)
{
	AUTO(fill_release) struct fill fill = { lookup, context, SECRET_TEXT_INIT };
	struct reader reader = { fill_plain, fill_place, &fill };
	enum lks_status status = read_template(text, len, names, &reader, err);
	return status == LKS_OK ? secret_text_steal(&fill.out, ret_filled, err) : status;
}

static enum lks_status look_up_field(void *context, const char *name,
				     const struct lks_buffer **ret_value, struct lks_error *err)
{
	return record_pick(context, name, ret_value, err);
}

enum lks_status template_render(const char *text, const struct lks_record *record,
				struct lks_buffer **ret_filled, struct lks_error *err)
{
	/* The lookup only reads; its context is not const for other users. */
	return template_fill(text, strlen(text), TEMPLATE_FIELDS, look_up_field,
			     (void *)(uintptr_t)record, ret_filled, err);
}
