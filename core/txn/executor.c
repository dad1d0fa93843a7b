/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning an operation, and taking one up again: the public half. */
#include "txn/executor.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/random.h"
#include "txn/operation.h"

/* --- beginning --- */

/* Everything that is changed is claimed, whether a planner named it or not. */
static enum lks_status claims_of(const struct plan *plan, struct plan *ret_claims,
				 struct lks_error *err)
{
	for (size_t i = 0; i < plan->records.count; i++) {
		enum lks_status status =
			plan_strings_add(&ret_claims->records, plan->records.items[i], err);

		if (status)
			return status;
	}
	for (size_t i = 0; i < plan->step_count; i++) {
		for (size_t j = 0; j < plan->steps[i].target_count; j++) {
			enum lks_status status = plan_add_record(
				ret_claims, &plan->steps[i].targets[j].reference, err);

			if (status)
				return status;
		}
	}
	return LKS_OK;
}

static enum lks_status judge_plan(const struct plan *plan, struct lks_error *err)
{
	bool after = false;

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if (!step_functions(step->type))
			return error_set(err, LKS_UNSUPPORTED,
					 "this version cannot carry out a step of type %s",
					 step_type_name(step->type));
		if ((step_changes(step) && !step->target_count) ||
		    (step->type == STEP_VERIFY && (!step->name || !step->candidate.store[0])) ||
		    (step->type == STEP_RELOAD && (!step->name || !step->command.count)))
			return error_set(err, LKS_INVALID,
					 "step %zu (%s) of the plan is incomplete", i + 1,
					 step_type_name(step->type));
		if (after && !step_is_after(step))
			return error_set(err, LKS_INVALID,
					 "step %zu of the plan comes after the point of no return "
					 "but says before",
					 i + 1);
		after = step_is_after(step);
	}
	return LKS_OK;
}

static enum lks_status fill_row(struct operation *operation, const struct plan *plan,
				const char *id, struct lks_error *err)
{
	struct operation_row *row = &operation->row;
	const struct executor *executor = operation->executor;
	enum lks_status status = LKS_OK;

	if (id)
		memcpy(row->id, id, strnlen(id, sizeof(row->id) - 1));
	else
		status = uuid7_make(row->id, err);
	row->kind = strdup(plan->kind);
	row->name = strdup(plan->name);
	row->state = strdup(operation_state_name(OPERATION_PLANNED));
	row->subject = strdup(executor->subject ? executor->subject->name : "");
	row->request = strdup(executor->request ? executor->request : "");
	row->reason = strdup("");
	row->plan = plan_to_json(plan);
	row->wait = json_null();
	row->error = json_null();
	row->notes = json_object();
	if (row->notes && executor->config && executor->config->path)
		json_put_text(row->notes, NOTE_CONFIG, executor->config->path);
	row->created_wall_ms = row->updated_wall_ms = clock_wall_ms();
	if (!status && (!row->kind || !row->name || !row->state || !row->subject || !row->request ||
			!row->reason || !row->plan || !row->notes))
		status = error_no_memory(err, "begin an operation");
	return status ? status : plan_hash(&plan, 1, row->plan_hash, err);
}

static enum lks_status fill_steps(struct operation *operation, struct lks_error *err)
{
	operation->steps = calloc(operation->plan->step_count + 1, sizeof(*operation->steps));
	if (!operation->steps)
		return error_no_memory(err, "begin an operation");
	for (size_t i = 0; i < operation->plan->step_count; i++) {
		operation->steps[i].number = (int)i + 1;
		operation->steps[i].phase = strdup("todo");
		operation->step_count = i + 1;
		if (!operation->steps[i].phase)
			return error_no_memory(err, "begin an operation");
	}
	return LKS_OK;
}

static enum lks_status insert(struct operation *operation, const struct plan *plan, const char *id,
			      struct lks_error *err)
{
	AUTO(plan_freep) struct plan *claims = NULL;
	enum lks_status status = fill_row(operation, plan, id, err);

	/* A copy: what is executed is what is stored. */
	if (!status)
		status = plan_from_json(operation->row.plan, &operation->plan, err);
	if (!status)
		status = fill_steps(operation, err);
	if (!status)
		status = values_new(&operation->values, err);
	if (!status)
		status = plan_new("claims", "", &claims, err);
	if (!status)
		status = claims_of(plan, claims, err);
	if (!status)
		status = TXN_FAILPOINT("txn.begin.before", err);
	if (!status)
		status = state_operation_begin(operation->executor->state, &operation->row,
					       (const char *const *)claims->records.items,
					       claims->records.count, (int)operation->step_count,
					       err);
	if (status)
		return status;
	operation->state = OPERATION_PLANNED;
	return TXN_FAILPOINT("txn.begin.after", err);
}

/* --- what is there before --- */

static enum lks_status compare_version(const struct target *target, const char *name,
				       const struct lks_record *record, bool is_planned,
				       struct lks_error *err)
{
	if (!target->expected)
		return LKS_OK;
	if (!target->expected[0] && !record)
		return LKS_OK;
	if (target->expected[0] && record && !strcmp(record->version, target->expected))
		return LKS_OK;
	error_set(err, LKS_CONFLICT, "%s %s: %s", name,
		  is_planned ? "has changed since the plan was made"
			     : "is not at the version that was named",
		  target->expected[0] ? record ? "it has another version" : "it is gone"
		  : is_planned        ? "nothing was there then"
				      : "it is there already");
	error_reference(err, name);
	if (is_planned)
		error_hint(err, "plan again");
	else
		error_hint(err, "read it again, its version too: lockstep get --json %s", name);
	return LKS_CONFLICT;
}

static enum lks_status read_old(struct operation *operation, const struct target *target, int step,
				struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	struct access access = operation_access(operation, ACTION_GET, step);
	char name[TARGET_NAME_MAX];
	char old[TARGET_NAME_MAX + 8];
	/* Not what a person asked for with `set` and a version. */
	bool is_planned = !strcmp(operation->row.kind, "rotate");
	enum lks_status status = record_new(&record, err);

	target_name(&target->reference, name, sizeof(name));
	value_name_old(&target->reference, old, sizeof(old));
	if (!status)
		status = store_get(operation->executor->stores, &access, &target->reference, true,
				   record, err);
	if (status && status != LKS_NOT_FOUND)
		return status;
	if (status == LKS_NOT_FOUND) {
		error_clear(err);
		if (json_array_append_new(json_object_get(operation->row.notes, "absent"),
					  json_string(old)))
			return error_no_memory(err, "read the old records");
		return compare_version(target, name, NULL, is_planned, err);
	}
	status = compare_version(target, name, record, is_planned, err);
	if (status)
		return status;
	json_put_text(json_object_get(operation->row.notes, "old_versions"), name,
		      record->version[0] ? record->version : NULL);
	return values_put(operation->values, old, TAKE(record), err);
}

static enum lks_status read_all_old(struct operation *operation, struct lks_error *err)
{
	const struct plan *plan = operation->plan;

	json_put(operation->row.notes, "absent", json_array());
	json_put(operation->row.notes, "old_versions", json_object());
	for (size_t i = 0; i < plan->step_count; i++) {
		for (size_t j = 0; j < plan->steps[i].target_count; j++) {
			const struct target *target = &plan->steps[i].targets[j];
			enum lks_status status;

			if (plan_last_change(plan, i, &target->reference))
				continue;
			status = read_old(operation, target, (int)i + 1, err);
			if (status)
				return status;
		}
	}
	return LKS_OK;
}

static enum lks_status check_values(const struct operation *operation, struct lks_error *err)
{
	for (size_t i = 0; i < operation->step_count; i++) {
		const struct step *step = &operation->plan->steps[i];

		for (size_t j = 0; j < step->target_count; j++) {
			const char *name = step->targets[j].value;

			if (name && !values_get(operation->values, name))
				return error_set(err, LKS_FAILED,
						 "step %zu needs the value \"%s\", which was not "
						 "prepared",
						 i + 1, name);
		}
	}
	return LKS_OK;
}

/* PLANNED and nothing done: it ends as if it had never been. */
static enum lks_status abandon(struct operation *operation, const struct lks_error *cause,
			       struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = "final",
		.state = OPERATION_ROLLED_BACK,
		.step = -1,
		.with_notes = true,
		.with_cause = true,
		.is_final = true,
	};

	operation->cause = *cause;
	json_put_number(operation->row.notes, "exit", error_exit_code(cause));
	return operation_journal(operation, &entry, err);
}

static enum lks_status prepare_operation(struct operation *operation, prepare_function prepare,
					 void *context, struct lks_error *err)
{
	enum lks_status status = read_all_old(operation, err);

	if (!status && prepare)
		status = prepare(context, operation->plan, operation->values, err);
	if (!status)
		status = check_values(operation, err);
	if (!status)
		status = operation_store_values(operation, err);
	return status;
}

/* "" if there is none by that id. */
static enum lks_status known_already(struct executor *executor, const char *id, bool *ret_known,
				     struct lks_error *err)
{
	AUTO(operation_row_release) struct operation_row row = { 0 };
	enum lks_status status = state_operation_read(executor->state, id, &row, NULL, NULL, err);

	*ret_known = !status;
	if (status == LKS_NOT_FOUND) {
		error_clear(err);
		return LKS_OK;
	}
	return status;
}

/* A failure that is no end: this process stops, another may take it up. */
static enum lks_status let_go(const struct operation *operation, enum lks_status status)
{
	if (status)
		state_operation_unlock(operation->executor->state, operation->row.id);
	log_operation(NULL);
	return status;
}

enum lks_status executor_run(struct executor *executor, const struct plan *plan, const char *id,
			     bool foreground, prepare_function prepare, void *context,
			     struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(operation_release)
	struct operation operation = { .executor = executor, .foreground = foreground };
	struct lks_error local = { 0 };
	bool known = false;
	enum lks_status status = LKS_OK;

	/* The cause is needed here also where the caller does not want it. */
	if (!err)
		err = &local;
	if (id)
		status = known_already(executor, id, &known, err);
	if (!status && known)
		return executor_report(executor, id, false, ret_outcome, err);
	if (!status)
		status = judge_plan(plan, err);
	if (!status)
		status = operation_policy(executor, plan, executor->subject, err);
	if (!status)
		status = insert(&operation, plan, id, err);
	if (status)
		return status;
	log_operation(operation.row.id);
	operation_event(&operation, EVENT_STARTED, 0, NULL, 0, NULL);
	status = prepare_operation(&operation, prepare, context, err);
	if (status) {
		struct lks_error broken = { 0 };

		/* Sealed already, and then the journal failed: leave it to recovery. */
		if (operation.state == OPERATION_PLANNED && abandon(&operation, err, &broken))
			*err = broken;
		error_operation(err, operation.row.id);
	} else {
		status = operation_execute(&operation, ret_outcome, err);
	}
	return let_go(&operation, status);
}

/* --- taking one up --- */

/* From STUCK to where the next step lies. */
static enum lks_status unstick(struct operation *operation, struct lks_error *err)
{
	size_t next = 0;
	bool is_after;

	while (next < operation->step_count && phase_is_over(operation->steps[next].phase))
		next++;
	is_after = next == operation->step_count || step_is_after(&operation->plan->steps[next]);
	/* It goes forward: that was of the rollback. */
	json_object_del(operation->row.notes, NOTE_PROVE_UNDONE);
	const struct journal_entry entry = {
		.point = "resumed",
		.state = operation_is_past_return(operation) ? OPERATION_RETIRING
			 : is_after                          ? OPERATION_COMMITTED
							     : OPERATION_RUNNING,
		.step = -1,
		.with_notes = true,
	};
	return operation_journal(operation, &entry, err);
}

static enum lks_status go_forward(struct operation *operation, struct outcome *ret_outcome,
				  struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	if (operation->state == OPERATION_ROLLING_BACK)
		return operation_roll_back(operation, NULL, ret_outcome, err);
	if (operation->state == OPERATION_PLANNED) {
		struct lks_error cause = { 0 };

		error_set(&cause, LKS_FAILED,
			  "its process ended before it had begun: nothing was changed");
		error_exit(&cause, EXIT_ROLLED_BACK);
		status = abandon(operation, &cause, err);
		return status ? status
			      : operation_conclude(operation, EXIT_ROLLED_BACK, false, ret_outcome,
						   err);
	}
	if (operation->state == OPERATION_STUCK)
		status = unstick(operation, err);
	return status ? status : operation_execute(operation, ret_outcome, err);
}

/* Policy is judged with the subject that started it. */
static enum lks_status judge_resumed(struct operation *operation, struct lks_error *err)
{
	AUTO(subject_release) struct subject subject = { 0 };
	enum lks_status status;

	if (operation->state == OPERATION_ROLLING_BACK || operation->state == OPERATION_PLANNED)
		return LKS_OK;
	/* Who started it and who goes on are the same: groups and all. */
	if (operation->executor->subject &&
	    !strcmp(operation->executor->subject->name, operation->row.subject))
		return operation_policy(operation->executor, operation->plan,
					operation->executor->subject, err);
	status = subject_named(operation->executor->config, operation->row.subject, &subject, err);
	return status ? status
		      : operation_policy(operation->executor, operation->plan, &subject, err);
}

/* Where configs share a state, the names in another's operation mean other
   files: it is left to its own. */
static enum lks_status judge_config(const struct operation *operation, struct lks_error *err)
{
	const char *theirs = json_text(operation->row.notes, NOTE_CONFIG);
	const struct config *ours = operation->executor->config;

	if (!theirs[0] || !ours || !ours->path || !strcmp(theirs, ours->path))
		return LKS_OK;
	error_set(err, LKS_CONFLICT, "operation %s belongs to another config: %s",
		  operation->row.id, theirs);
	error_hint(err, "lockstep -c %s run", theirs);
	error_operation(err, operation->row.id);
	return LKS_CONFLICT;
}

/* The byte lock, then the row as it is under the lock. */
static enum lks_status take_up(struct executor *executor, const char *id,
			       struct operation *operation, struct lks_error *err)
{
	enum lks_status status = state_operation_lock(executor->state, id, err);

	if (status)
		return status;
	status = operation_load(executor, id, true, operation, err);
	if (!status)
		status = judge_config(operation, err);
	if (status)
		state_operation_unlock(executor->state, id);
	return status;
}

enum lks_status executor_resume(struct executor *executor, const char *id, bool foreground,
				struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(operation_release) struct operation operation = { 0 };
	struct lks_error local = { 0 };
	enum lks_status status = take_up(executor, id, &operation, err = err ? err : &local);

	if (status)
		return status;
	operation.foreground = foreground;
	if (operation.row.is_final) {
		state_operation_unlock(executor->state, id);
		return executor_report(executor, id, false, ret_outcome, err);
	}
	status = judge_resumed(&operation, err);
	if (status)
		return let_go(&operation, status);
	log_operation(id);
	operation_event(&operation, EVENT_STARTED, 0, NULL, 0, NULL);
	return let_go(&operation, go_forward(&operation, ret_outcome, err));
}

enum lks_status executor_finish(struct executor *executor, const char *id,
				struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(operation_release) struct operation operation = { 0 };
	struct lks_error local = { 0 };
	enum lks_status status = take_up(executor, id, &operation, err = err ? err : &local);

	if (status)
		return status;
	if (operation.state != OPERATION_COMMITTED && operation.state != OPERATION_RETIRING) {
		error_set(err, LKS_CONFLICT, "operation %s is %s: there is nothing to retire yet",
			  id, operation_state_name(operation.state));
		error_operation(err, id);
		return let_go(&operation, LKS_CONFLICT);
	}
	operation.finish_now = true;
	log_operation(id);
	operation_event(&operation, EVENT_STARTED, 0, NULL, 0, NULL);
	return let_go(&operation, operation_execute(&operation, ret_outcome, err));
}

/* --- undo on request --- */

static enum lks_status refuse_finished(const struct operation *operation, struct lks_error *err)
{
	const char *id = operation->row.id;

	if (operation->state == OPERATION_ROLLED_BACK)
		error_set(err, LKS_CONFLICT, "operation %s is rolled back already", id);
	else if (operation->row.is_final)
		error_set(err, LKS_CONFLICT,
			  "operation %s has ended: the old values are not kept any more", id);
	else
		error_set(err, LKS_CONFLICT,
			  "operation %s is past its point of no return: the old value is being "
			  "retired",
			  id);
	if (operation->state != OPERATION_ROLLED_BACK)
		error_hint(err, "only a new value helps: `lockstep rotate %s`",
			   operation->row.name);
	error_operation(err, id);
	return LKS_CONFLICT;
}

bool operation_has_begun_reload(const struct operation *operation)
{
	for (size_t i = 0; i < operation->step_count; i++) {
		if (operation->plan->steps[i].type == STEP_RELOAD &&
		    phase_is_begun(operation->steps[i].phase))
			return true;
	}
	return false;
}

static enum lks_status prove_rollback(struct operation *operation, struct lks_error *err)
{
	bool is_invalid = false;
	enum lks_status status;

	if (operation->row.is_final || operation_is_past_return(operation))
		return refuse_finished(operation, err);
	/* One that goes back already has decided. */
	if (operation->state == OPERATION_ROLLING_BACK || operation->state == OPERATION_PLANNED)
		return LKS_OK;
	if (operation->executor->skip_reloads)
		return LKS_OK;
	status = verify_old(operation, &is_invalid, err);
	/* Programs that were reloaded know the new value only. They are given
	   the old one first, and then must take it. */
	if (status && is_invalid && operation_has_begun_reload(operation)) {
		error_clear(err);
		json_put_flag(operation->row.notes, NOTE_PROVE_UNDONE, 1);
		return LKS_OK;
	}
	if (status)
		error_operation(err, operation->row.id);
	return status;
}

enum lks_status executor_rollback(struct executor *executor, const char *id, const char *reason,
				  struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(operation_release) struct operation operation = { 0 };
	struct lks_error cause = { 0 };
	struct lks_error local = { 0 };
	enum lks_status status = take_up(executor, id, &operation, err = err ? err : &local);

	if (status)
		return status;
	operation.foreground = true;
	status = prove_rollback(&operation, err);
	if (status)
		return let_go(&operation, status);
	log_operation(id);
	operation_event(&operation, EVENT_STARTED, 0, NULL, 0, NULL);
	error_set(&cause, LKS_FAILED, "rolled back by %s%s%s",
		  executor->subject ? executor->subject->name : "a person",
		  reason && *reason ? ": " : "", reason ? reason : "");
	json_put_flag(operation.row.notes, "rolled_back_on_request", 1);
	status = operation.state == OPERATION_PLANNED
			 ? go_forward(&operation, ret_outcome, err)
			 : operation_roll_back(&operation, &cause, ret_outcome, err);
	log_operation(NULL);
	return status;
}
