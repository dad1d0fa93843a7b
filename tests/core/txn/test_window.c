/* SPDX-License-Identifier: Apache-2.0 */
/* The window gates the promotion of a staged value. */
#include "support/test.h"

#include <stdlib.h>

#include "base/text.h"
#include "support/rig.h"

/* The rig's clock begins on a Monday, 2026-09-21, 14:13:20. */
#define OPEN "Mon 14:00-15:00"
#define CLOSED "Mon 16:00-17:00"
#define OPENS "2026-09-21T16:00:00"
#define OPENS_IN_MS (((60 - 13) * 60 - 20 + 3600) * 1000)

/* Staged, with the window between the proof and the promotion. */
static struct plan *plan_with(const char *window)
{
	struct plan *plan = rig_staged("soak");
	struct step promote = plan->steps[2];
	struct step *wait = rig_step(plan, STEP_WAIT, "window");
	struct step moved;

	wait->name = strdup("window");
	wait->poll_ms = 10000;
	moved = *wait;
	plan->steps[4] = plan->steps[3];
	plan->steps[3] = promote;
	plan->steps[2] = moved;
	json_object_set_new(plan->config, "window", json_string(window));
	return plan;
}

static void begin(struct rig *rig, const char *window, bool foreground, struct outcome *outcome)
{
	AUTO(plan_freep) struct plan *plan = plan_with(window);
	struct lks_error err = { 0 };

	assert_ok(executor_run(&rig->executor, plan, NULL, foreground, rig_prepare, rig, outcome,
			       &err),
		  &err);
}

static void resume(struct rig *rig, const char *id, bool foreground, struct outcome *outcome)
{
	struct lks_error err = { 0 };

	rig_restart(rig);
	assert_ok(executor_resume(&rig->executor, id, foreground, outcome, &err), &err);
}

static const char *waits_for(const struct outcome *outcome, const char *member)
{
	const json_t *wait = json_object_get(outcome->report, "waiting_for");

	return json_string_value(json_object_get(wait, member));
}

static void assert_staged(struct rig *rig)
{
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_string_equal(fake_get(rig->stores, "app:KEY@pending"), "new-value");
}

static void test_an_open_window_holds_nothing_up(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };

	begin(rig, OPEN, false, &outcome);
	assert_string_equal(waits_for(&outcome, "for"), "soak");
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	/* The pending value once; then what is current, at the soak. */
	assert_int_equal(fake_calls(rig->stores, FAKE_VERIFY), 2);
}

static void test_a_closed_window_holds_the_promotion_until_it_opens(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome early = { 0 };
	AUTO(outcome_release) struct outcome late = { 0 };

	begin(rig, CLOSED, false, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_UNFINISHED);
	assert_int_equal(outcome.state, OPERATION_WAITING);
	assert_string_equal(waits_for(&outcome, "for"), "window");
	assert_contains(waits_for(&outcome, "until"), OPENS);
	assert_staged(rig);
	rig->clock.wall_ms += OPENS_IN_MS - 1000;
	resume(rig, outcome.operation, false, &early);
	assert_int_equal(early.state, OPERATION_WAITING);
	assert_contains(waits_for(&early, "until"), OPENS);
	assert_staged(rig);
	rig->clock.wall_ms += 1000;
	resume(rig, outcome.operation, false, &late);
	assert_string_equal(waits_for(&late, "for"), "soak");
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
}

static void test_in_the_foreground_it_is_waited_for(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };

	begin(rig, CLOSED, true, &outcome);
	assert_int_equal(outcome.exit_code, 0);
	assert_int_equal(outcome.state, OPERATION_DONE);
	/* Until it opened, and then the soak. */
	assert_int_equal(rig->clock.slept_ms, OPENS_IN_MS + 60000);
}

static void test_a_window_that_closes_again_before_anybody_looks_is_waited_for_anew(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };

	begin(rig, CLOSED, false, &outcome);
	rig->clock.wall_ms += OPENS_IN_MS + 3600 * 1000;
	resume(rig, outcome.operation, false, &again);
	assert_int_equal(again.state, OPERATION_WAITING);
	assert_contains(waits_for(&again, "until"), "2026-09-28T16:00:00");
	assert_staged(rig);
}

static void test_what_was_proven_before_the_wait_is_proven_again(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };

	begin(rig, CLOSED, false, &outcome);
	fake_accept(rig->stores, "old-value");
	rig->clock.wall_ms += OPENS_IN_MS;
	resume(rig, outcome.operation, false, &again);
	assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_null(fake_get(rig->stores, "app:KEY@pending"));
}

static void test_a_closed_window_never_gates_a_rollback(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	begin(rig, CLOSED, false, &outcome);
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err), &err);
	assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_null(fake_get(rig->stores, "app:KEY@pending"));
	assert_int_equal(rig->clock.slept_ms, 0);
}

static void test_a_stop_is_followed_while_it_is_closed(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };

	rig->stop_at = 4;
	begin(rig, CLOSED, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_INTERRUPTED);
	assert_int_equal(outcome.state, OPERATION_WAITING);
	assert_staged(rig);
}

static int setup(void **state)
{
	static struct rig rig;

	rig_start(&rig);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_stop(*state);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_an_open_window_holds_nothing_up),
		CASE(test_a_closed_window_holds_the_promotion_until_it_opens),
		CASE(test_in_the_foreground_it_is_waited_for),
		CASE(test_a_window_that_closes_again_before_anybody_looks_is_waited_for_anew),
		CASE(test_what_was_proven_before_the_wait_is_proven_again),
		CASE(test_a_closed_window_never_gates_a_rollback),
		CASE(test_a_stop_is_followed_while_it_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
