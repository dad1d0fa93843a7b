/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one value as `strict` does, and as the parsers of node, ruby and python.
 */
#include "env-file/values.h"

/* ---- strict ------------------------------------------------------------- */

static void strict_warnings(struct scan *scan)
{
	size_t i;

	for (i = scan->at; i < scan->end && !scan->warning; i++) {
		unsigned char next = byte_at(scan, i + 1);

		if (scan->text[i] == '#')
			scan->warning = "node and ruby take the # for a comment: quote the value";
		else if (scan->text[i] == '$' &&
			 (next == '{' || next == '_' || next == '(' || (next | 32) >= 'a'))
			scan->warning = "some parsers expand the $: write it in single quotes";
		else if (scan->text[i] == '\\')
			scan->warning = "ruby and shells drop the backslash: quote the value";
	}
}

static void strict_unquoted(struct scan *scan)
{
	size_t eol = line_end(scan, scan->at, true);

	scan->end = unquoted_end(scan, eol);
	put_range(scan, scan->at, scan->end);
	strict_warnings(scan);
}

static bool strict_escape(struct scan *scan, size_t *at)
{
	static const char from[] = "nrt\\\"$";
	static const char to[] = "\n\r\t\\\"$";
	unsigned char c = byte_at(scan, *at + 1);
	const char *found = c ? strchr(from, c) : NULL;

	if (!found) {
		fail_at(scan, *at, "only \\n \\r \\t \\\\ \\\" and \\$ are escapes");
		return false;
	}
	put(scan, (unsigned char)to[found - from]);
	*at += 2;
	return true;
}

void scan_strict(struct scan *scan)
{
	unsigned char quote = byte_at(scan, scan->at);
	size_t at = scan->at + 1;

	if (quote != '\'' && quote != '"') {
		strict_unquoted(scan);
		return;
	}
	while (at < scan->len && scan->text[at] != quote) {
		if (quote == '"' && scan->text[at] == '\\') {
			if (!strict_escape(scan, &at))
				return;
			continue;
		}
		if (scan->text[at] == '\r' && byte_at(scan, at + 1) != '\n')
			scan->trouble = "a lone carriage return inside quotes is read "
					"differently by every parser";
		put_normal(scan, &at);
	}
	if (at >= scan->len) {
		fail_at(scan, scan->at, "the quote that begins here is never closed");
		return;
	}
	scan->end = at + 1;
	if (!rest_is_clean(scan, scan->end, true))
		fail_at(scan, scan->end, "only a comment may follow the closing quote");
}

/* ---- node and ruby: one regular expression for a line ------------------- */

/* The end of a quoted value, or 0: not closed, or something follows it. */
static size_t regex_quoted_end(const struct scan *scan, unsigned char quote)
{
	size_t last_escaped = 0;
	size_t at;

	for (at = scan->at + 1; at < scan->len; at++) {
		if (scan->text[at] != quote)
			continue;
		if (scan->text[at - 1] == '\\' && at - 1 > scan->at) {
			last_escaped = at;
			continue;
		}
		return rest_is_clean(scan, at + 1, true) ? at + 1 : 0;
	}
	/* The expression goes back to the last escaped quote then. */
	if (last_escaped && rest_is_clean(scan, last_escaped + 1, true))
		return last_escaped + 1;
	return 0;
}

static size_t regex_unquoted_end(const struct scan *scan)
{
	size_t at = scan->at;

	while (!is_eol(scan, at, true) && scan->text[at] != '#')
		at++;
	return trim_right(scan, scan->at, at);
}

/* Sets `end`; the value's own bytes are [*ret_from, *ret_to). Returns the
   quote that was taken off, or 0. */
static unsigned char regex_span(struct scan *scan, const char *quotes, size_t *ret_from,
				size_t *ret_to)
{
	unsigned char quote = byte_at(scan, scan->at);
	bool quoted = quote && strchr(quotes, quote);

	scan->end = quoted ? regex_quoted_end(scan, quote) : 0;
	if (!scan->end)
		scan->end = regex_unquoted_end(scan);
	*ret_from = scan->at;
	*ret_to = scan->end;
	if (!quoted || scan->end < scan->at + 2 || scan->text[scan->end - 1] != quote)
		return 0;
	*ret_from = scan->at + 1;
	*ret_to = scan->end - 1;
	return quote;
}

/* node and ruby turn every CR into LF before they look at anything. */
static void put_unix(struct scan *scan, size_t *at)
{
	if (scan->text[*at] == '\r') {
		*at += byte_at(scan, *at + 1) == '\n' ? 2 : 1;
		put(scan, '\n');
		return;
	}
	put(scan, scan->text[(*at)++]);
}

void scan_node(struct scan *scan)
{
	bool escapes = byte_at(scan, scan->at) == '"';
	size_t at;
	size_t to;

	regex_span(scan, "'\"`", &at, &to);
	while (at < to) {
		unsigned char c = byte_at(scan, at + 1);

		if (escapes && scan->text[at] == '\\' && at + 1 < to && (c == 'n' || c == 'r')) {
			put(scan, c == 'n' ? '\n' : '\r');
			at += 2;
			continue;
		}
		put_unix(scan, &at);
	}
}

/* One backslash: it goes, and what follows stays; `\n` and `\r` stay whole in
   double quotes. `\$` is left for the substitution, which takes it off. */
static void ruby_backslash(struct scan *scan, size_t *at, size_t to, bool in_quotes)
{
	unsigned char c = *at + 1 < to ? scan->text[*at + 1] : '\0';

	if (*at + 1 >= to) {
		put(scan, '\\');
		(*at)++;
		return;
	}
	if (in_quotes && (c == 'n' || c == 'r')) {
		put(scan, '\\');
		put(scan, c);
		*at += 2;
		return;
	}
	/* A newline is not matched by the dot, nor by [^$] of a shorter text. */
	(*at)++;
	put_unix(scan, at);
}

void scan_ruby(struct scan *scan)
{
	size_t at;
	size_t to;
	unsigned char quote = regex_span(scan, "'\"", &at, &to);

	while (at < to) {
		unsigned char c = scan->text[at];
		unsigned char next = at + 1 < to ? scan->text[at + 1] : '\0';

		if (quote != '\'' && c == '\\') {
			/* `\\n` in quotes: expansion sees the second half first. */
			if (quote && next == '\\' && at + 2 < to &&
			    (scan->text[at + 2] == 'n' || scan->text[at + 2] == 'r')) {
				put(scan, '\\');
				put(scan, scan->text[at + 2]);
				scan->trouble = "a backslash before \\n is read in two ways";
				at += 3;
				continue;
			}
			ruby_backslash(scan, &at, to, quote != 0);
			continue;
		}
		if (quote != '\'' && c == '$' &&
		    (next == '{' || next == '(' || next == '_' || (next >= '0' && next <= '9') ||
		     ((next | 32) >= 'a' && (next | 32) <= 'z')))
			scan->trouble = TROUBLE_EXPANDS;
		put_unix(scan, &at);
	}
}

/* ---- python ------------------------------------------------------------- */

static bool python_escape(struct scan *scan, size_t *at, unsigned char quote)
{
	static const char from[] = "\\'\"abfnrtv";
	static const char to[] = "\\'\"\a\b\f\n\r\t\v";
	unsigned char c = byte_at(scan, *at + 1);
	const char *found = c ? strchr(from, c) : NULL;

	if (!found || (quote == '\'' && c != '\\' && c != '\''))
		return false;
	put(scan, (unsigned char)to[found - from]);
	*at += 2;
	return true;
}

static size_t python_close(const struct scan *scan, unsigned char quote)
{
	size_t last_escaped = 0;
	size_t at = scan->at + 1;

	for (; at < scan->len; at++) {
		if (scan->text[at] == '\\' && byte_at(scan, at + 1) == quote) {
			last_escaped = ++at;
			continue;
		}
		if (scan->text[at] == quote)
			return at;
	}
	return last_escaped;
}

static void python_unquoted(struct scan *scan)
{
	size_t eol = line_end(scan, scan->at, true);

	scan->end = unquoted_end(scan, eol);
	put_range(scan, scan->at, scan->end);
}

void scan_python(struct scan *scan)
{
	unsigned char quote = byte_at(scan, scan->at);
	size_t from = scan->at;
	size_t close;
	size_t at;

	if (quote == '\'' || quote == '"') {
		close = python_close(scan, quote);
		if (!close) {
			fail_at(scan, scan->at, "the quote that begins here is never closed");
			return;
		}
		for (at = scan->at + 1; at < close;) {
			if (scan->text[at] == '\\' && at + 1 < close &&
			    python_escape(scan, &at, quote))
				continue;
			/* The file is opened with universal newlines. */
			put_unix(scan, &at);
		}
		scan->end = close + 1;
		if (!rest_is_clean(scan, scan->end, true))
			fail_at(scan, scan->end, "only a comment may follow the closing quote");
	} else {
		python_unquoted(scan);
	}
	/* Also in single quotes; escapes cannot make `${` of anything else. */
	for (at = from; at + 1 < scan->end; at++) {
		if (scan->text[at] == '$' && scan->text[at + 1] == '{')
			scan->trouble = TROUBLE_EXPANDS;
	}
}
