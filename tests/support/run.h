/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a program to its end and look at what it said.
 *
 *   AUTO(run_release) struct run run = RUN_INIT;
 *   run_program(&run, (const char *const[]){ "/bin/cat", NULL });
 *   assert_int_equal(run.exit_code, 0);
 *
 * Fails the test if the program cannot be started or outlives its time (it is
 * killed then).
 */
#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

#include <stddef.h>

#include "base/cleanup.h"

struct run {
	/* Set before the run. */
	const void *input; /* NULL: nothing on stdin */
	size_t input_len;
	const char *const *environment; /* "A=b", NULL at the end; NULL: ours */
	const char *folder;             /* working directory; NULL: ours */
	int timeout_ms;                 /* 0 is 60000 */
	/* Set by the run. Both texts are NUL-terminated. */
	int exit_code; /* -1 if a signal ended it */
	int signal;    /* 0 if it ended by itself */
	char *out;
	size_t out_len;
	char *err;
	size_t err_len;
};
#define RUN_INIT                                                                                   \
	{                                                                                          \
		.exit_code = -1                                                                    \
	}

/* argv[0] with a slash is a path, else it is looked up in PATH. */
void run_program(struct run *run, const char *const *argv);
/* Frees what the last run returned; the settings stay. */
void run_release(struct run *run);
/* argv, NULL at the end, as arguments: run_words(&run, "/bin/echo", "a", NULL). */
void run_words(struct run *run, const char *program, ...) __attribute__((sentinel));

#endif
