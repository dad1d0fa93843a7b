/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin says about itself, read from its file without running it:
 * name, version, options, and which slots of its tables are set.
 */
#ifndef PLUGIN_DESCRIPTOR_H
#define PLUGIN_DESCRIPTOR_H

#include "plugin/elf.h"

#define DESCRIPTOR_SYMBOL "lks_plugin_"
#define DESCRIPTOR_OPTIONS_MAX 256
#define DESCRIPTOR_SLOTS_MAX 64

/* One table of functions: which of its slots are set. Bit i is the i-th slot
   of struct lks_backend or lks_verifier, counted from `open`. */
struct descriptor_slots {
	bool is_present;
	uint64_t size; /* as the plugin says */
	uint64_t set;
};

struct descriptor {
	char name[LKS_NAME_MAX + 1];
	char *version;
	char *summary;
	char *license;
	struct lks_option *options; /* names and texts are owned */
	size_t option_count;
	struct descriptor_slots backend;
	uint64_t backend_traits;
	char *sides[5]; /* pending previous blue green metadata; NULL: none */
	uint64_t value_max;
	uint32_t reads_per_minute;
	uint32_t writes_per_minute;
	struct descriptor_slots verifier;
	uint64_t verifier_traits;
	uint32_t verifier_slots; /* credentials that can be valid at once */
	uint32_t issue_kind;
	int64_t propagation_ms;
	uint64_t symbol_address; /* in the file */
};

/*
 * Read and judge the descriptor of plugin `name`. LKS_UNSUPPORTED, with what
 * the plugin's author has to mend, if there is none, if it is not constant
 * data, of another ABI, incomplete or inconsistent.
 */
enum lks_status descriptor_read(const struct elf_image *image, const char *name,
				struct descriptor **ret_descriptor,
				struct lks_error *err) MUST_CHECK;
void descriptor_free(struct descriptor *descriptor);
void descriptor_freep(struct descriptor **descriptor);

/* "lks_plugin_my_store" for "my-store"; `prefix` as DESCRIPTOR_SYMBOL. */
void descriptor_symbol(const char *prefix, const char *name, char *buffer, size_t size);

/* The slots' names in order ("open", "close", "get", ...); NULL at the end. */
const char *descriptor_backend_slot(size_t index);
const char *descriptor_verifier_slot(size_t index);
bool descriptor_has_backend_slot(const struct descriptor *descriptor, const char *slot);
bool descriptor_has_verifier_slot(const struct descriptor *descriptor, const char *slot);
/* "text", "duration", "secret reference", ... */
const char *option_type_name(uint32_t type);

#endif
