/* SPDX-License-Identifier: Apache-2.0 */
/* Records, pages and answers: what crosses between stores and the engine. */
#include "base/record.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"

#define NOTES_MAX 64
#define PACK_MARK "LKR1"

enum lks_status record_new(struct lks_record **ret_record, struct lks_error *err)
{
	struct lks_record *record = calloc(1, sizeof(*record));

	if (!record)
		return error_no_memory(err, "make a record");
	*ret_record = record;
	return LKS_OK;
}

void record_clear(struct lks_record *record)
{
	for (size_t i = 0; i < record->field_count; i++) {
		free(record->fields[i].name);
		secret_free(record->fields[i].value);
	}
	for (size_t i = 0; i < record->note_count; i++) {
		free(record->notes[i].name);
		free(record->notes[i].text);
	}
	free(record->fields);
	free(record->notes);
	*record = (struct lks_record){ 0 };
}

void record_free(struct lks_record *record)
{
	if (!record)
		return;
	record_clear(record);
	free(record);
}

void record_freep(struct lks_record **record)
{
	record_free(*record);
}

static bool is_field_name(const char *name)
{
	size_t len = strnlen(name, LKS_FIELD_MAX + 1);

	if (len == 0 || len > LKS_FIELD_MAX)
		return false;
	for (const char *c = name; *c; c++)
		if (!ascii_is_alnum(*c) && *c != '.' && *c != '_' && *c != '-')
			return false;
	return true;
}

static enum lks_status check_field(const struct lks_record *record, const char *field,
				   const void *data, size_t len, struct lks_error *err)
{
	if (!field || !is_field_name(field))
		return error_set(err, LKS_INVALID,
				 "\"%.64s\" is no field's name: letters, digits, dot, underscore "
				 "and dash, at most %d",
				 field ? field : "", LKS_FIELD_MAX);
	if (len > LKS_VALUE_MAX || (!data && len > 0))
		return error_set(err, LKS_INVALID, "the value of field %s has more than %d bytes",
				 field, LKS_VALUE_MAX);
	if (record->field_count >= LKS_RECORD_FIELDS_MAX && !record_find(record, field))
		return error_set(err, LKS_INVALID, "a record has at most %d fields",
				 LKS_RECORD_FIELDS_MAX);
	return LKS_OK;
}

/* Where `field` is, or where it would go. */
static size_t position_of(const struct lks_record *record, const char *field, bool *ret_found)
{
	size_t low = 0, high = record->field_count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(record->fields[middle].name, field);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum lks_status insert_field(struct lks_record *record, size_t position, const char *field,
				    struct lks_buffer *value, struct lks_error *err)
{
	char *name = strdup(field);
	struct record_field *fields = NULL;

	if (name)
		fields = realloc(record->fields, (record->field_count + 1) * sizeof(*fields));
	if (!fields) {
		free(name);
		return error_no_memory(err, "add a field");
	}
	record->fields = fields;
	memmove(&fields[position + 1], &fields[position],
		(record->field_count - position) * sizeof(*fields));
	fields[position].name = name;
	fields[position].value = value;
	record->field_count++;
	return LKS_OK;
}

enum lks_status record_put(struct lks_record *record, const char *field, const void *data,
			   size_t len, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	enum lks_status status = check_field(record, field, data, len, err);
	size_t position;
	bool is_there;

	if (!status)
		status = secret_from(data, len, &value, err);
	if (status)
		return status;
	position = position_of(record, field, &is_there);
	if (is_there) {
		secret_free(record->fields[position].value);
		record->fields[position].value = TAKE(value);
		return LKS_OK;
	}
	status = insert_field(record, position, field, value, err);
	if (!status)
		value = NULL;
	return status;
}

bool record_drop(struct lks_record *record, const char *field)
{
	bool is_there;
	size_t position = position_of(record, field, &is_there);

	if (!is_there)
		return false;
	free(record->fields[position].name);
	secret_free(record->fields[position].value);
	record->field_count--;
	memmove(&record->fields[position], &record->fields[position + 1],
		(record->field_count - position) * sizeof(*record->fields));
	return true;
}

const struct lks_buffer *record_find(const struct lks_record *record, const char *field)
{
	bool is_there;
	size_t position = position_of(record, field, &is_there);

	return is_there ? record->fields[position].value : NULL;
}

static enum lks_status no_such_field(const struct lks_record *record, const char *field,
				     struct lks_error *err)
{
	AUTO(text_release) struct text names = TEXT_INIT;

	if (record->field_count == 0)
		return error_set(err, LKS_NOT_FOUND, "the record is empty");
	for (size_t i = 0; i < record->field_count && names.len < 400; i++)
		text_printf(&names, "%s%s", i ? ", " : "", record->fields[i].name);
	if (field)
		error_set(err, LKS_NOT_FOUND, "the record has no field %s, only %s", field,
			  text_string(&names));
	else
		error_set(err, LKS_NOT_FOUND, "the record has several fields (%s): name one",
			  text_string(&names));
	error_hint(err, "write the field behind the reference: #%s", record->fields[0].name);
	return LKS_NOT_FOUND;
}

enum lks_status record_pick(const struct lks_record *record, const char *field,
			    const struct lks_buffer **ret_value, struct lks_error *err)
{
	const struct lks_buffer *value = NULL;

	if (field)
		value = record_find(record, field);
	else if (record->field_count == 1)
		value = record->fields[0].value;
	else
		value = record_find(record, "value");
	if (!value)
		return no_such_field(record, field, err);
	*ret_value = value;
	return LKS_OK;
}

/* A copy without control characters; NULL when memory is out. */
static char *plain_copy(const char *text)
{
	char *copy = strdup(text);

	for (char *c = copy; c && *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	return copy;
}

enum lks_status record_set_note(struct lks_record *record, const char *name, const char *text,
				struct lks_error *err)
{
	AUTO(free_ptr) char *copy = NULL;
	AUTO(free_ptr) char *name_copy = NULL;
	struct record_note *notes;

	if (!name || !is_field_name(name) || !text ||
	    strnlen(text, LKS_TEXT_MAX + 1) > LKS_TEXT_MAX)
		return error_set(err, LKS_INVALID,
				 "a note needs a name like \"content-type\" and "
				 "a text of at most %d bytes",
				 LKS_TEXT_MAX);
	if (!utf8_is_valid(text, strlen(text)))
		return error_set(err, LKS_INVALID, "the note %s is not UTF-8", name);
	copy = plain_copy(text);
	if (!copy)
		return error_no_memory(err, "keep a note");
	for (size_t i = 0; i < record->note_count; i++)
		if (strcmp(record->notes[i].name, name) == 0) {
			free(record->notes[i].text);
			record->notes[i].text = TAKE(copy);
			return LKS_OK;
		}
	if (record->note_count >= NOTES_MAX)
		return error_set(err, LKS_INVALID, "a record has at most %d notes", NOTES_MAX);
	name_copy = strdup(name);
	notes = name_copy ? realloc(record->notes, (record->note_count + 1) * sizeof(*notes))
			  : NULL;
	if (!notes)
		return error_no_memory(err, "keep a note");
	record->notes = notes;
	notes[record->note_count++] = (struct record_note){ TAKE(name_copy), TAKE(copy) };
	return LKS_OK;
}

const char *record_note(const struct lks_record *record, const char *name)
{
	for (size_t i = 0; i < record->note_count; i++)
		if (strcmp(record->notes[i].name, name) == 0)
			return record->notes[i].text;
	return NULL;
}

bool record_equal(const struct lks_record *a, const struct lks_record *b)
{
	bool is_equal = a->field_count == b->field_count;

	for (size_t i = 0; is_equal && i < a->field_count; i++)
		is_equal = strcmp(a->fields[i].name, b->fields[i].name) == 0 &&
			   secret_equal(a->fields[i].value, b->fields[i].value);
	return is_equal;
}

enum lks_status record_copy(const struct lks_record *record, struct lks_record **ret_record,
			    struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *copy = NULL;
	enum lks_status status = record_new(&copy, err);

	for (size_t i = 0; !status && i < record->field_count; i++)
		status = record_put(copy, record->fields[i].name, record->fields[i].value->data,
				    record->fields[i].value->len, err);
	for (size_t i = 0; !status && i < record->note_count; i++)
		status = record_set_note(copy, record->notes[i].name, record->notes[i].text, err);
	if (status)
		return status;
	string_copy(copy->version, sizeof(copy->version), record->version);
	copy->created_wall_ms = record->created_wall_ms;
	*ret_record = TAKE(copy);
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* Packing: mark, time, version, fields, notes; each text behind its length   */

static void pack_bytes(struct secret_text *out, const void *data, size_t len)
{
	uint32_t length = (uint32_t)len;

	secret_text_append(out, &length, sizeof(length));
	secret_text_append(out, data, len);
}

static void pack_string(struct secret_text *out, const char *string)
{
	pack_bytes(out, string, strlen(string));
}

enum lks_status record_pack(const struct lks_record *record, struct lks_buffer **ret_packed,
			    struct lks_error *err)
{
	AUTO(secret_text_release) struct secret_text out = SECRET_TEXT_INIT;
	uint32_t counts[2] = { (uint32_t)record->field_count, (uint32_t)record->note_count };

	secret_text_append(&out, PACK_MARK, strlen(PACK_MARK));
	secret_text_append(&out, &record->created_wall_ms, sizeof(record->created_wall_ms));
	secret_text_append(&out, counts, sizeof(counts));
	pack_string(&out, record->version);
	for (size_t i = 0; i < record->field_count; i++) {
		pack_string(&out, record->fields[i].name);
		pack_bytes(&out, record->fields[i].value->data, record->fields[i].value->len);
	}
	for (size_t i = 0; i < record->note_count; i++) {
		pack_string(&out, record->notes[i].name);
		pack_string(&out, record->notes[i].text);
	}
	return secret_text_steal(&out, ret_packed, err);
}

struct unpacker {
	const unsigned char *data;
	size_t left;
};

static bool unpack_raw(struct unpacker *in, void *ret_data, size_t len)
{
	if (in->left < len)
		return false;
	memcpy(ret_data, in->data, len);
	in->data += len;
	in->left -= len;
	return true;
}

static bool unpack_bytes(struct unpacker *in, const void **ret_data, size_t *ret_len)
{
	uint32_t length;

	if (!unpack_raw(in, &length, sizeof(length)) || in->left < length)
		return false;
	*ret_data = in->data;
	*ret_len = length;
	in->data += length;
	in->left -= length;
	return true;
}

static bool unpack_string(struct unpacker *in, char *buffer, size_t size)
{
	const void *data;
	size_t len;

	if (!unpack_bytes(in, &data, &len) || len >= size || memchr(data, 0, len))
		return false;
	memcpy(buffer, data, len);
	buffer[len] = '\0';
	return true;
}

static enum lks_status broken_pack(struct lks_error *err)
{
	return error_set(err, LKS_FAILED, "a stored record is damaged");
}

static enum lks_status unpack_members(struct unpacker *in, struct lks_record *record,
				      const uint32_t counts[2], struct lks_error *err)
{
	char name[LKS_FIELD_MAX + 1];
	char text[LKS_TEXT_MAX + 1];
	enum lks_status status = LKS_OK;
	const void *data;
	size_t len;

	for (uint32_t i = 0; i < counts[0] && !status; i++) {
		if (!unpack_string(in, name, sizeof(name)) || !unpack_bytes(in, &data, &len))
			return broken_pack(err);
		status = record_put(record, name, data, len, err);
	}
	for (uint32_t i = 0; i < counts[1] && !status; i++) {
		if (!unpack_string(in, name, sizeof(name)) ||
		    !unpack_string(in, text, sizeof(text)))
			return broken_pack(err);
		status = record_set_note(record, name, text, err);
	}
	return status;
}

enum lks_status record_unpack(const struct lks_buffer *packed, struct lks_record **ret_record,
			      struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	struct unpacker in = { packed->data, packed->len };
	char mark[sizeof(PACK_MARK) - 1];
	uint32_t counts[2];
	enum lks_status status = record_new(&record, err);

	if (status)
		return status;
	if (!unpack_raw(&in, mark, sizeof(mark)) || memcmp(mark, PACK_MARK, sizeof(mark)) != 0 ||
	    !unpack_raw(&in, &record->created_wall_ms, sizeof(record->created_wall_ms)) ||
	    !unpack_raw(&in, counts, sizeof(counts)) ||
	    !unpack_string(&in, record->version, sizeof(record->version)))
		return broken_pack(err);
	status = unpack_members(&in, record, counts, err);
	if (!status && (in.left || record->field_count != counts[0]))
		return broken_pack(err);
	if (!status)
		*ret_record = TAKE(record);
	return status;
}

/* ------------------------------------------------------------------------ */

void list_release(struct lks_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->entries[i].path);
		free(list->entries[i].state);
	}
	free(list->entries);
	free(list->cursor);
	*list = (struct lks_list){ 0 };
}

enum lks_status list_add(struct lks_list *list, const char *path, int64_t created_wall_ms,
			 const char *state, struct lks_error *err)
{
	struct list_entry entry = { NULL, created_wall_ms, NULL };
	struct list_entry *entries = NULL;

	entry.path = strdup(path);
	entry.state = state ? plain_copy(state) : NULL;
	if (entry.path && (entry.state || !state)) {
		/* Grown in steps of a power of two. */
		size_t wanted = list->count + 1;

		entries = (wanted & (wanted - 1)) == 0
				  ? realloc(list->entries, 2 * wanted * sizeof(*entries))
				  : list->entries;
	}
	if (!entries) {
		free(entry.path);
		free(entry.state);
		return error_no_memory(err, "list records");
	}
	list->entries = entries;
	list->entries[list->count++] = entry;
	return LKS_OK;
}

const char *verdict_name(enum lks_verdict verdict)
{
	return verdict == LKS_VERDICT_VALID     ? "valid"
	       : verdict == LKS_VERDICT_INVALID ? "invalid"
						: "unknown";
}
