/* SPDX-License-Identifier: Apache-2.0 */
/* Growing strings, names, numbers and the nearest word. Times are in time.c,
   UTF-8 and escaping in utf8.c. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Make room for `more` bytes and a NUL. */
static bool grow(struct text *text, size_t more)
{
	size_t needed;
	size_t capacity = text->capacity ? text->capacity : 64;
	char *data;

	if (text->failed)
		return false;
	if (__builtin_add_overflow(text->len, more, &needed) ||
	    __builtin_add_overflow(needed, (size_t)1, &needed) || needed > SIZE_MAX / 2) {
		text->failed = true;
		return false;
	}
	if (needed <= text->capacity)
		return true;
	while (capacity < needed)
		capacity *= 2;
	data = realloc(text->data, capacity);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->capacity = capacity;
	return true;
}

void text_append(struct text *text, const void *data, size_t len)
{
	if (!grow(text, len))
		return;
	if (len > 0)
		memcpy(text->data + text->len, data, len);
	text->len += len;
	text->data[text->len] = '\0';
}

void text_add(struct text *text, const char *string)
{
	if (string)
		text_append(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
	text_append(text, &c, 1);
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;
	int len;

	va_start(arguments, format);
	len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (len < 0) {
		text->failed = true;
		return;
	}
	if (!grow(text, (size_t)len))
		return;
	va_start(arguments, format);
	vsnprintf(text->data + text->len, (size_t)len + 1, format, arguments);
	va_end(arguments);
	text->len += (size_t)len;
}

void text_clear(struct text *text)
{
	text->len = 0;
	text->failed = false;
	if (text->data)
		text->data[0] = '\0';
}

void text_release(struct text *text)
{
	free(text->data);
	*text = (struct text)TEXT_INIT;
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

bool text_ok(const struct text *text)
{
	return !text->failed;
}

char *text_steal(struct text *text)
{
	/* An empty text has no memory yet, and the caller frees what it gets. */
	text_append(text, "", 0);
	if (text->failed)
		return NULL;
	text->len = 0;
	text->capacity = 0;
	return TAKE(text->data);
}

/*
 * Edits (insert, delete, replace, swap of neighbours) from `a` to `b`. Three
 * rows of the table are enough.
 */
#define WORD_MAX 63

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			const bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = smaller(smaller(above[j], row[j - 1]) + 1,
					 above[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = smaller(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *nearest(const char *word, const char *const *candidates, size_t count)
{
	const size_t len = strlen(word);
	/* A slip is one edit in a short word and up to a third of a long one. */
	size_t best_distance = len < 3 ? 1 : 1 + len / 3;
	const char *best = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const size_t candidate_len = strlen(candidates[i]);
		size_t distance;

		if (candidate_len > WORD_MAX)
			continue;
		distance = edit_distance(word, len, candidates[i], candidate_len);
		if (distance < best_distance || (!best && distance == best_distance)) {
			if (distance >= len || distance >= candidate_len)
				continue;
			best_distance = distance;
			best = candidates[i];
		}
	}
	return best;
}

void hex_print(const void *data, size_t len, char *buffer)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		*buffer++ = digits[bytes[i] >> 4];
		*buffer++ = digits[bytes[i] & 0x0f];
	}
	*buffer = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_parse(const char *string, void *ret_data, size_t len)
{
	unsigned char *bytes = ret_data;

	if (strnlen(string, 2 * len + 1) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++) {
		if (hex_digit(string[i]) < 0)
			return false;
	}
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(hex_digit(string[2 * i]) * 16 +
					   hex_digit(string[2 * i + 1]));
	return true;
}

bool string_starts(const char *string, const char *prefix)
{
	return !strncmp(string, prefix, strlen(prefix));
}

bool string_ends(const char *string, const char *suffix)
{
	const size_t len = strlen(string);
	const size_t suffix_len = strlen(suffix);

	return len >= suffix_len && !memcmp(string + len - suffix_len, suffix, suffix_len);
}

bool ascii_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool ascii_is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

bool name_is_valid(const char *name)
{
	if (*name < 'a' || *name > 'z')
		return false;
	for (size_t i = 1; name[i]; i++) {
		const char c = name[i];

		if (i >= LKS_NAME_MAX)
			return false;
		if (!(c >= 'a' && c <= 'z') && !ascii_is_digit(c) && c != '-')
			return false;
	}
	return true;
}
