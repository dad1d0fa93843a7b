/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config file as a neutral tree. libconfig's types end in parse.c; every
 * reader above (the config structs, a plugin's options) works on this tree, so
 * that every error can say file:line.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum setting_type {
	SETTING_GROUP, /* { name = value; } */
	SETTING_LIST,  /* ( value, value ) */
	SETTING_ARRAY, /* [ scalar, scalar ] */
	SETTING_TEXT,
	SETTING_NUMBER,
	SETTING_FLOAT, /* never accepted anywhere, kept for the message */
	SETTING_FLAG,
	SETTING_BROKEN /* reported when it was read: checkers pass over it */
};

struct setting {
	enum setting_type type;
	char *name;       /* NULL for members of lists and arrays */
	const char *file; /* owned by the tree */
	int line;
	char *text;     /* TEXT; not secret: literals of secrets are refused */
	int64_t number; /* NUMBER, FLAG (0, 1) */
	struct setting **members;
	size_t member_count;
};

/* "a group", "a number", ...: for messages. */
const char *setting_type_name(enum setting_type type);
/* The member called `name`; dots reach into groups ("auth.method"). NULL if none. */
const struct setting *setting_find(const struct setting *group, const char *name);

/*
 * Where checks report to: every error, not only the first. Return from the
 * reporter is ignored; the checker goes on.
 */
struct report {
	void (*add)(void *context, const struct lks_error *err);
	void *context;
	size_t errors;                                            /* counted by report_error() */
	size_t warnings;                                          /* counted by report_warning() */
	void (*warn)(void *context, const struct lks_error *err); /* may be NULL */
};

/* `where` may be NULL. The message says what was found and what was expected. */
void report_error(struct report *report, const struct setting *where, const char *format, ...)
	PRINTF_LIKE(3, 4);
void report_error_hint(struct report *report, const struct setting *where, const char *hint,
		       const char *format, ...) PRINTF_LIKE(4, 5);
void report_warning(struct report *report, const struct setting *where, const char *format, ...)
	PRINTF_LIKE(3, 4);

#define SETTING_FILE_MAX 1048576 /* bytes of one file */
#define SETTING_DEPTH_MAX 32     /* groups, lists and arrays within each other */
#define SETTING_MEMBERS_MAX 10000
#define SETTING_INCLUDES_MAX 64

/*
 * Read and parse `path` with its includes. Files and folders that others may
 * write, more than 1 MiB, NUL, invalid UTF-8, BOM, invisible characters,
 * nesting over 32, an include loop or one outside the config's folder end it
 * (LKS_INVALID or LKS_DENIED; LKS_NOT_FOUND if there is no such file).
 *
 * What can be read around (a bare word, a number that is too large, a
 * duplicate name) goes to `report` and leaves SETTING_BROKEN, so that the
 * caller can go on and find the other errors too. So LKS_OK means that there
 * is a tree, and `report->errors` whether it is good. `report` is required.
 */
struct setting_tree;
enum lks_status setting_tree_read(const char *path, struct report *report,
				  struct setting_tree **ret_tree, struct lks_error *err) MUST_CHECK;
/* The same for text in memory, called `name` in messages. @include is refused;
   relative paths start at `folder`. */
enum lks_status setting_tree_parse(const void *data, size_t len, const char *name,
				   const char *folder, struct report *report,
				   struct setting_tree **ret_tree,
				   struct lks_error *err) MUST_CHECK;
const struct setting *setting_tree_root(const struct setting_tree *tree);
/* The folder of the config file: relative paths in it start there. */
const char *setting_tree_folder(const struct setting_tree *tree);
/* Absolute path of the config file. */
const char *setting_tree_path(const struct setting_tree *tree);
/* Who owns the config file. */
uint32_t setting_tree_owner(const struct setting_tree *tree);
void setting_tree_free(struct setting_tree *tree);
void setting_tree_freep(struct setting_tree **tree);

#endif
