/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VERIFY: a verifier says "valid" of a value as it is stored. Unknown is an
 * outage. Invalid is asked again while a new credential may still be on its
 * way (the verifier's propagation).
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "txn/operation.h"

#define ASK_AGAIN_MS 1000

static enum step_result note_answer(struct operation *operation, size_t verify,
				    const struct lks_answer *answer, struct lks_error *err)
{
	json_t *entry = json_object();
	json_t *list = json_object_get(operation->row.notes, "verifications");

	if (!list) {
		json_put(operation->row.notes, "verifications", json_array());
		list = json_object_get(operation->row.notes, "verifications");
	}
	json_put_text(entry, "verifier", operation->plan->steps[verify].name);
	json_put_text(entry, "verdict", verdict_name(answer->verdict));
	json_put_text(entry, "message", answer->message[0] ? answer->message : NULL);
	json_put_text(entry, "identity", answer->identity[0] ? answer->identity : NULL);
	json_put_number(entry, "step", (json_int_t)verify + 1);
	json_put_number(entry, "at", clock_wall_ms());
	if (json_array_append_new(list, entry)) {
		error_no_memory(err, "note a verification");
		return STEP_OUTAGE;
	}
	return STEP_OK;
}

/* The record as stored; it must be what the operation put there. */
static enum step_result read_candidate(struct operation *operation, size_t verify,
				       const struct reference *reference,
				       const struct lks_record *wanted, struct lks_record *record,
				       struct lks_error *err)
{
	struct access access = operation_access(operation, ACTION_VERIFY, (int)verify + 1);
	char name[TARGET_NAME_MAX];

	target_name(reference, name, sizeof(name));
	if (store_get(operation->executor->stores, &access, reference, false, record, err)) {
		if (err->status == LKS_NOT_FOUND && wanted)
			error_prefix(err, "what was written is gone: ");
		return step_classify(err);
	}
	if (!wanted || record_equal(record, wanted))
		return STEP_OK;
	error_set(err, LKS_CONFLICT, "%s does not hold what was written: somebody else changed it",
		  name);
	error_reference(err, name);
	return operation->has_effect ? STEP_FOREIGN : STEP_FAILED;
}

static enum step_result ask(struct operation *operation, size_t verify, struct lks_record *record,
			    struct lks_answer *answer, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[verify];
	struct access access = operation_access(operation, ACTION_VERIFY, (int)verify + 1);

	memset(answer, 0, sizeof(*answer));
	if (verifier_ask(operation->executor->stores, &access, step->name, record, answer, err))
		return step_classify(err);
	if (answer->verdict != LKS_VERDICT_UNKNOWN)
		return STEP_OK;
	error_set(err, LKS_UNAVAILABLE, "the verifier %s could not tell: %s", step->name,
		  answer->message[0] ? answer->message : "no reason given");
	return STEP_OUTAGE;
}

static enum step_result invalid(const struct step *step, const struct lks_answer *answer,
				struct lks_error *err)
{
	error_set(err, LKS_FAILED, "the verifier %s says invalid%s%s", step->name,
		  answer->message[0] ? ": " : "", answer->message);
	error_exit(err, EXIT_VERIFICATION);
	return STEP_FAILED;
}

/* Until an answer counts. */
static enum step_result ask_about(struct operation *operation, size_t verify,
				  const struct reference *reference,
				  const struct lks_record *wanted, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[verify];
	int64_t propagation = verifier_propagation_ms(operation->executor->stores, step->name);
	int64_t begun = clock_boot_ms();

	for (;;) {
		AUTO(record_freep) struct lks_record *record = NULL;
		struct lks_answer answer;
		enum step_result result = STEP_OUTAGE;
		int64_t left;

		if (!record_new(&record, err))
			result = read_candidate(operation, verify, reference, wanted, record, err);
		if (!result)
			result = ask(operation, verify, record, &answer, err);
		if (result)
			return result;
		left = begun + propagation - clock_boot_ms();
		if (answer.verdict == LKS_VERDICT_VALID || left <= 0) {
			result = note_answer(operation, verify, &answer, err);
			if (result || answer.verdict == LKS_VERDICT_VALID)
				return result;
			return invalid(step, &answer, err);
		}
		if (!operation_sleep(operation, left < ASK_AGAIN_MS ? left : ASK_AGAIN_MS)) {
			error_set(err, LKS_UNAVAILABLE, "stopped while asking %s", step->name);
			return STEP_STOPPED;
		}
	}
}

enum step_result verify_step(struct operation *operation, size_t verify, size_t now,
			     struct lks_error *err)
{
	const struct reference *reference = plan_candidate_at(operation->plan, verify, now);

	return ask_about(operation, verify, reference,
			 plan_value_at(operation->plan, operation->values, now, reference), err);
}

enum step_result step_verify_run(struct operation *operation, size_t index, struct lks_error *err)
{
	enum step_result result = verify_step(operation, index, index, err);

	return result ? result : step_finish(operation, index, NULL, err);
}

/* Is it the same record, where it is by now? */
static bool same_candidate(const struct plan *plan, size_t a, size_t b, size_t now)
{
	const struct reference *first = plan_candidate_at(plan, a, now);
	const struct reference *second = plan_candidate_at(plan, b, now);

	return !strcmp(first->store, second->store) && !strcmp(first->path, second->path) &&
	       first->label == second->label;
}

/* The verifier's last step about a record before `now` counts: it asks about
   the newest value. */
static bool is_last_of_verifier(const struct plan *plan, size_t index, size_t now)
{
	if (plan->steps[index].type != STEP_VERIFY)
		return false;
	for (size_t i = index + 1; i < now; i++) {
		if (plan->steps[i].type == STEP_VERIFY &&
		    !strcmp(plan->steps[i].name, plan->steps[index].name) &&
		    same_candidate(plan, i, index, now))
			return false;
	}
	return true;
}

enum step_result verify_all(struct operation *operation, size_t now, struct lks_error *err)
{
	for (size_t i = 0; i < now; i++) {
		enum step_result result;

		if (!is_last_of_verifier(operation->plan, i, now))
			continue;
		result = verify_step(operation, i, now, err);
		if (result)
			return result;
	}
	return STEP_OK;
}

/* --- the old value, before a rollback that a person asked for --- */

/* What was at the place of the candidate before the operation, if the operation
   has changed it (`undone`: and put it back); NULL: nothing to prove. */
static const struct lks_record *old_of(const struct operation *operation, size_t verify,
				       bool undone)
{
	const struct plan *plan = operation->plan;
	const struct reference *candidate = plan_candidate_at(plan, verify, plan->step_count);

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if (step_is_after(step) || (!undone && !phase_is_begun(operation->steps[i].phase)))
			continue;
		for (size_t j = 0; j < step->target_count; j++) {
			const struct target *target = &step->targets[j];

			if (!strcmp(target->reference.store, candidate->store) &&
			    !strcmp(target->reference.path, candidate->path) &&
			    target->reference.label == candidate->label)
				return plan_value_at(plan, operation->values, 0, candidate);
		}
	}
	return NULL;
}

static enum lks_status prove_old(struct operation *operation, size_t verify,
				 const struct lks_record *old, bool *ret_is_invalid,
				 struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[verify];
	struct access access = operation_access(operation, ACTION_VERIFY, (int)verify + 1);
	struct lks_answer answer = { 0 };
	enum lks_status status =
		verifier_ask(operation->executor->stores, &access, step->name, old, &answer, err);

	if (status)
		return status;
	if (answer.verdict == LKS_VERDICT_VALID)
		return LKS_OK;
	if (answer.verdict == LKS_VERDICT_UNKNOWN)
		error_set(err, LKS_UNAVAILABLE,
			  "whether the old value works is not known: the verifier %s could not "
			  "tell: %s",
			  step->name, answer.message[0] ? answer.message : "no reason given");
	else
		error_set(err, LKS_CONFLICT,
			  "the old value does not work any more: the verifier %s says invalid%s%s",
			  step->name, answer.message[0] ? ": " : "", answer.message);
	error_hint(err, "nothing was touched; `lockstep rotate %s` makes a new value",
		   operation->row.name);
	*ret_is_invalid = answer.verdict != LKS_VERDICT_UNKNOWN;
	return answer.verdict == LKS_VERDICT_UNKNOWN ? LKS_UNAVAILABLE : LKS_CONFLICT;
}

enum lks_status verify_old(struct operation *operation, bool *ret_is_invalid, struct lks_error *err)
{
	size_t end = operation->plan->step_count;

	*ret_is_invalid = false;
	for (size_t i = 0; i < end; i++) {
		const struct lks_record *old;
		enum lks_status status;

		if (!is_last_of_verifier(operation->plan, i, end))
			continue;
		old = old_of(operation, i, false);
		status = old ? prove_old(operation, i, old, ret_is_invalid, err) : LKS_OK;
		if (status)
			return status;
	}
	return LKS_OK;
}

enum step_result verify_undone(struct operation *operation, struct lks_error *err)
{
	const struct plan *plan = operation->plan;

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct lks_record *old;
		enum step_result result;

		if (!is_last_of_verifier(plan, i, plan->step_count))
			continue;
		old = old_of(operation, i, true);
		if (!old)
			continue;
		result = ask_about(operation, i, plan_candidate_at(plan, i, plan->step_count), old,
				   err);
		if (result)
			return result;
	}
	return STEP_OK;
}
