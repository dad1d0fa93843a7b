/* SPDX-License-Identifier: Apache-2.0 */
/* The one writing call, and verifiers, over mock stores. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/world.h"

#define STORE(mode) "stores = { app = { plugin = \"mock\"; $MOCK mode = \"" mode "\"; }; };\n"
#define ALLOW_ALL                                                                                  \
	"policies = ( { subject = \"user:anna\"; secret = \"**\"; allow = [ \"*\" ]; } );\n"

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

static void test_a_change_is_written_read_back_and_audited_twice(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	AUTO(free_ptr) char *calls = NULL;
	AUTO(free_ptr) char *data = NULL;
	const char *before, *after;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("") ALLOW_ALL);
	assert_ok(world_set(&world, "app:KEY", "hunter2", &err), &err);
	data = file_read(temp_path(&world.temp, "data/KEY"), NULL);
	assert_string_equal(data, "hunter2");
	calls = world_calls(&world);
	assert_string_equal(calls, "open \nset KEY\nget KEY\n");
	audit = world_audit(&world);
	before = strstr(audit, "\"phase\":\"before\",\"action\":\"set\"");
	after = strstr(audit, "\"phase\":\"after\",\"action\":\"set\"");
	assert_non_null(before);
	assert_non_null(after);
	assert_true(before < after);
	assert_contains(after, "\"outcome\":\"ok\"");
	assert_contains(after, "\"version\":\"v1\"");
	assert_contains(after, "\"digest\":\"");
	assert_int_equal(count_of(audit, "\n"), 2);
	assert_null(strstr(audit, "hunter2"));
}

static void test_a_delete_is_confirmed_and_may_be_repeated(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("") ALLOW_ALL);
	world_put(&world, "KEY", "x");
	assert_ok(world_set(&world, "app:KEY", NULL, &err), &err);
	assert_false(file_exists(temp_path(&world.temp, "data/KEY")));
	assert_ok(world_set(&world, "app:KEY", NULL, &err), &err);
}

static void test_a_store_that_lies_is_found_out(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("lie") ALLOW_ALL);
	world_put(&world, "KEY", "before");
	assert_int_equal(world_set(&world, "app:KEY", "after", &err), LKS_CONFLICT);
	assert_contains(err.message, "not what was just written");
	audit = world_audit(&world);
	assert_contains(audit, "\"outcome\":\"conflict\"");
}

/* n70: the answer was lost, but the change was made. */
static void test_n70_a_lost_answer_is_settled_by_reading_back(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("uncertain") ALLOW_ALL);
	assert_ok(world_set(&world, "app:KEY", "value", &err), &err);
}

static void test_n70_a_lost_change_stays_uncertain(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("lost") ALLOW_ALL);
	assert_int_equal(world_set(&world, "app:KEY", "value", &err), LKS_UNCERTAIN);
	assert_string_equal(err.message, "no answer");
}

static void refuses(const char *config, const char *reference, const char *value,
		    enum lks_status expected, const char *message)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *calls = NULL;
	struct lks_error err;

	world_open(&world, config);
	assert_int_equal(world_set(&world, reference, value, &err), expected);
	assert_contains(err.message, message);
	calls = world_calls(&world);
	assert_null(strstr(calls, "set"));
	assert_null(strstr(calls, "remove"));
}

static void test_what_cannot_be_written_is_refused_before_the_plugin(void **state)
{
	char long_value[1100];

	(void)state;
	memset(long_value, 'x', sizeof(long_value) - 1);
	long_value[sizeof(long_value) - 1] = '\0';
	refuses("stores = { app = { plugin = \"mock\"; $MOCK read_only = true; }; };\n" ALLOW_ALL,
		"app:KEY", "x", LKS_UNSUPPORTED, "read_only");
	refuses(STORE("") ALLOW_ALL, "app:KEY", long_value, LKS_UNSUPPORTED, "too long");
	refuses(STORE("") ALLOW_ALL, "app:KEY.pending", "x", LKS_INVALID, "reserved");
	refuses(STORE(""), "app:KEY", "x", LKS_DENIED, "user:anna");
	refuses(STORE(""), "app:KEY", NULL, LKS_DENIED, "delete");
}

/* n87: no audit, no change; unless the operation is in the middle of one. */
static void test_n87_without_the_audit_nothing_is_changed(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;
	bool missing = false;

	(void)state;
	world_open(&world, STORE("") ALLOW_ALL);
	assert_int_equal(unlink(temp_path(&world.temp, "audit.jsonl")), 0);
	assert_int_equal(mkdir(temp_path(&world.temp, "audit.jsonl"), 0700), 0);
	assert_int_not_equal(world_set(&world, "app:KEY", "x", &err), LKS_OK);
	assert_int_equal(error_exit_code(&err), EXIT_AUDIT);
	assert_false(file_exists(temp_path(&world.temp, "data/KEY")));
	world.access.audit_missing = &missing;
	assert_ok(world_set(&world, "app:KEY", "x", &err), &err);
	assert_true(missing);
	assert_int_equal(rmdir(temp_path(&world.temp, "audit.jsonl")), 0);
}

static void change_two(const char *plugin, const char *expected_calls)
{
	AUTO(world_close) struct world world;
	AUTO(record_freep) struct lks_record *a = NULL;
	AUTO(record_freep) struct lks_record *b = NULL;
	AUTO(free_ptr) char *calls = NULL;
	AUTO(free_ptr) char *audit = NULL;
	struct store_change changes[2] = { { .expected = NULL }, { .expected = NULL } };
	struct lks_error err;
	char config[512];

	snprintf(config, sizeof(config), "stores = { app = { plugin = \"%s\"; $MOCK }; };\n%s",
		 plugin, ALLOW_ALL);
	world_open(&world, config);
	assert_ok(record_new(&a, &err), &err);
	assert_ok(record_put(a, "value", "1", 1, &err), &err);
	assert_ok(record_new(&b, &err), &err);
	assert_ok(record_put(b, "value", "2", 1, &err), &err);
	assert_ok(reference_parse("app:A", &changes[0].reference, &err), &err);
	assert_ok(reference_parse("app:B", &changes[1].reference, &err), &err);
	changes[0].record = a;
	changes[1].record = b;
	world.access.action = ACTION_ROTATE;
	assert_ok(store_change(world.stores, &world.access, changes, 2, &err), &err);
	calls = world_calls(&world);
	assert_string_equal(calls, expected_calls);
	audit = world_audit(&world);
	assert_int_equal(count_of(audit, "\"phase\":\"before\",\"action\":\"rotate\""), 2);
	assert_int_equal(count_of(audit, "\"phase\":\"after\",\"action\":\"rotate\""), 2);
}

static void test_several_changes_are_one_set_many_where_the_plugin_can(void **state)
{
	(void)state;
	change_two("mock-many", "open \nset_many \nset A\nset B\nget A\nget B\n");
}

static void test_several_changes_are_made_in_order_where_it_cannot(void **state)
{
	(void)state;
	change_two("mock", "open \nset A\nset B\nget A\nget B\n");
}

static void test_one_change_cannot_span_stores(void **state)
{
	AUTO(world_close) struct world world;
	struct store_change changes[2] = { { .expected = NULL }, { .expected = NULL } };
	struct lks_error err;

	(void)state;
	world_open(&world, "stores = { a = { plugin = \"mock\"; $MOCK };"
			   " b = { plugin = \"mock\"; $MOCK }; };\n" ALLOW_ALL);
	assert_ok(reference_parse("a:X", &changes[0].reference, &err), &err);
	assert_ok(reference_parse("b:X", &changes[1].reference, &err), &err);
	world.access.action = ACTION_DELETE;
	assert_int_equal(store_change(world.stores, &world.access, changes, 2, &err), LKS_FAILED);
}

static void test_accepts_judges_without_writing(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(record_freep) struct lks_record *record = NULL;
	struct reference reference;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("") ALLOW_ALL);
	assert_ok(reference_parse("app:KEY", &reference, &err), &err);
	assert_ok(record_new(&record, &err), &err);
	assert_ok(record_put(record, "value", "x", 1, &err), &err);
	assert_ok(store_accepts(world.stores, &reference, record, &err), &err);
	assert_ok(record_put(record, "value", "a\0b", 3, &err), &err);
	assert_int_equal(store_accepts(world.stores, &reference, record, &err), LKS_UNSUPPORTED);
	assert_ok(record_put(record, "value", "x", 1, &err), &err);
	assert_ok(record_put(record, "user", "x", 1, &err), &err);
	assert_int_equal(store_accepts(world.stores, &reference, record, &err), LKS_UNSUPPORTED);
}

/* --- verifiers ---------------------------------------------------------------- */

#define PING                                                                                       \
	"verifiers = { ping = { plugin = \"mock\"; $MOCK with = { host = \"app:HOST\"; }; }; };\n"

static void answers(const char *candidate, enum lks_verdict verdict, const char *message)
{
	AUTO(world_close) struct world world;
	AUTO(record_freep) struct lks_record *record = NULL;
	AUTO(free_ptr) char *calls = NULL;
	AUTO(free_ptr) char *audit = NULL;
	struct lks_answer answer;
	struct lks_error err;

	world_open(&world, STORE("") PING);
	world_put(&world, "HOST", "db.internal");
	assert_ok(record_new(&record, &err), &err);
	assert_ok(record_put(record, "value", candidate, strlen(candidate), &err), &err);
	world.access.action = ACTION_VERIFY;
	assert_ok(verifier_ask(world.stores, &world.access, "ping", record, &answer, &err), &err);
	assert_int_equal(answer.verdict, verdict);
	assert_contains(answer.message, message);
	calls = world_calls(&world);
	assert_contains(calls, "verify with host");
	audit = world_audit(&world);
	assert_contains(audit, "\"subject\":\"engine:ping\",\"reference\":\"app:HOST\"");
	assert_contains(audit, "\"action\":\"verify\"");
	assert_contains(audit, verdict_name(verdict));
}

static void test_a_verifier_has_three_answers_and_nothing_else(void **state)
{
	(void)state;
	answers("good", LKS_VERDICT_VALID, "works");
	answers("bad", LKS_VERDICT_INVALID, "refused");
	answers("silence", LKS_VERDICT_UNKNOWN, "nobody is there");
	answers("odd", LKS_VERDICT_UNKNOWN, "?");
}

static void test_a_verifier_whose_values_cannot_be_read_is_unknown(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(record_freep) struct lks_record *record = NULL;
	struct lks_answer answer;
	struct lks_error err;

	(void)state;
	world_open(&world, STORE("") PING);
	assert_ok(record_new(&record, &err), &err);
	assert_ok(verifier_ask(world.stores, &world.access, "ping", record, &answer, &err), &err);
	assert_int_equal(answer.verdict, LKS_VERDICT_UNKNOWN);
	assert_contains(answer.message, "there is no HOST");
	assert_int_equal(verifier_ask(world.stores, &world.access, "pong", record, &answer, &err),
			 LKS_INVALID);
}

static void test_propagation_is_the_configs_or_the_plugins(void **state)
{
	AUTO(world_close) struct world world;

	(void)state;
	world_open(&world, "verifiers = { a = { plugin = \"mock\"; $MOCK };\n"
			   " b = { plugin = \"mock\"; $MOCK propagation = \"2s\"; }; };\n");
	assert_int_equal(verifier_propagation_ms(world.stores, "a"), 250);
	assert_int_equal(verifier_propagation_ms(world.stores, "b"), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_is_written_read_back_and_audited_twice),
		cmocka_unit_test(test_a_delete_is_confirmed_and_may_be_repeated),
		cmocka_unit_test(test_a_store_that_lies_is_found_out),
		cmocka_unit_test(test_n70_a_lost_answer_is_settled_by_reading_back),
		cmocka_unit_test(test_n70_a_lost_change_stays_uncertain),
		cmocka_unit_test(test_what_cannot_be_written_is_refused_before_the_plugin),
		cmocka_unit_test(test_n87_without_the_audit_nothing_is_changed),
		cmocka_unit_test(test_several_changes_are_one_set_many_where_the_plugin_can),
		cmocka_unit_test(test_several_changes_are_made_in_order_where_it_cannot),
		cmocka_unit_test(test_one_change_cannot_span_stores),
		cmocka_unit_test(test_accepts_judges_without_writing),
		cmocka_unit_test(test_a_verifier_has_three_answers_and_nothing_else),
		cmocka_unit_test(test_a_verifier_whose_values_cannot_be_read_is_unknown),
		cmocka_unit_test(test_propagation_is_the_configs_or_the_plugins),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
