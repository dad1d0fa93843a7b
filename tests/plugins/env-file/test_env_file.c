/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of the env-file backend, as the engine calls them. */
#include "plugins/env-file/env_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

extern const struct lks_plugin lks_plugin_env_file;

static void test_the_descriptor_says_what_it_can(void **state)
{
	const struct lks_backend *backend = lks_plugin_env_file.backend;

	(void)state;
	assert_int_equal(lks_plugin_env_file.abi, LKS_ABI);
	assert_string_equal(lks_plugin_env_file.name, "env-file");
	assert_true(backend->traits & LKS_ATOMIC_MANY);
	assert_true(backend->traits & LKS_CAS);
	assert_false(backend->traits & (LKS_BINARY | LKS_FIELDS | LKS_VERSIONED));
	assert_string_equal(backend->sides.pending, "__PENDING");
	assert_string_equal(backend->sides.previous, "__PREVIOUS");
	assert_string_equal(backend->sides.blue, "__BLUE");
	assert_string_equal(backend->sides.green, "__GREEN");
	assert_string_equal(backend->sides.metadata, "__METADATA");
	assert_null(lks_plugin_env_file.verifier);
}

static void test_a_value_is_read(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n# c\nexport B='two words' # note\n");

	(void)state;
	assert_string_equal(env_get(&env, "A"), "1");
	assert_string_equal(env_get(&env, "B"), "two words");
}

static void test_a_missing_key_is_not_found_by_name(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");

	(void)state;
	assert_int_equal(env_try_get(&env, "B"), LKS_NOT_FOUND);
	assert_contains(fake_error_text(env.err), "there is no key B");
}

static void test_a_missing_file_is_not_found_and_create_is_named(void **state)
{
	AUTO(env_end) struct env env = env_begin(NULL);

	(void)state;
	assert_int_equal(env_try_get(&env, "A"), LKS_NOT_FOUND);
	assert_contains(fake_error_hint(env.err), "create = true");
	assert_int_equal(env_set(&env, "A", "1"), LKS_INVALID);
	assert_contains(fake_error_hint(env.err), "create = true");
	assert_false(file_exists(env.path));
}

static void test_create_makes_a_private_file_with_the_first_value(void **state)
{
	AUTO(env_end) struct env env = env_begin_with(NULL, "create", "true");

	(void)state;
	assert_env_ok(&env, env_set(&env, "A", "1"));
	env_assert_file(&env, "A=1\n");
	assert_int_equal(file_mode(env.path) & 07777, 0600);
	env_assert_clean(&env);
}

static void test_the_version_is_keyed_by_name_and_value_and_only_made_when_wanted(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\nB=1\n");
	char first[LKS_VERSION_MAX + 1];

	(void)state;
	assert_non_null(env_get(&env, "A"));
	assert_string_equal(fake_record_version(env.record), "");
	snprintf(first, sizeof(first), "%s", env_version(&env, "A"));
	assert_int_equal(strlen(first), 64);
	assert_string_not_equal(env_version(&env, "B"), first);
	assert_env_ok(&env, env_set(&env, "B", "2"));
	assert_string_equal(env_version(&env, "A"), first);
	assert_env_ok(&env, env_set(&env, "A", "2"));
	assert_string_not_equal(env_version(&env, "A"), first);
	assert_env_ok(&env, env_set(&env, "A", "1"));
	assert_string_equal(env_version(&env, "A"), first);
}

static void test_a_caller_without_a_key_reads_without_a_version(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");

	(void)state;
	fake_host_set_key(env.fake, false);
	assert_string_equal(env_version(&env, "A"), "");
	assert_string_equal(fake_record_value(env.record, NULL), "1");
	assert_int_equal(env_set_bytes(&env, "A", "2", 1, "x"), LKS_UNAVAILABLE);
	env_assert_file(&env, "A=1\n");
}

static void test_set_reports_the_version_that_get_reports(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	struct lks_record *record = fake_record_of("new", 3);
	struct lks_call call = fake_call(env.fake, 1000, LKS_CALL_WANT_VERSION);

	(void)state;
	assert_env_ok(&env, env.backend->set(env.instance, &call, "A", record, NULL, env.err));
	assert_string_equal(fake_record_version(record), env_version(&env, "A"));
	fake_record_free(record);
}

static void test_a_write_with_an_old_version_is_a_conflict(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	char first[LKS_VERSION_MAX + 1];

	(void)state;
	snprintf(first, sizeof(first), "%s", env_version(&env, "A"));
	assert_env_ok(&env, env_set_bytes(&env, "A", "2", 1, first));
	assert_int_equal(env_set_bytes(&env, "A", "3", 1, first), LKS_CONFLICT);
	assert_contains(fake_error_text(env.err), "changed by somebody else");
	assert_int_equal(env_set_bytes(&env, "A", "3", 1, ""), LKS_CONFLICT);
	assert_int_equal(env_set_bytes(&env, "B", "3", 1, first), LKS_CONFLICT);
	assert_env_ok(&env, env_set_bytes(&env, "B", "3", 1, ""));
	env_assert_file(&env, "A=2\nB=3\n");
}

static void test_set_many_is_one_change_or_none(void **state)
{
	AUTO(env_end) struct env env = env_begin("USER=a\nPASS=b\nOLD=c\n");
	struct lks_record *user = fake_record_of("u2", 2);
	struct lks_record *pass = fake_record_of("p2", 2);
	struct lks_change changes[] = { { "USER", user, NULL },
					{ "OLD", NULL, NULL },
					{ "GONE", NULL, NULL },
					{ "PASS", pass, "not-the-version" } };
	struct lks_call call = fake_call(env.fake, 1000, LKS_CALL_WANT_VERSION);

	(void)state;
	assert_int_equal(env.backend->set_many(env.instance, &call, changes, 4, env.err),
			 LKS_CONFLICT);
	env_assert_file(&env, "USER=a\nPASS=b\nOLD=c\n");
	changes[3].expected = NULL;
	assert_env_ok(&env, env.backend->set_many(env.instance, &call, changes, 4, env.err));
	env_assert_file(&env, "USER=u2\nPASS=p2\n");
	assert_string_equal(fake_record_version(user), env_version(&env, "USER"));
	fake_record_free(user);
	fake_record_free(pass);
}

static void test_get_many_says_how_each_went(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\nB=2\n");
	const char *paths[] = { "A", "NOT", "B", "not a key" };
	struct lks_record *records[4];
	enum lks_status statuses[4];
	struct lks_call call = fake_call(env.fake, 1000, 0);
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		records[i] = fake_record_new();
	assert_env_ok(&env, env.backend->get_many(env.instance, &call, paths, records, 4, statuses,
						  env.err));
	assert_int_equal(statuses[0], LKS_OK);
	assert_int_equal(statuses[1], LKS_NOT_FOUND);
	assert_int_equal(statuses[2], LKS_OK);
	assert_int_equal(statuses[3], LKS_INVALID);
	assert_string_equal(fake_record_value(records[2], NULL), "2");
	for (i = 0; i < 4; i++)
		fake_record_free(records[i]);
}

static void test_names_only_leaves_the_value_out(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=secret\n");
	struct lks_record *record = fake_record_new();
	struct lks_call call = fake_call(env.fake, 1000, LKS_CALL_NAMES_ONLY);

	(void)state;
	assert_env_ok(&env, env.backend->get(env.instance, &call, "A", NULL, record, env.err));
	assert_string_equal(fake_record_value(record, NULL), "");
	fake_record_free(record);
}

static void test_a_key_is_removed_with_its_line(void **state)
{
	AUTO(env_end) struct env env = env_begin("# top\nA=1\n\nexport B=2 # note\nC=3");

	(void)state;
	assert_env_ok(&env, env_remove(&env, "B"));
	env_assert_file(&env, "# top\nA=1\n\nC=3");
	assert_env_ok(&env, env_remove(&env, "C"));
	env_assert_file(&env, "# top\nA=1\n");
	assert_int_equal(env_remove(&env, "C"), LKS_NOT_FOUND);
}

static void test_list_is_in_file_order_and_takes_a_prefix(void **state)
{
	AUTO(env_end) struct env env = env_begin("B=1\nAPP_X=2\nA__PENDING=9\nA=3\nAPP_Y=\n");
	char *all = env_list(&env, "");
	char *some = env_list(&env, "APP_");

	(void)state;
	assert_string_equal(all, "B APP_X A__PENDING A APP_Y ");
	assert_string_equal(some, "APP_X APP_Y ");
	free(all);
	free(some);
}

static void test_a_long_list_comes_in_pages(void **state)
{
	AUTO(env_end) struct env env = env_begin_with(NULL, "create", "true");
	char *text = calloc(1, 64 * 1024);
	char *wanted = calloc(1, 64 * 1024);
	char *found;
	size_t i;
	size_t at = 0;
	size_t len = 0;

	(void)state;
	for (i = 0; i < 2 * LKS_PAGE_MAX + 1; i++) {
		at += (size_t)sprintf(text + at, "K%zu=%zu\n", i, i);
		len += (size_t)sprintf(wanted + len, "K%zu ", i);
	}
	file_write(env.path, text, at, 0600);
	found = env_list(&env, "");
	assert_string_equal(found, wanted);
	free(found);
	free(wanted);
	free(text);
}

static void test_a_cursor_whose_key_is_gone_is_a_conflict(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	struct lks_list *list = fake_list_new();
	struct lks_call call = fake_call(env.fake, 1000, 0);

	(void)state;
	assert_int_equal(env.backend->list(env.instance, &call, "", "GONE", list, env.err),
			 LKS_CONFLICT);
	fake_list_free(list);
}

static void test_a_record_with_other_fields_is_refused_when_planning(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	struct lks_record *record = fake_record_of("x", 1);
	struct lks_call call = fake_call(env.fake, 1000, 0);

	(void)state;
	fake_record_put(record, "username", "u", 1);
	assert_int_equal(env.backend->accepts(env.instance, &call, "A", record, env.err),
			 LKS_UNSUPPORTED);
	assert_contains(fake_error_text(env.err), "one field `value`");
	assert_int_equal(env.backend->set(env.instance, &call, "A", record, NULL, env.err),
			 LKS_UNSUPPORTED);
	env_assert_file(&env, "A=1\n");
	fake_record_free(record);
}

static void test_an_older_version_is_not_kept(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	struct lks_record *record = fake_record_new();
	struct lks_call call = fake_call(env.fake, 1000, 0);

	(void)state;
	assert_int_equal(env.backend->get(env.instance, &call, "A", "x", record, env.err),
			 LKS_UNSUPPORTED);
	fake_record_free(record);
}

static void test_a_call_past_its_deadline_does_nothing(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\n");
	struct lks_record *record = fake_record_of("2", 1);
	struct lks_call call = fake_call(env.fake, -1, 0);

	(void)state;
	assert_int_equal(env.backend->set(env.instance, &call, "A", record, NULL, env.err),
			 LKS_UNAVAILABLE);
	env_assert_file(&env, "A=1\n");
	fake_record_free(record);
}

static void test_two_stores_side_by_side_do_not_meet(void **state)
{
	AUTO(env_end) struct env one = env_begin("A=1\n");
	AUTO(env_end) struct env two = env_begin_with("A: 2\n", "dialect", "node");

	(void)state;
	assert_env_ok(&one, env_set(&one, "B", "x"));
	assert_string_equal(env_get(&two, "A"), "2");
	assert_null(env_get(&two, "B"));
	assert_string_equal(env_get(&one, "A"), "1");
}

/* ---- layouts ------------------------------------------------------------ */

static struct env with_namespaces(char *path_option, size_t room)
{
	struct env env = env_begin(NULL);

	mkdir(temp_path(&env.temp, "web"), 0700);
	mkdir(temp_path(&env.temp, "api"), 0700);
	file_write_text(temp_path(&env.temp, "web/.env"), "A=web\nB=2\n");
	file_write_text(temp_path(&env.temp, "api/.env"), "A=api\n");
	snprintf(path_option, room, "%s/{namespace}/.env", env.temp.path);
	env.path_option = path_option;
	env_option(&env, "layout", "{namespace}/{name}");
	return env;
}

static void test_a_path_with_a_placeholder_serves_many_files(void **state)
{
	char path[600];
	AUTO(env_end) struct env env = with_namespaces(path, sizeof(path));
	char *all = env_list(&env, "");
	char *web = env_list(&env, "web/");
	char *part = env_list(&env, "we");

	(void)state;
	assert_string_equal(env_get(&env, "web/A"), "web");
	assert_string_equal(env_get(&env, "api/A"), "api");
	assert_string_equal(all, "api/A web/A web/B ");
	assert_string_equal(web, "web/A web/B ");
	assert_string_equal(part, "web/A web/B ");
	assert_int_equal(env_try_get(&env, "nope/A"), LKS_NOT_FOUND);
	assert_int_equal(env_try_get(&env, "A"), LKS_INVALID);
	assert_env_ok(&env, env_set(&env, "api/A", "new"));
	assert_string_equal(env_get(&env, "api/A"), "new");
	assert_string_equal(env_get(&env, "web/A"), "web");
	free(all);
	free(web);
	free(part);
}

/* N48: what comes from a record's path never leaves the folder. */
static void test_n48_a_namespace_is_no_path(void **state)
{
	char path[600];
	AUTO(env_end) struct env env = with_namespaces(path, sizeof(path));

	(void)state;
	assert_int_equal(env_try_get(&env, "../A"), LKS_INVALID);
	assert_int_equal(env_try_get(&env, "./A"), LKS_INVALID);
	assert_int_equal(env_try_get(&env, "/A"), LKS_INVALID);
	assert_int_equal(env_try_get(&env, "a b/A"), LKS_INVALID);
	assert_int_equal(symlink("web", temp_path(&env.temp, "link")), 0);
	assert_int_not_equal(env_try_get(&env, "link/A"), LKS_OK);
	assert_null(fake_record_value(env.record, NULL));
}

static void test_two_files_cannot_change_in_one_rename(void **state)
{
	char path[600];
	AUTO(env_end) struct env env = with_namespaces(path, sizeof(path));
	struct lks_record *record = fake_record_of("x", 1);
	struct lks_change changes[] = { { "web/A", record, NULL }, { "api/A", record, NULL } };
	struct lks_call call = fake_call(env.fake, 1000, 0);

	(void)state;
	assert_int_equal(env.backend->set_many(env.instance, &call, changes, 2, env.err),
			 LKS_UNSUPPORTED);
	assert_string_equal(env_get(&env, "web/A"), "web");
	fake_record_free(record);
}

static void test_a_layout_that_would_mix_tenants_is_refused(void **state)
{
	static const struct {
		const char *path, *layout, *says;
	} rows[] = {
		{ "/srv/.env", "{tenant}/{name}", "lacks {tenant}" },
		{ "/srv/{tenant}/.env", "{name}", "that layout does not have" },
		{ "/srv/{name}/.env", "{name}", "is the key" },
		{ "/srv/{a}-{b}/.env", "{a}/{b}/{name}", "one placeholder" },
		{ "/srv/.env", "fixed", "ends with the placeholder" },
		{ "/srv/.env", "a//{name}", "a segment is" },
		{ "/srv/.env", "../{name}", "a segment is" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		AUTO(env_end) struct env env = env_begin(NULL);

		env.path_option = rows[i].path;
		env.settings[1] = (struct fake_setting){ "layout", rows[i].layout };
		env.setting_count = 2;
		assert_int_equal(env_reopen(&env), LKS_INVALID);
		assert_contains(fake_error_text(env.err), rows[i].says);
	}
}

static void test_health_judges_the_file_and_reads_nothing(void **state)
{
	AUTO(env_end) struct env env = env_begin("this makes no sense\n");
	struct lks_call call = fake_call(env.fake, 1000, 0);

	(void)state;
	assert_env_ok(&env, env.backend->health(env.instance, &call, env.err));
	assert_int_equal(remove(env.path), 0);
	assert_int_equal(env.backend->health(env.instance, &call, env.err), LKS_NOT_FOUND);
}

static void test_every_failing_buffer_is_reported_and_nothing_is_lost(void **state)
{
	AUTO(env_end) struct env env = env_begin("A=1\nB='2'\n");
	enum lks_status status = LKS_NO_MEMORY;
	unsigned nth;

	(void)state;
	for (nth = 1; status; nth++) {
		fake_host_fail_buffer(env.fake, nth);
		status = env_set(&env, "A", "it's");
		if (status) {
			assert_true(status == LKS_NO_MEMORY || status == LKS_UNCERTAIN);
			if (status == LKS_NO_MEMORY)
				env_assert_file(&env, "A=1\nB='2'\n");
			else
				break;
		}
		env_assert_clean(&env);
		assert_int_equal(fake_host_buffers(env.fake), 0);
	}
	fake_host_fail_buffer(env.fake, 0);
	env_assert_file(&env, "A=\"it's\"\nB='2'\n");
	assert_true(nth > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_descriptor_says_what_it_can),
		cmocka_unit_test(test_a_value_is_read),
		cmocka_unit_test(test_a_missing_key_is_not_found_by_name),
		cmocka_unit_test(test_a_missing_file_is_not_found_and_create_is_named),
		cmocka_unit_test(test_create_makes_a_private_file_with_the_first_value),
		cmocka_unit_test(
			test_the_version_is_keyed_by_name_and_value_and_only_made_when_wanted),
		cmocka_unit_test(test_a_caller_without_a_key_reads_without_a_version),
		cmocka_unit_test(test_set_reports_the_version_that_get_reports),
		cmocka_unit_test(test_a_write_with_an_old_version_is_a_conflict),
		cmocka_unit_test(test_set_many_is_one_change_or_none),
		cmocka_unit_test(test_get_many_says_how_each_went),
		cmocka_unit_test(test_names_only_leaves_the_value_out),
		cmocka_unit_test(test_a_key_is_removed_with_its_line),
		cmocka_unit_test(test_list_is_in_file_order_and_takes_a_prefix),
		cmocka_unit_test(test_a_long_list_comes_in_pages),
		cmocka_unit_test(test_a_cursor_whose_key_is_gone_is_a_conflict),
		cmocka_unit_test(test_a_record_with_other_fields_is_refused_when_planning),
		cmocka_unit_test(test_an_older_version_is_not_kept),
		cmocka_unit_test(test_a_call_past_its_deadline_does_nothing),
		cmocka_unit_test(test_two_stores_side_by_side_do_not_meet),
		cmocka_unit_test(test_a_path_with_a_placeholder_serves_many_files),
		cmocka_unit_test(test_n48_a_namespace_is_no_path),
		cmocka_unit_test(test_two_files_cannot_change_in_one_rename),
		cmocka_unit_test(test_a_layout_that_would_mix_tenants_is_refused),
		cmocka_unit_test(test_health_judges_the_file_and_reads_nothing),
		cmocka_unit_test(test_every_failing_buffer_is_reported_and_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
