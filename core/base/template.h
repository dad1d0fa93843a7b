/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts with places for secrets: what a copy of a credential looks like, and
 * what `render` fills.
 *
 *   postgres://{username:url}:{password:url}@db/app
 *
 * `{NAME}` is replaced by the value called NAME, `{NAME:FILTER}` by the value
 * in the form that its surroundings need; filters may follow one another and
 * work from left to right. `{{` and `}}` stand for the braces themselves; a
 * single `}` that closes nothing is an error.
 *
 *   url     percent-encoded but for letters, digits and - . _ ~
 *   json    the inside of a JSON string (the quotes are the template's)
 *   shell   one word for a POSIX shell, in single quotes
 *   base64  with padding, no line breaks
 *   hex     lower case
 *
 * The template is not secret and may be quoted in errors; what it becomes is.
 */
#ifndef BASE_TEMPLATE_H
#define BASE_TEMPLATE_H

#include "base/record.h"

/* Longest NAME with its filters. */
#define TEMPLATE_NAME_MAX 2200

/*
 * What NAME may be. FIELDS: a field's name. REFERENCES: a secret reference,
 * which has colons of its own, so that only the known filters at its end count
 * as filters.
 */
enum template_names { TEMPLATE_FIELDS = 1, TEMPLATE_REFERENCES };

/* Borrowed until the next call. */
typedef enum lks_status (*template_lookup)(void *context, const char *name,
					   const struct lks_buffer **ret_value,
					   struct lks_error *err);

/* LKS_INVALID says at which place what is wrong. `visit` may be NULL; it is
   called for each place in order and may fail. */
enum lks_status template_walk(const char *text, size_t len, enum template_names names,
			      enum lks_status (*visit)(void *context, const char *name,
						       struct lks_error *err),
			      void *context, struct lks_error *err) MUST_CHECK;
enum lks_status template_fill(const char *text, size_t len, enum template_names names,
			      template_lookup lookup, void *context, struct lks_buffer **ret_filled,
			      struct lks_error *err) MUST_CHECK;

/* Fill from a record's fields. LKS_NOT_FOUND names the field that it lacks. */
enum lks_status template_render(const char *text, const struct lks_record *record,
				struct lks_buffer **ret_filled, struct lks_error *err) MUST_CHECK;

#endif
