/* SPDX-License-Identifier: Apache-2.0 */
/* Named values of one operation: a short list, looked up by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "txn/operation.h"

enum lks_status values_new(struct values **ret_values, struct lks_error *err)
{
	*ret_values = calloc(1, sizeof(**ret_values));
	return *ret_values ? LKS_OK : error_no_memory(err, "keep values");
}

void values_free(struct values *values)
{
	if (!values)
		return;
	for (size_t i = 0; i < values->count; i++) {
		free(values->entries[i].name);
		record_free(values->entries[i].record);
	}
	free(values->entries);
	free(values);
}

void values_freep(struct values **values)
{
	values_free(*values);
}

static struct value_entry *find(const struct values *values, const char *name)
{
	for (size_t i = 0; i < values->count; i++) {
		if (!strcmp(values->entries[i].name, name))
			return &values->entries[i];
	}
	return NULL;
}

enum lks_status values_put(struct values *values, const char *name, struct lks_record *record,
			   struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *taken = record;
	struct value_entry *entry = find(values, name);
	struct value_entry *grown;
	AUTO(free_ptr) char *copy = NULL;

	if (entry) {
		record_free(entry->record);
		entry->record = TAKE(taken);
		return LKS_OK;
	}
	copy = strdup(name);
	grown = realloc(values->entries, (values->count + 1) * sizeof(*grown));
	if (grown)
		values->entries = grown;
	if (!copy || !grown)
		return error_no_memory(err, "keep a value");
	grown[values->count].name = TAKE(copy);
	grown[values->count++].record = TAKE(taken);
	return LKS_OK;
}

const struct lks_record *values_get(const struct values *values, const char *name)
{
	const struct value_entry *entry = name ? find(values, name) : NULL;

	return entry ? entry->record : NULL;
}

void target_name(const struct reference *reference, char *buffer, size_t size)
{
	struct reference record = *reference;

	record.version[0] = '\0';
	record.field[0] = '\0';
	if (record.label == LABEL_CURRENT)
		record.label = LABEL_NONE;
	reference_print(&record, buffer, size);
}

void value_name_old(const struct reference *reference, char *buffer, size_t size)
{
	char name[TARGET_NAME_MAX];

	target_name(reference, name, sizeof(name));
	snprintf(buffer, size, "old:%s", name);
}
