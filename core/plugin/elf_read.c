/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a checked ELF file: relocations, symbols, constants, pointers. */
#include "plugin/elf_parts.h"

#include <string.h>

#include "base/text.h"

/* More than any real plugin has; it bounds time and memory. */
#define RELOCATIONS_MAX (1u << 21)

static bool add_relocation(struct elf_image *image, size_t *capacity, uint64_t place,
			   uint64_t target, bool is_constant)
{
	if (image->relocation_count == *capacity) {
		size_t larger = *capacity ? 2 * *capacity : 256;
		struct elf_relocation *moved;

		if (larger > RELOCATIONS_MAX)
			return false;
		moved = realloc(image->relocations, larger * sizeof(*moved));
		if (!moved)
			return false;
		image->relocations = moved;
		*capacity = larger;
	}
	image->relocations[image->relocation_count++] =
		(struct elf_relocation){ place, target, is_constant };
	return true;
}

/* Is the target of this relocation known from the file alone? */
static bool is_constant_rela(const struct elf_image *image, const Elf64_Rela *rela,
			     uint64_t *ret_target)
{
	uint32_t type = (uint32_t)ELF64_R_TYPE(rela->r_info);
	uint64_t index = ELF64_R_SYM(rela->r_info);
	bool is_arm = image->machine == EM_AARCH64;
	const Elf64_Sym *symbol;

	*ret_target = (uint64_t)rela->r_addend;
	if (type == (is_arm ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE))
		return true;
	if (type != (is_arm ? R_AARCH64_ABS64 : R_X86_64_64) || index >= image->symbol_count)
		return false;
	symbol = &image->symbols[index];
	if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS ||
	    symbol->st_shndx == SHN_COMMON || ELF64_ST_TYPE(symbol->st_info) == STT_TLS ||
	    ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
		return false;
	*ret_target += symbol->st_value;
	return true;
}

static enum lks_status read_rela(struct elf_image *image, uint64_t address, uint64_t size,
				 size_t *capacity, struct lks_error *err)
{
	const Elf64_Rela *entries;
	size_t count = (size_t)(size / sizeof(*entries));

	if (size == 0)
		return LKS_OK;
	entries = elf_table_at(image, address, size);
	if (!entries)
		return elf_damaged(image, "its relocations are not in the file", err);
	for (size_t i = 0; i < count; i++) {
		uint64_t target;
		bool is_constant = is_constant_rela(image, &entries[i], &target);

		/* R_X86_64_NONE and R_AARCH64_NONE do nothing. */
		if (ELF64_R_TYPE(entries[i].r_info) == 0)
			continue;
		if (!add_relocation(image, capacity, entries[i].r_offset, target, is_constant))
			return error_no_memory(err, "read the plugin's relocations");
	}
	return LKS_OK;
}

static bool add_relr(struct elf_image *image, size_t *capacity, uint64_t place)
{
	const void *word = elf_at(image, place, 8);
	uint64_t target = 0;

	if (word)
		memcpy(&target, word, sizeof(target));
	return add_relocation(image, capacity, place, target, word != NULL);
}

/* RELR: an even word is a place; an odd one marks which of the next 63 words
   are places too. */
static enum lks_status read_relr(struct elf_image *image, const struct elf_dynamic *dynamic,
				 size_t *capacity, struct lks_error *err)
{
	const uint64_t *entries;
	uint64_t next = 0;
	bool is_ok = true;

	if (dynamic->relrsz == 0)
		return LKS_OK;
	entries = elf_table_at(image, dynamic->relr, dynamic->relrsz);
	if (!entries)
		return elf_damaged(image, "its relocations are not in the file", err);
	for (size_t i = 0; i < dynamic->relrsz / 8 && is_ok; i++) {
		if ((entries[i] & 1) == 0) {
			is_ok = add_relr(image, capacity, entries[i]);
			next = entries[i] + 8;
			continue;
		}
		for (unsigned bit = 1; bit < 64 && is_ok; bit++)
			if (entries[i] >> bit & 1)
				is_ok = add_relr(image, capacity, next + 8 * (uint64_t)(bit - 1));
		next += 63 * 8;
	}
	return is_ok ? LKS_OK : error_no_memory(err, "read the plugin's relocations");
}

static int by_place(const void *a, const void *b)
{
	const struct elf_relocation *left = a, *right = b;

	return (left->place > right->place) - (left->place < right->place);
}

enum lks_status elf_find_relocations(struct elf_image *image, const struct elf_dynamic *dynamic,
				     struct lks_error *err)
{
	size_t capacity = 0;
	enum lks_status status;

	if (dynamic->has_rel || (dynamic->pltrelsz && dynamic->pltrel != DT_RELA) ||
	    (dynamic->relasz && dynamic->relaent != sizeof(Elf64_Rela)) ||
	    (dynamic->relrsz && dynamic->relrent != 8))
		return elf_damaged(image, "relocations of an unknown kind", err);
	status = read_rela(image, dynamic->rela, dynamic->relasz, &capacity, err);
	if (!status)
		status = read_rela(image, dynamic->jmprel, dynamic->pltrelsz, &capacity, err);
	if (!status)
		status = read_relr(image, dynamic, &capacity, err);
	if (!status && image->relocation_count)
		qsort(image->relocations, image->relocation_count, sizeof(*image->relocations),
		      by_place);
	return status;
}

static bool is_exported(const Elf64_Sym *symbol)
{
	unsigned bind = ELF64_ST_BIND(symbol->st_info);
	unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

	return symbol->st_shndx != SHN_UNDEF && bind != STB_LOCAL &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

const Elf64_Sym *elf_symbol(const struct elf_image *image, const char *name)
{
	for (size_t i = 1; i < image->symbol_count; i++) {
		const char *found = elf_name_at(image, image->symbols[i].st_name);

		if (found && is_exported(&image->symbols[i]) && strcmp(found, name) == 0)
			return &image->symbols[i];
	}
	return NULL;
}

/* What compilers and linkers export by themselves. */
static bool is_harmless_export(const Elf64_Sym *symbol, const char *name)
{
	static const char *const linker[] = { "_init",      "_fini",       "_edata",
					      "_end",       "__bss_start", "__bss_start__",
					      "_bss_end__", "__bss_end__", "__end__" };
	unsigned bind = ELF64_ST_BIND(symbol->st_info);

	for (size_t i = 0; i < COUNT_OF(linker); i++)
		if (strcmp(name, linker[i]) == 0)
			return true;
#ifdef SANITIZED
	if (string_starts(name, "__asan") || string_starts(name, "___asan") ||
	    string_starts(name, "__odr_asan") || string_starts(name, "__ubsan") ||
	    string_starts(name, "__tsan"))
		return true;
#endif
	/* Templates and inline functions of C++: each library has its own copy. */
	return string_starts(name, "_Z") && (bind == STB_WEAK || bind == STB_GNU_UNIQUE);
}

enum lks_status elf_check_exports(const struct elf_image *image, const char *name,
				  struct lks_error *err)
{
	for (size_t i = 1; i < image->symbol_count; i++) {
		const Elf64_Sym *symbol = &image->symbols[i];
		const char *found = elf_name_at(image, symbol->st_name);

		if (!is_exported(symbol))
			continue;
		if (!found)
			return elf_damaged(image, "the name of a symbol is not in the file", err);
		if (strcmp(found, name) == 0 || is_harmless_export(symbol, found))
			continue;
		return elf_refuse(image, "compile it with -fvisibility=hidden", err,
				  "it exports \"%s\"; a plugin exports %s and nothing else", found,
				  name);
	}
	return LKS_OK;
}

const void *elf_constant(const struct elf_image *image, uint64_t address, size_t len)
{
	const void *data = elf_at(image, address, len);

	if (!data)
		return NULL;
	for (size_t i = 0; i < image->segment_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		uint64_t offset = address - segment->p_vaddr;
		bool is_inside = address >= segment->p_vaddr && offset <= segment->p_memsz &&
				 len <= segment->p_memsz - offset;

		if (!is_inside)
			continue;
		if (segment->p_type == PT_GNU_RELRO ||
		    (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W)))
			return data;
	}
	return NULL;
}

const char *elf_string(const struct elf_image *image, uint64_t address, size_t max)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		uint64_t offset = address - segment->p_vaddr;
		const char *start;
		const char *end;
		size_t room;

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
		    offset >= segment->p_filesz)
			continue;
		start = (const char *)image->data + segment->p_offset + offset;
		room = (size_t)(segment->p_filesz - offset);
		end = memchr(start, 0, room < max + 1 ? room : max + 1);
		return end ? elf_constant(image, address, (size_t)(end - start) + 1) : NULL;
	}
	return NULL;
}

bool elf_is_code(const struct elf_image *image, uint64_t address)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) &&
		    address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_filesz)
			return true;
	}
	return false;
}

/* The first relocation whose eight bytes reach beyond `address`. */
static size_t first_beyond(const struct elf_image *image, uint64_t address)
{
	uint64_t floor = address >= 7 ? address - 7 : 0;
	size_t low = 0, high = image->relocation_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->relocations[middle].place < floor)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool elf_pointer(const struct elf_image *image, uint64_t address, uint64_t *ret_target)
{
	const void *stored = elf_at(image, address, 8);
	size_t index = first_beyond(image, address);
	const struct elf_relocation *relocation = &image->relocations[index];
	uint64_t value;

	if (!stored)
		return false;
	if (index == image->relocation_count || relocation->place > address + 7) {
		/* Nothing fills it in: NULL, or a number that is no address. */
		memcpy(&value, stored, sizeof(value));
		*ret_target = 0;
		return value == 0;
	}
	if (relocation->place != address || !relocation->is_constant || relocation->target == 0)
		return false;
	/* Filled in once, by this one. */
	if (index + 1 < image->relocation_count &&
	    image->relocations[index + 1].place <= address + 7)
		return false;
	*ret_target = relocation->target;
	return true;
}
