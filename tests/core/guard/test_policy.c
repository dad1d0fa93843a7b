/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: deny by default, deny wins, tenants stay in their own. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "guard/policy.h"
#include "support/test.h"

static const char rules[] =
	"stores = {\n"
	"  app = { plugin = \"env-file\"; };\n"
	"  vault = { plugin = \"v\"; layout = \"{tenant}/{namespace}/{name}\"; };\n"
	"};\n"
	"roles = { ops = [ \"user:anna\", \"group:admins\" ]; };\n"
	"policies = (\n"
	"  { subject = \"user:bob\"; secret = \"app:**\"; allow = [ \"get\", \"list\" ]; },\n"
	"  { subject = \"user:bob\"; secret = \"app:ROOT\"; deny = \"*\"; },\n"
	"  { subject = \"tenant:acme\"; secret = \"vault:**\"; allow = \"get\"; },\n"
	"  { subject = \"role:ops\"; secret = \"**\"; allow = \"*\"; },\n"
	"  { subject = \"*\"; secret = \"app:PUBLIC\"; allow = \"get\"; },\n"
	"  { subject = \"*\"; secret = \"app:LOCKED\"; deny = [ \"set\", \"delete\" ]; },\n"
	"  { subject = \"engine:vault\"; secret = \"app:VAULT_TOKEN\"; allow = \"get\"; }\n"
	");\n";

static struct config *config_of(const char *text)
{
	struct config *config = NULL;
	struct lks_error err = { 0 };

	assert_ok(config_parse(text, strlen(text), "t.conf", "/base", NULL, &config, &err), &err);
	return config;
}

static struct subject named(const struct config *config, const char *name)
{
	struct subject subject;
	struct lks_error err = { 0 };

	assert_ok(subject_named(config, name, &subject, &err), &err);
	return subject;
}

static struct decision decide(const struct config *config, const char *name, enum action action,
			      const char *store, const char *path, const char *tenant)
{
	AUTO(subject_release) struct subject subject = named(config, name);
	struct decision decision;

	policy_decide(config, &subject, action, store, path, tenant, &decision);
	return decision;
}

static void test_actions_have_one_name_each(void **state)
{
	enum action action;

	(void)state;
	for (unsigned i = 0; i < ACTION_COUNT; i++) {
		char text[256];
		struct config *config;

		assert_true(action_parse(action_name((enum action)i), &action));
		assert_int_equal(action, i);
		/* The config's table knows the same names. */
		(void)snprintf(
			text, sizeof(text),
			"policies = ( { subject = \"*\"; secret = \"**\"; allow = \"%s\"; } );",
			action_name((enum action)i));
		config = config_of(text);
		assert_int_equal(config->policy_count, 1);
		config_free(config);
	}
	assert_false(action_parse("Get", &action));
	assert_false(action_parse("*", &action));
	assert_false(action_parse("", &action));
}

static void test_nothing_is_allowed_without_a_rule(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);
	struct decision decision;

	(void)state;
	decision = decide(config, "user:bob", ACTION_SET, "app", "KEY", "");
	assert_false(decision.allowed);
	assert_null(decision.rule);
	assert_string_equal(decision.reason, "denied: no rule allows it");
	assert_false(decide(config, "user:eve", ACTION_GET, "app", "KEY", "").allowed);
	assert_false(decide(config, "group:bob", ACTION_GET, "app", "KEY", "").allowed);
	assert_false(decide(config, "user:bob", ACTION_COUNT, "app", "KEY", "").allowed);
}

static void test_a_decision_names_its_rule(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);
	struct decision decision = decide(config, "user:bob", ACTION_GET, "app", "KEY", "");

	(void)state;
	assert_true(decision.allowed);
	assert_ptr_equal(decision.rule, &config->policies[0]);
	assert_string_equal(decision.reason, "allowed by the rule at t.conf:7");
	decision = decide(config, "user:bob", ACTION_GET, "app", "ROOT", "");
	assert_false(decision.allowed);
	assert_string_equal(decision.reason, "denied by the rule at t.conf:8");
}

static void test_an_explicit_deny_wins_wherever_it_stands(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);

	(void)state;
	assert_true(decide(config, "role:ops", ACTION_SET, "app", "X", "").allowed);
	assert_false(decide(config, "role:ops", ACTION_SET, "app", "LOCKED", "").allowed);
	assert_true(decide(config, "role:ops", ACTION_GET, "app", "LOCKED", "").allowed);
	/* Also against the owner. */
	assert_false(decide(config, "user:root", ACTION_SET, "app", "LOCKED", "").allowed);
	assert_true(decide(config, "user:root", ACTION_SET, "app", "X", "").allowed);
}

static void test_roles_take_in_their_members(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);

	(void)state;
	assert_true(decide(config, "user:anna", ACTION_REVEAL, "app", "X", "").allowed);
	assert_true(decide(config, "group:admins", ACTION_ROTATE, "app", "X", "").allowed);
	assert_false(decide(config, "user:ann", ACTION_GET, "app", "X", "").allowed);
}

static void test_an_engine_reads_what_its_rule_says(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);

	(void)state;
	assert_true(decide(config, "engine:vault", ACTION_GET, "app", "VAULT_TOKEN", "").allowed);
	assert_false(decide(config, "engine:vault", ACTION_GET, "app", "OTHER", "").allowed);
	assert_false(decide(config, "engine:vault2", ACTION_GET, "app", "VAULT_TOKEN", "").allowed);
	assert_false(decide(config, "user:vault", ACTION_GET, "app", "VAULT_TOKEN", "").allowed);
}

static void test_n44_case_matters_in_subjects_and_paths(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);

	(void)state;
	assert_false(decide(config, "user:Bob", ACTION_GET, "app", "KEY", "").allowed);
	assert_true(decide(config, "user:eve", ACTION_GET, "app", "PUBLIC", "").allowed);
	assert_false(decide(config, "user:eve", ACTION_GET, "app", "public", "").allowed);
	assert_false(
		decide(config, "tenant:Acme", ACTION_GET, "vault", "acme/n/k", "acme").allowed);
	assert_false(
		decide(config, "tenant:acme", ACTION_GET, "vault", "Acme/n/k", "Acme").allowed);
	/* A deny is not escaped by case: it is another name. */
	assert_true(decide(config, "user:bob", ACTION_GET, "app", "Root", "").allowed);
}

static void test_n45_a_tenant_reaches_only_its_own(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);
	struct decision decision;

	(void)state;
	assert_true(decide(config, "tenant:acme", ACTION_GET, "vault", "acme/n/k", "acme").allowed);
	decision = decide(config, "tenant:acme", ACTION_GET, "vault", "globex/n/k", "globex");
	assert_false(decision.allowed);
	assert_contains(decision.reason, "another tenant");
	/* No tenant in the store's layout: not even what everybody may read. */
	decision = decide(config, "tenant:acme", ACTION_GET, "app", "PUBLIC", "");
	assert_false(decision.allowed);
	assert_contains(decision.reason, "no tenant");
	/* The path alone does not make a tenant: the layout does. */
	assert_false(decide(config, "tenant:acme", ACTION_GET, "app", "acme/n/k", "").allowed);
	assert_false(decide(config, "tenant:globex", ACTION_GET, "vault", "globex/n/k", "globex")
			     .allowed);
}

static void test_n45_a_tenants_rule_does_not_carry_over_through_a_role(void **state)
{
	AUTO(config_freep) struct config *config = config_of(rules);
	struct subject subject = { .name = "user:carl" };
	char tenant[] = "tenant:acme";
	char *also[] = { tenant };
	struct decision decision;

	(void)state;
	subject.also = (struct strings){ also, 1 };
	policy_decide(config, &subject, ACTION_GET, "vault", "acme/n/k", "acme", &decision);
	assert_true(decision.allowed);
	policy_decide(config, &subject, ACTION_GET, "vault", "globex/n/k", "globex", &decision);
	assert_false(decision.allowed);
}

static void test_a_list_is_judged_by_its_prefix(void **state)
{
	AUTO(config_freep)
	struct config *config =
		config_of("stores = { v = { plugin = \"v\"; layout = \"{tenant}/{name}\"; }; };\n"
			  "policies = ( { subject = \"tenant:a\"; secret = \"v:a/**\"; "
			  "allow = \"list\"; } );");

	(void)state;
	assert_true(decide(config, "tenant:a", ACTION_LIST, "v", "a/", "a").allowed);
	assert_true(decide(config, "tenant:a", ACTION_LIST, "v", "a/b", "a").allowed);
	assert_false(decide(config, "tenant:a", ACTION_LIST, "v", "", "").allowed);
	assert_false(decide(config, "tenant:a", ACTION_LIST, "v", "b/", "b").allowed);
}

static void test_the_caller_is_a_user_with_groups(void **state)
{
	AUTO(config_freep) struct config *config = config_of("");
	AUTO(subject_release) struct subject subject = { 0 };
	const struct passwd *entry = getpwuid(geteuid());
	struct lks_error err = { 0 };
	char expected[128];

	(void)state;
	assert_ok(subject_of_caller(config, &subject, &err), &err);
	if (entry)
		(void)snprintf(expected, sizeof(expected), "user:%s", entry->pw_name);
	else
		(void)snprintf(expected, sizeof(expected), "user:#%u", (unsigned)geteuid());
	assert_string_equal(subject.name, expected);
	/* The text in memory is the caller's. */
	assert_true(subject.is_owner);
	assert_true(subject.also.count > 0);
	config->owner_uid = geteuid() + 1;
	subject_release(&subject);
	assert_ok(subject_of_caller(config, &subject, &err), &err);
	assert_int_equal(subject.is_owner, geteuid() == 0);
}

static void test_a_user_without_a_name_is_its_number(void **state)
{
	AUTO(config_freep)
	struct config *config = config_of("policies = ( { subject = \"user:#54321\"; "
					  "secret = \"**\"; allow = \"get\"; } );");

	(void)state;
	assert_true(decide(config, "user:#54321", ACTION_GET, "app", "X", "").allowed);
	assert_false(decide(config, "user:#5432", ACTION_GET, "app", "X", "").allowed);
}

static void test_a_named_subject_is_no_owner(void **state)
{
	AUTO(config_freep) struct config *config = config_of("");
	AUTO(subject_release) struct subject subject = { 0 };

	(void)state;
	config->owner_uid = 54321;
	subject = named(config, "user:nobody");
	assert_false(subject.is_owner);
	subject_release(&subject);
	subject = named(config, "user:#54321");
	assert_true(subject.is_owner);
	subject_release(&subject);
	subject = named(config, "engine:vault");
	assert_false(subject.is_owner);
}

static void test_words_that_are_no_subject_are_refused(void **state)
{
	static const char *const names[] = { "",          "*",        "anna",     "user:",
					     "User:anna", "user:a b", "user:a\n", "daemon:x",
					     "user:a:b",  "user:a/b" };
	AUTO(config_freep) struct config *config = config_of("");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct subject subject;
		struct lks_error err = { 0 };

		if (subject_named(config, names[i], &subject, &err) != LKS_INVALID)
			fail_msg("\"%s\" was not refused", names[i]);
		assert_contains(err.hint, "user:NAME");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_actions_have_one_name_each),
		cmocka_unit_test(test_nothing_is_allowed_without_a_rule),
		cmocka_unit_test(test_a_decision_names_its_rule),
		cmocka_unit_test(test_an_explicit_deny_wins_wherever_it_stands),
		cmocka_unit_test(test_roles_take_in_their_members),
		cmocka_unit_test(test_an_engine_reads_what_its_rule_says),
		cmocka_unit_test(test_n44_case_matters_in_subjects_and_paths),
		cmocka_unit_test(test_n45_a_tenant_reaches_only_its_own),
		cmocka_unit_test(test_n45_a_tenants_rule_does_not_carry_over_through_a_role),
		cmocka_unit_test(test_a_list_is_judged_by_its_prefix),
		cmocka_unit_test(test_the_caller_is_a_user_with_groups),
		cmocka_unit_test(test_a_user_without_a_name_is_its_number),
		cmocka_unit_test(test_a_named_subject_is_no_owner),
		cmocka_unit_test(test_words_that_are_no_subject_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
