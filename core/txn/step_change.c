/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WRITE, DELETE and LABEL: records of one store change in one call. What is to
 * be done is found by reading: a target that holds the new value is done, one
 * that holds the old is changed with the version just read as the condition,
 * anything else is somebody else's and is never overwritten.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "txn/operation.h"

void probe_release(struct probe *probe)
{
	record_free(probe->record);
	probe->record = NULL;
}

static bool holds(const struct lks_record *found, const struct lks_record *wanted)
{
	if (!found || !wanted)
		return !found && !wanted;
	return record_equal(found, wanted);
}

enum lks_status probe_target(struct operation *operation, const struct reference *reference,
			     const struct lks_record *before, const struct lks_record *after,
			     bool prefer_new, int step, struct probe *ret_probe,
			     struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	struct access access = operation_access(operation, ACTION_GET, step);
	enum lks_status status = record_new(&record, err);

	if (status)
		return status;
	status = store_get(operation->executor->stores, &access, reference, true, record, err);
	if (status && status != LKS_NOT_FOUND)
		return status;
	if (!status)
		ret_probe->record = TAKE(record);
	error_clear(err);
	if (prefer_new && holds(ret_probe->record, after))
		ret_probe->holds = TARGET_NEW;
	else if (holds(ret_probe->record, before))
		ret_probe->holds = TARGET_OLD;
	else
		ret_probe->holds = holds(ret_probe->record, after) ? TARGET_NEW : TARGET_OTHER;
	return LKS_OK;
}

/* --- all targets of one step --- */

struct probes {
	struct probe *items;
	size_t count;
	size_t old, fresh, other;
	const struct target *foreign; /* the first that is other */
};

static void probes_release(struct probes *probes)
{
	for (size_t i = 0; i < probes->count; i++)
		probe_release(&probes->items[i]);
	free(probes->items);
	memset(probes, 0, sizeof(*probes));
}

static const struct lks_record *before(const struct operation *operation, size_t index,
				       const struct target *target)
{
	return plan_value_at(operation->plan, operation->values, index, &target->reference);
}

static const struct lks_record *after(const struct operation *operation, size_t index,
				      const struct target *target)
{
	return plan_value_at(operation->plan, operation->values, index + 1, &target->reference);
}

static enum lks_status probe_step(struct operation *operation, size_t index, bool undoing,
				  struct probes *probes, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];

	probes->items = calloc(step->target_count + 1, sizeof(*probes->items));
	if (!probes->items)
		return error_no_memory(err, "look at the targets");
	for (; probes->count < step->target_count; probes->count++) {
		const struct target *target = &step->targets[probes->count];
		struct probe *probe = &probes->items[probes->count];
		enum lks_status status = probe_target(
			operation, &target->reference, before(operation, index, target),
			after(operation, index, target), !undoing, (int)index + 1, probe, err);

		if (status)
			return status;
		probes->old += probe->holds == TARGET_OLD;
		probes->fresh += probe->holds == TARGET_NEW;
		probes->other += probe->holds == TARGET_OTHER;
		if (probe->holds == TARGET_OTHER && !probes->foreign)
			probes->foreign = target;
	}
	return LKS_OK;
}

static enum step_result foreign(const struct target *target, struct lks_error *err)
{
	char name[TARGET_NAME_MAX];

	target_name(&target->reference, name, sizeof(name));
	error_set(err, LKS_CONFLICT,
		  "%s holds neither the old nor the new value: somebody else changed it", name);
	error_reference(err, name);
	error_hint(err, "it is left as it is; set it to the value that is right, then resume or "
			"roll back");
	return STEP_FOREIGN;
}

/* --- the change itself --- */

struct changes {
	struct store_change *items;
	size_t count;
};

static void changes_release(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		record_free(changes->items[i].record);
	free(changes->items);
}

/* Those targets that do not hold what they should. */
static enum lks_status make_changes(struct operation *operation, size_t index,
				    const struct probes *probes, bool undoing,
				    struct changes *changes, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];
	enum target_holds wanted = undoing ? TARGET_OLD : TARGET_NEW;

	changes->items = calloc(step->target_count + 1, sizeof(*changes->items));
	if (!changes->items)
		return error_no_memory(err, "change the targets");
	for (size_t i = 0; i < step->target_count; i++) {
		const struct target *target = &step->targets[i];
		const struct probe *probe = &probes->items[i];
		const struct lks_record *value = undoing ? before(operation, index, target)
							 : after(operation, index, target);
		struct store_change *change = &changes->items[changes->count];

		if (probe->holds == wanted)
			continue;
		change->reference = target->reference;
		/* A store without versions is compared by the probe alone. */
		if (!probe->record)
			change->expected = "";
		else if (probe->record->version[0])
			change->expected = probe->record->version;
		changes->count++;
		if (value) {
			enum lks_status status = record_copy(value, &change->record, err);

			if (status)
				return status;
			/* The copy's version is of another time. */
			change->record->version[0] = '\0';
		}
	}
	return LKS_OK;
}

static void put_version(json_t *versions, const struct reference *reference,
			const struct lks_record *record)
{
	char name[TARGET_NAME_MAX];

	if (!record || !record->version[0])
		return;
	target_name(reference, name, sizeof(name));
	json_put_text(versions, name, record->version);
}

/* What was changed now, and what an earlier process had changed before it died:
   that is found as new by the probe. */
static json_t *versions_of(const struct step *step, const struct probes *probes,
			   const struct changes *changes)
{
	json_t *detail = json_object();
	json_t *versions = json_object();

	for (size_t i = 0; i < step->target_count; i++)
		if (probes->items[i].holds == TARGET_NEW)
			put_version(versions, &step->targets[i].reference, probes->items[i].record);
	for (size_t i = 0; i < changes->count; i++)
		put_version(versions, &changes->items[i].reference, changes->items[i].record);
	json_put(detail, "versions", versions);
	return detail;
}

/* A refusal that changed nothing: the step was never begun. */
static enum step_result take_back_intent(struct operation *operation, size_t index,
					 struct lks_error *err)
{
	struct lks_error broken = { 0 };
	const struct journal_entry entry = {
		.point = "refused",
		.step = (int)index,
		.phase = "todo",
	};

	if (!operation_journal(operation, &entry, &broken))
		return STEP_FAILED;
	*err = broken;
	return STEP_BROKEN;
}

/* The store said no. What is there now decides what that means. */
static enum step_result judge_refusal(struct operation *operation, size_t index, bool had_effect,
				      struct lks_error *err)
{
	AUTO(probes_release) struct probes probes = { 0 };
	struct lks_error ignored = { 0 };
	bool is_conflict = err->status == LKS_CONFLICT;

	if (probe_step(operation, index, false, &probes, &ignored)) {
		/* It cannot be seen now: the undo will look again. */
		return STEP_FAILED;
	}
	if (!probes.fresh) {
		operation->has_effect = had_effect;
		/* Nothing of ours is in the stores: an ordinary conflict. */
		if (!probes.other || !had_effect)
			return take_back_intent(operation, index, err);
	}
	if (probes.other)
		return foreign(probes.foreign, err);
	/* Somebody wrote and took it back in between: look again. */
	return is_conflict ? STEP_OUTAGE : STEP_FAILED;
}

enum step_result step_change_run(struct operation *operation, size_t index, struct lks_error *err)
{
	AUTO(probes_release) struct probes probes = { 0 };
	AUTO(changes_release) struct changes changes = { 0 };
	AUTO(json_freep) json_t *detail = NULL;
	bool had_effect = operation->has_effect;
	struct access access =
		operation_access(operation, operation_action(operation), (int)index + 1);
	enum step_result result;

	if (probe_step(operation, index, false, &probes, err))
		return step_classify(err);
	if (probes.other) {
		result = foreign(probes.foreign, err);
		/* Nothing of ours is in the stores: an ordinary conflict. */
		return had_effect ? result : STEP_FAILED;
	}
	if (probes.old) {
		result = step_intend(operation, index, "intent", err);
		if (result)
			return result;
		operation->has_effect = true;
		if (make_changes(operation, index, &probes, false, &changes, err) ||
		    TXN_FAILPOINT("txn.effect.before", err))
			return step_classify(err);
		if (store_change(operation->executor->stores, &access, changes.items, changes.count,
				 err)) {
			result = step_classify(err);
			return result == STEP_OUTAGE
				       ? result
				       : judge_refusal(operation, index, had_effect, err);
		}
		if (TXN_FAILPOINT("txn.effect.after", err))
			return STEP_FAILED;
	}
	operation->has_effect = true;
	detail = versions_of(&operation->plan->steps[index], &probes, &changes);
	return step_finish(operation, index, detail, err);
}

static enum step_result finish_undo(struct operation *operation, size_t index,
				    struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = "undone",
		.step = (int)index,
		.phase = "undone",
	};

	return operation_journal(operation, &entry, err) ? STEP_BROKEN : STEP_OK;
}

enum step_result step_change_undo(struct operation *operation, size_t index, struct lks_error *err)
{
	AUTO(probes_release) struct probes probes = { 0 };
	AUTO(changes_release) struct changes changes = { 0 };
	struct access access = operation_access(operation, ACTION_ROLLBACK, (int)index + 1);
	enum step_result result;

	if (probe_step(operation, index, true, &probes, err))
		return step_classify(err);
	if (probes.other)
		return foreign(probes.foreign, err);
	if (!probes.fresh)
		return finish_undo(operation, index, err);
	result = step_intend(operation, index, "undo-intent", err);
	if (result)
		return result;
	if (make_changes(operation, index, &probes, true, &changes, err) ||
	    TXN_FAILPOINT("txn.undo.before", err))
		return step_classify(err);
	if (store_change(operation->executor->stores, &access, changes.items, changes.count, err)) {
		/* A lost race: what is there now says what to do. */
		return err->status == LKS_CONFLICT ? STEP_OUTAGE : step_classify(err);
	}
	if (TXN_FAILPOINT("txn.undo.after", err))
		return STEP_FAILED;
	return finish_undo(operation, index, err);
}

enum step_result probe_all_new(struct operation *operation, struct lks_error *err)
{
	const struct plan *plan = operation->plan;
	size_t end = 0;

	while (end < plan->step_count && !step_is_after(&plan->steps[end]))
		end++;
	for (size_t i = 0; i < end; i++) {
		for (size_t j = 0; j < plan->steps[i].target_count; j++) {
			const struct target *target = &plan->steps[i].targets[j];
			AUTO(probe_release) struct probe probe = { 0 };

			if (plan_last_change(plan, end, &target->reference) != target)
				continue;
			if (probe_target(
				    operation, &target->reference,
				    plan_value_at(plan, operation->values, 0, &target->reference),
				    values_get(operation->values, target->value), true, (int)i + 1,
				    &probe, err))
				return step_classify(err);
			if (probe.holds != TARGET_NEW)
				return foreign(target, err);
		}
	}
	return STEP_OK;
}
