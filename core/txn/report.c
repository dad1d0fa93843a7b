/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation came to, for people and machines. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "txn/operation.h"

static json_t *time_json(int64_t wall_ms)
{
	char text[32];

	if (!wall_ms)
		return json_null();
	time_print(wall_ms, text);
	return json_string(text);
}

static json_t *text_json(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* --- members --- */

static json_t *steps_json(const struct operation *operation)
{
	json_t *array = json_array();

	for (size_t i = 0; i < operation->step_count; i++) {
		const struct step *step = &operation->plan->steps[i];
		const struct step_row *row = &operation->steps[i];
		json_t *object = json_object();

		json_put_number(object, "step", (int64_t)i + 1);
		json_put_text(object, "type", step_type_name(step->type));
		json_put_text(object, "title", step->title);
		json_put_text(object, "phase", row->phase);
		json_put(object, "started_at", time_json(row->started_wall_ms));
		json_put(object, "ended_at", time_json(row->ended_wall_ms));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *verifications_json(const struct operation *operation)
{
	json_t *array = json_array();
	size_t index;
	json_t *entry;

	json_array_foreach(json_object_get(operation->row.notes, "verifications"), index, entry)
	{
		json_t *object = json_object();

		json_put_text(object, "verifier", json_text(entry, "verifier"));
		json_put_text(object, "verdict", json_text(entry, "verdict"));
		json_put(object, "message", text_json(json_text(entry, "message")));
		json_put(object, "identity", text_json(json_text(entry, "identity")));
		json_put_number(object, "step", json_number(entry, "step"));
		json_put(object, "at", time_json(json_number(entry, "at")));
		json_array_append_new(array, object);
	}
	return array;
}

/* The end of the part that can be taken back: what "new" means. */
static size_t forward_end(const struct operation *operation)
{
	size_t end = 0;

	while (end < operation->step_count && (!step_is_after(&operation->plan->steps[end]) ||
					       phase_is_begun(operation->steps[end].phase)))
		end++;
	return end;
}

static enum target_holds by_journal(const struct operation *operation, size_t step)
{
	(void)step;
	switch (operation->state) {
	case OPERATION_COMMITTED:
	case OPERATION_RETIRING:
	case OPERATION_DONE:
		return TARGET_NEW;
	case OPERATION_ROLLED_BACK:
	case OPERATION_PLANNED:
	case OPERATION_PREPARED:
		return TARGET_OLD;
	default:
		return !strcmp(operation->steps[step].phase, "done") ? TARGET_NEW : TARGET_OLD;
	}
}

static enum target_holds by_probe(struct operation *operation, size_t end,
				  const struct target *target, struct lks_error *ret_why)
{
	AUTO(probe_release) struct probe probe = { 0 };
	const struct plan *plan = operation->plan;

	if (probe_target(operation, &target->reference,
			 plan_value_at(plan, operation->values, 0, &target->reference),
			 plan_value_at(plan, operation->values, end, &target->reference), true, 0,
			 &probe, ret_why))
		return TARGET_UNREACHABLE;
	return probe.holds;
}

static json_t *targets_json(struct operation *operation, bool probe)
{
	const struct plan *plan = operation->plan;
	size_t end = forward_end(operation);
	json_t *array = json_array();

	for (size_t i = 0; i < end; i++) {
		for (size_t j = 0; j < plan->steps[i].target_count; j++) {
			const struct target *target = &plan->steps[i].targets[j];
			struct lks_error why = { 0 };
			char name[TARGET_NAME_MAX];
			json_t *object;
			enum target_holds holds;

			if (plan_last_change(plan, end, &target->reference) != target)
				continue;
			holds = probe && !operation->row.is_final
					? by_probe(operation, end, target, &why)
					: by_journal(operation, i);
			object = json_object();
			target_name(&target->reference, name, sizeof(name));
			json_put_text(object, "reference", name);
			json_put_text(object, "holds", target_holds_name(holds));
			json_put(object, "why", text_json(why.message));
			json_array_append_new(array, object);
		}
	}
	return array;
}

static json_t *waiting_json(const struct operation *operation)
{
	const json_t *wait = operation->row.wait;
	json_t *object;
	int64_t until;

	if (operation->row.is_final || !json_is_object(wait))
		return json_null();
	object = json_object();
	until = json_number(wait, "next_wall_ms");
	if (!until && json_number(wait, "duration_ms"))
		until = json_number(wait, "started_wall_ms") + json_number(wait, "duration_ms");
	json_put_text(object, "for", json_text(wait, "for"));
	json_put_number(object, "step", json_number(wait, "step"));
	json_put(object, "since", time_json(json_number(wait, "started_wall_ms")));
	json_put(object, "until", time_json(until));
	json_put_number(object, "attempts", json_number(wait, "attempts"));
	json_put(object, "error", json_deep_copy(json_object_get(wait, "error")));
	if (!json_object_get(object, "error"))
		json_put(object, "error", json_null());
	return object;
}

/* The record that the operation is about: the rotation's first secret. */
static void primary_name(const struct operation *operation, char *buffer, size_t size)
{
	const struct plan *plan = operation->plan;
	const json_t *secrets = json_object_get(plan->config, "secret");
	const char *text =
		json_string_value(json_is_array(secrets) ? json_array_get(secrets, 0) : secrets);
	struct reference reference;

	buffer[0] = '\0';
	if (text && !reference_parse(text, &reference, NULL)) {
		reference.label = LABEL_NONE;
		target_name(&reference, buffer, size);
		return;
	}
	for (size_t i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].target_count) {
			target_name(&plan->steps[i].targets[0].reference, buffer, size);
			return;
		}
	}
}

static void put_versions(const struct operation *operation, json_t *report)
{
	char name[TARGET_NAME_MAX];
	const char *old;
	const char *fresh = "";

	primary_name(operation, name, sizeof(name));
	old = json_text(json_object_get(operation->row.notes, "old_versions"), name);
	for (size_t i = 0; i < operation->step_count; i++) {
		const json_t *versions = json_object_get(operation->steps[i].detail, "versions");

		if (!strcmp(operation->steps[i].phase, "done") && json_text(versions, name)[0])
			fresh = json_text(versions, name);
	}
	json_put(report, "old_version", text_json(old));
	json_put(report, "new_version", text_json(fresh));
}

static void add_line(json_t *next, const char *verb, const char *argument)
{
	char line[256];

	snprintf(line, sizeof(line), "lockstep %s%s%s", verb, argument ? " " : "",
		 argument ? argument : "");
	json_array_append_new(next, json_string(line));
}

static json_t *next_json(const struct operation *operation, enum exit_code code)
{
	const char *id = operation->row.id;
	json_t *next = json_array();
	bool can_return = !operation_is_past_return(operation);

	if (operation->row.is_final)
		return next;
	if (operation->state == OPERATION_STUCK)
		add_line(next, "status", id);
	if (operation->state == OPERATION_STUCK || code == EXIT_INTERRUPTED ||
	    operation->state == OPERATION_WAITING)
		add_line(next, "resume", id);
	if (can_return && operation->state != OPERATION_ROLLING_BACK)
		add_line(next, "rollback", id);
	/* The way out where a program cannot be reloaded any more. */
	if (can_return && operation->state == OPERATION_STUCK &&
	    operation_has_begun_reload(operation))
		add_line(next, "rollback --skip-reload", id);
	if (code == EXIT_UNFINISHED)
		add_line(next, "run", NULL);
	if (operation->state == OPERATION_STUCK && !can_return)
		add_line(next, "rotate", operation->row.name);
	return next;
}

static const char *outcome_name(const struct operation *operation, enum exit_code code)
{
	switch (operation->state) {
	case OPERATION_DONE:
	case OPERATION_COMMITTED:
		return code == EXIT_INTERRUPTED  ? "interrupted"
		       : code == EXIT_UNFINISHED ? "waiting"
						 : "done";
	case OPERATION_ROLLED_BACK:
		return "rolled-back";
	case OPERATION_STUCK:
		return "stuck";
	default:
		return code == EXIT_INTERRUPTED ? "interrupted" : "waiting";
	}
}

/* Was anything taken back, or is being? */
static bool was_rolled_back(const struct operation *operation)
{
	return operation->state == OPERATION_ROLLED_BACK ||
	       operation->state == OPERATION_ROLLING_BACK;
}

static json_t *report_json(struct operation *operation, enum exit_code code, bool probe)
{
	json_t *report = json_object();
	int64_t begun = operation->row.created_wall_ms;
	int64_t ended = operation->row.ended_wall_ms ? operation->row.ended_wall_ms
						     : operation->row.updated_wall_ms;
	const json_t *strategy = json_object_get(operation->plan->config, "strategy");

	json_put_text(report, "operation", operation->row.id);
	json_put_text(report, "rotation", operation->row.name);
	json_put(report, "strategy", text_json(json_string_value(strategy)));
	put_versions(operation, report);
	json_put(report, "started_at", time_json(begun));
	json_put_number(report, "duration_ms", ended > begun ? ended - begun : 0);
	json_put(report, "steps", steps_json(operation));
	json_put(report, "verifications", verifications_json(operation));
	json_put(report, "targets", targets_json(operation, probe));
	json_put(report, "waiting_for", waiting_json(operation));
	json_put_flag(report, "rollback_performed", was_rolled_back(operation));
	json_put_text(report, "outcome", outcome_name(operation, code));
	json_put(report, "cause",
		 operation->cause.status ? json_error(&operation->cause) : json_null());
	json_put(report, "next", next_json(operation, code));
	return report;
}

enum lks_status operation_report(struct operation *operation, enum exit_code code, bool probe,
				 struct outcome *ret_outcome, struct lks_error *err)
{
	memset(ret_outcome, 0, sizeof(*ret_outcome));
	memcpy(ret_outcome->operation, operation->row.id, sizeof(ret_outcome->operation));
	ret_outcome->state = operation->state;
	ret_outcome->exit_code = code;
	ret_outcome->cause = operation->cause;
	ret_outcome->rollback_performed = was_rolled_back(operation);
	ret_outcome->report = report_json(operation, code, probe);
	return ret_outcome->report ? LKS_OK : error_no_memory(err, "report an operation");
}

void outcome_release(struct outcome *outcome)
{
	json_decref(outcome->report);
	outcome->report = NULL;
}

enum lks_status operation_conclude(struct operation *operation, enum exit_code code, bool probe,
				   struct outcome *ret_outcome, struct lks_error *err)
{
	struct executor *executor = operation->executor;
	struct lks_error owed = { 0 };
	enum lks_status status = operation_report(operation, code, probe, ret_outcome, err);
	const struct event event = {
		.type = EVENT_FINISHED,
		.operation = operation->row.id,
		.kind = operation->row.kind,
		.name = operation->row.name,
		.step_count = (int)operation->step_count,
		.outcome = outcome_name(operation, code),
		.error = operation->cause.status ? &operation->cause : NULL,
	};

	event_send(executor->events, &event);
	if (!operation->row.is_final)
		state_operation_unlock(executor->state, operation->row.id);
	if (operation->audit_missing && operation_pay_audit(executor, &owed))
		log_warn("audit entries are owed: %s", owed.message);
	return status;
}

/* --- asking --- */

static enum exit_code code_of(const struct operation *operation)
{
	switch (operation->state) {
	case OPERATION_DONE:
	case OPERATION_COMMITTED:
		return EXIT_DONE;
	case OPERATION_ROLLED_BACK:
		return json_object_get(operation->row.notes, "exit")
			       ? (enum exit_code)json_number(operation->row.notes, "exit")
			       : EXIT_ROLLED_BACK;
	case OPERATION_STUCK:
		return EXIT_STUCK;
	default:
		return EXIT_UNFINISHED;
	}
}

enum lks_status executor_report(struct executor *executor, const char *id, bool probe,
				struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(operation_release) struct operation operation = { 0 };
	enum lks_status status = operation_load(executor, id, probe, &operation, err);

	return status ? status
		      : operation_report(&operation, code_of(&operation), probe, ret_outcome, err);
}
