/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a program with its output masked: start it, pass signals, keys and the
 * window's size on, mask what it prints, wait for it.
 *
 * Where stdin and stdout are the caller's terminal, the program gets a
 * pseudo-terminal of its own and a session in it, so that shells and editors
 * work in it as in a terminal window. Else it stays in our process group (keys
 * and job control reach it as they reach us), and each of stdout and stderr
 * goes through a pipe, or a pseudo-terminal where it was a terminal.
 *
 * As process 1 it takes in and buries orphans.
 *
 * A prefix of a secret is held back until more comes, or for CHILD_IDLE_MS (a
 * terminal: CHILD_TERMINAL_IDLE_MS, which one does not feel while typing), or
 * until the program has ended. A secret that the program itself prints in two
 * parts with a longer pause between them is not masked.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include "base/redact.h"
#include "cli/program.h"
#include "cli/terminal.h"

#define CHILD_IDLE_MS 200
#define CHILD_TERMINAL_IDLE_MS 30

struct child_stream {
	int from;            /* -1: ended */
	int to;              /* stdout or stderr; -1: not in use */
	bool is_terminal;    /* `from` is a pseudo-terminal */
	bool is_file;        /* `to` never makes us wait */
	int64_t flush_at_ms; /* boot clock; 0: nothing is held */
	size_t after_end;    /* bytes read since the program has ended */
	struct redact_stream masked;
};

struct child {
	pid_t pid;
	bool is_init;
	int signals; /* signalfd */
	sigset_t mask_before;
	struct child_stream streams[2];
	/* With a session of its own: keys on their way in. */
	struct terminal_mode terminal;
	int keyboard; /* the pseudo-terminal; -1: none */
	struct lks_buffer *keys;
	size_t keys_start;
	/* How it ended. */
	bool has_ended;
	int wait_status;
	int64_t ended_ms;
	bool give_up; /* told to end while only output was left */
	int output_error;
};

/* `program` is needed for the call only: what holds its environment can be
   wiped after it. Borrows the redactor; with NULL the streams stay ours. */
enum lks_status child_start(struct child *child, const struct program *program,
			    const struct redactor *redactor, struct lks_error *err) MUST_CHECK;
/* The program's exit code, or 128 + the signal that ended it. A failure means
   that output was lost. Releases everything but the signals, which
   stay blocked: the caller is to end now. */
enum lks_status child_wait(struct child *child, int *ret_code, struct lks_error *err) MUST_CHECK;

#endif
