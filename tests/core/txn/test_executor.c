/* SPDX-License-Identifier: Apache-2.0 */
/* Going forward, and back when a step fails. */
#include "support/test.h"

#include <stdlib.h>

#include "support/rig.h"

static enum exit_code run(struct rig *rig, struct plan *plan, const char *id,
			  struct outcome *outcome)
{
	struct lks_error err = { 0 };

	if (executor_run(&rig->executor, plan, id, true, rig_prepare, rig, outcome, &err))
		fail_msg("run: %s", err.message);
	return outcome->exit_code;
}

static void assert_holds(const struct outcome *outcome, const char *reference, const char *holds)
{
	size_t index;
	json_t *target;

	json_array_foreach(json_object_get(outcome->report, "targets"), index, target)
	{
		if (!strcmp(json_string_value(json_object_get(target, "reference")), reference)) {
			assert_string_equal(json_string_value(json_object_get(target, "holds")),
					    holds);
			return;
		}
	}
	fail_msg("%s is not in the report", reference);
}

static void assert_old(const struct rig *rig)
{
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_null(fake_get(rig->stores, "app:KEY@pending"));
	assert_null(fake_get(rig->stores, "app:KEY@previous"));
	assert_null(fake_get(rig->stores, "web:KEY"));
}

static void test_an_immediate_rotation_writes_and_verifies(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(outcome.state, OPERATION_DONE);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_holds(&outcome, "app:KEY", "new");
	assert_string_equal(json_string_value(json_object_get(outcome.report, "outcome")), "done");
	assert_string_equal(json_string_value(json_object_get(outcome.report, "old_version")),
			    "v1");
	assert_string_equal(json_string_value(json_object_get(outcome.report, "new_version")),
			    "v2");
	assert_int_equal(json_array_size(json_object_get(outcome.report, "verifications")), 1);
	assert_int_equal(rig_event_count(rig, EVENT_COMMITTED), 1);
	assert_int_equal(rig_event_count(rig, EVENT_FINISHED), 1);
}

static void test_a_staged_rotation_promotes_and_keeps_previous(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_string_equal(fake_get(rig->stores, "app:KEY@previous"), "old-value");
	assert_null(fake_get(rig->stores, "app:KEY@pending"));
	assert_string_equal(fake_get(rig->stores, "web:KEY"), "new-value");
}

static void test_a_failed_verification_puts_everything_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_accept(rig->stores, "old-value");
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_ROLLED_BACK);
	assert_int_equal(outcome.state, OPERATION_ROLLED_BACK);
	assert_true(outcome.rollback_performed);
	assert_int_equal(error_exit_code(&outcome.cause), EXIT_VERIFICATION);
	assert_old(rig);
	assert_holds(&outcome, "app:KEY", "old");
}

/* N93, N96: whatever step is refused, the result is the old state. */
static void test_n93_a_refusal_at_every_step_is_rolled_back(void **state)
{
	struct rig *rig = *state;

	for (int k = 0; k < 3; k++) {
		AUTO(plan_freep) struct plan *plan = rig_staged("copy");
		AUTO(outcome_release) struct outcome outcome = { 0 };

		fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
							     .skip = k,
							     .times = 1,
							     .status = LKS_DENIED });
		assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_ROLLED_BACK);
		assert_int_equal(outcome.cause.status, LKS_DENIED);
		assert_old(rig);
		fake_heal(rig->stores);
	}
}

/* N94 */
static void test_n94_a_refused_undo_is_stuck_at_every_step(void **state)
{
	struct rig *rig = *state;

	for (int k = 0; k < 3; k++) {
		AUTO(plan_freep) struct plan *plan = rig_staged("copy soak");
		AUTO(outcome_release) struct outcome outcome = { 0 };
		AUTO(outcome_release) struct outcome again = { 0 };
		struct lks_error err = { 0 };

		/* The last verification, after everything was written, fails. */
		fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
							     .skip = 1,
							     .times = 1,
							     .verdict = LKS_VERDICT_INVALID });
		fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
							     .skip = 3 + k,
							     .times = 1,
							     .status = LKS_DENIED });
		assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_STUCK);
		assert_int_equal(outcome.state, OPERATION_STUCK);
		assert_true(json_array_size(json_object_get(outcome.report, "next")) >= 3);
		fake_heal(rig->stores);
		assert_ok(executor_rollback(&rig->executor, outcome.operation, "try again", &again,
					    &err),
			  &err);
		assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
		assert_old(rig);
	}
}

/* N92 */
static void test_n92_a_foreign_write_between_read_and_write_is_not_overwritten(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .name = "app:KEY",
						     .times = 1,
						     .foreign = "somebody-else" });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_STUCK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "somebody-else");
	assert_holds(&outcome, "app:KEY", "other");
	assert_int_equal(outcome.cause.status, LKS_CONFLICT);
}

static void test_n92_a_foreign_write_before_our_first_is_only_a_conflict(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .name = "app:KEY",
						     .times = 1,
						     .foreign = "somebody-else" });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_ROLLED_BACK);
	assert_int_equal(outcome.cause.status, LKS_CONFLICT);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "somebody-else");
}

static void test_a_foreign_write_after_stuck_is_mended_and_resumed(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .name = "app:KEY",
						     .times = 1,
						     .foreign = "somebody-else" });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_STUCK);
	fake_set(rig->stores, "app:KEY", "old-value");
	assert_ok(executor_resume(&rig->executor, outcome.operation, true, &again, &err), &err);
	assert_int_equal(again.exit_code, 0);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
}

static void test_a_lost_answer_is_found_by_reading(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .skip = 1,
						     .times = 1,
						     .status = LKS_UNCERTAIN,
						     .after = true });
	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), 3);
}

static void test_half_of_a_change_is_completed(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .skip = 1,
						     .times = 1,
						     .status = LKS_UNCERTAIN,
						     .only_first = 1 });
	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_string_equal(fake_get(rig->stores, "app:KEY@previous"), "old-value");
}

static void test_an_outage_is_retried_and_then_rolled_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_GET,
						     .name = "web:KEY",
						     .skip = 1,
						     .times = -1,
						     .status = LKS_UNAVAILABLE });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_ROLLED_BACK);
	assert_int_equal(outcome.cause.status, LKS_UNAVAILABLE);
	assert_true(rig->clock.slept_ms >= 3600000);
	assert_true(rig->clock.slept_ms < 3700000);
	assert_true(rig_event_count(rig, EVENT_RETRY) > 50);
	assert_old(rig);
}

static void test_an_outage_in_the_background_waits_for_the_next_run(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .name = "web:KEY",
						     .times = 1,
						     .status = LKS_THROTTLED });
	assert_ok(executor_run(&rig->executor, plan, NULL, false, rig_prepare, rig, &outcome, &err),
		  &err);
	assert_int_equal(outcome.exit_code, EXIT_UNFINISHED);
	assert_int_equal(outcome.state, OPERATION_WAITING);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(outcome.report, "waiting_for"), "for")),
			    "outage");
	assert_ok(executor_resume(&rig->executor, outcome.operation, false, &again, &err), &err);
	assert_int_equal(again.exit_code, 0);
}

static void test_without_give_up_an_outage_rolls_back_at_once(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	plan->give_up_ms = 0;
	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .times = 1,
						     .verdict = LKS_VERDICT_UNKNOWN });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_ROLLED_BACK);
	assert_old(rig);
	assert_int_equal(rig->clock.sleeps, 0);
}

static void test_unknown_is_an_outage_not_a_verdict(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .times = 3,
						     .verdict = LKS_VERDICT_UNKNOWN });
	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(rig_event_count(rig, EVENT_RETRY), 3);
}

static void test_invalid_is_asked_again_while_it_may_propagate(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_propagation(rig->stores, 30000);
	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .times = 20,
						     .verdict = LKS_VERDICT_INVALID });
	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(fake_calls(rig->stores, FAKE_VERIFY), 21);
	assert_true(rig->clock.slept_ms < 30000);
}

static void test_a_rollback_outage_stays_rolling_back_until_it_is_over(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome second = { 0 };
	AUTO(outcome_release) struct outcome third = { 0 };
	struct lks_error err = { 0 };

	fake_accept(rig->stores, "old-value");
	fake_fail(rig->stores,
		  &(struct fake_fault){
			  .call = FAKE_CHANGE, .skip = 1, .times = -1, .status = LKS_UNAVAILABLE });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_UNFINISHED);
	assert_int_equal(outcome.state, OPERATION_ROLLING_BACK);
	assert_ok(executor_resume(&rig->executor, outcome.operation, false, &second, &err), &err);
	assert_int_equal(second.exit_code, EXIT_UNFINISHED);
	fake_heal(rig->stores);
	assert_ok(executor_resume(&rig->executor, outcome.operation, false, &third, &err), &err);
	assert_int_equal(third.exit_code, EXIT_ROLLED_BACK);
	assert_int_equal(error_exit_code(&third.cause), EXIT_VERIFICATION);
	assert_old(rig);
}

static void test_without_automatic_rollback_a_person_decides(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	plan->auto_rollback = false;
	fake_accept(rig->stores, "old-value");
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_STUCK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err), &err);
	assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
	assert_old(rig);
}

static void test_a_plan_that_is_out_of_date_begins_nothing(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };
	char id[37];

	plan->steps[0].targets[0].expected = strdup("v1");
	fake_set(rig->stores, "app:KEY", "changed");
	assert_int_equal(
		executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome, &err),
		LKS_CONFLICT);
	assert_contains(err.message, "app:KEY has changed since the plan was made");
	assert_int_equal(rig->prepared, 0);
	assert_int_equal(state_claim(rig->state, "app:KEY", id, NULL), LKS_NOT_FOUND);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "changed");
}

static void test_a_plan_for_an_absent_record_is_out_of_date_when_it_appears(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };

	plan->steps[0].targets[0].expected = strdup("");
	assert_int_equal(
		executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome, &err),
		LKS_CONFLICT);
	assert_contains(err.message, "nothing was there then");
}

static void test_a_prepare_that_fails_begins_nothing(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };

	rig->prepare_status = LKS_INVALID;
	assert_int_equal(
		executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome, &err),
		LKS_INVALID);
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), 0);
	assert_string_not_equal(err.operation, "");
}

static void test_a_claimed_record_is_refused_with_the_operation_that_has_it(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome other = { 0 };
	struct lks_error err = { 0 };

	assert_ok(executor_run(&rig->executor, plan, NULL, false, rig_prepare, rig, &outcome, &err),
		  &err);
	assert_int_equal(outcome.exit_code, EXIT_UNFINISHED);
	assert_int_equal(
		executor_run(&rig->executor, plan, NULL, false, rig_prepare, rig, &other, &err),
		LKS_CONFLICT);
	assert_string_equal(err.operation, outcome.operation);
	assert_int_equal(error_exit_code(&err), EXIT_CONFLICT);
}

/* N100 */
static void test_n100_the_same_operation_id_does_nothing_twice(void **state)
{
	struct rig *rig = *state;
	static const char id[] = "0190a000-0000-7000-8000-000000000001";
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };

	assert_int_equal(run(rig, plan, id, &outcome), 0);
	rig->fresh = "another-value";
	assert_int_equal(run(rig, plan, id, &again), 0);
	assert_string_equal(again.operation, id);
	assert_int_equal(rig->prepared, 1);
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), 1);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
}

/* N95 */
static void test_n95_a_value_that_is_the_same_is_not_written(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	rig->fresh = "old-value";
	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), 0);
}

static void test_a_stop_is_followed_between_any_two_steps(void **state)
{
	struct rig *rig = *state;

	for (int at = 0; at < 4; at++) {
		AUTO(plan_freep) struct plan *plan = rig_staged("copy");
		AUTO(outcome_release) struct outcome outcome = { 0 };
		AUTO(outcome_release) struct outcome again = { 0 };
		struct lks_error err = { 0 };

		rig->asked = 0;
		rig->stop_at = at;
		assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_INTERRUPTED);
		assert_contains(json_string_value(
					json_array_get(json_object_get(outcome.report, "next"), 0)),
				"lockstep resume ");
		rig->stop_at = -1;
		assert_ok(executor_resume(&rig->executor, outcome.operation, true, &again, &err),
			  &err);
		assert_int_equal(again.exit_code, 0);
		fake_set(rig->stores, "app:KEY", "old-value");
		fake_set(rig->stores, "app:KEY@previous", NULL);
		fake_set(rig->stores, "web:KEY", NULL);
	}
}

static void test_a_stopped_operation_can_be_rolled_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	rig->stop_at = 3;
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_INTERRUPTED);
	rig->stop_at = -1;
	assert_ok(executor_rollback(&rig->executor, outcome.operation, "not today", &again, &err),
		  &err);
	assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
	assert_contains(again.cause.message, "not today");
	assert_old(rig);
}

/* N98 */
static void test_n98_a_rollback_to_a_value_that_is_dead_is_refused(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("keep");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	fake_accept(rig->stores, "new-value");
	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(outcome.state, OPERATION_COMMITTED);
	assert_int_equal(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err),
			 LKS_CONFLICT);
	assert_contains(err.hint, "lockstep rotate app-key");
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
}

/* Kept with its program reloaded, and then only the new value works. */
static void keep_reloaded(struct rig *rig, struct outcome *outcome)
{
	AUTO(plan_freep) struct plan *plan = rig_staged("copy reload keep");

	assert_int_equal(run(rig, plan, NULL, outcome), 0);
	assert_int_equal(outcome->state, OPERATION_COMMITTED);
}

static void verdicts(struct rig *rig, enum lks_verdict verdict, int times)
{
	fake_fail(rig->stores,
		  &(struct fake_fault){ .call = FAKE_VERIFY, .times = times, .verdict = verdict });
}

static void test_where_programs_decide_the_old_value_is_proven_after_their_reload(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	keep_reloaded(rig, &outcome);
	verdicts(rig, LKS_VERDICT_INVALID, 1);
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err), &err);
	assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
	assert_int_equal(again.state, OPERATION_ROLLED_BACK);
	/* Before, about the value that was kept; after, about what is stored. */
	assert_int_equal(fake_calls(rig->stores, FAKE_VERIFY), 3);
	assert_old(rig);
}

static void test_an_old_value_that_no_program_takes_any_more_is_stuck(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	AUTO(outcome_release) struct outcome third = { 0 };
	struct lks_error err = { 0 };
	size_t undone;

	keep_reloaded(rig, &outcome);
	verdicts(rig, LKS_VERDICT_INVALID, 2);
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err), &err);
	assert_int_equal(again.exit_code, EXIT_STUCK);
	assert_contains(again.cause.message, "says invalid");
	assert_holds(&again, "app:KEY", "old");
	undone = rig_event_count(rig, EVENT_UNDO);
	/* The next attempt reloads again, and asks again. */
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &third, &err), &err);
	assert_int_equal(third.exit_code, EXIT_ROLLED_BACK);
	assert_int_equal(rig_event_count(rig, EVENT_UNDO), undone + 1);
	assert_int_equal(fake_calls(rig->stores, FAKE_VERIFY), 4);
	assert_old(rig);
}

static void test_a_stuck_rollback_can_go_forward_again(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	AUTO(outcome_release) struct outcome third = { 0 };
	struct lks_error err = { 0 };

	keep_reloaded(rig, &outcome);
	verdicts(rig, LKS_VERDICT_INVALID, 2);
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err), &err);
	assert_int_equal(again.exit_code, EXIT_STUCK);
	assert_ok(executor_resume(&rig->executor, outcome.operation, true, &third, &err), &err);
	assert_int_equal(third.exit_code, 0);
	assert_int_equal(third.state, OPERATION_COMMITTED);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_string_equal(fake_get(rig->stores, "web:KEY"), "new-value");
}

static void test_a_proof_after_the_reload_outlives_an_outage_and_the_process(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	AUTO(outcome_release) struct outcome third = { 0 };
	struct lks_error err = { 0 };

	keep_reloaded(rig, &outcome);
	verdicts(rig, LKS_VERDICT_INVALID, 1);
	verdicts(rig, LKS_VERDICT_UNKNOWN, 1);
	verdicts(rig, LKS_VERDICT_INVALID, 1);
	assert_ok(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err), &err);
	assert_int_equal(again.exit_code, EXIT_UNFINISHED);
	assert_int_equal(again.state, OPERATION_ROLLING_BACK);
	rig_restart(rig);
	assert_ok(executor_resume(&rig->executor, outcome.operation, false, &third, &err), &err);
	assert_int_equal(third.exit_code, EXIT_STUCK);
	assert_holds(&third, "app:KEY", "old");
}

static void test_a_verifier_that_cannot_tell_keeps_a_rollback_from_beginning(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	keep_reloaded(rig, &outcome);
	verdicts(rig, LKS_VERDICT_UNKNOWN, 1);
	assert_int_equal(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err),
			 LKS_UNAVAILABLE);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
}

static void test_a_finished_operation_cannot_be_rolled_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };
	struct lks_error err = { 0 };

	assert_int_equal(run(rig, plan, NULL, &outcome), 0);
	assert_int_equal(executor_rollback(&rig->executor, outcome.operation, NULL, &again, &err),
			 LKS_CONFLICT);
	assert_contains(err.message, "has ended");
	assert_contains(err.hint, "lockstep rotate app-key");
}

static void test_who_may_not_rotate_begins_nothing(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };

	rig->subject.is_owner = false;
	assert_int_equal(
		executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome, &err),
		LKS_DENIED);
	assert_int_equal(rig->prepared, 0);
	assert_int_equal(rig->event_count, 0);
}

static void test_an_audit_log_that_is_gone_before_the_first_effect_changes_nothing(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
						     .times = -1,
						     .status = LKS_FAILED,
						     .exit_code = EXIT_AUDIT });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_AUDIT);
	assert_old(rig);
}

static void test_a_set_that_is_denied_says_so(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	free(plan->kind);
	plan->kind = strdup("set");
	fake_fail(rig->stores,
		  &(struct fake_fault){ .call = FAKE_CHANGE, .times = 1, .status = LKS_DENIED });
	assert_int_equal(run(rig, plan, NULL, &outcome), EXIT_DENIED);
	assert_int_equal(outcome.state, OPERATION_ROLLED_BACK);
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
		CASE(test_an_immediate_rotation_writes_and_verifies),
		CASE(test_a_staged_rotation_promotes_and_keeps_previous),
		CASE(test_a_failed_verification_puts_everything_back),
		CASE(test_n93_a_refusal_at_every_step_is_rolled_back),
		CASE(test_n94_a_refused_undo_is_stuck_at_every_step),
		CASE(test_n92_a_foreign_write_between_read_and_write_is_not_overwritten),
		CASE(test_n92_a_foreign_write_before_our_first_is_only_a_conflict),
		CASE(test_a_foreign_write_after_stuck_is_mended_and_resumed),
		CASE(test_a_lost_answer_is_found_by_reading),
		CASE(test_half_of_a_change_is_completed),
		CASE(test_an_outage_is_retried_and_then_rolled_back),
		CASE(test_an_outage_in_the_background_waits_for_the_next_run),
		CASE(test_without_give_up_an_outage_rolls_back_at_once),
		CASE(test_unknown_is_an_outage_not_a_verdict),
		CASE(test_invalid_is_asked_again_while_it_may_propagate),
		CASE(test_a_rollback_outage_stays_rolling_back_until_it_is_over),
		CASE(test_without_automatic_rollback_a_person_decides),
		CASE(test_a_plan_that_is_out_of_date_begins_nothing),
		CASE(test_a_plan_for_an_absent_record_is_out_of_date_when_it_appears),
		CASE(test_a_prepare_that_fails_begins_nothing),
		CASE(test_a_claimed_record_is_refused_with_the_operation_that_has_it),
		CASE(test_n100_the_same_operation_id_does_nothing_twice),
		CASE(test_n95_a_value_that_is_the_same_is_not_written),
		CASE(test_a_stop_is_followed_between_any_two_steps),
		CASE(test_a_stopped_operation_can_be_rolled_back),
		CASE(test_n98_a_rollback_to_a_value_that_is_dead_is_refused),
		CASE(test_where_programs_decide_the_old_value_is_proven_after_their_reload),
		CASE(test_an_old_value_that_no_program_takes_any_more_is_stuck),
		CASE(test_a_stuck_rollback_can_go_forward_again),
		CASE(test_a_proof_after_the_reload_outlives_an_outage_and_the_process),
		CASE(test_a_verifier_that_cannot_tell_keeps_a_rollback_from_beginning),
		CASE(test_a_finished_operation_cannot_be_rolled_back),
		CASE(test_who_may_not_rotate_begins_nothing),
		CASE(test_an_audit_log_that_is_gone_before_the_first_effect_changes_nothing),
		CASE(test_a_set_that_is_denied_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
