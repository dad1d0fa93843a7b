/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded: the allocation with the number $FAIL_AT (from 0) fails. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *data, size_t size);

static long left = -1;

__attribute__((constructor)) static void start(void)
{
	const char *number = getenv("FAIL_AT");

	left = number ? atol(number) : -1;
}

static int fails(void)
{
	if (left < 0 || left--)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *data, size_t size)
{
	return fails() ? NULL : __libc_realloc(data, size);
}
