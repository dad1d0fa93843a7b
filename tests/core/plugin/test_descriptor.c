/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from a plugin's file without running it, from damaged ones too. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"
#include "core/plugin/mock.h"
#include "plugin/descriptor.h"
#include "support/alloc.h"
#include "support/run.h"
#include "support/test.h"

#define FUZZ_ROUNDS 30000

/* A plugin's bytes, each in a block of exactly their size. */
static char *bytes_of(struct temp *temp, const char *name, size_t *ret_len)
{
	char *text = file_read(temp_path(temp, name), ret_len);
	char *exact = malloc(*ret_len);

	memcpy(exact, text, *ret_len);
	free(text);
	return exact;
}

static enum lks_status read_as(const void *data, size_t len, unsigned machine, const char *name,
			       struct descriptor **ret_descriptor, struct lks_error *err)
{
	struct elf_image image;
	enum lks_status status = elf_open(data, len, "test.so", machine, &image, err);

	if (status)
		return status;
	status = descriptor_read(&image, name, ret_descriptor, err);
	elf_release(&image);
	return status;
}

static void assert_good(const struct descriptor *descriptor)
{
	assert_string_equal(descriptor->name, "good");
	assert_string_equal(descriptor->version, "1.0");
	assert_string_equal(descriptor->summary, "a mock");
	assert_string_equal(descriptor->license, "Apache-2.0");
	assert_int_equal(descriptor->option_count, 10);
	assert_string_equal(descriptor->options[1].name, "dialect");
	assert_string_equal(descriptor->options[1].fallback, "strict");
	assert_string_equal(descriptor->options[1].choices, "strict|lenient");
	assert_null(descriptor->options[1].help);
	assert_int_equal(descriptor->options[3].maximum, 60000);
	assert_int_equal(descriptor->backend_traits, LKS_BINARY);
	assert_int_equal(descriptor->value_max, 1000);
	assert_string_equal(descriptor->sides[0], ".pending");
	assert_null(descriptor->sides[1]);
	assert_int_equal(descriptor->propagation_ms, 250);
	assert_true(descriptor_has_backend_slot(descriptor, "get"));
	assert_false(descriptor_has_backend_slot(descriptor, "set"));
	assert_false(descriptor_has_backend_slot(descriptor, "nothing"));
	assert_true(descriptor_has_verifier_slot(descriptor, "verify"));
	assert_false(descriptor_has_verifier_slot(descriptor, "issue"));
}

static void test_all_of_a_descriptor_is_read_from_the_file(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	static const char *const flags[] = { NULL, "-Wl,-z,pack-relative-relocs", "-s -O2",
					     "-Wl,--hash-style=sysv", "-Wl,--hash-style=both" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
		AUTO(free_ptr) char *data = NULL;
		struct lks_error err = { 0 };
		size_t len;

		mock_build(&temp, "good", "good.c", flags[i]);
		data = bytes_of(&temp, "good.so", &len);
		assert_ok(read_as(data, len, elf_host_machine(), "good", &descriptor, &err), &err);
		assert_good(descriptor);
	}
}

/* The machine's own relocation numbers, exchanged for the other one's. */
static void exchange_machine(char *data, size_t len)
{
	static const uint32_t pairs[][2] = { { R_X86_64_RELATIVE, R_AARCH64_RELATIVE },
					     { R_X86_64_64, R_AARCH64_ABS64 },
					     { R_X86_64_GLOB_DAT, R_AARCH64_GLOB_DAT },
					     { R_X86_64_JUMP_SLOT, R_AARCH64_JUMP_SLOT } };
	Elf64_Ehdr *header = (void *)data;
	bool is_arm = header->e_machine == EM_AARCH64;
	const Elf64_Shdr *sections = (const void *)(data + header->e_shoff);

	assert_true(header->e_shoff + header->e_shnum * sizeof(*sections) <= len);
	header->e_machine = is_arm ? EM_X86_64 : EM_AARCH64;
	for (size_t i = 0; i < header->e_shnum; i++) {
		Elf64_Rela *entries = (void *)(data + sections[i].sh_offset);

		if (sections[i].sh_type != SHT_RELA)
			continue;
		for (size_t j = 0; j < sections[i].sh_size / sizeof(*entries); j++)
			for (size_t k = 0; k < COUNT_OF(pairs); k++)
				if (ELF64_R_TYPE(entries[j].r_info) == pairs[k][is_arm]) {
					entries[j].r_info = ELF64_R_INFO(
						ELF64_R_SYM(entries[j].r_info), pairs[k][!is_arm]);
					break;
				}
	}
}

static void test_plugins_of_both_machines_can_be_read(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	AUTO(free_ptr) char *data = NULL;
	struct lks_error err = { 0 };
	unsigned other = elf_host_machine() == EM_X86_64 ? EM_AARCH64 : EM_X86_64;
	size_t len;

	(void)state;
	mock_build(&temp, "good", "good.c", NULL);
	data = bytes_of(&temp, "good.so", &len);
	exchange_machine(data, len);
	assert_int_equal(read_as(data, len, elf_host_machine(), "good", &descriptor, &err),
			 LKS_UNSUPPORTED);
	assert_ok(read_as(data, len, other, "good", &descriptor, &err), &err);
	assert_good(descriptor);
}

static void test_absolute_relocations_within_the_file_are_followed(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *data = NULL;
	struct lks_error err = { 0 };
	struct elf_image image;
	const Elf64_Sym *table, *target;
	uint64_t pointer = 1;
	size_t len;

	(void)state;
	mock_build(&temp, "absolute", "absolute.c", NULL);
	data = bytes_of(&temp, "absolute.so", &len);
	assert_ok(elf_open(data, len, "absolute.so", elf_host_machine(), &image, &err), &err);
	table = elf_symbol(&image, "mock_table");
	target = elf_symbol(&image, "mock_target");
	assert_non_null(table);
	assert_true(elf_pointer(&image, table->st_value, &pointer));
	assert_int_equal(pointer, target->st_value);
	assert_true(elf_is_code(&image, pointer));
	assert_true(elf_pointer(&image, table->st_value + 8, &pointer));
	assert_int_equal(pointer, 0);
	/* Half a pointer is none. */
	assert_false(elf_pointer(&image, table->st_value + 4, &pointer));
	assert_false(elf_pointer(&image, UINT64_MAX - 3, &pointer));
	assert_null(elf_constant(&image, UINT64_MAX - 3, 8));
	assert_null(elf_string(&image, UINT64_MAX - 3, 8));
	elf_release(&image);
}

static void build_cxx(struct temp *temp, const char *flag)
{
	AUTO(run_release) struct run run = RUN_INIT;
	AUTO(text_release) struct text line = TEXT_INIT;
	const char *sources = getenv("top_srcdir");

	text_printf(&line,
		    TEST_CXX " -std=c++11 -fPIC -fvisibility=hidden -shared -Wl,-z,now "
			     "-Wl,-z,relro -Wl,-z,noexecstack %s -I%s/include -o %s/cxx.so "
			     "%s/tests/plugins/mock/mock.cc",
		    flag, sources ? sources : ".", temp->path, sources ? sources : ".");
	run_words(&run, "/bin/sh", "-c", text_string(&line), NULL);
	if (run.exit_code)
		fail_msg("%s", run.err);
	chmod(temp_path(temp, "cxx.so"), 0755);
}

static void test_a_plugin_in_cxx_is_read_unless_its_descriptor_needs_code(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	AUTO(free_ptr) char *data = NULL;
	AUTO(free_ptr) char *by_code = NULL;
	struct lks_error err = { 0 };
	size_t len;

	(void)state;
	build_cxx(&temp, "");
	data = bytes_of(&temp, "cxx.so", &len);
	assert_ok(read_as(data, len, elf_host_machine(), "cxx", &descriptor, &err), &err);
	assert_string_equal(descriptor->version, "1.0");
	build_cxx(&temp, "-DMOCK_BY_CODE");
	by_code = bytes_of(&temp, "cxx.so", &len);
	descriptor_free(descriptor);
	descriptor = NULL;
	assert_int_equal(read_as(by_code, len, elf_host_machine(), "cxx", &descriptor, &err),
			 LKS_UNSUPPORTED);
	assert_contains(err.message, "not constant data");
}

static void assert_option_refused(const char *option, const char *reason)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	AUTO(free_ptr) char *data = NULL;
	char flags[512];
	struct lks_error err = { 0 };
	size_t len;

	snprintf(flags, sizeof(flags), "-DMOCK_OPTIONS=%s", option);
	mock_build(&temp, "simple", "simple.c", flags);
	data = bytes_of(&temp, "simple.so", &len);
	assert_int_equal(read_as(data, len, elf_host_machine(), "simple", &descriptor, &err),
			 LKS_UNSUPPORTED);
	assert_contains(err.message, reason);
}

static void test_n30_options_that_make_no_sense_are_refused(void **state)
{
	(void)state;
	assert_option_refused("{.type=1}", "no proper name");
	assert_option_refused("{.name=\"A\",.type=1}", "no proper name");
	assert_option_refused("{.name=\"a.\",.type=1}", "no proper name");
	assert_option_refused("{.name=\"a\"}", "has a type (0)");
	assert_option_refused("{.name=\"a\",.type=77}", "has a type (77)");
	assert_option_refused("{.name=\"a\",.type=1},{.name=\"a\",.type=1}", "listed twice");
	assert_option_refused("{.name=\"a\",.type=6,.fallback=\"x\"}", "cannot have a default");
	assert_option_refused("{.name=\"a\",.type=9,.fallback=\"x\"}", "cannot have a default");
	assert_option_refused("{.name=\"a\",.type=4,.fallback=\"5x\"}", "is not a duration");
	assert_option_refused("{.name=\"a\",.type=2,.fallback=\"9\",.minimum=1,.maximum=3}",
			      "a number from 1 to 3");
	assert_option_refused("{.name=\"a\",.type=2,.minimum=5,.maximum=3}", "empty range");
	assert_option_refused("{.name=\"a\",.type=1,.fallback=\"c\",.choices=\"a|b\"}",
			      "one of a|b");
	assert_option_refused("{.name=\"a\",.type=1,.help=\"\\033[2J\"}", "control character");
	assert_option_refused("{.name=\"a\",.type=1,.help=\"\\377\"}", "UTF-8");
}

static uint64_t fuzz_state = 0x9e3779b97f4a7c15;

static uint64_t fuzz_next(void)
{
	fuzz_state ^= fuzz_state << 13;
	fuzz_state ^= fuzz_state >> 7;
	fuzz_state ^= fuzz_state << 17;
	return fuzz_state;
}

/* Where the interesting numbers are: headers, tables, the descriptor. */
static size_t fuzz_place(size_t len)
{
	switch (fuzz_next() % 4) {
	case 0:
		return fuzz_next() % 0x300;
	case 1:
		return fuzz_next() % (len < 0x1000 ? len : 0x1000);
	default:
		return fuzz_next() % len;
	}
}

static void test_n26_flipped_bytes_never_crash_the_reader(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	static const char *const flags[] = { "-s", "-s -Wl,-z,pack-relative-relocs" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		AUTO(free_ptr) char *data = NULL;
		AUTO(free_ptr) char *work = NULL;
		size_t len;

		mock_build(&temp, "good", "good.c", flags[i]);
		data = bytes_of(&temp, "good.so", &len);
		work = malloc(len);
		memcpy(work, data, len);
		for (int round = 0; round < FUZZ_ROUNDS; round++) {
			AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
			struct lks_error err = { 0 };
			size_t places[4];
			size_t count = 1 + fuzz_next() % COUNT_OF(places);

			for (size_t j = 0; j < count; j++) {
				places[j] = fuzz_place(len);
				work[places[j]] =
					(char)(fuzz_next() % 3
						       ? work[places[j]] ^ (1 << fuzz_next() % 8)
						       : (char)fuzz_next());
			}
			if (read_as(work, len, elf_host_machine(), "good", &descriptor, &err))
				assert_true(err.message[0]);
			for (size_t j = 0; j < count; j++)
				work[places[j]] = data[places[j]];
		}
	}
}

static void test_n26_every_cut_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *data = NULL;
	size_t len;

	(void)state;
	mock_build(&temp, "good", "good.c", "-s");
	data = bytes_of(&temp, "good.so", &len);
	for (size_t cut = 0; cut < len; cut += 64) {
		AUTO(free_ptr) char *part = malloc(cut + 1);
		struct descriptor *descriptor = NULL;
		struct lks_error err = { 0 };

		memcpy(part, data, cut);
		part = realloc(part, cut ? cut : 1);
		/* The end of the file is section headers, which nobody needs. */
		if (read_as(part, cut, elf_host_machine(), "good", &descriptor, &err) == LKS_OK) {
			assert_true(len - cut < 0x1000);
			descriptor_free(descriptor);
		}
	}
}

static void test_n76_every_allocation_may_fail(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(free_ptr) char *data = NULL;
	size_t len;

	(void)state;
	mock_build(&temp, "good", "good.c", NULL);
	data = bytes_of(&temp, "good.so", &len);
	ALLOC_LOOP
	{
		struct descriptor *descriptor = NULL;
		struct lks_error err = { 0 };
		enum lks_status status =
			read_as(data, len, elf_host_machine(), "good", &descriptor, &err);

		descriptor_free(descriptor);
		ALLOC_RESULT(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_of_a_descriptor_is_read_from_the_file),
		cmocka_unit_test(test_plugins_of_both_machines_can_be_read),
		cmocka_unit_test(test_absolute_relocations_within_the_file_are_followed),
		cmocka_unit_test(test_a_plugin_in_cxx_is_read_unless_its_descriptor_needs_code),
		cmocka_unit_test(test_n30_options_that_make_no_sense_are_refused),
		cmocka_unit_test(test_n26_flipped_bytes_never_crash_the_reader),
		cmocka_unit_test(test_n26_every_cut_is_refused),
		cmocka_unit_test(test_n76_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
