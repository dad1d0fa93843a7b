/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kind of database does for the state: the table that a private module
 * (state-sqlite) exports. Semantic, no query language crosses it, so that
 * another kind can follow. JSON is text, secrets are sealed bytes; the module
 * has no key and links nothing of the core.
 *
 * Rows are handed to callbacks and are valid for the call: no memory changes
 * hands. `err` is never NULL; the module fills its status and message only.
 * Every writing function is one durable transaction. LKS_INVALID: the database
 * cannot be believed (see the message). After a failed sync every later call
 * on the handle fails.
 */
#ifndef STATE_DATABASE_H
#define STATE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/module.h"

#define DATABASE_ABI 1

struct database;

/* Who opens: must be the same as when it was made. */
struct database_identity {
	const char *machine;
	const char *key_check; /* shows that the key is the same, not which it is */
	int64_t lock_wait_ms;
};

struct database_operation {
	int64_t number; /* set by the module */
	const char *id, *kind, *name, *state, *subject, *request, *reason;
	const char *plan, *plan_hash;
	const char *wait, *error, *notes; /* JSON or NULL */
	int64_t created_wall_ms, updated_wall_ms, ended_wall_ms;
	bool is_final, owes_audit;
	const void *data_key; /* sealed; NULL once destroyed */
	size_t data_key_len;
};

struct database_step {
	int number;
	const char *phase, *detail;
	int64_t started_wall_ms, ended_wall_ms;
};

struct database_value {
	const char *name;
	const void *sealed;
	size_t sealed_len;
};

/* As struct operation_change: NULL is "as it is", "" clears a text. */
struct database_change {
	const char *state;
	int step;
	const char *phase, *detail;
	const char *wait, *error, *notes;
	bool is_final;
	int owes_audit;
	int64_t now_wall_ms;
};

struct database_rotation {
	const char *name;
	int64_t first_seen_wall_ms, spread_due_wall_ms, last_success_wall_ms, rotated_wall_ms;
	const char *last_operation;
	int64_t failures;
	int64_t paused_until_wall_ms;
	const char *pause_reason;
};

/* Which operations database_module.list gives. */
enum database_list { DATABASE_UNFINISHED, DATABASE_FINISHED, DATABASE_OWING };

struct database_module {
	struct module_head head;
	/* `location` is what stands behind the kind in the URL. */
	enum lks_status (*open)(const char *location, const struct database_identity *identity,
				struct database **ret_database, struct lks_error *err);
	void (*close)(struct database *database);
	bool (*exists)(const char *location);
	/* See state_adopt(). `lost` is the JSON error of operations whose key
	   is gone. */
	enum lks_status (*adopt)(const char *location, const struct database_identity *identity,
				 const char *lost, int64_t now_wall_ms, char *ret_note,
				 size_t note_size, struct lks_error *err);

	/* Insert and claim and lock. LKS_CONFLICT fills err->operation if a
	   record is claimed; without it the id is known already. */
	enum lks_status (*begin)(struct database *database, const struct database_operation *row,
				 const char *const *records, size_t record_count, int step_count,
				 struct lks_error *err);
	enum lks_status (*prepare)(struct database *database, const char *id, const char *state,
				   const struct database_value *values, size_t count,
				   const char *notes, int64_t now_wall_ms, struct lks_error *err);
	enum lks_status (*change)(struct database *database, const char *id,
				  const struct database_change *change, struct lks_error *err);
	enum lks_status (*read)(struct database *database, const char *id,
				void (*row)(void *context, const struct database_operation *row),
				void (*step)(void *context, const struct database_step *step),
				void *context, struct lks_error *err);
	enum lks_status (*value)(struct database *database, const char *id, const char *name,
				 void (*value)(void *context, const struct database_value *value),
				 void *context, struct lks_error *err);
	enum lks_status (*list)(struct database *database, enum database_list list,
				const char *name, size_t limit,
				void (*id)(void *context, const char *id), void *context,
				struct lks_error *err);
	enum lks_status (*lock)(struct database *database, const char *id, struct lks_error *err);
	void (*unlock)(struct database *database, const char *id);
	enum lks_status (*claim)(struct database *database, const char *record, char ret_id[37],
				 struct lks_error *err);

	enum lks_status (*rotation_read)(struct database *database, const char *name,
					 void (*row)(void *context,
						     const struct database_rotation *row),
					 void *context, struct lks_error *err);
	enum lks_status (*rotation_write)(struct database *database,
					  const struct database_rotation *row,
					  struct lks_error *err);
};

#endif
