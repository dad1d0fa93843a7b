/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared object as bytes: what the loader must know about an ELF file before
 * the system's linker may touch it. Every access is bounds-checked; no file,
 * however damaged, makes these functions read outside of it.
 */
#ifndef PLUGIN_ELF_H
#define PLUGIN_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The machine this program runs on (EM_X86_64, EM_AARCH64). */
unsigned elf_host_machine(void);

/* A place that the system's linker fills in when the file is loaded. */
struct elf_relocation {
	uint64_t place;
	uint64_t target;  /* an address in the file, if `is_constant` */
	bool is_constant; /* RELATIVE, RELR, or absolute to a symbol of this file */
};

struct elf_image {
	const unsigned char *data; /* borrowed */
	size_t size;
	const char *path; /* for messages; borrowed */
	unsigned machine;
	const Elf64_Phdr *segments;
	size_t segment_count;
	/* From the dynamic section; counts are checked against the file. */
	const Elf64_Sym *symbols;
	size_t symbol_count;
	const char *strings;
	size_t strings_size;
	struct elf_relocation *relocations; /* sorted by place */
	size_t relocation_count;
};

/*
 * Check `data` (8-byte aligned) as a loadable plugin for `machine` and find its
 * tables. LKS_UNSUPPORTED if it is not one, with the reason and the link flag
 * that helps. The image borrows `data` and `path`; elf_release() frees the rest.
 */
enum lks_status elf_open(const void *data, size_t size, const char *path, unsigned machine,
			 struct elf_image *ret_image, struct lks_error *err) MUST_CHECK;
void elf_release(struct elf_image *image);

/* The defined symbol `name` that the file exports; NULL if there is none. */
const Elf64_Sym *elf_symbol(const struct elf_image *image, const char *name);
/* Refuses a file that exports anything but `name` (C++'s own weak symbols and
   what linkers add by themselves are fine). */
enum lks_status elf_check_exports(const struct elf_image *image, const char *name,
				  struct lks_error *err) MUST_CHECK;

/* The bytes at the address, if `len` of them are in the file and stay as they
   are while the program runs (read-only, or read-only after relocation). */
const void *elf_constant(const struct elf_image *image, uint64_t address, size_t len);
/* A NUL-terminated constant of at most `max` bytes; NULL if it is not one. */
const char *elf_string(const struct elf_image *image, uint64_t address, size_t max);
bool elf_is_code(const struct elf_image *image, uint64_t address);
/*
 * The pointer stored at `address`, as it will be after loading: an address in
 * the file, 0 for NULL. False if that cannot be known from the file.
 */
bool elf_pointer(const struct elf_image *image, uint64_t address, uint64_t *ret_target);

#endif
