/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that knows libconfig: parses the text that scan.c wrote and
   takes the tree over, with the places that were noted there. */
#include "config/tree.h"

#include <libconfig.h>
#include <string.h>

struct taker {
	struct setting_tree *tree;
	const struct scan_result *result;
	size_t next; /* place */
};

static bool set_value(struct setting *setting, const config_setting_t *from)
{
	switch (config_setting_type(from)) {
	case CONFIG_TYPE_GROUP:
		setting->type = SETTING_GROUP;
		return true;
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY:
		setting->type = SETTING_LIST;
		return true;
	case CONFIG_TYPE_STRING:
		setting->type = SETTING_TEXT;
		setting->text = strdup(config_setting_get_string(from));
		return setting->text != NULL;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		setting->type = SETTING_NUMBER;
		setting->number = config_setting_get_int64(from);
		return true;
	case CONFIG_TYPE_BOOL:
		setting->type = SETTING_FLAG;
		setting->number = config_setting_get_bool(from) ? 1 : 0;
		return true;
	default:
		setting->type = SETTING_FLOAT;
		return true;
	}
}

static bool take_members(struct taker *taker, struct setting *setting,
			 const config_setting_t *from);

/* A named setting or an element, at the next place. At most
   SETTING_DEPTH_MAX deep. */
static struct setting *take(struct taker *taker, const config_setting_t *from)
{
	const struct place *place = &taker->result->places[taker->next++];
	struct setting *setting = calloc(1, sizeof(*setting));
	const char *name = config_setting_name(from);

	if (!setting)
		return NULL;
	setting->file = taker->tree->files[place->file];
	setting->line = place->line;
	if (name)
		setting->name = strdup(name);
	if ((name && !setting->name) || !set_value(setting, from) ||
	    !take_members(taker, setting, from)) {
		setting_free(setting);
		return NULL;
	}
	if (place->is_array)
		setting->type = SETTING_ARRAY;
	if (place->is_broken)
		setting->type = SETTING_BROKEN;
	return setting;
}

static bool take_members(struct taker *taker, struct setting *setting, const config_setting_t *from)
{
	int count = config_setting_is_aggregate(from) ? config_setting_length(from) : 0;

	if (count <= 0)
		return true;
	setting->members = calloc((size_t)count, sizeof(struct setting *));
	if (!setting->members)
		return false;
	for (int i = 0; i < count; i++) {
		bool is_copy;
		struct setting *member;

		if (taker->next >= taker->result->place_count)
			return false;
		is_copy = taker->result->places[taker->next].is_copy;
		member = take(taker, config_setting_get_elem(from, (unsigned)i));
		if (!member)
			return false;
		if (is_copy)
			setting_free(member);
		else
			setting->members[setting->member_count++] = member;
	}
	return true;
}

enum lks_status parse_text(struct setting_tree *tree, const struct scan_result *result,
			   struct lks_error *err)
{
	AUTO(config_destroy) config_t config;
	struct taker taker = { tree, result, 0 };
	struct setting *root;

	config_init(&config);
	/* scan.c has judged the text: a refusal here is a difference between
	   the two grammars. */
	if (!config_read_string(&config, text_string(&result->text)))
		return error_set(err, LKS_FAILED, "libconfig refuses the config: %s",
				 config_error_text(&config) ? config_error_text(&config) : "?");
	root = calloc(1, sizeof(*root));
	if (!root)
		return error_no_memory(err, "reading the config");
	root->type = SETTING_GROUP;
	root->file = tree->files[0];
	root->line = 1;
	tree->root = root;
	if (!take_members(&taker, root, config_root_setting(&config)))
		return error_no_memory(err, "reading the config");
	return LKS_OK;
}
