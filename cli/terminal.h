/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals that stand in for the caller's terminal, and its raw mode. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/error.h"

/*
 * Make one with the size and modes of the terminal `like`. `plain`: what is
 * written comes out unchanged, because `like` itself still translates it.
 * `ret_slave` is the path of the side for the child.
 */
enum lks_status terminal_make(int like, bool plain, int *ret_master, char *ret_slave, size_t size,
			      struct lks_error *err) MUST_CHECK;
void terminal_copy_size(int from, int to);
/* May we read from it and change its modes, or does another job own it? */
bool terminal_is_ours(int fd);
bool terminal_is_same(int a, int b);

struct terminal_mode {
	int fd; /* -1: none */
	struct termios before;
	bool is_raw;
};
/* Every key reaches us as it is. Does nothing if the terminal is not ours. */
void terminal_enter_raw(struct terminal_mode *mode);
void terminal_leave_raw(struct terminal_mode *mode);

#endif
