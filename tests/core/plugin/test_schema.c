/* SPDX-License-Identifier: Apache-2.0 */
/* Configured groups against options, and what a plugin then reads of them. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "core/plugin/mock.h"
#include "plugin/host.h"
#include "plugin/loader.h"
#include "plugin/schema.h"
#include "plugin/settings.h"
#include "support/alloc.h"
#include "support/test.h"

/* The options of the good mock. */
static struct descriptor *good;

static int read_good(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&temp, "good", "good.c", NULL);
	assert_ok(loader_read(temp.path, "good", NULL, &file, &err), &err);
	assert_ok(descriptor_read(loader_image(file), "good", &good, &err), &err);
	return 0;
}

static int free_good(void **state)
{
	(void)state;
	descriptor_free(good);
	return 0;
}

static void add_line(void *context, const struct lks_error *err)
{
	text_printf(context, "%s: %s [%s]\n", err->where, err->message, err->hint);
}

static struct setting_tree *parse(const char *config)
{
	AUTO(text_release) struct text lines = TEXT_INIT;
	struct report report = { .add = add_line, .context = &lines };
	struct setting_tree *tree = NULL;
	struct lks_error err = { 0 };

	assert_ok(setting_tree_parse(config, strlen(config), "test.conf", "/etc/lockstep", &report,
				     &tree, &err),
		  &err);
	assert_int_equal(report.errors, 0);
	return tree;
}

static bool is_reference(const char *text)
{
	return strchr(text, ':') != NULL;
}

/* The errors of a config, one in each line. */
static void check(const char *config, struct text *lines, size_t *ret_errors)
{
	AUTO(setting_tree_freep) struct setting_tree *tree = parse(config);
	static const char *const engine[] = { "plugin", "layout" };
	struct report report = { .add = add_line, .context = lines };

	schema_check(good, setting_tree_root(tree), engine, COUNT_OF(engine), is_reference,
		     &report);
	*ret_errors = report.errors;
}

static void assert_errors(const char *config, size_t count, const char *first, const char *second)
{
	AUTO(text_release) struct text lines = TEXT_INIT;
	size_t errors;

	check(config, &lines, &errors);
	assert_contains(text_string(&lines), first);
	assert_contains(text_string(&lines), second);
	if (errors != count)
		fail_msg("%zu errors, not %zu:\n%s", errors, count, text_string(&lines));
}

static void test_a_group_that_fits_has_no_errors(void **state)
{
	(void)state;
	assert_errors(
		"plugin = \"good\"; layout = \"{name}\"; path = \"x\"; dialect = \"lenient\";\n"
		"retries = 9; timeout = \"1s\"; create = true; command = [ \"a\" ];\n"
		"auth = { method = \"token\"; token = \"app:KEY\"; };\n"
		"address = \"https://vault.internal:8200/x\"; env = { A = \"b\"; };",
		0, "", "");
	assert_errors("path = \"x\";", 0, "", "");
}

static void test_all_errors_are_reported_with_their_lines(void **state)
{
	(void)state;
	assert_errors("dialect = 3;\nretries = 10;\ntimeout = \"5\";\ncreate = \"yes\";\n"
		      "command = \"a\";\nenv = [ \"a\" ];\naddress = \"vault\";\nauth = 4;\n",
		      9, "test.conf:2: retries is 10, expected a number from 1 to 9",
		      "path is missing");
	assert_errors("path = \"\"; dialect = \"x\";", 2, "path is \"\"",
		      "expected one of strict|lenient");
	assert_errors("path = \"x\"; timeout = \"2m\";", 1, "from \"100ms\" to \"1m\"", "");
	assert_errors("path = \"x\"; command = [ 1, 2 ];", 2, "command holds", "");
}

static void test_n5_an_unknown_key_gets_the_nearest(void **state)
{
	(void)state;
	assert_errors("path = \"x\"; dialekt = \"strict\";", 1, "no option \"dialekt\"",
		      "did you mean \"dialect\"?");
	assert_errors("path = \"x\"; auth = { tokn = \"a:b\"; };", 1, "\"auth.tokn\"",
		      "did you mean \"auth.token\"?");
	assert_errors("path = \"x\"; layuot = \"a\";", 1, "did you mean \"layout\"?", "");
	assert_errors("path = \"x\"; zzzzzzzz = 1;", 1, "no option \"zzzzzzzz\"", "plugins info");
}

static void test_n17_a_secret_itself_is_refused_and_not_quoted(void **state)
{
	AUTO(text_release) struct text lines = TEXT_INIT;
	size_t errors;

	(void)state;
	check("path = \"x\"; auth = { token = \"hvs.s3cret\"; };", &lines, &errors);
	assert_int_equal(errors, 1);
	assert_contains(lines.data, "auth.token is not a secret reference");
	assert_null(strstr(lines.data, "s3cret"));
}

static void test_n17_a_password_in_a_url_is_refused(void **state)
{
	(void)state;
	assert_errors("path = \"x\"; address = \"https://u:p@host/\";", 1, "expected a URL", "");
	assert_errors("path = \"x\"; address = \"https://host/a@b\";", 0, "", "");
	assert_errors("path = \"x\"; address = \"https://host /\";", 1, "expected a URL", "");
	assert_errors("path = \"x\"; address = \"file:///etc\";", 1, "expected a URL", "");
}

static void test_settings_read_what_is_there_and_the_defaults(void **state)
{
	AUTO(setting_tree_freep)
	struct setting_tree *tree =
		parse("path = \"x/{name}\"; retries = 5; auth = { token = \"app:KEY\"; };\n"
		      "env = { A = \"1\"; B = \"2\"; };");
	AUTO(settings_freep) struct lks_settings *settings = NULL;
	struct lks_error err = { 0 };
	const char *name = NULL, *reference = NULL;

	(void)state;
	assert_ok(settings_new("app", good, setting_tree_root(tree), "/etc/lockstep", &settings,
			       &err),
		  &err);
	assert_string_equal(settings_instance(settings), "app");
	assert_string_equal(settings_text(settings, "path"), "/etc/lockstep/x/{name}");
	assert_string_equal(settings_text(settings, "dialect"), "strict");
	assert_int_equal(settings_number(settings, "retries"), 5);
	assert_int_equal(settings_ms(settings, "timeout"), 5000);
	assert_int_equal(settings_flag(settings, "create"), 0);
	assert_int_equal(settings_count(settings, "command"), 2);
	assert_string_equal(settings_item(settings, "command", 1), "b c");
	assert_null(settings_item(settings, "command", 2));
	assert_int_equal(settings_count(settings, "env"), 2);
	assert_string_equal(settings_key(settings, "env", 1), "B");
	assert_string_equal(settings_item(settings, "env", 1), "2");
	assert_null(settings_text(settings, "auth.method"));
	assert_null(settings_text(settings, "no-such-option"));
	assert_null(settings_text(settings, NULL));
	/* A reference is the engine's business. */
	assert_null(settings_text(settings, "auth.token"));
	assert_true(settings_secret_at(settings, 0, &name, &reference));
	assert_string_equal(name, "auth.token");
	assert_string_equal(reference, "app:KEY");
	assert_false(settings_secret_at(settings, 1, &name, &reference));
	assert_null(settings_secret(settings, "auth.token"));
	assert_ok(settings_set_secret(settings, "auth.token", "abc", 3, &err), &err);
	assert_memory_equal(settings_secret(settings, "auth.token")->data, "abc", 3);
	assert_int_equal(settings_set_secret(settings, "path", "abc", 3, &err), LKS_FAILED);
	settings_forget_secrets(settings);
	assert_null(settings_secret(settings, "auth.token"));
}

static void test_the_program_of_a_command_starts_at_the_config(void **state)
{
	AUTO(setting_tree_freep)
	struct setting_tree *tree = parse("command = [ \"./ping\", \"./x\" ];");
	AUTO(setting_tree_freep) struct setting_tree *bare = parse("command = [ \"ping\" ];");
	struct lks_option option = { .name = "command",
				     .type = LKS_OPTION_LIST,
				     .flags = LKS_OPTION_COMMAND };
	struct descriptor descriptor = { .options = &option, .option_count = 1 };
	struct lks_settings *settings = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(
		settings_new("app", &descriptor, setting_tree_root(tree), "/etc", &settings, &err),
		&err);
	assert_string_equal(settings_item(settings, "command", 0), "/etc/./ping");
	assert_string_equal(settings_item(settings, "command", 1), "./x");
	settings_free(settings);
	assert_ok(
		settings_new("app", &descriptor, setting_tree_root(bare), "/etc", &settings, &err),
		&err);
	assert_string_equal(settings_item(settings, "command", 0), "ping");
	settings_free(settings);
}

static void test_n76_every_allocation_may_fail(void **state)
{
	AUTO(setting_tree_freep)
	struct setting_tree *tree =
		parse("path = \"x\"; env = { A = \"1\"; }; command = [ \"a\", \"b\" ];");

	(void)state;
	ALLOC_LOOP
	{
		struct lks_settings *settings = NULL;
		struct lks_error err = { 0 };
		enum lks_status status =
			settings_new("app", good, setting_tree_root(tree), "/etc", &settings, &err);

		settings_free(settings);
		ALLOC_RESULT(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_group_that_fits_has_no_errors),
		cmocka_unit_test(test_all_errors_are_reported_with_their_lines),
		cmocka_unit_test(test_n5_an_unknown_key_gets_the_nearest),
		cmocka_unit_test(test_n17_a_secret_itself_is_refused_and_not_quoted),
		cmocka_unit_test(test_n17_a_password_in_a_url_is_refused),
		cmocka_unit_test(test_settings_read_what_is_there_and_the_defaults),
		cmocka_unit_test(test_the_program_of_a_command_starts_at_the_config),
		cmocka_unit_test(test_n76_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, read_good, free_good);
}
