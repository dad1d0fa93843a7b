/* SPDX-License-Identifier: Apache-2.0 */
/* Finding plugins in folders, listing them, private modules, relocation. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"
#include "core/plugin/mock.h"
#include "plugin/registry.h"
#include "support/alloc.h"
#include "support/modules.h"
#include "support/test.h"

static struct registry *registry_of(char *first, char *second, const struct config_pin *pins,
				    size_t pin_count)
{
	char *items[] = { first, second };
	struct strings folders = { items, second ? 2 : 1 };
	struct registry *registry = NULL;
	struct lks_error err = { 0 };

	assert_ok(registry_new(&folders, pins, pin_count, &registry, &err), &err);
	return registry;
}

/* What registry_list() found, as lines. */
static void note(void *context, const struct registry_entry *entry)
{
	text_printf(context, "%s %s%s%s\n", entry->name ? entry->name : "-",
		    entry->descriptor ? entry->descriptor->summary : entry->error->message,
		    entry->hidden_by ? " hidden by " : "",
		    entry->hidden_by ? entry->hidden_by : "");
}

/* The same without an allocation of its own. */
struct listed {
	unsigned int lines, whole, second_whole, hidden, no_memory;
};

static void count(void *context, const struct registry_entry *entry)
{
	struct listed *listed = context;

	listed->lines++;
	if (entry->error) {
		listed->no_memory += entry->error->status == LKS_NO_MEMORY;
		return;
	}
	listed->whole++;
	listed->second_whole += listed->lines == 2;
	listed->hidden += entry->hidden_by != NULL;
}

static void test_the_first_folder_decides_and_the_list_says_so(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(temp_remove) struct temp two = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	AUTO(text_release) struct text list = TEXT_INIT;
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };
	char flags[600];

	(void)state;
	snprintf(flags, sizeof(flags), "-DMOCK_CANARY=\"%s/ran\"", two.path);
	mock_build(&one, "twice", "simple.c", NULL);
	mock_build(&two, "twice", "simple.c", flags);
	mock_build(&two, "lonely", "simple.c", flags);
	mock_write(&one, "broken.so", "text", 4);
	mock_write(&one, "notes.txt", "text", 4);
	mock_write(&one, ".hidden.so", "text", 4);
	registry = registry_of(one.path, two.path, NULL, 0);
	assert_int_equal(registry_folder_count(registry), 2);
	assert_string_equal(registry_folder(registry, 1), two.path);
	assert_ok(registry_list(registry, note, &list, &err), &err);
	assert_contains(list.data, "broken ");
	assert_contains(list.data, "not an ELF file");
	assert_contains(list.data, "\ntwice a mock\n");
	assert_contains(list.data, "twice a mock hidden by ");
	assert_contains(list.data, "lonely a mock\n");
	assert_null(strstr(list.data, "notes"));
	assert_null(strstr(list.data, ".hidden"));
	assert_ok(registry_open(registry, "twice", &plugin, &err), &err);
	assert_contains(plugin->path, one.path);
	/* N31: listing runs nothing. */
	assert_false(file_exists(temp_path(&two, "ran")));
}

static void test_a_bad_file_is_refused_and_not_skipped(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(temp_remove) struct temp two = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&one, "loose", "simple.c", NULL);
	mock_build(&two, "loose", "simple.c", NULL);
	chmod(temp_path(&one, "loose.so"), 0777);
	registry = registry_of(one.path, two.path, NULL, 0);
	assert_int_equal(registry_open(registry, "loose", &plugin, &err), LKS_DENIED);
	assert_null(plugin);
}

static void test_what_is_missing_is_said_with_the_folders(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	AUTO(text_release) struct text list = TEXT_INIT;
	const struct descriptor *descriptor = NULL;
	struct lks_error err = { 0 };
	char gone[] = "/no/such/folder";

	(void)state;
	registry = registry_of(one.path, gone, NULL, 0);
	assert_int_equal(registry_describe(registry, "nothing", &descriptor, &err), LKS_NOT_FOUND);
	assert_contains(err.message, one.path);
	assert_contains(err.message, gone);
	assert_int_equal(registry_describe(registry, "../x", &descriptor, &err), LKS_INVALID);
	assert_ok(registry_list(registry, note, &list, &err), &err);
	assert_contains(list.data, "- the folder /no");
}

static void test_n76_without_memory_a_plugin_is_not_said_to_be_missing(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(temp_remove) struct temp two = temp_make_trusted();
	AUTO(registry_freep) struct registry *found = NULL;
	const struct descriptor *descriptor = NULL;
	struct lks_error err = { 0 };
	bool failed = true;

	(void)state;
	mock_build(&two, "lonely", "simple.c", NULL);
	ALLOC_LOOP
	{
		char *items[] = { one.path, two.path };
		struct strings folders = { items, 2 };
		AUTO(registry_freep) struct registry *registry = NULL;
		enum lks_status status = registry_new(&folders, NULL, 0, &registry, &err);

		if (!status)
			status = registry_describe(registry, "lonely", &descriptor, &err);
		ALLOC_RESULT(status);
	}
	found = registry_of(one.path, two.path, NULL, 0);
	for (unsigned int n = 1; failed; n++) {
		enum lks_status status;

		alloc_fail_at(n);
		status = registry_describe(found, "nowhere", &descriptor, &err);
		failed = alloc_has_failed();
		alloc_fail_at(0);
		assert_int_equal(status, failed ? LKS_NO_MEMORY : LKS_NOT_FOUND);
	}
}

/* Every line of a list made without memory says so, or is as it always is. */
static void test_n76_a_list_without_memory_says_so(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(temp_remove) struct temp two = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	struct lks_error err = { 0 };
	bool failed = true;

	(void)state;
	mock_build(&one, "twice", "simple.c", NULL);
	mock_build(&two, "twice", "simple.c", NULL);
	registry = registry_of(one.path, two.path, NULL, 0);
	for (unsigned int n = 1; failed; n++) {
		struct listed listed = { 0 };

		alloc_fail_at(n);
		assert_ok(registry_list(registry, count, &listed, &err), &err);
		failed = alloc_has_failed();
		alloc_fail_at(0);
		assert_int_equal(listed.whole + listed.no_memory, 2);
		assert_int_equal(listed.no_memory, failed);
		assert_int_equal(listed.hidden, listed.second_whole);
	}
}

static void test_a_descriptor_is_read_once_and_without_loading(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	const struct descriptor *descriptor = NULL, *again = NULL;
	struct lks_error err = { 0 };
	char flags[600];

	(void)state;
	snprintf(flags, sizeof(flags), "-DMOCK_CANARY=\"%s/ran\"", one.path);
	mock_build(&one, "described", "simple.c", flags);
	registry = registry_of(one.path, NULL, NULL, 0);
	assert_ok(registry_describe(registry, "described", &descriptor, &err), &err);
	assert_ok(registry_describe(registry, "described", &again, &err), &err);
	assert_ptr_equal(descriptor, again);
	assert_false(file_exists(temp_path(&one, "ran")));
}

static void test_n33_with_one_pin_every_plugin_needs_one(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	AUTO(free_ptr) char *bytes = NULL;
	char name[] = "pinned-two", digest_text[65];
	struct config_pin pin = { name, digest_text };
	const struct plugin *plugin = NULL;
	unsigned char digest[32];
	struct lks_error err = { 0 };
	size_t len;

	(void)state;
	mock_build(&one, "pinned-two", "simple.c", NULL);
	mock_build(&one, "unpinned", "simple.c", NULL);
	bytes = file_read(temp_path(&one, "pinned-two.so"), &len);
	assert_ok(crypto_sha256(bytes, len, digest, &err), &err);
	hex_print(digest, sizeof(digest), digest_text);
	registry = registry_of(one.path, NULL, &pin, 1);
	assert_ok(registry_open(registry, "pinned-two", &plugin, &err), &err);
	assert_int_equal(registry_open(registry, "unpinned", &plugin, &err), LKS_DENIED);
	assert_contains(err.message, "no pin");
}

/* N36: a folder of a thousand files; those that are not asked for would be
   refused, and one of them would be seen if it were opened: a FIFO blocks. */
static void test_n36_only_what_is_asked_for_is_opened(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	AUTO(registry_freep) struct registry *registry = NULL;
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };
	char name[64];
	struct stat before, after;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "other-%d.so", i);
		file_write(temp_path(&one, name), "x", 1, 0644);
	}
	mkfifo(temp_path(&one, "fifo.so"), 0600);
	mock_build(&one, "wanted", "simple.c", NULL);
	assert_int_equal(stat(temp_path(&one, "other-7.so"), &before), 0);
	registry = registry_of(one.path, NULL, NULL, 0);
	assert_ok(registry_open(registry, "wanted", &plugin, &err), &err);
	assert_int_equal(stat(temp_path(&one, "other-7.so"), &after), 0);
	assert_int_equal(before.st_atim.tv_nsec, after.st_atim.tv_nsec);
}

static void test_an_installation_under_another_root_is_found(void **state)
{
	char folder[256];

	(void)state;
	assert_true(registry_relocate("/usr/local/bin", "/usr/local/lib/lockstep",
				      "/home/a/stage/usr/local/bin", folder, sizeof(folder)));
	assert_string_equal(folder, "/home/a/stage/usr/local/lib/lockstep");
	assert_true(registry_relocate("/usr/local/bin", "/usr/local/lib/x86_64-linux-gnu/lockstep",
				      "/home/a/.demo/bin", folder, sizeof(folder)));
	assert_string_equal(folder, "/home/a/.demo/lib/x86_64-linux-gnu/lockstep");
	assert_true(registry_relocate("/bin", "/usr/lib/lockstep", "/stage/bin", folder,
				      sizeof(folder)));
	assert_string_equal(folder, "/stage/usr/lib/lockstep");
	assert_false(registry_relocate("/usr/bin", "/usr/lib/lockstep", "/home/a/build/.libs",
				       folder, sizeof(folder)));
	assert_false(registry_relocate("/usr/bin", "/usr/lib/lockstep", "/home/a/mybin", folder,
				       sizeof(folder)));
	assert_false(registry_relocate("/usr/bin", "/usr/lib/lockstep", "/home/a/bin", folder, 5));
	assert_string_equal(registry_plugin_folder(), PLUGIN_DIR);
}

static void test_private_modules_are_vetted_and_opened_from_their_folder(void **state)
{
	AUTO(temp_remove) struct temp one = temp_make_trusted();
	const struct module_head *table = NULL, *again = NULL;
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&one, "mock-one", "module.c", NULL);
	mock_build(&one, "misnamed", "module.c", "-UMOCK -DMOCK=other");
	assert_ok(registry_start_modules(one.path, &err), &err);
	assert_string_equal(registry_module_folder(), one.path);
	assert_ok(module_open("mock-one", 1, sizeof(*table), &table, &err), &err);
	assert_ok(module_open("mock-one", 1, sizeof(*table), &again, &err), &err);
	assert_ptr_equal(table, again);
	assert_int_equal(module_open("mock-one", 2, sizeof(*table), &table, &err), LKS_FAILED);
	assert_int_equal(module_open("misnamed", 1, sizeof(*table), &table, &err), LKS_UNSUPPORTED);
	assert_contains(err.message, "lockstep_module_misnamed");
	assert_int_equal(module_open("absent", 1, sizeof(*table), &table, &err), LKS_FAILED);
	assert_contains(err.message, "absent.so");
	chmod(temp_path(&one, "mock-one.so"), 0777);
	assert_ok(registry_start_modules(one.path, &err), &err);
	assert_int_equal(module_open("mock-one", 1, sizeof(*table), &table, &err), LKS_DENIED);
	support_use_modules();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_folder_decides_and_the_list_says_so),
		cmocka_unit_test(test_a_bad_file_is_refused_and_not_skipped),
		cmocka_unit_test(test_what_is_missing_is_said_with_the_folders),
		cmocka_unit_test(test_n76_without_memory_a_plugin_is_not_said_to_be_missing),
		cmocka_unit_test(test_n76_a_list_without_memory_says_so),
		cmocka_unit_test(test_a_descriptor_is_read_once_and_without_loading),
		cmocka_unit_test(test_n33_with_one_pin_every_plugin_needs_one),
		cmocka_unit_test(test_n36_only_what_is_asked_for_is_opened),
		cmocka_unit_test(test_an_installation_under_another_root_is_found),
		cmocka_unit_test(test_private_modules_are_vetted_and_opened_from_their_folder),
	};

	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
