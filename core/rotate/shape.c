/* SPDX-License-Identifier: Apache-2.0 */
/* Which records a rotation changes, and what goes into each. */
#include "rotate/shape.h"

#include <stdio.h>
#include <string.h>

#include "base/template.h"
#include "base/text.h"
#include "rotate/generate.h"

void shape_free(struct shape *shape)
{
	if (!shape)
		return;
	for (size_t i = 0; i < shape->count; i++) {
		free(shape->records[i].parts);
		record_free(shape->records[i].owned);
		record_free(shape->records[i].fresh);
	}
	free(shape->records);
	free(shape);
}

void shape_freep(struct shape **shape)
{
	shape_free(*shape);
}

static struct shape_record *find_record(const struct shape *shape, const struct reference *wanted)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct reference *have = &shape->records[i].reference;
		if (strcmp(have->store, wanted->store) == 0 &&
		    strcmp(have->path, wanted->path) == 0)
			return &shape->records[i];
	}
	return NULL;
}

static struct shape_record *add_record(struct shape *shape, const struct reference *reference)
{
	struct shape_record *records =
		reallocarray(shape->records, shape->count + 1, sizeof(*shape->records));
	if (!records)
		return NULL;
	shape->records = records;
	struct shape_record *record = &records[shape->count++];
	*record = (struct shape_record){ .reference = *reference };
	record->reference.field[0] = '\0';
	record->reference.version[0] = '\0';
	record->reference.label = LABEL_NONE;
	char name[REFERENCE_MAX * 2];
	reference_print_record(&record->reference, name, sizeof(name));
	snprintf(record->value, sizeof(record->value), "new:%.1024s", name);
	return record;
}

/* Two parts of one rotation may not write the same field. */
static enum lks_status check_overlap(const struct shape_record *record, const struct part *part,
				     struct lks_error *err)
{
	for (size_t i = 0; i < record->part_count; i++) {
		const char *have = record->parts[i].reference.field;
		const char *wanted = part->reference.field;
		if (*have && *wanted && strcmp(have, wanted) != 0)
			continue;
		char name[REFERENCE_MAX * 2];
		reference_print(&part->reference, name, sizeof(name));
		return error_set(err, LKS_INVALID, "%s would be written twice by this rotation",
				 name);
	}
	return LKS_OK;
}

static enum lks_status add_part(struct shape *shape, enum part_kind kind, size_t index,
				const char *text, struct lks_error *err)
{
	struct part part = { .kind = kind, .index = index };
	enum lks_status status = reference_parse(text, &part.reference, err);
	if (status != LKS_OK)
		return status;
	if (*part.reference.version || part.reference.label != LABEL_NONE) {
		error_set(err, LKS_INVALID,
			  "%s: a rotation names a secret, not one of its versions or labels", text);
		return LKS_INVALID;
	}
	struct shape_record *record = find_record(shape, &part.reference);
	if (!record)
		record = add_record(shape, &part.reference);
	if (!record)
		return error_no_memory(err, "plan a rotation");
	status = check_overlap(record, &part, err);
	if (status != LKS_OK)
		return status;
	struct part *parts =
		reallocarray(record->parts, record->part_count + 1, sizeof(*record->parts));
	if (!parts)
		return error_no_memory(err, "plan a rotation");
	record->parts = parts;
	record->parts[record->part_count++] = part;
	if (kind == PART_SECRET)
		record->is_source = true;
	return LKS_OK;
}

/* Copies carry the same credential: there must be one that they carry. */
static enum lks_status check_one_credential(const struct shape *shape, struct lks_error *err)
{
	const struct config_rotation *rotation = shape->rotation;
	size_t sources = 0;
	for (size_t i = 0; i < shape->count; i++)
		sources += shape->records[i].is_source;
	bool has_public = rotation->has_generate && rotation->generate.public_reference;
	if (sources < 2 || rotation->shared || (!rotation->copy_count && !has_public))
		return LKS_OK;
	error_set(err, LKS_INVALID,
		  "%s: its secrets get a value each, so it is not clear which of them %s",
		  rotation->name,
		  rotation->copy_count ? "the copies carry" : "the public half belongs to");
	error_hint(err, "set `shared = true`, or make a rotation of each secret");
	return LKS_INVALID;
}

enum lks_status shape_new(const struct config_rotation *rotation, struct shape **ret_shape,
			  struct lks_error *err)
{
	AUTO(shape_freep) struct shape *shape = calloc(1, sizeof(*shape));
	enum lks_status status = LKS_OK;
	if (!shape)
		return error_no_memory(err, "plan a rotation");
	shape->rotation = rotation;
	if (!rotation->secrets.count)
		return error_set(err, LKS_INVALID, "%s: no secret is named", rotation->name);
	for (size_t i = 0; i < rotation->secrets.count && status == LKS_OK; i++)
		status = add_part(shape, PART_SECRET, i, rotation->secrets.items[i], err);
	if (status == LKS_OK && rotation->generate.public_reference)
		status = add_part(shape, PART_PUBLIC, 0, rotation->generate.public_reference, err);
	for (size_t i = 0; i < rotation->copy_count && status == LKS_OK; i++)
		status = add_part(shape, PART_COPY, i, rotation->copies[i].to, err);
	if (status == LKS_OK)
		status = check_one_credential(shape, err);
	if (status == LKS_OK)
		*ret_shape = TAKE(shape);
	return status;
}

static enum lks_status secret_is_missing(const struct shape_record *record, struct lks_error *err)
{
	char name[REFERENCE_MAX * 2];
	reference_print(&record->reference, name, sizeof(name));
	error_set(err, LKS_NOT_FOUND, "%s is not there, so there is nothing to rotate", name);
	error_reference(err, name);
	error_hint(err, "give it a first value: `lockstep set %s`", name);
	return LKS_NOT_FOUND;
}

enum lks_status shape_read(struct shape *shape, struct stores *stores, const struct access *access,
			   struct lks_error *err)
{
	for (size_t i = 0; i < shape->count; i++) {
		struct shape_record *record = &shape->records[i];
		AUTO(record_freep) struct lks_record *old = NULL;
		enum lks_status status = record_new(&old, err);
		if (status != LKS_OK)
			return status;
		status = store_get(stores, access, &record->reference, true, old, err);
		if (status == LKS_NOT_FOUND && record->is_source)
			return secret_is_missing(record, err);
		if (status == LKS_NOT_FOUND) {
			error_clear(err);
			continue;
		}
		if (status != LKS_OK)
			return status;
		record->owned = TAKE(old);
		record->old = record->owned;
	}
	return LKS_OK;
}

enum lks_status shape_take(struct shape *shape, const struct values *values, struct lks_error *err)
{
	for (size_t i = 0; i < shape->count; i++) {
		struct shape_record *record = &shape->records[i];
		char name[REFERENCE_MAX * 2];
		value_name_old(&record->reference, name, sizeof(name));
		record->old = values_get(values, name);
		if (!record->old && record->is_source)
			return secret_is_missing(record, err);
	}
	return LKS_OK;
}

/* The field that a reference without one means, in what is there. */
static enum lks_status pick_field(const struct reference *reference,
				  const struct lks_record *record, const char **ret_field,
				  struct lks_error *err)
{
	if (*reference->field) {
		*ret_field = reference->field;
		return LKS_OK;
	}
	if (record && record->field_count == 1) {
		*ret_field = record->fields[0].name;
		return LKS_OK;
	}
	if (record && record->field_count > 1 && !record_find(record, "value")) {
		char name[REFERENCE_MAX * 2];
		reference_print(reference, name, sizeof(name));
		error_set(err, LKS_INVALID, "%s has %zu fields: say which one, as %s#FIELD", name,
			  record->field_count, name);
		error_reference(err, name);
		return LKS_INVALID;
	}
	*ret_field = "value";
	return LKS_OK;
}

static const struct shape_record *source_of(const struct shape *shape)
{
	return &shape->records[0];
}

/* What a copy is of the given source: one value, or with `*ret_whole` the
   whole record. */
static enum lks_status render_copy(const struct shape *shape, size_t index,
				   const struct lks_record *source, bool to_has_field,
				   struct lks_buffer **ret_value, bool *ret_whole,
				   struct lks_error *err)
{
	const struct config_copy *copy = &shape->rotation->copies[index];
	const struct reference *secret = &source_of(shape)->parts[0].reference;
	*ret_whole = false;
	enum lks_status status;
	if (copy->template_text) {
		status = template_render(copy->template_text, source, ret_value, err);
	} else if (!copy->field && !*secret->field && !to_has_field && source->field_count > 1) {
		*ret_whole = true;
		return LKS_OK;
	} else {
		const char *field = copy->field      ? copy->field
				    : *secret->field ? secret->field
						     : NULL;
		const struct lks_buffer *value = NULL;
		status = record_pick(source, field, &value, err);
		if (status == LKS_OK)
			status = secret_from(value->data, value->len, ret_value, err);
	}
	if (status != LKS_OK)
		error_prefix(err, "copy to %s: ", copy->to);
	return status;
}

static enum lks_status copy_differs(const struct shape *shape, const struct part *part,
				    struct lks_error *err)
{
	const char *to = shape->rotation->copies[part->index].to;
	error_set(err, LKS_CONFLICT,
		  "%s does not hold what the current secret would make of it: someone else writes "
		  "it, or it was never a copy",
		  to);
	error_reference(err, to);
	error_hint(err, "put the right value there, or take it over with `adopt = true` in the "
			"copy");
	return LKS_CONFLICT;
}

static enum lks_status check_copy(const struct shape *shape, const struct shape_record *record,
				  const struct part *part, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *expected = NULL;
	const struct lks_record *source = source_of(shape)->old;
	bool is_whole = false;
	/* Rendering may fail for a template that names no field: say so also
	   where there is nothing to compare with. */
	enum lks_status status = render_copy(shape, part->index, source, *part->reference.field,
					     &expected, &is_whole, err);
	if (status != LKS_OK || !record->old || shape->rotation->copies[part->index].adopt)
		return status;
	if (is_whole)
		return record_equal(record->old, source) ? LKS_OK : copy_differs(shape, part, err);
	const char *field = NULL;
	status = pick_field(&part->reference, record->old, &field, err);
	if (status != LKS_OK)
		return status;
	const struct lks_buffer *present = record_find(record->old, field);
	if (present && !secret_equal(present, expected))
		return copy_differs(shape, part, err);
	return LKS_OK;
}

enum lks_status shape_check_copies(const struct shape *shape, struct lks_error *err)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct shape_record *record = &shape->records[i];
		for (size_t p = 0; p < record->part_count; p++) {
			if (record->parts[p].kind != PART_COPY)
				continue;
			enum lks_status status = check_copy(shape, record, &record->parts[p], err);
			if (status != LKS_OK)
				return status;
		}
	}
	return LKS_OK;
}

/* --- new records ------------------------------------------------------------ */

void fresh_values_release(struct fresh_values *values)
{
	for (size_t i = 0; values->values && i < values->count; i++)
		secret_free(values->values[i]);
	free(values->values);
	secret_free(values->public_half);
	*values = (struct fresh_values){ 0 };
}

enum lks_status fresh_values_make(const struct config_rotation *rotation, value_maker make,
				  struct fresh_values *ret_values, struct lks_error *err)
{
	AUTO(fresh_values_release) struct fresh_values values = { 0 };
	size_t count = rotation->shared ? 1 : rotation->secrets.count;
	values.values = calloc(count ? count : 1, sizeof(struct lks_buffer *));
	if (!values.values)
		return error_no_memory(err, "new values");
	values.count = count;
	for (size_t i = 0; i < count; i++) {
		AUTO(secret_freep) struct lks_buffer *public_half = NULL;
		enum lks_status status =
			make(&rotation->generate, &values.values[i], &public_half, err);
		if (status != LKS_OK)
			return status;
		if (!values.public_half)
			values.public_half = TAKE(public_half);
	}
	*ret_values = values;
	values = (struct fresh_values){ 0 };
	return LKS_OK;
}

static enum lks_status same_as_before(const struct reference *reference, struct lks_error *err)
{
	char name[REFERENCE_MAX * 2];
	reference_print(reference, name, sizeof(name));
	error_set(err, LKS_CONFLICT, "%s: the new value is the old one", name);
	error_reference(err, name);
	return LKS_CONFLICT;
}

/* What there is, as a record of its own that may be changed. */
static enum lks_status begin_fresh(struct shape_record *record, struct lks_error *err)
{
	record_free(record->fresh);
	record->fresh = NULL;
	if (!record->old)
		return record_new(&record->fresh, err);
	enum lks_status status = record_copy(record->old, &record->fresh, err);
	if (status != LKS_OK)
		return status;
	record->fresh->version[0] = '\0';
	record->fresh->created_wall_ms = 0;
	return LKS_OK;
}

static enum lks_status fill_value(struct shape_record *record, const struct part *part,
				  const struct lks_buffer *value, bool is_sample,
				  struct lks_error *err)
{
	const char *field = NULL;
	enum lks_status status = pick_field(&part->reference, record->old, &field, err);
	if (status != LKS_OK)
		return status;
	if (part->kind == PART_SECRET) {
		const struct lks_buffer *before = record_find(record->old, field);
		if (!before) {
			char name[REFERENCE_MAX * 2];
			reference_print(&part->reference, name, sizeof(name));
			error_set(err, LKS_NOT_FOUND, "%s: there is no field \"%s\" to rotate",
				  name, field);
			error_reference(err, name);
			return LKS_NOT_FOUND;
		}
		if (!is_sample && secret_equal(before, value))
			return same_as_before(&part->reference, err);
	}
	return record_put(record->fresh, field, value->data, value->len, err);
}

static enum lks_status fill_copy(const struct shape *shape, struct shape_record *record,
				 const struct part *part, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	const struct lks_record *source = source_of(shape)->fresh;
	bool is_whole = false;
	enum lks_status status = render_copy(shape, part->index, source, *part->reference.field,
					     &value, &is_whole, err);
	if (status != LKS_OK)
		return status;
	if (!is_whole)
		return fill_value(record, part, value, false, err);
	record_clear(record->fresh);
	for (size_t i = 0; i < source->field_count && status == LKS_OK; i++)
		status = record_put(record->fresh, source->fields[i].name,
				    source->fields[i].value->data, source->fields[i].value->len,
				    err);
	return status;
}

static enum lks_status fill_parts(struct shape *shape, enum part_kind kind,
				  const struct fresh_values *values, struct lks_error *err)
{
	for (size_t i = 0; i < shape->count; i++) {
		struct shape_record *record = &shape->records[i];
		for (size_t p = 0; p < record->part_count; p++) {
			const struct part *part = &record->parts[p];
			enum lks_status status = LKS_OK;
			if (part->kind != kind)
				continue;
			if (kind == PART_SECRET)
				status = fill_value(
					record, part,
					values->values[shape->rotation->shared ? 0 : part->index],
					values->is_sample, err);
			else if (kind == PART_PUBLIC)
				status = fill_value(record, part, values->public_half, false, err);
			else
				status = fill_copy(shape, record, part, err);
			if (status != LKS_OK)
				return status;
		}
	}
	return LKS_OK;
}

enum lks_status shape_fill(struct shape *shape, const struct fresh_values *values,
			   struct lks_error *err)
{
	enum lks_status status = LKS_OK;
	for (size_t i = 0; i < shape->count && status == LKS_OK; i++)
		status = begin_fresh(&shape->records[i], err);
	/* Copies last: they show what the secret has become. */
	if (status == LKS_OK)
		status = fill_parts(shape, PART_SECRET, values, err);
	if (status == LKS_OK)
		status = fill_parts(shape, PART_PUBLIC, values, err);
	if (status == LKS_OK)
		status = fill_parts(shape, PART_COPY, values, err);
	return status;
}
