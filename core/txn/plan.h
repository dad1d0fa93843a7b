/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan: what an operation will do, as typed steps. Planners make plans and
 * write nothing; the executor runs them. A plan is data: it can be shown,
 * hashed, stored and resumed by another process.
 *
 * Values are never in a plan. Steps name them ("new", "old:vault:acme/x"); the
 * executor keeps the named records in memory while it works and sealed in the
 * journal from PREPARED on.
 */
#ifndef TXN_PLAN_H
#define TXN_PLAN_H

#include <stdbool.h>

#include <jansson.h>

#include "base/record.h"
#include "config/config.h"
#include "base/reference.h"

/* The closed set of effects. Those without an implementation in the step table
   (core/txn/step.c) are refused when a plan is made. */
enum step_type {
	STEP_WRITE = 1, /* targets get new values */
	STEP_DELETE,    /* targets go */
	STEP_VERIFY,    /* a verifier says "valid" of a value as stored */
	STEP_ISSUE,
	STEP_REVOKE,
	STEP_LABEL, /* values move between labels, in one change */
	STEP_APPLY,
	STEP_WAIT,   /* for time to pass; the verifiers run again at each poll */
	STEP_RELOAD, /* a program takes the new value, and is healthy */
	STEP_NOTIFY,
	STEP_FLAG,
	STEP_RUN
};
const char *step_type_name(enum step_type type);

/* One record that a step changes. All targets of a step are in one store. */
struct target {
	struct reference reference;
	char *value;    /* name of the value written; NULL: the record goes */
	char *expected; /* version when planned; "" nothing was there; NULL unknown */
};

struct step {
	enum step_type type;
	char *title; /* "promote app:API_KEY": for people, no value */
	bool after_no_return;
	struct target *targets; /* WRITE DELETE LABEL */
	size_t target_count;
	/* VERIFY: `name` is the verifier, `candidate` what is read and asked
	   about (label `pending` while staged). WAIT: `name` says what for
	   ("soak", "keep-previous"; "window": until that of `config` is open,
	   without a duration). RELOAD: `name` is the consumer. */
	char *name;
	struct reference candidate;
	int64_t duration_ms; /* WAIT; RELOAD: timeout for `healthy` */
	int64_t poll_ms;
	struct strings command; /* RELOAD */
	struct strings healthy;
};

struct plan {
	char *kind;     /* "rotate" "set" "delete" "rollback" */
	char *name;     /* the rotation's name; STORE:PATH for set and delete */
	json_t *config; /* the rotation as parsed (config_rotation_json), or null */
	struct step *steps;
	size_t step_count;
	struct strings records; /* STORE:PATH claimed by it, sorted */
	int64_t give_up_ms;     /* outages are retried this long; 0: no retry */
	bool auto_rollback;
	/* Text for people, one line each: "until 02:10 tomorrow `rollback` ...",
	   "the programs alone decide which values work". */
	struct strings notes;
};

enum lks_status plan_new(const char *kind, const char *name, struct plan **ret_plan,
			 struct lks_error *err) MUST_CHECK;
void plan_free(struct plan *plan);
void plan_freep(struct plan **plan);
/* Append an empty step; the caller fills it. Borrowed until the next append. */
struct step *plan_add_step(struct plan *plan, enum step_type type,
			   struct lks_error *err) MUST_CHECK;
enum lks_status step_set_title(struct step *step, struct lks_error *err, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;
enum lks_status step_add_target(struct step *step, const struct reference *reference,
				const char *value, const char *expected,
				struct lks_error *err) MUST_CHECK;
enum lks_status plan_add_record(struct plan *plan, const struct reference *reference,
				struct lks_error *err) MUST_CHECK;
enum lks_status plan_add_note(struct plan *plan, struct lks_error *err, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;

/* The whole plan, and back. */
json_t *plan_to_json(const struct plan *plan);
enum lks_status plan_from_json(const json_t *json, struct plan **ret_plan,
			       struct lks_error *err) MUST_CHECK;

/*
 * SHA-256 (hex) over canonical JSON of plans sorted by name: config, and per
 * step its type, references, undo, side of the point of no return and expected
 * versions. Not times, not values.
 */
enum lks_status plan_hash(const struct plan *const *plans, size_t count, char ret_hex[65],
			  struct lks_error *err) MUST_CHECK;

/* Named values of one operation. */
struct values;
enum lks_status values_new(struct values **ret_values, struct lks_error *err) MUST_CHECK;
void values_free(struct values *values);
/* Takes the record. */
enum lks_status values_put(struct values *values, const char *name, struct lks_record *record,
			   struct lks_error *err) MUST_CHECK;
/* Borrowed; NULL if there is none. */
const struct lks_record *values_get(const struct values *values, const char *name);
/* "old:" + STORE:PATH: the record that was at a target before the operation.
   Absent from `values` if nothing was there. */
void value_name_old(const struct reference *reference, char *buffer, size_t size);

#endif
