/* SPDX-License-Identifier: Apache-2.0 */
/* Rotations as JSON and back. */
#include "base/json.h"
#include "core/config/collect.h"

static const char full[] =
	"stores = { app = { plugin = \"p\"; }; web = { plugin = \"p\"; }; };\n"
	"verifiers = { ping = { plugin = \"p\"; }; pong = { plugin = \"p\"; }; };\n"
	"rotations = {\n"
	"  full = { secret = [ \"app:A#user\", \"app:A#pass\" ]; shared = true;\n"
	"    strategy = \"immediate\"; generate = { kind = \"password\"; length = 40;\n"
	"    alphabet = \"abcdefghij\"; }; copies = ( { to = \"web:X\"; template = \"{user}\"; },\n"
	"    { to = \"web:Y\"; field = \"pass\"; group = \"g\"; adopt = true; } );\n"
	"    verify = [ \"ping\", \"pong\" ]; require_verification = false;\n"
	"    auto_rollback = false; reload = ( { consumer = \"w\"; command = [ \"a\", \"\" ];\n"
	"    healthy = [ \"b\" ]; timeout = \"1500ms\"; } ); every = \"90d\";\n"
	"    window = \"Mon-Wed 22:00-02:00 UTC\"; soak = \"90s\"; poll = \"1m\";\n"
	"    keep_previous = \"36h\"; give_up = \"5m\"; };\n"
	"  least = { secret = \"app:B\"; verify = \"ping\"; };\n"
	"  issued = { secret = \"app:C\"; issue = \"ping\"; verify = \"ping\"; };\n"
	"  keys = { secret = \"app:D\"; generate = { kind = \"ec\"; curve = \"P-384\";\n"
	"    public = \"app:E\"; }; verify = \"ping\"; };\n"
	"  asked = { secret = \"app:F\"; instructions = \"ask\\nthe bank\"; verify = \"ping\"; };\n"
	"};\n";

static void test_every_rotation_comes_back_as_it_was(void **state)
{
	AUTO(config_freep) struct config *config = good_config(full);

	(void)state;
	assert_int_equal(config->rotation_count, 5);
	for (size_t i = 0; i < config->rotation_count; i++) {
		AUTO(json_freep) json_t *first = config_rotation_json(&config->rotations[i]);
		AUTO(json_freep) json_t *second = NULL;
		struct config_rotation *rotation = NULL;
		struct lks_error err = { 0 };

		assert_non_null(first);
		assert_ok(config_rotation_from_json(first, &rotation, &err), &err);
		second = config_rotation_json(rotation);
		assert_true(json_equal(first, second));
		assert_string_equal(rotation->name, config->rotations[i].name);
		assert_null(rotation->where);
		config_rotation_free(rotation);
	}
}

static void test_the_values_come_back(void **state)
{
	AUTO(config_freep) struct config *config = good_config(full);
	AUTO(json_freep) json_t *json = config_rotation_json(&config->rotations[0]);
	struct config_rotation *rotation = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(config_rotation_from_json(json, &rotation, &err), &err);
	assert_int_equal(rotation->secrets.count, 2);
	assert_true(rotation->shared);
	assert_int_equal(rotation->strategy, STRATEGY_IMMEDIATE);
	assert_true(rotation->has_generate);
	assert_int_equal(rotation->generate.kind, GENERATOR_PASSWORD);
	assert_int_equal(rotation->generate.length, 40);
	assert_int_equal(rotation->copy_count, 2);
	assert_string_equal(rotation->copies[0].template_text, "{user}");
	assert_true(rotation->copies[1].adopt);
	assert_false(rotation->require_verification);
	assert_int_equal(rotation->reloads[0].timeout_ms, 1500);
	assert_string_equal(rotation->reloads[0].command.items[1], "");
	assert_true(rotation->every_ms == INT64_C(90) * 86400000);
	assert_int_equal(rotation->window.days, 1 << 1 | 1 << 2 | 1 << 3);
	assert_true(window_is_open(&rotation->window, INT64_C(1795388400000)) ==
		    window_is_open(&config->rotations[0].window, INT64_C(1795388400000)));
	assert_int_equal(rotation->keep_previous_ms, 36 * 3600000);
	config_rotation_free(rotation);
}

static void test_equal_rotations_give_equal_bytes(void **state)
{
	AUTO(config_freep)
	struct config *one = good_config(
		"stores = { a = { plugin = \"p\"; }; }; rotations = { r = { secret = \"a:X\"; "
		"require_verification = false; every = \"1d\"; }; };");
	AUTO(config_freep)
	struct config *two =
		good_config("rotations = {\n r = { every = \"24h\"; require_verification = false;\n"
			    "secret = [ \"a:X\" ]; soak = \"0s\"; }; };\nstores = { a = { plugin = "
			    "\"p\"; }; };");
	AUTO(json_freep) json_t *first = config_rotation_json(&one->rotations[0]);
	AUTO(json_freep) json_t *second = config_rotation_json(&two->rotations[0]);
	AUTO(free_ptr) char *first_text = json_canonical(first);
	AUTO(free_ptr) char *second_text = json_canonical(second);

	(void)state;
	assert_string_equal(first_text, second_text);
}

static void test_damaged_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"name\":\"X!\",\"secret\":[\"a:X\"]}",
		"{\"name\":\"x\"}",
		"{\"name\":\"x\",\"secret\":[\"hunter2\"]}",
		"{\"name\":\"x\",\"secret\":[1]}",
		"{\"name\":\"x\",\"secret\":[\"a:X\"],\"every\":\"1hh\"}",
		"{\"name\":\"x\",\"secret\":[\"a:X\"],\"every\":90}",
		"{\"name\":\"x\",\"secret\":[\"a:X\"],\"strategy\":\"none\"}",
		"{\"name\":\"x\",\"secret\":[\"a:X\"],\"other\":1}",
		"{\"name\":\"x\",\"secret\":[\"a:X\"],\"shared\":null}",
		"{\"name\":\"x\",\"secret\":[\"a:X\"],\"copies\":[{}]}",
		("{\"name\":\"x\",\"secret\":[\"a:X\"],"
		 "\"generate\":{\"kind\":\"hex\",\"length\":1.5}}"),
		"{\"name\":\"x\",\"secret\":[[[[[[[[[[[[\"a\"]]]]]]]]]]]]}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(json_freep) json_t *json = json_loads(texts[i], 0, NULL);
		struct config_rotation *rotation = NULL;
		struct lks_error err = { 0 };

		assert_non_null(json);
		if (config_rotation_from_json(json, &rotation, &err) == LKS_OK)
			fail_msg("not refused: %s", texts[i]);
		assert_null(rotation);
		assert_true(err.message[0]);
		assert_null(strstr(err.message, "hunter2"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rotation_comes_back_as_it_was),
		cmocka_unit_test(test_the_values_come_back),
		cmocka_unit_test(test_equal_rotations_give_equal_bytes),
		cmocka_unit_test(test_damaged_json_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
