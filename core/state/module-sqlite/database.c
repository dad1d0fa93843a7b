/* SPDX-License-Identifier: Apache-2.0 */
/* Statements, results and transactions. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "state/module-sqlite/sqlite.h"

enum lks_status module_fail(struct lks_error *err, enum lks_status status, const char *format, ...)
{
	va_list arguments;

	memset(err, 0, sizeof(*err));
	err->status = status;
	va_start(arguments, format);
	vsnprintf(err->message, sizeof(err->message), format, arguments);
	va_end(arguments);
	return status;
}

enum lks_status module_sqlite_fail(struct database *database, int result, const char *doing,
				   struct lks_error *err)
{
	const char *path = database->path;
	const char *said =
		database->sqlite ? sqlite3_errmsg(database->sqlite) : sqlite3_errstr(result);

	switch (result & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return module_fail(err, LKS_INVALID, "the state %s is corrupt (%s: %s)", path,
				   doing, said);
	case SQLITE_NOMEM:
		return module_fail(err, LKS_NO_MEMORY, "out of memory: %s in %s", doing, path);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return module_fail(err, LKS_UNAVAILABLE,
				   "the state %s is busy: another program has it open for writing",
				   path);
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return module_fail(err, LKS_DENIED, "the state %s cannot be written (%s: %s)", path,
				   doing, said);
	case SQLITE_IOERR:
		/* The kernel marks pages clean after a failed sync: what a
		   second try says means nothing. */
		database->is_poisoned = true;
		break;
	default:
		break;
	}
	return module_fail(err, LKS_FAILED, "%s in the state %s: %s", doing, path, said);
}

sqlite3_stmt *statement_get(struct database *database, enum statement which, struct lks_error *err)
{
	sqlite3_stmt **statement = &database->statements[which];
	int result;

	if (database->is_poisoned) {
		module_fail(err, LKS_FAILED,
			    "writing the state %s has failed before: nothing more is done with it",
			    database->path);
		return NULL;
	}
	if (*statement != NULL)
		return *statement;
	result = sqlite3_prepare_v3(database->sqlite, statement_texts[which], -1,
				    SQLITE_PREPARE_PERSISTENT, statement, NULL);
	if (result == SQLITE_OK)
		return *statement;
	(void)module_sqlite_fail(database, result, "prepare", err);
	return *statement = NULL;
}

void statement_done(sqlite3_stmt **statement)
{
	if (!*statement)
		return;
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}

/* A failed bind (no memory, too large) leaves NULL bound, which the NOT NULL
   columns refuse; the optional ones are small. */
void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void bind_text_or_null(sqlite3_stmt *statement, int index, const char *text)
{
	bind_text(statement, index, text && *text ? text : NULL);
}

const char *column_text(sqlite3_stmt *statement, int index)
{
	return (const char *)sqlite3_column_text(statement, index);
}

enum lks_status statement_run(struct database *database, sqlite3_stmt *statement, const char *doing,
			      struct lks_error *err)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_DONE)
		return LKS_OK;
	return module_sqlite_fail(database, result, doing, err);
}

static enum lks_status run(struct database *database, enum statement which, const char *doing,
			   struct lks_error *err)
{
	sqlite3_stmt *statement = statement_get(database, which, err);
	enum lks_status status;

	if (!statement)
		return err->status;
	status = statement_run(database, statement, doing, err);
	statement_done(&statement);
	return status;
}

void database_truncate(struct database *database)
{
	if (!database->is_poisoned)
		(void)sqlite3_wal_checkpoint_v2(database->sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE,
						NULL, NULL);
}

static enum lks_status transaction_locked(struct database *database, transaction_body body,
					  void *context, struct lks_error *err)
{
	struct lks_error ignored;
	enum lks_status status;

	status = run(database, SQL_BEGIN, "begin", err);
	if (status)
		return status;
	status = body(database, context, err);
	if (!status) {
		status = run(database, SQL_COMMIT, "commit", err);
		/* What a failed commit left on the disk is not known. */
		if (status)
			database->is_poisoned = true;
	}
	if (status && !sqlite3_get_autocommit(database->sqlite) &&
	    run(database, SQL_ROLLBACK, "roll back", &ignored))
		(void)sqlite3_exec(database->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

enum lks_status transaction(struct database *database, transaction_body body, void *context,
			    bool then_truncate, struct lks_error *err)
{
	enum lks_status status = database_lock(database, err);

	if (status)
		return status;
	status = transaction_locked(database, body, context, err);
	if (!status && then_truncate)
		database_truncate(database);
	database_unlock(database);
	return status;
}
