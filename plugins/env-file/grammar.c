/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of an env file: blank, comment or assignment.
 */
#include "env-file/grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct parser {
	const struct grammar *grammar;
	struct entries *entries;
	const unsigned char *text;
	size_t len;
	size_t at;
	size_t line_start;
	unsigned line;
	size_t room; /* of entries->list */
	struct remark *error;
};

static unsigned column_of(const unsigned char *text, size_t at)
{
	size_t start = at;

	while (start > 0 && text[start - 1] != '\n' && text[start - 1] != '\r')
		start--;
	return (unsigned)(at - start) + 1;
}

static bool has(const struct parser *parser, unsigned flag)
{
	return parser->grammar->dialect->flags & flag;
}

static unsigned char peek(const struct parser *parser, size_t ahead)
{
	return parser->at + ahead < parser->len ? parser->text[parser->at + ahead] : '\0';
}

static bool at_eol(const struct parser *parser)
{
	unsigned char c = peek(parser, 0);

	if (parser->at >= parser->len || c == '\n')
		return true;
	if (c != '\r' || has(parser, LINE_CR_KEPT))
		return false;
	return has(parser, LINE_CR_ENDS) || peek(parser, 1) == '\n';
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->len && is_blank(parser->text[parser->at]))
		parser->at++;
}

static void skip_to_eol(struct parser *parser)
{
	while (!at_eol(parser))
		parser->at++;
}

static void skip_eol(struct parser *parser)
{
	if (peek(parser, 0) == '\r')
		parser->at++;
	if (peek(parser, 0) == '\n')
		parser->at++;
}

static unsigned breaks_between(const struct parser *parser, size_t from, size_t to)
{
	unsigned count = 0;

	for (; from < to; from++) {
		unsigned char c = parser->text[from];

		if (c == '\n' || (c == '\r' && has(parser, LINE_CR_ENDS) &&
				  !(from + 1 < parser->len && parser->text[from + 1] == '\n')))
			count++;
	}
	return count;
}

/* The line of `at`, which is not before this line's start. */
static unsigned line_of(const struct parser *parser, size_t at)
{
	return parser->line + breaks_between(parser, parser->line_start, at);
}

static void warn_at(struct parser *parser, size_t at, const char *text)
{
	if (parser->entries->warning_count++ == 0)
		parser->entries->warning = (struct remark){ text, line_of(parser, at),
							    column_of(parser->text, at), 0 };
}

static enum grammar_result bad_at(struct parser *parser, size_t at, const char *text)
{
	*parser->error =
		(struct remark){ text, line_of(parser, at), column_of(parser->text, at), 0 };
	return GRAMMAR_BAD;
}

/* The line makes no sense: the dialect or `lenient` passes over it. */
static enum grammar_result bad_line(struct parser *parser, size_t at, const char *text)
{
	if (!parser->grammar->lenient && !has(parser, LINE_BAD_SKIPPED))
		return bad_at(parser, at, text);
	warn_at(parser, at, text);
	parser->at = parser->line_start;
	skip_to_eol(parser);
	return GRAMMAR_OK;
}

static bool is_alpha(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool key_byte(const struct parser *parser, unsigned char c)
{
	if (has(parser, LINE_KEY_ANYTHING))
		return c != '=' && c != '#' && c > ' ' && c != 0x7f;
	if (is_alpha(c) || is_digit(c))
		return true;
	if (c == '.')
		return has(parser, LINE_KEY_DOTS) || parser->grammar->dotted;
	if (c == '-')
		return has(parser, LINE_KEY_DASHES) || parser->grammar->dotted;
	return false;
}

static void skip_key(struct parser *parser)
{
	size_t start = parser->at;

	if (has(parser, LINE_KEY_QUOTED) && peek(parser, 0) == '\'') {
		const unsigned char *close = NULL;

		/* Over lines too, if need be; never a record's key. */
		if (parser->len - start > 2 && peek(parser, 1) != '\'')
			close = memchr(parser->text + start + 1, '\'', parser->len - start - 1);
		if (close)
			parser->at = (size_t)(close - parser->text) + 1;
		return;
	}
	if (has(parser, LINE_KEY_BLANKS)) {
		while (!at_eol(parser) && peek(parser, 0) != '=')
			parser->at++;
		while (parser->at > start && is_blank(parser->text[parser->at - 1]))
			parser->at--;
		return;
	}
	while (parser->at < parser->len && key_byte(parser, parser->text[parser->at]))
		parser->at++;
}

/* `export` and blanks, unless `export` is the key itself. */
static void skip_export(struct parser *parser)
{
	size_t start = parser->at;

	if (!has(parser, LINE_EXPORT) || parser->len - parser->at < 7 ||
	    memcmp(parser->text + parser->at, "export", 6) != 0 || !is_blank(peek(parser, 6)))
		return;
	parser->at += 6;
	skip_blanks(parser);
	if (peek(parser, 0) == '=' || peek(parser, 0) == '#' || at_eol(parser))
		parser->at = start;
}

static bool key_is_odd(const struct parser *parser, const unsigned char *key, size_t len)
{
	size_t i;

	if (len == 0 || len > GRAMMAR_KEY_MAX || !is_alpha(key[0]))
		return true;
	for (i = 1; i < len; i++) {
		if (is_alpha(key[i]) || is_digit(key[i]))
			continue;
		if (!(parser->grammar->dotted && (key[i] == '.' || key[i] == '-')))
			return true;
	}
	return false;
}

static struct entry *entry_new(struct parser *parser)
{
	struct entries *entries = parser->entries;

	if (entries->count == parser->room) {
		size_t room = parser->room ? parser->room * 2 : 64;
		struct entry *list = reallocarray(entries->list, room, sizeof(*list));

		if (!list)
			return NULL;
		entries->list = list;
		parser->room = room;
	}
	memset(&entries->list[entries->count], 0, sizeof(struct entry));
	return &entries->list[entries->count++];
}

/* Where the separator is read; false: there is none. */
static bool skip_separator(struct parser *parser)
{
	size_t start = parser->at;

	if (!has(parser, LINE_NO_SPACE))
		skip_blanks(parser);
	if (peek(parser, 0) == '=') {
		parser->at++;
		return true;
	}
	if (has(parser, LINE_COLON) && peek(parser, 0) == ':' && is_blank(peek(parser, 1))) {
		parser->at++;
		return true;
	}
	parser->at = start;
	return false;
}

static enum grammar_result parse_value(struct parser *parser, struct entry *entry)
{
	const struct dialect *dialect = parser->grammar->dialect;
	struct scan scan = { .text = parser->text, .len = parser->len };
	size_t equals = parser->at;

	if (!has(parser, LINE_NO_SPACE))
		skip_blanks(parser);
	entry->value_start = parser->at;
	entry->column = column_of(parser->text, parser->at);
	if (at_eol(parser) ||
	    (peek(parser, 0) == '#' && parser->at > equals && has(parser, LINE_EMPTY_UNCLEAR))) {
		entry->value_start = equals;
		entry->value_end = equals;
		if (!at_eol(parser))
			entry->trouble = "parsers disagree whether the value is empty or the "
					 "comment: write '' before it";
		return GRAMMAR_OK;
	}
	scan.at = parser->at;
	dialect->scan(&scan);
	if (scan.error) {
		parser->entries->count--;
		return bad_line(parser, scan.error_at < parser->len ? scan.error_at : parser->at,
				scan.error);
	}
	if (scan.end == entry->value_start)
		entry->value_start = scan.end = equals; /* `A= # c`: it goes before the blank */
	entry->value_end = scan.end;
	entry->value_len = scan.out_len;
	entry->trouble = scan.trouble;
	parser->at = scan.end;
	if (scan.warning)
		warn_at(parser, entry->value_start, scan.warning);
	if (scan.end - entry->value_start > encoded_max(GRAMMAR_VALUE_MAX) ||
	    scan.out_len > GRAMMAR_VALUE_MAX)
		return bad_at(parser, entry->value_start, "the value is larger than 64 KiB");
	return GRAMMAR_OK;
}

static enum grammar_result parse_assignment(struct parser *parser)
{
	struct entry *entry;
	enum grammar_result result;
	size_t key_start;
	size_t count;

	skip_export(parser);
	key_start = parser->at;
	skip_key(parser);
	if (parser->at == key_start)
		return bad_line(parser, key_start, "a key or a comment was expected here");
	entry = entry_new(parser);
	if (!entry)
		return GRAMMAR_NO_MEMORY;
	count = parser->entries->count;
	entry->line_start = parser->line_start;
	entry->line = parser->line;
	entry->key_start = key_start;
	entry->key_len = parser->at - key_start;
	entry->odd = key_is_odd(parser, parser->text + key_start, entry->key_len);
	if (!skip_separator(parser)) {
		skip_blanks(parser);
		if (!(at_eol(parser) || peek(parser, 0) == '#') || !has(parser, LINE_BARE_KEY)) {
			parser->entries->count--;
			return bad_line(parser, parser->at, "\"=\" was expected here");
		}
		entry->bare = true;
		entry->value_start = entry->value_end = key_start + entry->key_len;
		entry->column = column_of(parser->text, key_start);
		entry->trouble = "the key has no value in this file";
	} else {
		if (entry->odd && !has(parser, LINE_KEY_ANYTHING | LINE_KEY_DOTS)) {
			parser->entries->count--;
			return bad_line(parser, key_start, "a key begins with a letter or _");
		}
		result = parse_value(parser, entry);
		if (result || parser->entries->count < count)
			return result;
	}
	skip_to_eol(parser);
	return GRAMMAR_OK;
}

static enum grammar_result parse_line(struct parser *parser)
{
	enum grammar_result result = GRAMMAR_OK;
	size_t count = parser->entries->count;
	size_t start;

	parser->line_start = parser->at;
	skip_blanks(parser);
	if (peek(parser, 0) == '#' || (peek(parser, 0) == ';' && has(parser, LINE_SEMICOLON)))
		skip_to_eol(parser);
	else if (!at_eol(parser))
		result = parse_assignment(parser);
	if (result)
		return result;
	skip_eol(parser);
	if (parser->entries->count > GRAMMAR_KEYS_MAX)
		return bad_at(parser, parser->line_start, "more than 4096 keys");
	if (parser->entries->count > count)
		parser->entries->list[count].line_end = parser->at;
	start = parser->line_start;
	parser->line += breaks_between(parser, start, parser->at);
	return GRAMMAR_OK;
}

static enum grammar_result check_bytes(struct parser *parser)
{
	size_t at;
	size_t step;

	if (parser->len > GRAMMAR_FILE_MAX)
		return bad_at(parser, 0, "the file is larger than 1 MiB");
	for (at = 0; at < parser->len; at += step) {
		step = parser->text[at] < 0x80 ? 1
					       : grammar_utf8_len(parser->text, parser->len, at);
		if (parser->text[at] == '\0')
			return bad_at(parser, at, "a NUL byte: this is not a text file");
		if (step)
			continue;
		if (!parser->grammar->lenient)
			return bad_at(parser, at, "the file is not valid UTF-8");
		warn_at(parser, at, "the file is not valid UTF-8");
		step = 1;
	}
	return GRAMMAR_OK;
}

/* Later assignments win; an index by hash would not pay at 4096 keys once a
   sorted list does it. */
struct seen {
	const struct entries *entries;
	size_t index;
};

static int seen_order(const void *a, const void *b)
{
	const struct seen *left = a;
	const struct seen *right = b;
	const struct entry *one = &left->entries->list[left->index];
	const struct entry *two = &right->entries->list[right->index];
	size_t len = one->key_len < two->key_len ? one->key_len : two->key_len;
	int order = memcmp(left->entries->text + one->key_start,
			   right->entries->text + two->key_start, len);

	if (order)
		return order;
	if (one->key_len != two->key_len)
		return one->key_len < two->key_len ? -1 : 1;
	return left->index < right->index ? -1 : 1;
}

static enum grammar_result mark_duplicates(struct parser *parser)
{
	struct entries *entries = parser->entries;
	enum grammar_result result = GRAMMAR_OK;
	struct seen *seen;
	size_t i;

	if (entries->count < 2)
		return GRAMMAR_OK;
	seen = calloc(entries->count, sizeof(*seen));
	if (!seen)
		return GRAMMAR_NO_MEMORY;
	for (i = 0; i < entries->count; i++)
		seen[i] = (struct seen){ entries, i };
	qsort(seen, entries->count, sizeof(*seen), seen_order);
	for (i = 0; i + 1 < entries->count; i++) {
		struct entry *first = &entries->list[seen[i].index];
		struct entry *again = &entries->list[seen[i + 1].index];
		struct remark remark = { "the key is assigned a second time", again->line,
					 column_of(entries->text, again->key_start), first->line };

		if (!entry_is(entries, first, (const char *)entries->text + again->key_start,
			      again->key_len))
			continue;
		first->shadowed = true;
		if (!parser->grammar->lenient && !has(parser, LINE_LAST_WINS)) {
			*parser->error = remark;
			result = GRAMMAR_BAD;
			break;
		}
		if (entries->warning_count++ == 0)
			entries->warning = remark;
	}
	free(seen);
	return result;
}

enum grammar_result grammar_parse(const struct grammar *grammar, const unsigned char *text,
				  size_t len, struct entries *entries, struct remark *ret_error)
{
	struct parser parser = { .grammar = grammar,
				 .entries = entries,
				 .text = text,
				 .len = len,
				 .line = 1,
				 .error = ret_error };
	enum grammar_result result;

	entries->text = text;
	entries->len = len;
	result = check_bytes(&parser);
	if (result)
		return result;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		warn_at(&parser, 0, "some parsers lose the line behind the byte order mark");
		parser.at = 3;
	}
	while (parser.at < parser.len) {
		result = parse_line(&parser);
		if (result)
			return result;
	}
	return mark_duplicates(&parser);
}

void entries_release(struct entries *entries)
{
	free(entries->list);
	memset(entries, 0, sizeof(*entries));
}

bool entry_is(const struct entries *entries, const struct entry *entry, const char *key,
	      size_t key_len)
{
	return entry->key_len == key_len &&
	       memcmp(entries->text + entry->key_start, key, key_len) == 0;
}

const struct entry *entries_find(const struct entries *entries, const char *key)
{
	size_t key_len = strlen(key);
	size_t i;

	for (i = entries->count; i > 0; i--) {
		if (entry_is(entries, &entries->list[i - 1], key, key_len))
			return &entries->list[i - 1];
	}
	return NULL;
}

void grammar_decode(const struct grammar *grammar, const struct entries *entries,
		    const struct entry *entry, unsigned char *out)
{
	struct scan scan = {
		.text = entries->text, .len = entries->len, .at = entry->value_start, .out = out
	};

	if (entry->value_end > entry->value_start)
		grammar->dialect->scan(&scan);
}
