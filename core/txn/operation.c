/* SPDX-License-Identifier: Apache-2.0 */
/* One operation: its states, its journal, how it speaks to the outside. */
#include "txn/operation.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define TO(state) (1u << OPERATION_##state)

/*
 * What may follow on what. WAITING lies before the commit only: a wait after it
 * leaves COMMITTED and RETIRING as they are. tests/model has the same table.
 */
static const unsigned transitions[] = {
	[OPERATION_PLANNED] = TO(PREPARED) | TO(ROLLED_BACK),
	[OPERATION_PREPARED] =
		TO(RUNNING) | TO(WAITING) | TO(COMMITTED) | TO(ROLLING_BACK) | TO(STUCK),
	[OPERATION_RUNNING] = TO(WAITING) | TO(COMMITTED) | TO(ROLLING_BACK) | TO(STUCK),
	[OPERATION_WAITING] = TO(RUNNING) | TO(COMMITTED) | TO(ROLLING_BACK) | TO(STUCK),
	[OPERATION_COMMITTED] = TO(RETIRING) | TO(DONE) | TO(ROLLING_BACK) | TO(STUCK),
	[OPERATION_RETIRING] = TO(DONE) | TO(STUCK),
	[OPERATION_DONE] = 0,
	[OPERATION_ROLLING_BACK] = TO(ROLLED_BACK) | TO(STUCK),
	[OPERATION_ROLLED_BACK] = 0,
	[OPERATION_STUCK] = TO(RUNNING) | TO(COMMITTED) | TO(RETIRING) | TO(ROLLING_BACK),
};

static const char *const state_names[] = {
	[OPERATION_PLANNED] = "planned",
	[OPERATION_PREPARED] = "prepared",
	[OPERATION_RUNNING] = "running",
	[OPERATION_WAITING] = "waiting",
	[OPERATION_COMMITTED] = "committed",
	[OPERATION_RETIRING] = "retiring",
	[OPERATION_DONE] = "done",
	[OPERATION_ROLLING_BACK] = "rolling-back",
	[OPERATION_ROLLED_BACK] = "rolled-back",
	[OPERATION_STUCK] = "stuck",
};

bool transition_allowed(enum operation_state from, enum operation_state to)
{
	return from == to || (transitions[from] & (1u << to)) != 0;
}

const char *operation_state_name(enum operation_state state)
{
	return state >= OPERATION_PLANNED && state <= OPERATION_STUCK ? state_names[state]
								      : "unknown";
}

enum operation_state operation_state_parse(const char *name)
{
	for (int state = OPERATION_PLANNED; state <= OPERATION_STUCK; state++) {
		if (!strcmp(name, state_names[state]))
			return (enum operation_state)state;
	}
	return (enum operation_state)0;
}

const char *target_holds_name(enum target_holds holds)
{
	static const char *const names[] = { "old", "new", "other", "unreachable" };

	return holds <= TARGET_UNREACHABLE ? names[holds] : "unknown";
}

bool phase_is_begun(const char *phase)
{
	return !strcmp(phase, "intent") || !strcmp(phase, "done") || !strcmp(phase, "undo-intent");
}

bool phase_is_over(const char *phase)
{
	return !strcmp(phase, "done") || !strcmp(phase, "skipped");
}

bool operation_is_past_return(const struct operation *operation)
{
	for (size_t i = 0; i < operation->step_count; i++) {
		const struct step *step = &operation->plan->steps[i];
		const char *phase = operation->steps[i].phase;

		if (!step_is_after(step))
			continue;
		if (step_is_keep_previous(step) ? phase_is_over(phase) : phase_is_begun(phase))
			return true;
	}
	return operation->state == OPERATION_RETIRING || operation->state == OPERATION_DONE;
}

/* --- reading and writing --- */

void operation_release(struct operation *operation)
{
	plan_free(operation->plan);
	values_free(operation->values);
	operation_row_release(&operation->row);
	step_rows_free(operation->steps, operation->step_count);
	memset(operation, 0, sizeof(*operation));
}

static bool is_absent(const struct operation *operation, const char *name)
{
	size_t index;
	json_t *item;

	json_array_foreach(json_object_get(operation->row.notes, "absent"), index, item)
	{
		if (json_is_string(item) && !strcmp(json_string_value(item), name))
			return true;
	}
	return false;
}

static enum lks_status load_value(struct operation *operation, const char *name, bool may_miss,
				  struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *packed = NULL;
	struct lks_record *record = NULL;
	enum lks_status status;

	if (values_get(operation->values, name) || (may_miss && is_absent(operation, name)))
		return LKS_OK;
	status = state_value(operation->executor->state, operation->row.id, name, &packed, err);
	/* Taking a lost value for "nothing was there" would delete a record. */
	if (status == LKS_NOT_FOUND)
		return error_set(err, LKS_INVALID,
				 "the state is corrupt: the value \"%s\" of "
				 "operation %s is missing",
				 name, operation->row.id);
	if (!status)
		status = record_unpack(packed, &record, err);
	return status ? status : values_put(operation->values, name, record, err);
}

static enum lks_status load_values(struct operation *operation, struct lks_error *err)
{
	enum lks_status status = values_new(&operation->values, err);

	for (size_t i = 0; !status && i < operation->plan->step_count; i++) {
		const struct step *step = &operation->plan->steps[i];

		for (size_t j = 0; !status && j < step->target_count; j++) {
			char old[TARGET_NAME_MAX + 8];

			value_name_old(&step->targets[j].reference, old, sizeof(old));
			status = load_value(operation, old, true, err);
			if (!status && step->targets[j].value)
				status = load_value(operation, step->targets[j].value, false, err);
		}
	}
	return status;
}

static void note_effects(struct operation *operation)
{
	for (size_t i = 0; i < operation->step_count; i++) {
		enum step_type type = operation->plan->steps[i].type;

		if (type != STEP_VERIFY && type != STEP_WAIT &&
		    phase_is_begun(operation->steps[i].phase))
			operation->has_effect = true;
	}
}

static void read_cause(struct operation *operation)
{
	const json_t *error = operation->row.error;

	if (!json_is_object(error))
		return;
	error_set(&operation->cause, LKS_FAILED, "%s", json_text(error, "message"));
	for (int status = LKS_FAILED; status <= LKS_NO_MEMORY; status++) {
		if (!strcmp(status_name((enum lks_status)status), json_text(error, "status")))
			operation->cause.status = (enum lks_status)status;
	}
	operation->cause.exit_code = (int)json_number(error, "exit");
	error_where(&operation->cause, "%s", json_text(error, "where"));
	error_reference(&operation->cause, json_text(error, "reference"));
	error_hint(&operation->cause, "%s", json_text(error, "hint"));
	error_operation(&operation->cause, json_text(error, "operation"));
}

enum lks_status operation_load(struct executor *executor, const char *id, bool with_values,
			       struct operation *operation, struct lks_error *err)
{
	enum lks_status status;

	operation->executor = executor;
	status = state_operation_read(executor->state, id, &operation->row, &operation->steps,
				      &operation->step_count, err);
	if (!status)
		status = plan_from_json(operation->row.plan, &operation->plan, err);
	if (status)
		return status;
	operation->state = operation_state_parse(operation->row.state);
	if (!operation->state || operation->step_count != operation->plan->step_count)
		return error_set(err, LKS_INVALID,
				 "the state is corrupt: operation %s does not fit its plan", id);
	if (!json_is_object(operation->row.notes)) {
		json_decref(operation->row.notes);
		operation->row.notes = json_object();
	}
	operation->audit_missing = operation->row.owes_audit;
	note_effects(operation);
	read_cause(operation);
	if (!with_values || operation->row.is_final || operation->state == OPERATION_PLANNED)
		return values_new(&operation->values, err);
	return load_values(operation, err);
}

static void packed_free(struct lks_buffer ***packed)
{
	for (size_t i = 0; *packed && (*packed)[i]; i++)
		secret_free((*packed)[i]);
	free(*packed);
}

enum lks_status operation_store_values(struct operation *operation, struct lks_error *err)
{
	const struct values *values = operation->values;
	AUTO(packed_free) struct lks_buffer **packed = calloc(values->count + 1, sizeof(*packed));
	AUTO(free_ptr) const char **names = calloc(values->count + 1, sizeof(*names));
	enum lks_status status = TXN_FAILPOINT("txn.prepared.before", err);

	if (!packed || !names)
		return error_no_memory(err, "seal the values");
	for (size_t i = 0; !status && i < values->count; i++) {
		names[i] = values->entries[i].name;
		status = record_pack(values->entries[i].record, &packed[i], err);
	}
	if (!status)
		status = state_operation_prepare(operation->executor->state, operation->row.id,
						 names, (const struct lks_buffer *const *)packed,
						 values->count, operation->row.notes, err);
	if (status)
		return status;
	operation->state = OPERATION_PREPARED;
	return TXN_FAILPOINT("txn.prepared.after", err);
}

static void remember(struct operation *operation, const struct journal_entry *entry)
{
	int64_t now = clock_wall_ms();

	if (entry->state)
		operation->state = entry->state;
	operation->row.updated_wall_ms = now;
	if (entry->is_final) {
		operation->row.is_final = true;
		operation->row.ended_wall_ms = now;
	}
	if (entry->wait && entry->wait != operation->row.wait) {
		json_decref(operation->row.wait);
		operation->row.wait = json_incref(entry->wait);
	}
	if (entry->step >= 0 && entry->phase) {
		struct step_row *step = &operation->steps[entry->step];
		char *phase = strdup(entry->phase);

		if (phase) {
			free(step->phase);
			step->phase = phase;
		}
		if (entry->detail) {
			json_decref(step->detail);
			step->detail = json_incref(entry->detail);
		}
		if (!step->started_wall_ms || !phase_is_over(entry->phase))
			step->started_wall_ms = now;
		step->ended_wall_ms = phase_is_over(entry->phase) ? now : 0;
	}
}

enum lks_status operation_journal(struct operation *operation, const struct journal_entry *entry,
				  struct lks_error *err)
{
	AUTO(json_freep)
	json_t *cause = entry->with_cause ? json_error(&operation->cause) : NULL;
	char before[64];
	char after[64];
	const struct operation_change change = {
		.state = entry->state ? operation_state_name(entry->state) : NULL,
		.step = entry->phase ? entry->step + 1 : 0,
		.phase = entry->phase,
		.detail = entry->detail,
		.wait = entry->wait,
		.error = cause,
		.notes = entry->with_notes ? operation->row.notes : NULL,
		.is_final = entry->is_final,
		.owes_audit = operation->audit_missing ? 1 : 0,
	};
	enum lks_status status;

	if (entry->state && !transition_allowed(operation->state, entry->state))
		return error_set(err, LKS_FAILED, "operation %s cannot go from %s to %s",
				 operation->row.id, operation_state_name(operation->state),
				 operation_state_name(entry->state));
	snprintf(before, sizeof(before), "txn.%s.before", entry->point);
	snprintf(after, sizeof(after), "txn.%s.after", entry->point);
	status = TXN_FAILPOINT(before, err);
	if (!status)
		status = state_operation_change(operation->executor->state, operation->row.id,
						&change, err);
	if (status) {
		error_operation(err, operation->row.id);
		return status;
	}
	remember(operation, entry);
	return TXN_FAILPOINT(after, err);
}

/* --- speaking to the outside --- */

enum action operation_action(const struct operation *operation)
{
	if (!strcmp(operation->row.kind, "set"))
		return ACTION_SET;
	if (!strcmp(operation->row.kind, "delete"))
		return ACTION_DELETE;
	return ACTION_ROTATE;
}

struct access operation_access(struct operation *operation, enum action action, int step)
{
	struct access access = {
		.subject = operation->executor->subject,
		.operation = operation->row.id,
		.request = operation->executor->request,
		.reason = operation->row.reason && operation->row.reason[0] ? operation->row.reason
									    : NULL,
		.action = action,
		.step = step,
		.is_engine = true,
	};

	/* Fail-closed holds until the first effect; then the safe end counts. */
	if (operation->has_effect)
		access.audit_missing = &operation->audit_missing;
	return access;
}

bool operation_must_stop(const struct operation *operation)
{
	const struct executor *executor = operation->executor;

	return executor->must_stop && executor->must_stop(executor->stop_context);
}

static enum lks_status judge_record(struct executor *executor, const struct subject *subject,
				    enum action action, const char *record, struct lks_error *err)
{
	struct reference reference;
	const struct config_store *store;
	struct decision decision = { 0 };
	char tenant[256] = "";
	char space[256] = "";
	enum lks_status status = reference_parse(record, &reference, err);

	if (status)
		return status;
	store = config_store(executor->config, reference.store);
	if (store && store->layout)
		status = layout_match(store->layout, reference.path, tenant, space, err);
	if (status)
		return status;
	policy_decide(executor->config, subject, action, reference.store, reference.path, tenant,
		      &decision);
	if (decision.allowed)
		return LKS_OK;
	error_set(err, LKS_DENIED, "%s may not %s %s: %s", subject->name, action_name(action),
		  record, decision.reason);
	error_reference(err, record);
	return LKS_DENIED;
}

enum lks_status operation_policy(struct executor *executor, const struct plan *plan,
				 const struct subject *subject, struct lks_error *err)
{
	enum action action = !strcmp(plan->kind, "set")      ? ACTION_SET
			     : !strcmp(plan->kind, "delete") ? ACTION_DELETE
							     : ACTION_ROTATE;
	enum lks_status status = LKS_OK;

	for (size_t i = 0; !status && i < plan->records.count; i++)
		status = judge_record(executor, subject, action, plan->records.items[i], err);
	return status;
}

void operation_event(const struct operation *operation, enum event_type type, int step,
		     const char *text, int64_t until_wall_ms, const struct lks_error *error)
{
	const struct event event = {
		.type = type,
		.operation = operation->row.id,
		.kind = operation->row.kind,
		.name = operation->row.name,
		.step = step,
		.step_count = (int)operation->step_count,
		.text = text,
		.until_wall_ms = until_wall_ms,
		.error = error,
	};

	event_send(operation->executor->events, &event);
}

bool operation_sleep(const struct operation *operation, int64_t ms)
{
	/* In slices: a signal that arrives just before the sleep is seen soon. */
	for (int64_t end = clock_boot_ms() + ms; clock_boot_ms() < end;) {
		int64_t left = end - clock_boot_ms();

		if (operation_must_stop(operation))
			return false;
		clock_sleep_ms(left < 500 ? left : 500);
	}
	return !operation_must_stop(operation);
}
