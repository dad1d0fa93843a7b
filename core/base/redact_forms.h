/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms in which a secret turns up in texts. Each is handed to `add` once;
 * the bytes are valid during the call only and are in secret memory.
 */
#ifndef BASE_REDACT_FORMS_H
#define BASE_REDACT_FORMS_H

#include "base/secret.h"

/* The longest form. Longer secrets are cut into pieces that overlap. */
#define REDACT_FORM_MAX 3072

typedef enum lks_status (*redact_form_sink)(void *context, const unsigned char *form, size_t len,
					    struct lks_error *err);
enum lks_status redact_forms(const void *secret, size_t len, redact_form_sink add, void *context,
			     struct lks_error *err) MUST_CHECK;
/* Would masking it spoil ordinary output: a word or a short number? */
bool redact_is_common(const void *secret, size_t len);

#endif
