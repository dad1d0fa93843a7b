/* SPDX-License-Identifier: Apache-2.0 */
/* jansson, made strict about what it reads and tidy about what it frees. */
#include "base/json.h"

#include <malloc.h>
#include <string.h>

#include "base/text.h"

#define DEPTH_MAX 64

/* jansson does not always say that memory was the reason. */
static _Thread_local bool allocation_failed;

static void *allocate(size_t size)
{
	void *data = malloc(size);

	if (!data)
		allocation_failed = true;
	return data;
}

/* No size header: what json_dumps() returns may be released with free(). */
static void free_wiped(void *data)
{
	if (!data)
		return;
	explicit_bzero(data, malloc_usable_size(data));
	free(data);
}

void json_setup(void)
{
	json_set_alloc_funcs(allocate, free_wiped);
}

/* Nesting is counted before parsing; brackets in strings do not count. */
static bool is_too_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		const char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
	}
	return false;
}

/* jansson's own text quotes what it read. */
static const char *reason(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_stack_overflow:
		return "nested too deeply";
	case json_error_invalid_utf8:
		return "not valid UTF-8";
	case json_error_premature_end_of_input:
		return "ends too early";
	case json_error_end_of_input_expected:
		return "something follows the end";
	case json_error_duplicate_key:
		return "a key appears twice in one object";
	case json_error_numeric_overflow:
		return "a number is too large";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a text holds a NUL";
	default:
		return "not JSON";
	}
}

enum lks_status json_read(const void *data, size_t len, const char *what, json_t **ret_value,
			  struct lks_error *err)
{
	json_error_t error;
	json_t *value;

	if (is_too_deep(data, len))
		return error_set(err, LKS_INVALID, "%s: nested more than %d levels deep", what,
				 DEPTH_MAX);
	allocation_failed = false;
	value = json_loadb(data, len, JSON_REJECT_DUPLICATES, &error);
	if (!value) {
		if (allocation_failed || json_error_code(&error) == json_error_out_of_memory)
			return error_no_memory(err, what);
		error_set(err, LKS_INVALID, "%s: line %d, column %d: %s", what, error.line,
			  error.column, reason(&error));
		error_where(err, "%s:%d", what, error.line);
		return LKS_INVALID;
	}
	*ret_value = value;
	return LKS_OK;
}

char *json_canonical(const json_t *value)
{
	char *text;

	allocation_failed = false;
	text = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);
	if (!allocation_failed)
		return text;
	/* It may have gone on without, and left something out. */
	free(text);
	return NULL;
}

static const char *none_if_empty(const char *text)
{
	return *text ? text : NULL;
}

json_t *json_error(const struct lks_error *err)
{
	AUTO(json_freep) json_t *object = json_object();

	if (!object || json_put_text(object, "status", status_name(err->status)) ||
	    json_put_number(object, "exit", (int64_t)error_exit_code(err)) ||
	    json_put_text(object, "message", err->message) ||
	    json_put_text(object, "where", none_if_empty(err->where)) ||
	    json_put_text(object, "reference", none_if_empty(err->reference)) ||
	    json_put_text(object, "hint", none_if_empty(err->hint)) ||
	    json_put_text(object, "operation", none_if_empty(err->operation)))
		return NULL;
	return TAKE(object);
}

const char *json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int64_t json_number(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

int json_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

int json_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

int json_put_text(json_t *object, const char *key, const char *text)
{
	AUTO(text_release) struct text escaped = TEXT_INIT;

	if (!text)
		return json_put(object, key, json_null());
	if (utf8_is_valid(text, strlen(text)))
		return json_put(object, key, json_string(text));
	/* jansson takes UTF-8 only, and a file's name may be anything. */
	text_add_escaped(&escaped, text, strlen(text));
	if (!text_ok(&escaped))
		return -1;
	return json_put(object, key, json_string(text_string(&escaped)));
}

int json_put_number(json_t *object, const char *key, int64_t number)
{
	return json_put(object, key, json_integer(number));
}

int json_put_flag(json_t *object, const char *key, int flag)
{
	return json_put(object, key, json_boolean(flag));
}
