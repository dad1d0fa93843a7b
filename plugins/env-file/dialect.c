/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of dialects, and writing a value in one of them.
 */
#include "env-file/dialect.h"

#include <stdint.h>
#include <string.h>

/* node, python and compose pass over the same things in the same way. */
#define KEY_ODD (LINE_KEY_DOTS | LINE_KEY_DASHES)

static const struct dialect dialects[] = {
	{ "strict", LINE_EXPORT | LINE_CR_ENDS | LINE_EMPTY_UNCLEAR, scan_strict, { { 0 } }, 0 },
	{ "node",
	  LINE_EXPORT | LINE_COLON | LINE_CR_ENDS | LINE_BAD_SKIPPED | LINE_LAST_WINS | KEY_ODD,
	  scan_node,
	  { { '`', "", false }, { '"', "", false }, { '\'', "", false }, { '"', "", true } },
	  4 },
	{ "python",
	  LINE_EXPORT | LINE_CR_ENDS | LINE_BARE_KEY | LINE_BAD_SKIPPED | LINE_LAST_WINS |
		  LINE_KEY_ANYTHING | LINE_KEY_QUOTED,
	  scan_python,
	  { { '\'', "\\'", false }, { '"', "\\\"", true } },
	  2 },
	{ "ruby",
	  LINE_EXPORT | LINE_COLON | LINE_CR_ENDS | LINE_BARE_KEY | LINE_BAD_SKIPPED |
		  LINE_LAST_WINS | LINE_KEY_DOTS,
	  scan_ruby,
	  { { '"', "\\\"$", false }, { '\'', "", false } },
	  2 },
	{ "godotenv",
	  LINE_EXPORT | LINE_COLON | LINE_CR_ENDS | LINE_LAST_WINS | LINE_KEY_DOTS,
	  scan_godotenv,
	  { { '\'', "", false }, { '"', "\\\"$", true } },
	  2 },
	{ "compose",
	  LINE_EXPORT | LINE_COLON | LINE_BARE_KEY | LINE_LAST_WINS | LINE_EMPTY_UNCLEAR | KEY_ODD,
	  scan_compose,
	  { { '\'', "'", false }, { '"', "\\\"$", true } },
	  2 },
	{ "compose-raw",
	  LINE_BARE_KEY | LINE_LAST_WINS | LINE_KEY_ANYTHING | LINE_NO_SPACE,
	  scan_raw,
	  { { 0, "", false } },
	  1 },
	{ "systemd",
	  LINE_CR_ENDS | LINE_SEMICOLON | LINE_BARE_KEY | LINE_LAST_WINS | LINE_KEY_ANYTHING |
		  LINE_KEY_BLANKS,
	  scan_systemd,
	  { { '\'', "", false }, { '"', "\\\"$`", false } },
	  2 },
	{ "posix",
	  LINE_EXPORT | LINE_LAST_WINS | LINE_NO_SPACE | LINE_CR_KEPT,
	  scan_posix,
	  { { '\'', "", false }, { '"', "\\\"$`", false } },
	  2 },
};

const struct dialect *dialect_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		if (strcmp(dialects[i].name, name) == 0)
			return &dialects[i];
	}
	return NULL;
}

static bool has_any(const unsigned char *value, size_t len, const char *chars)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (value[i] && strchr(chars, value[i]))
			return true;
	}
	return false;
}

static bool has_pair(const unsigned char *value, size_t len, const char *pair)
{
	size_t i;

	for (i = 0; i + 1 < len; i++) {
		if (value[i] == (unsigned char)pair[0] && value[i + 1] == (unsigned char)pair[1])
			return true;
	}
	return false;
}

static bool is_plain(const unsigned char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = value[i];
		bool alnum =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		if (!alnum && (!c || !strchr("_./:@%+,=-", c)))
			return false;
	}
	return len > 0;
}

/* The three forms that node, python, ruby, godotenv, compose and shells read
   alike. python expands `${` and halves `\\` even in single quotes, godotenv
   takes a final `\` for an escape of the quote. SIZE_MAX: none holds it. */
static bool portable_form(const unsigned char *value, size_t len, struct form *ret_form)
{
	*ret_form = (struct form){ 0, "", false };
	if (is_plain(value, len))
		return true;
	if (has_any(value, len, "\r"))
		return false;
	if (!has_any(value, len, "'") && !has_pair(value, len, "${") &&
	    !has_pair(value, len, "\\\\") && (len == 0 || value[len - 1] != '\\')) {
		ret_form->quote = '\'';
		return true;
	}
	if (has_any(value, len, "'") && !has_any(value, len, "\"\\$`")) {
		ret_form->quote = '"';
		return true;
	}
	return false;
}

static size_t write_form(const struct form *form, const unsigned char *value, size_t len,
			 unsigned char *out)
{
	size_t at = 0;
	size_t i;

	if (form->quote)
		out[at++] = (unsigned char)form->quote;
	for (i = 0; i < len; i++) {
		if (form->cr_escaped && value[i] == '\r') {
			out[at++] = '\\';
			out[at++] = 'r';
			continue;
		}
		if (strchr(form->escaped, value[i]))
			out[at++] = '\\';
		out[at++] = value[i];
	}
	if (form->quote)
		out[at++] = (unsigned char)form->quote;
	return at;
}

/* Does the dialect read `out` as exactly `value`, to its last byte? */
static bool reads_back(const struct dialect *dialect, const unsigned char *out, size_t out_len,
		       const unsigned char *value, size_t len, unsigned char *scratch)
{
	struct scan scan = { .text = out, .len = out_len, .at = 0 };

	/* Blanks behind `=` are not part of a value, except in raw files. */
	if (out_len && is_blank(out[0]) && !(dialect->flags & LINE_NO_SPACE))
		return false;
	dialect->scan(&scan);
	if (scan.error || scan.trouble || scan.end != out_len || scan.out_len != len)
		return false;
	scan = (struct scan){ .text = out, .len = out_len, .at = 0, .out = scratch };
	dialect->scan(&scan);
	return len == 0 || memcmp(scratch, value, len) == 0;
}

static const char *why_not(const unsigned char *value, size_t len)
{
	if (has_any(value, len, "\r"))
		return "a carriage return";
	if (has_any(value, len, "'") && has_any(value, len, "\"\\$`"))
		return "a single quote together with one of \" \\ $ `";
	if (has_pair(value, len, "${"))
		return "\"${\"";
	if (has_any(value, len, "\n"))
		return "a line break";
	if (has_any(value, len, "\\"))
		return "a doubled or final backslash";
	return "characters";
}

size_t dialect_encode(const struct dialect *dialect, const unsigned char *value, size_t len,
		      unsigned char *out, unsigned char *scratch, const char **ret_why)
{
	struct form form;
	size_t out_len;
	unsigned i;

	if (portable_form(value, len, &form)) {
		out_len = write_form(&form, value, len, out);
		if (reads_back(dialect, out, out_len, value, len, scratch))
			return out_len;
	}
	for (i = 0; i < dialect->form_count; i++) {
		out_len = write_form(&dialect->forms[i], value, len, out);
		if (reads_back(dialect, out, out_len, value, len, scratch))
			return out_len;
	}
	*ret_why = why_not(value, len);
	return SIZE_MAX;
}
