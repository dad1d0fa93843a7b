/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing strings for everything that is not secret, and the small text
 * helpers that many modules need.
 *
 * A `struct text` always holds a NUL-terminated string. Appending never fails
 * in place: when memory is out, `failed` is set, the content stays as it was,
 * and the owner asks once, at the end, with text_ok().
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct text {
	char *data; /* NULL while empty; use text_string() */
	size_t len;
	size_t capacity;
	bool failed;
};
#define TEXT_INIT                                                                                  \
	{                                                                                          \
		NULL, 0, 0, false                                                                  \
	}

void text_append(struct text *text, const void *data, size_t len);
void text_add(struct text *text, const char *string);
void text_add_char(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
void text_clear(struct text *text);
void text_release(struct text *text);
const char *text_string(const struct text *text);
/* True if no append failed. */
bool text_ok(const struct text *text) MUST_CHECK;
/* Hand the string to the caller, who frees it; NULL if an append failed. */
char *text_steal(struct text *text) MUST_CHECK;

/* "90d", "1h30m", "250ms": digits and w d h m s ms, one or several from large
   to small, nothing else. False for anything else or an overflow. */
bool duration_parse(const char *string, int64_t *ret_ms) MUST_CHECK;
/* The shortest exact form, for people: "1h30m". */
void duration_print(int64_t ms, char *buffer, size_t size);

/* RFC 3339 UTC, "2026-11-20T10:00:00Z". `buffer` holds at least 21 bytes. */
void time_print(int64_t wall_ms, char buffer[32]);
/* RFC 3339 with Z or an offset, or a date alone (midnight UTC). */
bool time_parse(const char *string, int64_t *ret_wall_ms) MUST_CHECK;

/*
 * The escaping of everything that people read: control characters become \n,
 * \t, \r or \xNN, invisible and bidi marks \uNNNN, bytes that are not UTF-8
 * \xNN. Escaping twice changes nothing. What does not fit is cut at a
 * character's edge; `buffer` is always terminated.
 */
void string_escape(char *buffer, size_t size, const void *data, size_t len);
void text_add_escaped(struct text *text, const void *data, size_t len);

bool utf8_is_valid(const void *data, size_t len);
/* True if the text holds a bidi control, zero-width or other invisible mark. */
bool utf8_has_invisible(const void *data, size_t len);

/* The candidate nearest to `word` that is near enough to be a slip, or NULL. */
const char *nearest(const char *word, const char *const *candidates, size_t count);

/* Lower-case hex. `buffer` holds 2 * len + 1 bytes. */
void hex_print(const void *data, size_t len, char *buffer);
bool hex_parse(const char *string, void *ret_data, size_t len) MUST_CHECK;

/* Copy with truncation at a character's edge; always terminated. */
void string_copy(char *buffer, size_t size, const char *string);
bool string_starts(const char *string, const char *prefix);
bool string_ends(const char *string, const char *suffix);
/* ASCII only: independent of the locale. */
bool ascii_is_alpha(char c);
bool ascii_is_digit(char c);
bool ascii_is_alnum(char c);

/* `name` matches `[a-z][a-z0-9-]{0,31}`. */
bool name_is_valid(const char *name);

#endif
