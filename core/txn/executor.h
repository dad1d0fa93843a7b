/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one executor: runs plans, undoes them, takes them up again after a
 * crash.
 *
 *   PLANNED -> PREPARED -> per step: INTENT, effect, DONE -> COMMITTED
 *     -> RETIRING -> DONE;  WAITING between any two steps
 *   failure before the point of no return -> ROLLING_BACK -> ROLLED_BACK
 *   foreign write, refusal, failed proof  -> STUCK
 *
 * The intent is durable before the effect. Undo goes in reverse order, except
 * that programs are reloaded (again in reverse) after the values are back.
 * Outages are retried until the plan's give_up_ms, then rolled back; a rollback
 * is retried at every run, without limit. No lock of the state and no
 * transaction is held across a plugin call, a child process or a wait.
 */
#ifndef TXN_EXECUTOR_H
#define TXN_EXECUTOR_H

#include "state/state.h"
#include "store/store.h"
#include "txn/event.h"
#include "txn/plan.h"

/* The transition table is in operation.c; the journal stores these names. */
enum operation_state {
	OPERATION_PLANNED = 1,
	OPERATION_PREPARED,
	OPERATION_RUNNING,
	OPERATION_WAITING,
	OPERATION_COMMITTED,
	OPERATION_RETIRING,
	OPERATION_DONE,
	OPERATION_ROLLING_BACK,
	OPERATION_ROLLED_BACK,
	OPERATION_STUCK
};
const char *operation_state_name(enum operation_state state);

struct executor {
	struct stores *stores;
	struct state *state;
	struct audit *audit;
	const struct config *config;
	const struct subject *subject;
	const char *request;
	const struct event_sink *events;
	/* For executor_rollback() when a program can no longer be reloaded: the
	   values go back, the programs are a person's to restart. */
	bool skip_reloads;
	/* Asked between steps and in waits; true stops at the next safe point. */
	bool (*must_stop)(void *context);
	void *stop_context;
};

/* What the report lists for each target. */
enum target_holds { TARGET_OLD = 0, TARGET_NEW, TARGET_OTHER, TARGET_UNREACHABLE };
const char *target_holds_name(enum target_holds holds);

/* How an operation ended, or where it stands. Owned by the caller. */
struct outcome {
	char operation[37];
	enum operation_state state;
	enum exit_code exit_code; /* 0, 9, 10, 12, 130; else the cause's own: nothing was begun */
	struct lks_error cause;   /* status LKS_OK if there is none */
	bool rollback_performed;
	/* schema lockstep.rotate/1 without the head: operation, rotation,
	   strategy, old_version, new_version, started_at, duration_ms, steps[],
	   verifications[], targets[], waiting_for, rollback_performed, outcome,
	   cause, next[] (lines to type). */
	json_t *report;
};
void outcome_release(struct outcome *outcome);

/*
 * Fill in the values that the plan's steps name. Called once, under the claim,
 * after the old records of all targets were read into `values`
 * ("old:STORE:PATH"). Writes nothing anywhere.
 */
typedef enum lks_status (*prepare_function)(void *context, const struct plan *plan,
					    struct values *values, struct lks_error *err);

/*
 * Claim, prepare, execute. `operation` is the id to use (a repeat of a known id
 * does nothing and reports how that one ended), or NULL for a new one.
 * `foreground` waits out WAIT steps before the point of no return; else it
 * returns at the first wait (exit 12). Returns LKS_OK when the operation came
 * to any end that `ret_outcome` describes; a failure before anything was
 * begun (a claim by another: LKS_CONFLICT with its id) is returned as such.
 */
enum lks_status executor_run(struct executor *executor, const struct plan *plan,
			     const char *operation, bool foreground, prepare_function prepare,
			     void *context, struct outcome *ret_outcome,
			     struct lks_error *err) MUST_CHECK;

/* Take up one operation where it stands (also STUCK: probes again). */
enum lks_status executor_resume(struct executor *executor, const char *operation, bool foreground,
				struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;
/*
 * End a keep-previous wait now and retire: a new rotation of the same secret
 * finishes the one before it first. LKS_CONFLICT if the operation is not
 * there yet.
 */
enum lks_status executor_finish(struct executor *executor, const char *operation,
				struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;
/*
 * Undo. Before the point of no return and while the previous value is kept;
 * proves first that the old value works (the plan's verifiers), else
 * LKS_CONFLICT and nothing is touched. Where programs were reloaded that
 * refuse it, they are given it first and asked then. A finished operation is LKS_CONFLICT
 * with what helps instead.
 */
enum lks_status executor_rollback(struct executor *executor, const char *operation,
				  const char *reason, struct outcome *ret_outcome,
				  struct lks_error *err) MUST_CHECK;
/*
 * All unfinished operations whose owner is dead: forward or back, as the
 * journal says; those that wait go on if what they wait for is there. Calls
 * `each` with every outcome. Running it twice equals running it once.
 */
enum lks_status executor_recover(struct executor *executor,
				 void (*each)(void *context, const struct outcome *outcome),
				 void *context, struct lks_error *err) MUST_CHECK;
/* The report of one operation as it stands, probing its targets if `probe`. */
enum lks_status executor_report(struct executor *executor, const char *operation, bool probe,
				struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;

#endif
