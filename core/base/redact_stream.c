/* SPDX-License-Identifier: Apache-2.0 */
/* Find and mask matches in a stream, whatever pieces it comes in. */
#include <stdlib.h>

#include "base/redact_tables.h"

#define MASK_LEN (sizeof(REDACT_MASK) - 1)

static bool filter_has(const struct redact_table *table, uint32_t hashed)
{
	const uint32_t bit = hashed >> table->filter_shift;

	return table->filter[bit / 64] >> bit % 64 & 1;
}

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
	const struct redact_table *table = &redactor->windows;
	const unsigned char *data = stream->buffer->data;
	const uint32_t window = redact_load(data + at);
	const uint32_t bucket = redact_hash(window) >> table->bucket_shift;

	for (uint32_t i = table->starts[bucket]; i < table->starts[bucket + 1]; i++) {
		const struct redact_entry *entry = &table->entries[i];
		const struct redact_pattern *pattern = &redactor->patterns[entry->pattern];
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
	__builtin_expect(                                                                          \
		filter[redact_hash(redact_load(data + (place))) >> shift >> 6] >>                  \
				(redact_hash(redact_load(data + (place))) >> shift & 63) &         \
			1,                                                                         \
		0)
	for (; at + 3 * stride + REDACT_WINDOW <= len; at += 4 * stride) {
		if (IS_CANDIDATE(at))
			return at;
		if (IS_CANDIDATE(at + stride))
			return at + stride;
		if (IS_CANDIDATE(at + 2 * stride))
			return at + 2 * stride;
		if (IS_CANDIDATE(at + 3 * stride))
			return at + 3 * stride;
	}
	for (; at + REDACT_WINDOW <= len; at += stride)
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
	const struct redact_table *table = &redactor->prefixes;
	const uint32_t key = redact_prefix_key(at, len);
	const uint32_t bucket = redact_hash(key) >> table->bucket_shift;

	if (!filter_has(table, redact_hash(key)))
		return false;
	if (len < REDACT_WINDOW)
		return true;
	for (uint32_t i = table->starts[bucket]; i < table->starts[bucket + 1]; i++) {
		const struct redact_entry *entry = &table->entries[i];
		const struct redact_pattern *pattern = &redactor->patterns[entry->pattern];

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
