/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one value as each dialect's own parser does.
 *
 * No scanner expands variables or runs commands: a value that its parser would
 * expand gets a `trouble`, for what is in the file is then not the value.
 */
#include "env-file/dialect.h"

#include <stdint.h>
#include <string.h>

#define TROUBLE_EXPANDS "the value holds a $ that this dialect expands"

static void put(struct scan *scan, unsigned char c)
{
	if (scan->out)
		scan->out[scan->out_len] = c;
	scan->out_len++;
}

static void put_range(struct scan *scan, size_t from, size_t to)
{
	for (; from < to; from++)
		put(scan, scan->text[from]);
}

static void fail_at(struct scan *scan, size_t at, const char *error)
{
	scan->error = error;
	scan->error_at = at;
}

static bool is_eol(const struct scan *scan, size_t at, bool cr_ends)
{
	if (at >= scan->len || scan->text[at] == '\n')
		return true;
	if (scan->text[at] != '\r')
		return false;
	return cr_ends || (at + 1 < scan->len && scan->text[at + 1] == '\n');
}

static size_t line_end(const struct scan *scan, size_t at, bool cr_ends)
{
	while (!is_eol(scan, at, cr_ends))
		at++;
	return at;
}

static size_t trim_right(const struct scan *scan, size_t from, size_t to)
{
	while (to > from && (is_blank(scan->text[to - 1]) || scan->text[to - 1] == '\r'))
		to--;
	return to;
}

static unsigned char byte_at(const struct scan *scan, size_t at)
{
	return at < scan->len ? scan->text[at] : '\0';
}

/* Inside quotes all but bash read CRLF as LF; `at` is moved past it. */
static void put_normal(struct scan *scan, size_t *at)
{
	if (scan->text[*at] == '\r' && byte_at(scan, *at + 1) == '\n')
		(*at)++;
	put(scan, scan->text[(*at)++]);
}

/* Behind a closing quote: blanks, then a comment or the end of the line. */
static bool rest_is_clean(const struct scan *scan, size_t at, bool cr_ends)
{
	while (at < scan->len && is_blank(scan->text[at]))
		at++;
	return is_eol(scan, at, cr_ends) || scan->text[at] == '#';
}

/* The value ends at blanks and a `#`; returns where, trailing blanks cut. */
static size_t unquoted_end(const struct scan *scan, size_t eol)
{
	size_t at;

	for (at = scan->at; at < eol; at++) {
		if (scan->text[at] == '#' && at > scan->at && is_blank(scan->text[at - 1]))
			break;
	}
	return trim_right(scan, scan->at, at);
}

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

/* ---- systemd: EnvironmentFile= ------------------------------------------ */

static bool shell_escapable(unsigned char c)
{
	return c == '"' || c == '\\' || c == '`' || c == '$';
}

/* From behind the opening quote to behind the closing one, or the end. */
static size_t systemd_quoted(struct scan *scan, size_t at, unsigned char quote)
{
	while (at < scan->len && scan->text[at] != quote) {
		unsigned char next = byte_at(scan, at + 1);

		if (quote == '"' && scan->text[at] == '\\') {
			if (at + 1 >= scan->len)
				return scan->len;
			if (!shell_escapable(next) && next != '\n')
				put(scan, '\\');
			if (next != '\n')
				put(scan, next);
			at += 2;
			continue;
		}
		put(scan, scan->text[at++]);
	}
	if (at >= scan->len)
		fail_at(scan, scan->at, "a quote in this value is never closed");
	return at < scan->len ? at + 1 : at;
}

void scan_systemd(struct scan *scan)
{
	size_t at = scan->at;
	size_t kept = 0;   /* length without trailing blanks that may go */
	bool fresh = true; /* before or right behind quotes: blanks fall away */

	while (at < scan->len && scan->text[at] != '\n' && scan->text[at] != '\r') {
		unsigned char c = scan->text[at];

		if (fresh && (c == '\'' || c == '"')) {
			at = systemd_quoted(scan, at + 1, c);
			if (scan->error)
				return;
			kept = scan->out_len;
			continue;
		}
		if (c == '\\') {
			unsigned char next = byte_at(scan, at + 1);

			if (at + 1 < scan->len && next != '\n' && next != '\r') {
				put(scan, next);
				kept = scan->out_len;
			}
			fresh = false;
			at += at + 1 < scan->len ? 2 : 1;
			continue;
		}
		at++;
		if (fresh && is_blank(c))
			continue;
		fresh = false;
		put(scan, c);
		if (!is_blank(c))
			kept = scan->out_len;
	}
	scan->end = trim_right(scan, scan->at, at);
	scan->out_len = kept;
}

static bool is_name(unsigned char c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* ---- posix: `set -a; . ./file` ------------------------------------------ */

static size_t posix_single(struct scan *scan, size_t at)
{
	while (at < scan->len && scan->text[at] != '\'')
		put(scan, scan->text[at++]);
	if (at >= scan->len)
		fail_at(scan, scan->at, "a quote in this value is never closed");
	return at + 1;
}

/*
 * A `$` or backtick that the shell acts on. A name is only a value that we
 * cannot tell; what may run over line ends leaves no line behind it certain.
 */
static void posix_active(struct scan *scan, size_t at, bool in_quotes)
{
	unsigned char next = byte_at(scan, at + 1);
	size_t end = at + 2;

	scan->trouble = TROUBLE_EXPANDS;
	if (scan->text[at] == '$' && next == '{') {
		while (is_name(byte_at(scan, end)))
			end++;
		if (end > at + 2 && byte_at(scan, end) == '}')
			return;
	}
	if (scan->text[at] == '`' || next == '(' || next == '{' ||
	    (!in_quotes && (next == '\'' || next == '"')))
		fail_at(scan, at, "the shell would run or expand this: use single quotes");
}

static size_t posix_double(struct scan *scan, size_t at)
{
	while (at < scan->len && scan->text[at] != '"') {
		unsigned char c = scan->text[at];
		unsigned char next = byte_at(scan, at + 1);

		if (c == '$' || c == '`')
			posix_active(scan, at, true);
		if (c == '\\' && (shell_escapable(next) || next == '\n')) {
			if (next != '\n')
				put(scan, next);
			at += 2;
			continue;
		}
		put(scan, c);
		at++;
	}
	if (at >= scan->len)
		fail_at(scan, scan->at, "a quote in this value is never closed");
	return at + 1;
}

/* One unquoted byte or escape; returns where to go on. */
static size_t posix_plain(struct scan *scan, size_t at)
{
	unsigned char c = scan->text[at];

	if (c == '\\') {
		if (at + 1 >= scan->len) {
			fail_at(scan, at, "a backslash at the end of the file");
			return at + 1;
		}
		if (scan->text[at + 1] != '\n')
			put(scan, scan->text[at + 1]);
		return at + 2;
	}
	if (c == '$' || c == '`')
		posix_active(scan, at, false);
	if (c == '~' && (at == scan->at || scan->text[at - 1] == ':'))
		scan->trouble = TROUBLE_EXPANDS;
	if (strchr(";&|<>()", c))
		fail_at(scan, at, "the shell would take this for a command: quote the value");
	put(scan, c);
	return at + 1;
}

void scan_posix(struct scan *scan)
{
	size_t at = scan->at;

	while (at < scan->len && scan->text[at] != '\n' && scan->text[at] != ' ' &&
	       scan->text[at] != '\t' && !scan->error) {
		if (scan->text[at] == '\'')
			at = posix_single(scan, at + 1);
		else if (scan->text[at] == '"')
			at = posix_double(scan, at + 1);
		else
			at = posix_plain(scan, at);
	}
	if (scan->error)
		return;
	scan->end = at > scan->len ? scan->len : at;
	/* No is_eol(): the shell keeps a carriage return. */
	while (at < scan->len && (scan->text[at] == ' ' || scan->text[at] == '\t'))
		at++;
	if (at < scan->len && scan->text[at] != '\n' && scan->text[at] != '#')
		fail_at(scan, at, "the shell would run this as a command: quote the value");
}
