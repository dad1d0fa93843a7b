/* SPDX-License-Identifier: Apache-2.0 */
/* Splits config text into tokens and follows includes. Stricter than
   libconfig where that would guess: numbers that overflow, octal, escapes. */
#include "config/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/include.h"

static enum lks_status fail(struct token_reader *reader, int line, const char *hint,
			    const char *what)
{
	const struct input *input = &reader->inputs[reader->depth - 1];

	error_set(reader->err, LKS_INVALID, "%s", what);
	error_where(reader->err, "%s:%d", reader->tree->files[input->file], line);
	if (hint)
		error_hint(reader->err, "%s", hint);
	return LKS_INVALID;
}

static bool is_mark(char c)
{
	return c && strchr("{}()[]=:,;", c);
}

static bool is_word_char(char c)
{
	return c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '"' && c != '#' &&
	       !is_mark(c);
}

static bool looking_at(const struct input *input, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(input->end - input->at) >= len && memcmp(input->at, word, len) == 0;
}

static void skip_line(struct input *input)
{
	while (input->at < input->end && *input->at != '\n')
		input->at++;
}

static enum lks_status skip_comment(struct token_reader *reader, struct input *input)
{
	int line = input->line;

	input->at += 2;
	while (input->at < input->end && !looking_at(input, "*/")) {
		input->line += *input->at == '\n';
		input->at++;
	}
	if (input->at == input->end)
		return fail(reader, line, "close it with */", "found a comment without an end");
	input->at += 2;
	return LKS_OK;
}

/* To the next token of this file, or its end. */
static enum lks_status skip_space(struct token_reader *reader, struct input *input)
{
	while (input->at < input->end) {
		char c = *input->at;

		if (c == '\n') {
			input->line++;
			input->is_line_start = true;
			input->at++;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			input->at++;
		} else if (c == '#' || looking_at(input, "//")) {
			skip_line(input);
		} else if (looking_at(input, "/*")) {
			enum lks_status status = skip_comment(reader, input);

			if (status)
				return status;
			input->is_line_start = false;
		} else {
			break;
		}
	}
	return LKS_OK;
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

/* Behind a backslash. */
static enum lks_status read_escape(struct token_reader *reader, struct input *input,
				   struct text *text)
{
	static const char plain[] = "nrtfav\\\"";
	static const char meant[] = "\n\r\t\f\a\v\\\"";
	char c = input->at < input->end ? *input->at : '\0';
	const char *found = c ? strchr(plain, c) : NULL;
	int high, low;

	if (found) {
		text_add_char(text, meant[found - plain]);
		input->at++;
		return LKS_OK;
	}
	if (c == 'x' && input->end - input->at >= 3) {
		high = hex_digit(input->at[1]);
		low = hex_digit(input->at[2]);
		if (high >= 0 && low >= 0 && high + low > 0) {
			text_add_char(text, (char)(high * 16 + low));
			input->at += 3;
			return LKS_OK;
		}
	}
	return fail(reader, input->line, "write \\\\ for a backslash; known are \\n \\t \\\" \\xHH",
		    "found an unknown escape after a backslash in a text");
}

static enum lks_status read_text(struct token_reader *reader, struct input *input,
				 struct token *token)
{
	AUTO(text_release) struct text text = TEXT_INIT;
	enum lks_status status;

	input->at++;
	while (input->at < input->end && *input->at != '"') {
		if (*input->at == '\n')
			break;
		if (*input->at != '\\') {
			text_add_char(&text, *input->at++);
			continue;
		}
		input->at++;
		status = read_escape(reader, input, &text);
		if (status)
			return status;
	}
	if (input->at == input->end || *input->at != '"')
		return fail(reader, token->line,
			    "close it with a quote; a line end inside is written \\n",
			    "found a text without a closing quote on its line");
	input->at++;
	if (!text_ok(&text))
		return error_no_memory(reader->err, "reading the config");
	token->type = TOKEN_TEXT;
	token->text = text;
	text = (struct text)TEXT_INIT;
	if (!utf8_is_valid(text_string(&token->text), token->text.len) ||
	    utf8_has_invisible(text_string(&token->text), token->text.len)) {
		report_at(reader->report, reader->tree->files[token->file], token->line, NULL,
			  "found a text with bytes that are not UTF-8, or invisible characters");
		token->type = TOKEN_BAD;
	}
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* Words: names, numbers, flags                                              */

static bool is_word(const struct token *token, const char *word)
{
	return token->len == strlen(word) && strncasecmp(token->start, word, token->len) == 0;
}

/* [-+]digits[.digits][e[-+]digits], with at least a dot or an exponent */
static bool is_float(const char *at, const char *end)
{
	bool has_digit = false, has_mark = false;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	for (; at < end && (ascii_is_digit(*at) || (*at == '.' && !has_mark)); at++) {
		has_mark |= *at == '.';
		has_digit |= *at != '.';
	}
	if (!has_digit)
		return false;
	if (at < end && (*at == 'e' || *at == 'E')) {
		has_mark = true;
		at++;
		if (at < end && (*at == '-' || *at == '+'))
			at++;
		if (at == end)
			return false;
		while (at < end && ascii_is_digit(*at))
			at++;
	}
	return at == end && has_mark;
}

static void report_word(struct token_reader *reader, struct token *token, const char *hint,
			const char *what)
{
	report_at(reader->report, reader->tree->files[token->file], token->line, hint,
		  "found '%.*s': %s", (int)(token->len > 40 ? 40 : token->len), token->start, what);
	token->type = TOKEN_BAD;
}

/* False: not a number at all. */
static bool read_number(struct token_reader *reader, struct token *token)
{
	const char *at = token->start, *end = token->start + token->len;
	bool is_negative = *at == '-';
	bool is_hex;
	uint64_t number = 0, limit;
	const char *digits;

	if (*at == '-' || *at == '+')
		at++;
	is_hex = end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
	if (is_hex)
		at += 2;
	while (end - at > 1 && end[-1] == 'L' && token->start + token->len - end < 2)
		end--;
	if (at == end)
		return false;
	digits = at;
	limit = (uint64_t)INT64_MAX + is_negative;
	for (; at < end; at++) {
		int digit = is_hex ? hex_digit(*at) : ascii_is_digit(*at) ? *at - '0' : -1;
		uint64_t base = is_hex ? 16 : 10;

		if (digit < 0)
			return false;
		number = number > (limit - (uint64_t)digit) / base
				 ? limit + 1
				 : number * base + (uint64_t)digit;
		if (number > limit) {
			number = limit; /* goes on to see whether it is a number */
			digits = NULL;
			break;
		}
	}
	for (; at < end; at++) {
		if (!(is_hex ? hex_digit(*at) >= 0 : ascii_is_digit(*at)))
			return false;
	}
	token->type = TOKEN_NUMBER;
	token->number = is_negative ? (int64_t)(0 - number) : (int64_t)number;
	if (!digits)
		report_word(reader, token, NULL, "the number is too large");
	else if (!is_hex && end - digits > 1 && *digits == '0')
		report_word(reader, token, "write it without the leading zero, or as a text",
			    "a leading zero would not mean octal here");
	return true;
}

static void read_word(struct token_reader *reader, struct input *input, struct token *token)
{
	const char *at;

	while (input->at < input->end && is_word_char(*input->at))
		input->at++;
	token->len = (size_t)(input->at - token->start);
	token->type = TOKEN_WORD;
	if (is_word(token, "true") || is_word(token, "false")) {
		token->type = TOKEN_FLAG;
		token->number = token->len == 4;
		return;
	}
	if (ascii_is_digit(*token->start) || strchr("+-.", *token->start)) {
		if (!read_number(reader, token) &&
		    is_float(token->start, token->start + token->len))
			token->type = TOKEN_FLOAT;
		return;
	}
	if (!ascii_is_alpha(*token->start))
		return;
	for (at = token->start; at < input->at; at++) {
		if (!ascii_is_alnum(*at) && *at != '-' && *at != '_')
			return;
	}
	token->type = TOKEN_NAME;
}

/* ------------------------------------------------------------------------ */

static enum lks_status read_token(struct token_reader *reader, struct input *input,
				  struct token *token)
{
	*token = (struct token){
		.file = input->file, .line = input->line, .start = input->at, .text = TEXT_INIT
	};
	if (*input->at == '"')
		return read_text(reader, input, token);
	if (is_mark(*input->at)) {
		token->type = TOKEN_MARK;
		token->mark = *input->at++;
		token->len = 1;
		return LKS_OK;
	}
	read_word(reader, input, token);
	return LKS_OK;
}

enum lks_status token_next(struct token_reader *reader, struct token *ret_token)
{
	for (;;) {
		struct input *input = &reader->inputs[reader->depth - 1];
		enum lks_status status = skip_space(reader, input);

		if (status)
			return status;
		if (input->at == input->end && reader->depth > 1) {
			reader->depth--;
			continue;
		}
		if (input->at == input->end) {
			*ret_token = (struct token){ .type = TOKEN_END,
						     .file = input->file,
						     .line = input->line,
						     .text = TEXT_INIT };
			return LKS_OK;
		}
		if (!looking_at(input, "@include")) {
			input->is_line_start = false;
			return read_token(reader, input, ret_token);
		}
		if (!input->is_line_start)
			return fail(reader, input->line, "give it a line of its own",
				    "found @include after other text on the line");
		status = include_follow(reader, input);
		if (status)
			return status;
	}
}

void token_describe(const struct token *token, char *buffer, size_t size)
{
	switch (token->type) {
	case TOKEN_END:
		(void)snprintf(buffer, size, "the end of the file");
		break;
	case TOKEN_MARK:
		(void)snprintf(buffer, size, "'%c'", token->mark);
		break;
	case TOKEN_NUMBER:
		(void)snprintf(buffer, size, "a number");
		break;
	case TOKEN_FLOAT:
		(void)snprintf(buffer, size, "a number with a fraction or exponent");
		break;
	case TOKEN_TEXT:
		(void)snprintf(buffer, size, "a text in quotes");
		break;
	case TOKEN_FLAG:
	case TOKEN_NAME:
	case TOKEN_WORD:
	case TOKEN_BAD:
		/* A longer one may be a secret that lacks its quotes. */
		if (token->start && token->len <= 6)
			(void)snprintf(buffer, size, "'%.*s'", (int)token->len, token->start);
		else
			(void)snprintf(buffer, size, "a word without quotes");
		break;
	}
}
