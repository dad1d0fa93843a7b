/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The durable state: operations and their steps (the journal), claims, sealed
 * values, what is known of each rotation. A private module per kind of
 * database (state-sqlite) behind this interface.
 *
 * Every writing function is one durable transaction: when it has returned
 * LKS_OK, a crash does not take it back. A failed sync stops the engine: all
 * later calls fail, nothing is tried again. Nothing is held between calls but
 * the file locks of operations. One thread at a time.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/secret.h"

struct state;

/*
 * `url` is "sqlite:/absolute/path". Makes state, key file and folders (0700)
 * on first use. LKS_INVALID with the way out: corrupt, of a newer version,
 * from another machine, wrong key (`doctor --adopt-state`).
 */
enum lks_status state_open(const char *url, const char *key_file, struct state **ret_state,
			   struct lks_error *err) MUST_CHECK;
/*
 * The way out when state_open() refuses (`doctor --adopt-state`): makes the
 * state this machine's and this key's own. What cannot be read (corrupt, of a
 * newer version) is set aside under a name with the date, and a fresh state
 * begun; unfinished operations whose key is gone end as stuck, for a person.
 * `ret_note` says what was done, in one line.
 */
enum lks_status state_adopt(const char *url, const char *key_file, char ret_note[512],
			    struct lks_error *err) MUST_CHECK;
/* How long a call waits for another process's transaction; for tests. One
   setting for the process; 0: the default of ten seconds. */
void state_use_lock_wait_ms(int64_t wait_ms);
void state_close(struct state *state);
void state_closep(struct state **state);

/* A key derived from the state key for `purpose` ("audit", "digest"). Makes
   the key file if `create`; LKS_NOT_FOUND without it, LKS_DENIED if this user
   may not read it. Does not open the state. */
enum lks_status state_key(const char *key_file, const char *purpose, bool create,
			  struct lks_buffer **ret_key, struct lks_error *err) MUST_CHECK;

/* --- operations -------------------------------------------------------- */

struct operation_row {
	char id[37];
	char *kind, *name, *state, *subject, *request, *reason;
	json_t *plan;
	char plan_hash[65];
	json_t *wait;  /* what it waits for; null */
	json_t *error; /* json_error(); null */
	json_t *notes; /* the executor's own: versions, verifications, retries */
	int64_t created_wall_ms, updated_wall_ms, ended_wall_ms;
	bool is_final;
	bool owes_audit; /* entries that the audit log could not take */
};
void operation_row_release(struct operation_row *row);

struct step_row {
	int number;  /* from 1 */
	char *phase; /* "todo" "intent" "done" "undo-intent" "undone" "skipped" */
	json_t *detail;
	int64_t started_wall_ms, ended_wall_ms;
};

/*
 * Insert the operation in PLANNED and claim its records, in one transaction,
 * and take its byte lock. LKS_CONFLICT: a record is claimed, with the
 * operation that has it in err->operation. A fresh data key is made for it.
 */
enum lks_status state_operation_begin(struct state *state, const struct operation_row *row,
				      const char *const *records, size_t record_count,
				      int step_count, struct lks_error *err) MUST_CHECK;
/* Store sealed values and go to PREPARED, in one transaction. */
enum lks_status state_operation_prepare(struct state *state, const char *id,
					const char *const *names,
					const struct lks_buffer *const *values, size_t count,
					const json_t *notes, struct lks_error *err) MUST_CHECK;
/* Unsealed. LKS_NOT_FOUND if there is no such value, or its key is destroyed. */
enum lks_status state_value(struct state *state, const char *id, const char *name,
			    struct lks_buffer **ret_value, struct lks_error *err) MUST_CHECK;
/*
 * Change an operation: new state (NULL: as it is), one step's phase
 * (`step` 0: none), wait, error and notes (NULL: as they are; json_null()
 * clears). `final` releases the claims, destroys the operation's key and
 * unlocks it. One transaction.
 */
struct operation_change {
	const char *state;
	int step;
	const char *phase;
	const json_t *detail;
	const json_t *wait, *error, *notes;
	bool is_final;
	int owes_audit; /* 0: as it is; 1: set; -1: clear */
};
enum lks_status state_operation_change(struct state *state, const char *id,
				       const struct operation_change *change,
				       struct lks_error *err) MUST_CHECK;
enum lks_status state_operation_read(struct state *state, const char *id,
				     struct operation_row *ret_row, struct step_row **ret_steps,
				     size_t *ret_step_count, struct lks_error *err) MUST_CHECK;
void step_rows_free(struct step_row *steps, size_t count);
/* Ids, oldest first (unfinished) or newest first (finished). The caller frees
   each and the array. `name` NULL: all. */
enum lks_status state_operations(struct state *state, bool unfinished, const char *name,
				 size_t limit, char ***ret_ids, size_t *ret_count,
				 struct lks_error *err) MUST_CHECK;
/* Operations, finished ones too, that owe the audit log entries; oldest first. */
enum lks_status state_audit_debts(struct state *state, size_t limit, char ***ret_ids,
				  size_t *ret_count, struct lks_error *err) MUST_CHECK;
void state_ids_free(char **ids, size_t count);
/* The byte lock that says "I execute this one". LKS_CONFLICT: another process
   has it. Released by unlock, a final change, or death. */
enum lks_status state_operation_lock(struct state *state, const char *id,
				     struct lks_error *err) MUST_CHECK;
void state_operation_unlock(struct state *state, const char *id);
/* The unfinished operation that claims STORE:PATH, or LKS_NOT_FOUND. */
enum lks_status state_claim(struct state *state, const char *record, char ret_id[37],
			    struct lks_error *err) MUST_CHECK;

/* --- rotations --------------------------------------------------------- */

struct rotation_row {
	char name[64];
	int64_t first_seen_wall_ms;
	int64_t spread_due_wall_ms;   /* due date given at first sight if overdue; 0 */
	int64_t last_success_wall_ms; /* 0: never */
	int64_t rotated_wall_ms;      /* age counts from here: success, adopt, store's date */
	char last_operation[37];
	int64_t failures;             /* in a row */
	int64_t paused_until_wall_ms; /* 0: not */
	char pause_reason[256];
};
/* LKS_NOT_FOUND: never seen. "*" is the row of `pause --all`. */
enum lks_status state_rotation_read(struct state *state, const char *name,
				    struct rotation_row *ret_row, struct lks_error *err) MUST_CHECK;
enum lks_status state_rotation_write(struct state *state, const struct rotation_row *row,
				     struct lks_error *err) MUST_CHECK;

#endif
