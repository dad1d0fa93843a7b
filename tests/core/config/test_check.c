/* SPDX-License-Identifier: Apache-2.0 */
/* What only the whole config shows: targets, circles, names, rotations. */
#include <stdio.h>
#include <stdlib.h>

#include "core/config/collect.h"

static void test_n15_a_target_has_one_writer(void **state)
{
	(void)state;
	assert_one_error(BASE "rotations = { r = { secret = \"app:A\"; verify = \"ping\"; };\n"
			      "s = { secret = \"app:A\"; verify = \"ping\"; }; };",
			 3, "rotation 's': found the target 'app:A' a second time");
	assert_one_error(ROTATION("secret = [ \"app:A\",\n\"app:A\" ]; verify = \"ping\";"), 4,
			 "twice");
	assert_one_error(
		ROTATION("secret = [ \"app:A\",\n\"secretref://app/A\" ]; verify = \"ping\";"), 4,
		"a second time");
	assert_one_error(ROTATION(PLAIN "copies = ( { to = \"web:B\"; },\n{ to = \"web:B\"; } );"),
			 4, "found the target 'web:B' a second time");
	assert_one_error(ROTATION(PLAIN "copies = (\n{ to = \"app:A\"; } );"), 4, "a second time");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"ed25519\"; public = \"app:A\"; };"),
			 3, "a second time");
	assert_one_error(BASE "rotations = { r = { secret = \"app:A#x\"; verify = \"ping\"; };\n"
			      "s = { secret = \"app:A\"; verify = \"ping\"; }; };",
			 3, "a second time");
	/* Different fields of one record are different places. */
	assert_good(BASE "rotations = { r = { secret = \"app:A#x\"; verify = \"ping\"; };\n"
			 "s = { secret = \"app:A#y\"; verify = \"ping\"; }; };");
}

static void test_n16_circles_of_credentials_are_found(void **state)
{
	static const struct setting where = { .file = "t.conf", .line = 7 };
	static const struct config_edge circle[] = {
		{ "a", "b", &where }, { "b", "c", &where }, { "c", "a", &where },
		{ "x", "a", &where }, { "c", "y", &where },
	};
	static const struct config_edge self[] = { { "a", "a", &where } };
	static const struct config_edge tree[] = {
		{ "a", "b", &where }, { "a", "c", &where }, { "b", "c", &where },
		{ "a", "b", &where }, { "d", "a", &where },
	};
	struct collect *collect = calloc(1, sizeof(*collect));

	(void)state;
	collect_start(collect);
	assert_false(config_find_cycle(circle, COUNT_OF(circle), &collect->report));
	collect_expect(collect, 7, "'a' needs 'b' needs 'c' needs 'a'");
	assert_int_equal(collect->report.errors, 1);
	collect_start(collect);
	assert_false(config_find_cycle(self, COUNT_OF(self), &collect->report));
	collect_expect(collect, 7, "'a' needs 'a'");
	collect_start(collect);
	assert_true(config_find_cycle(tree, COUNT_OF(tree), &collect->report));
	assert_true(config_find_cycle(NULL, 0, &collect->report));
	assert_int_equal(collect->report.errors, 0);
	free(collect);
}

static void test_n16_a_long_chain_is_no_circle(void **state)
{
	enum { COUNT = 10000 };
	struct config_edge *edges = calloc(COUNT, sizeof(*edges));
	char(*names)[8] = calloc(COUNT + 1, sizeof(*names));
	struct report report = { 0 };

	(void)state;
	for (int i = 0; i <= COUNT; i++)
		(void)snprintf(names[i], sizeof(names[i]), "s%d", i);
	for (int i = 0; i < COUNT; i++)
		edges[i] = (struct config_edge){ names[i], names[i + 1], NULL };
	assert_true(config_find_cycle(edges, COUNT, &report));
	edges[COUNT - 1].to = names[0];
	assert_false(config_find_cycle(edges, COUNT, &report));
	assert_int_equal(report.errors, 1);
	free(edges);
	free(names);
}

static void test_n17_a_literal_in_place_of_a_reference_is_not_repeated(void **state)
{
	static const char *const texts[] = {
		"verifiers = { v = { plugin = \"p\"; admin = \"hunter2\"; }; };",
		"verifiers = { v = { plugin = \"p\"; with = { x = \"pg:hunter2+x\"; }; }; };",
		ROTATION("secret = \"hunter2 hunter2\"; verify = \"ping\";"),
		ROTATION(PLAIN "copies = ( { to = \"sk_hunter2\"; } );"),
	};
	struct collect *collect = calloc(1, sizeof(*collect));

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		assert_null(collect_config(collect, texts[i]));
		collect_expect(collect, 0, "expected a reference STORE:PATH[#FIELD]");
		for (size_t k = 0; k < collect->report.errors; k++) {
			assert_null(strstr(collect->errors[k].message, "hunter2"));
			assert_null(strstr(collect->errors[k].hint, "hunter2"));
		}
	}
	free(collect);
}

static void test_references_fit_where_they_stand(void **state)
{
	(void)state;
	assert_one_error(
		ROTATION("secret = \"secretref://app/A?label=pending\"; verify = \"ping\";"), 3,
		"without: it is written");
	assert_one_error(ROTATION("secret = \"app:*\"; verify = \"ping\";"), 3,
			 "expected a reference");
	assert_one_error(
		"stores = { v = { plugin = \"p\"; layout = \"{tenant}/{name}\"; }; };\n"
		"rotations = { r = { secret = \"v:only\"; require_verification = false; }; };",
		2, "does not fit the store's layout");
	assert_one_error("stores = { v = { plugin = \"p\"; layout = \"{name}/{tenant}\"; }; };", 1,
			 "{name} must come last");
	assert_one_error("stores = { v = { plugin = \"p\"; labels = \"w\"; }; };", 1,
			 "found the store 'w'");
	assert_one_error("stores = { v = { plugin = \"p\"; labels = \"v\"; }; };", 1,
			 "found the store itself");
}

static void test_rules_name_what_exists(void **state)
{
	(void)state;
	assert_one_error(BASE "policies = ( { subject = \"user:a\"; secret = \"ap:**\"; "
			      "allow = \"get\"; } );",
			 2, "did you mean 'app'?");
	assert_one_error(
		"policies = ( { subject = \"anna\"; secret = \"**\"; allow = \"get\"; } );", 1,
		"found \"anna\", expected a subject");
	assert_one_error(
		"policies = ( { subject = \"user:a\"; secret = \"**\"; allow = \"red\"; } );", 1,
		"'allow': found \"red\"");
	assert_one_error(
		"policies = ( { subject = \"user:a\"; secret = \"a*\"; allow = \"get\"; } );", 1,
		"expected a pattern");
	assert_one_error(
		"policies = ( { subject = \"role:ops\"; secret = \"**\"; allow = \"*\"; } );", 1,
		"found the role 'ops'");
	assert_one_error("roles = { ops = [ \"role:x\" ]; };", 1, "'members': found \"role:x\"");
	assert_one_error("roles = { ops = [ ]; };", 1, "empty array");
	assert_good("roles = { ops = [ \"user:a\" ]; };"
		    "policies = ( { subject = \"role:ops\"; secret = [ \"**\", \"*:a/*\" ]; "
		    "allow = [ \"*\" ]; deny = \"reveal\"; } );");
}

static void test_a_rotation_needs_a_verifier_unless_told_otherwise(void **state)
{
	(void)state;
	assert_one_error(ROTATION("secret = \"app:A\";"), 2, "found no verifier");
	assert_one_error(ROTATION("secret = \"app:A\"; verify = [ ];"), 2, "found no verifier");
	assert_good(ROTATION("secret = \"app:A\"; require_verification = false;"));
}

static void test_who_makes_the_value_is_said_once(void **state)
{
	(void)state;
	assert_one_error(ROTATION(PLAIN "issue = \"ping\"; generate = { kind = \"hex\"; };"), 3,
			 "beside 'generate'");
	assert_one_error(ROTATION(PLAIN "issue = \"png\";"), 3, "did you mean 'ping'?");
	assert_one_error(ROTATION(PLAIN "issue = \"ping\"; instructions = \"ask\";"), 3,
			 "found 'instructions' beside");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"uuid\"; length = 9; };"), 3,
			 "'length': found it with a kind that does not use it");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"hex\"; public = \"app:P\"; };"), 3,
			 "'public': found it with a kind");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"ec\"; curve = \"P-255\"; };"), 3,
			 "did you mean \"P-256\"?");
	assert_good(
		ROTATION(PLAIN "generate = { kind = \"rsa\"; bits = 2048; public = \"app:P\"; };"));
	assert_good(ROTATION(PLAIN "instructions = \"ask the bank\";"));
}

static void test_n95_weak_passwords_are_refused(void **state)
{
	(void)state;
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"password\"; length = 8; };"), 3,
			 "can be guessed");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"password\"; alphabet = \"ab\"; "
					"length = 60; };"),
			 3, "can be guessed");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"password\"; alphabet = \"a\"; "
					"length = 4096; };"),
			 3, "can be guessed");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"password\"; alphabet = \"aba\"; };"),
			 3, "none of them twice");
	assert_good(ROTATION(PLAIN "generate = { kind = \"password\"; alphabet = \"ab\"; "
				   "length = 64; };"));
	assert_good(ROTATION(PLAIN "generate = { kind = \"password\"; length = 11; };"));
}

static void test_copies_say_what_they_copy(void **state)
{
	static const struct {
		const char *template_text, *part;
	} cases[] = {
		{ "plain", "found no {field}" },
		{ "{value", "character 1: this \"{\" is never closed" },
		{ "value}", "character 6: this \"}\" closes nothing" },
		{ "{}", "a field's name was expected" },
		{ "{va lue}", "a field's name was expected" },
		{ "x{value:upper}", "character 2: there is no filter \"upper\"" },
		{ "{value:url:url:url:url:url}", "more than 4 filters" },
		{ "{value:url:}", "filter" },
		{ "{value:url:nope}", "filter" },
		{ "{{value}}", "found no {field}" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		(void)snprintf(
			text, sizeof(text),
			ROTATION(PLAIN "copies = (\n{ to = \"web:B\"; template = \"%s\"; } );"),
			cases[i].template_text);
		assert_one_error(text, 4, cases[i].part);
	}
	assert_one_error(ROTATION(PLAIN "copies = ( { to = \"web:B\"; template = \"{a}\";\n"
					"field = \"a\"; } );"),
			 4, "found 'field' beside 'template'");
	assert_one_error(ROTATION("secret = [ \"app:A\", \"app:B\" ]; verify = \"ping\";\n"
				  "copies = ( { to = \"web:B\"; } );"),
			 4, "copies' of several secrets");
	assert_good(
		ROTATION("secret = [ \"app:A#u\", \"app:A#p\" ]; verify = \"ping\";\n"
			 "copies = ( { to = \"web:B\"; template = "
			 "\"x://{u:url}:{p:shell}@{{h}}{u:json}{u:json:base64}{u:hex}\"; } );"));
	assert_good(
		ROTATION("secret = [ \"app:A\", \"app:B\" ]; verify = \"ping\"; shared = true;\n"
			 "copies = ( { to = \"web:B\"; } );"));
}

static void test_every_strategy_is_a_word(void **state)
{
	static const char *const words[] = { "immediate", "staged", "dual-write", "blue-green",
					     "canary" };
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		AUTO(config_freep) struct config *config = NULL;

		(void)snprintf(text, sizeof(text), ROTATION(PLAIN "strategy = \"%s\";"), words[i]);
		config = good_config(text);
		assert_string_equal(strategy_name(config->rotations[0].strategy), words[i]);
	}
	assert_one_error(ROTATION(PLAIN "strategy = \"Staged\";"), 3, "did you mean \"staged\"?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n15_a_target_has_one_writer),
		cmocka_unit_test(test_n16_circles_of_credentials_are_found),
		cmocka_unit_test(test_n16_a_long_chain_is_no_circle),
		cmocka_unit_test(test_n17_a_literal_in_place_of_a_reference_is_not_repeated),
		cmocka_unit_test(test_references_fit_where_they_stand),
		cmocka_unit_test(test_rules_name_what_exists),
		cmocka_unit_test(test_a_rotation_needs_a_verifier_unless_told_otherwise),
		cmocka_unit_test(test_who_makes_the_value_is_said_once),
		cmocka_unit_test(test_n95_weak_passwords_are_refused),
		cmocka_unit_test(test_copies_say_what_they_copy),
		cmocka_unit_test(test_every_strategy_is_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
