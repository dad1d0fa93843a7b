/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor of a plugin, out of its file.
 *
 * Numbers are taken as they are stored, pointers through the file's
 * relocations. Everything is copied; what does not fit the rules of
 * lockstep/plugin.h is refused in words for the plugin's author.
 */
#include "plugin/descriptor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plugin/schema.h"

#define TEXT_MAX 512
#define TABLE_MAX 65536 /* bytes of a table of a far newer plugin */

/* In the order of their structs. */
static const char *const backend_slots[] = { "open",  "close",    "get",      "set",     "remove",
					     "list",  "get_many", "set_many", "accepts", "history",
					     "watch", "health",   "apply",    "probe" };
static const char *const verifier_slots[] = { "open",   "close", "verify", "issue",
					      "revoke", "find",  "users",  "check" };

#define SLOT_COUNT(type) ((sizeof(type) - offsetof(type, open)) / sizeof(void *))
_Static_assert(COUNT_OF(backend_slots) == SLOT_COUNT(struct lks_backend), "a slot has no name");
_Static_assert(COUNT_OF(verifier_slots) == SLOT_COUNT(struct lks_verifier), "a slot has no name");

/* What is being read, and where complaints go. */
struct reader {
	const struct elf_image *image;
	const char *name;
	struct lks_error *err;
};

static enum lks_status complain(const struct reader *reader, const char *format, ...)
	PRINTF_LIKE(2, 3);

static enum lks_status complain(const struct reader *reader, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return error_set(reader->err, LKS_UNSUPPORTED, "plugin %s (%s): %s", reader->name,
			 reader->image->path, reason);
}

static enum lks_status not_constant(const struct reader *reader, const char *what)
{
	enum lks_status status = complain(reader, "%s is not constant data", what);

	error_hint(reader->err, "its author: make it a const object whose initialiser needs no "
				"code (in C++: no function call), and link with -Wl,-z,relro");
	return status;
}

/* The pointer at `address`; `*ret_target` 0 for NULL. */
static enum lks_status read_pointer(const struct reader *reader, uint64_t address, const char *what,
				    uint64_t *ret_target)
{
	return elf_pointer(reader->image, address, ret_target) ? LKS_OK
							       : not_constant(reader, what);
}

/* The text that the pointer at `address` leads to, copied; NULL for NULL. */
static enum lks_status read_text(const struct reader *reader, uint64_t address, const char *what,
				 size_t max, char **ret_text)
{
	uint64_t target = 0;
	enum lks_status status = read_pointer(reader, address, what, &target);
	const char *text;

	if (status || target == 0)
		return status;
	text = elf_string(reader->image, target, max);
	if (!text)
		return complain(reader, "%s is not a constant text of at most %zu bytes", what,
				max);
	if (!utf8_is_valid(text, strlen(text)) || utf8_has_invisible(text, strlen(text)))
		return complain(reader, "%s is not plain UTF-8", what);
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return complain(reader, "%s holds a control character", what);
	*ret_text = strdup(text);
	return *ret_text ? LKS_OK : error_no_memory(reader->err, "read a plugin's descriptor");
}

static uint64_t read_u64(const void *table, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)table + offset, sizeof(value));
	return value;
}

static uint32_t read_u32(const void *table, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)table + offset, sizeof(value));
	return value;
}

void descriptor_symbol(const char *prefix, const char *name, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s", prefix, name);
	for (char *c = buffer + strlen(prefix); *c; c++)
		if (*c == '-')
			*c = '_';
}

/* ------------------------------------------------------------------------ */
/* Options                                                                   */

const char *option_type_name(uint32_t type)
{
	static const char *const names[] = { NULL,       "text", "number",           "flag",
					     "duration", "list", "secret reference", "path",
					     "URL",      "map" };

	return type < COUNT_OF(names) ? names[type] : NULL;
}

/* "auth.method": words of [a-z0-9_-] joined by dots. */
static bool is_option_name(const char *name)
{
	bool at_start = true;

	if (strlen(name) > 2 * LKS_NAME_MAX)
		return false;
	for (const char *c = name; *c; c++) {
		bool is_letter = *c >= 'a' && *c <= 'z';

		if (at_start ? !is_letter
			     : !(is_letter || ascii_is_digit(*c) || *c == '_' || *c == '-' ||
				 *c == '.'))
			return false;
		at_start = *c == '.';
	}
	return !at_start;
}

static enum lks_status judge_option(const struct reader *reader, const struct descriptor *so_far,
				    const struct lks_option *option)
{
	char expected[128];

	if (!option->name || !is_option_name(option->name))
		return complain(reader, "option %zu has no proper name", so_far->option_count + 1);
	for (size_t i = 0; i < so_far->option_count; i++)
		if (strcmp(so_far->options[i].name, option->name) == 0)
			return complain(reader, "option \"%s\" is listed twice", option->name);
	if (!option_type_name(option->type))
		return complain(reader,
				"option \"%s\" has a type (%u) that this version of "
				"Lockstep does not know",
				option->name, option->type);
	if (option->type == LKS_OPTION_SECRET && option->fallback)
		return complain(reader, "option \"%s\" is a secret and cannot have a default",
				option->name);
	if (option->type == LKS_OPTION_MAP && option->fallback)
		return complain(reader, "option \"%s\" is a map and cannot have a default",
				option->name);
	if (option->maximum > 0 && option->minimum > option->maximum)
		return complain(reader, "option \"%s\" has an empty range", option->name);
	if (option->fallback && option->type != LKS_OPTION_LIST && option->type != LKS_OPTION_MAP &&
	    !schema_text_fits(option, option->fallback, expected, sizeof(expected)))
		return complain(reader, "the default of option \"%s\" is not %s", option->name,
				expected);
	return LKS_OK;
}

static enum lks_status read_option(const struct reader *reader, uint64_t address,
				   struct descriptor *descriptor)
{
	struct lks_option *option = &descriptor->options[descriptor->option_count];
	const void *entry = elf_constant(reader->image, address, sizeof(*option));
	struct {
		size_t offset;
		const char *what;
		const char **text;
	} texts[] = {
		{ offsetof(struct lks_option, name), "an option's name", &option->name },
		{ offsetof(struct lks_option, fallback), "an option's default", &option->fallback },
		{ offsetof(struct lks_option, choices), "an option's choices", &option->choices },
		{ offsetof(struct lks_option, help), "an option's help", &option->help },
	};
	enum lks_status status = LKS_OK;

	if (!entry)
		return not_constant(reader, "the list of options");
	option->type = read_u32(entry, offsetof(struct lks_option, type));
	option->flags = read_u32(entry, offsetof(struct lks_option, flags));
	option->minimum = (int64_t)read_u64(entry, offsetof(struct lks_option, minimum));
	option->maximum = (int64_t)read_u64(entry, offsetof(struct lks_option, maximum));
	for (size_t i = 0; i < COUNT_OF(texts) && !status; i++)
		status = read_text(reader, address + texts[i].offset, texts[i].what, TEXT_MAX,
				   (char **)(uintptr_t)texts[i].text);
	return status ? status : judge_option(reader, descriptor, option);
}

static enum lks_status read_options(const struct reader *reader, const void *head, uint64_t address,
				    struct descriptor *descriptor)
{
	uint64_t size = read_u64(head, offsetof(struct lks_plugin, option_size));
	uint64_t count = read_u64(head, offsetof(struct lks_plugin, option_count));
	uint64_t target = 0;
	enum lks_status status =
		read_pointer(reader, address + offsetof(struct lks_plugin, options),
			     "the list of options", &target);

	if (status)
		return status;
	if (count == 0)
		return LKS_OK;
	if (!target || count > DESCRIPTOR_OPTIONS_MAX || size < sizeof(struct lks_option) ||
	    size % 8 != 0 || size > TABLE_MAX)
		return complain(reader, "its list of options is wrong (%llu of %llu bytes each)",
				(unsigned long long)count, (unsigned long long)size);
	/* One more than needed: the entry being read when reading fails. */
	descriptor->options = calloc((size_t)count + 1, sizeof(*descriptor->options));
	if (!descriptor->options)
		return error_no_memory(reader->err, "read a plugin's options");
	for (uint64_t i = 0; i < count && !status; i++) {
		status = read_option(reader, target + i * size, descriptor);
		/* Also after a failure, so that its texts are released. */
		descriptor->option_count++;
	}
	return status;
}

/* ------------------------------------------------------------------------ */
/* Tables                                                                    */

/* Find the table that the pointer at `address` leads to and note which slots
   are set. `ret_table` is at least `head_size` bytes, or NULL. */
static enum lks_status read_table(const struct reader *reader, uint64_t address, const char *what,
				  size_t head_size, const char *const *names, size_t name_count,
				  const void **ret_table, uint64_t *ret_target,
				  struct descriptor_slots *slots)
{
	enum lks_status status = read_pointer(reader, address, what, ret_target);

	*ret_table = NULL;
	if (status || *ret_target == 0)
		return status;
	*ret_table = elf_constant(reader->image, *ret_target, head_size);
	if (!*ret_table || *ret_target % 8 != 0)
		return not_constant(reader, what);
	slots->is_present = true;
	slots->size = read_u64(*ret_table, 0);
	if (slots->size < head_size || slots->size > TABLE_MAX ||
	    !elf_constant(reader->image, *ret_target, (size_t)slots->size))
		return complain(reader, "%s says that it has %llu bytes, which is wrong", what,
				(unsigned long long)slots->size);
	for (size_t i = 0; i < name_count && head_size + 8 * (i + 1) <= slots->size; i++) {
		uint64_t code;
		char slot[64];

		snprintf(slot, sizeof(slot), "slot \"%s\" of %s", names[i], what);
		status = read_pointer(reader, *ret_target + head_size + 8 * i, slot, &code);
		if (status)
			return status;
		if (code && !elf_is_code(reader->image, code))
			return complain(reader, "%s is not a function of the plugin", slot);
		if (code)
			slots->set |= UINT64_C(1) << i;
	}
	return LKS_OK;
}

static bool has_slot(const struct descriptor_slots *slots, const char *const *names, size_t count,
		     const char *slot)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], slot) == 0)
			return slots->is_present && (slots->set >> i & 1);
	return false;
}

bool descriptor_has_backend_slot(const struct descriptor *descriptor, const char *slot)
{
	return has_slot(&descriptor->backend, backend_slots, COUNT_OF(backend_slots), slot);
}

bool descriptor_has_verifier_slot(const struct descriptor *descriptor, const char *slot)
{
	return has_slot(&descriptor->verifier, verifier_slots, COUNT_OF(verifier_slots), slot);
}

const char *descriptor_backend_slot(size_t index)
{
	return index < COUNT_OF(backend_slots) ? backend_slots[index] : NULL;
}

const char *descriptor_verifier_slot(size_t index)
{
	return index < COUNT_OF(verifier_slots) ? verifier_slots[index] : NULL;
}

static enum lks_status judge_backend(const struct reader *reader,
				     const struct descriptor *descriptor)
{
	static const char *const required[] = { "open", "close", "get" };

	for (size_t i = 0; i < COUNT_OF(required); i++)
		if (!descriptor_has_backend_slot(descriptor, required[i]))
			return complain(reader, "its backend has no \"%s\"", required[i]);
	if (descriptor_has_backend_slot(descriptor, "apply") &&
	    !descriptor_has_backend_slot(descriptor, "probe"))
		return complain(reader, "its backend has \"apply\" but no \"probe\"");
	if ((descriptor->backend_traits & LKS_ATOMIC_MANY) &&
	    !descriptor_has_backend_slot(descriptor, "set_many"))
		return complain(reader, "its backend has LKS_ATOMIC_MANY but no \"set_many\"");
	for (size_t i = 0; i < COUNT_OF(descriptor->sides); i++)
		for (size_t j = 0; j < i && descriptor->sides[i]; j++)
			if (descriptor->sides[j] &&
			    strcmp(descriptor->sides[i], descriptor->sides[j]) == 0)
				return complain(reader, "two of its sides are called \"%s\"",
						descriptor->sides[i]);
	return LKS_OK;
}

static enum lks_status read_backend(const struct reader *reader, uint64_t address,
				    struct descriptor *descriptor)
{
	const void *table;
	uint64_t target;
	enum lks_status status =
		read_table(reader, address + offsetof(struct lks_plugin, backend),
			   "the backend table", offsetof(struct lks_backend, open), backend_slots,
			   COUNT_OF(backend_slots), &table, &target, &descriptor->backend);

	if (status || !table)
		return status;
	descriptor->backend_traits = read_u64(table, offsetof(struct lks_backend, traits));
	descriptor->value_max = read_u64(table, offsetof(struct lks_backend, value_max));
	descriptor->reads_per_minute =
		read_u32(table, offsetof(struct lks_backend, reads_per_minute));
	descriptor->writes_per_minute =
		read_u32(table, offsetof(struct lks_backend, writes_per_minute));
	for (size_t i = 0; i < COUNT_OF(descriptor->sides) && !status; i++)
		status = read_text(reader, target + offsetof(struct lks_backend, sides) + 8 * i,
				   "a side's suffix", LKS_NAME_MAX, &descriptor->sides[i]);
	for (size_t i = 0; i < COUNT_OF(descriptor->sides) && !status; i++)
		if (descriptor->sides[i] && !descriptor->sides[i][0])
			return complain(reader, "a side's suffix is empty");
	return status ? status : judge_backend(reader, descriptor);
}

static enum lks_status judge_verifier(const struct reader *reader,
				      const struct descriptor *descriptor)
{
	static const char *const required[] = { "open", "close", "verify" };
	bool issues = descriptor_has_verifier_slot(descriptor, "issue");

	for (size_t i = 0; i < COUNT_OF(required); i++)
		if (!descriptor_has_verifier_slot(descriptor, required[i]))
			return complain(reader, "its verifier has no \"%s\"", required[i]);
	if (issues != (descriptor->issue_kind != LKS_ISSUE_NONE) ||
	    descriptor->issue_kind > LKS_ISSUE_CREATE)
		return complain(reader, "its verifier's \"issue\" and its issue_kind (%u) differ",
				descriptor->issue_kind);
	if (issues && !descriptor_has_verifier_slot(descriptor, "revoke"))
		return complain(reader, "its verifier has \"issue\" but no \"revoke\"");
	if (issues && descriptor->verifier_slots == 0)
		return complain(reader, "its verifier issues but has 0 slots");
	if (descriptor->issue_kind == LKS_ISSUE_CREATE &&
	    !descriptor_has_verifier_slot(descriptor, "find"))
		return complain(reader, "its verifier creates credentials but has no \"find\"");
	if (descriptor->propagation_ms < 0)
		return complain(reader, "its verifier's propagation is negative");
	return LKS_OK;
}

static enum lks_status read_verifier(const struct reader *reader, uint64_t address,
				     struct descriptor *descriptor)
{
	const void *table;
	uint64_t target;
	enum lks_status status = read_table(
		reader, address + offsetof(struct lks_plugin, verifier), "the verifier table",
		offsetof(struct lks_verifier, open), verifier_slots, COUNT_OF(verifier_slots),
		&table, &target, &descriptor->verifier);

	if (status || !table)
		return status;
	descriptor->verifier_traits = read_u64(table, offsetof(struct lks_verifier, traits));
	descriptor->verifier_slots = read_u32(table, offsetof(struct lks_verifier, slots));
	descriptor->issue_kind = read_u32(table, offsetof(struct lks_verifier, issue_kind));
	descriptor->propagation_ms =
		(int64_t)read_u64(table, offsetof(struct lks_verifier, propagation_ms));
	return judge_verifier(reader, descriptor);
}

/* ------------------------------------------------------------------------ */
/* The whole                                                                 */

/* `abi` and `size` come first; nothing else is looked at before they are good. */
static enum lks_status find_head(const struct reader *reader, const Elf64_Sym *symbol,
				 const void **ret_head)
{
	const void *head = elf_constant(reader->image, symbol->st_value, 16);
	uint64_t size;

	if (!head || symbol->st_value % 8 != 0 || ELF64_ST_TYPE(symbol->st_info) == STT_FUNC ||
	    ELF64_ST_TYPE(symbol->st_info) == STT_TLS || symbol->st_shndx == SHN_ABS)
		return not_constant(reader, "its descriptor");
	if (read_u32(head, 0) != LKS_ABI) {
		enum lks_status status =
			complain(reader, "it is built for plugin ABI %u, this Lockstep has ABI %u",
				 read_u32(head, 0), LKS_ABI);

		error_hint(reader->err, "build it against the lockstep/plugin.h of this version");
		return status;
	}
	size = read_u64(head, offsetof(struct lks_plugin, size));
	if (size < sizeof(struct lks_plugin) || size > TABLE_MAX || size > symbol->st_size)
		return complain(reader,
				"its descriptor says that it has %llu bytes, which is wrong",
				(unsigned long long)size);
	*ret_head = elf_constant(reader->image, symbol->st_value, (size_t)size);
	return *ret_head ? LKS_OK : not_constant(reader, "its descriptor");
}

static enum lks_status read_names(const struct reader *reader, uint64_t address,
				  struct descriptor *descriptor)
{
	AUTO(free_ptr) char *name = NULL;
	struct {
		size_t offset;
		const char *what;
		size_t max;
		char **text;
	} texts[] = {
		{ offsetof(struct lks_plugin, name), "its name", LKS_NAME_MAX, &name },
		{ offsetof(struct lks_plugin, version), "its version", 64, &descriptor->version },
		{ offsetof(struct lks_plugin, summary), "its summary", TEXT_MAX,
		  &descriptor->summary },
		{ offsetof(struct lks_plugin, license), "its license", 128, &descriptor->license },
	};
	enum lks_status status = LKS_OK;

	for (size_t i = 0; i < COUNT_OF(texts) && !status; i++) {
		status = read_text(reader, address + texts[i].offset, texts[i].what, texts[i].max,
				   texts[i].text);
		if (!status && (!*texts[i].text || !**texts[i].text))
			return complain(reader, "%s is missing", texts[i].what);
	}
	if (status)
		return status;
	if (strcmp(name, reader->name) != 0)
		return complain(reader, "it calls itself \"%s\"; the file must be %s.so", name,
				name);
	string_copy(descriptor->name, sizeof(descriptor->name), name);
	return LKS_OK;
}

enum lks_status descriptor_read(const struct elf_image *image, const char *name,
				struct descriptor **ret_descriptor, struct lks_error *err)
{
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	struct reader reader = { image, name, err };
	char wanted[sizeof(DESCRIPTOR_SYMBOL) + LKS_NAME_MAX];
	const Elf64_Sym *symbol;
	const void *head = NULL;
	enum lks_status status;

	descriptor_symbol(DESCRIPTOR_SYMBOL, name, wanted, sizeof(wanted));
	symbol = elf_symbol(image, wanted);
	if (!symbol) {
		complain(&reader, "it does not export %s, so it is not this plugin", wanted);
		error_hint(err, "a plugin is made with LKS_PLUGIN() of lockstep/plugin.h, and its "
				"file is called as its name says");
		return LKS_UNSUPPORTED;
	}
	descriptor = calloc(1, sizeof(*descriptor));
	if (!descriptor)
		return error_no_memory(err, "read a plugin's descriptor");
	status = find_head(&reader, symbol, &head);
	if (!status)
		status = read_names(&reader, symbol->st_value, descriptor);
	if (!status)
		status = read_options(&reader, head, symbol->st_value, descriptor);
	if (!status)
		status = read_backend(&reader, symbol->st_value, descriptor);
	if (!status)
		status = read_verifier(&reader, symbol->st_value, descriptor);
	if (!status)
		status = elf_check_exports(image, wanted, err);
	if (status)
		return status;
	if (!descriptor->backend.is_present && !descriptor->verifier.is_present)
		return complain(&reader, "it offers neither a backend nor a verifier");
	descriptor->symbol_address = symbol->st_value;
	*ret_descriptor = TAKE(descriptor);
	return LKS_OK;
}

static void free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

void descriptor_free(struct descriptor *descriptor)
{
	if (!descriptor)
		return;
	for (size_t i = 0; i < descriptor->option_count; i++) {
		free_text(descriptor->options[i].name);
		free_text(descriptor->options[i].fallback);
		free_text(descriptor->options[i].choices);
		free_text(descriptor->options[i].help);
	}
	for (size_t i = 0; i < COUNT_OF(descriptor->sides); i++)
		free(descriptor->sides[i]);
	free(descriptor->options);
	free(descriptor->version);
	free(descriptor->summary);
	free(descriptor->license);
	free(descriptor);
}

void descriptor_freep(struct descriptor **descriptor)
{
	descriptor_free(*descriptor);
}
