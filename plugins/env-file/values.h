/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the value scanners of all dialects share.
 *
 * No scanner expands variables or runs commands: a value that its parser would
 * expand gets a `trouble`, for what is in the file is then not the value.
 */
#ifndef ENV_FILE_VALUES_H
#define ENV_FILE_VALUES_H

#include "env-file/dialect.h"

#include <stdint.h>
#include <string.h>

#define TROUBLE_EXPANDS "the value holds a $ that this dialect expands"

static inline void put(struct scan *scan, unsigned char c)
{
	if (scan->out)
		scan->out[scan->out_len] = c;
	scan->out_len++;
}

static inline void put_range(struct scan *scan, size_t from, size_t to)
{
	for (; from < to; from++)
		put(scan, scan->text[from]);
}

static inline void fail_at(struct scan *scan, size_t at, const char *error)
{
	scan->error = error;
	scan->error_at = at;
}

static inline bool is_eol(const struct scan *scan, size_t at, bool cr_ends)
{
	if (at >= scan->len || scan->text[at] == '\n')
		return true;
	if (scan->text[at] != '\r')
		return false;
	return cr_ends || (at + 1 < scan->len && scan->text[at + 1] == '\n');
}

static inline size_t line_end(const struct scan *scan, size_t at, bool cr_ends)
{
	while (!is_eol(scan, at, cr_ends))
		at++;
	return at;
}

static inline size_t trim_right(const struct scan *scan, size_t from, size_t to)
{
	while (to > from && (is_blank(scan->text[to - 1]) || scan->text[to - 1] == '\r'))
		to--;
	return to;
}

static inline unsigned char byte_at(const struct scan *scan, size_t at)
{
	return at < scan->len ? scan->text[at] : '\0';
}

/* Inside quotes all but bash read CRLF as LF; `at` is moved past it. */
static inline void put_normal(struct scan *scan, size_t *at)
{
	if (scan->text[*at] == '\r' && byte_at(scan, *at + 1) == '\n')
		(*at)++;
	put(scan, scan->text[(*at)++]);
}

/* Behind a closing quote: blanks, then a comment or the end of the line. */
static inline bool rest_is_clean(const struct scan *scan, size_t at, bool cr_ends)
{
	while (at < scan->len && is_blank(scan->text[at]))
		at++;
	return is_eol(scan, at, cr_ends) || scan->text[at] == '#';
}

/* The value ends at blanks and a `#`; returns where, trailing blanks cut. */
static inline size_t unquoted_end(const struct scan *scan, size_t eol)
{
	size_t at;

	for (at = scan->at; at < eol; at++) {
		if (scan->text[at] == '#' && at > scan->at && is_blank(scan->text[at - 1]))
			break;
	}
	return trim_right(scan, scan->at, at);
}

#endif
