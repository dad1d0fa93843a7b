/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the SQLite module: the handle, its statements, its lock.
 *
 * Debian's SQLite may lose data when two connections of a WAL database write
 * or checkpoint at the same instant. So open, write transactions, checkpoints
 * and close run under an exclusive OFD lock on PATH.lock; it is never held
 * when a call has returned.
 */
#ifndef MODULE_SQLITE_H
#define MODULE_SQLITE_H

#include <sqlite3.h>

#include "state/database.h"

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x4c4b5301 /* "LKS" 1 */

/* Every statement there is; the texts are in statements.c. */
enum statement {
	SQL_BEGIN = 0,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_OPERATION_INSERT,
	SQL_OPERATION_NUMBER,
	SQL_OPERATION_READ,
	SQL_OPERATION_PREPARE,
	SQL_OPERATION_CHANGE,
	SQL_OPERATION_END,
	SQL_STEP_INSERT,
	SQL_STEP_CHANGE,
	SQL_STEP_READ,
	SQL_SEALED_INSERT,
	SQL_SEALED_READ,
	SQL_SEALED_DELETE,
	SQL_CLAIM_INSERT,
	SQL_CLAIM_READ,
	SQL_CLAIM_DELETE,
	SQL_LIST_UNFINISHED,
	SQL_LIST_FINISHED,
	SQL_LIST_OWING,
	SQL_ROTATION_READ,
	SQL_ROTATION_WRITE,
	SQL_META_READ,
	SQL_META_WRITE,
	SQL_LOST_VALUES,
	SQL_LOST_CLAIMS,
	SQL_LOST_OPERATIONS,
	STATEMENT_COUNT
};
extern const char *const statement_texts[STATEMENT_COUNT];
extern const char schema_text[];

struct database {
	sqlite3 *sqlite;
	char *path;
	int lock_fd; /* PATH.lock */
	int ops_fd;  /* PATH.ops: a byte per operation's row */
	int64_t lock_wait_ms;
	bool is_poisoned; /* a sync failed: nothing is tried again */
	sqlite3_stmt *statements[STATEMENT_COUNT];
};

enum lks_status module_fail(struct lks_error *err, enum lks_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Turn SQLite's result into ours; poisons after an I/O error. */
enum lks_status module_sqlite_fail(struct database *database, int result, const char *doing,
				   struct lks_error *err);

/* The exclusive lock of PATH.lock; waits at most lock_wait_ms. */
enum lks_status database_lock(struct database *database, struct lks_error *err);
void database_unlock(struct database *database);
/* Byte `number` of PATH.ops. LKS_CONFLICT: another has it. */
enum lks_status operation_byte_lock(struct database *database, int64_t number,
				    struct lks_error *err);
void operation_byte_unlock(struct database *database, int64_t number);

/* Ready to bind and step; reset by statement_done(). NULL: see `err`. */
sqlite3_stmt *statement_get(struct database *database, enum statement which, struct lks_error *err);
void statement_done(sqlite3_stmt **statement);
void bind_text(sqlite3_stmt *statement, int index, const char *text);
/* "" binds NULL: for members where it means "cleared". */
void bind_text_or_null(sqlite3_stmt *statement, int index, const char *text);
const char *column_text(sqlite3_stmt *statement, int index);
/* Step a statement that returns no row. */
enum lks_status statement_run(struct database *database, sqlite3_stmt *statement, const char *doing,
			      struct lks_error *err);

/* Lock, begin, `body`, commit (or roll back), unlock. */
typedef enum lks_status (*transaction_body)(struct database *database, void *context,
					    struct lks_error *err);
enum lks_status transaction(struct database *database, transaction_body body, void *context,
			    bool then_truncate, struct lks_error *err);
/* Empty the write-ahead file, so that destroyed keys are gone from it. A
   reader may prevent it: tried again at the next open. The lock is held. */
void database_truncate(struct database *database);

enum lks_status sqlite_open(const char *location, const struct database_identity *identity,
			    struct database **ret_database, struct lks_error *err);
void sqlite_close(struct database *database);
bool sqlite_exists(const char *location);
enum lks_status sqlite_adopt(const char *location, const struct database_identity *identity,
			     const char *lost, int64_t now_wall_ms, char *ret_note,
			     size_t note_size, struct lks_error *err);
/* journal.c */
enum lks_status sqlite_begin(struct database *database, const struct database_operation *row,
			     const char *const *records, size_t record_count, int step_count,
			     struct lks_error *err);
enum lks_status sqlite_prepare(struct database *database, const char *id, const char *state,
			       const struct database_value *values, size_t count, const char *notes,
			       int64_t now_wall_ms, struct lks_error *err);
enum lks_status sqlite_change(struct database *database, const char *id,
			      const struct database_change *change, struct lks_error *err);
/* read.c */
enum lks_status sqlite_number(struct database *database, const char *id, int64_t *ret_number,
			      struct lks_error *err);
enum lks_status sqlite_read(struct database *database, const char *id,
			    void (*row)(void *context, const struct database_operation *row),
			    void (*step)(void *context, const struct database_step *step),
			    void *context, struct lks_error *err);
enum lks_status sqlite_value(struct database *database, const char *id, const char *name,
			     void (*value)(void *context, const struct database_value *value),
			     void *context, struct lks_error *err);
enum lks_status sqlite_list(struct database *database, enum database_list list, const char *name,
			    size_t limit, void (*id)(void *context, const char *id), void *context,
			    struct lks_error *err);
enum lks_status sqlite_lock(struct database *database, const char *id, struct lks_error *err);
void sqlite_unlock(struct database *database, const char *id);
enum lks_status sqlite_claim(struct database *database, const char *record, char ret_id[37],
			     struct lks_error *err);
enum lks_status sqlite_rotation_read(struct database *database, const char *name,
				     void (*row)(void *context,
						 const struct database_rotation *row),
				     void *context, struct lks_error *err);
enum lks_status sqlite_rotation_write(struct database *database,
				      const struct database_rotation *row, struct lks_error *err);

#endif
