/* SPDX-License-Identifier: Apache-2.0 */
/* The config as structs: what is read, what is left out, what is refused. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/schema.h"
#include "core/config/collect.h"
#include "support/temp.h"

/* ------------------------------------------------------------------------ */

static void test_n13_an_empty_file_gives_the_defaults(void **state)
{
	AUTO(config_freep) struct config *config = good_config("");

	(void)state;
	assert_string_equal(config->environment, "production");
	assert_int_equal(config->module_path.count, 0);
	assert_true(config->audit_strict);
	assert_int_equal(config->log_level, LKS_LOG_WARN);
	assert_int_equal(config->log_format, LOG_TEXT);
	assert_false(config->memory_require_lock);
	assert_int_equal(config->limits.per_run, 5);
	assert_int_equal(config->limits.parallel, 4);
	assert_int_equal(config->limits.stop_after_failures, 3);
	assert_int_equal(config->store_count + config->rotation_count + config->policy_count, 0);
	assert_contains(config->state_url, "sqlite:/");
	assert_contains(config->state_key_file, "/state.key");
	assert_contains(config->audit_path, "/audit.jsonl");
}

static void test_the_design_example_is_read(void **state)
{
	AUTO(config_freep)
	struct config *config = good_config(
		"environment = \"staging\";\n"
		"module_path = [ \"/usr/lib/lockstep\", \"mine\" ];\n"
		"state = { url = \"sqlite:var/state.db\"; };\n"
		"audit = { path = \"/var/log/a.jsonl\"; mode = \"best-effort\"; };\n"
		"log = { level = \"debug\"; format = \"json\"; };\n"
		"memory = { require_lock = true; };\n"
		"limits = { per_run = 7; parallel = 2; stop_after_failures = 1; };\n"
		"plugin_pins = { env-file = "
		"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"; };\n"
		"stores = {\n"
		"  app = { plugin = \"env-file\"; path = \"/srv/app/.env\"; read_only = true; };\n"
		"  vault = { plugin = \"vault\"; layout = \"{tenant}/{namespace}/{name}\";\n"
		"    timeout = \"2s\"; labels = \"app\"; auth = { secret_id = \"app:X\"; }; };\n"
		"};\n"
		"verifiers = { ping = { plugin = \"exec\"; timeout = \"5s\"; propagation = "
		"\"1m\";\n"
		"  with = { host = \"app:HOST\"; port = \"app:PORT#p\"; }; admin = \"app:ADMIN\"; "
		"};\n"
		"  pong = { plugin = \"exec\"; }; };\n"
		"on_event = ( { command = [ \"/x\", \"y\" ]; events = [ \"failed\", \"overdue\" ]; "
		"} );\n"
		"rotations = { r = { secret = [ \"vault:acme/pay/key\" ]; verify = [ \"ping\" ]; "
		"strategy = \"blue-green\"; }; };\n");

	(void)state;
	assert_string_equal(config->environment, "staging");
	assert_string_equal(config->module_path.items[1], "/base/mine");
	assert_string_equal(config->state_url, "sqlite:/base/var/state.db");
	assert_string_equal(config->state_key_file, "/base/var/state.key");
	assert_false(config->audit_strict);
	assert_int_equal(config->log_level, LKS_LOG_DEBUG);
	assert_int_equal(config->log_format, LOG_JSON);
	assert_true(config->memory_require_lock);
	assert_int_equal(config->limits.per_run, 7);
	assert_string_equal(config->pins[0].plugin, "env-file");
	assert_true(config_store(config, "app")->read_only);
	assert_int_equal(config_store(config, "app")->timeout_ms, 30000);
	assert_string_equal(config_store(config, "app")->layout, "{name}");
	assert_string_equal(setting_find(config_store(config, "app")->settings, "path")->text,
			    "/srv/app/.env");
	assert_int_equal(config_store(config, "vault")->timeout_ms, 2000);
	assert_string_equal(config_store(config, "vault")->labels, "app");
	assert_null(config_store(config, "Vault"));
	assert_int_equal(config_verifier(config, "ping")->propagation_ms, 60000);
	assert_string_equal(config_verifier(config, "ping")->with_names.items[1], "port");
	assert_string_equal(config_verifier(config, "ping")->with_references.items[1],
			    "app:PORT#p");
	assert_string_equal(config_verifier(config, "ping")->admin, "app:ADMIN");
	assert_int_equal(config_verifier(config, "pong")->propagation_ms, -1);
	assert_int_equal(config_verifier(config, "pong")->timeout_ms, 15000);
	assert_string_equal(config->hooks[0].events.items[1], "overdue");
	assert_int_equal(config_rotation(config, "r")->strategy, STRATEGY_BLUE_GREEN);
	assert_string_equal(strategy_name(STRATEGY_BLUE_GREEN), "blue-green");
	assert_int_equal(config_rotation(config, "r")->give_up_ms, 3600000);
	assert_true(config_rotation(config, "r")->auto_rollback);
}

static void test_all_errors_are_reported_not_the_first(void **state)
{
	static const char text[] =
		"stores = { app = { plugin = \"env-file\"; timeout = \"1hh\"; }; };\n" /* 1 */
		"enviroment = \"x\";\n"                                                /* 2 */
		"log = { level = \"warning\"; format = no; };\n"                       /* 3 */
		"limits = { per_run = -1; parallel = \"4\"; };\n"                      /* 4 */
		"verifiers = { ping = { plugin = \"exec\"; timeout = 5; }; };\n"       /* 5 */
		"rotations = { r = {\n"                                                /* 6 */
		"  secret = \"ap:KEY\";\n"                                             /* 7 */
		"  strategy = \"stagged\";\n"                                          /* 8 */
		"  every = 0o17;\n"                                                    /* 9 */
		"  soak = 1e3;\n"                                                      /* 10 */
		"  verify = [ \"pong\" ];\n"                                           /* 11 */
		"  verfy = [ \"ping\" ];\n"                                            /* 12 */
		"  generate = { kind = \"pasword\"; }; issue = \"ping\";\n"            /* 13 */
		"  window = \"Sat 02:00-04:00 Europe/Berlim\";\n"                      /* 14 */
		"  every = \"2d\";\n"                                                  /* 15 */
		"}; };\n"                                                              /* 16 */
		"routes = { };\n";                                                     /* 17 */
	struct collect *collect = calloc(1, sizeof(*collect));

	(void)state;
	assert_null(collect_config(collect, text));
	collect_expect(collect, 1, "'timeout': found \"1hh\", expected a duration");
	collect_expect(collect, 2, "did you mean 'environment'?");
	collect_expect(collect, 3, "found \"warning\", expected one of: error|warn|info|debug");
	collect_expect(collect, 3, "found 'no', expected a value");
	collect_expect(collect, 4, "'per_run': found -1, expected a number from 1 to 10000");
	collect_expect(collect, 4, "'parallel': found a text in quotes, expected a whole number");
	collect_expect(collect, 5, "'timeout': found a whole number, expected a duration");
	collect_expect(collect, 7, "found the store 'ap', which is not configured");
	collect_expect(collect, 7, "did you mean 'app'?");
	collect_expect(collect, 8, "did you mean \"staged\"?");
	collect_expect(collect, 9, "found '0o17'");
	collect_expect(collect, 10,
		       "found a number with a fraction or exponent, expected a duration");
	collect_expect(collect, 11, "found the verifier 'pong', which is not configured");
	collect_expect(collect, 12, "did you mean 'verify'?");
	collect_expect(collect, 13, "did you mean \"password\"?");
	collect_expect(collect, 13, "found 'issue' beside 'generate'");
	collect_expect(collect, 14, "Europe/Berlim");
	collect_expect(collect, 15, "found 'every' again, it is set at t.conf:9 already");
	collect_expect(collect, 17, "found 'routes', which is not available in this version");
	assert_int_equal(collect->report.errors, 18);
	assert_string_equal(collect->errors[0].where, "t.conf:3");
	free(collect);
}

static void test_n5_unknown_keys_come_with_the_nearest(void **state)
{
	(void)state;
	assert_one_error("rotation = { };", 1, "did you mean 'rotations'?");
	assert_one_error("audit = { pfad = \"x\"; };", 1, "lockstep help audit");
	assert_one_error(ROTATION(PLAIN "\nstrategie = \"staged\";"), 4,
			 "did you mean 'strategy'?");
	assert_one_error(ROTATION(PLAIN "copies = (\n{ to = \"web:A\"; adobt = true; } );"), 4,
			 "did you mean 'adopt'?");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"hex\"; lenght = 9; };"), 3,
			 "did you mean 'length'?");
	/* A store's other keys are its plugin's. */
	assert_good("stores = { app = { plugin = \"env-file\"; anything = 1; }; };");
}

static void test_n10_durations_and_numbers_have_limits(void **state)
{
	static const char *const durations[] = { "1hh",
						 "",
						 "5",
						 "h",
						 "-1h",
						 "1.5h",
						 "1h ",
						 " 1h",
						 "99999999999999999999d",
						 "9223372036854775807d",
						 "1e3s",
						 "1H",
						 "1h1h",
						 "0x5s",
						 "١s" };
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(durations); i++) {
		(void)snprintf(text, sizeof(text),
			       "stores = { a = { plugin = \"p\";\ntimeout = \"%s\"; }; };",
			       durations[i]);
		if (strcmp(durations[i], "1h1h") != 0)
			assert_one_error(text, 2, "expected a duration");
	}
	assert_one_error("stores = { a = { plugin = \"p\"; timeout = \"0s\"; }; };", 1,
			 "expected a duration from 1ms");
	assert_one_error("stores = { a = { plugin = \"p\"; timeout = \"400d\"; }; };", 1,
			 "expected a duration from 1ms to 1d");
	assert_one_error("limits = { per_run = 99999999999999999999; };", 1, "too large");
	assert_one_error("limits = { per_run = 10001; };", 1, "from 1 to 10000");
	assert_one_error("limits = { per_run = 0; };", 1, "from 1 to 10000");
	assert_one_error(ROTATION(PLAIN "generate = { kind = \"rsa\"; bits = 1024; };"), 3,
			 "from 2048 to 8192");
	assert_one_error(ROTATION(PLAIN "every = \"1s\";"), 3, "expected a duration from 1m");
}

static void test_wrong_types_say_both(void **state)
{
	(void)state;
	assert_one_error("stores = ( );", 1, "'stores': found a list ( ... ), expected a group");
	assert_one_error("stores = { a = 5; };", 1, "'a': found a whole number, expected a group");
	assert_one_error("policies = { };", 1, "expected a list ( { ... }, { ... } )");
	assert_one_error("module_path = \"x\";", 1, "found a text in quotes, expected an array");
	assert_one_error("module_path = [ 1 ];", 1, "found a whole number, expected a path");
	assert_one_error("memory = { require_lock = 1; };", 1, "expected true or false");
	assert_one_error("memory = { require_lock = \"yes\"; };", 1, "expected true or false");
	assert_one_error("environment = true;", 1, "found true or false, expected a text");
	assert_one_error("verifiers = { v = { plugin = \"p\"; with = [ ]; }; };", 1,
			 "expected a group { name = \"...\"; }");
	assert_one_error("rotations = { r = \"x\"; };", 1, "expected a group");
	assert_one_error("on_event = ( 1 );", 1, "expected a group");
}

static void test_required_keys_are_asked_for(void **state)
{
	(void)state;
	assert_one_error("stores = {\n a = { }; };", 2, "stores a: 'plugin' is missing");
	assert_one_error(BASE "rotations = { r = { verify = \"ping\"; }; };", 2,
			 "rotations r: 'secret' is missing");
	assert_one_error(ROTATION("secret = [ ]; verify = \"ping\";"), 3, "found an empty array");
	assert_one_error("policies = ( { subject = \"*\"; allow = \"get\"; } );", 1,
			 "'secret' is missing");
	assert_one_error("policies = ( { subject = \"*\"; secret = \"**\"; } );", 1,
			 "without 'allow' and 'deny'");
}

static void test_names_of_entries_have_a_grammar(void **state)
{
	(void)state;
	assert_one_error("stores = { App = { plugin = \"p\"; }; };", 1, "found the name 'App'");
	assert_one_error("stores = { a_b = { plugin = \"p\"; }; };", 1, "found the name 'a_b'");
	assert_one_error(
		"verifiers = { abcdefghijklmnopqrstuvwxyz0123456 = { plugin = \"p\"; }; };", 1,
		"at most 32");
	assert_one_error("stores = { a = { plugin = \"../p\"; }; };", 1, "'plugin': found");
}

static void test_n14_too_many_entries_are_refused(void **state)
{
	AUTO(text_release) struct text text = TEXT_INIT;
	int64_t start = clock_boot_ms();

	(void)state;
	text_add(&text, "stores = {\n");
	for (int i = 0; i < 60000; i++)
		text_printf(&text, "s%d={};\n", i);
	text_add(&text, "};");
	assert_one_error(text_string(&text), 10002, "more than 10000 entries");
	text_clear(&text);
	text_add(&text, "stores = {");
	for (int i = 0; i < 10000; i++)
		text_printf(&text, "s%d={plugin=\"p\";};\n", i);
	text_add(&text, "};rotations={");
	for (int i = 0; i < 9000; i++)
		text_printf(&text, "r%d={secret=\"s%d:X\";require_verification=false;};\n", i, i);
	text_add(&text, "};");
	assert_good(text_string(&text));
	assert_true(clock_boot_ms() - start < 20000);
}

static void test_what_comes_later_says_so(void **state)
{
	static const char *const sections[] = { "routes",           "syncs",  "flags",
						"templates",        "daemon", "alerts",
						"rotation_policies" };
	char text[128], part[128];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		(void)snprintf(text, sizeof(text), "%s = { };", sections[i]);
		(void)snprintf(part, sizeof(part),
			       "found '%s', which is not available in this version", sections[i]);
		assert_one_error(text, 1, part);
	}
	assert_one_error(ROTATION(PLAIN "consumers = { };"), 3,
			 "'consumers', which is not available");
	assert_one_error("state = { url = \"postgres://db/x\"; };", 1,
			 "not available in this version");
}

static void test_pins_are_digests(void **state)
{
	(void)state;
	assert_one_error("plugin_pins = { env-file = \"abc\"; };", 1, "expected 64 hex digits");
	assert_one_error("plugin_pins = { Env = "
			 "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"; };",
			 1, "found the name 'Env'");
}

static void test_n80_the_locale_changes_nothing(void **state)
{
	static const char *const names[] = { "tr_TR.UTF-8", "de_DE.UTF-8", "ja_JP.UTF-8",
					     "C.UTF-8" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)setlocale(LC_ALL, names[i]);
		assert_good(ROTATION(PLAIN
				     "every = \"90d\"; auto_rollback = TRUE;"
				     "window = \"Fri 02:00-04:00\"; strategy = \"immediate\";"));
		assert_one_error("limits = { per_run = 1.5; };", 1, "fraction");
		assert_one_error("limits = { per_run = 1,5; };", 1, "found a number");
		(void)setlocale(LC_ALL, "C");
	}
}

/* ------------------------------------------------------------------------ */
/* Files                                                                     */

static enum lks_status load(const char *path, const char *environment_path, const char *environment,
			    struct config **ret_config, struct lks_error *err)
{
	*ret_config = NULL;
	return config_load(path, environment_path, environment, NULL, ret_config, err);
}

static void test_the_file_is_found_in_its_order(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *before = getcwd(NULL, 0);
	const char *one = temp_path(&temp, "one.conf");
	const char *two = temp_path(&temp, "two.conf");
	struct config *config;
	struct lks_error err = { 0 };

	(void)state;
	file_write_text(one, "environment = \"one\";");
	file_write_text(two, "environment = \"two\";");
	assert_ok(load(one, two, NULL, &config, &err), &err);
	assert_string_equal(config->environment, "one");
	assert_string_equal(config->path, one);
	assert_string_equal(config->folder, temp.path);
	assert_int_equal(config->owner_uid, geteuid());
	config_free(config);
	assert_ok(load(NULL, two, "mine", &config, &err), &err);
	assert_string_equal(config->environment, "mine");
	config_free(config);
	assert_int_equal(load(temp_path(&temp, "none"), two, NULL, &config, &err), LKS_NOT_FOUND);
	assert_int_equal(load(NULL, temp_path(&temp, "none"), NULL, &config, &err), LKS_NOT_FOUND);
	assert_int_equal(chdir(temp.path), 0);
	if (access("/etc/lockstep/lockstep.conf", F_OK) != 0) {
		assert_int_equal(load(NULL, NULL, NULL, &config, &err), LKS_NOT_FOUND);
		assert_contains(err.hint, "lockstep init");
	}
	file_write_text("lockstep.conf", "environment = \"here\";");
	assert_ok(load(NULL, "", NULL, &config, &err), &err);
	assert_string_equal(config->environment, "here");
	assert_true(config->path[0] == '/');
	config_free(config);
	/* One that cannot be believed is not passed over. */
	assert_int_equal(chmod("lockstep.conf", 0666), 0);
	assert_int_equal(load(NULL, NULL, NULL, &config, &err), LKS_INVALID);
	assert_int_equal(error_exit_code(&err), EXIT_USAGE);
	assert_int_equal(chdir(before), 0);
}

static void test_the_first_error_is_the_callers_too(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const char *path = temp_path(&temp, "a.conf");
	struct collect *collect = calloc(1, sizeof(*collect));
	struct config *config = NULL;
	struct lks_error err = { 0 };
	char where[600];

	(void)state;
	file_write_text(path, "\nx = 1;\ny = 2;");
	collect_start(collect);
	assert_int_equal(config_load(path, NULL, NULL, &collect->report, &config, &err),
			 LKS_INVALID);
	assert_int_equal(collect->report.errors, 2);
	(void)snprintf(where, sizeof(where), "%s:2", path);
	assert_string_equal(err.where, where);
	assert_contains(err.message, "unknown key 'x'");
	/* What ends the reading comes behind what was found before. */
	file_write_text(path, "a = no;\n{");
	collect_start(collect);
	assert_int_equal(config_load(path, NULL, NULL, &collect->report, &config, &err),
			 LKS_INVALID);
	assert_int_equal(collect->report.errors, 2);
	assert_contains(err.message, "found 'no'");
	assert_contains(collect->errors[1].message, "found '{'");
	free(collect);
}

static void test_n79_root_does_not_believe_home(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(config_freep) struct config *config = NULL;
	AUTO(free_ptr) char *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
	AUTO(text_release) struct text expected = TEXT_INIT;
	struct lks_error err = { 0 };

	(void)state;
	setenv("HOME", temp.path, 1);
	unsetenv("XDG_STATE_HOME");
	assert_ok(config_defaults("test", &config, &err), &err);
	if (geteuid() == 0) {
		assert_string_equal(config->state_url, "sqlite:/var/lib/lockstep/state.db");
		assert_string_equal(config->state_key_file, "/var/lib/lockstep/state.key");
		assert_string_equal(config->audit_path, "/var/log/lockstep/audit.jsonl");
	} else {
		text_printf(&expected, "sqlite:%s/.local/state/lockstep/state.db", temp.path);
		assert_string_equal(config->state_url, text_string(&expected));
		/* A folder of somebody else is not believed. */
		setenv("HOME", "/", 1);
		assert_int_equal(config_defaults("test", &config, &err), LKS_INVALID);
		assert_contains(err.hint, "state.url");
	}
	assert_string_equal(config->environment, "test");
	if (home)
		setenv("HOME", home, 1);
}

static char *state_of(const char *path)
{
	AUTO(config_freep) struct config *config = NULL;
	struct lks_error err = { 0 };
	char *url;

	assert_ok(load(path, NULL, NULL, &config, &err), &err);
	url = strdup(config->state_url);
	assert_non_null(url);
	return url;
}

/* Its operations name stores and rotations: elsewhere these mean other files. */
static void test_each_config_has_a_state_of_its_own(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *before = getcwd(NULL, 0);
	const char *one = temp_path(&temp, "one.conf");
	const char *two = temp_path(&temp, "two.conf");

	(void)state;
	file_write_text(one, "");
	file_write_text(two, "");
	assert_int_equal(chdir(temp.path), 0);
	{
		AUTO(free_ptr) char *first = state_of(one);
		AUTO(free_ptr) char *again = state_of("one.conf");
		AUTO(free_ptr) char *second = state_of(two);

		assert_string_equal(first, again);
		assert_string_not_equal(first, second);
		assert_contains(first, "/lockstep/");
		assert_contains(first, "/state.db");
	}
	assert_int_equal(chdir(before), 0);
}

/* ------------------------------------------------------------------------ */
/* Help                                                                      */

static void add_line(void *context, const char *line)
{
	struct text *text = context;

	text_add(text, line);
	text_add_char(text, '\n');
}

static void count_wide(void *context, const char *line)
{
	*(size_t *)context += strlen(line) > 80;
}

static void test_help_explains_each_section(void **state)
{
	static const char *const names[] = { "stores",
					     "verifiers",
					     "policies",
					     "roles",
					     "rotations",
					     "generate",
					     "copies",
					     "reload",
					     "on_event",
					     "state",
					     "audit",
					     "log",
					     "memory",
					     "limits",
					     "plugin_pins",
					     "environment",
					     "rotations.NAME.generate" };
	AUTO(text_release) struct text text = TEXT_INIT;
	size_t wide = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (config_help(names[i], add_line, &text))
			fail_msg("no help for %s", names[i]);
		assert_int_equal(config_help(names[i], count_wide, &wide), 0);
	}
	assert_contains(text_string(&text), "give_up");
	assert_contains(text_string(&text), "default: 1h");
	assert_null(strstr(text_string(&text), "consumers\n"));
	assert_int_equal(config_help(NULL, count_wide, &wide), 0);
	assert_int_equal(wide, 0);
	assert_int_equal(config_help("routes", add_line, &text), -1);
	assert_int_equal(config_help("none", add_line, &text), -1);
}

static void test_the_docs_page_is_made_from_the_table(void **state)
{
	AUTO(text_release) struct text path = TEXT_INIT;
	AUTO(text_release) struct text text = TEXT_INIT;
	AUTO(free_ptr) char *committed = NULL;
	const char *source = getenv("top_srcdir");

	(void)state;
	if (!source)
		skip_because("top_srcdir is not set");
	config_markdown(add_line, &text);
	text_printf(&path, "%s/docs/config.md", source);
	committed = file_read(text_string(&path), NULL);
	/* `make update-config-md` writes it anew. */
	assert_string_equal(committed, text_string(&text));
}

static void test_the_engines_keys_are_those_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema_root.key_count; i++) {
		const struct section *section = schema_root.keys[i].inner;
		const char *const *keys;
		size_t count;

		if (!section || !section->is_open)
			continue;
		keys = config_engine_keys(section->name, &count);
		assert_int_equal(count, section->key_count);
		for (size_t k = 0; k < count; k++)
			assert_string_equal(keys[k], section->keys[k].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n13_an_empty_file_gives_the_defaults),
		cmocka_unit_test(test_each_config_has_a_state_of_its_own),
		cmocka_unit_test(test_the_design_example_is_read),
		cmocka_unit_test(test_all_errors_are_reported_not_the_first),
		cmocka_unit_test(test_n5_unknown_keys_come_with_the_nearest),
		cmocka_unit_test(test_n10_durations_and_numbers_have_limits),
		cmocka_unit_test(test_wrong_types_say_both),
		cmocka_unit_test(test_required_keys_are_asked_for),
		cmocka_unit_test(test_names_of_entries_have_a_grammar),
		cmocka_unit_test(test_n14_too_many_entries_are_refused),
		cmocka_unit_test(test_what_comes_later_says_so),
		cmocka_unit_test(test_pins_are_digests),
		cmocka_unit_test(test_n80_the_locale_changes_nothing),
		cmocka_unit_test(test_the_file_is_found_in_its_order),
		cmocka_unit_test(test_the_first_error_is_the_callers_too),
		cmocka_unit_test(test_n79_root_does_not_believe_home),
		cmocka_unit_test(test_help_explains_each_section),
		cmocka_unit_test(test_the_docs_page_is_made_from_the_table),
		cmocka_unit_test(test_the_engines_keys_are_those_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
