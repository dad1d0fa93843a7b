/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON through jansson, with an allocator whose free wipes. Every JSON text
 * that comes from outside is read with json_read(): duplicate keys, trailing
 * bytes, NULs and deep nesting are refused.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/error.h"

/* Call first in main(), before any other jansson call. */
void json_setup(void);

static inline void json_freep(json_t **value)
{
	json_decref(*value);
}

/* `what` names the source in errors; the text itself is never quoted. */
enum lks_status json_read(const void *data, size_t len, const char *what, json_t **ret_value,
			  struct lks_error *err) MUST_CHECK;
/* Sorted keys, no spaces: the same value always gives the same bytes. The
   caller frees with free(), which does not wipe: not for secrets. NULL: no memory. */
char *json_canonical(const json_t *value) MUST_CHECK;
/* The object every failure prints: status exit message where reference hint
   operation; members that are not known are null. */
json_t *json_error(const struct lks_error *err);

/* Member access that never fails: "" / 0 / false when missing or mistyped. */
const char *json_text(const json_t *object, const char *key);
int64_t json_number(const json_t *object, const char *key);
int json_flag(const json_t *object, const char *key);
/* Set, stealing nothing; a NULL text becomes null. Returns 0 or -1. */
int json_put_text(json_t *object, const char *key, const char *text);
int json_put_number(json_t *object, const char *key, int64_t number);
int json_put_flag(json_t *object, const char *key, int flag);
/* Takes the reference to `value`, also on failure. */
int json_put(json_t *object, const char *key, json_t *value);

#endif
