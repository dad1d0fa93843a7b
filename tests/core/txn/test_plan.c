/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as data: what they refuse, their JSON, their hash, their values. */
#include "support/test.h"

#include <stdlib.h>

#include "base/json.h"
#include "support/modules.h"
#include "support/rig.h"
#include "txn/operation.h"

#define PENDING "secretref://app/KEY?label=pending"

static struct lks_error err;

static void hash_of(const struct plan *plan, char ret_hex[65])
{
	assert_ok(plan_hash(&plan, 1, ret_hex, &err), &err);
}

static void test_a_step_without_an_implementation_is_refused_when_planned(void **state)
{
	static const enum step_type missing[] = { STEP_ISSUE,  STEP_REVOKE, STEP_APPLY,
						  STEP_NOTIFY, STEP_FLAG,   STEP_RUN };
	AUTO(plan_freep) struct plan *plan = NULL;

	(void)state;
	assert_ok(plan_new("rotate", "x", &plan, &err), &err);
	for (size_t i = 0; i < COUNT_OF(missing); i++) {
		assert_null(plan_add_step(plan, missing[i], &err));
		assert_int_equal(err.status, LKS_UNSUPPORTED);
		assert_contains(err.message, step_type_name(missing[i]));
	}
	assert_null(plan_add_step(plan, (enum step_type)0, &err));
	assert_null(plan_add_step(plan, (enum step_type)99, &err));
}

static void test_the_targets_of_a_step_are_in_one_store(void **state)
{
	AUTO(plan_freep) struct plan *plan = NULL;
	struct reference other = rig_reference("web:KEY");
	struct step *step;

	(void)state;
	assert_ok(plan_new("rotate", "x", &plan, &err), &err);
	step = rig_step(plan, STEP_WRITE, "write");
	rig_target(step, "app:KEY", "new");
	assert_int_equal(step_add_target(step, &other, "new", NULL, &err), LKS_INVALID);
}

static void test_records_are_sorted_and_there_once(void **state)
{
	AUTO(plan_freep) struct plan *plan = NULL;
	static const char *const names[] = { "b:X", "a:Y", "b:X", "a:X" };

	(void)state;
	assert_ok(plan_new("rotate", "x", &plan, &err), &err);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct reference reference = rig_reference(names[i]);

		assert_ok(plan_add_record(plan, &reference, &err), &err);
	}
	assert_int_equal(plan->records.count, 3);
	assert_string_equal(plan->records.items[0], "a:X");
	assert_string_equal(plan->records.items[2], "b:X");
}

static void test_a_plan_comes_back_from_its_json(void **state)
{
	AUTO(plan_freep) struct plan *plan = rig_staged("copy reload soak keep retire");
	AUTO(plan_freep) struct plan *again = NULL;
	AUTO(json_freep) json_t *json = NULL;
	AUTO(json_freep) json_t *second = NULL;

	(void)state;
	plan->steps[0].targets[0].expected = strdup("");
	assert_ok(plan_add_note(plan, &err, "until %s", "tomorrow"), &err);
	json = plan_to_json(plan);
	assert_ok(plan_from_json(json, &again, &err), &err);
	second = plan_to_json(again);
	assert_true(json_equal(json, second));
	assert_string_equal(again->steps[0].targets[0].expected, "");
	assert_null(again->steps[1].targets);
}

static void test_a_damaged_plan_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"steps\":1}",
		"{\"steps\":[{\"type\":\"explode\"}]}",
		"{\"steps\":[{\"type\":\"write\",\"targets\":[{\"reference\":\"no\"}]}]}",
		"{\"steps\":[{\"type\":\"write\",\"title\":7}]}",
		"{\"steps\":[{\"type\":\"verify\",\"name\":7}]}",
		"{\"steps\":[{\"type\":\"verify\",\"candidate\":\"no\"}]}",
		"{\"steps\":[{\"type\":\"reload\",\"command\":[7]}]}",
		"{\"steps\":[],\"records\":[7]}",
		"{\"steps\":[],\"notes\":[7]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(plan_freep) struct plan *plan = NULL;
		AUTO(json_freep) json_t *json = json_loads(texts[i], 0, NULL);

		assert_non_null(json);
		assert_int_not_equal(plan_from_json(json, &plan, &err), LKS_OK);
		assert_null(plan);
	}
}

static void test_the_hash_does_not_see_times_values_or_titles(void **state)
{
	AUTO(plan_freep) struct plan *a = rig_staged("soak keep");
	AUTO(plan_freep) struct plan *b = rig_staged("soak keep");
	char hash_a[65], hash_b[65];

	(void)state;
	b->give_up_ms = 1;
	b->steps[3].duration_ms = 1;
	b->steps[3].poll_ms = 1;
	free(b->steps[0].targets[0].value);
	b->steps[0].targets[0].value = strdup("another-name");
	hash_of(a, hash_a);
	hash_of(b, hash_b);
	assert_string_equal(hash_a, hash_b);
	assert_int_equal(strlen(hash_a), 64);
}

static void test_the_hash_sees_everything_a_person_agrees_to(void **state)
{
	AUTO(plan_freep) struct plan *plan = rig_staged("reload retire");
	struct step *first = &plan->steps[0];
	char before[65], after[65];

	(void)state;
	hash_of(plan, before);
	first->targets[0].expected = strdup("v7");
	hash_of(plan, after);
	assert_string_not_equal(before, after);
	plan->steps[3].command.items[0][1] = 'X';
	hash_of(plan, before);
	assert_string_not_equal(before, after);
	plan->steps[4].after_no_return = false;
	hash_of(plan, after);
	assert_string_not_equal(before, after);
	free(first->targets[0].value);
	first->targets[0].value = NULL;
	hash_of(plan, before);
	assert_string_not_equal(before, after);
	json_object_set_new(plan->config, "strategy", json_string("other"));
	hash_of(plan, after);
	assert_string_not_equal(before, after);
}

static void test_the_hash_of_several_plans_does_not_depend_on_their_order(void **state)
{
	AUTO(plan_freep) struct plan *a = rig_staged("");
	AUTO(plan_freep) struct plan *b = rig_immediate();
	const struct plan *const one[] = { a, b };
	const struct plan *const other[] = { b, a };
	char first[65], second[65];

	(void)state;
	free(b->name);
	b->name = strdup("zebra");
	assert_ok(plan_hash(one, 2, first, &err), &err);
	assert_ok(plan_hash(other, 2, second, &err), &err);
	assert_string_equal(first, second);
}

static void test_names_of_old_values_tell_labels_apart(void **state)
{
	struct reference current = rig_reference("app:KEY");
	struct reference pending = rig_reference(PENDING);
	struct reference labelled = rig_reference("secretref://app/KEY?label=current");
	char a[256], b[256], c[256];

	(void)state;
	value_name_old(&current, a, sizeof(a));
	value_name_old(&pending, b, sizeof(b));
	value_name_old(&labelled, c, sizeof(c));
	assert_string_equal(a, "old:app:KEY");
	assert_string_not_equal(a, b);
	assert_string_equal(a, c);
}

static void test_a_promoted_candidate_is_followed_to_where_it_is(void **state)
{
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");

	(void)state;
	/* At its own step it is pending, after the promotion it is current. */
	assert_int_equal(plan_candidate_at(plan, 1, 1)->label, LABEL_PENDING);
	assert_int_equal(plan_candidate_at(plan, 1, 3)->label, LABEL_NONE);
	assert_string_equal(plan_candidate_at(plan, 1, 3)->path, "KEY");
}

static void test_no_state_follows_on_a_final_one(void **state)
{
	(void)state;
	for (int to = OPERATION_PLANNED; to <= OPERATION_STUCK; to++) {
		enum operation_state next = (enum operation_state)to;

		assert_true(transition_allowed(OPERATION_DONE, next) == (next == OPERATION_DONE));
		assert_true(transition_allowed(OPERATION_ROLLED_BACK, next) ==
			    (next == OPERATION_ROLLED_BACK));
		assert_int_equal(operation_state_parse(operation_state_name(next)), next);
	}
	/* What is past the point of no return never goes back. */
	assert_false(transition_allowed(OPERATION_RETIRING, OPERATION_ROLLING_BACK));
	assert_false(transition_allowed(OPERATION_ROLLING_BACK, OPERATION_RUNNING));
	assert_int_equal(operation_state_parse("nonsense"), 0);
	assert_string_equal(operation_state_name((enum operation_state)99), "unknown");
	assert_string_equal(event_type_name((enum event_type)99), "unknown");
	assert_string_equal(event_type_name(EVENT_UNDO), "undo");
	assert_string_equal(step_type_name((enum step_type)99), "unknown");
	assert_string_equal(target_holds_name((enum target_holds)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_step_without_an_implementation_is_refused_when_planned),
		cmocka_unit_test(test_the_targets_of_a_step_are_in_one_store),
		cmocka_unit_test(test_records_are_sorted_and_there_once),
		cmocka_unit_test(test_a_plan_comes_back_from_its_json),
		cmocka_unit_test(test_a_damaged_plan_is_refused),
		cmocka_unit_test(test_the_hash_does_not_see_times_values_or_titles),
		cmocka_unit_test(test_the_hash_sees_everything_a_person_agrees_to),
		cmocka_unit_test(test_the_hash_of_several_plans_does_not_depend_on_their_order),
		cmocka_unit_test(test_names_of_old_values_tell_labels_apart),
		cmocka_unit_test(test_a_promoted_candidate_is_followed_to_where_it_is),
		cmocka_unit_test(test_no_state_follows_on_a_final_one),
	};

	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
