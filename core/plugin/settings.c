/* SPDX-License-Identifier: Apache-2.0 */
/* The checked settings of one instance: config and defaults as plain values. */
#include "plugin/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plugin/host.h"

struct value {
	const struct lks_option *option;
	bool is_set;
	char *text;     /* scalars; for a secret its reference */
	int64_t number; /* number, flag, milliseconds */
	char **items;
	char **keys; /* maps */
	size_t count;
	struct lks_buffer *secret;
};

struct lks_settings {
	char *instance;
	struct value *values;
	size_t count;
};

/* Add to the items of a list or map; false when memory is out. */
static bool add_item(struct value *value, const char *key, const char *text, size_t len)
{
	char **items = realloc(value->items, (value->count + 1) * sizeof(*items));
	char **keys;

	if (!items)
		return false;
	value->items = items;
	keys = realloc(value->keys, (value->count + 1) * sizeof(*keys));
	if (!keys)
		return false;
	value->keys = keys;
	items[value->count] = strndup(text, len);
	keys[value->count] = key ? strdup(key) : NULL;
	if (!items[value->count] || (key && !keys[value->count])) {
		free(items[value->count]);
		free(keys[value->count]);
		return false;
	}
	value->count++;
	return true;
}

/* A path is absolute from here on. */
static char *whole_path(const char *path, const char *folder)
{
	AUTO(text_release) struct text text = TEXT_INIT;

	if (path[0] != '/')
		text_printf(&text, "%s/", folder);
	text_add(&text, path);
	return text_steal(&text);
}

static bool take_text(struct value *value, const char *text, const char *folder)
{
	int64_t number = 0;

	value->is_set = true;
	if (value->option->type == LKS_OPTION_PATH) {
		value->text = whole_path(text, folder);
		return value->text != NULL;
	}
	if (value->option->type == LKS_OPTION_DURATION)
		value->number = duration_parse(text, &number) ? number : 0;
	else if (value->option->type == LKS_OPTION_NUMBER)
		value->number = strtoll(text, NULL, 10);
	else if (value->option->type == LKS_OPTION_FLAG)
		value->number = strcmp(text, "true") == 0;
	value->text = strdup(text);
	return value->text != NULL;
}

/* The default of a list is written as in the config: [ "a", "b" ]. */
static bool take_list_default(struct value *value, const char *text)
{
	const char *start = strchr(text, '"');

	value->is_set = true;
	while (start) {
		const char *end = strchr(start + 1, '"');

		if (!end)
			return true;
		if (!add_item(value, NULL, start + 1, (size_t)(end - start - 1)))
			return false;
		start = strchr(end + 1, '"');
	}
	return true;
}

/* The program of a command: a path is absolute from here on. */
static bool mend_command(struct value *value, const char *folder)
{
	char *path;

	if (!(value->option->flags & LKS_OPTION_COMMAND) || value->count == 0 ||
	    !strchr(value->items[0], '/'))
		return true;
	path = whole_path(value->items[0], folder);
	if (!path)
		return false;
	free(value->items[0]);
	value->items[0] = path;
	return true;
}

static bool take_setting(struct value *value, const struct setting *setting, const char *folder)
{
	value->is_set = true;
	switch (setting->type) {
	case SETTING_TEXT:
		return take_text(value, setting->text, folder);
	case SETTING_NUMBER:
	case SETTING_FLAG:
		value->number = setting->number;
		return true;
	case SETTING_LIST:
	case SETTING_ARRAY:
	case SETTING_GROUP:
		for (size_t i = 0; i < setting->member_count; i++) {
			const struct setting *member = setting->members[i];

			if (member->type == SETTING_TEXT &&
			    !add_item(value, member->name, member->text, strlen(member->text)))
				return false;
		}
		return mend_command(value, folder);
	default:
		return true;
	}
}

static bool fill(struct value *value, const struct setting *group, const char *folder)
{
	const struct setting *setting = group ? setting_find(group, value->option->name) : NULL;
	const char *fallback = value->option->fallback;

	if (setting)
		return take_setting(value, setting, folder);
	if (!fallback)
		return true;
	return value->option->type == LKS_OPTION_LIST ? take_list_default(value, fallback)
						      : take_text(value, fallback, folder);
}

static bool make_room(struct lks_settings *settings, const char *instance, size_t count)
{
	settings->instance = strdup(instance);
	settings->values = calloc(count + 1, sizeof(*settings->values));
	return settings->instance && settings->values;
}

enum lks_status settings_new(const char *instance, const struct descriptor *descriptor,
			     const struct setting *group, const char *folder,
			     struct lks_settings **ret_settings, struct lks_error *err)
{
	AUTO(settings_freep) struct lks_settings *settings = NULL;

	settings = calloc(1, sizeof(*settings));
	if (!settings || !make_room(settings, instance, descriptor->option_count))
		return error_no_memory(err, "read settings");
	for (; settings->count < descriptor->option_count; settings->count++) {
		struct value *value = &settings->values[settings->count];

		value->option = &descriptor->options[settings->count];
		if (!fill(value, group, folder)) {
			settings->count++;
			return error_no_memory(err, "read settings");
		}
	}
	*ret_settings = TAKE(settings);
	return LKS_OK;
}

void settings_free(struct lks_settings *settings)
{
	if (!settings)
		return;
	for (size_t i = 0; i < settings->count; i++) {
		struct value *value = &settings->values[i];

		for (size_t j = 0; j < value->count; j++) {
			free(value->items[j]);
			free(value->keys[j]);
		}
		free(value->items);
		free(value->keys);
		free(value->text);
		secret_free(value->secret);
	}
	free(settings->values);
	free(settings->instance);
	free(settings);
}

void settings_freep(struct lks_settings **settings)
{
	settings_free(*settings);
}

static struct value *find(const struct lks_settings *settings, const char *name)
{
	for (size_t i = 0; name && i < settings->count; i++)
		if (strcmp(settings->values[i].option->name, name) == 0)
			return &settings->values[i];
	return NULL;
}

bool settings_secret_at(const struct lks_settings *settings, size_t index, const char **ret_name,
			const char **ret_reference)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct value *value = &settings->values[i];

		if (value->option->type != LKS_OPTION_SECRET || !value->text || index-- > 0)
			continue;
		*ret_name = value->option->name;
		*ret_reference = value->text;
		return true;
	}
	return false;
}

enum lks_status settings_set_secret(struct lks_settings *settings, const char *name,
				    const void *data, size_t len, struct lks_error *err)
{
	struct value *value = find(settings, name);
	struct lks_buffer *secret = NULL;
	enum lks_status status;

	if (!value || value->option->type != LKS_OPTION_SECRET)
		return error_set(err, LKS_FAILED, "%s is no secret option", name);
	status = secret_from(data, len, &secret, err);
	if (status)
		return status;
	secret_free(value->secret);
	value->secret = secret;
	return LKS_OK;
}

void settings_forget_secrets(struct lks_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		secret_free(settings->values[i].secret);
		settings->values[i].secret = NULL;
	}
}

/* ------------------------------------------------------------------------ */

const char *settings_text(const struct lks_settings *settings, const char *name)
{
	const struct value *value = find(settings, name);

	return value && value->option->type != LKS_OPTION_SECRET ? value->text : NULL;
}

int64_t settings_number(const struct lks_settings *settings, const char *name)
{
	const struct value *value = find(settings, name);

	return value && value->option->type == LKS_OPTION_NUMBER ? value->number : 0;
}

int settings_flag(const struct lks_settings *settings, const char *name)
{
	const struct value *value = find(settings, name);

	return value && value->option->type == LKS_OPTION_FLAG && value->number != 0;
}

int64_t settings_ms(const struct lks_settings *settings, const char *name)
{
	const struct value *value = find(settings, name);

	return value && value->option->type == LKS_OPTION_DURATION ? value->number : 0;
}

size_t settings_count(const struct lks_settings *settings, const char *name)
{
	const struct value *value = find(settings, name);

	return value ? value->count : 0;
}

const char *settings_item(const struct lks_settings *settings, const char *name, size_t index)
{
	const struct value *value = find(settings, name);

	return value && index < value->count ? value->items[index] : NULL;
}

const char *settings_key(const struct lks_settings *settings, const char *name, size_t index)
{
	const struct value *value = find(settings, name);

	return value && index < value->count ? value->keys[index] : NULL;
}

const char *settings_instance(const struct lks_settings *settings)
{
	return settings->instance;
}

const struct lks_buffer *settings_secret(const struct lks_settings *settings, const char *name)
{
	const struct value *value = find(settings, name);

	return value ? value->secret : NULL;
}
