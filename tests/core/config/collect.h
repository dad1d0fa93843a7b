/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps every error and warning that a config gets, for tests to look at. */
#ifndef TEST_COLLECT_H
#define TEST_COLLECT_H

#include "config/config.h"
#include "support/test.h"

#define COLLECT_MAX 64

struct collect {
	struct report report;
	struct lks_error errors[COLLECT_MAX];
	struct lks_error warnings[COLLECT_MAX];
};

/* Empties it. */
void collect_start(struct collect *collect);
/* Judges text, called "t.conf"; NULL if it was refused. */
struct config *collect_config(struct collect *collect, const char *text);
/* Fails unless an error at `line` (0: any) contains `part`. */
void collect_expect(const struct collect *collect, int line, const char *part);
/* Refuses the text with exactly one error. */
void assert_one_error(const char *text, int line, const char *part);
/* Every error, for messages. */
void collect_print(const struct collect *collect);

#endif
