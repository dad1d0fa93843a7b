/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half, and the rotations' rows. Reads take no lock. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "state/module-sqlite/sqlite.h"

enum lks_status sqlite_number(struct database *database, const char *id, int64_t *ret_number,
			      struct lks_error *err)
{
	AUTO(statement_done)
	sqlite3_stmt *select = statement_get(database, SQL_OPERATION_NUMBER, err);
	int result;

	if (!select)
		return err->status;
	bind_text(select, 1, id);
	result = sqlite3_step(select);
	if (result == SQLITE_DONE)
		return module_fail(err, LKS_NOT_FOUND, "there is no operation %s", id);
	if (result != SQLITE_ROW)
		return module_sqlite_fail(database, result, "find the operation", err);
	*ret_number = sqlite3_column_int64(select, 0);
	return LKS_OK;
}

static void operation_columns(sqlite3_stmt *select, struct database_operation *row)
{
	*row = (struct database_operation){
		.number = sqlite3_column_int64(select, 0),
		.id = column_text(select, 1),
		.kind = column_text(select, 2),
		.name = column_text(select, 3),
		.state = column_text(select, 4),
		.subject = column_text(select, 5),
		.request = column_text(select, 6),
		.reason = column_text(select, 7),
		.plan = column_text(select, 8),
		.plan_hash = column_text(select, 9),
		.wait = column_text(select, 10),
		.error = column_text(select, 11),
		.notes = column_text(select, 12),
		.created_wall_ms = sqlite3_column_int64(select, 13),
		.updated_wall_ms = sqlite3_column_int64(select, 14),
		.ended_wall_ms = sqlite3_column_int64(select, 15),
		.is_final = sqlite3_column_int(select, 16) != 0,
		.owes_audit = sqlite3_column_int(select, 17) != 0,
		.data_key = sqlite3_column_blob(select, 18),
		.data_key_len = (size_t)sqlite3_column_bytes(select, 18),
	};
}

static enum lks_status read_steps(struct database *database, int64_t number,
				  void (*step)(void *context, const struct database_step *step),
				  void *context, struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *select = statement_get(database, SQL_STEP_READ, err);
	int result;

	if (!select)
		return err->status;
	sqlite3_bind_int64(select, 1, number);
	while ((result = sqlite3_step(select)) == SQLITE_ROW) {
		struct database_step row = {
			.number = sqlite3_column_int(select, 0),
			.phase = column_text(select, 1),
			.detail = column_text(select, 2),
			.started_wall_ms = sqlite3_column_int64(select, 3),
			.ended_wall_ms = sqlite3_column_int64(select, 4),
		};

		step(context, &row);
	}
	return result == SQLITE_DONE ? LKS_OK
				     : module_sqlite_fail(database, result, "read steps", err);
}

enum lks_status sqlite_read(struct database *database, const char *id,
			    void (*row)(void *context, const struct database_operation *row),
			    void (*step)(void *context, const struct database_step *step),
			    void *context, struct lks_error *err)
{
	AUTO(statement_done)
	sqlite3_stmt *select = statement_get(database, SQL_OPERATION_READ, err);
	struct database_operation operation;
	int result;

	if (!select)
		return err->status;
	bind_text(select, 1, id);
	result = sqlite3_step(select);
	if (result == SQLITE_DONE)
		return module_fail(err, LKS_NOT_FOUND, "there is no operation %s", id);
	if (result != SQLITE_ROW)
		return module_sqlite_fail(database, result, "read the operation", err);
	operation_columns(select, &operation);
	row(context, &operation);
	return step ? read_steps(database, operation.number, step, context, err) : LKS_OK;
}

enum lks_status sqlite_value(struct database *database, const char *id, const char *name,
			     void (*value)(void *context, const struct database_value *value),
			     void *context, struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *select = statement_get(database, SQL_SEALED_READ, err);
	struct database_value row = { .name = name };
	int64_t number = 0;
	enum lks_status status;
	int result;

	if (!select)
		return err->status;
	status = sqlite_number(database, id, &number, err);
	if (status)
		return status;
	sqlite3_bind_int64(select, 1, number);
	bind_text(select, 2, name);
	result = sqlite3_step(select);
	if (result == SQLITE_DONE)
		return module_fail(err, LKS_NOT_FOUND, "operation %s keeps no value \"%s\"", id,
				   name);
	if (result != SQLITE_ROW)
		return module_sqlite_fail(database, result, "read a sealed value", err);
	row.sealed = sqlite3_column_blob(select, 0);
	row.sealed_len = (size_t)sqlite3_column_bytes(select, 0);
	value(context, &row);
	return LKS_OK;
}

enum lks_status sqlite_list(struct database *database, enum database_list list, const char *name,
			    size_t limit, void (*id)(void *context, const char *id), void *context,
			    struct lks_error *err)
{
	static const enum statement statements[] = {
		[DATABASE_UNFINISHED] = SQL_LIST_UNFINISHED,
		[DATABASE_FINISHED] = SQL_LIST_FINISHED,
		[DATABASE_OWING] = SQL_LIST_OWING,
	};
	AUTO(statement_done) sqlite3_stmt *select = statement_get(database, statements[list], err);
	int result;

	if (!select)
		return err->status;
	bind_text(select, 1, name);
	sqlite3_bind_int64(select, 2, limit ? (sqlite3_int64)limit : -1);
	while ((result = sqlite3_step(select)) == SQLITE_ROW)
		id(context, column_text(select, 0));
	return result == SQLITE_DONE ? LKS_OK
				     : module_sqlite_fail(database, result, "list operations", err);
}

enum lks_status sqlite_lock(struct database *database, const char *id, struct lks_error *err)
{
	int64_t number = 0;
	enum lks_status status = sqlite_number(database, id, &number, err);

	return status ? status : operation_byte_lock(database, number, err);
}

void sqlite_unlock(struct database *database, const char *id)
{
	struct lks_error ignored;
	int64_t number = 0;

	if (!sqlite_number(database, id, &number, &ignored))
		operation_byte_unlock(database, number);
}

enum lks_status sqlite_claim(struct database *database, const char *record, char ret_id[37],
			     struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *select = statement_get(database, SQL_CLAIM_READ, err);
	int result;

	if (!select)
		return err->status;
	bind_text(select, 1, record);
	result = sqlite3_step(select);
	if (result == SQLITE_DONE)
		return module_fail(err, LKS_NOT_FOUND, "%s is not claimed", record);
	if (result != SQLITE_ROW)
		return module_sqlite_fail(database, result, "read a claim", err);
	snprintf(ret_id, 37, "%s", column_text(select, 0));
	return LKS_OK;
}

enum lks_status sqlite_rotation_read(struct database *database, const char *name,
				     void (*row)(void *context,
						 const struct database_rotation *row),
				     void *context, struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *select = statement_get(database, SQL_ROTATION_READ, err);
	struct database_rotation rotation;
	int result;

	if (!select)
		return err->status;
	bind_text(select, 1, name);
	result = sqlite3_step(select);
	if (result == SQLITE_DONE)
		return module_fail(err, LKS_NOT_FOUND, "rotation %s was never seen", name);
	if (result != SQLITE_ROW)
		return module_sqlite_fail(database, result, "read a rotation", err);
	rotation = (struct database_rotation){
		.name = column_text(select, 0),
		.first_seen_wall_ms = sqlite3_column_int64(select, 1),
		.spread_due_wall_ms = sqlite3_column_int64(select, 2),
		.last_success_wall_ms = sqlite3_column_int64(select, 3),
		.rotated_wall_ms = sqlite3_column_int64(select, 4),
		.last_operation = column_text(select, 5),
		.failures = sqlite3_column_int64(select, 6),
		.paused_until_wall_ms = sqlite3_column_int64(select, 7),
		.pause_reason = column_text(select, 8),
	};
	row(context, &rotation);
	return LKS_OK;
}

static enum lks_status rotation_body(struct database *database, void *context,
				     struct lks_error *err)
{
	const struct database_rotation *row = context;
	AUTO(statement_done) sqlite3_stmt *write = statement_get(database, SQL_ROTATION_WRITE, err);

	if (!write)
		return err->status;
	bind_text(write, 1, row->name);
	sqlite3_bind_int64(write, 2, row->first_seen_wall_ms);
	sqlite3_bind_int64(write, 3, row->spread_due_wall_ms);
	sqlite3_bind_int64(write, 4, row->last_success_wall_ms);
	sqlite3_bind_int64(write, 5, row->rotated_wall_ms);
	bind_text(write, 6, row->last_operation);
	sqlite3_bind_int64(write, 7, row->failures);
	sqlite3_bind_int64(write, 8, row->paused_until_wall_ms);
	bind_text(write, 9, row->pause_reason);
	return statement_run(database, write, "write a rotation", err);
}

enum lks_status sqlite_rotation_write(struct database *database,
				      const struct database_rotation *row, struct lks_error *err)
{
	struct database_rotation copy = *row;

	return transaction(database, rotation_body, &copy, false, err);
}
