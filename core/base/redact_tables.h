/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a redactor, between the two files that make and use them. */
#ifndef BASE_REDACT_TABLES_H
#define BASE_REDACT_TABLES_H

#include <string.h>

#include "base/redact.h"

/* Bytes that are hashed at once. */
#define REDACT_WINDOW 4

struct redact_pattern {
	const unsigned char *data; /* in a block */
	uint32_t len;
	uint32_t base; /* where its windows start */
};

/* One window of one pattern. */
struct redact_entry {
	uint32_t window;
	uint32_t pattern;
	uint32_t offset;
};

/* Entries in the order of their buckets; bucket b is starts[b]..starts[b+1]. */
struct redact_table {
	struct lks_buffer *start_memory, *entry_memory, *filter_memory;
	uint32_t *starts;
	struct redact_entry *entries;
	uint64_t *filter;
	unsigned bucket_shift, filter_shift; /* of the 32-bit hash */
};

struct redactor {
	struct lks_buffer **blocks; /* the patterns' bytes */
	size_t block_count;
	struct redact_pattern *patterns;
	size_t pattern_count, pattern_room;
	size_t len_min, len_max;
	unsigned stride;
	struct redact_table windows;
	struct redact_table prefixes;
	bool is_built;
};

static inline uint32_t redact_load(const unsigned char *at)
{
	uint32_t window;

	memcpy(&window, at, sizeof(window));
	return window;
}

static inline uint32_t redact_hash(uint32_t window)
{
	return window * 0x9e3779b1U;
}

/* The first one to four bytes as a key; the length is part of it. */
static inline uint32_t redact_prefix_key(const unsigned char *at, size_t len)
{
	uint32_t key = 0;

	memcpy(&key, at, len < REDACT_WINDOW ? len : REDACT_WINDOW);
	return len < REDACT_WINDOW ? (key ^ (uint32_t)len << 24) * 0x85ebca6bU : key;
}

#endif
