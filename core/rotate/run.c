/* SPDX-License-Identifier: Apache-2.0 */
/* The plans of a run, and carrying them out under its limits. */
#include "rotate/run.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "rotate/hooks.h"
#include "rotate/planner.h"
#include "rotate/rows.h"

void planned_list_release(struct planned_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		plan_free(list->items[i].plan);
	free(list->items);
	*list = (struct planned_list){ 0 };
}

static struct rotate_job job_of(const struct executor *executor,
				const struct config_rotation *rotation)
{
	return (struct rotate_job){ .stores = executor->stores,
				    .config = executor->config,
				    .subject = executor->subject,
				    .request = executor->request,
				    .rotation = rotation };
}

/* The new value is in force and only the previous one is still kept: the next
   operation finishes that first. */
static bool is_in_force(const char *state)
{
	return strcmp(state, operation_state_name(OPERATION_COMMITTED)) == 0 ||
	       strcmp(state, operation_state_name(OPERATION_RETIRING)) == 0;
}

/* The unfinished operation of a rotation, if there is one. */
static enum lks_status find_unfinished(struct executor *executor, const char *name, char ret_id[37],
				       bool *ret_in_force, struct lks_error *err)
{
	AUTO(ids_release) struct ids ids = { 0 };
	AUTO(operation_row_release) struct operation_row row = { 0 };
	enum lks_status status =
		state_operations(executor->state, true, name, 1, &ids.items, &ids.count, err);
	ret_id[0] = '\0';
	*ret_in_force = false;
	if (status != LKS_OK || !ids.count)
		return status;
	status = state_operation_read(executor->state, ids.items[0], &row, NULL, NULL, err);
	if (status != LKS_OK)
		return status;
	string_copy(ret_id, 37, ids.items[0]);
	*ret_in_force = is_in_force(row.state);
	return LKS_OK;
}

static enum lks_status is_unfinished(const char *name, const char *id, struct lks_error *err)
{
	error_set(err, LKS_CONFLICT, "%s: an operation is unfinished", name);
	error_operation(err, id);
	error_hint(err, "lockstep status %s", id);
	return LKS_CONFLICT;
}

static void plan_one(struct executor *executor, struct planned *planned)
{
	struct lks_error *err = &planned->refusal;
	const char *name = planned->entry.rotation->name;
	char id[37];
	bool in_force = false;
	enum lks_status status = find_unfinished(executor, name, id, &in_force, err);
	if (status == LKS_OK && *id && !in_force) {
		string_copy(planned->unfinished, sizeof(planned->unfinished), id);
		status = is_unfinished(name, id, err);
	}
	struct rotate_job job = job_of(executor, planned->entry.rotation);
	if (status == LKS_OK)
		status = rotate_plan(&job, &planned->plan, err);
	if (status == LKS_OK)
		error_clear(err);
}

enum lks_status rotations_plan(struct executor *executor, char *const *names, size_t count,
			       bool all, struct planned_list *ret_list, struct lks_error *err)
{
	AUTO(free_ptr) struct due_entry *entries = NULL;
	AUTO(planned_list_release) struct planned_list list = { 0 };
	size_t found = 0;
	size_t limit =
		(size_t)(executor->config->limits.per_run > 0 ? executor->config->limits.per_run
							      : INT64_MAX);
	enum lks_status status = rotations_judge(executor, names, count, &entries, &found, err);
	if (status != LKS_OK)
		return status;
	list.items = calloc(found ? found : 1, sizeof(*list.items));
	if (!list.items)
		return error_no_memory(err, "plan a run");
	qsort(entries, found, sizeof(*entries), schedule_compare);
	for (size_t i = 0; i < found; i++) {
		enum due_state state = entries[i].due.state;
		bool is_late =
			entries[i].due.due_wall_ms && entries[i].due.due_wall_ms <= clock_wall_ms();
		if (!all && state != DUE_NOW) {
			list.waiting += is_late;
			continue;
		}
		if (!all && list.count >= limit) {
			list.left++;
			continue;
		}
		struct planned *planned = &list.items[list.count++];
		planned->entry = entries[i];
		plan_one(executor, planned);
	}
	*ret_list = list;
	list = (struct planned_list){ 0 };
	return LKS_OK;
}

enum lks_status planned_list_hash(const struct planned_list *list, char ret_hex[65],
				  struct lks_error *err)
{
	AUTO(free_ptr)
	const struct plan **plans = calloc(list->count ? list->count : 1, sizeof(*plans));
	size_t count = 0;
	if (!plans)
		return error_no_memory(err, "plan a run");
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].plan)
			plans[count++] = list->items[i].plan;
	}
	return plan_hash(plans, count, ret_hex, err);
}

/* What is only kept for a rollback ends now: a new rotation finishes the one
   before it. True if there was one; the stores have changed then. */
static enum lks_status finish_last(struct executor *executor, const char *name, bool *ret_finished,
				   struct lks_error *err)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	char id[37];
	enum lks_status status = find_unfinished(executor, name, id, ret_finished, err);
	if (status != LKS_OK || !*id)
		return status;
	if (!*ret_finished)
		return is_unfinished(name, id, err);
	status = executor_finish(executor, id, &outcome, err);
	if (status != LKS_OK || outcome.state == OPERATION_DONE)
		return status;
	return is_unfinished(name, id, err);
}

static enum lks_status plan_and_run(struct executor *executor, struct rotate_job *job,
				    const struct plan *plan, const char *operation, bool foreground,
				    struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(plan_freep) struct plan *made = NULL;
	bool is_stale = false;
	enum lks_status status = finish_last(executor, job->rotation->name, &is_stale, err);
	if (status == LKS_OK && (!plan || is_stale)) {
		status = rotate_plan(job, &made, err);
		plan = made;
	}
	return status == LKS_OK ? executor_run(executor, plan, operation, foreground,
					       rotate_prepare, job, ret_outcome, err)
				: status;
}

/* Somebody else's claim is no failure of this rotation. */
static bool is_claimed(struct executor *executor, const struct lks_error *err)
{
	AUTO(operation_row_release) struct operation_row row = { 0 };
	return err->status == LKS_CONFLICT && *err->operation &&
	       state_operation_read(executor->state, err->operation, &row, NULL, NULL, NULL) ==
		       LKS_OK &&
	       !row.is_final;
}

/* It could not be begun: nothing was changed, but it counts. */
static void note_refusal(struct executor *executor, const char *name, const struct lks_error *err)
{
	struct rotation_row row;
	if (state_rotation_read(executor->state, name, &row, NULL) == LKS_OK) {
		schedule_failure(&row, *err->operation ? err->operation : NULL);
		rotation_row_keep(executor, &row);
	}
	hooks_run(executor->config, "failed", "rotate", name,
		  *err->operation ? err->operation : NULL, err);
}

enum lks_status rotation_start(struct executor *executor, const struct config_rotation *rotation,
			       const struct plan *plan, const char *operation, bool foreground,
			       struct outcome *ret_outcome, struct lks_error *err)
{
	struct rotate_job job = job_of(executor, rotation);
	enum lks_status status =
		plan_and_run(executor, &job, plan, operation, foreground, ret_outcome, err);
	if (status == LKS_OK)
		rotation_note(executor, ret_outcome);
	else if (!is_claimed(executor, err))
		note_refusal(executor, rotation->name, err);
	return status;
}

/* --- a run ------------------------------------------------------------------ */

enum exit_code worse_exit(enum exit_code a, enum exit_code b)
{
	static const enum exit_code order[] = { EXIT_INTERRUPTED,  EXIT_STUCK,       EXIT_AUDIT,
						EXIT_INTERNAL,     EXIT_ROLLED_BACK, EXIT_DENIED,
						EXIT_UNAVAILABLE,  EXIT_CONFLICT,    EXIT_NOT_FOUND,
						EXIT_VERIFICATION, EXIT_USAGE };
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		if (a == order[i] || b == order[i])
			return order[i];
	}
	return EXIT_DONE;
}

struct recovery {
	struct executor *executor;
	const struct run_watcher *watcher;
	struct run_result *result;
};

static void recovered(void *context, const struct outcome *outcome)
{
	struct recovery *recovery = context;
	recovery->result->worst = worse_exit(recovery->result->worst, outcome->exit_code);
	rotation_note(recovery->executor, outcome);
	if (recovery->watcher)
		recovery->watcher->ended(recovery->watcher->context,
					 json_text(outcome->report, "rotation"), outcome, NULL);
}

enum lks_status run_recover(struct executor *executor, const struct run_watcher *watcher,
			    struct run_result *result, struct lks_error *err)
{
	struct recovery recovery = { executor, watcher, result };
	return executor_recover(executor, recovered, &recovery, err);
}

static bool somebody_stops(const struct executor *executor)
{
	return executor->must_stop && executor->must_stop(executor->stop_context);
}

static void refused(const struct planned *planned, const struct lks_error *refusal,
		    const struct run_watcher *watcher, struct run_result *result)
{
	result->failed++;
	result->worst = worse_exit(result->worst, error_exit_code(refusal));
	watcher->ended(watcher->context, planned->entry.rotation->name, NULL, refusal);
}

static void run_one(struct executor *executor, const struct planned *planned,
		    const struct run_watcher *watcher, struct run_result *result)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	struct lks_error err;
	/* Somebody is at it, or it waits: recovery has looked after it. */
	if (*planned->unfinished)
		return;
	if (!planned->plan) {
		note_refusal(executor, planned->entry.rotation->name, &planned->refusal);
		refused(planned, &planned->refusal, watcher, result);
		return;
	}
	error_clear(&err);
	enum lks_status status = rotation_start(executor, planned->entry.rotation, planned->plan,
						NULL, false, &outcome, &err);
	/* Overlapping runs skip what another one has claimed. */
	if (status != LKS_OK && is_claimed(executor, &err))
		return;
	if (status != LKS_OK) {
		refused(planned, &err, watcher, result);
		return;
	}
	result->started++;
	result->worst = worse_exit(result->worst, outcome.exit_code);
	if (outcome.exit_code != EXIT_DONE && outcome.exit_code != EXIT_UNFINISHED &&
	    outcome.exit_code != EXIT_INTERRUPTED)
		result->failed++;
	watcher->ended(watcher->context, planned->entry.rotation->name, &outcome, NULL);
}

void run_planned(struct executor *executor, const struct planned_list *list,
		 const struct run_watcher *watcher, struct run_result *result)
{
	int64_t most = executor->config->limits.stop_after_failures;
	for (size_t i = 0; i < list->count; i++) {
		if (somebody_stops(executor) || (most > 0 && result->failed >= (size_t)most)) {
			result->stopped = true;
			if (somebody_stops(executor))
				result->worst = worse_exit(result->worst, EXIT_INTERRUPTED);
			return;
		}
		run_one(executor, &list->items[i], watcher, result);
	}
}
