/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the executor: one operation at work, its journal, the step table.
 * Nothing outside core/txn includes this.
 */
#ifndef TXN_OPERATION_H
#define TXN_OPERATION_H

#include "base/failpoint.h"
#include "txn/executor.h"

/* The name of a target: STORE:PATH with its label. */
#define TARGET_NAME_MAX (REFERENCE_MAX * 2 + 64)

struct value_entry {
	char *name;
	struct lks_record *record;
};
struct values {
	struct value_entry *entries;
	size_t count;
};
void values_freep(struct values **values);
void target_name(const struct reference *reference, char *buffer, size_t size);

/* --- what the plan says (plan.c) --- */

enum lks_status plan_strings_add(struct strings *strings, const char *text,
				 struct lks_error *err) MUST_CHECK;
bool step_changes(const struct step *step);
bool step_is_keep_previous(const struct step *step);
bool step_is_after(const struct step *step);
/* The last change of the record before step `end` (an index); NULL: none. */
const struct target *plan_last_change(const struct plan *plan, size_t end,
				      const struct reference *reference);
/* What a record holds before step `end`; NULL: nothing is there. */
const struct lks_record *plan_value_at(const struct plan *plan, const struct values *values,
				       size_t end, const struct reference *reference);
const struct reference *plan_candidate_at(const struct plan *plan, size_t verify, size_t now);

/* --- one operation --- */

struct operation {
	struct executor *executor;
	struct plan *plan;
	struct values *values;
	struct operation_row row;
	struct step_row *steps;
	size_t step_count;
	enum operation_state state;
	bool foreground;
	bool has_effect;    /* something was changed, or may have been */
	bool audit_missing; /* the audit log could not take something */
	bool finish_now;    /* a keep-previous wait is cut short */
	struct lks_error cause;
};

void operation_release(struct operation *operation);
/* Read the row, the plan, the values (unless final). Takes no lock. */
enum lks_status operation_load(struct executor *executor, const char *id, bool with_values,
			       struct operation *operation, struct lks_error *err) MUST_CHECK;
/* Read and seal: every value, under the names that steps use. */
enum lks_status operation_store_values(struct operation *operation,
				       struct lks_error *err) MUST_CHECK;

bool transition_allowed(enum operation_state from, enum operation_state to);
enum operation_state operation_state_parse(const char *name);
/* The effect of a step may have happened: its phase says so. */
bool phase_is_begun(const char *phase);
bool phase_is_over(const char *phase);
/* The point of no return lies behind. */
bool operation_is_past_return(const struct operation *operation);

/* One durable write. `step` is an index or -1; `state` 0 keeps it. Text and
   JSON as in struct operation_change. */
struct journal_entry {
	const char *point; /* failpoint: "txn.<point>.before", ".after" */
	enum operation_state state;
	int step;
	const char *phase;
	json_t *detail; /* borrowed */
	json_t *wait;   /* borrowed; json_null() clears */
	bool with_notes, with_cause, is_final;
};
enum lks_status operation_journal(struct operation *operation, const struct journal_entry *entry,
				  struct lks_error *err) MUST_CHECK;

/* How the engine calls a store on behalf of this operation. */
struct access operation_access(struct operation *operation, enum action action, int step);
enum action operation_action(const struct operation *operation);
/* Was a program told of the new value? */
bool operation_has_begun_reload(const struct operation *operation);
bool operation_must_stop(const struct operation *operation);
/* Policy with the starting subject; `subject` NULL: the one in the row. */
enum lks_status operation_policy(struct executor *executor, const struct plan *plan,
				 const struct subject *subject, struct lks_error *err) MUST_CHECK;
void operation_event(const struct operation *operation, enum event_type type, int step,
		     const char *text, int64_t until_wall_ms, const struct lks_error *error);

/* --- steps --- */

/* What a step's attempt came to. All but OK leave the reason in `err`. */
enum step_result {
	STEP_OK = 0,
	STEP_WAITING, /* the wait is not over: come again */
	STEP_STOPPED, /* must_stop said so */
	STEP_OUTAGE,  /* nothing is known to be wrong: try again */
	STEP_FAILED,  /* refused, invalid, unhealthy: go back */
	STEP_FOREIGN, /* somebody else changed it: a person decides */
	STEP_BROKEN   /* the journal cannot be written: stop the engine */
};

/* In the notes of an operation that goes back: the old value is proven after
   the programs were reloaded, not before. */
#define NOTE_PROVE_UNDONE "prove_undone"
/* The config whose names the plan uses. */
#define NOTE_CONFIG "config"

struct step_functions {
	enum step_result (*run)(struct operation *operation, size_t index, struct lks_error *err);
	/* NULL: there is nothing to take back. */
	enum step_result (*undo)(struct operation *operation, size_t index, struct lks_error *err);
};
/* NULL: this version cannot carry out that type. */
const struct step_functions *step_functions(enum step_type type);

enum step_result step_classify(const struct lks_error *err);
/* What to journal with a step's DONE: the commit, if it was the last before. */
enum operation_state step_done_state(const struct operation *operation, size_t index);
/* Journal that the step is done. */
enum step_result step_finish(struct operation *operation, size_t index, json_t *detail,
			     struct lks_error *err);
enum step_result step_intend(struct operation *operation, size_t index, const char *phase,
			     struct lks_error *err);

enum step_result step_change_run(struct operation *operation, size_t index, struct lks_error *err);
enum step_result step_change_undo(struct operation *operation, size_t index, struct lks_error *err);
enum step_result step_verify_run(struct operation *operation, size_t index, struct lks_error *err);
enum step_result step_wait_run(struct operation *operation, size_t index, struct lks_error *err);
enum step_result step_reload_run(struct operation *operation, size_t index, struct lks_error *err);
enum step_result step_reload_undo(struct operation *operation, size_t index, struct lks_error *err);

/* What a target holds, compared with what it held before and holds after. */
struct probe {
	enum target_holds holds;
	struct lks_record *record; /* NULL: nothing is there */
};
void probe_release(struct probe *probe);
/* `before` and `after` NULL mean "nothing there". Where both are the same,
   `prefer_new` decides. */
enum lks_status probe_target(struct operation *operation, const struct reference *reference,
			     const struct lks_record *before, const struct lks_record *after,
			     bool prefer_new, int step, struct probe *ret_probe,
			     struct lks_error *err) MUST_CHECK;
/* Every target of the plan as the operation leaves it; STEP_FOREIGN names the
   first that is not so. */
enum step_result probe_all_new(struct operation *operation, struct lks_error *err);

/* Ask about a candidate as it is stored now, until an answer counts. Adds it
   to the notes. STEP_FAILED: invalid. */
enum step_result verify_step(struct operation *operation, size_t verify, size_t now,
			     struct lks_error *err);
/* All verifiers of the plan, each once, about what is current at step `now`. */
enum step_result verify_all(struct operation *operation, size_t now, struct lks_error *err);
/* Does what was there before still work? LKS_CONFLICT if not, and then
   `ret_is_invalid` where a verifier said so. */
enum lks_status verify_old(struct operation *operation, bool *ret_is_invalid,
			   struct lks_error *err) MUST_CHECK;
/* The same once it was put back: about what is stored, until an answer counts. */
enum step_result verify_undone(struct operation *operation, struct lks_error *err);

/* Between keeping and retiring: everything is where it should be and works.
   Never STEP_FAILED: the rollback is not armed any more. */
enum step_result prove_before_retiring(struct operation *operation, size_t index,
				       struct lks_error *err);

/* --- waiting --- */

/* A wait that outlives processes: started, heartbeat, boot, wall. */
json_t *wait_new(const char *what, int step, int64_t duration_ms, int64_t poll_ms);
/* How much of it has passed. Begins it anew or moves it to this boot where the
   clocks ask for that, and notes the heartbeat. */
int64_t wait_elapsed_ms(json_t *wait);
/* When it ends, on the wall clock: for people. */
int64_t wait_until_wall_ms(const json_t *wait, int64_t elapsed_ms);
/* Sleep in slices; false: must_stop. */
bool operation_sleep(const struct operation *operation, int64_t ms);

/* --- the parts --- */

enum lks_status operation_execute(struct operation *operation, struct outcome *ret_outcome,
				  struct lks_error *err) MUST_CHECK;
enum lks_status operation_roll_back(struct operation *operation, const struct lks_error *cause,
				    struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;
enum lks_status operation_stuck(struct operation *operation, const struct lks_error *cause,
				struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;
/* Fill in the outcome and its report, send FINISHED, let go of the lock. */
enum lks_status operation_conclude(struct operation *operation, enum exit_code code, bool probe,
				   struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;
enum lks_status operation_report(struct operation *operation, enum exit_code code, bool probe,
				 struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;
/* Write the audit entries that are owed, from the journal. */
enum lks_status operation_pay_audit(struct executor *executor, struct lks_error *err) MUST_CHECK;

struct child_result {
	int exit_code; /* -1: killed by `signal` */
	int signal;
	bool timed_out;
};
/* Run argv in its own process group with a clean environment, nothing on
   stdin, output dropped; the group is killed at the timeout. */
enum lks_status child_run(const struct strings *argv, const char *const *environment,
			  int64_t timeout_ms, struct child_result *ret_result,
			  struct lks_error *err) MUST_CHECK;

#define TXN_FAILPOINT(name, err)                                                                   \
	(FAILPOINT(name) ? error_set((err), LKS_FAILED, "failpoint %s", (name)) : LKS_OK)

#endif
