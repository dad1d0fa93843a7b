/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a secret turns up: as it is, base64, hex, URL, JSON. */
#include "base/redact_forms.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* A piece of a long secret, and how far two of them overlap: enough that what
   base64 leaves open at an edge is covered by the neighbour. */
#define PIECE 512
#define OVERLAP 16
/* Beyond this only the text forms are made: encoded megabytes are too dear. */
#define ENCODED_MAX 16384
/* A line of a longer secret that is worth masking by itself. */
#define LINE_MIN 16
/* The rest of a wrapped encoding that is worth masking. */
#define REST_MIN 6
#define FORM_COUNT_MAX 32

/* Forms of one piece, so that none is added twice. */
struct forms {
	struct secret_text text;
	size_t ends[FORM_COUNT_MAX];
	size_t count;
};

static void forms_release(struct forms *forms)
{
	secret_text_release(&forms->text);
}

static size_t text_length(const struct forms *forms)
{
	return forms->text.buffer ? forms->text.buffer->len : 0;
}

/* The bytes since the last form become one, unless there is one like it. */
static void end_form(struct forms *forms)
{
	const size_t from = forms->count ? forms->ends[forms->count - 1] : 0;
	const size_t len = text_length(forms) - from;
	const unsigned char *data = forms->text.buffer ? forms->text.buffer->data : NULL;
	size_t start = 0;

	for (size_t i = 0; i < forms->count; i++) {
		if (forms->ends[i] - start == len && memcmp(data + start, data + from, len) == 0) {
			explicit_bzero(forms->text.buffer->data + from, len);
			forms->text.buffer->len = from;
			return;
		}
		start = forms->ends[i];
	}
	if (len > 0)
		forms->ends[forms->count++] = from + len;
}

static void add_char(struct forms *forms, char c)
{
	secret_text_append(&forms->text, &c, 1);
}

static void add_hex(struct forms *forms, const unsigned char *data, size_t len, const char *digits)
{
	for (size_t i = 0; i < len; i++) {
		add_char(forms, digits[data[i] >> 4]);
		add_char(forms, digits[data[i] & 15]);
	}
	end_form(forms);
}

/*
 * The characters that `data` alone decides when `before` other bytes (0 to 2)
 * stand before it in its group of three; with `ends`, the last character too,
 * as it is when the text ends there.
 */
static void add_base64(struct forms *forms, const unsigned char *data, size_t len, int before,
		       bool url, bool ends)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789";
	uint32_t bits = 0;
	int have = 0;
	int skip = before == 0 ? 0 : 6 - 2 * before; /* bits shared with what is before */

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		have += 8;
		if (i == 0)
			have -= skip;
		while (have >= 6) {
			const uint32_t six = bits >> (have - 6) & 63;

			add_char(forms, six < 62    ? letters[six]
					: six == 62 ? (url ? '-' : '+')
						    : (url ? '_' : '/'));
			have -= 6;
		}
	}
	if (ends && have > 0) {
		const uint32_t six = bits << (6 - have) & 63;

		add_char(forms, six < 62    ? letters[six]
				: six == 62 ? (url ? '-' : '+')
					    : (url ? '_' : '/'));
	}
	end_form(forms);
}

/* Percent-escaped; `keep` are the marks that stay beside letters and digits. */
static void add_url(struct forms *forms, const unsigned char *data, size_t len, const char *keep,
		    const char *digits, bool plus)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = data[i];

		if (ascii_is_alnum((char)c) || (c != 0 && strchr(keep, c))) {
			add_char(forms, (char)c);
		} else if (c == ' ' && plus) {
			add_char(forms, '+');
		} else {
			add_char(forms, '%');
			add_char(forms, digits[c >> 4]);
			add_char(forms, digits[c & 15]);
		}
	}
	end_form(forms);
}

/* One UTF-8 character's code point and length; 0 length if it is none. */
static size_t decode_utf8(const unsigned char *data, size_t len, uint32_t *ret_point)
{
	const size_t size = data[0] < 0xc2   ? 0
			    : data[0] < 0xe0 ? 2
			    : data[0] < 0xf0 ? 3
			    : data[0] < 0xf5 ? 4
					     : 0;

	if (size == 0 || size > len || !utf8_is_valid(data, size))
		return 0;
	*ret_point = data[0] & (0x7fU >> size);
	for (size_t i = 1; i < size; i++)
		*ret_point = *ret_point << 6 | (data[i] & 0x3fU);
	return size;
}

static void add_unicode(struct forms *forms, uint32_t unit, const char *digits)
{
	secret_text_add(&forms->text, "\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		add_char(forms, digits[unit >> shift & 15]);
}

/* What encoders differ in beyond the least that JSON asks for. */
struct json_style {
	bool slash;         /* "/" as "\/" (PHP) */
	bool html;          /* "<" ">" "&" as \u003c (Go) */
	bool ascii;         /* all beyond ASCII as \uXXXX (Python) */
	const char *digits; /* of \uXXXX */
};

static void add_json_char(struct forms *forms, unsigned char c, const struct json_style *style)
{
	static const char named[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";
	const char *found = c ? strchr(named, c) : NULL;

	if (found) {
		add_char(forms, '\\');
		add_char(forms, names[found - named]);
	} else if (c < 0x20 || (style->html && (c == '<' || c == '>' || c == '&'))) {
		add_unicode(forms, c, style->digits);
	} else {
		if (c == '/' && style->slash)
			add_char(forms, '\\');
		add_char(forms, (char)c);
	}
}

static void add_json(struct forms *forms, const unsigned char *data, size_t len,
		     const struct json_style *style)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t point;
		const size_t size = style->ascii ? decode_utf8(data + i, len - i, &point) : 0;

		if (size == 0) {
			add_json_char(forms, data[i], style);
			continue;
		}
		i += size - 1;
		if (point >= 0x10000) {
			point -= 0x10000;
			add_unicode(forms, 0xd800 + (point >> 10), style->digits);
			point = 0xdc00 + (point & 0x3ff);
		}
		add_unicode(forms, point, style->digits);
	}
	end_form(forms);
}

/* A terminal turns "\n" into "\r\n". */
static void add_crlf(struct forms *forms, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
			add_char(forms, '\r');
		add_char(forms, (char)data[i]);
	}
	end_form(forms);
}

static void add_text_forms(struct forms *forms, const unsigned char *data, size_t len)
{
	static const struct json_style styles[] = {
		{ false, false, false, "0123456789abcdef" },
		{ false, false, true, "0123456789abcdef" },
		{ false, false, true, "0123456789ABCDEF" },
		{ false, true, false, "0123456789abcdef" },
		{ true, false, true, "0123456789abcdef" },
	};

	secret_text_append(&forms->text, data, len);
	end_form(forms);
	add_crlf(forms, data, len);
	for (size_t i = 0; i < COUNT_OF(styles); i++)
		add_json(forms, data, len, &styles[i]);
}

static void add_encoded_forms(struct forms *forms, const unsigned char *data, size_t len)
{
	static const char upper[] = "0123456789ABCDEF";
	static const char lower[] = "0123456789abcdef";

	add_hex(forms, data, len, lower);
	add_hex(forms, data, len, upper);
	for (int before = 0; before < 3; before++) {
		add_base64(forms, data, len, before, false, false);
		add_base64(forms, data, len, before, false, true);
		add_base64(forms, data, len, before, true, false);
		add_base64(forms, data, len, before, true, true);
	}
	add_url(forms, data, len, "-_.~", upper, false);
	add_url(forms, data, len, "-_.~", lower, false);
	add_url(forms, data, len, "-_.~", upper, true);
	add_url(forms, data, len, "-_.~/", upper, false);
	add_url(forms, data, len, "-_.!~*'()", upper, false);
}

static enum lks_status add_piece(const unsigned char *data, size_t len, bool encoded,
				 redact_form_sink add, void *context, struct lks_error *err)
{
	AUTO(forms_release) struct forms forms = { SECRET_TEXT_INIT, { 0 }, 0 };
	size_t start = 0;

	add_text_forms(&forms, data, len);
	if (encoded)
		add_encoded_forms(&forms, data, len);
	if (forms.text.failed)
		return error_no_memory(err, "the forms of a secret to mask");
	for (size_t i = 0; i < forms.count; i++) {
		const enum lks_status status =
			add(context, forms.text.buffer->data + start, forms.ends[i] - start, err);

		if (status)
			return status;
		start = forms.ends[i];
	}
	return LKS_OK;
}

static enum lks_status add_pieces(const unsigned char *data, size_t len, redact_form_sink add,
				  void *context, struct lks_error *err)
{
	const bool encoded = len <= ENCODED_MAX;

	if (len <= PIECE)
		return add_piece(data, len, encoded, add, context, err);
	for (size_t at = 0;; at += PIECE - OVERLAP) {
		const bool last = at + PIECE >= len;
		const enum lks_status status = add_piece(data + (last ? len - PIECE : at), PIECE,
							 encoded, add, context, err);

		if (status || last)
			return status;
	}
}

/* Programs print long keys line by line, indented or with a prefix. Lines like
   "-----BEGIN PRIVATE KEY-----" are no secret. */
static enum lks_status add_lines(const unsigned char *data, size_t len, redact_form_sink add,
				 void *context, struct lks_error *err)
{
	for (size_t start = 0; start < len;) {
		const unsigned char *newline = memchr(data + start, '\n', len - start);
		const size_t end = newline ? (size_t)(newline - data) : len;
		size_t line = end - start;

		if (line > 0 && data[start + line - 1] == '\r')
			line--;
		if (line >= LINE_MIN && line < len && memcmp(data + start, "-----", 5) != 0) {
			const enum lks_status status =
				add_pieces(data + start, line, add, context, err);

			if (status)
				return status;
		}
		start = end + 1;
	}
	return LKS_OK;
}

/* base64(1) breaks lines after 57 bytes, openssl after 48. */
static enum lks_status add_wrapped(const unsigned char *data, size_t len, size_t width,
				   redact_form_sink add, void *context, struct lks_error *err)
{
	for (size_t at = 0; len > width && at < len; at += width) {
		AUTO(forms_release) struct forms forms = { SECRET_TEXT_INIT, { 0 }, 0 };
		const size_t part = len - at < width ? len - at : width;
		enum lks_status status;

		if (part < REST_MIN)
			break;
		add_base64(&forms, data + at, part, 0, false, true);
		if (forms.text.failed)
			return error_no_memory(err, "the forms of a secret to mask");
		status = add(context, forms.text.buffer->data, forms.text.buffer->len, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

enum lks_status redact_forms(const void *secret, size_t len, redact_form_sink add, void *context,
			     struct lks_error *err)
{
	enum lks_status status = add_pieces(secret, len, add, context, err);

	if (!status)
		status = add_lines(secret, len, add, context, err);
	if (!status && len <= ENCODED_MAX)
		status = add_wrapped(secret, len, 57, add, context, err);
	if (!status && len <= ENCODED_MAX)
		status = add_wrapped(secret, len, 48, add, context, err);
	return status;
}

bool redact_is_common(const void *secret, size_t len)
{
	static const char *const words[] = {
		"access",  "account",    "admin",    "administrator", "application", "changeme",
		"client",  "config",     "database", "debug",         "default",     "development",
		"disable", "disabled",   "enable",   "enabled",       "error",       "example",
		"false",   "guest",      "hello",    "http",          "https",       "info",
		"local",   "localhost",  "login",    "master",        "mysql",       "name",
		"none",    "null",       "password", "postgres",      "postgresql",  "private",
		"prod",    "production", "public",   "root",          "secret",      "server",
		"service", "staging",    "string",   "test",          "testing",     "token",
		"true",    "undefined",  "user",     "username",      "value",       "warn",
		"warning", "welcome",    "world",
	};
	const unsigned char *data = secret;
	char word[16] = "";
	bool number = true;

	if (len >= sizeof(word))
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = (char)data[i];

		word[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
		number = number && ascii_is_digit(c);
	}
	if (number)
		return len <= 5;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}
