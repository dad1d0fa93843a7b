/* SPDX-License-Identifier: Apache-2.0 */
/* Waits, reloads, and taking up what another process left. */
#include "support/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "support/rig.h"
#include "txn/operation.h"

#define HOUR_MS INT64_C(3600000)
#define ID "0190a000-0000-7000-8000-000000000001"

static struct lks_error err;

static void start(struct rig *rig, struct plan *plan, bool foreground, struct outcome *outcome)
{
	assert_ok(
		executor_run(&rig->executor, plan, ID, foreground, rig_prepare, rig, outcome, &err),
		&err);
}

struct seen {
	size_t count;
	enum exit_code code;
	enum operation_state state;
};

static void each(void *context, const struct outcome *outcome)
{
	struct seen *seen = context;

	seen->count++;
	seen->code = outcome->exit_code;
	seen->state = outcome->state;
}

static struct seen recover(struct rig *rig)
{
	struct seen seen = { 0 };

	assert_ok(executor_recover(&rig->executor, each, &seen, &err), &err);
	return seen;
}

static void pass(struct rig *rig, int64_t ms)
{
	rig->clock.boot_ms += ms;
	rig->clock.wall_ms += ms;
}

/* As a process that dies: the journal says `state`, its lock is free. */
static void die_with(struct rig *rig, const char *sql_state, int step, const char *phase)
{
	const struct operation_change change = { .state = sql_state, .step = step, .phase = phase };

	assert_ok(state_operation_change(rig->state, ID, &change, &err), &err);
	rig_restart(rig);
}

/* An operation that stands before its step `at` (from 0). */
static void stand_at(struct rig *rig, struct plan *plan, int at)
{
	AUTO(outcome_release) struct outcome outcome = { 0 };

	rig->asked = 0;
	rig->stop_at = at;
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_INTERRUPTED);
	rig->stop_at = -1;
}

/* --- recovery --- */

static void test_an_intent_whose_target_is_old_is_done_again(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");

	stand_at(rig, plan, 2);
	die_with(rig, "running", 3, "intent");
	assert_int_equal(recover(rig).code, 0);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), 3);
}

static void test_an_intent_whose_target_is_new_is_done(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");

	stand_at(rig, plan, 3);
	/* The write of the copy happened; its DONE did not. */
	fake_set(rig->stores, "web:KEY", "new-value");
	die_with(rig, "running", 4, "intent");
	assert_int_equal(recover(rig).code, 0);
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), 2);
}

static void test_the_report_has_the_version_that_a_dead_process_wrote(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };

	stand_at(rig, plan, 0);
	fake_set(rig->stores, "app:KEY", "new-value");
	die_with(rig, "running", 1, "intent");
	assert_int_equal(recover(rig).code, 0);
	assert_ok(executor_report(&rig->executor, ID, false, &outcome, &err), &err);
	assert_string_equal(json_text(outcome.report, "new_version"),
			    fake_version(rig->stores, "app:KEY"));
}

static void test_an_intent_whose_target_is_neither_is_stuck(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	struct seen seen;

	stand_at(rig, plan, 3);
	fake_set(rig->stores, "web:KEY", "somebody-else");
	die_with(rig, "running", 4, "intent");
	seen = recover(rig);
	assert_int_equal(seen.code, EXIT_STUCK);
	assert_string_equal(fake_get(rig->stores, "web:KEY"), "somebody-else");
	/* Recovered again: only reported. */
	seen = recover(rig);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.state, OPERATION_STUCK);
}

static void test_recovery_twice_equals_recovery_once(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	size_t changes;

	stand_at(rig, plan, 1);
	rig_restart(rig);
	assert_int_equal(recover(rig).count, 1);
	changes = fake_calls(rig->stores, FAKE_CHANGE);
	assert_int_equal(recover(rig).count, 0);
	assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), changes);
}

static void test_what_was_only_planned_ends_without_a_trace(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(json_freep) json_t *json = plan_to_json(plan);
	struct operation_row row = { .id = ID,
				     .kind = plan->kind,
				     .name = plan->name,
				     .state = (char *)"planned",
				     .subject = (char *)"user:tester",
				     .plan = json };
	const char *records[] = { "app:KEY" };
	struct seen seen;

	assert_ok(state_operation_begin(rig->state, &row, records, 1, 3, &err), &err);
	rig_restart(rig);
	seen = recover(rig);
	assert_int_equal(seen.state, OPERATION_ROLLED_BACK);
	assert_int_equal(fake_calls(rig->stores, FAKE_GET), 0);
	assert_int_equal(recover(rig).count, 0);
}

static void test_an_operation_of_a_living_process_is_left_alone(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(state_closep) struct state *other = NULL;

	stand_at(rig, plan, 1);
	assert_ok(state_open(rig->url, rig->key_file, &other, &err), &err);
	assert_ok(state_operation_lock(other, ID, &err), &err);
	assert_int_equal(recover(rig).count, 0);
	state_operation_unlock(other, ID);
	assert_int_equal(recover(rig).count, 1);
}

static void test_a_rollback_that_was_cut_off_is_finished(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");

	stand_at(rig, plan, 3);
	die_with(rig, "rolling-back", 3, "undo-intent");
	assert_int_equal(recover(rig).code, EXIT_ROLLED_BACK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_int_equal(fake_records(rig->stores), 1);
}

static void test_a_value_that_the_journal_lost_is_never_taken_for_absent(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(json_freep) json_t *notes = json_object();
	const struct operation_change change = { .notes = notes };

	stand_at(rig, plan, 1);
	assert_ok(state_operation_change(rig->state, ID, &change, &err), &err);
	assert_int_equal(executor_resume(&rig->executor, ID, true, &outcome, &err), LKS_INVALID);
	assert_contains(err.message, "corrupt");
}

static void test_who_lost_the_right_does_not_go_on_but_may_go_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	stand_at(rig, plan, 1);
	rig->subject.is_owner = false;
	assert_int_equal(recover(rig).count, 0);
	assert_ok(executor_rollback(&rig->executor, ID, NULL, &outcome, &err), &err);
	assert_int_equal(outcome.exit_code, EXIT_ROLLED_BACK);
}

/* --- waits --- */

static void test_a_soak_asks_at_every_poll_and_then_commits(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, 0);
	assert_int_equal(outcome.state, OPERATION_DONE);
	/* Once for the candidate, at the start, six polls of 10 s. */
	assert_int_equal(fake_calls(rig->stores, FAKE_VERIFY), 8);
	assert_int_equal(rig->clock.slept_ms, 60000);
}

static void test_a_soak_that_goes_bad_is_rolled_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .skip = 4,
						     .times = 1,
						     .verdict = LKS_VERDICT_INVALID });
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_ROLLED_BACK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_int_equal(fake_records(rig->stores), 1);
}

static void test_an_outage_in_a_soak_is_waited_out(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .skip = 4,
						     .times = 3,
						     .verdict = LKS_VERDICT_UNKNOWN });
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, 0);
	/* The soak did not begin anew. */
	assert_true(rig->clock.slept_ms < 75000);
}

static void test_a_soak_outlives_its_process(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	start(rig, plan, false, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_UNFINISHED);
	assert_int_equal(outcome.state, OPERATION_WAITING);
	assert_string_equal(json_text(json_object_get(outcome.report, "waiting_for"), "for"),
			    "soak");
	rig_restart(rig);
	pass(rig, 30000);
	assert_int_equal(recover(rig).code, EXIT_UNFINISHED);
	pass(rig, 29999);
	assert_int_equal(recover(rig).code, EXIT_UNFINISHED);
	pass(rig, 1);
	assert_int_equal(recover(rig).code, 0);
	assert_int_equal(rig->clock.sleeps, 0);
}

static void test_a_stop_in_a_soak_leaves_it_resumable(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome again = { 0 };

	rig->stop_at = 8;
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_INTERRUPTED);
	rig->stop_at = -1;
	assert_ok(executor_resume(&rig->executor, ID, true, &again, &err), &err);
	assert_int_equal(again.exit_code, 0);
	assert_true(rig->clock.slept_ms <= 61000);
}

static void test_keeping_the_previous_value_is_no_waiting(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("keep retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct seen seen;

	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, 0);
	assert_int_equal(outcome.state, OPERATION_COMMITTED);
	assert_string_equal(json_text(outcome.report, "outcome"), "done");
	assert_string_equal(fake_get(rig->stores, "app:KEY@previous"), "old-value");
	pass(rig, HOUR_MS - 1);
	assert_int_equal(recover(rig).state, OPERATION_COMMITTED);
	pass(rig, 1);
	seen = recover(rig);
	assert_int_equal(seen.state, OPERATION_DONE);
	assert_null(fake_get(rig->stores, "app:KEY@previous"));
}

static void test_what_is_kept_can_be_taken_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("copy keep retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome back = { 0 };

	start(rig, plan, true, &outcome);
	rig_restart(rig);
	assert_ok(executor_rollback(&rig->executor, ID, NULL, &back, &err), &err);
	assert_int_equal(back.exit_code, EXIT_ROLLED_BACK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_int_equal(fake_records(rig->stores), 1);
}

static void test_finishing_cuts_the_keeping_short(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("keep retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome finished = { 0 };

	start(rig, plan, true, &outcome);
	assert_ok(executor_finish(&rig->executor, ID, &finished, &err), &err);
	assert_int_equal(finished.state, OPERATION_DONE);
	assert_null(fake_get(rig->stores, "app:KEY@previous"));
}

static void test_finishing_before_the_commit_is_refused(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("soak keep retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome finished = { 0 };

	start(rig, plan, false, &outcome);
	assert_int_equal(executor_finish(&rig->executor, ID, &finished, &err), LKS_CONFLICT);
	assert_contains(err.message, "nothing to retire yet");
}

/* Nothing is retired unless the new value is everywhere and works. */
static void test_nothing_is_retired_under_a_foreign_value(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("keep retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	start(rig, plan, true, &outcome);
	fake_set(rig->stores, "app:KEY", "somebody-else");
	pass(rig, HOUR_MS);
	assert_int_equal(recover(rig).state, OPERATION_STUCK);
	assert_string_equal(fake_get(rig->stores, "app:KEY@previous"), "old-value");
}

static void test_nothing_is_retired_when_the_new_value_stopped_working(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome resumed = { 0 };

	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .skip = 1,
						     .times = 1,
						     .verdict = LKS_VERDICT_INVALID });
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.state, OPERATION_STUCK);
	assert_string_equal(fake_get(rig->stores, "app:KEY@previous"), "old-value");
	assert_ok(executor_resume(&rig->executor, ID, true, &resumed, &err), &err);
	assert_int_equal(resumed.exit_code, 0);
	assert_null(fake_get(rig->stores, "app:KEY@previous"));
}

static void test_a_refusal_after_the_point_of_no_return_is_stuck_and_not_taken_back(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome back = { 0 };

	fake_fail(rig->stores,
		  &(struct fake_fault){
			  .call = FAKE_CHANGE, .skip = 2, .times = 1, .status = LKS_UNCERTAIN });
	fake_fail(rig->stores,
		  &(struct fake_fault){
			  .call = FAKE_CHANGE, .skip = 2, .times = 1, .status = LKS_DENIED });
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.state, OPERATION_STUCK);
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "new-value");
	assert_ok(executor_resume(&rig->executor, ID, true, &back, &err), &err);
	assert_int_equal(back.exit_code, 0);
}

static void test_an_outage_while_retiring_waits_for_the_next_run(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_staged("retire");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome back = { 0 };

	fake_fail(rig->stores,
		  &(struct fake_fault){
			  .call = FAKE_CHANGE, .skip = 2, .times = -1, .status = LKS_UNAVAILABLE });
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_UNFINISHED);
	assert_int_equal(outcome.state, OPERATION_RETIRING);
	assert_int_equal(executor_rollback(&rig->executor, ID, NULL, &back, &err), LKS_CONFLICT);
	assert_contains(err.message, "point of no return");
	/* Days later: an outage after the commit is never a rollback. */
	pass(rig, 50 * HOUR_MS);
	assert_int_equal(recover(rig).code, EXIT_UNFINISHED);
	fake_heal(rig->stores);
	assert_int_equal(recover(rig).state, OPERATION_DONE);
}

/* --- clocks of waits --- */

static json_t *wait_after_boot(int64_t duration_ms)
{
	json_t *wait = wait_new("soak", 1, duration_ms, 10000);

	json_put_text(wait, "boot_id", "another-boot");
	json_put_number(wait, "started_boot_ms", 999999999);
	return wait;
}

static void test_in_the_same_boot_only_the_boot_clock_counts(void **state)
{
	struct rig *rig = *state;
	AUTO(json_freep) json_t *wait = wait_new("soak", 1, HOUR_MS, 10000);

	rig->clock.wall_ms += 365 * 24 * HOUR_MS;
	rig->clock.boot_ms += 1000;
	assert_int_equal(wait_elapsed_ms(wait), 1000);
	rig->clock.wall_ms -= 2 * 365 * 24 * HOUR_MS;
	assert_int_equal(wait_elapsed_ms(wait), 1000);
}

static void test_after_another_boot_the_wall_clock_counts(void **state)
{
	struct rig *rig = *state;
	AUTO(json_freep) json_t *wait = wait_after_boot(HOUR_MS);

	rig->clock.wall_ms += HOUR_MS / 2;
	assert_int_equal(wait_elapsed_ms(wait), HOUR_MS / 2);
	/* And from now on this boot's clock. */
	rig->clock.wall_ms += 100 * HOUR_MS;
	assert_int_equal(wait_elapsed_ms(wait), HOUR_MS / 2);
}

static void test_the_wall_clock_alone_never_ends_a_wait(void **state)
{
	struct rig *rig = *state;
	AUTO(json_freep) json_t *wait = wait_after_boot(HOUR_MS);

	rig->clock.wall_ms += 2 * HOUR_MS;
	assert_int_equal(wait_elapsed_ms(wait), HOUR_MS - 10000);
	rig->clock.boot_ms += 10000;
	assert_int_equal(wait_elapsed_ms(wait), HOUR_MS);
}

static void test_a_wall_clock_before_the_start_begins_the_wait_anew(void **state)
{
	struct rig *rig = *state;
	AUTO(json_freep) json_t *wait = wait_after_boot(HOUR_MS);

	rig->clock.wall_ms -= 1;
	assert_int_equal(wait_elapsed_ms(wait), 0);
}

static void test_a_wall_clock_a_day_past_the_heartbeat_begins_the_wait_anew(void **state)
{
	struct rig *rig = *state;
	AUTO(json_freep) json_t *wait = wait_after_boot(100 * HOUR_MS);
	AUTO(json_freep) json_t *other = wait_after_boot(100 * HOUR_MS);

	rig->clock.wall_ms += 24 * HOUR_MS;
	assert_int_equal(wait_elapsed_ms(wait), 24 * HOUR_MS);
	rig->clock.wall_ms += 1;
	assert_int_equal(wait_elapsed_ms(other), 0);
}

/* --- reload --- */

static struct plan *reloading(struct rig *rig, const char *command, const char *healthy)
{
	struct plan *plan = rig_staged("reload");
	struct step *step = &plan->steps[plan->step_count - 1];
	const char *const shell[] = { "/bin/sh", "-c", command, NULL };
	const char *const check[] = { "/bin/sh", "-c", healthy, NULL };

	clock_use(NULL);
	(void)rig;
	for (size_t i = 0; i < step->command.count; i++)
		free(step->command.items[i]);
	step->command.count = 0;
	rig_command(&step->command, shell);
	if (healthy)
		rig_command(&step->healthy, check);
	return plan;
}

static void test_a_program_takes_the_value_and_is_healthy(void **state)
{
	struct rig *rig = *state;
	char command[700], healthy[700];
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(free_ptr) char *written = NULL;

	snprintf(command, sizeof(command), "env | sort > %s/env; ps -o pgid= -p $$ > /dev/null",
		 rig->temp.path);
	/* The third time it is well. */
	snprintf(healthy, sizeof(healthy), "echo >> %s/n; test $(wc -l < %s/n) -ge 3",
		 rig->temp.path, rig->temp.path);
	{
		AUTO(plan_freep) struct plan *plan = reloading(rig, command, healthy);

		setenv("LEAK", "canary", 1);
		start(rig, plan, true, &outcome);
	}
	assert_int_equal(outcome.exit_code, 0);
	written = file_read(temp_path(&rig->temp, "env"), NULL);
	assert_contains(written, "LOCKSTEP_OPERATION=" ID);
	assert_contains(written, "LOCKSTEP_CONSUMER=web");
	assert_null(strstr(written, "canary"));
}

static void test_an_unhealthy_program_is_given_the_old_value_again(void **state)
{
	struct rig *rig = *state;
	char command[700], healthy[700];
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(free_ptr) char *lines = NULL;

	snprintf(command, sizeof(command), "echo x >> %s/reloads", rig->temp.path);
	/* Well again after the second reload. */
	snprintf(healthy, sizeof(healthy), "test $(wc -l < %s/reloads) -ge 2", rig->temp.path);
	{
		AUTO(plan_freep) struct plan *plan = reloading(rig, command, healthy);

		plan->steps[plan->step_count - 1].duration_ms = 200;
		start(rig, plan, true, &outcome);
	}
	assert_int_equal(outcome.exit_code, EXIT_ROLLED_BACK);
	assert_contains(outcome.cause.message, "not healthy in time");
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	lines = file_read(temp_path(&rig->temp, "reloads"), NULL);
	assert_string_equal(lines, "x\nx\n");
}

static void test_a_program_that_stays_unhealthy_is_for_a_person(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = reloading(rig, "exit 0", "exit 3");
	AUTO(outcome_release) struct outcome outcome = { 0 };

	plan->steps[plan->step_count - 1].duration_ms = 50;
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_STUCK);
	/* The values are back all the same. */
	assert_string_equal(fake_get(rig->stores, "app:KEY"), "old-value");
	assert_int_equal(fake_records(rig->stores), 1);
}

static void test_a_reload_that_hangs_is_killed_with_its_children(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep)
	struct plan *plan = reloading(rig, "trap '' TERM; sleep 600 & wait; sleep 600", NULL);
	AUTO(outcome_release) struct outcome outcome = { 0 };

	plan->steps[plan->step_count - 1].duration_ms = 50;
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_STUCK);
	assert_contains(outcome.cause.message, "did not end in time");
}

static void test_a_reload_that_fails_says_how(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = reloading(rig, "exit 7", NULL);
	AUTO(outcome_release) struct outcome outcome = { 0 };

	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_STUCK);
	assert_contains(outcome.cause.message, "`/bin/sh` ended with 7");
}

static void test_a_reload_program_that_is_missing_is_named(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = reloading(rig, "", NULL);
	struct step *step = &plan->steps[plan->step_count - 1];
	AUTO(outcome_release) struct outcome outcome = { 0 };

	free(step->command.items[0]);
	step->command.items[0] = strdup("/nowhere/reload");
	start(rig, plan, true, &outcome);
	assert_int_equal(outcome.exit_code, EXIT_STUCK);
	assert_contains(outcome.cause.message, "/nowhere/reload");
}

/* --- audit --- */

static void test_audit_debts_are_paid_from_the_journal(void **state)
{
	struct rig *rig = *state;
	AUTO(plan_freep) struct plan *plan = rig_immediate();
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(free_ptr) char *lines = NULL;
	const struct operation_change owes = { .owes_audit = 1 };
	struct audit *audit = NULL;
	char **ids = NULL;
	size_t count = 0;

	start(rig, plan, true, &outcome);
	assert_ok(state_operation_change(rig->state, ID, &owes, &err), &err);
	assert_ok(audit_open(temp_path(&rig->temp, "audit.jsonl"), true, &audit, &err), &err);
	rig->executor.audit = audit;
	recover(rig);
	rig->executor.audit = NULL;
	audit_close(audit);
	lines = file_read(temp_path(&rig->temp, "audit.jsonl"), NULL);
	assert_contains(lines, ID);
	assert_contains(lines, "written from the journal");
	assert_ok(state_audit_debts(rig->state, 0, &ids, &count, &err), &err);
	assert_int_equal(count, 0);
	state_ids_free(ids, count);
}

/* --- the goal: 100,000 journal rows in half a second --- */

static void test_recovery_looks_at_unfinished_operations_only(void **state)
{
	struct rig *rig = *state;

	/* Its speed is measured in bench; here: that ended ones are not read. */
	for (int i = 0; i < 5; i++) {
		AUTO(plan_freep) struct plan *plan = rig_immediate();
		AUTO(outcome_release) struct outcome outcome = { 0 };

		assert_ok(executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome,
				       &err),
			  &err);
		fake_set(rig->stores, "app:KEY", "old-value");
	}
	assert_int_equal(recover(rig).count, 0);
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
		CASE(test_an_intent_whose_target_is_old_is_done_again),
		CASE(test_an_intent_whose_target_is_new_is_done),
		CASE(test_the_report_has_the_version_that_a_dead_process_wrote),
		CASE(test_an_intent_whose_target_is_neither_is_stuck),
		CASE(test_recovery_twice_equals_recovery_once),
		CASE(test_what_was_only_planned_ends_without_a_trace),
		CASE(test_an_operation_of_a_living_process_is_left_alone),
		CASE(test_a_rollback_that_was_cut_off_is_finished),
		CASE(test_a_value_that_the_journal_lost_is_never_taken_for_absent),
		CASE(test_who_lost_the_right_does_not_go_on_but_may_go_back),
		CASE(test_a_soak_asks_at_every_poll_and_then_commits),
		CASE(test_a_soak_that_goes_bad_is_rolled_back),
		CASE(test_an_outage_in_a_soak_is_waited_out),
		CASE(test_a_soak_outlives_its_process),
		CASE(test_a_stop_in_a_soak_leaves_it_resumable),
		CASE(test_keeping_the_previous_value_is_no_waiting),
		CASE(test_what_is_kept_can_be_taken_back),
		CASE(test_finishing_cuts_the_keeping_short),
		CASE(test_finishing_before_the_commit_is_refused),
		CASE(test_nothing_is_retired_under_a_foreign_value),
		CASE(test_nothing_is_retired_when_the_new_value_stopped_working),
		CASE(test_a_refusal_after_the_point_of_no_return_is_stuck_and_not_taken_back),
		CASE(test_an_outage_while_retiring_waits_for_the_next_run),
		CASE(test_in_the_same_boot_only_the_boot_clock_counts),
		CASE(test_after_another_boot_the_wall_clock_counts),
		CASE(test_the_wall_clock_alone_never_ends_a_wait),
		CASE(test_a_wall_clock_before_the_start_begins_the_wait_anew),
		CASE(test_a_wall_clock_a_day_past_the_heartbeat_begins_the_wait_anew),
		CASE(test_a_program_takes_the_value_and_is_healthy),
		CASE(test_an_unhealthy_program_is_given_the_old_value_again),
		CASE(test_a_program_that_stays_unhealthy_is_for_a_person),
		CASE(test_a_reload_that_hangs_is_killed_with_its_children),
		CASE(test_a_reload_that_fails_says_how),
		CASE(test_a_reload_program_that_is_missing_is_named),
		CASE(test_audit_debts_are_paid_from_the_journal),
		CASE(test_recovery_looks_at_unfinished_operations_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
