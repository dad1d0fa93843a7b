/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena behind secret.c: blocks of zeroed memory with canaries, in locked
 * pages that no core file, swap or forked child gets to see. Only secret.c
 * uses it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The largest capacity of one block. */
#define ARENA_BLOCK_MAX ((size_t)8 << 20)

enum lks_status arena_allocate(size_t capacity, unsigned char **ret_data,
			       struct lks_error *err) MUST_CHECK;
/* Wipes; aborts if what lies around the `capacity` bytes was overwritten. */
void arena_release(unsigned char *data, size_t capacity);
void arena_require_lock(bool required);
void arena_stats(size_t *ret_in_use, size_t *ret_reserved, bool *ret_locked);

#endif
