/* SPDX-License-Identifier: Apache-2.0 */
/* What elf.c (is it a plugin?) and elf_read.c (what is in it?) share. */
#ifndef PLUGIN_ELF_PARTS_H
#define PLUGIN_ELF_PARTS_H

#include "plugin/elf.h"

#define ELF_NEEDED_MAX 64

/* What the dynamic section says, in addresses. */
struct elf_dynamic {
	uint64_t symtab, strtab, strsz, hash, gnu_hash;
	uint64_t rela, relasz, relr, relrsz, jmprel, pltrelsz;
	uint64_t flags, flags_1;
	bool has_bind_now, has_rel, has_textrel;
	bool has_rpath, has_runpath, has_filter;
	uint64_t syment, relaent, relrent, pltrel;
	uint64_t needed[ELF_NEEDED_MAX];
	size_t needed_count;
};

/* LKS_UNSUPPORTED with the file's path in front; `hint` may be NULL. */
enum lks_status elf_refuse(const struct elf_image *image, const char *hint, struct lks_error *err,
			   const char *format, ...) PRINTF_LIKE(4, 5);
/* The same for a file that is not whole. */
enum lks_status elf_damaged(const struct elf_image *image, const char *what, struct lks_error *err);
/* The bytes in the file behind an address, NULL if not all of them are there. */
const void *elf_at(const struct elf_image *image, uint64_t address, uint64_t len);
/* The same for a table, whose entries must be aligned. */
const void *elf_table_at(const struct elf_image *image, uint64_t address, uint64_t len);
/* A name out of the string table; NULL if it does not end in there. */
const char *elf_name_at(const struct elf_image *image, uint64_t offset);
/* Fill in the image's relocations. */
enum lks_status elf_find_relocations(struct elf_image *image, const struct elf_dynamic *dynamic,
				     struct lks_error *err);

#endif
