/* SPDX-License-Identifier: Apache-2.0 */
/* The strategy `immediate`: write the new values where they live; take them
   back if a program or a verifier does not like them. */
#include "rotate/steps.h"

enum lks_status plan_immediate(struct draft *draft, struct lks_error *err)
{
	enum lks_status status = LKS_OK;
	for (size_t i = 0; i < draft->shape->count && status == LKS_OK; i++) {
		const struct shape_record *record = &draft->shape->records[i];
		struct step *step = draft_step(draft, 0, STEP_WRITE, record->reference.store, err);
		if (!step)
			return no_step(err);
		status = draft_write(draft, step, record, err);
	}
	if (status == LKS_OK)
		status = steps_name(draft, 0, "write", err);
	if (status == LKS_OK)
		status = draft_reload(draft, err);
	if (status == LKS_OK)
		status = draft_verify(draft, false, err);
	if (status == LKS_OK)
		status = draft_soak(draft, err);
	return status;
}
