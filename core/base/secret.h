/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secret type: the only place where values live.
 *
 * All secrets of a process share one arena: guard pages on both sides, left
 * out of core files, zero after fork, locked into memory page by page as they
 * are touched. A block has a canary on each side and is wiped when released.
 * Capacity is fixed when made; growing is new + copy + free.
 *
 * Locking may fail (RLIMIT_MEMLOCK): it is said once in the log (info) and is fatal
 * only after secret_require_lock(true).
 *
 * Safe from any thread. A child made by fork sees zeros: use posix_spawn.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Crosses the ABI by pointer only, as secret bytes of a plugin. */
struct lks_buffer {
	unsigned char *data; /* in the arena; never NULL, also with capacity 0 */
	size_t len;
	size_t capacity;
};

/* Room for `capacity` bytes (at most 8 MiB), zeroed, plus one zero byte behind them that is
   not counted, so that a text in it can be handed to a C function. */
enum lks_status secret_new(size_t capacity, struct lks_buffer **ret_secret,
			   struct lks_error *err) MUST_CHECK;
enum lks_status secret_from(const void *data, size_t len, struct lks_buffer **ret_secret,
			    struct lks_error *err) MUST_CHECK;
/* Wipe and release. NULL is fine. Aborts if a canary was overwritten. */
void secret_free(struct lks_buffer *secret);
void secret_freep(struct lks_buffer **secret);

/* In a time that depends on the lengths only. */
bool secret_equal(const struct lks_buffer *a, const struct lks_buffer *b);
bool memory_equal(const void *a, const void *b, size_t len);

/*
 * Read `fd` to its end. More than `max` bytes is LKS_INVALID. Only the arena
 * sees the bytes. `what` names the source in errors.
 */
enum lks_status secret_read_fd(int fd, size_t max, const char *what, struct lks_buffer **ret_secret,
			       struct lks_error *err) MUST_CHECK;

/* Grown by doubling in the arena, for building texts that hold secrets. */
struct secret_text {
	struct lks_buffer *buffer; /* NULL while empty */
	bool failed;
};
#define SECRET_TEXT_INIT                                                                           \
	{                                                                                          \
		NULL, false                                                                        \
	}
void secret_text_append(struct secret_text *text, const void *data, size_t len);
void secret_text_add(struct secret_text *text, const char *string);
void secret_text_release(struct secret_text *text);
/* Hand over the buffer (made if empty); LKS_NO_MEMORY if an append failed. */
enum lks_status secret_text_steal(struct secret_text *text, struct lks_buffer **ret_secret,
				  struct lks_error *err) MUST_CHECK;

/* From now on a page that cannot be locked is an error. */
void secret_require_lock(bool required);
/* Bytes in use, and whether all of them could be locked: for `doctor`. */
void secret_stats(size_t *ret_in_use, size_t *ret_reserved, bool *ret_locked);

#endif
