/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes and ids, with a seam for tests. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum lks_status random_bytes(void *data, size_t len, struct lks_error *err) MUST_CHECK;
/* Uniform in [0, bound), without modulo bias. `bound` > 0. */
enum lks_status random_below(uint32_t bound, uint32_t *ret_number,
			     struct lks_error *err) MUST_CHECK;
/* RFC 9562 version 7 (by time) and 4, lower case, 36 characters and a NUL. */
enum lks_status uuid7_make(char ret_uuid[37], struct lks_error *err) MUST_CHECK;
enum lks_status uuid4_make(char ret_uuid[37], struct lks_error *err) MUST_CHECK;
/* For tests: bytes from a function, NULL for the kernel's. */
void random_use(void (*fill)(void *context, void *data, size_t len), void *context);

#endif
