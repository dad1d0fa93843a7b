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
	SETTING_FLAG
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

/*
 * Read and parse `path` with its includes. Refuses (LKS_INVALID, file:line):
 * files and folders that others may write, more than 1 MiB, NUL, invalid UTF-8,
 * BOM, invisible characters, nesting over 32, duplicate names, an include loop
 * or one outside the config's folder. LKS_NOT_FOUND if there is no such file.
 */
struct setting_tree;
enum lks_status setting_tree_read(const char *path, struct setting_tree **ret_tree,
				  struct lks_error *err) MUST_CHECK;
const struct setting *setting_tree_root(const struct setting_tree *tree);
/* The folder of the config file: relative paths in it start there. */
const char *setting_tree_folder(const struct setting_tree *tree);
void setting_tree_free(struct setting_tree *tree);

#endif
