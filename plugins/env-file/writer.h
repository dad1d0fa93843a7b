/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edit the text of an env file in place.
 *
 * Only the value's own bytes change: comments, order, blank lines, line ends,
 * `export` and trailing comments stay. A new key goes to the end, a label
 * (`KEY__PENDING` and its like) directly above its key. What was added and is
 * taken away again leaves the text byte for byte as it was, also a missing
 * line end at the end of the file.
 */
#ifndef ENV_FILE_WRITER_H
#define ENV_FILE_WRITER_H

#include "env-file/bytes.h"
#include "env-file/grammar.h"

#define SUFFIX_PENDING "__PENDING"
#define SUFFIX_PREVIOUS "__PREVIOUS"
#define SUFFIX_BLUE "__BLUE"
#define SUFFIX_GREEN "__GREEN"
#define SUFFIX_METADATA "__METADATA"

struct edit {
	const char *key;
	const unsigned char *value; /* NULL: the key goes */
	size_t len;
};

/*
 * Apply `edit` to `text` and replace `text` by the result. Removing what is
 * not there changes nothing. `name` is the file's, for messages.
 *
 * The result was parsed again: the key reads back byte for byte, and every
 * other key has the bytes it had. LKS_UNSUPPORTED if the dialect cannot hold
 * the value, LKS_INVALID if the text makes no sense.
 */
enum lks_status writer_apply(const struct lks_host *host, const struct grammar *grammar,
			     const char *name, const struct edit *edit, struct bytes *text,
			     struct lks_error *err);

/* Would the dialect hold this value under this key? */
enum lks_status writer_accepts(const struct lks_host *host, const struct grammar *grammar,
			       const struct edit *edit, struct lks_error *err);

/* Parse and report as an error of the host; `entries` as in grammar_parse(). */
enum lks_status writer_parse(const struct lks_host *host, const struct grammar *grammar,
			     const char *name, const struct bytes *text, struct entries *entries,
			     struct lks_error *err);

/* Length of the key that `key` is a label of, or 0: it is no label. */
size_t writer_label_base(const char *key, size_t key_len);

#endif
