/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher. Every pattern is remembered under `stride` neighbouring windows
 * of four bytes, so that one of them starts at a multiple of `stride` wherever
 * the pattern stands; only those places of the input are looked at. A bit per
 * hashed window says "nothing here" for nearly all of them; the others are
 * compared byte by byte. What can be the start of a pattern at the end of the
 * input is found in a second table, keyed by the patterns' first bytes.
 */
#include "base/redact.h"

#include <stdlib.h>
#include <string.h>

#include "base/redact_forms.h"

#define WINDOW 4
#define STRIDE_MAX 4
#define BLOCK_SIZE ((size_t)256 << 10)
/* What one block of secret memory takes. */
#define ENTRIES_MAX (((size_t)8 << 20) / sizeof(struct entry) - 1)
/* Places tried for a pattern's windows, to keep away from crowded ones. */
#define TRIES 8
#define MASK_LEN (sizeof(REDACT_MASK) - 1)

struct pattern {
	const unsigned char *data; /* in a block */
	uint32_t len;
	uint32_t base; /* where its windows start */
};

/* One window of one pattern. */
struct entry {
	uint32_t window;
	uint32_t pattern;
	uint32_t offset;
};

/* Entries in the order of their buckets; bucket b is starts[b]..starts[b+1]. */
struct table {
	struct lks_buffer *start_memory, *entry_memory, *filter_memory;
	uint32_t *starts;
	struct entry *entries;
	uint64_t *filter;
	unsigned bucket_shift, filter_shift; /* of the 32-bit hash */
};

struct redactor {
	struct lks_buffer **blocks; /* the patterns' bytes */
	size_t block_count;
	struct pattern *patterns;
	size_t pattern_count, pattern_room;
	size_t len_min, len_max;
	unsigned stride;
	struct table windows;
	struct table prefixes;
	bool is_built;
};

static uint32_t load(const unsigned char *at)
{
	uint32_t window;

	memcpy(&window, at, sizeof(window));
	return window;
}

static uint32_t hash(uint32_t window)
{
	return window * 0x9e3779b1U;
}

/* The first one to four bytes as a key; the length is part of it. */
static uint32_t prefix_key(const unsigned char *at, size_t len)
{
	uint32_t key = 0;

	memcpy(&key, at, len < WINDOW ? len : WINDOW);
	return len < WINDOW ? (key ^ (uint32_t)len << 24) * 0x85ebca6bU : key;
}

static void filter_add(struct table *table, uint32_t hashed)
{
	const uint32_t bit = hashed >> table->filter_shift;

	table->filter[bit / 64] |= (uint64_t)1 << bit % 64;
}

static bool filter_has(const struct table *table, uint32_t hashed)
{
	const uint32_t bit = hashed >> table->filter_shift;

	return table->filter[bit / 64] >> bit % 64 & 1;
}

/* --- making one ------------------------------------------------------- */

enum lks_status redactor_new(struct redactor **ret_redactor, struct lks_error *err)
{
	*ret_redactor = calloc(1, sizeof(**ret_redactor));
	return *ret_redactor ? LKS_OK : error_no_memory(err, "the matcher of secrets");
}

static void table_release(struct table *table)
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
		struct pattern *patterns =
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
	redactor->patterns[redactor->pattern_count++] = (struct pattern){ copy, (uint32_t)len, 0 };
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

static enum lks_status table_new(struct table *table, size_t count, size_t filter_bits,
				 struct lks_error *err)
{
	enum lks_status status;

	table->bucket_shift = shift_for(count);
	table->filter_shift = shift_for(filter_bits);
	status = secret_new((((size_t)1 << (32 - table->bucket_shift)) + 2) * sizeof(uint32_t),
			    &table->start_memory, err);
	if (!status)
		status = secret_new((count + 1) * sizeof(struct entry), &table->entry_memory, err);
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
static void table_count(struct table *table, uint32_t key)
{
	table->starts[(hash(key) >> table->bucket_shift) + 2]++;
	filter_add(table, hash(key));
}

static void table_settle(struct table *table)
{
	const size_t buckets = (size_t)1 << (32 - table->bucket_shift);

	for (size_t i = 2; i < buckets + 2; i++)
		table->starts[i] += table->starts[i - 1];
}

static void table_put(struct table *table, uint32_t key, uint32_t pattern, uint32_t offset)
{
	uint32_t *next = &table->starts[(hash(key) >> table->bucket_shift) + 1];

	table->entries[(*next)++] = (struct entry){ key, pattern, offset };
}

static uint32_t crowd(const struct redactor *redactor, const unsigned char *at)
{
	const struct table *table = &redactor->windows;
	uint32_t sum = 0;

	for (unsigned i = 0; i < redactor->stride; i++)
		sum += table->starts[(hash(load(at + i)) >> table->bucket_shift) + 2];
	return sum;
}

/* Where few others have their windows: secrets often begin alike. */
static void choose_base(const struct redactor *redactor, struct pattern *pattern)
{
	const uint32_t last = pattern->len - (WINDOW - 1) - redactor->stride;
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
		struct pattern *pattern = &redactor->patterns[i];

		choose_base(redactor, pattern);
		for (uint32_t j = 0; j < redactor->stride; j++)
			table_count(&redactor->windows, load(pattern->data + pattern->base + j));
	}
	table_settle(&redactor->windows);
	for (size_t i = 0; i < redactor->pattern_count; i++) {
		const struct pattern *pattern = &redactor->patterns[i];

		for (uint32_t j = pattern->base; j < pattern->base + redactor->stride; j++)
			table_put(&redactor->windows, load(pattern->data + j), (uint32_t)i, j);
	}
}

static void fill_prefixes(struct redactor *redactor)
{
	struct table *table = &redactor->prefixes;

	for (size_t i = 0; i < redactor->pattern_count; i++) {
		for (size_t len = 1; len < WINDOW; len++)
			filter_add(table, hash(prefix_key(redactor->patterns[i].data, len)));
		table_count(table, load(redactor->patterns[i].data));
	}
	table_settle(table);
	for (size_t i = 0; i < redactor->pattern_count; i++)
		table_put(table, load(redactor->patterns[i].data), (uint32_t)i, 0);
}

enum lks_status redactor_build(struct redactor *redactor, struct lks_error *err)
{
	const size_t count = redactor->pattern_count;
	enum lks_status status;

	redactor->is_built = true;
	if (count == 0)
		return LKS_OK;
	redactor->stride = (unsigned)(redactor->len_min - (WINDOW - 1));
	if (redactor->stride > STRIDE_MAX)
		redactor->stride = STRIDE_MAX;
	while (redactor->stride > 1 && count * redactor->stride > ENTRIES_MAX)
		redactor->stride--;
	status = table_new(&redactor->windows, count * redactor->stride,
			   count * redactor->stride * (redactor->stride == 1 ? 128 : 32), err);
	if (!status)
		status = table_new(&redactor->prefixes, count, count * WINDOW * 16, err);
	if (status)
		return status;
	fill_windows(redactor);
	fill_prefixes(redactor);
	return LKS_OK;
}

/* --- a stream --------------------------------------------------------- */

enum lks_status redact_open(struct redact_stream *stream, const struct redactor *redactor,
			    size_t chunk, struct lks_error *err)
{
	memset(stream, 0, sizeof(*stream));
	stream->redactor = redactor;
	/* What is held, the chunk, and a mask that pushes held bytes on. */
	return secret_new(chunk + redactor->len_max + MASK_LEN, &stream->buffer, err);
}

void redact_close(struct redact_stream *stream)
{
	secret_free(stream->buffer);
	free(stream->ranges);
	memset(stream, 0, sizeof(*stream));
}

size_t redact_held(const struct redact_stream *stream)
{
	return stream->held_end - stream->held_start;
}

unsigned char *redact_room(struct redact_stream *stream, size_t *ret_size)
{
	const size_t held = redact_held(stream);

	*ret_size = 0;
	if (stream->output_start < stream->output_end)
		return NULL;
	memmove(stream->buffer->data, stream->buffer->data + stream->held_start, held);
	stream->held_start = 0;
	stream->held_end = held;
	*ret_size = stream->buffer->capacity - MASK_LEN - held;
	return stream->buffer->data + held;
}

const unsigned char *redact_output(const struct redact_stream *stream, size_t *ret_len)
{
	*ret_len = stream->output_end - stream->output_start;
	return stream->buffer->data + stream->output_start;
}

void redact_wrote(struct redact_stream *stream, size_t len)
{
	stream->output_start += len;
}

static enum lks_status add_range(struct redact_stream *stream, size_t start, size_t end,
				 struct lks_error *err)
{
	struct redact_range *last = NULL;

	if (stream->range_count > 0)
		last = &stream->ranges[stream->range_count - 1];
	if (last && start >= last->start && start <= last->end) {
		if (end > last->end)
			last->end = (uint32_t)end;
		return LKS_OK;
	}
	if (stream->range_count == stream->range_room) {
		const size_t room = stream->range_room ? 2 * stream->range_room : 64;
		struct redact_range *ranges =
			realloc(stream->ranges, room * sizeof(*stream->ranges));

		if (!ranges)
			return error_no_memory(err, "the matches of secrets");
		stream->ranges = ranges;
		stream->range_room = room;
	}
	stream->ranges[stream->range_count++] =
		(struct redact_range){ (uint32_t)start, (uint32_t)end };
	return LKS_OK;
}

/* The window at `at` is that of some pattern, or hashes like one. */
static enum lks_status look_at(struct redact_stream *stream, size_t at, size_t len,
			       struct lks_error *err)
{
	const struct redactor *redactor = stream->redactor;
	const struct table *table = &redactor->windows;
	const unsigned char *data = stream->buffer->data;
	const uint32_t window = load(data + at);
	const uint32_t bucket = hash(window) >> table->bucket_shift;

	for (uint32_t i = table->starts[bucket]; i < table->starts[bucket + 1]; i++) {
		const struct entry *entry = &table->entries[i];
		const struct pattern *pattern = &redactor->patterns[entry->pattern];
		enum lks_status status;
		size_t start;

		if (entry->window != window || entry->offset > at)
			continue;
		start = at - entry->offset;
		if (pattern->len > len - start ||
		    memcmp(data + start, pattern->data, pattern->len) != 0)
			continue;
		status = add_range(stream, start, start + pattern->len, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static int by_start(const void *a, const void *b)
{
	const struct redact_range *left = a;
	const struct redact_range *right = b;

	return (left->start > right->start) - (left->start < right->start);
}

/*
 * The first place from `at` on, in steps of the stride, whose window may be
 * that of a pattern; `len` if there is none. All the time goes here.
 */
static size_t next_candidate(const struct redactor *redactor, const unsigned char *data, size_t at,
			     size_t len)
{
	const uint64_t *filter = redactor->windows.filter;
	const unsigned shift = redactor->windows.filter_shift;
	const size_t stride = redactor->stride;

#define IS_CANDIDATE(place)                                                                        \
	__builtin_expect(filter[hash(load(data + (place))) >> shift >> 6] >>                       \
					 (hash(load(data + (place))) >> shift & 63) &              \
				 1,                                                                \
			 0)
	for (; at + 3 * stride + WINDOW <= len; at += 4 * stride) {
		if (IS_CANDIDATE(at))
			return at;
		if (IS_CANDIDATE(at + stride))
			return at + stride;
		if (IS_CANDIDATE(at + 2 * stride))
			return at + 2 * stride;
		if (IS_CANDIDATE(at + 3 * stride))
			return at + 3 * stride;
	}
	for (; at + WINDOW <= len; at += stride)
		if (IS_CANDIDATE(at))
			return at;
#undef IS_CANDIDATE
	return len;
}

/* All matches in the first `len` bytes, in order. */
static enum lks_status find_matches(struct redact_stream *stream, size_t len, struct lks_error *err)
{
	const struct redactor *redactor = stream->redactor;
	size_t at = 0;

	stream->range_count = 0;
	while ((at = next_candidate(redactor, stream->buffer->data, at, len)) < len) {
		const enum lks_status status = look_at(stream, at, len, err);

		if (status)
			return status;
		at += redactor->stride;
	}
	for (size_t i = 1; i < stream->range_count; i++) {
		if (stream->ranges[i].start < stream->ranges[i - 1].start) {
			qsort(stream->ranges, stream->range_count, sizeof(*stream->ranges),
			      by_start);
			break;
		}
	}
	return LKS_OK;
}

/* Can these bytes, at the end of the input, be the start of a pattern? */
static bool is_prefix(const struct redactor *redactor, const unsigned char *at, size_t len)
{
	const struct table *table = &redactor->prefixes;
	const uint32_t key = prefix_key(at, len);
	const uint32_t bucket = hash(key) >> table->bucket_shift;

	if (!filter_has(table, hash(key)))
		return false;
	if (len < WINDOW)
		return true;
	for (uint32_t i = table->starts[bucket]; i < table->starts[bucket + 1]; i++) {
		const struct entry *entry = &table->entries[i];
		const struct pattern *pattern = &redactor->patterns[entry->pattern];

		if (entry->window == key && pattern->len > len &&
		    memcmp(pattern->data, at, len) == 0)
			return true;
	}
	return false;
}

/* From where on bytes must be held back. */
static size_t hold_from(const struct redact_stream *stream, size_t len)
{
	const struct redactor *redactor = stream->redactor;
	size_t at = len >= redactor->len_max ? len - redactor->len_max + 1 : 0;

	while (at < len && !is_prefix(redactor, stream->buffer->data + at, len - at))
		at++;
	return at;
}

/* Where the output stands while it is put together in place. */
struct writer {
	unsigned char *data;
	size_t from;    /* input not looked at yet */
	size_t to;      /* output so far */
	size_t hold;    /* input from here on is kept */
	size_t len;     /* of all input */
	size_t held_at; /* where what is kept now stands */
};

static void put_plain(struct writer *writer, size_t end)
{
	if (end <= writer->from)
		return;
	if (writer->to != writer->from)
		memmove(writer->data + writer->to, writer->data + writer->from, end - writer->from);
	writer->to += end - writer->from;
	writer->from = end;
}

/* A mask is never longer than what it stands for, but it can be longer than
   the part of that before `hold`: the bytes that are kept give way. */
static void put_mask(struct writer *writer)
{
	const size_t end = writer->to + MASK_LEN;

	if (end > writer->held_at) {
		memmove(writer->data + end, writer->data + writer->held_at,
			writer->len - writer->hold);
		writer->held_at = end;
	}
	memcpy(writer->data + writer->to, REDACT_MASK, MASK_LEN);
	writer->to = end;
}

/*
 * Print what lies before `hold`, a mask for each run of matches; keep the
 * rest. A match may reach beyond `hold`: then that many of the bytes that are
 * kept are `masked` already.
 */
static void print_before(struct redact_stream *stream, size_t hold, size_t len)
{
	struct writer writer = { stream->buffer->data, 0, 0, hold, len, hold };
	size_t covered = stream->masked; /* end of the mask printed last */
	bool after_mask = stream->after_mask;

	writer.from = covered < hold ? covered : hold;
	for (size_t i = 0; i < stream->range_count; i++) {
		const struct redact_range *range = &stream->ranges[i];

		if (!(after_mask && range->start <= covered)) {
			if (range->start >= hold)
				break;
			put_plain(&writer, range->start);
			put_mask(&writer);
			after_mask = true;
		}
		if (range->end > covered)
			covered = range->end;
		writer.from = covered < hold ? covered : hold;
	}
	if (covered < hold) {
		put_plain(&writer, hold);
		after_mask = false;
	}
	stream->after_mask = after_mask;
	stream->masked = covered > hold ? covered - hold : 0;
	stream->held_start = writer.held_at;
	stream->held_end = writer.held_at + (len - hold);
	stream->output_start = 0;
	stream->output_end = writer.to;
}

static enum lks_status process(struct redact_stream *stream, size_t len, bool ends,
			       struct lks_error *err)
{
	enum lks_status status;

	if (stream->output_start < stream->output_end || stream->held_start > 0)
		return error_set(err, LKS_FAILED, "masked output was not taken");
	stream->range_count = 0;
	if (stream->redactor->pattern_count == 0) {
		print_before(stream, len, len);
		return LKS_OK;
	}
	status = find_matches(stream, len, err);
	if (status)
		return status;
	print_before(stream, ends ? len : hold_from(stream, len), len);
	return LKS_OK;
}

enum lks_status redact_took(struct redact_stream *stream, size_t len, struct lks_error *err)
{
	return process(stream, stream->held_end + len, false, err);
}

enum lks_status redact_flush(struct redact_stream *stream, struct lks_error *err)
{
	size_t size;

	(void)redact_room(stream, &size);
	return process(stream, stream->held_end, true, err);
}

enum lks_status redact_text(const struct redactor *redactor, const void *data, size_t len,
			    struct text *text, struct lks_error *err)
{
	AUTO(redact_close) struct redact_stream stream;
	enum lks_status status = redact_open(&stream, redactor, len, err);
	size_t size;
	const unsigned char *output;

	if (status)
		return status;
	if (len > 0)
		memcpy(redact_room(&stream, &size), data, len);
	stream.held_end = len;
	status = redact_flush(&stream, err);
	if (status)
		return status;
	output = redact_output(&stream, &size);
	text_append(text, output, size);
	return text_ok(text) ? LKS_OK : error_no_memory(err, "a masked text");
}
