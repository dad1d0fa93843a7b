/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Make the matcher. Every pattern is remembered under `stride` neighbouring
 * windows of four bytes, so that one of them starts at a multiple of `stride`
 * wherever the pattern stands; only those places of the input are looked at. A
 * bit per hashed window says "nothing here" for nearly all of them; the others
 * are compared byte by byte. A second table, keyed by the patterns' first
 * bytes, tells what can be the start of one at the end of the input.
 */
#include <stdlib.h>

#include "base/redact_forms.h"
#include "base/redact_tables.h"

#define STRIDE_MAX 4
#define BLOCK_SIZE ((size_t)256 << 10)
/* What one block of secret memory takes. */
#define ENTRIES_MAX (((size_t)8 << 20) / sizeof(struct redact_entry) - 1)
/* Places tried for a pattern's windows, to keep away from crowded ones. */
#define TRIES 8

static void filter_add(struct redact_table *table, uint32_t hashed)
{
	const uint32_t bit = hashed >> table->filter_shift;

	table->filter[bit / 64] |= (uint64_t)1 << bit % 64;
}

/* --- making one ------------------------------------------------------- */

enum lks_status redactor_new(struct redactor **ret_redactor, struct lks_error *err)
{
	*ret_redactor = calloc(1, sizeof(**ret_redactor));
	return *ret_redactor ? LKS_OK : error_no_memory(err, "the matcher of secrets");
}

static void table_release(struct redact_table *table)
{
	secret_free(table->start_memory);
	secret_free(table->entry_memory);
	secret_free(table->filter_memory);
}

void redactor_free(struct redactor *redactor)
{
	if (!redactor)
		return;
	for (size_t i = 0; i < redactor->block_count; i++)
		secret_free(redactor->blocks[i]);
	free(redactor->blocks);
	free(redactor->patterns);
	table_release(&redactor->windows);
	table_release(&redactor->prefixes);
	free(redactor);
}

void redactor_freep(struct redactor **redactor)
{
	redactor_free(*redactor);
}

/* Room for `len` bytes that never move. */
static enum lks_status block_room(struct redactor *redactor, size_t len, unsigned char **ret_at,
				  struct lks_error *err)
{
	struct lks_buffer *last = NULL;
	struct lks_buffer **blocks;
	enum lks_status status;
	size_t size;

	if (redactor->block_count > 0)
		last = redactor->blocks[redactor->block_count - 1];
	if (!last || last->capacity - last->len < len) {
		/* Few secrets take little memory. */
		size = last ? 2 * last->capacity : 4096;
		size = size > BLOCK_SIZE ? BLOCK_SIZE : size;
		blocks = realloc(redactor->blocks, (redactor->block_count + 1) * sizeof(*blocks));
		if (!blocks)
			return error_no_memory(err, "the matcher of secrets");
		redactor->blocks = blocks;
		status = secret_new(len > size ? len : size, &last, err);
		if (status)
			return status;
		blocks[redactor->block_count++] = last;
	}
	*ret_at = last->data + last->len;
	last->len += len;
	return LKS_OK;
}

static enum lks_status add_pattern(void *context, const unsigned char *form, size_t len,
				   struct lks_error *err)
{
	struct redactor *redactor = context;
	const size_t room = redactor->pattern_room ? 2 * redactor->pattern_room : 32;
	unsigned char *copy = NULL;
	enum lks_status status;

	if (len < REDACT_MIN)
		return LKS_OK;
	if (redactor->pattern_count == redactor->pattern_room) {
		struct redact_pattern *patterns =
			realloc(redactor->patterns, room * sizeof(*redactor->patterns));

		if (!patterns)
			return error_no_memory(err, "the matcher of secrets");
		redactor->patterns = patterns;
		redactor->pattern_room = room;
	}
	status = block_room(redactor, len, &copy, err);
	if (status)
		return status;
	memcpy(copy, form, len);
	redactor->patterns[redactor->pattern_count++] =
		(struct redact_pattern){ copy, (uint32_t)len, 0 };
	if (redactor->len_min == 0 || len < redactor->len_min)
		redactor->len_min = len;
	if (len > redactor->len_max)
		redactor->len_max = len;
	return LKS_OK;
}

enum lks_status redactor_add(struct redactor *redactor, const void *secret, size_t len,
			     enum redact_choice *ret_choice, struct lks_error *err)
{
	const unsigned char *data = secret;

	if (redactor->is_built)
		return error_set(err, LKS_FAILED, "the matcher of secrets is already built");
	while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
		len--;
	*ret_choice = len < REDACT_MIN              ? REDACT_TOO_SHORT
		      : redact_is_common(data, len) ? REDACT_TOO_COMMON
						    : REDACT_MASKED;
	if (*ret_choice != REDACT_MASKED)
		return LKS_OK;
	return redact_forms(data, len, add_pattern, redactor, err);
}

size_t redactor_count(const struct redactor *redactor)
{
	return redactor->pattern_count;
}

/* The shift that leaves enough bits of a hash for `count` things. */
static unsigned shift_for(size_t count)
{
	unsigned bits = 8;

	while (bits < 26 && ((size_t)1 << bits) < count)
		bits++;
	return 32 - bits;
}

static enum lks_status table_new(struct redact_table *table, size_t count, size_t filter_bits,
				 struct lks_error *err)
{
	enum lks_status status;

	table->bucket_shift = shift_for(count);
	table->filter_shift = shift_for(filter_bits);
	status = secret_new((((size_t)1 << (32 - table->bucket_shift)) + 2) * sizeof(uint32_t),
			    &table->start_memory, err);
	if (!status)
		status = secret_new((count + 1) * sizeof(struct redact_entry), &table->entry_memory,
				    err);
	if (!status)
		status = secret_new(((size_t)1 << (32 - table->filter_shift)) / 8,
				    &table->filter_memory, err);
	if (status)
		return status;
	table->starts = (void *)table->start_memory->data;
	table->entries = (void *)table->entry_memory->data;
	table->filter = (void *)table->filter_memory->data;
	return LKS_OK;
}

/* Counting sort: count() each entry, then settle(), then put() each again. */
static void table_count(struct redact_table *table, uint32_t key)
{
	table->starts[(redact_hash(key) >> table->bucket_shift) + 2]++;
	filter_add(table, redact_hash(key));
}

static void table_settle(struct redact_table *table)
{
	const size_t buckets = (size_t)1 << (32 - table->bucket_shift);

	for (size_t i = 2; i < buckets + 2; i++)
		table->starts[i] += table->starts[i - 1];
}

static void table_put(struct redact_table *table, uint32_t key, uint32_t pattern, uint32_t offset)
{
	uint32_t *next = &table->starts[(redact_hash(key) >> table->bucket_shift) + 1];

	table->entries[(*next)++] = (struct redact_entry){ key, pattern, offset };
}

static uint32_t crowd(const struct redactor *redactor, const unsigned char *at)
{
	const struct redact_table *table = &redactor->windows;
	uint32_t sum = 0;

	for (unsigned i = 0; i < redactor->stride; i++)
		sum += table->starts[(redact_hash(redact_load(at + i)) >> table->bucket_shift) + 2];
	return sum;
}

/* Where few others have their windows: secrets often begin alike. */
static void choose_base(const struct redactor *redactor, struct redact_pattern *pattern)
{
	const uint32_t last = pattern->len - (REDACT_WINDOW - 1) - redactor->stride;
	const uint32_t step = last / (TRIES - 1) + 1;
	uint32_t least = UINT32_MAX;

	for (uint32_t base = 0; base <= last && least > 0; base += step) {
		const uint32_t found = crowd(redactor, pattern->data + base);

		if (found < least) {
			least = found;
			pattern->base = base;
		}
	}
}

static void fill_windows(struct redactor *redactor)
{
	for (size_t i = 0; i < redactor->pattern_count; i++) {
		struct redact_pattern *pattern = &redactor->patterns[i];

		choose_base(redactor, pattern);
		for (uint32_t j = 0; j < redactor->stride; j++)
			table_count(&redactor->windows,
				    redact_load(pattern->data + pattern->base + j));
	}
	table_settle(&redactor->windows);
	for (size_t i = 0; i < redactor->pattern_count; i++) {
		const struct redact_pattern *pattern = &redactor->patterns[i];

		for (uint32_t j = pattern->base; j < pattern->base + redactor->stride; j++)
			table_put(&redactor->windows, redact_load(pattern->data + j), (uint32_t)i,
				  j);
	}
}

static void fill_prefixes(struct redactor *redactor)
{
	struct redact_table *table = &redactor->prefixes;

	for (size_t i = 0; i < redactor->pattern_count; i++) {
		for (size_t len = 1; len < REDACT_WINDOW; len++)
			filter_add(table,
				   redact_hash(redact_prefix_key(redactor->patterns[i].data, len)));
		table_count(table, redact_load(redactor->patterns[i].data));
	}
	table_settle(table);
	for (size_t i = 0; i < redactor->pattern_count; i++)
		table_put(table, redact_load(redactor->patterns[i].data), (uint32_t)i, 0);
}

enum lks_status redactor_build(struct redactor *redactor, struct lks_error *err)
{
	const size_t count = redactor->pattern_count;
	enum lks_status status;

	redactor->is_built = true;
	if (count == 0)
		return LKS_OK;
	redactor->stride = (unsigned)(redactor->len_min - (REDACT_WINDOW - 1));
	if (redactor->stride > STRIDE_MAX)
		redactor->stride = STRIDE_MAX;
	while (redactor->stride > 1 && count * redactor->stride > ENTRIES_MAX)
		redactor->stride--;
	status = table_new(&redactor->windows, count * redactor->stride,
			   count * redactor->stride * (redactor->stride == 1 ? 128 : 32), err);
	if (!status)
		status = table_new(&redactor->prefixes, count, count * REDACT_WINDOW * 16, err);
	if (status)
		return status;
	fill_windows(redactor);
	fill_prefixes(redactor);
	return LKS_OK;
}
