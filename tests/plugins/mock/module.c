/* SPDX-License-Identifier: Apache-2.0 */
/* A private module: a table and nothing else. */
#include <stddef.h>
#include <stdint.h>

#ifndef MOCK
#define MOCK mock
#endif

struct table {
	uint32_t abi;
	uint32_t reserved;
	size_t size;
};

#define PASTE(a, b) a##b
#define NAMED(a, b) PASTE(a, b)

extern const struct table NAMED(lockstep_module_, MOCK);
__attribute__((visibility("default")))
const struct table NAMED(lockstep_module_, MOCK) = { 1, 0, sizeof(struct table) };
