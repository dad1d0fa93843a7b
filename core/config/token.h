/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of the config language over a file and its includes. An @include line
 * is replaced by the tokens of that file, each with its own file and line.
 */
#ifndef CONFIG_TOKEN_H
#define CONFIG_TOKEN_H

#include "config/tree.h"

#define TOKEN_OPEN_FILES_MAX 8
#define TOKEN_TOTAL_MAX (4 * SETTING_FILE_MAX)

enum token_type {
	TOKEN_END = 0,
	TOKEN_MARK, /* one of { } ( ) [ ] = : , ; */
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_FLOAT,
	TOKEN_FLAG,
	TOKEN_TEXT,
	TOKEN_BAD, /* reported already; stands for a value */
	TOKEN_WORD /* neither a name nor a value */
};

struct token {
	enum token_type type;
	char mark;
	size_t file;
	int line;
	const char *start; /* as written; lives as long as the reader */
	size_t len;
	int64_t number;
	struct text text; /* TEXT, decoded; taken over by the caller */
};

struct input {
	const char *data, *at, *end;
	int line;
	size_t file;
	size_t source;
	bool is_line_start;
};

struct token_reader {
	struct setting_tree *tree;
	struct report *report;
	struct lks_error *err;
	const char *folder; /* NULL: no includes */
	struct source loaded[SETTING_INCLUDES_MAX + 1];
	size_t loaded_count;
	size_t total;
	struct input inputs[TOKEN_OPEN_FILES_MAX];
	size_t depth;
};

/* Begin with this text; it is borrowed. */
enum lks_status token_start(struct token_reader *reader, const struct source *source,
			    const char *name) MUST_CHECK;
void token_release(struct token_reader *reader);
enum lks_status token_next(struct token_reader *reader, struct token *ret_token) MUST_CHECK;
/* What the token is, for messages: never long text of the file. */
void token_describe(const struct token *token, char *buffer, size_t size);

#endif
