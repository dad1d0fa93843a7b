/* SPDX-License-Identifier: Apache-2.0 */
/* The guarded reading calls over mock stores. */
#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/store/world.h"

#define STORES "stores = { app = { plugin = \"mock\"; $MOCK }; };\n"
#define ALLOW_ALL                                                                                  \
	"policies = ( { subject = \"user:anna\"; secret = \"**\"; allow = [ \"*\" ]; } );\n"

static void test_a_value_is_read_and_one_line_says_so(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, STORES ALLOW_ALL);
	world_put(&world, "KEY", "hunter2");
	assert_ok(world_get(&world, "app:KEY", value, &err), &err);
	assert_string_equal(value, "hunter2");
	audit = world_audit(&world);
	assert_contains(audit, "\"action\":\"get\",\"subject\":\"user:anna\","
			       "\"reference\":\"app:KEY\",\"outcome\":\"ok\"");
	assert_contains(audit, "\"rule\":\"test.conf:");
	assert_null(strstr(audit, "hunter2"));
	assert_null(strstr(strchr(audit, '\n') + 1, "\n"));
}

static void test_what_no_rule_allows_is_denied_audited_and_never_reaches_the_plugin(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	AUTO(free_ptr) char *calls = NULL;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, STORES "policies = ( { subject = \"user:anna\"; secret = \"app:OTHER\";"
				  " allow = [ \"get\" ]; } );\n");
	world_put(&world, "KEY", "hunter2");
	assert_int_equal(world_get(&world, "app:KEY", value, &err), LKS_DENIED);
	assert_int_equal(error_exit_code(&err), EXIT_DENIED);
	assert_contains(err.message, "user:anna");
	calls = world_calls(&world);
	assert_string_equal(calls, "");
	audit = world_audit(&world);
	assert_contains(audit, "\"outcome\":\"denied\"");
}

static void test_an_explicit_deny_wins_and_its_rule_is_named(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, STORES
		   "policies = ( { subject = \"user:anna\"; secret = \"app:*\"; allow = [ \"get\" "
		   "]; },\n"
		   " { subject = \"user:anna\"; secret = \"app:KEY\"; deny = [ \"get\" ]; } );\n");
	assert_int_equal(world_get(&world, "app:KEY", value, &err), LKS_DENIED);
	assert_contains(err.where, "test.conf:");
	audit = world_audit(&world);
	assert_contains(audit, "\"rule\":\"test.conf:");
}

/* n45: a tenant's rules reach its own tenant only, whatever the pattern says. */
static void test_n45_another_tenants_secret_is_denied_before_the_plugin(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *calls = NULL;
	struct subject acme = { .name = "tenant:acme" };
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(
		&world,
		"stores = { app = { plugin = \"mock\"; $MOCK layout = \"{tenant}/{name}\"; }; };\n"
		"policies = ( { subject = \"tenant:acme\"; secret = \"app:**\";"
		" allow = [ \"get\" ]; } );\n");
	world.access.subject = &acme;
	world_put(&world, "acme@KEY", "ours");
	world_put(&world, "evil@KEY", "theirs");
	assert_ok(world_get(&world, "app:acme/KEY", value, &err), &err);
	assert_string_equal(value, "ours");
	world_forget_calls(&world);
	assert_int_equal(world_get(&world, "app:evil/KEY", value, &err), LKS_DENIED);
	/* n44: tenants are compared byte by byte. */
	assert_int_equal(world_get(&world, "app:ACME/KEY", value, &err), LKS_DENIED);
	calls = world_calls(&world);
	assert_string_equal(calls, "");
}

static void test_a_path_that_does_not_fit_the_layout_never_reaches_the_plugin(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *calls = NULL;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, "stores = { app = { plugin = \"mock\"; $MOCK"
			   " layout = \"{tenant}/{namespace}/{name}\"; }; };\n" ALLOW_ALL);
	assert_int_equal(world_get(&world, "app:KEY", value, &err), LKS_INVALID);
	assert_string_equal(err.reference, "app:KEY");
	calls = world_calls(&world);
	assert_string_equal(calls, "");
}

static void test_an_unknown_store_is_named_with_the_nearest(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, STORES ALLOW_ALL);
	assert_int_equal(world_get(&world, "apq:KEY", value, &err), LKS_INVALID);
	assert_contains(err.hint, "\"app\"");
}

static void test_side_records_are_reached_by_label_only(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, STORES ALLOW_ALL);
	world_put(&world, "KEY", "now");
	world_put(&world, "KEY.pending", "next");
	assert_int_equal(world_get(&world, "app:KEY.pending", value, &err), LKS_INVALID);
	assert_contains(err.message, "reserved");
	assert_ok(world_get(&world, "secretref://app/KEY?label=pending", value, &err), &err);
	assert_string_equal(value, "next");
	assert_ok(world_get(&world, "secretref://app/KEY?label=current", value, &err), &err);
	assert_string_equal(value, "now");
	world.access.is_engine = true;
	assert_ok(world_get(&world, "app:KEY.pending", value, &err), &err);
}

static void test_labels_can_live_in_another_store(void **state)
{
	AUTO(world_close) struct world world;
	struct reference reference, side;
	struct lks_error err;

	(void)state;
	world_open(&world, "stores = { app = { plugin = \"mock\"; $MOCK labels = \"beside\"; };\n"
			   " beside = { plugin = \"mock-many\"; $MOCK }; };\n");
	assert_ok(reference_parse("app:KEY", &reference, &err), &err);
	assert_ok(store_side(world.stores, &reference, SIDE_PENDING, &side, &err), &err);
	assert_string_equal(side.store, "beside");
	assert_string_equal(side.path, "KEY.pending");
	assert_int_equal(store_side(world.stores, &reference, SIDE_BLUE, &side, &err),
			 LKS_UNSUPPORTED);
}

/* A credential is read as engine:STORE, from the store that it names. */
#define VAULT                                                                                      \
	"stores = { keys = { plugin = \"mock\"; $MOCK };\n"                                        \
	" vault = { plugin = \"mock-many\"; $MOCK token = \"keys:TOKEN\"; }; };\n"

static void test_a_stores_credential_is_read_as_the_engine_and_audited(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	AUTO(free_ptr) char *calls = NULL;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, VAULT "policies = ( { subject = \"user:anna\"; secret = \"vault:*\";"
				 " allow = [ \"get\" ]; } );\n");
	world_put(&world, "TOKEN", "t0ken");
	world_put(&world, "KEY", "hunter2");
	assert_ok(world_get(&world, "vault:KEY", value, &err), &err);
	assert_string_equal(value, "hunter2");
	calls = world_calls(&world);
	assert_contains(calls, "open t0ken\n");
	audit = world_audit(&world);
	assert_contains(audit, "\"subject\":\"engine:vault\",\"reference\":\"keys:TOKEN\"");
	assert_contains(audit, "credential of store vault");
	assert_null(strstr(audit, "t0ken"));
	/* Anna herself may not read it, nor may the engine's name be borrowed. */
	assert_int_equal(world_get(&world, "keys:TOKEN", value, &err), LKS_DENIED);
	snprintf(world.anna.name, sizeof(world.anna.name), "engine:vault");
	assert_int_equal(world_get(&world, "keys:KEY", value, &err), LKS_DENIED);
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		count++;
	return count;
}

static void test_a_refused_credential_is_read_anew_once(void **state)
{
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *calls = NULL;
	AUTO(free_ptr) char *again = NULL;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, VAULT ALLOW_ALL);
	world_put(&world, "KEY", "hunter2");
	world_put(&world, "TOKEN", "old1");
	assert_int_equal(world_get(&world, "vault:KEY", value, &err), LKS_UNAUTHENTICATED);
	assert_int_equal(error_exit_code(&err), EXIT_DENIED);
	calls = world_calls(&world);
	assert_int_equal(count_of(calls, "open old1"), 2);
	assert_int_equal(count_of(calls, "get KEY"), 2);

	world_put(&world, "TOKEN", "new");
	world_forget_calls(&world);
	assert_ok(world_get(&world, "vault:KEY", value, &err), &err);
	assert_string_equal(value, "hunter2");
	again = world_calls(&world);
	assert_int_equal(count_of(again, "open new"), 1);
}

static void test_credentials_that_lead_in_a_circle_are_refused(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;
	char value[256];

	(void)state;
	world_open(&world, "stores = { a = { plugin = \"mock\"; $MOCK token = \"b:T\"; };\n"
			   " b = { plugin = \"mock\"; $MOCK token = \"a:T\"; }; };\n" ALLOW_ALL);
	assert_int_equal(world_get(&world, "a:KEY", value, &err), LKS_INVALID);
	assert_contains(err.message, "lead back to itself");
}

static void refuses_answer(const char *mode, enum lks_status expected, const char *message)
{
	AUTO(world_close) struct world world;
	struct lks_error err;
	char config[512], value[256];

	snprintf(config, sizeof(config),
		 "stores = { app = { plugin = \"mock\"; $MOCK mode = \"%s\"; }; };\n" ALLOW_ALL,
		 mode);
	world_open(&world, config);
	assert_int_equal(world_get(&world, "app:KEY", value, &err), expected);
	assert_contains(err.message, message);
	for (const char *c = err.message; *c; c++)
		assert_true((unsigned char)*c >= 0x20);
}

static void test_n35_answers_that_cannot_be_are_refused(void **state)
{
	(void)state;
	refuses_answer("empty", LKS_FAILED, "mock");
	refuses_answer("nul", LKS_FAILED, "NUL");
	refuses_answer("fields", LKS_FAILED, "fields");
	refuses_answer("half", LKS_UNAVAILABLE, "gone in the middle");
}

/* n91: what a plugin says cannot speak to the terminal. */
static void test_n91_a_plugins_message_is_escaped(void **state)
{
	(void)state;
	refuses_answer("evil", LKS_FAILED, "[31m%n%s\\nok");
}

static void list_is(struct world *world, const char *prefix, const char *expected)
{
	struct lks_list list = { 0 };
	struct reference reference;
	struct lks_error err;
	char all[512] = "";

	world->access.action = ACTION_LIST;
	assert_ok(reference_parse_prefix(prefix, &reference, &err), &err);
	assert_ok(store_list(world->stores, &world->access, &reference, &list, &err), &err);
	for (size_t i = 0; i < list.count; i++) {
		strcat(all, list.entries[i].path);
		strcat(all, " ");
	}
	list_release(&list);
	assert_string_equal(all, expected);
}

static void test_a_list_is_sorted_and_without_side_records(void **state)
{
	AUTO(world_close) struct world world;

	(void)state;
	world_open(&world, STORES ALLOW_ALL);
	world_put(&world, "B", "");
	world_put(&world, "A", "");
	world_put(&world, "A.pending", "");
	world_put(&world, "A.previous", "");
	list_is(&world, "app:", "A B ");
	list_is(&world, "app:B", "B ");
	list_is(&world, "app:C", "");
}

static void test_a_list_shows_what_policy_lets_one_list(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_list list = { 0 };
	struct reference reference;
	struct lks_error err;

	(void)state;
	world_open(&world, STORES
		   "policies = ( { subject = \"user:anna\"; secret = \"app:A\"; allow = [ \"get\" "
		   "]; },\n"
		   " { subject = \"user:anna\"; secret = \"app:B\"; allow = [ \"list\" ]; } );\n");
	world_put(&world, "A", "");
	world_put(&world, "B", "");
	list_is(&world, "app:", "B ");
	assert_ok(reference_parse_prefix("app:A", &reference, &err), &err);
	assert_int_equal(store_list(world.stores, &world.access, &reference, &list, &err),
			 LKS_DENIED);
}

/* n48: names that a store returns are judged like any others. */
static void test_n48_a_list_leaves_out_what_no_reference_can_name(void **state)
{
	AUTO(world_close) struct world world;

	(void)state;
	world_open(
		&world,
		"stores = { app = { plugin = \"mock\"; $MOCK mode = \"list\"; }; };\n" ALLOW_ALL);
	list_is(&world, "app:", "aa zz ");
}

static void test_a_list_that_never_ends_is_ended(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_list list = { 0 };
	struct reference reference;
	struct lks_error err;

	(void)state;
	world_open(
		&world,
		"stores = { app = { plugin = \"mock\"; $MOCK mode = \"loop\"; }; };\n" ALLOW_ALL);
	world.access.action = ACTION_LIST;
	assert_ok(reference_parse_prefix("app:", &reference, &err), &err);
	assert_int_equal(store_list(world.stores, &world.access, &reference, &list, &err),
			 LKS_FAILED);
	assert_contains(err.message, "same cursor");
}

/* n87: a read that cannot be recorded gives no value. */
static void test_n87_without_the_audit_no_value_is_handed_out(void **state)
{
	AUTO(world_close) struct world world;
	struct lks_error err;
	bool missing = false;
	char value[256];

	(void)state;
	world_open(&world, STORES ALLOW_ALL);
	world_put(&world, "KEY", "hunter2");
	assert_int_equal(
		rename(temp_path(&world.temp, "audit.jsonl"), temp_path(&world.temp, "audit.1")),
		0);
	assert_int_equal(mkdir(temp_path(&world.temp, "audit.jsonl"), 0700), 0);
	assert_int_not_equal(world_get(&world, "app:KEY", value, &err), LKS_OK);
	assert_int_equal(error_exit_code(&err), EXIT_AUDIT);
	/* In the middle of an operation it is noted and made up for. */
	world.access.audit_missing = &missing;
	assert_ok(world_get(&world, "app:KEY", value, &err), &err);
	assert_true(missing);
	assert_int_equal(rmdir(temp_path(&world.temp, "audit.jsonl")), 0);
}

#define MANY 4

static void read_many(const char *plugin, size_t wanted_calls)
{
	static const char *const names[MANY] = { "app:A", "app:NONE", "app:DENIED", "app:B" };
	struct reference references[MANY];
	struct lks_record *records[MANY] = { NULL };
	struct lks_error errors[MANY], err;
	AUTO(world_close) struct world world;
	AUTO(free_ptr) char *audit = NULL;
	AUTO(free_ptr) char *calls = NULL;
	char config[512];

	snprintf(config, sizeof(config),
		 "stores = { app = { plugin = \"%s\"; $MOCK }; };\n"
		 "policies = ( { subject = \"user:anna\"; secret = \"app:*\"; allow = [ \"get\" ]; "
		 "},"
		 " { subject = \"user:anna\"; secret = \"app:DENIED\"; deny = [ \"get\" ]; } );\n",
		 plugin);
	world_open(&world, config);
	world_put(&world, "A", "1");
	world_put(&world, "B", "2");
	world_put(&world, "DENIED", "3");
	for (size_t i = 0; i < MANY; i++) {
		assert_ok(reference_parse(names[i], &references[i], &err), &err);
		assert_ok(record_new(&records[i], &err), &err);
	}
	assert_ok(store_get_many(world.stores, &world.access, references, MANY, records, errors,
				 &err),
		  &err);
	assert_int_equal(errors[0].status, LKS_OK);
	assert_int_equal(errors[1].status, LKS_NOT_FOUND);
	assert_int_equal(errors[2].status, LKS_DENIED);
	assert_int_equal(errors[3].status, LKS_OK);
	assert_int_equal(records[0]->field_count, 1);
	assert_int_equal(records[2]->field_count, 0);
	assert_int_equal(records[3]->field_count, 1);
	calls = world_calls(&world);
	assert_int_equal(count_of(calls, "get_many"), wanted_calls);
	assert_null(strstr(calls, "DENIED"));
	audit = world_audit(&world);
	assert_contains(audit, "\"reference\":\"app:A app:B\",\"outcome\":\"ok\"");
	assert_contains(audit, "\"reference\":\"app:NONE\",\"outcome\":\"not-found\"");
	assert_contains(audit, "\"reference\":\"app:DENIED\",\"outcome\":\"denied\"");
	assert_int_equal(count_of(audit, "\n"), 3);
	for (size_t i = 0; i < MANY; i++)
		record_free(records[i]);
}

static void test_many_are_read_in_one_call_where_the_plugin_can(void **state)
{
	(void)state;
	read_many("mock-many", 1);
}

static void test_many_are_read_one_by_one_where_it_cannot(void **state)
{
	(void)state;
	read_many("mock", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_value_is_read_and_one_line_says_so),
		cmocka_unit_test(
			test_what_no_rule_allows_is_denied_audited_and_never_reaches_the_plugin),
		cmocka_unit_test(test_an_explicit_deny_wins_and_its_rule_is_named),
		cmocka_unit_test(test_n45_another_tenants_secret_is_denied_before_the_plugin),
		cmocka_unit_test(test_a_path_that_does_not_fit_the_layout_never_reaches_the_plugin),
		cmocka_unit_test(test_an_unknown_store_is_named_with_the_nearest),
		cmocka_unit_test(test_side_records_are_reached_by_label_only),
		cmocka_unit_test(test_labels_can_live_in_another_store),
		cmocka_unit_test(test_a_stores_credential_is_read_as_the_engine_and_audited),
		cmocka_unit_test(test_a_refused_credential_is_read_anew_once),
		cmocka_unit_test(test_credentials_that_lead_in_a_circle_are_refused),
		cmocka_unit_test(test_n35_answers_that_cannot_be_are_refused),
		cmocka_unit_test(test_n91_a_plugins_message_is_escaped),
		cmocka_unit_test(test_a_list_is_sorted_and_without_side_records),
		cmocka_unit_test(test_a_list_shows_what_policy_lets_one_list),
		cmocka_unit_test(test_n48_a_list_leaves_out_what_no_reference_can_name),
		cmocka_unit_test(test_a_list_that_never_ends_is_ended),
		cmocka_unit_test(test_n87_without_the_audit_no_value_is_handed_out),
		cmocka_unit_test(test_many_are_read_in_one_call_where_the_plugin_can),
		cmocka_unit_test(test_many_are_read_one_by_one_where_it_cannot),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
