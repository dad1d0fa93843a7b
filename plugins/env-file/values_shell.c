/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one value as systemd and POSIX shells do.
 */
#include "env-file/values.h"

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
