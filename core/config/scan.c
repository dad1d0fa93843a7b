/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the grammar of config text and its limits without recursion, and
   writes it anew for libconfig: one kind of number, no includes, no comments.
   So libconfig never meets what it would guess at, overflow on or be slow in. */
#include <stdio.h>
#include <string.h>

#include "config/token.h"

/* A group, list or array that is open. */
struct frame {
	char kind; /* '{' '(' '[' */
	size_t place;
	size_t count;
	bool after_comma;
	struct name { /* for duplicates */
		const char *start;
		size_t len;
		size_t file;
		int line;
	} * names;
	size_t file;
	int line;
};

struct scan {
	struct token_reader reader;
	struct report *report;
	struct lks_error *err;
	struct scan_result *result;
	struct frame frames[SETTING_DEPTH_MAX + 1];
	size_t depth;
	struct token ahead;
	bool has_ahead;
	size_t copies;
};

static const char *file_of(const struct scan *scan, size_t file)
{
	return scan->reader.tree->files[file];
}

static enum lks_status fail(struct scan *scan, const struct token *token, const char *expected)
{
	char found[64];

	token_describe(token, found, sizeof(found));
	error_set(scan->err, LKS_INVALID, "found %s, expected %s", found, expected);
	error_where(scan->err, "%s:%d", file_of(scan, token->file), token->line);
	return LKS_INVALID;
}

static enum lks_status next(struct scan *scan, struct token *token)
{
	if (scan->has_ahead) {
		*token = scan->ahead;
		scan->ahead = (struct token){ .text = TEXT_INIT };
		scan->has_ahead = false;
		return LKS_OK;
	}
	return token_next(&scan->reader, token);
}

static enum lks_status peek(struct scan *scan, const struct token **ret_token)
{
	if (!scan->has_ahead) {
		enum lks_status status = token_next(&scan->reader, &scan->ahead);

		if (status)
			return status;
		scan->has_ahead = true;
	}
	*ret_token = &scan->ahead;
	return LKS_OK;
}

/* Grows in doubling steps; true if there is room for one more. */
static bool grow(void **items, size_t count, size_t size)
{
	void *larger;

	if (count & (count - 1) || (count && count < 8))
		return true;
	larger = realloc(*items, (count ? count * 2 : 8) * size);
	if (!larger)
		return false;
	*items = larger;
	return true;
}

static enum lks_status add_place(struct scan *scan, const struct token *token)
{
	struct scan_result *result = scan->result;

	if (!grow((void **)&result->places, result->place_count, sizeof(*result->places)))
		return error_no_memory(scan->err, "reading the config");
	result->places[result->place_count++] =
		(struct place){ .file = token->file, .line = token->line };
	return LKS_OK;
}

static struct place *last_place(struct scan *scan)
{
	return &scan->result->places[scan->result->place_count - 1];
}

static enum lks_status count_member(struct scan *scan, const struct token *token)
{
	struct frame *frame = &scan->frames[scan->depth - 1];

	if (frame->count++ < SETTING_MEMBERS_MAX)
		return LKS_OK;
	error_set(scan->err, LKS_INVALID, "found more than %d entries in one %s",
		  SETTING_MEMBERS_MAX, frame->kind == '{' ? "group" : "list");
	error_where(scan->err, "%s:%d", file_of(scan, token->file), token->line);
	return LKS_INVALID;
}

/* ------------------------------------------------------------------------ */
/* Names                                                                     */

static const struct name *find_name(const struct frame *frame, size_t count,
				    const struct token *token)
{
	for (size_t i = 0; i < count; i++) {
		if (frame->names[i].len == token->len &&
		    memcmp(frame->names[i].start, token->start, token->len) == 0)
			return &frame->names[i];
	}
	return NULL;
}

static enum lks_status add_name(struct scan *scan, const struct token *token)
{
	struct frame *frame = &scan->frames[scan->depth - 1];
	size_t index = frame->count - 1;
	const struct name *first = find_name(frame, index, token);

	if (!grow((void **)&frame->names, index, sizeof(*frame->names)))
		return error_no_memory(scan->err, "reading the config");
	frame->names[index] = (struct name){ token->start, token->len, token->file, token->line };
	if (!first) {
		text_append(&scan->result->text, token->start, token->len);
		return LKS_OK;
	}
	report_at(scan->report, file_of(scan, token->file), token->line, "keep one of the two",
		  "found '%.*s' again, it is set at %s:%d already",
		  (int)(token->len > 64 ? 64 : token->len), token->start,
		  file_of(scan, first->file), first->line);
	last_place(scan)->is_copy = true;
	/* No name that was read can have a star. */
	text_printf(&scan->result->text, "copy*%zu", scan->copies++);
	return LKS_OK;
}

static enum lks_status scan_name(struct scan *scan, const struct token *token)
{
	AUTO(text_release) struct text unused = TEXT_INIT;
	struct token mark;
	enum lks_status status;

	if (token->type != TOKEN_NAME)
		return fail(scan, token,
			    "the name of a setting (a letter, then letters, digits, '-', '_')");
	if (token->len > 253)
		return fail(scan, token, "a name of at most 253 characters");
	status = count_member(scan, token);
	if (status)
		return status;
	status = add_place(scan, token);
	if (status)
		return status;
	status = add_name(scan, token);
	if (status)
		return status;
	status = next(scan, &mark);
	if (status)
		return status;
	unused = mark.text;
	if (mark.type != TOKEN_MARK || (mark.mark != '=' && mark.mark != ':'))
		return fail(scan, &mark, "'=' after the name");
	text_add(&scan->result->text, " = ");
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* Values                                                                    */

static void write_text(struct text *out, const struct text *text)
{
	const char *data = text_string(text);

	text_add_char(out, '"');
	for (size_t i = 0; i < text->len; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == '"' || c == '\\' || c < 0x20 || c == 0x7f)
			text_printf(out, "\\x%02x", c);
		else
			text_add_char(out, data[i]);
	}
	text_add_char(out, '"');
}

/* Texts that stand beside each other are one. */
static enum lks_status join_texts(struct scan *scan, struct text *text)
{
	for (;;) {
		AUTO(text_release) struct text more = TEXT_INIT;
		const struct token *token;
		struct token taken;
		enum lks_status status = peek(scan, &token);

		if (status)
			return status;
		if (token->type != TOKEN_TEXT)
			return text_ok(text) ? LKS_OK
					     : error_no_memory(scan->err, "reading the config");
		status = next(scan, &taken);
		if (status)
			return status;
		more = taken.text;
		text_append(text, text_string(&more), more.len);
	}
}

static void report_word(struct scan *scan, const struct token *token)
{
	char found[64];

	token_describe(token, found, sizeof(found));
	report_at(scan->report, file_of(scan, token->file), token->line,
		  "texts stand in quotes; flags are true or false; durations are texts: \"90d\"",
		  "found %s, expected a value", found);
}

static enum lks_status scan_scalar(struct scan *scan, struct token *token)
{
	struct text *out = &scan->result->text;
	enum lks_status status = LKS_OK;

	switch (token->type) {
	case TOKEN_NUMBER:
		text_printf(out, "%lldL", (long long)token->number);
		break;
	case TOKEN_FLOAT:
		text_add(out, "0.5"); /* never used, only its type */
		break;
	case TOKEN_FLAG:
		text_add(out, token->number ? "true" : "false");
		break;
	case TOKEN_TEXT:
		status = join_texts(scan, &token->text);
		write_text(out, &token->text);
		break;
	case TOKEN_NAME:
	case TOKEN_WORD:
		report_word(scan, token);
		last_place(scan)->is_broken = true;
		text_add(out, "0L");
		break;
	case TOKEN_BAD:
		last_place(scan)->is_broken = true;
		text_add(out, "0L");
		break;
	case TOKEN_MARK:
	case TOKEN_END:
		return fail(scan, token, "a value");
	}
	return status;
}

static enum lks_status open_frame(struct scan *scan, const struct token *token)
{
	if (scan->depth > SETTING_DEPTH_MAX) {
		error_set(scan->err, LKS_INVALID, "found groups and lists nested more than %d deep",
			  SETTING_DEPTH_MAX);
		error_where(scan->err, "%s:%d", file_of(scan, token->file), token->line);
		return LKS_INVALID;
	}
	if (token->mark == '[')
		last_place(scan)->is_array = true;
	/* Arrays go as lists: libconfig's would insist on one type of scalar,
	   with its own words. */
	text_add(&scan->result->text, token->mark == '{' ? "{\n" : "(");
	scan->frames[scan->depth++] =
		(struct frame){ .kind = token->mark, .file = token->file, .line = token->line };
	return LKS_OK;
}

/* The optional end of a setting. */
static enum lks_status end_setting(struct scan *scan)
{
	const struct token *token;
	struct token taken;
	enum lks_status status;

	if (scan->frames[scan->depth - 1].kind != '{')
		return LKS_OK;
	text_add(&scan->result->text, ";\n");
	status = peek(scan, &token);
	if (status)
		return status;
	if (token->type == TOKEN_MARK && (token->mark == ';' || token->mark == ','))
		return next(scan, &taken);
	return LKS_OK;
}

static enum lks_status scan_value(struct scan *scan, struct token *token)
{
	enum lks_status status;

	if (token->type == TOKEN_MARK && strchr("{([", token->mark)) {
		if (scan->frames[scan->depth - 1].kind == '[')
			return fail(scan, token,
				    "a plain value: an array [ ... ] holds no groups or lists");
		return open_frame(scan, token);
	}
	status = scan_scalar(scan, token);
	if (status)
		return status;
	return end_setting(scan);
}

static enum lks_status close_frame(struct scan *scan)
{
	struct frame *frame = &scan->frames[--scan->depth];

	text_add(&scan->result->text, frame->kind == '{' ? "}" : ")");
	free(frame->names);
	frame->names = NULL;
	return end_setting(scan);
}

static enum lks_status fail_open(struct scan *scan, const struct token *token)
{
	const struct frame *frame = &scan->frames[scan->depth - 1];

	error_set(scan->err, LKS_INVALID, "found the end of the file, expected '%c' for the '%c'",
		  frame->kind == '{'   ? '}'
		  : frame->kind == '(' ? ')'
				       : ']',
		  frame->kind);
	error_where(scan->err, "%s:%d", file_of(scan, token->file), token->line);
	error_hint(scan->err, "it was opened at %s:%d", file_of(scan, frame->file), frame->line);
	return LKS_INVALID;
}

/* One entry of a list or array, or its end. */
static enum lks_status scan_element(struct scan *scan, struct token *token)
{
	struct frame *frame = &scan->frames[scan->depth - 1];
	enum lks_status status;
	char closer = frame->kind == '(' ? ')' : ']';

	if (token->type == TOKEN_MARK && token->mark == closer) {
		if (frame->after_comma)
			return fail(scan, token, "a value after the ','");
		return close_frame(scan);
	}
	if (frame->count && !frame->after_comma) {
		if (token->type != TOKEN_MARK || token->mark != ',')
			return fail(scan, token, frame->kind == '(' ? "',' or ')'" : "',' or ']'");
		frame->after_comma = true;
		text_add(&scan->result->text, ", ");
		return LKS_OK;
	}
	frame->after_comma = false;
	status = count_member(scan, token);
	if (status)
		return status;
	status = add_place(scan, token);
	if (status)
		return status;
	return scan_value(scan, token);
}

static enum lks_status scan_member(struct scan *scan, const struct token *token)
{
	AUTO(text_release) struct text owned = TEXT_INIT;
	struct token value;
	enum lks_status status;

	if (token->type == TOKEN_MARK && token->mark == '}' && scan->depth > 1)
		return close_frame(scan);
	status = scan_name(scan, token);
	if (status)
		return status;
	status = next(scan, &value);
	if (status)
		return status;
	status = scan_value(scan, &value);
	owned = value.text;
	return status;
}

static enum lks_status scan_run(struct scan *scan)
{
	scan->frames[scan->depth++] = (struct frame){ .kind = '{' };
	for (;;) {
		AUTO(text_release) struct text owned = TEXT_INIT;
		struct token token;
		enum lks_status status = next(scan, &token);

		if (status)
			return status;
		if (token.type == TOKEN_END)
			return scan->depth > 1 ? fail_open(scan, &token) : LKS_OK;
		if (scan->frames[scan->depth - 1].kind == '{')
			status = scan_member(scan, &token);
		else
			status = scan_element(scan, &token);
		owned = token.text;
		if (status)
			return status;
	}
}

enum lks_status scan_text(struct setting_tree *tree, const struct source *source, const char *name,
			  const char *folder, struct report *report, struct scan_result *result,
			  struct lks_error *err)
{
	AUTO(free_ptr) struct scan *scan = calloc(1, sizeof(*scan));
	enum lks_status status;

	if (!scan)
		return error_no_memory(err, "reading the config");
	scan->report = report;
	scan->err = err;
	scan->result = result;
	scan->reader.tree = tree;
	scan->reader.report = report;
	scan->reader.err = err;
	scan->reader.folder = folder;
	status = token_start(&scan->reader, source, name);
	if (!status)
		status = scan_run(scan);
	if (!status && !text_ok(&result->text))
		status = error_no_memory(err, "reading the config");
	for (size_t i = 0; i <= SETTING_DEPTH_MAX; i++)
		free(scan->frames[i].names);
	text_release(&scan->ahead.text);
	token_release(&scan->reader);
	return status;
}

void scan_release(struct scan_result *result)
{
	if (result->text.data)
		explicit_bzero(result->text.data, result->text.len);
	text_release(&result->text);
	free(result->places);
	*result = (struct scan_result){ 0 };
}
