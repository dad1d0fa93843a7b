/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mask secrets in a stream: the one matcher for `exec`, `redact` and texts
 * that come from elsewhere.
 *
 * A redactor is made from all secrets at once and then never changes; any
 * number of streams can use it, from any thread. It finds each secret as it is
 * and as base64 (both alphabets, wherever in the encoded text it starts), hex
 * (both cases), URL-escaped and JSON-escaped, also where two secrets overlap:
 * every byte that belongs to a match goes, and a run of such bytes becomes
 * one `***`. What is printed does not depend on how the input was cut.
 *
 * Not masked: values of fewer than REDACT_MIN bytes, common words and short
 * numbers, because masking them would spoil ordinary output. The caller says
 * so to the user. At either end of a base64 form up to four bits of the
 * secret's first or last byte stay readable in the character they share with
 * a neighbour.
 *
 * Patterns, tables and buffers are in secret memory.
 */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/secret.h"
#include "base/text.h"

#define REDACT_MIN 4
#define REDACT_MASK "***"

struct redactor;
enum redact_choice { REDACT_MASKED = 0, REDACT_TOO_SHORT, REDACT_TOO_COMMON };

enum lks_status redactor_new(struct redactor **ret_redactor, struct lks_error *err) MUST_CHECK;
void redactor_free(struct redactor *redactor);
void redactor_freep(struct redactor **redactor);
/* Add one secret; a line break at its end does not count. Copies it. */
enum lks_status redactor_add(struct redactor *redactor, const void *secret, size_t len,
			     enum redact_choice *ret_choice, struct lks_error *err) MUST_CHECK;
/* After the last one; nothing can be added any more. */
enum lks_status redactor_build(struct redactor *redactor, struct lks_error *err) MUST_CHECK;
/* Patterns there are: 0 means that nothing is ever masked. */
size_t redactor_count(const struct redactor *redactor);

/*
 * One stream. The caller reads into redact_room(), says with redact_took() how
 * many bytes came, writes what redact_output() gives and says so with
 * redact_wrote(); the next room is there once all output is written.
 *
 * Bytes that can still turn out to be the start of a secret are held back.
 * redact_flush() gives them up as they are: at the end, or when nothing has
 * come for a while. A secret that is cut in two by such a pause is not found.
 */
struct redact_stream {
	const struct redactor *redactor;
	struct lks_buffer *buffer;
	size_t output_start, output_end; /* masked, to be written */
	size_t held_start, held_end;     /* kept back */
	size_t masked;                   /* of the held bytes: a mask was printed for them */
	bool after_mask;                 /* the last thing printed was a mask */
	struct redact_range {
		uint32_t start, end;
	} * ranges; /* of matches, while at work */
	size_t range_count, range_room;
};

/* `chunk` is the least room for each read. Borrows the redactor. */
enum lks_status redact_open(struct redact_stream *stream, const struct redactor *redactor,
			    size_t chunk, struct lks_error *err) MUST_CHECK;
void redact_close(struct redact_stream *stream);
/* NULL while there is output left. */
unsigned char *redact_room(struct redact_stream *stream, size_t *ret_size);
enum lks_status redact_took(struct redact_stream *stream, size_t len,
			    struct lks_error *err) MUST_CHECK;
enum lks_status redact_flush(struct redact_stream *stream, struct lks_error *err) MUST_CHECK;
const unsigned char *redact_output(const struct redact_stream *stream, size_t *ret_len);
void redact_wrote(struct redact_stream *stream, size_t len);
size_t redact_held(const struct redact_stream *stream);

/* A whole text at once: appends the masked form. */
enum lks_status redact_text(const struct redactor *redactor, const void *data, size_t len,
			    struct text *text, struct lks_error *err) MUST_CHECK;

#endif
