/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin says, without the secrets that it was given. */
#include <string.h>

#include "base/redact.h"
#include "base/text.h"
#include "store/internal.h"

static enum lks_status add_fields(struct redactor *redactor, const struct lks_record *record)
{
	enum redact_choice ignored;
	enum lks_status status = LKS_OK;

	for (size_t i = 0; record && !status && i < record->field_count; i++) {
		const struct lks_buffer *value = record->fields[i].value;

		status = redactor_add(redactor, value->data, value->len, &ignored, NULL);
	}
	return status;
}

static enum lks_status mask(const struct lks_record *first, const struct lks_record *second,
			    const char *said, struct text *masked)
{
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	enum lks_status status = redactor_new(&redactor, NULL);

	if (!status)
		status = add_fields(redactor, first);
	if (!status)
		status = add_fields(redactor, second);
	if (!status)
		status = redactor_build(redactor, NULL);
	if (!status && !redactor_count(redactor))
		text_add(masked, said);
	else if (!status)
		status = redact_text(redactor, said, strlen(said), masked, NULL);
	return status || text_ok(masked) ? status : LKS_NO_MEMORY;
}

void mask_said(const struct lks_record *first, const struct lks_record *second, char *said,
	       size_t size)
{
	AUTO(text_release) struct text masked = TEXT_INIT;

	if (!said[0])
		return;
	if (mask(first, second, said, &masked)) {
		string_copy(said, size, "what it said is not shown: memory for masking ran out");
		return;
	}
	string_copy(said, size, text_string(&masked));
}
