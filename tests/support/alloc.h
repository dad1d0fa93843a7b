/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation failures, one after the other: what runs in ALLOC_LOOP is run
 * with its first allocation failing, then its second, and so on, until it ends
 * without a failure. It must release what it made; a sanitizer sees leaks.
 *
 *   ALLOC_LOOP {
 *           status = thing_new(&thing, &err);
 *           thing_free(thing);
 *           ALLOC_RESULT(status);
 *   }
 *
 * Needs a program linked with $(alloc_ldflags). Counts the calls from this
 * program's own objects, libcore included, not those inside shared libraries.
 */
#ifndef SUPPORT_ALLOC_H
#define SUPPORT_ALLOC_H

#include <stdbool.h>

#include "base/error.h"

/* The `n`-th allocation from now fails (1 is the next), then no other; 0: none. */
void alloc_fail_at(unsigned int n);
/* Has it happened since? */
bool alloc_has_failed(void);
/* For ALLOC_RESULT: ends the failing and checks that a failed allocation was
   reported as LKS_NO_MEMORY, and that without one there was success. */
void alloc_next(unsigned int *n, enum lks_status status);

#define ALLOC_LOOP                                                                                 \
	for (unsigned int alloc_n_ = 1; alloc_n_;)                                                 \
		for (bool alloc_once_ = (alloc_fail_at(alloc_n_), true); alloc_once_;              \
		     alloc_once_ = false)
#define ALLOC_RESULT(status) alloc_next(&alloc_n_, status)

#endif
