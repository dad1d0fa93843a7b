/* SPDX-License-Identifier: Apache-2.0 */
/* A plain backend; what is wrong with it is asked for by -D or by link flags. */
#include "mock.h"

#ifdef MOCK_CANARY
#include <fcntl.h>
#include <unistd.h>
/* Shows that code of the plugin ran. */
__attribute__((constructor)) static void leave_a_mark(void)
{
	int fd = open(MOCK_CANARY, O_WRONLY | O_CREAT, 0600);

	if (fd >= 0)
		close(fd);
}
#endif

#ifdef MOCK_EXPORTS_MALLOC
__attribute__((visibility("default"))) void *malloc(size_t size);
void *malloc(size_t size)
{
	(void)size;
	return NULL;
}
#endif

#ifdef MOCK_UNDEFINED
extern void nobody_has_this_function(void);
static void mock_close_undefined(void *instance)
{
	(void)instance;
	nobody_has_this_function();
}
#define mock_close mock_close_undefined
#endif

#ifdef MOCK_SLOT_OF_LIBC
#include <stdlib.h>
#undef mock_close
#define mock_close free
#endif

static const struct lks_backend backend = {
	MOCK_BACKEND,
#ifdef MOCK_NO_GET
	.get = NULL,
#endif
#ifdef MOCK_APPLY_WITHOUT_PROBE
	.apply = (void *)mock_get,
#endif
#ifdef MOCK_TABLE_SIZE
	.size = MOCK_TABLE_SIZE,
#endif
};

#ifdef MOCK_OPTIONS
static const struct lks_option options[] = { MOCK_OPTIONS };
#endif

#ifdef MOCK_WRITABLE
LKS_EXPORT extern struct lks_plugin lks_plugin_simple;
struct lks_plugin lks_plugin_simple = { .abi = LKS_ABI,
					.size = sizeof(struct lks_plugin),
					.name = MOCK_NAME,
					MOCK_TEXTS,
					.option_size = sizeof(struct lks_option),
					.backend = &backend };
#elif defined(MOCK_BSS)
LKS_EXPORT extern struct lks_plugin lks_plugin_simple;
struct lks_plugin lks_plugin_simple;
__attribute__((constructor)) static void fill(void)
{
	lks_plugin_simple.abi = LKS_ABI;
	lks_plugin_simple.backend = &backend;
}
#elif !defined(MOCK_NO_DESCRIPTOR)
MOCK_PLUGIN(MOCK, MOCK_NAME, MOCK_TEXTS,
#ifdef MOCK_OPTIONS
	    .option_count = sizeof(options) / sizeof(options[0]), .options = options,
#endif
#ifndef MOCK_NO_TABLE
	    .backend = &backend,
#endif
#ifdef MOCK_ABI
	    .abi = MOCK_ABI,
#endif
#ifdef MOCK_SIZE
	    .size = MOCK_SIZE,
#endif
);
#endif
