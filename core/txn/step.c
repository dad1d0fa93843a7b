/* SPDX-License-Identifier: Apache-2.0 */
/* The table of step types, and what all steps share. */
#include <string.h>

#include "base/json.h"
#include "txn/operation.h"

static const struct step_functions functions[] = {
	[STEP_WRITE] = { step_change_run, step_change_undo },
	[STEP_DELETE] = { step_change_run, step_change_undo },
	[STEP_LABEL] = { step_change_run, step_change_undo },
	[STEP_VERIFY] = { step_verify_run, NULL },
	[STEP_WAIT] = { step_wait_run, NULL },
	[STEP_RELOAD] = { step_reload_run, step_reload_undo },
	[STEP_RUN] = { NULL, NULL },
};

const struct step_functions *step_functions(enum step_type type)
{
	if (type < STEP_WRITE || type > STEP_RUN || !functions[type].run)
		return NULL;
	return &functions[type];
}

enum step_result step_classify(const struct lks_error *err)
{
	/* An audit log that cannot take an entry is an outage of ours, but
	   before the first effect it ends the operation at once. */
	if (error_exit_code(err) == EXIT_AUDIT)
		return STEP_FAILED;
	switch (err->status) {
	case LKS_UNAVAILABLE:
	case LKS_THROTTLED:
	case LKS_UNCERTAIN:
	case LKS_NO_MEMORY:
		return STEP_OUTAGE;
	default:
		return STEP_FAILED;
	}
}

static bool is_last_before(const struct operation *operation, size_t index)
{
	if (step_is_after(&operation->plan->steps[index]))
		return false;
	for (size_t i = index + 1; i < operation->step_count; i++) {
		if (!step_is_after(&operation->plan->steps[i]))
			return false;
	}
	return true;
}

enum operation_state step_done_state(const struct operation *operation, size_t index)
{
	if (is_last_before(operation, index))
		return OPERATION_COMMITTED;
	if (step_is_keep_previous(&operation->plan->steps[index]))
		return (enum operation_state)0;
	return step_is_after(&operation->plan->steps[index]) ? OPERATION_RETIRING
							     : OPERATION_RUNNING;
}

enum step_result step_finish(struct operation *operation, size_t index, json_t *detail,
			     struct lks_error *err)
{
	enum operation_state state = step_done_state(operation, index);
	const struct journal_entry entry = {
		.point = "done",
		.state = state,
		.step = (int)index,
		.phase = "done",
		.detail = detail,
		.wait = json_is_object(operation->row.wait) ? json_null() : NULL,
		.with_notes = true,
	};

	/* From here on the new values count: all of them must still be there,
	   also those that were written before a long verification. */
	if (state == OPERATION_COMMITTED && index > 0) {
		enum step_result result = probe_all_new(operation, err);

		if (result)
			return result;
	}
	if (operation_journal(operation, &entry, err))
		return STEP_BROKEN;
	if (state == OPERATION_COMMITTED)
		operation_event(operation, EVENT_COMMITTED, 0, NULL, 0, NULL);
	return STEP_OK;
}

enum step_result step_intend(struct operation *operation, size_t index, const char *phase,
			     struct lks_error *err)
{
	bool undoing = !strcmp(phase, "undo-intent");
	const struct journal_entry entry = {
		.point = undoing ? "undo-intent" : "intent",
		.state = undoing                                         ? (enum operation_state)0
			 : step_is_after(&operation->plan->steps[index]) ? OPERATION_RETIRING
									 : OPERATION_RUNNING,
		.step = (int)index,
		.phase = phase,
	};

	if (!strcmp(operation->steps[index].phase, phase))
		return STEP_OK;
	return operation_journal(operation, &entry, err) ? STEP_BROKEN : STEP_OK;
}
