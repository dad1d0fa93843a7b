/* SPDX-License-Identifier: Apache-2.0 */
/* The writing half: begin, prepare, change, end. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "state/module-sqlite/sqlite.h"

struct begin {
	const struct database_operation *row;
	const char *const *records;
	size_t record_count;
	int step_count;
	int64_t locked; /* the byte that was taken; 0: none */
};

static enum lks_status insert_operation(struct database *database,
					const struct database_operation *row, struct lks_error *err)
{
	AUTO(statement_done)
	sqlite3_stmt *insert = statement_get(database, SQL_OPERATION_INSERT, err);
	int result;

	if (!insert)
		return err->status;
	bind_text(insert, 1, row->id);
	bind_text(insert, 2, row->kind);
	bind_text(insert, 3, row->name);
	bind_text(insert, 4, row->state);
	bind_text(insert, 5, row->subject);
	bind_text(insert, 6, row->request);
	bind_text(insert, 7, row->reason);
	bind_text(insert, 8, row->plan);
	bind_text(insert, 9, row->plan_hash);
	bind_text(insert, 10, row->notes);
	sqlite3_bind_int64(insert, 11, row->created_wall_ms);
	sqlite3_bind_blob64(insert, 12, row->data_key, row->data_key_len, SQLITE_STATIC);
	result = sqlite3_step(insert);
	if (result == SQLITE_DONE)
		return LKS_OK;
	if (sqlite3_extended_errcode(database->sqlite) == SQLITE_CONSTRAINT_UNIQUE)
		return module_fail(err, LKS_CONFLICT, "operation %s is known already", row->id);
	return module_sqlite_fail(database, result, "insert the operation", err);
}

static enum lks_status claim_record(struct database *database, int64_t number, const char *record,
				    struct lks_error *err)
{
	AUTO(statement_done)
	sqlite3_stmt *insert = statement_get(database, SQL_CLAIM_INSERT, err);
	char owner[37] = "";
	enum lks_status status;
	int result;

	if (!insert)
		return err->status;
	bind_text(insert, 1, record);
	sqlite3_bind_int64(insert, 2, number);
	result = sqlite3_step(insert);
	if (result == SQLITE_DONE)
		return LKS_OK;
	if ((result & 0xff) != SQLITE_CONSTRAINT)
		return module_sqlite_fail(database, result, "claim a record", err);
	status = sqlite_claim(database, record, owner, err);
	if (status && status != LKS_NOT_FOUND)
		return status;
	(void)module_fail(err, LKS_CONFLICT, "%s is claimed by the unfinished operation %s", record,
			  owner);
	snprintf(err->operation, sizeof(err->operation), "%s", owner);
	return LKS_CONFLICT;
}

static enum lks_status insert_steps(struct database *database, int64_t number, int count,
				    struct lks_error *err)
{
	AUTO(statement_done)
	sqlite3_stmt *insert = statement_get(database, SQL_STEP_INSERT, err);

	if (!insert)
		return err->status;
	for (int i = 1; i <= count; i++) {
		enum lks_status status;

		sqlite3_reset(insert);
		sqlite3_bind_int64(insert, 1, number);
		sqlite3_bind_int(insert, 2, i);
		status = statement_run(database, insert, "insert a step", err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static enum lks_status begin_body(struct database *database, void *context, struct lks_error *err)
{
	struct begin *begin = context;
	int64_t number;
	enum lks_status status;

	status = insert_operation(database, begin->row, err);
	if (status)
		return status;
	number = sqlite3_last_insert_rowid(database->sqlite);
	for (size_t i = 0; i < begin->record_count; i++) {
		status = claim_record(database, number, begin->records[i], err);
		if (status)
			return status;
	}
	status = insert_steps(database, number, begin->step_count, err);
	if (status)
		return status;
	/* Before the row can be seen, so that nobody takes it for orphaned. */
	status = operation_byte_lock(database, number, err);
	if (!status)
		begin->locked = number;
	return status;
}

enum lks_status sqlite_begin(struct database *database, const struct database_operation *row,
			     const char *const *records, size_t record_count, int step_count,
			     struct lks_error *err)
{
	struct begin begin = { row, records, record_count, step_count, 0 };
	enum lks_status status = transaction(database, begin_body, &begin, false, err);

	if (status && begin.locked)
		operation_byte_unlock(database, begin.locked);
	return status;
}

struct prepare {
	const char *id, *state;
	const struct database_value *values;
	size_t count;
	const char *notes;
	int64_t now_wall_ms;
};

static enum lks_status insert_values(struct database *database, int64_t number,
				     const struct prepare *prepare, struct lks_error *err)
{
	AUTO(statement_done)
	sqlite3_stmt *insert = statement_get(database, SQL_SEALED_INSERT, err);

	if (!insert)
		return err->status;
	for (size_t i = 0; i < prepare->count; i++) {
		const struct database_value *value = &prepare->values[i];
		enum lks_status status;

		sqlite3_reset(insert);
		sqlite3_bind_int64(insert, 1, number);
		bind_text(insert, 2, value->name);
		sqlite3_bind_blob64(insert, 3, value->sealed, value->sealed_len, SQLITE_STATIC);
		status = statement_run(database, insert, "store a sealed value", err);
		if (status)
			return status;
	}
	return LKS_OK;
}

/* The UPDATE must have met exactly the one row. */
static enum lks_status changed_one(struct database *database, const char *id, struct lks_error *err)
{
	if (sqlite3_changes(database->sqlite) == 1)
		return LKS_OK;
	return module_fail(err, LKS_FAILED, "operation %s is not there or has ended", id);
}

static enum lks_status prepare_body(struct database *database, void *context, struct lks_error *err)
{
	const struct prepare *prepare = context;
	int64_t number = 0;
	enum lks_status status = sqlite_number(database, prepare->id, &number, err);

	if (status)
		return status;
	status = insert_values(database, number, prepare, err);
	if (status)
		return status;
	AUTO(statement_done)
	sqlite3_stmt *update = statement_get(database, SQL_OPERATION_PREPARE, err);
	if (!update)
		return err->status;
	sqlite3_bind_int64(update, 1, number);
	bind_text(update, 2, prepare->state);
	bind_text(update, 3, prepare->notes);
	sqlite3_bind_int64(update, 4, prepare->now_wall_ms);
	status = statement_run(database, update, "prepare the operation", err);
	return status ? status : changed_one(database, prepare->id, err);
}

enum lks_status sqlite_prepare(struct database *database, const char *id, const char *state,
			       const struct database_value *values, size_t count, const char *notes,
			       int64_t now_wall_ms, struct lks_error *err)
{
	struct prepare prepare = { id, state, values, count, notes, now_wall_ms };

	return transaction(database, prepare_body, &prepare, false, err);
}

struct change {
	const char *id;
	const struct database_change *change;
	int64_t number;
};

static enum lks_status change_step(struct database *database, const struct change *context,
				   struct lks_error *err)
{
	const struct database_change *change = context->change;
	AUTO(statement_done) sqlite3_stmt *update = statement_get(database, SQL_STEP_CHANGE, err);
	enum lks_status status;

	if (!update)
		return err->status;
	sqlite3_bind_int64(update, 1, context->number);
	sqlite3_bind_int(update, 2, change->step);
	bind_text(update, 3, change->phase);
	sqlite3_bind_int(update, 4, change->detail != NULL);
	bind_text_or_null(update, 5, change->detail);
	sqlite3_bind_int64(update, 6, change->now_wall_ms);
	status = statement_run(database, update, "change a step", err);
	return status ? status : changed_one(database, context->id, err);
}

static enum lks_status change_operation(struct database *database, const struct change *context,
					struct lks_error *err)
{
	const struct database_change *change = context->change;
	AUTO(statement_done)
	sqlite3_stmt *update = statement_get(database, SQL_OPERATION_CHANGE, err);
	enum lks_status status;

	if (!update)
		return err->status;
	sqlite3_bind_int64(update, 1, context->number);
	bind_text(update, 2, change->state);
	sqlite3_bind_int(update, 3, change->wait != NULL);
	bind_text_or_null(update, 4, change->wait);
	sqlite3_bind_int(update, 5, change->error != NULL);
	bind_text_or_null(update, 6, change->error);
	sqlite3_bind_int(update, 7, change->notes != NULL);
	bind_text_or_null(update, 8, change->notes);
	sqlite3_bind_int(update, 9, change->owes_audit);
	sqlite3_bind_int64(update, 10, change->now_wall_ms);
	status = statement_run(database, update, "change the operation", err);
	return status ? status : changed_one(database, context->id, err);
}

static enum lks_status run_on_number(struct database *database, enum statement which,
				     int64_t number, int64_t now_wall_ms, struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *statement = statement_get(database, which, err);

	if (!statement)
		return err->status;
	sqlite3_bind_int64(statement, 1, number);
	if (which == SQL_OPERATION_END)
		sqlite3_bind_int64(statement, 2, now_wall_ms);
	return statement_run(database, statement, "end the operation", err);
}

static enum lks_status change_body(struct database *database, void *context, struct lks_error *err)
{
	static const enum statement endings[] = { SQL_OPERATION_END, SQL_SEALED_DELETE,
						  SQL_CLAIM_DELETE };
	struct change *change = context;
	enum lks_status status = sqlite_number(database, change->id, &change->number, err);

	if (!status && change->change->step)
		status = change_step(database, change, err);
	if (!status)
		status = change_operation(database, change, err);
	for (size_t i = 0; !status && change->change->is_final && i < COUNT_OF(endings); i++)
		status = run_on_number(database, endings[i], change->number,
				       change->change->now_wall_ms, err);
	return status;
}

enum lks_status sqlite_change(struct database *database, const char *id,
			      const struct database_change *change, struct lks_error *err)
{
	struct change context = { id, change, 0 };
	enum lks_status status =
		transaction(database, change_body, &context, change->is_final, err);

	if (!status && change->is_final)
		operation_byte_unlock(database, context.number);
	return status;
}
