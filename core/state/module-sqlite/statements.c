/* SPDX-License-Identifier: Apache-2.0 */
/* The schema and every statement, in one place. */
#include "state/module-sqlite/sqlite.h"

#define STATES                                                                                     \
	"('planned','prepared','running','waiting','committed','retiring','done',"                 \
	"'rolling-back','rolled-back','stuck')"

const char schema_text[] =
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	/* Numbers are never used twice: each is a byte in PATH.ops. */
	"CREATE TABLE operations(number INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL,"
	" state TEXT NOT NULL CHECK(state IN " STATES "),"
	" subject TEXT, request TEXT, reason TEXT, plan TEXT NOT NULL, plan_hash TEXT NOT NULL,"
	" wait TEXT, error TEXT, notes TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
	" ended INTEGER NOT NULL DEFAULT 0, final INTEGER NOT NULL DEFAULT 0"
	" CHECK(final IN (0,1)), owes_audit INTEGER NOT NULL DEFAULT 0, data_key BLOB);"
	"CREATE INDEX operations_unfinished ON operations(number) WHERE final = 0;"
	"CREATE INDEX operations_owing ON operations(number) WHERE owes_audit = 1;"
	"CREATE INDEX operations_by_name ON operations(name, number);"
	"CREATE TABLE steps(operation INTEGER NOT NULL, number INTEGER NOT NULL,"
	" phase TEXT NOT NULL"
	" CHECK(phase IN ('todo','intent','done','undo-intent','undone','skipped')),"
	" detail TEXT, started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0,"
	" PRIMARY KEY(operation, number)) WITHOUT ROWID;"
	"CREATE TABLE sealed(operation INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL);"
	"CREATE UNIQUE INDEX sealed_by_name ON sealed(operation, name);"
	"CREATE TABLE claims(record TEXT PRIMARY KEY, operation INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX claims_by_operation ON claims(operation);"
	"CREATE TABLE rotations(name TEXT PRIMARY KEY, first_seen INTEGER NOT NULL,"
	" spread_due INTEGER NOT NULL, last_success INTEGER NOT NULL, rotated INTEGER NOT NULL,"
	" last_operation TEXT NOT NULL, failures INTEGER NOT NULL, paused_until INTEGER NOT NULL,"
	" pause_reason TEXT NOT NULL) WITHOUT ROWID;";

const char *const statement_texts[STATEMENT_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_OPERATION_INSERT] =
		"INSERT INTO operations(id, kind, name, state, subject, request, reason, plan,"
		" plan_hash, notes, created, updated, data_key)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11, ?12)",
	[SQL_OPERATION_NUMBER] = "SELECT number, final FROM operations WHERE id = ?1",
	[SQL_OPERATION_READ] =
		"SELECT number, id, kind, name, state, subject, request, reason, plan, plan_hash,"
		" wait, error, notes, created, updated, ended, final, owes_audit, data_key"
		" FROM operations WHERE id = ?1",
	[SQL_OPERATION_PREPARE] =
		"UPDATE operations SET state = ?2, notes = coalesce(?3, notes), updated = ?4"
		" WHERE number = ?1 AND final = 0",
	/* ?N says whether ?N+1 is set: "as it is" and "cleared" are not the same. */
	[SQL_OPERATION_CHANGE] =
		"UPDATE operations SET state = coalesce(?2, state),"
		" wait = CASE WHEN ?3 THEN ?4 ELSE wait END,"
		" error = CASE WHEN ?5 THEN ?6 ELSE error END,"
		" notes = CASE WHEN ?7 THEN ?8 ELSE notes END,"
		" owes_audit = CASE ?9 WHEN 0 THEN owes_audit ELSE ?9 > 0 END, updated = ?10"
		" WHERE number = ?1",
	[SQL_OPERATION_END] =
		"UPDATE operations SET final = 1, data_key = NULL, ended = ?2 WHERE number = ?1",
	[SQL_STEP_INSERT] = "INSERT INTO steps(operation, number, phase) VALUES(?1, ?2, 'todo')",
	[SQL_STEP_CHANGE] =
		"UPDATE steps SET phase = ?3, detail = CASE WHEN ?4 THEN ?5 ELSE detail END,"
		" started = CASE WHEN ?3 IN ('intent','undo-intent') OR started = 0 THEN ?6"
		" ELSE started END,"
		" ended = CASE WHEN ?3 IN ('done','undone','skipped') THEN ?6 ELSE 0 END"
		" WHERE operation = ?1 AND number = ?2",
	[SQL_STEP_READ] = "SELECT number, phase, detail, started, ended FROM steps"
			  " WHERE operation = ?1 ORDER BY number",
	[SQL_SEALED_INSERT] = "INSERT INTO sealed(operation, name, value) VALUES(?1, ?2, ?3)",
	[SQL_SEALED_READ] = "SELECT value FROM sealed WHERE operation = ?1 AND name = ?2",
	[SQL_SEALED_DELETE] = "DELETE FROM sealed WHERE operation = ?1",
	[SQL_CLAIM_INSERT] = "INSERT INTO claims(record, operation) VALUES(?1, ?2)",
	[SQL_CLAIM_READ] = "SELECT o.id FROM claims c JOIN operations o ON o.number = c.operation"
			   " WHERE c.record = ?1",
	[SQL_CLAIM_DELETE] = "DELETE FROM claims WHERE operation = ?1",
	[SQL_LIST_UNFINISHED] = "SELECT id FROM operations WHERE final = 0"
				" AND (?1 IS NULL OR name = ?1) ORDER BY number LIMIT ?2",
	[SQL_LIST_FINISHED] = "SELECT id FROM operations WHERE final = 1"
			      " AND (?1 IS NULL OR name = ?1) ORDER BY number DESC LIMIT ?2",
	[SQL_LIST_OWING] = "SELECT id FROM operations WHERE owes_audit = 1"
			   " AND (?1 IS NULL OR name = ?1) ORDER BY number LIMIT ?2",
	[SQL_ROTATION_READ] =
		"SELECT name, first_seen, spread_due, last_success, rotated, last_operation,"
		" failures, paused_until, pause_reason FROM rotations WHERE name = ?1",
	[SQL_ROTATION_WRITE] = "INSERT OR REPLACE INTO rotations(name, first_seen, spread_due,"
			       " last_success, rotated, last_operation, failures, paused_until,"
			       " pause_reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_META_READ] = "SELECT value FROM meta WHERE name = ?1",
	[SQL_META_WRITE] = "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)",
	[SQL_LOST_VALUES] = "DELETE FROM sealed",
	[SQL_LOST_CLAIMS] = "DELETE FROM claims",
	[SQL_LOST_OPERATIONS] =
		"UPDATE operations SET final = 1, state = 'stuck', error = ?1, ended = ?2,"
		" updated = ?2, data_key = NULL WHERE final = 0",
};
