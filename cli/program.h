/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start the caller's program in the caller's world: its environment, umask,
 * core limit and signal mask, as main() saved them. By posix_spawn only: after
 * fork() secret memory reads as zeros.
 */
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

struct program {
	char *const *argv; /* argv[0] without a slash is looked up in the PATH of `environment` */
	char *const *environment;
	mode_t umask;
	sigset_t signal_mask;
	struct rlimit core_limit;
};

/* What the program gets as 0, 1 and 2; -1 is what we have there ourselves. */
struct program_files {
	int fds[3];
	/* A session of its own, with this terminal as 0 and 1, and as 2 where
	   fds[2] is -1; fds[0] and fds[1] do not count then. NULL: ours. */
	const char *terminal;
};

/*
 * Failures carry the exit code that a shell gives: 127 there is no such
 * program, 126 it cannot be run. Descriptors of ours are all close-on-exec;
 * others that the caller handed down stay.
 */
enum lks_status program_start(const struct program *program, const struct program_files *files,
			      pid_t *ret_pid, struct lks_error *err) MUST_CHECK;
/* Become the program: returns only on failure. */
enum lks_status program_become(const struct program *program, struct lks_error *err) MUST_CHECK;

#endif
