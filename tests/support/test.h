/* SPDX-License-Identifier: Apache-2.0 */
/* What every cmocka program includes, in the order that cmocka asks for. */
#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A skip that says why: support/tap.sh puts the line into the test's result. */
#define skip_because(why)                                                                          \
	do {                                                                                       \
		printf("# skipped: %s\n", (why));                                                  \
		fflush(stdout);                                                                    \
		skip();                                                                            \
	} while (0)

/* Fails with the error's message, which says more than a number. */
#define assert_ok(call, err)                                                                       \
	do {                                                                                       \
		if ((call) != LKS_OK)                                                              \
			fail_msg("%s: %s", #call, (err)->message);                                 \
	} while (0)

#define assert_contains(string, part)                                                              \
	do {                                                                                       \
		const char *string_ = (string);                                                    \
		if (!strstr(string_, (part)))                                                      \
			fail_msg("\"%s\" does not contain \"%s\"", string_, (part));               \
	} while (0)

#endif
