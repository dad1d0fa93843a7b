/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owned locals that release themselves.
 *
 *   AUTO(text_release) struct text path = TEXT_INIT;
 *   AUTO(free_ptr) char *name = NULL;
 *   return TAKE(name);      hands the pointer to the caller
 *
 * The function named in AUTO gets a pointer to the variable.
 */
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define AUTO(function) __attribute__((cleanup(function)))
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(position, first) __attribute__((format(printf, position, first)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define TAKE(pointer)                                                                              \
	__extension__({                                                                            \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

static inline void free_ptr(void *pointer)
{
	free(*(void **)pointer);
}

/* For `AUTO(fd_close) int fd = -1;`. Where close() can lose data, call it. */
static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#endif
