/* SPDX-License-Identifier: Apache-2.0 */
/* malloc, calloc, realloc and strdup that fail when told to; -Wl,--wrap leads
   the program's calls here. */
#include "support/alloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "support/test.h"

#define ATTEMPTS_MAX 100000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *data, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *data, size_t size);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t max);

static atomic_uint left;
static atomic_bool failed;

static bool must_fail(void)
{
	unsigned int before = atomic_load(&left);

	while (before > 0 && !atomic_compare_exchange_weak(&left, &before, before - 1))
		;
	if (before != 1)
		return false;
	atomic_store(&failed, true);
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *data, size_t size)
{
	return must_fail() ? NULL : __real_realloc(data, size);
}

char *__wrap_strndup(const char *string, size_t max)
{
	const size_t len = strnlen(string, max);
	char *copy = __wrap_malloc(len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, string, len);
	copy[len] = '\0';
	return copy;
}

char *__wrap_strdup(const char *string)
{
	return __wrap_strndup(string, strlen(string));
}

void alloc_fail_at(unsigned int n)
{
	atomic_store(&failed, false);
	atomic_store(&left, n);
}

bool alloc_has_failed(void)
{
	return atomic_load(&failed);
}

void alloc_next(unsigned int *n, enum lks_status status)
{
	const bool has_failed = alloc_has_failed();

	alloc_fail_at(0);
	if (!has_failed && status != LKS_OK)
		fail_msg("failed (%s) without a failed allocation", status_name(status));
	if (has_failed && status != LKS_NO_MEMORY)
		fail_msg("allocation %u failed, and the answer was \"%s\"", *n,
			 status_name(status));
	if (*n >= ATTEMPTS_MAX)
		fail_msg("no end after %d allocations", ATTEMPTS_MAX);
	*n = has_failed ? *n + 1 : 0;
}
