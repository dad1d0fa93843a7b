/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WAIT: time passes, across processes and boots.
 *
 * In the same boot only the boot clock counts. After another boot the wall
 * clock says how much has passed, unless it lies before the start or more than
 * a day past the last heartbeat: then the wait begins anew. Even then at least
 * one poll of it is waited out on the boot clock of this boot, so that nothing
 * is retired on the wall clock alone.
 *
 * A wait named "window" has no length: it is over while the rotation's window
 * is open, which only the wall clock can say.
 */
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "txn/operation.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define POLL_DEFAULT_MS 10000
#define WINDOW_LOOK_MS 60000

/* The start first: with another boot's id it is judged again. */
static int begin_here(json_t *wait, int64_t already_ms)
{
	return json_put_number(wait, "started_boot_ms", clock_boot_ms() - already_ms) |
	       json_put_text(wait, "boot_id", clock_boot_id());
}

json_t *wait_new(const char *what, int step, int64_t duration_ms, int64_t poll_ms)
{
	json_t *wait = json_object();
	int failed = json_put_text(wait, "for", what) | json_put_number(wait, "step", step) |
		     json_put_number(wait, "duration_ms", duration_ms) |
		     json_put_number(wait, "poll_ms", poll_ms > 0 ? poll_ms : POLL_DEFAULT_MS) |
		     json_put_number(wait, "started_wall_ms", clock_wall_ms()) |
		     json_put_number(wait, "heartbeat_wall_ms", clock_wall_ms()) |
		     begin_here(wait, 0);

	/* One without a start would be over at once. */
	if (!failed)
		return wait;
	json_decref(wait);
	return NULL;
}

int64_t wait_elapsed_ms(json_t *wait)
{
	int64_t wall = clock_wall_ms();
	int64_t started = json_number(wait, "started_wall_ms");
	int64_t heartbeat = json_number(wait, "heartbeat_wall_ms");
	int64_t duration = json_number(wait, "duration_ms");
	int64_t poll = json_number(wait, "poll_ms");
	int64_t passed = clock_boot_ms() - json_number(wait, "started_boot_ms");

	if (strcmp(json_text(wait, "boot_id"), clock_boot_id()) || !clock_boot_id()[0]) {
		int64_t most = duration > poll ? duration - poll : 0;

		passed = wall - started;
		if (wall < started || wall > heartbeat + DAY_MS) {
			json_put_number(wait, "started_wall_ms", wall);
			passed = 0;
		}
		passed = passed < most ? passed : most;
		(void)begin_here(wait, passed);
	}
	json_put_number(wait, "heartbeat_wall_ms", wall);
	return passed;
}

int64_t wait_until_wall_ms(const json_t *wait, int64_t elapsed_ms)
{
	int64_t left = json_number(wait, "duration_ms") - elapsed_ms;

	return clock_wall_ms() + (left > 0 ? left : 0);
}

/* --- the step --- */

static bool is_this_wait(const json_t *wait, size_t index)
{
	return json_is_object(wait) && json_number(wait, "step") == (int64_t)index + 1 &&
	       strcmp(json_text(wait, "for"), "outage");
}

static enum step_result journal_wait(struct operation *operation, size_t index, json_t *wait,
				     const char *phase, struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = "wait",
		.state = step_is_after(&operation->plan->steps[index]) ? (enum operation_state)0
								       : OPERATION_WAITING,
		.step = (int)index,
		.phase = phase,
		.wait = wait,
		.with_notes = true,
	};

	return operation_journal(operation, &entry, err) ? STEP_BROKEN : STEP_OK;
}

/* The wait of this step: the one that was begun, or a new one. */
static enum step_result wait_of(struct operation *operation, size_t index, json_t **ret_wait,
				struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];

	if (is_this_wait(operation->row.wait, index)) {
		*ret_wait = json_incref(operation->row.wait);
		return STEP_OK;
	}
	/* An outage stood in its place: its own times are in the step. */
	if (is_this_wait(operation->steps[index].detail, index)) {
		*ret_wait = json_incref(operation->steps[index].detail);
		return STEP_OK;
	}
	*ret_wait = wait_new(step->name ? step->name : "time", (int)index + 1, step->duration_ms,
			     step->poll_ms);
	if (!*ret_wait) {
		error_no_memory(err, "wait");
		return STEP_OUTAGE;
	}
	const struct journal_entry entry = {
		.point = "wait",
		.state = step_is_after(step) ? (enum operation_state)0 : OPERATION_WAITING,
		.step = (int)index,
		.phase = "intent",
		.detail = *ret_wait,
		.wait = *ret_wait,
	};
	return operation_journal(operation, &entry, err) ? STEP_BROKEN : STEP_OK;
}

enum step_result prove_before_retiring(struct operation *operation, size_t index,
				       struct lks_error *err)
{
	enum step_result result = probe_all_new(operation, err);

	if (!result)
		result = verify_all(operation, index, err);
	/* The rollback is not armed any more: a person decides. */
	return result == STEP_FAILED ? STEP_FOREIGN : result;
}

static enum step_result look(struct operation *operation, size_t index, struct lks_error *err)
{
	return step_is_keep_previous(&operation->plan->steps[index])
		       ? STEP_OK
		       : verify_all(operation, index, err);
}

static enum step_result finish_wait(struct operation *operation, size_t index,
				    struct lks_error *err)
{
	enum step_result result = STEP_OK;

	if (step_is_keep_previous(&operation->plan->steps[index]))
		result = prove_before_retiring(operation, index, err);
	return result ? result : step_finish(operation, index, NULL, err);
}

/* --- the window --- */

static bool is_window(const struct step *step)
{
	return step->name && !strcmp(step->name, "window");
}

/* As it was when the operation was planned; none is always open. */
static enum step_result window_of(const struct operation *operation,
				  struct config_window *ret_window, struct lks_error *err)
{
	const char *text = json_text(operation->plan->config, "window");

	if (!*text || !window_parse(text, ret_window, err))
		return STEP_OK;
	error_prefix(err, "the window: ");
	return STEP_OUTAGE;
}

/* Closed: write down until when, and come again or stay. */
static enum step_result stay_outside(struct operation *operation, size_t index, int64_t opens,
				     struct lks_error *err)
{
	AUTO(json_freep) json_t *wait = NULL;
	int64_t left = opens - clock_wall_ms();
	enum step_result result = wait_of(operation, index, &wait, err);

	if (result)
		return result;
	(void)wait_elapsed_ms(wait);
	json_put_number(wait, "next_wall_ms", opens);
	result = journal_wait(operation, index, wait, NULL, err);
	if (result)
		return result;
	operation_event(operation, EVENT_WAITING, (int)index + 1,
			operation->plan->steps[index].name, opens, NULL);
	if (!operation->foreground)
		return STEP_WAITING;
	/* The wall clock can be set meanwhile: it is looked at now and then. */
	left = left < WINDOW_LOOK_MS ? left : WINDOW_LOOK_MS;
	return operation_sleep(operation, left > 0 ? left : 1) ? STEP_OK : STEP_STOPPED;
}

static enum step_result wait_for_window(struct operation *operation, size_t index,
					struct lks_error *err)
{
	AUTO(window_release) struct config_window window = { 0 };
	enum step_result result = window_of(operation, &window, err);

	while (!result && !window_is_open(&window, clock_wall_ms()))
		result = stay_outside(operation, index, window_next(&window, clock_wall_ms()), err);
	/* What was proven before a wait is proven again. */
	if (!result && phase_is_begun(operation->steps[index].phase))
		result = verify_all(operation, index, err);
	return result ? result : step_finish(operation, index, NULL, err);
}

enum step_result step_wait_run(struct operation *operation, size_t index, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];
	bool stays = operation->foreground && !step_is_after(step);
	bool cut_short = operation->finish_now && step_is_keep_previous(step);
	AUTO(json_freep) json_t *wait = NULL;
	enum step_result result;

	if (is_window(step))
		return wait_for_window(operation, index, err);
	result = wait_of(operation, index, &wait, err);
	if (result)
		return result;
	for (;;) {
		int64_t elapsed = wait_elapsed_ms(wait);
		int64_t left = step->duration_ms - elapsed;
		int64_t poll = json_number(wait, "poll_ms");

		result = look(operation, index, err);
		if (result)
			return result;
		if (left <= 0 || cut_short)
			return finish_wait(operation, index, err);
		result = journal_wait(operation, index, wait, NULL, err);
		if (result)
			return result;
		operation_event(operation, EVENT_WAITING, (int)index + 1, step->name,
				wait_until_wall_ms(wait, elapsed), NULL);
		if (!stays)
			return STEP_WAITING;
		if (!operation_sleep(operation, left < poll ? left : poll))
			return STEP_STOPPED;
	}
}
