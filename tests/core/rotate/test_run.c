/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rotate/run on stores in memory and a real state: what a run starts,
   in which order, where it stops, and what is known afterwards. */
#include "support/test.h"

#include <stdio.h>

#include "base/clock.h"
#include "rotate/planner.h"
#include "rotate/run.h"
#include "support/modules.h"
#include "support/rig.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* `count` rotations r0, r1, ... of app:K0, app:K1, ... */
struct many {
	struct rig rig;
	struct config_rotation *rotations;
	struct config_verifier verifier;
	char (*names)[32];
	char (*references)[32];
	char **secrets;
	char *verify[1];
	size_t count;
};

static void many_start(struct many *many, size_t count)
{
	memset(many, 0, sizeof(*many));
	rig_start(&many->rig);
	many->count = count;
	many->rotations = calloc(count, sizeof(*many->rotations));
	many->names = calloc(count, sizeof(*many->names));
	many->references = calloc(count, sizeof(*many->references));
	many->secrets = calloc(count, sizeof(*many->secrets));
	many->verifier.name = many->verify[0] = (char *)(uintptr_t) "ping";
	for (size_t i = 0; i < count; i++) {
		snprintf(many->names[i], sizeof(many->names[i]), "r%zu", i);
		snprintf(many->references[i], sizeof(many->references[i]), "app:K%zu", i);
		many->secrets[i] = many->references[i];
		many->rotations[i] = (struct config_rotation){
			.name = many->names[i],
			.secrets = { &many->secrets[i], 1 },
			.strategy = STRATEGY_IMMEDIATE,
			.has_generate = true,
			.generate = { .kind = GENERATOR_HEX, .length = 16 },
			.verify = { many->verify, 1 },
			.require_verification = true,
			.auto_rollback = true,
			.every_ms = 90 * DAY_MS,
		};
		if (i < 20)
			fake_set(many->rig.stores, many->references[i], "old");
	}
	many->rig.config.rotations = many->rotations;
	many->rig.config.rotation_count = count;
	many->rig.config.verifiers = &many->verifier;
	many->rig.config.verifier_count = 1;
	many->rig.config.limits =
		(struct config_limits){ .per_run = 5, .parallel = 4, .stop_after_failures = 3 };
}

static void many_stop(struct many *many)
{
	many->rig.config.rotations = NULL;
	many->rig.config.verifiers = NULL;
	rig_stop(&many->rig);
	free(many->rotations);
	free(many->names);
	free(many->references);
	free(many->secrets);
}

/* As if it had been changed that long ago. */
static void age(struct many *many, size_t index, int64_t days)
{
	struct rotation_row row;
	struct lks_error err;
	AUTO(free_ptr) struct due_entry *entries = NULL;
	char *name = many->names[index];
	size_t count = 0;
	assert_ok(rotations_judge(&many->rig.executor, &name, 1, &entries, &count, &err), &err);
	row = entries[0].row;
	row.rotated_wall_ms = clock_wall_ms() - days * DAY_MS;
	row.spread_due_wall_ms = 0;
	assert_ok(state_rotation_write(many->rig.state, &row, &err), &err);
}

struct log {
	char text[512];
};

static void ended(void *context, const char *name, const struct outcome *outcome,
		  const struct lks_error *refusal)
{
	struct log *log = context;
	size_t len = strlen(log->text);
	snprintf(log->text + len, sizeof(log->text) - len, "%s:%d ", name,
		 refusal ? -(int)error_exit_code(refusal) : (int)outcome->exit_code);
}

static struct run_result run(struct many *many, struct log *log)
{
	AUTO(planned_list_release) struct planned_list list = { 0 };
	struct run_watcher watcher = { ended, log };
	struct run_result result = { .worst = EXIT_DONE };
	struct lks_error err;
	log->text[0] = '\0';
	assert_ok(run_recover(&many->rig.executor, &watcher, &result, &err), &err);
	assert_ok(rotations_plan(&many->rig.executor, NULL, 0, false, &list, &err), &err);
	run_planned(&many->rig.executor, &list, &watcher, &result);
	return result;
}

static void test_a_run_does_what_is_due_oldest_first_and_once(void **state)
{
	(void)state;
	struct many many;
	struct log log;
	many_start(&many, 4);
	age(&many, 0, 91);
	age(&many, 1, 10);
	age(&many, 2, 200);
	age(&many, 3, 95);
	struct run_result result = run(&many, &log);
	assert_string_equal(log.text, "r2:0 r3:0 r0:0 ");
	assert_int_equal(result.worst, EXIT_DONE);
	assert_string_not_equal(fake_get(many.rig.stores, "app:K2"), "old");
	assert_string_equal(fake_get(many.rig.stores, "app:K1"), "old");
	run(&many, &log);
	assert_string_equal(log.text, "");
	many_stop(&many);
}

static void test_n99_a_backlog_is_worked_off_within_the_limits(void **state)
{
	(void)state;
	struct many many;
	struct lks_error err;
	AUTO(free_ptr) struct due_entry *entries = NULL;
	AUTO(planned_list_release) struct planned_list list = { 0 };
	size_t count = 0;
	many_start(&many, 10000);
	assert_ok(rotations_judge(&many.rig.executor, NULL, 0, &entries, &count, &err), &err);
	assert_int_equal(count, 10000);
	many.rig.clock.wall_ms += 200 * DAY_MS;
	many.rig.clock.boot_ms += 200 * DAY_MS;
	assert_ok(rotations_plan(&many.rig.executor, NULL, 0, false, &list, &err), &err);
	assert_int_equal(list.count, 5);
	assert_int_equal(list.left, 9995);
	many_stop(&many);
}

static void test_a_run_stops_after_three_failures(void **state)
{
	(void)state;
	struct many many;
	struct log log;
	many_start(&many, 6);
	for (size_t i = 0; i < 6; i++)
		age(&many, i, 100 + (int64_t)i);
	/* Every second answer: the old value works, the new one does not. */
	fake_accept(many.rig.stores, "old");
	struct run_result result = run(&many, &log);
	assert_string_equal(log.text, "r5:9 r4:9 r3:9 ");
	assert_true(result.stopped);
	assert_int_equal(result.failed, 3);
	assert_int_equal(result.worst, EXIT_ROLLED_BACK);
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(fake_get(many.rig.stores, many.references[i]), "old");
	/* What failed comes after what did not. */
	run(&many, &log);
	assert_string_equal(log.text, "r2:9 r1:9 r0:9 ");
	many_stop(&many);
}

static void test_what_cannot_be_begun_is_told_and_the_rest_goes_on(void **state)
{
	(void)state;
	struct many many;
	struct log log;
	many_start(&many, 2);
	age(&many, 0, 200);
	age(&many, 1, 100);
	fake_set(many.rig.stores, "app:K0", NULL);
	struct run_result result = run(&many, &log);
	assert_string_equal(log.text, "r0:-3 r1:0 ");
	assert_int_equal(result.worst, EXIT_NOT_FOUND);
	many_stop(&many);
}

static void test_the_worst_exit_is_by_the_documented_order(void **state)
{
	(void)state;
	static const enum exit_code order[] = { EXIT_STUCK,       EXIT_AUDIT,    EXIT_INTERNAL,
						EXIT_ROLLED_BACK, EXIT_DENIED,   EXIT_UNAVAILABLE,
						EXIT_CONFLICT,    EXIT_NOT_FOUND };
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		assert_int_equal(worse_exit(order[i], EXIT_DONE), order[i]);
		assert_int_equal(worse_exit(EXIT_UNFINISHED, order[i]), order[i]);
		for (size_t j = i; j < COUNT_OF(order); j++)
			assert_int_equal(worse_exit(order[j], order[i]), order[i]);
	}
	assert_int_equal(worse_exit(EXIT_UNFINISHED, EXIT_DONE), EXIT_DONE);
}

static void test_a_row_that_missed_an_end_follows_the_journal(void **state)
{
	(void)state;
	struct many many;
	struct lks_error err;
	many_start(&many, 1);
	age(&many, 0, 100);
	struct rotate_job job = { .stores = many.rig.stores,
				  .config = &many.rig.config,
				  .subject = &many.rig.subject,
				  .request = "r",
				  .rotation = &many.rotations[0] };
	AUTO(plan_freep) struct plan *plan = NULL;
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	AUTO(free_ptr) struct due_entry *entries = NULL;
	size_t count = 0;
	/* The process dies between the operation's end and the row. */
	assert_ok(rotate_plan(&job, &plan, &err), &err);
	assert_ok(executor_run(&many.rig.executor, plan, NULL, true, rotate_prepare, &job, &outcome,
			       &err),
		  &err);
	assert_ok(rotations_judge(&many.rig.executor, NULL, 0, &entries, &count, &err), &err);
	assert_int_equal(entries[0].due.state, DUE_LATER);
	assert_string_equal(entries[0].row.last_operation, outcome.operation);
	assert_int_equal(entries[0].row.failures, 0);
	many_stop(&many);
}

static void test_n100_the_same_id_again_does_nothing_twice(void **state)
{
	(void)state;
	struct many many;
	struct lks_error err;
	const char *id = "01900000-0000-7000-8000-00000000abcd";
	char first[64];
	many_start(&many, 1);
	for (int i = 0; i < 2; i++) {
		AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
		assert_ok(rotation_start(&many.rig.executor, &many.rotations[0], NULL, id, true,
					 &outcome, &err),
			  &err);
		assert_string_equal(outcome.operation, id);
		assert_int_equal(outcome.exit_code, EXIT_DONE);
		if (i == 0)
			snprintf(first, sizeof(first), "%s", fake_get(many.rig.stores, "app:K0"));
	}
	assert_string_equal(fake_get(many.rig.stores, "app:K0"), first);
	many_stop(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_run_does_what_is_due_oldest_first_and_once),
		cmocka_unit_test(test_n99_a_backlog_is_worked_off_within_the_limits),
		cmocka_unit_test(test_a_run_stops_after_three_failures),
		cmocka_unit_test(test_what_cannot_be_begun_is_told_and_the_rest_goes_on),
		cmocka_unit_test(test_the_worst_exit_is_by_the_documented_order),
		cmocka_unit_test(test_a_row_that_missed_an_end_follows_the_journal),
		cmocka_unit_test(test_n100_the_same_id_again_does_nothing_twice),
	};
	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
