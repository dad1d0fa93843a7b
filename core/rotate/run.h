/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rotations of the config: what is due, the plans of a run, and carrying them
 * out under the limits of the config.
 *
 * What is known of a rotation (struct rotation_row) follows the journal: a row
 * that misses the end of an operation, because a process died between the two,
 * is corrected when it is read.
 *
 * A run starts one rotation after the other; `limits.parallel` is an upper
 * bound that one never exceeds.
 */
#ifndef ROTATE_RUN_H
#define ROTATE_RUN_H

#include "rotate/schedule.h"
#include "txn/executor.h"

/* One rotation of a run. */
struct planned {
	struct due_entry entry;
	struct plan *plan; /* NULL: there is none, and `refusal` says why */
	struct lks_error refusal;
	char unfinished[37]; /* the operation that is under way; "" */
};

struct planned_list {
	struct planned *items;
	size_t count;
	size_t left;    /* due too, but beyond the limit of one run */
	size_t waiting; /* due, but outside their window or paused */
};
void planned_list_release(struct planned_list *list);

/*
 * Rows of the named rotations (all with `count` 0), in the order of the
 * config, judged at this moment. Rotations that were never seen are recorded.
 * LKS_NOT_FOUND: there is no rotation of that name.
 */
enum lks_status rotations_judge(struct executor *executor, char *const *names, size_t count,
				struct due_entry **ret_entries, size_t *ret_count,
				struct lks_error *err) MUST_CHECK;

/* LKS_NOT_FOUND, with the nearest name there is. */
enum lks_status rotation_unknown(const struct config *config, const char *name,
				 struct lks_error *err);

/*
 * The plans of a run now: those that are due, in their order, as many as one
 * run may start. `all` plans every named rotation, due or not. A rotation that
 * cannot be planned is in the list with its refusal.
 */
enum lks_status rotations_plan(struct executor *executor, char *const *names, size_t count,
			       bool all, struct planned_list *ret_list,
			       struct lks_error *err) MUST_CHECK;
/* The hash over the plans of the list. */
enum lks_status planned_list_hash(const struct planned_list *list, char ret_hex[65],
				  struct lks_error *err) MUST_CHECK;

/* Plan and carry out one rotation; `plan` may be NULL: it is made. Records how
   it ended in the rotation's row. As executor_run(). Whether the window is open
   is the caller's question; a rotation given without its window is not held up
   by it later either. */
enum lks_status rotation_start(struct executor *executor, const struct config_rotation *rotation,
			       const struct plan *plan, const char *operation, bool foreground,
			       struct outcome *ret_outcome, struct lks_error *err) MUST_CHECK;

/* Note in the rotation's row how an operation ended (after resume, rollback,
   recovery). A failure to do so is logged: the row follows the journal. */
void rotation_note(struct executor *executor, const struct outcome *outcome);

/* Called for each operation that a run recovers, starts, or could not start
   (`outcome` NULL, `refusal` says why). */
struct run_watcher {
	void (*ended)(void *context, const char *name, const struct outcome *outcome,
		      const struct lks_error *refusal);
	void *context;
};

struct run_result {
	size_t started, changed, failed;
	bool stopped;         /* stop_after_failures was reached, or somebody asked */
	enum exit_code worst; /* 10 11 1 9 4 5 7 3 2, by this order; waiting is 0 */
};

/* Take up what is unfinished. First part of every run. */
enum lks_status run_recover(struct executor *executor, const struct run_watcher *watcher,
			    struct run_result *result, struct lks_error *err) MUST_CHECK;
/* Carry out a list of plans. */
void run_planned(struct executor *executor, const struct planned_list *list,
		 const struct run_watcher *watcher, struct run_result *result);

/* The worse of two exit codes of a run. */
enum exit_code worse_exit(enum exit_code a, enum exit_code b);

/* The rotation that an operation, or a rotation's name, stands for: the
   unfinished operation of that name, else the last one. */
enum lks_status operation_find(struct executor *executor, const char *word, char ret_id[37],
			       struct lks_error *err) MUST_CHECK;

#endif
