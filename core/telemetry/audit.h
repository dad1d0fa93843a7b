/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one JSON object a line, appended under an OFD lock on
 * PATH.head. Each entry's members are an allow-list, the struct below: there is
 * no place for a value.
 *
 * Each line begins with its number; PATH.head says how many there are and how
 * long the file is. The numbers go on when the file is rotated away: the next
 * line makes a new one. A line that a crash cut short stays and is reported by
 * audit_check(); nothing is ever written into it.
 *
 * Strict mode fails closed: a call that cannot be recorded within two seconds
 * is not made (EXIT_AUDIT). A change's lines are synced; a read's line is
 * written, not synced.
 *
 * Ordinary users may not write root's log. Their reads and denials, nothing
 * else, go to the folder PATH.spool (1733: others add, nobody lists), one file
 * each, whose owner says who it was. audit_collect() moves them into the log.
 * Until then a file's owner can change or remove it: this records honest users.
 */
#ifndef TELEMETRY_AUDIT_H
#define TELEMETRY_AUDIT_H

#include <stdbool.h>

#include "base/error.h"

enum audit_phase { AUDIT_READ = 0, AUDIT_BEFORE, AUDIT_AFTER, AUDIT_NOTE };

struct audit_entry {
	enum audit_phase phase;
	const char *action;    /* "get", "set", "rotate", ... */
	const char *subject;   /* "user:anna" */
	const char *reference; /* STORE:PATH[#FIELD]; several are joined by a blank in a note */
	const char *request;
	const char *operation; /* NULL outside one */
	int step;              /* from 1; 0: none */
	const char *outcome;   /* status name; NULL in BEFORE */
	const char *version;   /* after: the version there is now */
	const char *digest;    /* keyed, of the value; NULL */
	const char *reason;    /* --reason, or why it was denied */
	const char *rule;      /* the policy rule: file:line */
};

struct audit;
/* Makes the file (0600) if it is missing; refuses one that is a link, not a
   regular file, or writable by others. Root also makes the spool, where others
   can enter the log's folder; who may not write root's log, opens the spool. */
enum lks_status audit_open(const char *path, bool strict, struct audit **ret_audit,
			   struct lks_error *err) MUST_CHECK;
void audit_close(struct audit *audit);
/* NULL `audit` records nothing. In strict mode a failure sets EXIT_AUDIT;
   else it is logged once and LKS_OK. */
enum lks_status audit_write(struct audit *audit, const struct audit_entry *entry,
			    struct lks_error *err) MUST_CHECK;
/* Several lines under one lock and one sync. */
enum lks_status audit_write_many(struct audit *audit, const struct audit_entry *entries,
				 size_t count, struct lks_error *err) MUST_CHECK;
/* Take in what waits in the spool, if this is root's own log: up to 10,000
   files, oldest name first. A file that is no entry becomes a line that says so.
   Failures are logged: what was not taken waits for the next time. A crash can
   leave an entry twice, with the same "spool_id". */
void audit_collect(struct audit *audit);
/* How many files wait there. LKS_NOT_FOUND: there is no spool; LKS_DENIED: it
   may not be listed, or others cannot use it as it is. */
enum lks_status audit_waiting(const char *path, size_t *ret_count,
			      struct lks_error *err) MUST_CHECK;
/* The line that an entry becomes, for spools and tests. The caller frees. */
char *audit_format(const struct audit_entry *entry, int64_t wall_ms);

/* --- reading ------------------------------------------------------------ */

struct audit_summary {
	uint64_t lines;
	uint64_t first, last; /* numbers; 0 if there is no line */
	uint64_t problems;
	uint64_t spooled; /* lines that came through the spool */
};
/*
 * Does every line parse, with known members only, and do the numbers follow
 * each other? Calls `problem` for each that is not so, with the line's place in
 * the file. Says nothing about who wrote the lines.
 */
enum lks_status audit_check(const char *path,
			    void (*problem)(void *context, uint64_t line, const char *text),
			    void *context, struct audit_summary *ret_summary,
			    struct lks_error *err) MUST_CHECK;
/* The last `count` lines, oldest first, without their line ends. */
enum lks_status audit_tail(const char *path, size_t count,
			   void (*each)(void *context, const char *line, size_t len), void *context,
			   struct lks_error *err) MUST_CHECK;

#endif
