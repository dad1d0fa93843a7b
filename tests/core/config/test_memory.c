/* SPDX-License-Identifier: Apache-2.0 */
/* N76: every allocation fails once; each time it is said, and nothing leaks. */
#include <stdlib.h>

#include "base/json.h"
#include "config/config.h"
#include "guard/policy.h"
#include "support/alloc.h"
#include "support/temp.h"
#include "support/test.h"

static const char text[] =
	"stores = { app = { plugin = \"p\"; x = [ 1, \"a\" \"b\" ]; }; };\n"
	"verifiers = { ping = { plugin = \"p\"; with = { h = \"app:H\"; }; admin = \"app:B\"; }; "
	"};\n"
	"roles = { ops = [ \"user:a\" ]; };\n"
	"policies = ( { subject = \"role:ops\"; secret = \"app:**\"; allow = [ \"get\" ]; } );\n"
	"module_path = [ \"m\" ];\n"
	"on_event = ( { command = [ \"x\" ]; events = [ \"failed\" ]; } );\n"
	"rotations = { r = { secret = [ \"app:A\" ]; verify = \"ping\";\n"
	"  generate = { kind = \"ec\"; public = \"app:P\"; };\n"
	"  copies = ( { to = \"app:C\"; template = \"{value:url}\"; } );\n"
	"  reload = ( { consumer = \"w\"; command = [ \"a\" ]; } );\n"
	"  window = \"Sat 02:00-04:00 UTC\"; every = \"1d\"; }; };\n";

static void test_n76_reading_a_config_survives_every_failed_allocation(void **state)
{
	(void)state;
	ALLOC_LOOP
	{
		struct config *config = NULL;
		struct lks_error err = { 0 };
		enum lks_status status =
			config_parse(text, sizeof(text) - 1, "t", "/base", NULL, &config, &err);

		assert_true((status == LKS_OK) == (config != NULL));
		config_free(config);
		ALLOC_RESULT(status);
	}
}

static void test_n76_reading_files_survives_every_failed_allocation(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const char *path = temp_path(&temp, "a.conf");

	(void)state;
	file_write_text(temp_path(&temp, "b.conf"), text);
	file_write_text(path, "environment = \"x\";\n@include \"b.conf\"\n");
	ALLOC_LOOP
	{
		struct config *config = NULL;
		struct lks_error err = { 0 };
		enum lks_status status = config_load(path, NULL, "e", NULL, &config, &err);

		config_free(config);
		ALLOC_RESULT(status);
	}
}

static void test_n76_a_stored_rotation_survives_every_failed_allocation(void **state)
{
	AUTO(config_freep) struct config *config = NULL;
	AUTO(json_freep) json_t *json = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(config_parse(text, sizeof(text) - 1, "t", "/base", NULL, &config, &err), &err);
	json = config_rotation_json(&config->rotations[0]);
	assert_non_null(json);
	ALLOC_LOOP
	{
		struct config_rotation *rotation = NULL;
		enum lks_status status = config_rotation_from_json(json, &rotation, &err);

		config_rotation_free(rotation);
		ALLOC_RESULT(status);
	}
}

static void test_n76_a_subject_survives_every_failed_allocation(void **state)
{
	AUTO(config_freep) struct config *config = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(config_parse(text, sizeof(text) - 1, "t", "/base", NULL, &config, &err), &err);
	ALLOC_LOOP
	{
		struct subject subject = { 0 };
		enum lks_status status = subject_of_caller(config, &subject, &err);

		subject_release(&subject);
		ALLOC_RESULT(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n76_reading_a_config_survives_every_failed_allocation),
		cmocka_unit_test(test_n76_reading_files_survives_every_failed_allocation),
		cmocka_unit_test(test_n76_a_stored_rotation_survives_every_failed_allocation),
		cmocka_unit_test(test_n76_a_subject_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
