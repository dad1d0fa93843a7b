/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one value as godotenv, compose and `docker run --env-file` do.
 */
#include "env-file/values.h"

/* ---- godotenv ----------------------------------------------------------- */

static bool go_expands(unsigned char next)
{
	return next == '{' || next == '(' || next == '_' || (next >= '0' && next <= '9') ||
	       (next >= 'A' && next <= 'Z');
}

static void go_unquoted(struct scan *scan)
{
	size_t eol = line_end(scan, scan->at, true);
	size_t at;

	scan->end = eol;
	for (at = eol; at > scan->at + 1; at--) {
		if (scan->text[at - 1] == '#' && is_blank(scan->text[at - 2])) {
			scan->end = at - 1;
			break;
		}
	}
	scan->end = trim_right(scan, scan->at, scan->end);
	for (at = scan->at; at < scan->end; at++) {
		unsigned char next = at + 1 < scan->end ? scan->text[at + 1] : '\0';

		if (scan->text[at] == '\\' && next == '$')
			continue;
		if (scan->text[at] == '$' && go_expands(next) &&
		    (at == scan->at || scan->text[at - 1] != '\\'))
			scan->trouble = TROUBLE_EXPANDS;
		put(scan, scan->text[at]);
	}
}

static void go_double(struct scan *scan, size_t at, size_t to)
{
	while (at < to) {
		unsigned char c = scan->text[at];
		unsigned char next = at + 1 < to ? scan->text[at + 1] : '\0';

		if (c == '\\' && at + 1 < to && next != '\n' && next != '\r') {
			if (next == '\\' && at + 2 < to && scan->text[at + 2] == '$')
				scan->trouble = "backslashes before a $ are read in two ways";
			put(scan, next == 'n' ? '\n' : next == 'r' ? '\r' : next);
			at += 2;
			continue;
		}
		if (c == '\\' && at + 1 < to) {
			at++;
			continue;
		}
		if (c == '$' && go_expands(next))
			scan->trouble = TROUBLE_EXPANDS;
		put_normal(scan, &at);
	}
}

void scan_godotenv(struct scan *scan)
{
	unsigned char quote = byte_at(scan, scan->at);
	size_t at = scan->at + 1;
	size_t to;

	if (quote != '\'' && quote != '"') {
		go_unquoted(scan);
		return;
	}
	while (at < scan->len && !(scan->text[at] == quote && scan->text[at - 1] != '\\'))
		at++;
	if (at >= scan->len) {
		fail_at(scan, scan->at, "the quote that begins here is never closed");
		return;
	}
	scan->end = at + 1;
	if (!rest_is_clean(scan, scan->end, true))
		fail_at(scan, scan->end, "only a comment may follow the closing quote");
	/* It trims every quote character off both ends, not one. */
	for (to = at; to > scan->at + 1 && scan->text[to - 1] == quote; to--)
		;
	for (at = scan->at + 1; at < to && scan->text[at] == quote; at++)
		;
	if (quote == '"') {
		go_double(scan, at, to);
		return;
	}
	while (at < to)
		put_normal(scan, &at);
}

/* ---- compose ------------------------------------------------------------ */

static bool is_octal(unsigned char c)
{
	return c >= '0' && c <= '7';
}

static void compose_octal(struct scan *scan, size_t *at)
{
	unsigned value = 0;
	size_t digits = 0;

	for (*at += 2; digits < 3 && is_octal(byte_at(scan, *at)); digits++, (*at)++)
		value = value * 8 + (unsigned)(scan->text[*at] - '0');
	if (digits != 3 || value == 0 || value > 127)
		scan->trouble = "an octal escape that is not one ASCII character";
	put(scan, (unsigned char)value);
}

static void compose_escape(struct scan *scan, size_t *at)
{
	static const char from[] = "abfnrtv$\"\\";
	static const char to[] = "\a\b\f\n\r\t\v$\"\\";
	unsigned char c = byte_at(scan, *at + 1);
	const char *found = c ? strchr(from, c) : NULL;

	if (c == '0') {
		compose_octal(scan, at);
		return;
	}
	if (found) {
		put(scan, (unsigned char)to[found - from]);
	} else {
		if (c == 'c')
			scan->trouble = "\\c is not an escape that has a value";
		put(scan, '\\');
		put(scan, c);
	}
	*at += 2;
}

/* `$$` is a `$`; any other one begins an expansion or is refused. */
static void compose_dollar(struct scan *scan, size_t *at)
{
	if (byte_at(scan, *at + 1) == '$')
		(*at)++;
	else
		scan->trouble = TROUBLE_EXPANDS;
	put(scan, '$');
	(*at)++;
}

static void compose_unquoted(struct scan *scan)
{
	size_t eol = line_end(scan, scan->at, false);
	size_t at;

	scan->end = eol;
	for (at = scan->at; at + 1 < eol && scan->end == eol; at++) {
		if (scan->text[at] == ' ' && scan->text[at + 1] == '#')
			scan->end = at;
	}
	scan->end = trim_right(scan, scan->at, scan->end);
	for (at = scan->at; at < scan->end;) {
		if (scan->text[at] == '$')
			compose_dollar(scan, &at);
		else
			put(scan, scan->text[at++]);
	}
}

void scan_compose(struct scan *scan)
{
	unsigned char quote = byte_at(scan, scan->at);
	size_t at = scan->at + 1;

	if (quote != '\'' && quote != '"') {
		compose_unquoted(scan);
		return;
	}
	while (at < scan->len && scan->text[at] != quote) {
		unsigned char c = scan->text[at];
		unsigned char next = byte_at(scan, at + 1);

		if (quote == '"' && c == '\\' && at + 1 < scan->len) {
			compose_escape(scan, &at);
		} else if (quote == '\'' && c == '\\' && at + 1 < scan->len) {
			if (next != '\'')
				put(scan, '\\');
			put(scan, next);
			at += 2;
		} else if (quote == '"' && c == '$') {
			compose_dollar(scan, &at);
		} else {
			put_normal(scan, &at);
		}
	}
	if (at >= scan->len) {
		fail_at(scan, scan->at, "the quote that begins here is never closed");
		return;
	}
	scan->end = at + 1;
	if (!rest_is_clean(scan, scan->end, false))
		fail_at(scan, scan->end, "only a comment may follow the closing quote");
}

/* ---- compose-raw: `docker run --env-file` ------------------------------- */

void scan_raw(struct scan *scan)
{
	scan->end = line_end(scan, scan->at, false);
	/* Docker drops a CR at the end of the file too. */
	if (scan->end == scan->len && scan->end > scan->at && scan->text[scan->end - 1] == '\r')
		scan->end--;
	put_range(scan, scan->at, scan->end);
}
