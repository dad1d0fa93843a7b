/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor when the ground gives way: every sync of the journal fails in
 * turn, every allocation, every question of must_stop says stop. Whatever
 * happens, a later recovery leaves every target old or every target new.
 */
#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/json.h"
#include "support/alloc.h"
#include "support/rig.h"

#define ID "0190a000-0000-7000-8000-000000000001"

static struct lks_error err;

/* --- syncs: libsqlite3 finds the program's functions first --- */

static bool armed;
static int syncs_left;

static int synced(int fd, long call)
{
	if (armed && --syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

LKS_EXPORT int fsync(int fd)
{
	return synced(fd, SYS_fsync);
}

LKS_EXPORT int fdatasync(int fd)
{
	return synced(fd, SYS_fdatasync);
}

/* --- the judge --- */

static bool holds(const struct rig *rig, const char *name, const char *value)
{
	const char *found = fake_get(rig->stores, name);

	return value ? found && !strcmp(found, value) : !found;
}

static bool is_old(const struct rig *rig)
{
	return holds(rig, "app:KEY", "old-value") && fake_records(rig->stores) == 1;
}

static bool is_new(const struct rig *rig)
{
	return holds(rig, "app:KEY", "new-value") && holds(rig, "web:KEY", "new-value") &&
	       holds(rig, "app:KEY@pending", NULL);
}

static void assert_whole(struct rig *rig)
{
	AUTO(outcome_release) struct outcome outcome = { 0 };
	enum lks_status status;
	char id[37];

	rig->stop_at = -1;
	rig_restart(rig);
	assert_ok(executor_recover(&rig->executor, NULL, NULL, &err), &err);
	assert_ok(executor_recover(&rig->executor, NULL, NULL, &err), &err);
	status = executor_report(&rig->executor, ID, false, &outcome, &err);
	if (!status && outcome.state == OPERATION_DONE)
		assert_true(is_new(rig));
	else
		assert_true(is_old(rig));
	assert_true(status == LKS_NOT_FOUND || outcome.state == OPERATION_DONE ||
		    outcome.state == OPERATION_ROLLED_BACK);
	assert_int_equal(state_claim(rig->state, "app:KEY", id, &err), LKS_NOT_FOUND);
}

/* As another test's beginning, with the same id. */
static void begin_again(struct rig *rig)
{
	rig_stop(rig);
	rig_start(rig);
}

/* Everything is written, then the last verification says no. */
static void fail_at_the_end(struct rig *rig)
{
	fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_VERIFY,
						     .skip = 1,
						     .times = -1,
						     .verdict = LKS_VERDICT_INVALID });
}

static enum lks_status run(struct rig *rig, struct outcome *outcome)
{
	AUTO(plan_freep) struct plan *plan = rig_staged("copy soak");

	return executor_run(&rig->executor, plan, ID, true, rig_prepare, rig, outcome, &err);
}

/* N86 */
static void sync_fails_everywhere(struct rig *rig, bool back)
{
	for (int n = 1;; n++) {
		AUTO(outcome_release) struct outcome outcome = { 0 };
		enum lks_status status;

		if (back)
			fail_at_the_end(rig);
		syncs_left = n;
		armed = true;
		status = run(rig, &outcome);
		armed = false;
		fake_heal(rig->stores);
		if (back)
			fail_at_the_end(rig);
		/* Nothing is done after the failure, by nobody. */
		if (syncs_left > 0)
			break;
		if (status) {
			AUTO(outcome_release) struct outcome again = { 0 };
			size_t calls = fake_calls(rig->stores, FAKE_CHANGE);

			assert_int_not_equal(
				executor_resume(&rig->executor, ID, true, &again, &err), LKS_OK);
			assert_int_equal(fake_calls(rig->stores, FAKE_CHANGE), calls);
		}
		/* Recovery may go forward through a soak that is not over. */
		fake_heal(rig->stores);
		rig_restart(rig);
		rig->clock.boot_ms += 100000;
		rig->clock.wall_ms += 100000;
		assert_ok(executor_recover(&rig->executor, NULL, NULL, &err), &err);
		rig->clock.boot_ms += 100000;
		rig->clock.wall_ms += 100000;
		assert_whole(rig);
		begin_again(rig);
		assert_true(n < 200);
	}
}

static void test_n86_a_failed_sync_anywhere_stops_and_is_recovered(void **state)
{
	sync_fails_everywhere(*state, false);
}

static void test_n86_a_failed_sync_anywhere_on_the_way_back_is_recovered(void **state)
{
	sync_fails_everywhere(*state, true);
}

/* N76 */
static void memory_fails_everywhere(struct rig *rig, bool back)
{
	for (unsigned int n = 1;; n++) {
		AUTO(outcome_release) struct outcome outcome = { 0 };
		AUTO(plan_freep) struct plan *plan = rig_staged("copy soak");
		enum lks_status status;
		bool failed;

		if (back)
			fail_at_the_end(rig);
		alloc_fail_at(n);
		status = executor_run(&rig->executor, plan, ID, true, rig_prepare, rig, &outcome,
				      &err);
		failed = alloc_has_failed();
		alloc_fail_at(0);
		fake_heal(rig->stores);
		if (!failed) {
			assert_int_equal(status, LKS_OK);
			break;
		}
		rig_restart(rig);
		rig->clock.boot_ms += 100000;
		rig->clock.wall_ms += 100000;
		assert_ok(executor_recover(&rig->executor, NULL, NULL, &err), &err);
		rig->clock.boot_ms += 100000;
		rig->clock.wall_ms += 100000;
		assert_whole(rig);
		begin_again(rig);
	}
}

static void test_n76_memory_that_runs_out_anywhere_leaves_it_recoverable(void **state)
{
	memory_fails_everywhere(*state, false);
}

static void test_n76_memory_that_runs_out_on_the_way_back_leaves_it_recoverable(void **state)
{
	memory_fails_everywhere(*state, true);
}

static void test_a_stop_at_every_question_leaves_it_resumable(void **state)
{
	struct rig *rig = *state;

	for (int at = 0;; at++) {
		AUTO(outcome_release) struct outcome outcome = { 0 };
		AUTO(outcome_release) struct outcome again = { 0 };

		fail_at_the_end(rig);
		/* An outage on the way back, so that its pauses are asked too. */
		fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
							     .skip = 3,
							     .times = 1,
							     .status = LKS_UNAVAILABLE });
		fake_fail(rig->stores, &(struct fake_fault){ .call = FAKE_GET,
							     .skip = 8,
							     .times = 2,
							     .status = LKS_UNAVAILABLE });
		rig->asked = 0;
		rig->stop_at = at;
		assert_ok(run(rig, &outcome), &err);
		rig->stop_at = -1;
		if (outcome.exit_code != EXIT_INTERRUPTED) {
			assert_int_equal(outcome.exit_code, EXIT_ROLLED_BACK);
			assert_true(at > 8);
			break;
		}
		assert_ok(executor_resume(&rig->executor, ID, true, &again, &err), &err);
		assert_int_equal(again.exit_code, EXIT_ROLLED_BACK);
		assert_true(is_old(rig));
		begin_again(rig);
	}
}

/* --- single answers of stores and verifiers --- */

static enum exit_code run_with(struct rig *rig, const struct fake_fault *fault,
			       struct outcome *outcome)
{
	fake_fail(rig->stores, fault);
	assert_ok(run(rig, outcome), &err);
	return outcome->exit_code;
}

static void test_a_verifier_that_cannot_be_set_up_is_rolled_back(void **state)
{
	AUTO(outcome_release) struct outcome outcome = { 0 };
	const struct fake_fault fault = { .call = FAKE_VERIFY, .times = -1, .status = LKS_INVALID };

	assert_int_equal(run_with(*state, &fault, &outcome), EXIT_ROLLED_BACK);
	assert_true(is_old(*state));
}

static void test_a_candidate_that_somebody_replaced_is_stuck(void **state)
{
	AUTO(outcome_release) struct outcome outcome = { 0 };
	/* Read before, read by the probe; then by the verification. */
	const struct fake_fault fault = { .call = FAKE_GET,
					  .name = "app:KEY@pending",
					  .skip = 2,
					  .times = 1,
					  .foreign = "somebody-else" };

	assert_int_equal(run_with(*state, &fault, &outcome), EXIT_STUCK);
	assert_contains(outcome.cause.message, "somebody else changed it");
}

static void test_a_read_that_is_denied_before_anything_begins_nothing(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };

	fake_fail(rig->stores,
		  &(struct fake_fault){ .call = FAKE_GET, .times = 1, .status = LKS_DENIED });
	assert_int_equal(run(rig, &outcome), LKS_DENIED);
	assert_int_equal(error_exit_code(&err), EXIT_DENIED);
	assert_whole(rig);
}

static void test_a_target_that_cannot_be_read_is_reported_unreachable(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	AUTO(outcome_release) struct outcome probed = { 0 };

	rig->stop_at = 3;
	assert_ok(run(rig, &outcome), &err);
	fake_fail(rig->stores,
		  &(struct fake_fault){ .call = FAKE_GET, .times = -1, .status = LKS_UNAVAILABLE });
	assert_ok(executor_report(&rig->executor, ID, true, &probed, &err), &err);
	assert_string_equal(
		json_text(json_array_get(json_object_get(probed.report, "targets"), 0), "holds"),
		"unreachable");
	assert_int_equal(probed.exit_code, EXIT_UNFINISHED);
}

static void test_retry_after_is_obeyed(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	const struct fake_fault fault = {
		.call = FAKE_CHANGE, .times = 1, .status = LKS_THROTTLED, .retry_after_ms = 45000
	};

	assert_int_equal(run_with(rig, &fault, &outcome), 0);
	assert_true(rig->clock.slept_ms >= 45000 + 60000);
}

static void test_a_change_without_its_audit_entry_goes_on_once_begun(void **state)
{
	struct rig *rig = *state;
	AUTO(outcome_release) struct outcome outcome = { 0 };
	const struct fake_fault fault = {
		.call = FAKE_CHANGE, .skip = 1, .times = 1, .loses_audit = true
	};
	AUTO(free_ptr) char *lines = NULL;
	struct audit *audit = NULL;

	assert_ok(audit_open(temp_path(&rig->temp, "audit.jsonl"), true, &audit, &err), &err);
	rig->executor.audit = audit;
	assert_int_equal(run_with(rig, &fault, &outcome), 0);
	rig->executor.audit = NULL;
	audit_close(audit);
	/* Paid at the end of the operation, from the journal. */
	lines = file_read(temp_path(&rig->temp, "audit.jsonl"), NULL);
	assert_contains(lines, "written from the journal");
	assert_contains(lines, "app:KEY");
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
		CASE(test_n86_a_failed_sync_anywhere_stops_and_is_recovered),
		CASE(test_n86_a_failed_sync_anywhere_on_the_way_back_is_recovered),
		CASE(test_n76_memory_that_runs_out_anywhere_leaves_it_recoverable),
		CASE(test_n76_memory_that_runs_out_on_the_way_back_leaves_it_recoverable),
		CASE(test_a_stop_at_every_question_leaves_it_resumable),
		CASE(test_a_verifier_that_cannot_be_set_up_is_rolled_back),
		CASE(test_a_candidate_that_somebody_replaced_is_stuck),
		CASE(test_a_read_that_is_denied_before_anything_begins_nothing),
		CASE(test_a_target_that_cannot_be_read_is_reported_unreachable),
		CASE(test_retry_after_is_obeyed),
		CASE(test_a_change_without_its_audit_entry_goes_on_once_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
