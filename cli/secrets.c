/* SPDX-License-Identifier: Apache-2.0 */
/* Collect references, read them together, mask their values. */
#include "cli/secrets.h"

#include <string.h>

#include "base/log.h"

enum lks_status secrets_add(struct secrets *secrets, const char *name,
			    const struct reference *reference, bool is_listed,
			    struct lks_error *err)
{
	struct secret_entry *entry;

	if (secrets->count == secrets->room) {
		const size_t room = secrets->room ? 2 * secrets->room : 16;
		struct secret_entry *entries =
			realloc(secrets->entries, room * sizeof(*secrets->entries));

		if (!entries)
			return error_no_memory(err, "the list of secrets");
		secrets->entries = entries;
		secrets->room = room;
	}
	entry = &secrets->entries[secrets->count];
	*entry = (struct secret_entry){ NULL, *reference, is_listed, NULL };
	if (name && !(entry->name = strdup(name)))
		return error_no_memory(err, "the list of secrets");
	secrets->count++;
	return record_new(&entry->record, err);
}

enum lks_status secrets_add_all(struct secrets *secrets, struct cli *cli, const char *prefix,
				struct lks_error *err)
{
	AUTO(list_release) struct lks_list list = { NULL, 0, NULL };
	struct access access;
	struct reference reference;
	enum lks_status status = reference_parse_prefix(prefix, &reference, err);

	if (!status)
		status = cli_open_stores(cli, err);
	if (status)
		return status;
	access = cli_access(cli, ACTION_LIST);
	status = store_list(cli->stores, &access, &reference, &list, err);
	if (!status && list.count == 0) {
		error_set(err, LKS_NOT_FOUND, "there is no secret below %s", prefix);
		status = LKS_NOT_FOUND;
	}
	for (size_t i = 0; !status && i < list.count; i++) {
		string_copy(reference.path, sizeof(reference.path), list.entries[i].path);
		status = secrets_add(secrets, NULL, &reference, true, err);
	}
	return status;
}

/* One failure out of many: one that is not "missing" first, else all missing. */
static enum lks_status report_failures(const struct secrets *secrets,
				       const struct lks_error *errors, struct lks_error *err)
{
	AUTO(text_release) struct text missing = TEXT_INIT;
	size_t count = 0;
	size_t first = 0;

	for (size_t i = 0; i < secrets->count; i++) {
		char reference[REFERENCE_MAX * 2];

		if (!errors[i].status)
			continue;
		if (errors[i].status != LKS_NOT_FOUND) {
			if (err)
				*err = errors[i];
			return errors[i].status;
		}
		first = count++ ? first : i;
		reference_print(&secrets->entries[i].reference, reference, sizeof(reference));
		text_printf(&missing, "%s%s", missing.len ? ", " : "", reference);
	}
	if (count == 0)
		return LKS_OK;
	if (err && count == 1) {
		*err = errors[first];
		return LKS_NOT_FOUND;
	}
	return error_set(err, LKS_NOT_FOUND, "%zu secrets are not there: %s", count,
			 text_string(&missing));
}

enum lks_status secrets_read(struct secrets *secrets, struct cli *cli, struct lks_error *err)
{
	AUTO(free_ptr) struct lks_error *errors = NULL;
	AUTO(free_ptr) struct reference *references = NULL;
	AUTO(free_ptr) struct lks_record **records = NULL;
	struct access access;
	enum lks_status status = cli_open_stores(cli, err);

	if (status || secrets->count == 0)
		return status;
	errors = calloc(secrets->count, sizeof(*errors));
	references = calloc(secrets->count, sizeof(*references));
	records = calloc(secrets->count, sizeof(struct lks_record *));
	if (!errors || !references || !records)
		return error_no_memory(err, "reading several secrets");
	for (size_t i = 0; i < secrets->count; i++) {
		references[i] = secrets->entries[i].reference;
		records[i] = secrets->entries[i].record;
	}
	access = cli_access(cli, ACTION_GET);
	status = store_get_many(cli->stores, &access, references, secrets->count, records, errors,
				err);
	return status ? status : report_failures(secrets, errors, err);
}

enum lks_status secrets_value(const struct secret_entry *entry, const struct lks_buffer **ret_value,
			      struct lks_error *err)
{
	const char *field = entry->reference.field[0] ? entry->reference.field : NULL;
	const enum lks_status status = record_pick(entry->record, field, ret_value, err);
	char reference[REFERENCE_MAX * 2];

	if (status) {
		reference_print(&entry->reference, reference, sizeof(reference));
		error_prefix(err, "%s: ", reference);
	}
	return status;
}

static enum lks_status add_values(const struct secret_entry *entry, struct redactor *redactor,
				  struct text *unmasked, struct lks_error *err)
{
	char reference[REFERENCE_MAX * 2];

	reference_print(&entry->reference, reference, sizeof(reference));
	for (size_t i = 0; i < entry->record->field_count; i++) {
		const struct record_field *field = &entry->record->fields[i];
		enum redact_choice choice;
		enum lks_status status;

		if (entry->reference.field[0] && strcmp(entry->reference.field, field->name) != 0)
			continue;
		status =
			redactor_add(redactor, field->value->data, field->value->len, &choice, err);
		if (status)
			return status;
		if (choice != REDACT_MASKED && field->value->len > 0)
			text_printf(unmasked, "%s%s", unmasked->len ? ", " : "", reference);
	}
	return LKS_OK;
}

enum lks_status secrets_redactor(const struct secrets *secrets, struct redactor **ret_redactor,
				 struct lks_error *err)
{
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	AUTO(text_release) struct text unmasked = TEXT_INIT;
	enum lks_status status = redactor_new(&redactor, err);

	for (size_t i = 0; !status && i < secrets->count; i++)
		status = add_values(&secrets->entries[i], redactor, &unmasked, err);
	if (!status)
		status = redactor_build(redactor, err);
	if (status)
		return status;
	if (unmasked.len)
		log_warn("not masked, because they are too short or too common: %s",
			 text_string(&unmasked));
	*ret_redactor = TAKE(redactor);
	return LKS_OK;
}

void secrets_release(struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		free(secrets->entries[i].name);
		record_free(secrets->entries[i].record);
	}
	free(secrets->entries);
	*secrets = (struct secrets)SECRETS_INIT;
}
