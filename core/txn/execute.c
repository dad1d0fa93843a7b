/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going forward: step after step, what each outcome of a step leads to, and
 * outages.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "txn/operation.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 60000
/* After the commit nothing presses: the next run goes on. */
#define ATTEMPTS_AFTER_COMMIT 3

static size_t next_step(const struct operation *operation)
{
	size_t index = 0;

	while (index < operation->step_count && phase_is_over(operation->steps[index].phase))
		index++;
	return index;
}

static enum lks_status journal_state(struct operation *operation, const char *point,
				     enum operation_state state, bool is_final,
				     struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = point,
		.state = state,
		.step = -1,
		.wait = json_is_object(operation->row.wait) ? json_null() : NULL,
		.with_notes = true,
		.is_final = is_final,
	};

	return operation_journal(operation, &entry, err);
}

static enum lks_status commit_if_due(struct operation *operation, struct lks_error *err)
{
	enum lks_status status;

	if (operation->state == OPERATION_COMMITTED || operation->state == OPERATION_RETIRING)
		return LKS_OK;
	status = journal_state(operation, "committed", OPERATION_COMMITTED, false, err);
	if (!status)
		operation_event(operation, EVENT_COMMITTED, 0, NULL, 0, NULL);
	return status;
}

static enum lks_status finish(struct operation *operation, struct outcome *ret_outcome,
			      struct lks_error *err)
{
	enum lks_status status = commit_if_due(operation, err);

	json_put_number(operation->row.notes, "exit", EXIT_DONE);
	if (!status)
		status = journal_state(operation, "final", OPERATION_DONE, true, err);
	return status ? status : operation_conclude(operation, EXIT_DONE, false, ret_outcome, err);
}

/* --- outages --- */

enum after_outage { TRY_AGAIN, GIVE_UP, LEAVE, STOP, BROKEN };

static int64_t backoff_ms(int64_t attempts, const struct lks_error *cause)
{
	int64_t delay = BACKOFF_FIRST_MS;
	uint32_t jitter = 0;

	while (--attempts > 0 && delay < BACKOFF_MOST_MS)
		delay *= 2;
	if (delay > BACKOFF_MOST_MS)
		delay = BACKOFF_MOST_MS;
	if (!random_below((uint32_t)delay / 4, &jitter, NULL))
		delay -= jitter;
	return cause->retry_after_ms > delay ? cause->retry_after_ms : delay;
}

static json_t *outage_of(struct operation *operation, size_t index)
{
	json_t *wait = operation->row.wait;

	if (json_is_object(wait) && !strcmp(json_text(wait, "for"), "outage") &&
	    json_number(wait, "step") == (int64_t)index + 1)
		return json_incref(wait);
	return wait_new("outage", (int)index + 1, operation->plan->give_up_ms, 0);
}

static enum after_outage meet_outage(struct operation *operation, size_t index,
				     const struct lks_error *cause, struct lks_error *err)
{
	AUTO(json_freep) json_t *wait = outage_of(operation, index);
	bool is_after = step_is_after(&operation->plan->steps[index]);
	int64_t attempts = json_number(wait, "attempts") + 1;
	int64_t left = operation->plan->give_up_ms - (wait ? wait_elapsed_ms(wait) : 0);
	int64_t delay = backoff_ms(attempts, cause);
	bool leave = !operation->foreground || (is_after && attempts >= ATTEMPTS_AFTER_COMMIT);
	const struct journal_entry entry = {
		.point = "outage",
		.state = is_after ? (enum operation_state)0 : OPERATION_WAITING,
		.step = -1,
		.wait = wait,
	};

	if (!wait) {
		error_no_memory(err, "wait for a store");
		return BROKEN;
	}
	if (!is_after && left <= 0 && (operation->plan->auto_rollback || !operation->has_effect))
		return GIVE_UP;
	if (!is_after && left > 0 && delay > left)
		delay = left;
	json_put_number(wait, "attempts", attempts);
	json_put_number(wait, "next_wall_ms", clock_wall_ms() + delay);
	json_put(wait, "error", json_error(cause));
	if (operation_journal(operation, &entry, err))
		return BROKEN;
	operation_event(operation, EVENT_RETRY, (int)index + 1, operation->plan->steps[index].title,
			clock_wall_ms() + delay, cause);
	/* Without automatic rollback a person decides when to stop trying. */
	if (leave || (!is_after && left <= 0))
		return LEAVE;
	return operation_sleep(operation, delay) ? TRY_AGAIN : STOP;
}

/* --- failures --- */

static enum lks_status fail(struct operation *operation, size_t index,
			    const struct lks_error *cause, struct outcome *ret_outcome,
			    struct lks_error *err)
{
	bool is_after = step_is_after(&operation->plan->steps[index]) ||
			operation->state == OPERATION_COMMITTED;

	if (is_after || (!operation->plan->auto_rollback && operation->has_effect))
		return operation_stuck(operation, cause, ret_outcome, err);
	return operation_roll_back(operation, cause, ret_outcome, err);
}

static enum lks_status after_outage(struct operation *operation, size_t index,
				    const struct lks_error *cause, struct outcome *ret_outcome,
				    bool *ret_again, struct lks_error *err)
{
	switch (meet_outage(operation, index, cause, err)) {
	case TRY_AGAIN:
		*ret_again = true;
		return LKS_OK;
	case GIVE_UP:
		return fail(operation, index, cause, ret_outcome, err);
	case LEAVE:
		operation->cause = *cause;
		return operation_conclude(operation, EXIT_UNFINISHED, false, ret_outcome, err);
	case STOP:
		return operation_conclude(operation, EXIT_INTERRUPTED, false, ret_outcome, err);
	case BROKEN:
		break;
	}
	return err->status;
}

static enum step_result run_step(struct operation *operation, size_t index, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];
	enum step_result result = STEP_OK;

	operation_event(operation, EVENT_STEP, (int)index + 1, step->title, 0, NULL);
	if (step_is_after(step)) {
		if (commit_if_due(operation, err))
			return STEP_BROKEN;
		/* Where something is kept, that wait ends with the same proof. */
		if (operation->state == OPERATION_COMMITTED && !step_is_keep_previous(step) &&
		    (!index || !step_is_keep_previous(&operation->plan->steps[index - 1])))
			result = prove_before_retiring(operation, index, err);
	}
	return result ? result : step_functions(step->type)->run(operation, index, err);
}

/* What a step's result leads to; `*ret_again`: go on with the loop. */
static enum lks_status follow(struct operation *operation, size_t index, enum step_result result,
			      const struct lks_error *cause, struct outcome *ret_outcome,
			      bool *ret_again, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];

	switch (result) {
	case STEP_OK:
		operation_event(operation, EVENT_STEP_DONE, (int)index + 1, step->title, 0, NULL);
		*ret_again = true;
		return LKS_OK;
	case STEP_WAITING:
		/* Keeping the old value is no waiting: the rotation is done. */
		return operation_conclude(operation,
					  step_is_keep_previous(step) ? EXIT_DONE : EXIT_UNFINISHED,
					  false, ret_outcome, err);
	case STEP_STOPPED:
		return operation_conclude(operation, EXIT_INTERRUPTED, false, ret_outcome, err);
	case STEP_OUTAGE:
		return after_outage(operation, index, cause, ret_outcome, ret_again, err);
	case STEP_FAILED:
		return fail(operation, index, cause, ret_outcome, err);
	case STEP_FOREIGN:
		return operation_stuck(operation, cause, ret_outcome, err);
	case STEP_BROKEN:
		break;
	}
	if (err)
		*err = *cause;
	return cause->status;
}

enum lks_status operation_execute(struct operation *operation, struct outcome *ret_outcome,
				  struct lks_error *err)
{
	for (;;) {
		size_t index = next_step(operation);
		struct lks_error cause = { 0 };
		bool again = false;
		enum step_result result;
		enum lks_status status;

		if (index == operation->step_count)
			return finish(operation, ret_outcome, err);
		if (operation_must_stop(operation))
			return operation_conclude(operation, EXIT_INTERRUPTED, false, ret_outcome,
						  err);
		result = run_step(operation, index, &cause);
		status = follow(operation, index, result, &cause, ret_outcome, &again, err);
		if (!again)
			return status;
	}
}
