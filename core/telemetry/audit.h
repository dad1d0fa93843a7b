/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log: one JSON object a line, appended under an OFD lock on
 * PATH.head. Each entry's members are an allow-list, the struct below: there is
 * no place for a value.
 *
 * Strict mode fails closed: a call that cannot be recorded within two seconds
 * is not made (EXIT_AUDIT). A change's lines are synced; a read's line is
 * written, not synced.
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
   regular file, or writable by others. */
enum lks_status audit_open(const char *path, bool strict, struct audit **ret_audit,
			   struct lks_error *err) MUST_CHECK;
void audit_close(struct audit *audit);
/* NULL `audit` records nothing. In strict mode a failure sets EXIT_AUDIT;
   else it is logged once and LKS_OK. */
enum lks_status audit_write(struct audit *audit, const struct audit_entry *entry,
			    struct lks_error *err) MUST_CHECK;
/* The line that an entry becomes, for spools and tests. The caller frees. */
char *audit_format(const struct audit_entry *entry, int64_t wall_ms);

#endif
