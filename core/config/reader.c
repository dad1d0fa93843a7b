/* SPDX-License-Identifier: Apache-2.0 */
/* Reads setting groups into structs, and releases those, by the schema table. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/schema.h"

/* How many suggestions are worth their search. */
#define SUGGESTIONS_MAX 100

static void *slot_of(void *object, size_t offset)
{
	return (char *)object + offset;
}

bool strings_add(struct strings *strings, const char *text)
{
	char **items = realloc(strings->items, (strings->count + 1) * sizeof(*items));

	if (!items)
		return false;
	strings->items = items;
	items[strings->count] = strdup(text);
	if (!items[strings->count])
		return false;
	strings->count++;
	return true;
}

void strings_release(struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	*strings = (struct strings){ 0 };
}

void reader_release(struct reader *reader)
{
	free(reader->mentions);
	reader->mentions = NULL;
	reader->mention_count = 0;
}

static void report_type(struct reader *reader, const struct key *key, const struct setting *setting,
			const char *expected)
{
	if (setting->type != SETTING_BROKEN)
		report_error(reader->report, setting, "'%s': found %s, expected %s", key->name,
			     setting_type_name(setting->type), expected);
}

/* ------------------------------------------------------------------------ */
/* Shapes                                                                    */

static void read_number(struct reader *reader, const struct key *key, const struct setting *setting,
			int64_t number, int64_t *slot)
{
	if (number < key->minimum || number > key->maximum)
		report_error(reader->report, setting,
			     "'%s': found %lld, expected a number from %lld to %lld", key->name,
			     (long long)number, (long long)key->minimum, (long long)key->maximum);
	else
		*slot = number;
}

static void read_one(struct reader *reader, const struct key *key, const struct setting *setting,
		     void *slot)
{
	if (key->value == VALUE_NUMBER && setting->type == SETTING_NUMBER)
		read_number(reader, key, setting, setting->number, slot);
	else if (key->value == VALUE_FLAG && setting->type == SETTING_FLAG)
		*(bool *)slot = setting->number != 0;
	else if (key->value != VALUE_NUMBER && key->value != VALUE_FLAG &&
		 setting->type == SETTING_TEXT)
		value_read(reader, key, setting, setting->text, slot);
	else
		report_type(reader, key, setting, value_expected(key->value));
}

static bool has_text(const struct strings *strings, const char *text)
{
	for (size_t i = 0; i < strings->count; i++) {
		if (strcmp(strings->items[i], text) == 0)
			return true;
	}
	return false;
}

/* Adds what value_text() makes of it. Mentions keep the pointer, so the text
   goes straight into its slot. */
static void read_item(struct reader *reader, const struct key *key, const struct setting *setting,
		      struct strings *strings)
{
	char **items;

	if (setting->type != SETTING_TEXT) {
		report_type(reader, key, setting, value_expected(key->value));
		return;
	}
	if (key->value != VALUE_TEXT && has_text(strings, setting->text)) {
		report_error(reader->report, setting, "'%s': found \"%.64s\" twice, expected once",
			     key->name, setting->text);
		return;
	}
	items = realloc(strings->items, (strings->count + 1) * sizeof(*items));
	if (!items) {
		reader->no_memory = true;
		return;
	}
	strings->items = items;
	items[strings->count] = value_text(reader, key, key->value, setting, setting->text);
	if (items[strings->count])
		strings->count++;
}

static void read_many(struct reader *reader, const struct key *key, const struct setting *setting,
		      struct strings *strings)
{
	if (key->shape == SHAPE_ONE_OR_MANY && setting->type == SETTING_TEXT) {
		read_item(reader, key, setting, strings);
		return;
	}
	if (setting->type != SETTING_ARRAY) {
		report_type(reader, key, setting, "an array [ \"...\", \"...\" ]");
		return;
	}
	if (!setting->member_count && key->is_required)
		report_error(reader->report, setting, "'%s': found an empty array, expected %s",
			     key->name, value_expected(key->value));
	for (size_t i = 0; i < setting->member_count; i++)
		read_item(reader, key, setting->members[i], strings);
}

static void read_map(struct reader *reader, const struct key *key, const struct setting *setting,
		     struct strings *names, struct strings *values)
{
	if (setting->type != SETTING_GROUP) {
		report_type(reader, key, setting, "a group { name = \"...\"; }");
		return;
	}
	for (size_t i = 0; i < setting->member_count; i++) {
		const struct setting *member = setting->members[i];
		size_t before = values->count;

		read_item(reader, &(struct key){ .name = member->name, .value = key->value },
			  member, values);
		if (values->count > before && !strings_add(names, member->name))
			reader->no_memory = true;
	}
}

/* Room for all entries of a list or of named groups. */
static void *make_entries(struct reader *reader, const struct key *key,
			  const struct setting *setting, void *object)
{
	void *entries;

	if (!setting->member_count)
		return NULL;
	entries = calloc(setting->member_count, key->inner->size);
	if (!entries)
		reader->no_memory = true;
	*(void **)slot_of(object, key->offset) = entries;
	*(size_t *)slot_of(object, key->second) = entries ? setting->member_count : 0;
	return entries;
}

static void read_key(struct reader *reader, const struct key *key, const struct setting *setting,
		     void *object);

static void read_entry(struct reader *reader, const struct section *inner,
		       const struct setting *setting, void *entry)
{
	if (inner->is_direct)
		read_key(reader, &inner->keys[0], setting, entry);
	else
		section_read(reader, inner, setting, entry);
}

static void read_list(struct reader *reader, const struct key *key, const struct setting *setting,
		      void *object)
{
	char *entries;

	if (setting->type != SETTING_LIST) {
		report_type(reader, key, setting, "a list ( { ... }, { ... } )");
		return;
	}
	entries = make_entries(reader, key, setting, object);
	for (size_t i = 0; entries && i < setting->member_count; i++)
		read_entry(reader, key->inner, setting->members[i], entries + i * key->inner->size);
}

static void read_named(struct reader *reader, const struct key *key, const struct setting *setting,
		       void *object)
{
	char *entries;

	if (setting->type != SETTING_GROUP) {
		report_type(reader, key, setting, "a group { name = ...; name = ...; }");
		return;
	}
	entries = make_entries(reader, key, setting, object);
	for (size_t i = 0; entries && i < setting->member_count; i++) {
		const struct setting *member = setting->members[i];
		char **entry = (char **)(void *)(entries + i * key->inner->size);

		if (!name_is_valid(member->name))
			report_error(reader->report, member,
				     "'%s': found the name '%.64s', expected a letter a-z, then "
				     "letters a-z, digits and '-', at most %d",
				     key->name, member->name, LKS_NAME_MAX);
		*entry = strdup(member->name);
		if (!*entry)
			reader->no_memory = true;
		read_entry(reader, key->inner, member, entry);
	}
}

static void read_group(struct reader *reader, const struct key *key, const struct setting *setting,
		       void *object)
{
	if (key->present_offset)
		*(bool *)slot_of(object, key->present_offset) = true;
	section_read(reader, key->inner, setting, slot_of(object, key->offset));
}

static void read_key(struct reader *reader, const struct key *key, const struct setting *setting,
		     void *object)
{
	void *slot = slot_of(object, key->offset);

	switch (key->shape) {
	case SHAPE_ONE:
		read_one(reader, key, setting, slot);
		break;
	case SHAPE_MANY:
	case SHAPE_ONE_OR_MANY:
		read_many(reader, key, setting, slot);
		break;
	case SHAPE_MAP:
		read_map(reader, key, setting, slot, slot_of(object, key->second));
		break;
	case SHAPE_GROUP:
		read_group(reader, key, setting, object);
		break;
	case SHAPE_LIST:
		read_list(reader, key, setting, object);
		break;
	case SHAPE_NAMED:
		read_named(reader, key, setting, object);
		break;
	case SHAPE_LATER:
		report_error(reader->report, setting,
			     "found '%s', which is not available in this version", key->name);
		break;
	}
}

/* ------------------------------------------------------------------------ */
/* Sections                                                                  */

static const struct key *find_key(const struct section *section, const char *name)
{
	for (size_t i = 0; i < section->key_count; i++) {
		if (strcmp(section->keys[i].name, name) == 0)
			return &section->keys[i];
	}
	return NULL;
}

static void report_unknown(struct reader *reader, const struct section *section,
			   const struct setting *setting)
{
	const char *names[32];
	const char *near = NULL;
	char hint[128];
	size_t count = 0;

	for (size_t i = 0; i < section->key_count && count < COUNT_OF(names); i++)
		names[count++] = section->keys[i].name;
	if (reader->report->errors < SUGGESTIONS_MAX)
		near = nearest(setting->name, names, count);
	if (near)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	else
		(void)snprintf(hint, sizeof(hint), "`lockstep help %s` lists the known keys",
			       section->name);
	report_error_hint(reader->report, setting, hint,
			  "found the unknown key '%.64s', expected a key of %s%s", setting->name,
			  section->name, strcmp(section->name, "config") ? "" : " itself");
}

static void read_missing(struct reader *reader, const struct section *section,
			 const struct key *key, const struct setting *group, void *object)
{
	static const struct setting nothing = { .type = SETTING_GROUP };

	if (key->shape == SHAPE_GROUP && !key->present_offset)
		section_read(reader, key->inner, &nothing, slot_of(object, key->offset));
	else if (key->is_required)
		report_error(reader->report, group->file ? group : NULL,
			     "%s%s%s: '%s' is missing, expected %s", section->name,
			     group->name ? " " : "", group->name ? group->name : "", key->name,
			     value_expected(key->value));
	else if (key->fallback)
		value_read(reader, key, NULL, key->fallback, slot_of(object, key->offset));
}

void section_read(struct reader *reader, const struct section *section, const struct setting *group,
		  void *object)
{
	if (section->where != SECTION_NOWHERE)
		*(const struct setting **)slot_of(object, section->where) = group;
	if (group->type == SETTING_BROKEN)
		return;
	if (group->type != SETTING_GROUP) {
		report_error(reader->report, group, "'%s': found %s, expected a group { ... }",
			     group->name ? group->name : section->name,
			     setting_type_name(group->type));
		return;
	}
	for (size_t i = 0; i < group->member_count; i++) {
		const struct setting *member = group->members[i];
		const struct key *key = find_key(section, member->name);

		if (key)
			read_key(reader, key, member, object);
		else if (!section->is_open)
			report_unknown(reader, section, member);
	}
	for (size_t i = 0; i < section->key_count; i++) {
		if (!setting_find(group, section->keys[i].name))
			read_missing(reader, section, &section->keys[i], group, object);
	}
}

/* ------------------------------------------------------------------------ */
/* Release                                                                   */

static void release_entries(const struct key *key, void *object)
{
	char *entries = *(void **)slot_of(object, key->offset);
	size_t count = *(size_t *)slot_of(object, key->second);

	for (size_t i = 0; entries && i < count; i++) {
		char *entry = entries + i * key->inner->size;

		if (key->shape == SHAPE_NAMED)
			free(*(char **)(void *)entry);
		section_release(key->inner, entry);
	}
	free(entries);
}

static bool is_text_slot(enum key_value value)
{
	return value != VALUE_NUMBER && value != VALUE_FLAG && value != VALUE_DURATION &&
	       value != VALUE_WORD && value != VALUE_SWITCH && value != VALUE_WINDOW;
}

static void release_key(const struct key *key, void *object)
{
	void *slot = slot_of(object, key->offset);

	switch (key->shape) {
	case SHAPE_ONE:
		if (key->value == VALUE_WINDOW)
			window_release(slot);
		else if (is_text_slot(key->value))
			free(*(char **)slot);
		break;
	case SHAPE_MAP:
		strings_release(slot_of(object, key->second));
		strings_release(slot);
		break;
	case SHAPE_MANY:
	case SHAPE_ONE_OR_MANY:
		strings_release(slot);
		break;
	case SHAPE_GROUP:
		section_release(key->inner, slot);
		break;
	case SHAPE_LIST:
	case SHAPE_NAMED:
		release_entries(key, object);
		break;
	case SHAPE_LATER:
		break;
	}
}

void section_release(const struct section *section, void *object)
{
	for (size_t i = 0; i < section->key_count; i++)
		release_key(&section->keys[i], object);
}
