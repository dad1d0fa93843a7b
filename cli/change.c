/* SPDX-License-Identifier: Apache-2.0 */
/* What `set` and `delete` share: a plan of one step on one record. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/change.h"

static enum lks_status fill_plan(struct plan *plan, const struct change *change, const char *record,
				 struct lks_error *err)
{
	struct reference target = change->reference;
	struct step *step;
	enum lks_status status;

	target.field[0] = '\0';
	plan->auto_rollback = true;
	step = plan_add_step(plan, change->deletes_record ? STEP_DELETE : STEP_WRITE, err);
	if (!step)
		return LKS_NO_MEMORY;
	status = step_set_title(step, err, "%s %s", change->deletes_record ? "delete" : "write",
				record);
	if (!status)
		status = step_add_target(step, &target, change->deletes_record ? NULL : "new",
					 change->expected, err);
	return status ? status : plan_add_record(plan, &target, err);
}

/* The record as it was, or an empty one. */
static enum lks_status copy_old(const struct change *change, const struct values *values,
				struct lks_record **ret_record, struct lks_error *err)
{
	char name[REFERENCE_MAX * 2];
	const struct lks_record *old;

	value_name_old(&change->reference, name, sizeof(name));
	old = values_get(values, name);
	return old ? record_copy(old, ret_record, err) : record_new(ret_record, err);
}

static enum lks_status no_such_field(const struct change *change, struct lks_error *err)
{
	char text[REFERENCE_MAX * 2];

	reference_print(&change->reference, text, sizeof(text));
	error_set(err, LKS_NOT_FOUND, "%s: there is no such %s", text,
		  change->reference.field[0] ? "field" : "secret");
	error_reference(err, text);
	return LKS_NOT_FOUND;
}

/* Without #FIELD the only field is meant; more than one is never thrown away
   by accident. */
static enum lks_status put_value(const struct change *change, struct lks_record *record,
				 struct lks_error *err)
{
	const char *field = change->reference.field;

	if (!field[0] && record->field_count > 1) {
		error_set(err, LKS_INVALID, "%s:%s has %zu fields: name the one to set with #FIELD",
			  change->reference.store, change->reference.path, record->field_count);
		return LKS_INVALID;
	}
	if (!field[0])
		field = record->field_count ? record->fields[0].name : "value";
	return record_put(record, field, change->value->data, change->value->len, err);
}

static enum lks_status prepare(void *context, const struct plan *plan, struct values *values,
			       struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	const struct change *change = context;
	enum lks_status status = copy_old(change, values, &record, err);

	if (status)
		return status;
	if (change->deletes_record)
		return record->field_count ? LKS_OK : no_such_field(change, err);
	if (change->value)
		status = put_value(change, record, err);
	else if (!record_drop(record, change->reference.field))
		status = no_such_field(change, err);
	if (status)
		return status;
	record->version[0] = '\0';
	/* Refused now, nothing has begun. */
	status = store_accepts(change->stores, &plan->steps[0].targets[0].reference, record, err);
	if (status)
		return status;
	return values_put(values, "new", TAKE(record), err);
}

int change_run(struct cli *cli, const char *kind, struct change *change)
{
	AUTO(plan_freep) struct plan *plan = NULL;
	char record[REFERENCE_MAX * 2];
	struct executor executor;
	struct outcome outcome = { .state = OPERATION_PLANNED };
	struct lks_error err;
	int code;

	reference_print_record(&change->reference, record, sizeof(record));
	change->stores = cli->stores;
	if (cli_executor(cli, &executor, &err) || plan_new(kind, record, &plan, &err) ||
	    fill_plan(plan, change, record, &err) ||
	    executor_run(&executor, plan, NULL, true, prepare, change, &outcome, &err))
		return cli_fail(cli, &err);
	/* One step that went well is no news. */
	code = outcome.exit_code || cli->json || cli->verbose ? cli_outcome(cli, kind, &outcome)
							      : 0;
	outcome_release(&outcome);
	return code;
}

/* A change is made to a record's current value, nowhere else. */
int change_check(struct cli *cli, const struct reference *reference, enum action action)
{
	struct access access;
	struct lks_error err;

	if (reference->version[0] || (reference->label && reference->label != LABEL_CURRENT))
		return cli_usage(cli, "only the current value can be changed: leave out ?version "
				      "and ?label");
	if (cli_open_stores(cli, &err))
		return cli_fail(cli, &err);
	access = cli_access(cli, action);
	if (store_admit(cli->stores, &access, reference, &err))
		return cli_fail(cli, &err);
	return 0;
}
