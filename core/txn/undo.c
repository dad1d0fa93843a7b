/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going back: values in reverse order, then the programs again in reverse, and
 * where nobody else could prove the old value, the programs prove it then.
 * Never refused by policy or a missing audit entry; an outage leaves the
 * operation as it is for the next run; what cannot be undone is for a person.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "txn/operation.h"

#define ATTEMPTS 3
#define PAUSE_MS 1000

static enum step_result undo_step(struct operation *operation, size_t index, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];

	operation_event(operation, EVENT_UNDO, (int)index + 1, step->title, 0, NULL);
	for (int attempt = 1;; attempt++) {
		enum step_result result;
		int64_t pause = (int64_t)attempt * PAUSE_MS;

		error_clear(err);
		if (operation_must_stop(operation))
			return STEP_STOPPED;
		result = step_functions(step->type)->undo(operation, index, err);
		if (result != STEP_OUTAGE || attempt == ATTEMPTS || !operation->foreground)
			return result;
		operation_event(operation, EVENT_RETRY, (int)index + 1, step->title,
				clock_wall_ms() + pause, err);
		if (!operation_sleep(operation, pause))
			return STEP_STOPPED;
	}
}

static enum step_result undo_all(struct operation *operation, bool reloads, struct lks_error *err)
{
	for (size_t i = operation->step_count; i-- > 0;) {
		const struct step *step = &operation->plan->steps[i];
		enum step_result result;

		if (!step_functions(step->type)->undo || (step->type == STEP_RELOAD) != reloads ||
		    !phase_is_begun(operation->steps[i].phase))
			continue;
		result = undo_step(operation, i, err);
		if (result)
			return result;
	}
	return STEP_OK;
}

/* The programs did not take the old value: the next attempt reloads them anew. */
static enum step_result owe_reloads(struct operation *operation, struct lks_error *err)
{
	for (size_t i = 0; i < operation->step_count; i++) {
		if (operation->plan->steps[i].type != STEP_RELOAD ||
		    strcmp(operation->steps[i].phase, "undone"))
			continue;
		if (step_intend(operation, i, "undo-intent", err))
			return STEP_BROKEN;
	}
	return STEP_OK;
}

/* Where only the programs know which value works, they are asked now. */
static enum step_result prove_undone(struct operation *operation, struct lks_error *err)
{
	struct lks_error broken = { 0 };
	enum step_result result;

	if (!json_flag(operation->row.notes, NOTE_PROVE_UNDONE))
		return STEP_OK;
	result = verify_undone(operation, err);
	if (result != STEP_FAILED || !owe_reloads(operation, &broken))
		return result;
	*err = broken;
	return STEP_BROKEN;
}

/* An operation that changed nothing ends with its cause's own code, where that
   says more: a person's `set` and `delete`, and an audit log that is gone. */
static enum exit_code exit_of(const struct operation *operation)
{
	enum exit_code own = error_exit_code(&operation->cause);

	if (operation->has_effect || !operation->cause.status)
		return EXIT_ROLLED_BACK;
	return strcmp(operation->row.kind, "rotate") || own == EXIT_AUDIT ? own : EXIT_ROLLED_BACK;
}

static enum lks_status begin_back(struct operation *operation, const struct lks_error *cause,
				  struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = "rolling-back",
		.state = OPERATION_ROLLING_BACK,
		.step = -1,
		.wait = json_is_object(operation->row.wait) ? json_null() : NULL,
		.with_notes = true,
		.with_cause = true,
	};
	enum lks_status status = LKS_OK;

	if (operation->state != OPERATION_ROLLING_BACK) {
		if (cause)
			operation->cause = *cause;
		status = operation_journal(operation, &entry, err);
	}
	if (!status)
		operation_event(operation, EVENT_ROLLING_BACK, 0, NULL, 0, &operation->cause);
	return status;
}

static enum lks_status finish_back(struct operation *operation, struct outcome *ret_outcome,
				   struct lks_error *err)
{
	enum exit_code code = exit_of(operation);
	const struct journal_entry entry = {
		.point = "final",
		.state = OPERATION_ROLLED_BACK,
		.step = -1,
		.wait = json_is_object(operation->row.wait) ? json_null() : NULL,
		.with_notes = true,
		.is_final = true,
	};
	enum lks_status status;

	json_put_number(operation->row.notes, "exit", code);
	status = operation_journal(operation, &entry, err);
	return status ? status : operation_conclude(operation, code, false, ret_outcome, err);
}

/* The store is away: the next run tries again, without limit. */
static enum lks_status leave_back(struct operation *operation, const struct lks_error *reason,
				  struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(json_freep) json_t *wait = wait_new("rollback", 0, 0, 0);
	const struct journal_entry entry = { .point = "outage", .step = -1, .wait = wait };
	enum lks_status status;

	if (!wait)
		return error_no_memory(err, "wait for a store");
	json_put(wait, "error", json_error(reason));
	status = operation_journal(operation, &entry, err);
	return status ? status
		      : operation_conclude(operation, EXIT_UNFINISHED, false, ret_outcome, err);
}

static enum lks_status stuck_back(struct operation *operation, const struct lks_error *reason,
				  struct outcome *ret_outcome, struct lks_error *err)
{
	if (operation->cause.status)
		json_put(operation->row.notes, "failed_because", json_error(&operation->cause));
	return operation_stuck(operation, reason, ret_outcome, err);
}

enum lks_status operation_roll_back(struct operation *operation, const struct lks_error *cause,
				    struct outcome *ret_outcome, struct lks_error *err)
{
	struct lks_error reason = { 0 };
	enum lks_status status = begin_back(operation, cause, err);
	enum step_result result;

	if (status)
		return status;
	result = undo_all(operation, false, &reason);
	if (!result && !operation->executor->skip_reloads) {
		result = undo_all(operation, true, &reason);
		if (!result)
			result = prove_undone(operation, &reason);
	}
	switch (result) {
	case STEP_OK:
		return finish_back(operation, ret_outcome, err);
	case STEP_OUTAGE:
		return leave_back(operation, &reason, ret_outcome, err);
	case STEP_WAITING:
	case STEP_STOPPED:
		return operation_conclude(operation, EXIT_INTERRUPTED, false, ret_outcome, err);
	case STEP_FAILED:
	case STEP_FOREIGN:
		return stuck_back(operation, &reason, ret_outcome, err);
	case STEP_BROKEN:
		break;
	}
	if (err)
		*err = reason;
	return reason.status;
}

enum lks_status operation_stuck(struct operation *operation, const struct lks_error *cause,
				struct outcome *ret_outcome, struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = "stuck",
		.state = OPERATION_STUCK,
		.step = -1,
		.wait = json_is_object(operation->row.wait) ? json_null() : NULL,
		.with_notes = true,
		.with_cause = true,
	};
	enum lks_status status;

	if (cause)
		operation->cause = *cause;
	error_operation(&operation->cause, operation->row.id);
	status = operation_journal(operation, &entry, err);
	return status ? status : operation_conclude(operation, EXIT_STUCK, true, ret_outcome, err);
}
