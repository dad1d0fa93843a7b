/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps every error and warning that a config gets, for tests to look at. */
#ifndef TEST_COLLECT_H
#define TEST_COLLECT_H

#include "config/config.h"
#include "support/test.h"

/* Two stores and a verifier, all on the first line; rotations follow. */
#define BASE                                                                                       \
	"stores = { app = { plugin = \"env-file\"; }; web = { plugin = \"env-file\"; }; };"        \
	"verifiers = { ping = { plugin = \"exec\"; }; };\n"
#define ROTATION(keys) BASE "rotations = { r = {\n" keys "\n}; };\n"
#define PLAIN "secret = \"app:A\"; verify = \"ping\";"

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
/* Fails with the errors, if there are any. */
struct config *good_config(const char *text);
void assert_good(const char *text);
/* Every error, for messages. */
void collect_print(const struct collect *collect);

#endif
