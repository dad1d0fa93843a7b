/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Take an env file apart into spans.
 *
 * Nothing is copied: an entry says where in the text its line, key and value
 * are, so that an edit can leave every other byte as it was. Values are
 * decoded one at a time, into memory of the caller.
 */
#ifndef ENV_FILE_GRAMMAR_H
#define ENV_FILE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "env-file/dialect.h"

#define GRAMMAR_FILE_MAX 1048576
#define GRAMMAR_VALUE_MAX 65536
#define GRAMMAR_KEYS_MAX 4096
#define GRAMMAR_KEY_MAX 255

struct grammar {
	const struct dialect *dialect;
	bool lenient; /* what makes no sense is passed over with a warning */
	bool dotted;  /* keys may hold `.` and `-` */
};

/* One assignment. Offsets into the text; `line_end` is behind the line's end. */
struct entry {
	size_t line_start;
	size_t key_start;
	size_t key_len;
	size_t value_start; /* quotes included */
	size_t value_end;
	size_t line_end;
	size_t value_len;    /* of the decoded value */
	const char *trouble; /* its value cannot be told, and why; NULL: it can */
	unsigned line;
	unsigned column; /* of the value */
	bool bare;       /* a key without `=` */
	bool shadowed;   /* the same key is assigned again further down */
	bool odd;        /* not a key that a record can have */
};

/* Where and what; `line` 0 means that there is nothing to say. */
struct remark {
	const char *text;
	unsigned line;
	unsigned column;
	unsigned other_line; /* of the first assignment, for a duplicate */
};

struct entries {
	const unsigned char *text; /* borrowed */
	size_t len;
	struct entry *list;
	size_t count;
	struct remark warning; /* the first one */
	unsigned warning_count;
};

enum grammar_result { GRAMMAR_OK = 0, GRAMMAR_BAD, GRAMMAR_NO_MEMORY };

/*
 * Parse `text`. On GRAMMAR_BAD `*ret_error` says what and where. `entries` is
 * the caller's, zeroed before, and released with entries_release() in every
 * case; it borrows `text`.
 */
enum grammar_result grammar_parse(const struct grammar *grammar, const unsigned char *text,
				  size_t len, struct entries *entries, struct remark *ret_error);
void entries_release(struct entries *entries);

/* The assignment that counts, or NULL. */
const struct entry *entries_find(const struct entries *entries, const char *key);
bool entry_is(const struct entries *entries, const struct entry *entry, const char *key,
	      size_t key_len);

/* Write the entry's value, `value_len` bytes, to `out`, which has room for the
   whole of its line. */
void grammar_decode(const struct grammar *grammar, const struct entries *entries,
		    const struct entry *entry, unsigned char *out);

/* Length of the well-formed UTF-8 sequence at `at`, or 0. */
size_t grammar_utf8_len(const unsigned char *text, size_t len, size_t at);

/* Valid UTF-8 without NUL: what an env file can hold at all. */
bool grammar_is_text(const unsigned char *text, size_t len);

/* Can this be the key of a record? NULL: yes; else why not. */
const char *grammar_key_problem(const struct grammar *grammar, const char *key);
/* Names that make a program load or run something are never written. */
bool grammar_key_denied(const char *key);

#endif
