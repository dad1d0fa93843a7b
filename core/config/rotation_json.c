/* SPDX-License-Identifier: Apache-2.0 */
/* One rotation as JSON and back, in the words of the config file, by the same
   table: what an operation was planned with outlives the file. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "config/schema.h"
#include "config/tree.h"

static const void *slot_of(const void *object, size_t offset)
{
	return (const char *)object + offset;
}

/* ------------------------------------------------------------------------ */
/* To JSON                                                                   */

/* NULL without setting `failed`: nothing to say. */
static json_t *one_json(const struct key *key, const void *slot, bool *failed)
{
	char text[128];

	switch (key->value) {
	case VALUE_NUMBER:
		return json_integer(*(const int64_t *)slot);
	case VALUE_FLAG:
		return json_boolean(*(const bool *)slot);
	case VALUE_DURATION:
		duration_print(*(const int64_t *)slot, text, sizeof(text));
		/* Without a fallback, 0 means that nothing was said. */
		return !*(const int64_t *)slot && !key->fallback ? NULL : json_string(text);
	case VALUE_WORD:
		if (!choice_get(key->choices, *(const int *)slot - (int)key->minimum, text,
				sizeof(text))) {
			*failed = true;
			return NULL;
		}
		return json_string(text);
	case VALUE_SWITCH:
		(void)choice_get(key->choices, *(const bool *)slot, text, sizeof(text));
		return json_string(text);
	case VALUE_WINDOW:
		if (!((const struct config_window *)slot)->is_set)
			return NULL;
		window_print(slot, text, sizeof(text));
		return json_string(text);
	default:
		return *(char *const *)slot ? json_string(*(char *const *)slot) : NULL;
	}
}

static json_t *many_json(const struct strings *strings, bool *failed)
{
	json_t *array = strings->count ? json_array() : NULL;

	for (size_t i = 0; array && i < strings->count; i++) {
		if (json_array_append_new(array, json_string(strings->items[i])))
			*failed = true;
	}
	return array;
}

static json_t *section_json(const struct section *section, const void *object, bool *failed);

static json_t *list_json(const struct key *key, const void *object, bool *failed)
{
	const char *entries = *(void *const *)slot_of(object, key->offset);
	size_t count = *(const size_t *)slot_of(object, key->second);
	json_t *array = count ? json_array() : NULL;

	for (size_t i = 0; array && i < count; i++) {
		if (json_array_append_new(
			    array,
			    section_json(key->inner, entries + i * key->inner->size, failed)))
			*failed = true;
	}
	return array;
}

static json_t *key_json(const struct key *key, const void *object, bool *failed)
{
	const void *slot = slot_of(object, key->offset);

	switch (key->shape) {
	case SHAPE_ONE:
		return one_json(key, slot, failed);
	case SHAPE_MANY:
	case SHAPE_ONE_OR_MANY:
		return many_json(slot, failed);
	case SHAPE_GROUP:
		if (key->present_offset && !*(const bool *)slot_of(object, key->present_offset))
			return NULL;
		return section_json(key->inner, slot, failed);
	case SHAPE_LIST:
		return list_json(key, object, failed);
	case SHAPE_MAP:
	case SHAPE_NAMED:
	case SHAPE_LATER:
		break; /* a rotation has none */
	}
	return NULL;
}

static json_t *section_json(const struct section *section, const void *object, bool *failed)
{
	json_t *json = json_object();

	if (!json)
		*failed = true;
	for (size_t i = 0; json && i < section->key_count; i++) {
		json_t *value = key_json(&section->keys[i], object, failed);

		if (value && json_object_set_new(json, section->keys[i].name, value))
			*failed = true;
	}
	return json;
}

json_t *config_rotation_json(const struct config_rotation *rotation)
{
	bool failed = false;
	json_t *json = section_json(&schema_rotation, rotation, &failed);

	if (json && json_object_set_new(json, "name", json_string(rotation->name)))
		failed = true;
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}

/* ------------------------------------------------------------------------ */
/* From JSON: as settings, read by the table                                 */

static const char source_name[] = "stored rotation";

static struct setting *to_setting(const json_t *json, const char *name, int depth);

static bool add_member(struct setting *setting, const json_t *json, const char *name, int depth)
{
	struct setting *member = to_setting(json, name, depth);

	if (member)
		setting->members[setting->member_count++] = member;
	return member != NULL;
}

static bool add_members(struct setting *setting, const json_t *json, int depth)
{
	size_t count = json_is_object(json) ? json_object_size(json) : json_array_size(json);
	const json_t *value;
	const char *key;
	size_t index;

	if (!count)
		return true;
	setting->members = calloc(count, sizeof(struct setting *));
	if (!setting->members)
		return false;
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		/* The name is no key of the table. */
		if ((depth || strcmp(key, "name") != 0) &&
		    !add_member(setting, value, key, depth + 1))
			return false;
	}
	json_array_foreach(json, index, value)
	{
		if (!add_member(setting, value, NULL, depth + 1))
			return false;
	}
	return true;
}

static enum setting_type array_type(const json_t *json)
{
	/* `copies` and `reload` are lists of groups. */
	return json_is_object(json_array_get(json, 0)) ? SETTING_LIST : SETTING_ARRAY;
}

static struct setting *to_setting(const json_t *json, const char *name, int depth)
{
	struct setting *setting = depth < 8 ? calloc(1, sizeof(*setting)) : NULL;
	bool good = true;

	if (!setting)
		return NULL;
	setting->file = source_name;
	if (name)
		good = (setting->name = strdup(name)) != NULL;
	if (json_is_object(json)) {
		setting->type = SETTING_GROUP;
	} else if (json_is_array(json)) {
		setting->type = array_type(json);
	} else if (json_is_string(json)) {
		setting->type = SETTING_TEXT;
		setting->text = strdup(json_string_value(json));
		good = good && setting->text;
	} else if (json_is_integer(json)) {
		setting->type = SETTING_NUMBER;
		setting->number = json_integer_value(json);
	} else if (json_is_boolean(json)) {
		setting->type = SETTING_FLAG;
		setting->number = json_is_true(json);
	} else {
		setting->type = SETTING_FLOAT;
	}
	if (good && add_members(setting, json, depth))
		return setting;
	setting_free(setting);
	return NULL;
}

static void setting_freep(struct setting **setting)
{
	setting_free(*setting);
}

static void rotation_freep(struct config_rotation **rotation)
{
	config_rotation_free(*rotation);
}

static void keep_first(void *context, const struct lks_error *found)
{
	struct lks_error *err = context;

	if (!err->status)
		*err = *found;
}

/* The settings go away; nobody may look at them. */
static void forget_places(struct config_rotation *rotation)
{
	rotation->where = NULL;
	for (size_t i = 0; i < rotation->copy_count; i++)
		rotation->copies[i].where = NULL;
}

enum lks_status config_rotation_from_json(const json_t *json, struct config_rotation **ret_rotation,
					  struct lks_error *err)
{
	AUTO(rotation_freep) struct config_rotation *rotation = calloc(1, sizeof(*rotation));
	AUTO(setting_freep) struct setting *setting = NULL;
	AUTO(reader_release) struct reader reader = { 0 };
	struct lks_error first = { 0 };
	struct report report = { .add = keep_first, .context = &first };
	const char *name = json_text(json, "name");

	if (!json_is_object(json) || !name_is_valid(name))
		return error_set(err, LKS_INVALID, "a stored rotation has no name");
	setting = to_setting(json, NULL, 0);
	if (!rotation || !setting)
		return error_no_memory(err, "reading a stored rotation");
	rotation->name = strdup(name);
	reader.report = &report;
	section_read(&reader, &schema_rotation, setting, rotation);
	forget_places(rotation);
	if (!rotation->name || reader.no_memory)
		return error_no_memory(err, "reading a stored rotation");
	if (report.errors) {
		error_set(err, LKS_INVALID, "stored rotation '%s': %s", name, first.message);
		error_hint(err, "%s", first.hint);
		return LKS_INVALID;
	}
	*ret_rotation = TAKE(rotation);
	return LKS_OK;
}

void config_rotation_free(struct config_rotation *rotation)
{
	if (!rotation)
		return;
	section_release(&schema_rotation, rotation);
	free(rotation->name);
	free(rotation);
}
