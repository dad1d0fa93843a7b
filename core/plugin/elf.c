/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds-checked reading of ELF64 shared objects.
 *
 * The whole file is in memory. An address becomes a place in the file through
 * the PT_LOAD segments alone, as the system's linker does it; section headers
 * are not looked at.
 */
#include "plugin/elf_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* More than any real plugin has; they bound time and memory. */
#define SEGMENTS_MAX 64
#define DYNAMIC_MAX 4096
#define SYMBOLS_MAX (1u << 20)

#ifndef SHT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif
#ifndef DF_1_PIE
#define DF_1_PIE 0x08000000
#endif

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

enum lks_status elf_refuse(const struct elf_image *image, const char *hint, struct lks_error *err,
			   const char *format, ...)
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

enum lks_status elf_damaged(const struct elf_image *image, const char *what, struct lks_error *err)
{
	return elf_refuse(image, "the file is damaged or cut off: copy it again", err,
			  "not a whole shared object: %s", what);
}

/* The bytes in the file behind an address, NULL if not all of them are there. */
const void *elf_at(const struct elf_image *image, uint64_t address, uint64_t len)
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
const void *elf_table_at(const struct elf_image *image, uint64_t address, uint64_t len)
{
	const void *data = elf_at(image, address, len);

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
		return elf_refuse(image, "plugins are shared objects, built with cc -shared", err,
				  "not an ELF file");
	if (image->size < sizeof(*header))
		return elf_damaged(image, "the header is cut off", err);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
		return elf_refuse(image, "build it for this machine", err,
				  "not a 64-bit little-endian file");
	if (header->e_machine != image->machine)
		return elf_refuse(image, "build it for this machine", err,
				  "built for %s, this is %s", machine_name(header->e_machine),
				  machine_name(image->machine));
	if (header->e_type != ET_DYN)
		return elf_refuse(image, "link it with -shared", err,
				  "not a shared object (ELF type %u)", header->e_type);
	if (header->e_version != EV_CURRENT || header->e_phentsize != sizeof(Elf64_Phdr))
		return elf_damaged(image, "an unknown header", err);
	if (header->e_phnum == 0 || header->e_phnum > SEGMENTS_MAX || header->e_phoff % 8 != 0 ||
	    header->e_phoff > image->size ||
	    header->e_phnum * sizeof(Elf64_Phdr) > image->size - header->e_phoff)
		return elf_damaged(image, "its segments are not in the file", err);
	image->segments = (const void *)(image->data + header->e_phoff);
	image->segment_count = header->e_phnum;
	return LKS_OK;
}

static enum lks_status check_load_segment(const struct elf_image *image, const Elf64_Phdr *segment,
					  uint64_t *floor, struct lks_error *err)
{
	if (segment->p_vaddr < *floor || segment->p_memsz < segment->p_filesz ||
	    segment->p_vaddr > UINT64_MAX / 2 || segment->p_memsz > (uint64_t)1 << 32)
		return elf_damaged(image, "its segments overlap", err);
	/* The linker maps whole pages; anything else makes it fail or worse. */
	if (segment->p_align < 4096 || (segment->p_align & (segment->p_align - 1)) != 0 ||
	    (segment->p_vaddr - segment->p_offset) % segment->p_align != 0)
		return elf_damaged(image, "its segments are not aligned", err);
	*floor = segment->p_vaddr + segment->p_memsz;
	if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
		return elf_refuse(image, "link it without -N and with -Wl,-z,separate-code", err,
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
			return elf_damaged(image, "a segment is not all in the file", err);
		if (segment->p_type == PT_INTERP)
			return elf_refuse(image, "link it with -shared", err,
					  "it is a program, not a plugin");
		dynamic_count += segment->p_type == PT_DYNAMIC;
		if (segment->p_type == PT_LOAD)
			status = check_load_segment(image, segment, &floor, err);
		if (status)
			return status;
	}
	if (floor == 0 || dynamic_count != 1)
		return elf_damaged(image, "it has nothing to load", err);
	if (!stack || (stack->p_flags & PF_X))
		return elf_refuse(image, "link it with -Wl,-z,noexecstack", err,
				  "it asks for an executable stack");
	return LKS_OK;
}

static void read_dynamic_entry(struct elf_dynamic *dynamic, const Elf64_Dyn *entry)
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
		if (dynamic->needed_count < ELF_NEEDED_MAX)
			dynamic->needed[dynamic->needed_count] = value;
		dynamic->needed_count++;
		break;
	default:
		break;
	}
}

static enum lks_status read_dynamic(const struct elf_image *image, struct elf_dynamic *dynamic,
				    struct lks_error *err)
{
	const Elf64_Phdr *segment = segment_of_type(image, PT_DYNAMIC);
	/* By address, as the linker reads it; not by the segment's own offset. */
	const Elf64_Dyn *entries = elf_table_at(image, segment->p_vaddr, segment->p_filesz);
	size_t count = (size_t)(segment->p_filesz / sizeof(*entries));

	if (!entries || count > DYNAMIC_MAX)
		return elf_damaged(image, "its dynamic section is not in the file", err);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].d_tag == DT_NULL)
			return LKS_OK;
		read_dynamic_entry(dynamic, &entries[i]);
	}
	return elf_damaged(image, "its dynamic section has no end", err);
}

static enum lks_status check_flags(const struct elf_image *image, const struct elf_dynamic *dynamic,
				   struct lks_error *err)
{
	if (dynamic->flags_1 & DF_1_PIE)
		return elf_refuse(image, "link it with -shared", err,
				  "it is a program (position-independent), not a plugin");
	if (!dynamic->has_bind_now && !(dynamic->flags & DF_BIND_NOW) &&
	    !(dynamic->flags_1 & DF_1_NOW))
		return elf_refuse(image, "link it with -Wl,-z,now", err,
				  "its symbols are bound late: a missing one would end the program "
				  "at the first call");
	if (dynamic->flags_1 & DF_1_NOOPEN)
		return elf_refuse(image, "link it without -Wl,-z,nodlopen", err,
				  "it forbids being loaded by a program (-z nodlopen)");
	if (dynamic->has_rpath || dynamic->has_runpath)
		return elf_refuse(image, "link it without -rpath (chrpath -d removes one)", err,
				  "it has its own search path for libraries (%s)",
				  dynamic->has_rpath ? "RPATH" : "RUNPATH");
	if (dynamic->has_textrel || (dynamic->flags & DF_TEXTREL))
		return elf_refuse(image, "compile it with -fPIC", err,
				  "its code must be rewritten while it is loaded");
	if (dynamic->has_filter)
		return elf_refuse(image, "link it without --filter, --auxiliary and --audit", err,
				  "it brings another library in by the back door");
	return LKS_OK;
}

const char *elf_name_at(const struct elf_image *image, uint64_t offset)
{
	if (offset >= image->strings_size ||
	    !memchr(image->strings + offset, 0, image->strings_size - offset))
		return NULL;
	return image->strings + offset;
}

/* A needed library is named, never given as a path. */
static enum lks_status check_needed(const struct elf_image *image,
				    const struct elf_dynamic *dynamic, struct lks_error *err)
{
	if (dynamic->needed_count > ELF_NEEDED_MAX)
		return elf_refuse(image, NULL, err, "it needs more than %d libraries",
				  ELF_NEEDED_MAX);
	for (size_t i = 0; i < dynamic->needed_count; i++) {
		const char *name = elf_name_at(image, dynamic->needed[i]);

		if (!name)
			return elf_damaged(image, "the name of a library is not in the file", err);
		if (strchr(name, '/') || strchr(name, '$'))
			return elf_refuse(image,
					  "give the library a name (-Wl,-soname) and link anew",
					  err, "it needs a library by its path (%s)", name);
	}
	return LKS_OK;
}

/* The number of symbols is nowhere written; the hash table has to tell. */
static bool count_by_gnu_hash(const struct elf_image *image, uint64_t address, uint64_t *ret_count)
{
	const uint32_t *head = elf_table_at(image, address, 16);
	const uint32_t *buckets;
	uint64_t chains;
	uint32_t last = 0;

	if (!head || head[0] == 0 || head[0] > SYMBOLS_MAX || head[2] > SYMBOLS_MAX)
		return false;
	buckets = elf_at(image, address + 16 + 8 * (uint64_t)head[2], 4 * (uint64_t)head[0]);
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
		const uint32_t *link = elf_at(image, chains + 4 * (uint64_t)(last - head[1]), 4);

		if (!link)
			return false;
		*ret_count = (uint64_t)last + 1;
		if (*link & 1)
			return true;
	}
	return false;
}

static enum lks_status find_symbols(struct elf_image *image, const struct elf_dynamic *dynamic,
				    struct lks_error *err)
{
	const uint32_t *hash = NULL;
	uint64_t count = 0;

	if (dynamic->syment != sizeof(Elf64_Sym))
		return elf_damaged(image, "it has no symbols", err);
	image->strings = elf_at(image, dynamic->strtab, dynamic->strsz);
	if (!image->strings || dynamic->strsz == 0)
		return elf_damaged(image, "its names are not in the file", err);
	image->strings_size = dynamic->strsz;
	if (dynamic->gnu_hash) {
		if (!count_by_gnu_hash(image, dynamic->gnu_hash, &count))
			return elf_damaged(image, "its hash table is broken", err);
	} else if (dynamic->hash) {
		hash = elf_table_at(image, dynamic->hash, 8);
		if (!hash)
			return elf_damaged(image, "its hash table is not in the file", err);
		count = hash[1];
	}
	if (count > SYMBOLS_MAX)
		return elf_damaged(image, "its symbols have no end", err);
	image->symbols = elf_table_at(image, dynamic->symtab, count * sizeof(Elf64_Sym));
	if (!image->symbols)
		return elf_damaged(image, "its symbols are not in the file", err);
	image->symbol_count = count;
	return LKS_OK;
}

static enum lks_status open_tables(struct elf_image *image, struct lks_error *err)
{
	struct elf_dynamic dynamic = { 0 };
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
		status = elf_find_relocations(image, &dynamic, err);
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
