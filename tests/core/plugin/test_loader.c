/* SPDX-License-Identifier: Apache-2.0 */
/* Which plugins are loaded, and which are refused before any code of them runs. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/text.h"
#include "core/plugin/mock.h"
#include "plugin/host.h"
#include "plugin/loader.h"
#include "support/modules.h"
#include "support/run.h"
#include "support/test.h"

/* Read and load; the reader's status if it already refuses. */
static enum lks_status load(const char *folder, const char *name, const char *sha256,
			    const struct plugin **ret_plugin, struct lks_error *err)
{
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	enum lks_status status = loader_read(folder, name, sha256, &file, err);

	return status ? status : loader_open(file, name, ret_plugin, err);
}

static void assert_refused_at(const char *folder, const char *name, const char *sha256,
			      enum lks_status status, const char *reason)
{
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };

	assert_int_equal(load(folder, name, sha256, &plugin, &err), status);
	assert_null(plugin);
	assert_contains(err.message, reason);
}

static void assert_refused(struct temp *temp, const char *name, enum lks_status status,
			   const char *reason)
{
	assert_refused_at(temp->path, name, NULL, status, reason);
}

/* Compile the simple mock with `flags` and expect it to be refused. */
static void assert_build_refused(const char *flags, const char *reason)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	char all[1024];

	snprintf(all, sizeof(all), "-DMOCK_CANARY=\"%s/ran\" %s", temp.path, flags);
	mock_build(&temp, "simple", "simple.c", all);
	assert_refused(&temp, "simple", LKS_UNSUPPORTED, reason);
	/* N31: nothing of a refused plugin has run. */
	assert_false(file_exists(temp_path(&temp, "ran")));
}

static void test_a_good_plugin_is_loaded_and_answers(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(record_freep) struct lks_record *record = NULL;
	const struct plugin *plugin = NULL, *again = NULL;
	const struct lks_host *host = NULL;
	struct lks_settings *settings = NULL;
	struct lks_call call = { .size = sizeof(call) };
	struct lks_error err = { 0 };
	void *instance = NULL;

	(void)state;
	mock_build(&temp, "good", "good.c", NULL);
	assert_ok(load(temp.path, "good", NULL, &plugin, &err), &err);
	assert_string_equal(plugin->descriptor->name, "good");
	assert_non_null(plugin->backend);
	assert_non_null(plugin->verifier);
	assert_null(plugin->backend->set);
	assert_ok(host_new("store good", NULL, NULL, &host, &err), &err);
	assert_ok(settings_new("good", plugin->descriptor, NULL, "/", &settings, &err), &err);
	assert_ok(plugin->backend->open(host, settings, &call, &instance, &err), &err);
	assert_ok(record_new(&record, &err), &err);
	assert_ok(plugin->backend->get(instance, &call, "a", NULL, record, &err), &err);
	assert_memory_equal(record_find(record, "value")->data, "mock", 4);
	plugin->backend->close(instance);
	assert_ok(load(temp.path, "good", NULL, &again, &err), &err);
	assert_ptr_equal(plugin, again);
	settings_free(settings);
	host_free(host);
}

/* N21: a `.la` beside it that names another file changes nothing.
   N19, N20: nor does a search path. */
static void test_n19_n20_n21_no_search_path_and_no_la_file_is_used(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(temp_remove) struct temp evil = temp_make_trusted();
	AUTO(text_release) struct text la = TEXT_INIT;
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };
	char flags[600];

	(void)state;
	snprintf(flags, sizeof(flags), "-DMOCK_CANARY=\"%s/ran\"", evil.path);
	mock_build(&evil, "searched", "simple.c", flags);
	text_printf(&la,
		    "dlname='searched.so'\nlibrary_names='searched.so'\nlibdir='%s'\n"
		    "installed=yes\n",
		    evil.path);
	setenv("LD_LIBRARY_PATH", evil.path, 1);
	setenv("LTDL_LIBRARY_PATH", evil.path, 1);
	file_write_text(temp_path(&temp, "searched.la"), la.data);
	assert_refused(&temp, "searched", LKS_NOT_FOUND, "searched.so");
	mock_build(&temp, "searched", "simple.c", NULL);
	assert_ok(load(temp.path, "searched", NULL, &plugin, &err), &err);
	assert_false(file_exists(temp_path(&evil, "ran")));
	unsetenv("LD_LIBRARY_PATH");
	unsetenv("LTDL_LIBRARY_PATH");
}

static void test_n22_a_name_is_never_a_path(void **state)
{
	static const char *const names[] = {
		"",
		"../x",
		"/abs",
		"a/b",
		"x.so",
		"x.la",
		"x.so.la",
		"X",
		"-x",
		"1x",
		"a b",
		"pl\xc3\xbcgin",
		"a_b",
		"a\nb",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_refused_at("/", names[i], NULL, LKS_INVALID, "name");
}

static void test_n23_a_plugin_that_others_can_write_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	char inner[400];

	(void)state;
	mock_build(&temp, "simple", "simple.c", NULL);
	chmod(temp_path(&temp, "simple.so"), 0666);
	assert_refused(&temp, "simple", LKS_DENIED, "can be written by others");
	chmod(temp_path(&temp, "simple.so"), 0775);
	assert_refused(&temp, "simple", LKS_DENIED, "can be written by others");
	chmod(temp_path(&temp, "simple.so"), 0755);
	chmod(temp.path, 0777);
	assert_refused(&temp, "simple", LKS_DENIED, temp.path);
	chmod(temp.path, 01777);
	assert_refused(&temp, "simple", LKS_DENIED, "shared folder");
	chmod(temp.path, 0770);
	snprintf(inner, sizeof(inner), "%s/inner", temp.path);
	mkdir(inner, 0755);
	assert_refused_at(inner, "simple", NULL, LKS_DENIED, temp.path);
	chmod(temp.path, 0700);
}

static void test_n23_a_plugin_of_another_user_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can give a file away");
	mock_build(&temp, "simple", "simple.c", NULL);
	assert_int_equal(chown(temp_path(&temp, "simple.so"), 1234, 0), 0);
	assert_refused(&temp, "simple", LKS_DENIED, "belongs to user id 1234");
	assert_int_equal(chown(temp_path(&temp, "simple.so"), 0, 0), 0);
	assert_int_equal(chown(temp.path, 1234, 0), 0);
	assert_refused(&temp, "simple", LKS_DENIED, "belongs to user id 1234");
	assert_int_equal(chown(temp.path, 0, 0), 0);
}

static void test_n24_links_are_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(temp_remove) struct temp outer = temp_make_trusted();
	char link_path[400];

	(void)state;
	mock_build(&temp, "simple", "simple.c", NULL);
	assert_int_equal(symlink("simple.so", temp_path(&temp, "linked.so")), 0);
	assert_refused(&temp, "linked", LKS_DENIED, "symbolic link");
	snprintf(link_path, sizeof(link_path), "%s/folder", outer.path);
	assert_int_equal(symlink(temp.path, link_path), 0);
	assert_refused_at(link_path, "simple", NULL, LKS_DENIED, "symbolic link");
	assert_int_equal(link(temp_path(&temp, "simple.so"), temp_path(&temp, "second.so")), 0);
	assert_refused(&temp, "simple", LKS_DENIED, "2 names");
}

static void test_n25_what_is_no_regular_file_is_refused_at_once(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(mkfifo(temp_path(&temp, "fifo.so"), 0600), 0);
	assert_refused(&temp, "fifo", LKS_DENIED, "a FIFO");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", temp_path(&temp, "sock.so"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_refused(&temp, "sock", LKS_DENIED, "a socket");
	assert_int_equal(mkdir(temp_path(&temp, "folder.so"), 0700), 0);
	assert_refused(&temp, "folder", LKS_DENIED, "a folder");
	if (geteuid() == 0 && mknod(temp_path(&temp, "dev.so"), S_IFCHR | 0600, 0x105) == 0)
		assert_refused(&temp, "dev", LKS_DENIED, "a device");
	mock_write(&temp, "empty.so", "", 0);
	assert_refused(&temp, "empty", LKS_UNSUPPORTED, "empty");
}

static void test_n25_a_file_over_64_mib_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	mock_write(&temp, "large.so", "x", 1);
	assert_int_equal(truncate(temp_path(&temp, "large.so"), LOADER_FILE_MAX + 1), 0);
	assert_refused(&temp, "large", LKS_DENIED, "a plugin may have");
}

static void test_n26_a_plugin_cut_off_anywhere_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *whole = NULL;
	size_t len;

	(void)state;
	mock_build(&temp, "whole", "simple.c", "-s");
	whole = file_read(temp_path(&temp, "whole.so"), &len);
	for (size_t cut = 1; cut < len; cut += cut < 4096 ? 64 : 1024) {
		const struct plugin *plugin = NULL;
		struct lks_error err = { 0 };

		mock_write(&temp, "cut.so", whole, cut);
		assert_int_equal(load(temp.path, "cut", NULL, &plugin, &err), LKS_UNSUPPORTED);
	}
}

static void test_n27_what_is_no_plugin_of_this_machine_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *elf = NULL;
	size_t len;

	(void)state;
	mock_write(&temp, "text.so", "#!/bin/sh\nexit 0\n", 17);
	assert_refused(&temp, "text", LKS_UNSUPPORTED, "not an ELF file");
	mock_build(&temp, "simple", "simple.c", NULL);
	elf = file_read(temp_path(&temp, "simple.so"), &len);
	elf[4] = 1;
	mock_write(&temp, "class.so", elf, len);
	assert_refused(&temp, "class", LKS_UNSUPPORTED, "64-bit");
	elf[4] = 2;
	elf[18] = (char)(elf_host_machine() == EM_X86_64 ? EM_AARCH64 : EM_X86_64);
	elf[19] = 0;
	mock_write(&temp, "machine.so", elf, len);
	assert_refused(&temp, "machine", LKS_UNSUPPORTED, "built for");
	mock_build_bare(&temp, "pie", "program.c", "-pie -Wl,-z,now");
	assert_refused(&temp, "pie", LKS_UNSUPPORTED, "it is a program");
	mock_build_bare(&temp, "static-pie", "program.c", "-static-pie -Wl,-z,now");
	assert_refused(&temp, "static-pie", LKS_UNSUPPORTED, "it is a program");
	mock_build_bare(&temp, "exec", "program.c", "-no-pie -fno-pie");
	assert_refused(&temp, "exec", LKS_UNSUPPORTED, "not a shared object");
	mock_build_bare(&temp, "object", "simple.c", "-c");
	assert_refused(&temp, "object", LKS_UNSUPPORTED, "not a shared object");
}

static void test_n28_a_missing_symbol_is_a_clean_error(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	mock_build(&temp, "simple", "simple.c", "-DMOCK_UNDEFINED");
	assert_refused(&temp, "simple", LKS_UNSUPPORTED, "nobody_has_this_function");
}

static void test_n28_late_binding_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	mock_build_bare(&temp, "simple", "simple.c", "-shared -Wl,-z,lazy -DMOCK_UNDEFINED");
	assert_refused(&temp, "simple", LKS_UNSUPPORTED, "bound late");
}

static void test_n29_the_descriptor_must_be_in_the_plugin_itself(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	char flags[700];

	(void)state;
	assert_build_refused("-DMOCK_NO_DESCRIPTOR", "does not export lks_plugin_simple");
	assert_build_refused("-DMOCK_NO_DESCRIPTOR -nostdlib", "does not export");
	mock_build(&temp, "libother", "simple.c",
		   "-UMOCK -DMOCK=inner -UMOCK_NAME -DMOCK_NAME=\"inner\" -Wl,-soname,libother.so");
	snprintf(flags, sizeof(flags),
		 "-DMOCK_NO_DESCRIPTOR -L%s -Wl,--no-as-needed -l:libother.so", temp.path);
	mock_build(&temp, "inner", "simple.c", flags);
	assert_refused(&temp, "inner", LKS_UNSUPPORTED, "does not export lks_plugin_inner");
}

static void test_n30_other_abis_and_short_structs_are_refused(void **state)
{
	(void)state;
	assert_build_refused("-DMOCK_ABI=2", "built for plugin ABI 2");
	assert_build_refused("-DMOCK_ABI=0", "built for plugin ABI 0");
	assert_build_refused("-DMOCK_SIZE=16", "16 bytes");
	assert_build_refused("-DMOCK_SIZE=100000", "100000 bytes");
	assert_build_refused("-DMOCK_TABLE_SIZE=8", "8 bytes");
	assert_build_refused("-DMOCK_TABLE_SIZE=50000", "50000 bytes");
}

static void test_n30_missing_functions_are_refused(void **state)
{
	(void)state;
	assert_build_refused("-DMOCK_NO_GET", "no \"get\"");
	assert_build_refused("-DMOCK_NO_TABLE", "neither a backend nor a verifier");
	assert_build_refused("-DMOCK_APPLY_WITHOUT_PROBE", "no \"probe\"");
	assert_build_refused("-DMOCK_SLOT_OF_LIBC", "not constant data");
}

static void test_n30_an_older_shorter_table_reads_as_missing_slots(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&temp, "older", "simple.c",
		   "-DMOCK_TABLE_SIZE=offsetof(struct\tlks_backend,list)");
	assert_ok(load(temp.path, "older", NULL, &plugin, &err), &err);
	assert_non_null(plugin->backend->get);
	assert_null(plugin->backend->list);
	assert_int_equal(plugin->backend->size, offsetof(struct lks_backend, list));
}

static void test_a_descriptor_that_code_fills_in_is_refused(void **state)
{
	(void)state;
	assert_build_refused("-DMOCK_BSS", "not constant data");
	assert_build_refused("-DMOCK_WRITABLE", "not constant data");
}

static void test_n32_other_exports_are_refused(void **state)
{
	(void)state;
	assert_build_refused("-DMOCK_EXPORTS_MALLOC", "exports \"malloc\"");
}

static void test_n33_a_pinned_plugin_must_have_its_digest(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *bytes = NULL;
	const struct plugin *plugin = NULL;
	unsigned char digest[32];
	char pin[65];
	struct lks_error err = { 0 };
	size_t len;

	(void)state;
	mock_build(&temp, "pinned", "simple.c", NULL);
	bytes = file_read(temp_path(&temp, "pinned.so"), &len);
	assert_ok(crypto_sha256(bytes, len, digest, &err), &err);
	hex_print(digest, sizeof(digest), pin);
	pin[0] = pin[0] == '0' ? '1' : '0';
	assert_refused_at(temp.path, "pinned", pin, LKS_DENIED, "not the pinned file");
	assert_refused_at(temp.path, "pinned", "abc", LKS_INVALID, "64");
	hex_print(digest, sizeof(digest), pin);
	assert_ok(load(temp.path, "pinned", pin, &plugin, &err), &err);
}

static void test_n33_what_was_read_is_what_is_loaded(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };
	char flags[600];

	(void)state;
	mock_build(&temp, "swapped", "simple.c", NULL);
	assert_ok(loader_read(temp.path, "swapped", NULL, &file, &err), &err);
	snprintf(flags, sizeof(flags), "-DMOCK_CANARY=\"%s/ran\"", temp.path);
	mock_build(&temp, "swapped", "simple.c", flags);
	assert_ok(loader_open(file, "swapped", &plugin, &err), &err);
	assert_false(file_exists(temp_path(&temp, "ran")));
}

/* The system's linker knows files by path: a number that is used again would
   bring back what was loaded from it before. */
static void test_n33_a_reused_descriptor_number_never_gives_another_plugin(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const struct plugin *first = NULL, *second = NULL;
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&temp, "first", "simple.c", NULL);
	mock_build(&temp, "second", "simple.c", NULL);
	assert_ok(load(temp.path, "first", NULL, &first, &err), &err);
	close(first->file);
	assert_int_equal(load(temp.path, "second", NULL, &second, &err), LKS_FAILED);
	assert_null(second);
	assert_contains(err.message, "not");
}

static void test_the_sealed_copy_cannot_be_changed(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const struct plugin *plugin = NULL;
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&temp, "sealed", "simple.c", NULL);
	assert_ok(load(temp.path, "sealed", NULL, &plugin, &err), &err);
	assert_int_equal(pwrite(plugin->file, "x", 1, 0), -1);
	assert_int_equal(ftruncate(plugin->file, 0), -1);
	assert_true(fcntl(plugin->file, F_GETFD) & FD_CLOEXEC);
	/* N35: out of the reach of code that closes 0 to 100. */
	assert_true(plugin->file > 100);
}

static void test_n37_search_paths_of_its_own_are_refused(void **state)
{
	(void)state;
	assert_build_refused("-Wl,-rpath,/tmp -Wl,--enable-new-dtags", "RUNPATH");
	assert_build_refused("-Wl,-rpath,/tmp -Wl,--disable-new-dtags", "RPATH");
}

static void test_unsafe_segments_and_flags_are_refused(void **state)
{
	(void)state;
	assert_build_refused("-Wl,-z,execstack", "executable stack");
	assert_build_refused("-Wl,-N -nostdlib", "t");
	assert_build_refused("-Wl,-z,nodlopen", "nodlopen");
}

static void test_the_plugins_of_this_build_pass(void **state)
{
	static const char *const plugins[] = { "env-file", "exec" };
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	const char *build = getenv("top_builddir");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(plugins); i++) {
		AUTO(free_ptr) char *bytes = NULL;
		const struct plugin *plugin = NULL;
		struct lks_error err = { 0 };
		char path[512], file_name[64];
		size_t len;

		snprintf(path, sizeof(path), "%s/.libs/%s.so", build ? build : ".", plugins[i]);
		snprintf(file_name, sizeof(file_name), "%s.so", plugins[i]);
		bytes = file_read(path, &len);
		mock_write(&temp, file_name, bytes, len);
		assert_ok(load(temp.path, plugins[i], NULL, &plugin, &err), &err);
		assert_string_equal(plugin->descriptor->name, plugins[i]);
		assert_non_null(plugin->backend->get);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_plugin_is_loaded_and_answers),
		cmocka_unit_test(test_n19_n20_n21_no_search_path_and_no_la_file_is_used),
		cmocka_unit_test(test_n22_a_name_is_never_a_path),
		cmocka_unit_test(test_n23_a_plugin_that_others_can_write_is_refused),
		cmocka_unit_test(test_n23_a_plugin_of_another_user_is_refused),
		cmocka_unit_test(test_n24_links_are_refused),
		cmocka_unit_test(test_n25_what_is_no_regular_file_is_refused_at_once),
		cmocka_unit_test(test_n25_a_file_over_64_mib_is_refused),
		cmocka_unit_test(test_n26_a_plugin_cut_off_anywhere_is_refused),
		cmocka_unit_test(test_n27_what_is_no_plugin_of_this_machine_is_refused),
		cmocka_unit_test(test_n28_a_missing_symbol_is_a_clean_error),
		cmocka_unit_test(test_n28_late_binding_is_refused),
		cmocka_unit_test(test_n29_the_descriptor_must_be_in_the_plugin_itself),
		cmocka_unit_test(test_n30_other_abis_and_short_structs_are_refused),
		cmocka_unit_test(test_n30_missing_functions_are_refused),
		cmocka_unit_test(test_n30_an_older_shorter_table_reads_as_missing_slots),
		cmocka_unit_test(test_a_descriptor_that_code_fills_in_is_refused),
		cmocka_unit_test(test_n32_other_exports_are_refused),
		cmocka_unit_test(test_n33_a_pinned_plugin_must_have_its_digest),
		cmocka_unit_test(test_n33_what_was_read_is_what_is_loaded),
		cmocka_unit_test(test_n33_a_reused_descriptor_number_never_gives_another_plugin),
		cmocka_unit_test(test_the_sealed_copy_cannot_be_changed),
		cmocka_unit_test(test_n37_search_paths_of_its_own_are_refused),
		cmocka_unit_test(test_unsafe_segments_and_flags_are_refused),
		cmocka_unit_test(test_the_plugins_of_this_build_pass),
	};

	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
