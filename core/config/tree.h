/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the setting tree: how the text gets from files to the parser.
 *
 *   source.c  reads a file once, whole, and judges its bytes
 *   scan.c    reads tokens over all included files, checks the grammar and
 *             its limits, and writes the text anew, without surprises
 *   parse.c   gives that text to libconfig and takes the tree over
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <sys/stat.h>

#include "base/text.h"
#include "config/setting.h"

struct setting_tree {
	struct setting *root;
	char **files; /* as named in messages */
	size_t file_count;
	char *path;
	char *folder;
	uint32_t owner;
};

/* One file in memory. */
struct source {
	char *data;
	size_t len;
	struct stat stat;
	char *real_path;
};

/* Reads the open file whole and refuses one that changes meanwhile; `before` is
   its state when it was judged. */
enum lks_status source_read_fd(int fd, const char *path, const struct stat *before, char **ret_data,
			       size_t *ret_len, struct lks_error *err) MUST_CHECK;
/* Judge, open and read. */
enum lks_status source_read(const char *path, struct source *ret_source,
			    struct lks_error *err) MUST_CHECK;
void source_release(struct source *source);
/* UTF-8 without marks and control characters, within the size. */
enum lks_status source_check(const char *data, size_t len, const char *path,
			     struct lks_error *err) MUST_CHECK;

/* Where each setting stands, in the order in which they begin. */
struct place {
	size_t file;
	int line;
	bool is_broken; /* its value is a placeholder */
	bool is_array;  /* written as a list for libconfig */
	bool is_copy;   /* a second one of that name: to be left out */
};

struct scan_result {
	struct text text; /* for the parser */
	struct place *places;
	size_t place_count;
};

/* `folder` NULL: includes are refused. Adds file names to the tree. */
enum lks_status scan_text(struct setting_tree *tree, const struct source *source, const char *name,
			  const char *folder, struct report *report, struct scan_result *result,
			  struct lks_error *err) MUST_CHECK;
void scan_release(struct scan_result *result);

/* Builds tree->root from it. */
enum lks_status parse_text(struct setting_tree *tree, const struct scan_result *result,
			   struct lks_error *err) MUST_CHECK;

void setting_free(struct setting *setting);

/* Reports at a place that has no setting yet. */
void report_at(struct report *report, const char *file, int line, const char *hint,
	       const char *format, ...) PRINTF_LIKE(5, 6);

#endif
