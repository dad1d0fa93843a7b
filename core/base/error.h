/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error object. The caller owns it (no allocation, works when memory
 * is out, nothing to release); the place where the failure happens sets it
 * once; callers pass it up unchanged. The command line, logs, events and HTTP
 * all print its members.
 *
 * Any function here accepts a NULL `err`. Text is escaped as it is stored: no
 * control characters, valid UTF-8. Never put a secret into it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

#include <lockstep/plugin.h>

#include "base/cleanup.h"

/* What a command returns to its caller (docs/operations.md has the table). */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_INTERNAL = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_DENIED = 4,
	EXIT_UNAVAILABLE = 5,
	EXIT_VERIFICATION = 6,
	EXIT_CONFLICT = 7,
	EXIT_DUE = 8,
	EXIT_ROLLED_BACK = 9,
	EXIT_STUCK = 10,
	EXIT_AUDIT = 11,
	EXIT_UNFINISHED = 12,
	EXIT_INTERRUPTED = 130
};

struct lks_error {
	enum lks_status status;
	int exit_code;          /* enum exit_code; 0: follows from `status` */
	int64_t retry_after_ms; /* 0: not said */
	char message[1025];     /* what was wrong */
	char where[512];        /* file:line, or a URL without secrets */
	char reference[1100];   /* the secret reference it is about */
	char hint[512];         /* what to do */
	char operation[37];     /* the operation it belongs to */
};

/*
 * Set the status and message and clear the rest; returns `status`, so that
 * failing is one line. `status` is never LKS_OK.
 */
enum lks_status error_set(struct lks_error *err, enum lks_status status, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Add to the error that error_set() made. */
void error_where(struct lks_error *err, const char *format, ...) PRINTF_LIKE(2, 3);
void error_hint(struct lks_error *err, const char *format, ...) PRINTF_LIKE(2, 3);
void error_reference(struct lks_error *err, const char *reference);
void error_operation(struct lks_error *err, const char *operation);
void error_exit(struct lks_error *err, enum exit_code code);

/* Out of memory while doing `what`; never allocates. */
enum lks_status error_no_memory(struct lks_error *err, const char *what);

/* Put `format` before the message there is: "read .env: " + "permission denied". */
void error_prefix(struct lks_error *err, const char *format, ...) PRINTF_LIKE(2, 3);

void error_clear(struct lks_error *err);

/* The exit code that this error asks for; `status` if the object says nothing. */
enum exit_code error_exit_code(const struct lks_error *err);
enum exit_code status_exit_code(enum lks_status status);
/* "not-found": stable, used in JSON. */
const char *status_name(enum lks_status status);
/* The status for an errno of a local file call: ENOENT is LKS_NOT_FOUND, ... */
enum lks_status status_from_errno(int error_number);

#endif
