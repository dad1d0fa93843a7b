/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds-checked reading of ELF64 shared objects.
 *
 * The whole file is in memory. An address becomes a place in the file through
 * the PT_LOAD segments alone, as the system's linker does it; section headers
 * are not looked at.
 */
#include "plugin/elf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* More than any real plugin has; they bound time and memory. */
#define SEGMENTS_MAX 64
#define DYNAMIC_MAX 4096
#define SYMBOLS_MAX (1u << 20)
#define RELOCATIONS_MAX (1u << 21)
#define NEEDED_MAX 64

#ifndef SHT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif
#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000
#endif

/* What the dynamic section says, in addresses. */
struct dynamic {
	uint64_t symtab, strtab, strsz, hash, gnu_hash;
	uint64_t rela, relasz, relr, relrsz, jmprel, pltrelsz;
	uint64_t flags, flags_1;
	bool has_bind_now, has_rel, has_syment, has_relaent, has_relrent, has_textrel;
	bool has_rpath, has_runpath, has_filter;
	uint64_t syment, relaent, relrent, pltrel;
	uint64_t needed[NEEDED_MAX];
	size_t needed_count;
};

unsigned elf_host_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#else
#error "plugins are read on x86-64 and aarch64 only"
#endif
}

static enum lks_status refuse(const struct elf_image *image, const char *hint,
			      struct lks_error *err, const char *format, ...) PRINTF_LIKE(4, 5);

static enum lks_status refuse(const struct elf_image *image, const char *hint,
			      struct lks_error *err, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	error_set(err, LKS_UNSUPPORTED, "%s: %s", image->path, reason);
	if (hint)
		error_hint(err, "%s", hint);
	return LKS_UNSUPPORTED;
}

static enum lks_status damaged(const struct elf_image *image, const char *what,
			       struct lks_error *err)
{
	return refuse(image, "the file is damaged or cut off: copy it again", err,
		      "not a whole shared object: %s", what);
}

/* The bytes in the file behind an address, NULL if not all of them are there. */
static const void *at_address(const struct elf_image *image, uint64_t address, uint64_t len)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		uint64_t offset = address - segment->p_vaddr;

		if (segment->p_type != PT_LOAD || address < segment->p_vaddr)
			continue;
		if (offset <= segment->p_filesz && len <= segment->p_filesz - offset)
			return image->data + segment->p_offset + offset;
	}
	return NULL;
}

/* The same for a table, whose entries must be aligned. */
static const void *table_at(const struct elf_image *image, uint64_t address, uint64_t len)
{
	const void *data = at_address(image, address, len);

	return data && ((uintptr_t)data % 8 == 0) ? data : NULL;
}

static const Elf64_Phdr *segment_of_type(const struct elf_image *image, uint32_t type)
{
	for (size_t i = 0; i < image->segment_count; i++)
		if (image->segments[i].p_type == type)
			return &image->segments[i];
	return NULL;
}

static const char *machine_name(unsigned machine)
{
	return machine == EM_X86_64    ? "x86-64"
	       : machine == EM_AARCH64 ? "aarch64"
				       : "another machine";
}

static enum lks_status check_header(struct elf_image *image, struct lks_error *err)
{
	const Elf64_Ehdr *header = (const void *)image->data;

	if (image->size < SELFMAG || memcmp(image->data, ELFMAG, SELFMAG) != 0)
		return refuse(image, "plugins are shared objects, built with cc -shared", err,
			      "not an ELF file");
	if (image->size < sizeof(*header))
		return damaged(image, "the header is cut off", err);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return refuse(image, "build it for this machine", err,
			      "not a 64-bit little-endian file");
	if (header->e_machine != image->machine)
		return refuse(image, "build it for this machine", err, "built for %s, this is %s",
			      machine_name(header->e_machine), machine_name(image->machine));
	if (header->e_type != ET_DYN)
		return refuse(image, "link it with -shared", err,
			      "not a shared object (ELF type %u)", header->e_type);
	if (header->e_version != EV_CURRENT || header->e_phentsize != sizeof(Elf64_Phdr))
		return damaged(image, "an unknown header", err);
	if (header->e_phnum == 0 || header->e_phnum > SEGMENTS_MAX || header->e_phoff % 8 != 0 ||
	    header->e_phoff > image->size ||
	    header->e_phnum * sizeof(Elf64_Phdr) > image->size - header->e_phoff)
		return damaged(image, "its segments are not in the file", err);
	image->segments = (const void *)(image->data + header->e_phoff);
	image->segment_count = header->e_phnum;
	return LKS_OK;
}

static enum lks_status check_load_segment(const struct elf_image *image, const Elf64_Phdr *segment,
					  uint64_t *floor, struct lks_error *err)
{
	if (segment->p_vaddr < *floor || segment->p_memsz < segment->p_filesz ||
	    segment->p_vaddr > UINT64_MAX / 2 || segment->p_memsz > (uint64_t)1 << 32)
		return damaged(image, "its segments overlap", err);
	/* The linker maps whole pages; anything else makes it fail or worse. */
	if (segment->p_align < 4096 || (segment->p_align & (segment->p_align - 1)) != 0 ||
	    (segment->p_vaddr - segment->p_offset) % segment->p_align != 0)
		return damaged(image, "its segments are not aligned", err);
	*floor = segment->p_vaddr + segment->p_memsz;
	if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return refuse(image, "link it without -N and with -Wl,-z,separate-code", err,
			      "it has memory that is both writable and executable");
	return LKS_OK;
}

static enum lks_status check_segments(const struct elf_image *image, struct lks_error *err)
{
	const Elf64_Phdr *stack = segment_of_type(image, PT_GNU_STACK);
	uint64_t floor = 0;
	size_t dynamic_count = 0;

	for (size_t i = 0; i < image->segment_count; i++) {
		const Elf64_Phdr *segment = &image->segments[i];
		enum lks_status status = LKS_OK;

		if (segment->p_type == PT_NULL)
			continue;
		if (segment->p_offset > image->size ||
		    segment->p_filesz > image->size - segment->p_offset)
			return damaged(image, "a segment is not all in the file", err);
		if (segment->p_type == PT_INTERP)
			return refuse(image, "link it with -shared", err,
				      "it is a program, not a plugin");
		dynamic_count += segment->p_type == PT_DYNAMIC;
		if (segment->p_type == PT_LOAD)
			status = check_load_segment(image, segment, &floor, err);
		if (status)
			return status;
	}
	if (floor == 0 || dynamic_count != 1)
		return damaged(image, "it has nothing to load", err);
	if (!stack || (stack->p_flags & PF_X))
		return refuse(image, "link it with -Wl,-z,noexecstack", err,
			      "it asks for an executable stack");
	return LKS_OK;
}

static void read_dynamic_entry(struct dynamic *dynamic, const Elf64_Dyn *entry)
{
	uint64_t value = entry->d_un.d_val;

	switch (entry->d_tag) {
	case DT_SYMTAB:
		dynamic->symtab = value;
		break;
	case DT_STRTAB:
		dynamic->strtab = value;
		break;
	case DT_STRSZ:
		dynamic->strsz = value;
		break;
	case DT_SYMENT:
		dynamic->syment = value;
		break;
	case DT_HASH:
		dynamic->hash = value;
		break;
	case DT_GNU_HASH:
		dynamic->gnu_hash = value;
		break;
	case DT_RELA:
		dynamic->rela = value;
		break;
	case DT_RELASZ:
		dynamic->relasz = value;
		break;
	case DT_RELAENT:
		dynamic->relaent = value;
		break;
	case DT_RELR:
		dynamic->relr = value;
		break;
	case DT_RELRSZ:
		dynamic->relrsz = value;
		break;
	case DT_RELRENT:
		dynamic->relrent = value;
		break;
	case DT_JMPREL:
		dynamic->jmprel = value;
		break;
	case DT_PLTRELSZ:
		dynamic->pltrelsz = value;
		break;
	case DT_PLTREL:
		dynamic->pltrel = value;
		break;
	case DT_REL:
	case DT_RELSZ:
		dynamic->has_rel = true;
		break;
	case DT_FLAGS:
		dynamic->flags = value;
		break;
	case DT_FLAGS_1:
		dynamic->flags_1 = value;
		break;
	case DT_BIND_NOW:
		dynamic->has_bind_now = true;
		break;
	case DT_TEXTREL:
		dynamic->has_textrel = true;
		break;
	case DT_RPATH:
		dynamic->has_rpath = true;
		break;
	case DT_RUNPATH:
		dynamic->has_runpath = true;
		break;
	case DT_FILTER:
	case DT_AUXILIARY:
	case DT_AUDIT:
	case DT_DEPAUDIT:
		dynamic->has_filter = true;
		break;
	case DT_NEEDED:
		if (dynamic->needed_count < NEEDED_MAX)
			dynamic->needed[dynamic->needed_count] = value;
		dynamic->needed_count++;
		break;
	default:
		break;
	}
}

static enum lks_status read_dynamic(const struct elf_image *image, struct dynamic *dynamic,
				    struct lks_error *err)
{
	const Elf64_Phdr *segment = segment_of_type(image, PT_DYNAMIC);
	/* By address, as the linker reads it; not by the segment's own offset. */
	const Elf64_Dyn *entries = table_at(image, segment->p_vaddr, segment->p_filesz);
	size_t count = (size_t)(segment->p_filesz / sizeof(*entries));

	if (!entries || count > DYNAMIC_MAX)
		return damaged(image, "its dynamic section is not in the file", err);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].d_tag == DT_NULL)
			return LKS_OK;
		read_dynamic_entry(dynamic, &entries[i]);
	}
	return damaged(image, "its dynamic section has no end", err);
}

static enum lks_status check_flags(const struct elf_image *image, const struct dynamic *dynamic,
				   struct lks_error *err)
{
	if (dynamic->flags_1 & DF_1_PIE)
		return refuse(image, "link it with -shared", err,
			      "it is a program (position-independent), not a plugin");
	if (!dynamic->has_bind_now && !(dynamic->flags & DF_BIND_NOW) &&
	    !(dynamic->flags_1 & DF_1_NOW))
		return refuse(image, "link it with -Wl,-z,now", err,
			      "its symbols are bound late: a missing one would end the program "
			      "at the first call");
	if (dynamic->flags_1 & DF_1_NOOPEN)
		return refuse(image, "link it without -Wl,-z,nodlopen", err,
			      "it forbids being loaded by a program (-z nodlopen)");
	if (dynamic->has_rpath || dynamic->has_runpath)
		return refuse(image, "link it without -rpath (chrpath -d removes one)", err,
			      "it has its own search path for libraries (%s)",
			      dynamic->has_rpath ? "RPATH" : "RUNPATH");
	if (dynamic->has_textrel || (dynamic->flags & DF_TEXTREL))
		return refuse(image, "compile it with -fPIC", err,
			      "its code must be rewritten while it is loaded");
	if (dynamic->has_filter)
		return refuse(image, "link it without --filter, --auxiliary and --audit", err,
			      "it brings another library in by the back door");
	return LKS_OK;
}

static const char *string_at(const struct elf_image *image, uint64_t offset)
{
	if (offset >= image->strings_size ||
	    !memchr(image->strings + offset, 0, image->strings_size - offset))
		return NULL;
	return image->strings + offset;
}

/* A needed library is named, never given as a path. */
static enum lks_status check_needed(const struct elf_image *image, const struct dynamic *dynamic,
				    struct lks_error *err)
{
	if (dynamic->needed_count > NEEDED_MAX)
		return refuse(image, NULL, err, "it needs more than %d libraries", NEEDED_MAX);
	for (size_t i = 0; i < dynamic->needed_count; i++) {
		const char *name = string_at(image, dynamic->needed[i]);

		if (!name)
			return damaged(image, "the name of a library is not in the file", err);
		if (strchr(name, '/') || strchr(name, '$'))
			return refuse(image, "give the library a name (-Wl,-soname) and link anew",
				      err, "it needs a library by its path (%s)", name);
	}
	return LKS_OK;
}

/* The number of symbols is nowhere written; the hash table has to tell. */
static bool count_by_gnu_hash(const struct elf_image *image, uint64_t address, uint64_t *ret_count)
{
	const uint32_t *head = table_at(image, address, 16);
	const uint32_t *buckets;
	uint64_t chains;
	uint32_t last = 0;

	if (!head || head[0] == 0 || head[0] > SYMBOLS_MAX || head[2] > SYMBOLS_MAX)
		return false;
	buckets = at_address(image, address + 16 + 8 * (uint64_t)head[2], 4 * (uint64_t)head[0]);
	if (!buckets)
		return false;
	for (uint32_t i = 0; i < head[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	*ret_count = head[1];
	if (last == 0)
		return true;
	chains = address + 16 + 8 * (uint64_t)head[2] + 4 * (uint64_t)head[0];
	for (; last >= head[1] && last < SYMBOLS_MAX; last++) {
		const uint32_t *link =
			at_address(image, chains + 4 * (uint64_t)(last - head[1]), 4);

		if (!link)
			return false;
		*ret_count = (uint64_t)last + 1;
		if (*link & 1)
			return true;
	}
	return false;
}

static enum lks_status find_symbols(struct elf_image *image, const struct dynamic *dynamic,
				    struct lks_error *err)
{
	const uint32_t *hash = NULL;
	uint64_t count = 0;

	if (dynamic->syment != sizeof(Elf64_Sym))
		return damaged(image, "it has no symbols", err);
	image->strings = at_address(image, dynamic->strtab, dynamic->strsz);
	if (!image->strings || dynamic->strsz == 0)
		return damaged(image, "its names are not in the file", err);
	image->strings_size = dynamic->strsz;
	if (dynamic->gnu_hash) {
		if (!count_by_gnu_hash(image, dynamic->gnu_hash, &count))
			return damaged(image, "its hash table is broken", err);
	} else if (dynamic->hash) {
		hash = table_at(image, dynamic->hash, 8);
		if (!hash)
			return damaged(image, "its hash table is not in the file", err);
		count = hash[1];
	}
	if (count > SYMBOLS_MAX)
		return damaged(image, "its symbols have no end", err);
	image->symbols = table_at(image, dynamic->symtab, count * sizeof(Elf64_Sym));
	if (!image->symbols)
		return damaged(image, "its symbols are not in the file", err);
	image->symbol_count = count;
	return LKS_OK;
}

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
	entries = table_at(image, address, size);
	if (!entries)
		return damaged(image, "its relocations are not in the file", err);
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
	const void *word = at_address(image, place, 8);
	uint64_t target = 0;

	if (word)
		memcpy(&target, word, sizeof(target));
	return add_relocation(image, capacity, place, target, word != NULL);
}

/* RELR: an even word is a place; an odd one marks which of the next 63 words
   are places too. */
static enum lks_status read_relr(struct elf_image *image, const struct dynamic *dynamic,
				 size_t *capacity, struct lks_error *err)
{
	const uint64_t *entries;
	uint64_t next = 0;
	bool is_ok = true;

	if (dynamic->relrsz == 0)
		return LKS_OK;
	entries = table_at(image, dynamic->relr, dynamic->relrsz);
	if (!entries)
		return damaged(image, "its relocations are not in the file", err);
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

static enum lks_status find_relocations(struct elf_image *image, const struct dynamic *dynamic,
					struct lks_error *err)
{
	size_t capacity = 0;
	enum lks_status status;

	if (dynamic->has_rel || (dynamic->pltrelsz && dynamic->pltrel != DT_RELA) ||
	    (dynamic->relasz && dynamic->relaent != sizeof(Elf64_Rela)) ||
	    (dynamic->relrsz && dynamic->relrent != 8))
		return damaged(image, "relocations of an unknown kind", err);
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

static enum lks_status open_tables(struct elf_image *image, struct lks_error *err)
{
	struct dynamic dynamic = { 0 };
	enum lks_status status = check_header(image, err);

	if (!status)
		status = check_segments(image, err);
	if (!status)
		status = read_dynamic(image, &dynamic, err);
	if (!status)
		status = check_flags(image, &dynamic, err);
	if (!status)
		status = find_symbols(image, &dynamic, err);
	if (!status)
		status = check_needed(image, &dynamic, err);
	if (!status)
		status = find_relocations(image, &dynamic, err);
	return status;
}

enum lks_status elf_open(const void *data, size_t size, const char *path, unsigned machine,
			 struct elf_image *ret_image, struct lks_error *err)
{
	struct elf_image image = { .data = data, .size = size, .path = path, .machine = machine };
	enum lks_status status = open_tables(&image, err);

	if (status)
		elf_release(&image);
	else
		*ret_image = image;
	return status;
}

void elf_release(struct elf_image *image)
{
	free(image->relocations);
	image->relocations = NULL;
	image->relocation_count = 0;
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
		const char *found = string_at(image, image->symbols[i].st_name);

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
		const char *found = string_at(image, symbol->st_name);

		if (!is_exported(symbol))
			continue;
		if (!found)
			return damaged(image, "the name of a symbol is not in the file", err);
		if (strcmp(found, name) == 0 || is_harmless_export(symbol, found))
			continue;
		return refuse(image, "compile it with -fvisibility=hidden", err,
			      "it exports \"%s\"; a plugin exports %s and nothing else", found,
			      name);
	}
	return LKS_OK;
}

const void *elf_constant(const struct elf_image *image, uint64_t address, size_t len)
{
	const void *data = at_address(image, address, len);

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
	const void *stored = at_address(image, address, 8);
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
