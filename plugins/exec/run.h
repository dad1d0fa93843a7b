/* SPDX-License-Identifier: Apache-2.0 */
/* Run a program to its end or to a deadline, with nothing of ours in it. */
#ifndef EXEC_RUN_H
#define EXEC_RUN_H

#include <lockstep/plugin.h>

/* Bytes kept of what it writes to stderr: the last ones. */
#define RUN_COMPLAINT_MAX 8192

enum run_end {
	RUN_EXITED = 0, /* `code` is its exit code */
	RUN_KILLED,     /* by the signal `code` */
	RUN_LATE,       /* it was killed at the deadline */
	RUN_TOO_MUCH,   /* it printed more than `output_max` and was killed */
	RUN_NOT_STARTED /* `code` is the errno */
};

struct run_request {
	const char *const *argv;        /* argv[0] is an absolute path */
	const char *const *environment; /* all that it gets */
	const void *input;              /* on its stdin; it need not read it */
	size_t input_len;
	size_t output_max; /* 0: its stdout is /dev/null */
	int64_t deadline_ms;
};

/* Both buffers are the caller's to release, with run_release(). */
struct run_result {
	enum run_end end;
	int code;
	struct lks_buffer *output;
	struct lks_buffer *complaint;
	int complaint_is_cut; /* its beginning is missing */
};

/*
 * The program is the leader of a process group of its own, with signals as they
 * are by default and the descriptors 0, 1, 2. Shortly before the deadline the
 * group gets SIGTERM, at the deadline SIGKILL. When the program has ended, what
 * it left running in its group is killed too.
 *
 * A failure is one of ours (no memory, no descriptors); how the program fared
 * is in `ret_result`.
 */
enum lks_status run_program(const struct lks_host *host, const struct run_request *request,
			    struct run_result *ret_result, struct lks_error *err);
void run_release(const struct lks_host *host, struct run_result *result);

#endif
