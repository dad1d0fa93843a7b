/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a record's path to a file and a key in it, and back.
 *
 * `layout` says what the segments of a record's path are ("{namespace}/{name}",
 * the last placeholder takes the rest and is the key); `path` is the file, with
 * the other placeholders in it ("/srv/{namespace}/.env"). Every placeholder but
 * the key must be in `path`, or two records would share one line.
 */
#ifndef ENV_FILE_PLACE_H
#define ENV_FILE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include <lockstep/plugin.h>

#define PLACE_PARTS_MAX 16

struct part {
	char *text; /* without braces */
	bool is_placeholder;
};

struct place {
	char *path;
	size_t trusted_len; /* of `path`, before the first placeholder */
	struct part parts[PLACE_PARTS_MAX];
	size_t count; /* at least one; the last is the key's placeholder */
};

/* Where one record lives. */
struct spot {
	char *file;
	char *key;
};

/* A file that exists, and what the paths of its records begin with. */
struct place_file {
	char *file;
	char *prefix; /* "" or "web/" */
};

struct place_files {
	struct place_file *list; /* sorted by prefix */
	size_t count;
};

enum lks_status place_init(const struct lks_host *host, const char *path, const char *layout,
			   struct place *ret_place, struct lks_error *err);
void place_release(struct place *place);

/* LKS_INVALID if the path does not fit the layout. */
enum lks_status place_find(const struct lks_host *host, const struct place *place,
			   const char *record, struct spot *ret_spot, struct lks_error *err);
void spot_release(struct spot *spot);

/* The files that can hold records whose path begins with `prefix`. One of a
   layout without placeholders is named whether it exists or not. */
enum lks_status place_files(const struct lks_host *host, const struct place *place,
			    const char *prefix, struct place_files *ret_files,
			    struct lks_error *err);
void place_files_release(struct place_files *files);

#endif
