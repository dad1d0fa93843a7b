/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of the audit log: the spool of those who may not write it. */
#ifndef TELEMETRY_AUDIT_SPOOL_H
#define TELEMETRY_AUDIT_SPOOL_H

#include <jansson.h>

#include "base/text.h"
#include "telemetry/audit.h"

#define SPOOL_MODE 01733 /* others add, nobody but root lists, each removes his own */
#define SPOOL_FILE_MAX 32768
/* How long a file without its last newline counts as being written. */
#define SPOOL_UNFINISHED_MS 60000

/* Adds what follows the number of the line `index`, with the closing brace. */
typedef void (*audit_body)(struct text *line, const void *context, size_t index, int64_t wall_ms);
/* ,"name":"value", escaped; nothing for NULL. In audit.c. */
void audit_add_member(struct text *line, const char *name, const char *value);

/* --- audit_spool.c: the folder, and adding to it ------------------------- */

/* Root makes it, where others can enter the log's folder. */
void spool_make(int folder, const char *log_name);
enum lks_status spool_open(int folder, const char *log_path, int *ret_fd,
			   struct lks_error *err) MUST_CHECK;
enum lks_status spool_write(int spool_fd, const char *log_path, const struct audit_entry *entries,
			    size_t count, struct lks_error *err) MUST_CHECK;
/* A file's content as an entry: known members with sane values only. NULL if it
   is anything else. */
json_t *spool_parse(const char *text, size_t len) MUST_CHECK;

/* --- audit_collect.c: taking them in, as root ---------------------------- */

struct spool;
/* NULL: there is none, or nothing in it. */
struct spool *spool_list(int folder, const char *log_name) MUST_CHECK;
void spool_release(struct spool **spool);
bool spool_has_more(const struct spool *spool);
/* The next batch: how many lines it makes, which may be 0. With the head locked. */
size_t spool_read(struct spool *spool);
/* An audit_body; the context is the spool. */
void spool_body(struct text *line, const void *spool, size_t index, int64_t wall_ms);
/* Once the batch's lines are on disk. */
enum lks_status spool_remove(struct spool *spool, const char *log_path,
			     struct lks_error *err) MUST_CHECK;

#endif
