/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking up what other processes left: the same path for a clean stop and for
 * kill -9. What a living process executes is skipped (its byte is locked); what
 * is stuck is only reported.
 */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "txn/operation.h"

/* --- audit entries that are owed --- */

static enum lks_status write_owed(struct executor *executor, const struct operation *operation,
				  size_t index, const char *record, struct lks_error *err)
{
	const struct step_row *row = &operation->steps[index];
	const json_t *versions = json_object_get(row->detail, "versions");
	const struct audit_entry entry = {
		.phase = AUDIT_AFTER,
		.action = action_name(operation_action(operation)),
		.subject = operation->row.subject,
		.reference = record,
		.request = operation->row.request,
		.operation = operation->row.id,
		.step = row->number,
		.outcome = phase_is_over(row->phase) ? "ok" : row->phase,
		.version = json_text(versions, record)[0] ? json_text(versions, record) : NULL,
		.reason = "written from the journal: the audit log was not available then",
	};

	return audit_write(executor->audit, &entry, err);
}

static enum lks_status pay_one(struct executor *executor, const char *id, struct lks_error *err)
{
	AUTO(operation_release) struct operation operation = { 0 };
	const struct operation_change paid = { .owes_audit = -1 };
	enum lks_status status = operation_load(executor, id, false, &operation, err);

	for (size_t i = 0; !status && i < operation.step_count; i++) {
		const struct step *step = &operation.plan->steps[i];

		if (!strcmp(operation.steps[i].phase, "todo"))
			continue;
		for (size_t j = 0; !status && j < step->target_count; j++) {
			char name[TARGET_NAME_MAX];

			target_name(&step->targets[j].reference, name, sizeof(name));
			status = write_owed(executor, &operation, i, name, err);
		}
	}
	return status ? status : state_operation_change(executor->state, id, &paid, err);
}

enum lks_status operation_pay_audit(struct executor *executor, struct lks_error *err)
{
	char **ids = NULL;
	size_t count = 0;
	enum lks_status status = state_audit_debts(executor->state, 0, &ids, &count, err);

	for (size_t i = 0; !status && i < count; i++)
		status = pay_one(executor, ids[i], err);
	state_ids_free(ids, count);
	return status;
}

/* --- recovery --- */

static enum lks_status recover_one(struct executor *executor, const char *id,
				   struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(operation_row_release) struct operation_row row = { 0 };
	enum lks_status status = state_operation_read(executor->state, id, &row, NULL, NULL, err);

	if (status)
		return status;
	if (!row.is_final && !strcmp(row.state, operation_state_name(OPERATION_STUCK)))
		return executor_report(executor, id, false, ret_outcome, err);
	return executor_resume(executor, id, false, ret_outcome, err);
}

enum lks_status executor_recover(struct executor *executor,
				 void (*each)(void *context, const struct outcome *outcome),
				 void *context, struct lks_error *err)
{
	char **ids = NULL;
	size_t count = 0;
	struct lks_error owed = { 0 };
	struct lks_error local = { 0 };
	struct lks_error failed = { 0 };
	enum lks_status status;

	if (!err)
		err = &local;
	if (operation_pay_audit(executor, &owed))
		log_warn("audit entries are still owed: %s", owed.message);
	status = state_operations(executor->state, true, NULL, 0, &ids, &count, err);
	for (size_t i = 0; !status && i < count; i++) {
		AUTO(outcome_release) struct outcome outcome = { 0 };

		status = recover_one(executor, ids[i], &outcome, err);
		if (!status && each)
			each(context, &outcome);
		/* A living owner, or a subject whose right was taken away: the
		   others are not held up by it. */
		if (status == LKS_CONFLICT || status == LKS_DENIED) {
			if (status == LKS_DENIED)
				log_warn("operation %s is left as it is: %s", ids[i], err->message);
			error_clear(err);
			status = LKS_OK;
		}
		/* One that cannot be taken up does not hold up the others. */
		if (status) {
			if (!failed.status)
				failed = *err;
			error_clear(err);
			status = LKS_OK;
		}
	}
	state_ids_free(ids, count);
	if (!status && failed.status) {
		*err = failed;
		return failed.status;
	}
	return status;
}
