/* SPDX-License-Identifier: Apache-2.0 */
/* `history REF`: the versions of a secret that its store keeps. */
#include <stdio.h>

#include "base/text.h"
#include "cli/commands.h"

static void print_version(const struct list_entry *entry)
{
	char created[32] = "-";

	if (entry->created_wall_ms)
		time_print(entry->created_wall_ms, created);
	printf("%-36s %-22s %s\n", entry->path, created, entry->state ? entry->state : "");
}

static json_t *version_json(const struct list_entry *entry)
{
	json_t *item = json_object();
	char created[32];

	if (entry->created_wall_ms)
		time_print(entry->created_wall_ms, created);
	json_put_text(item, "version", entry->path);
	json_put_text(item, "created_at", entry->created_wall_ms ? created : NULL);
	json_put_text(item, "state", entry->state);
	return item;
}

static int print(struct cli *cli, const char *reference, const struct lks_list *list)
{
	json_t *object, *versions;

	if (!cli->json) {
		for (size_t i = 0; i < list->count; i++)
			print_version(&list->entries[i]);
		return cli_flush(cli);
	}
	object = json_object();
	versions = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(versions, version_json(&list->entries[i]));
	json_put_text(object, "reference", reference);
	json_put(object, "versions", versions);
	return cli_json(cli, "history-reference", object);
}

int history_of_reference(struct cli *cli, const char *text)
{
	struct lks_list list = { 0 };
	struct reference reference;
	struct access access;
	struct lks_error err;
	int code;

	if (reference_parse(text, &reference, &err) || cli_open_stores(cli, &err))
		return cli_fail(cli, &err);
	access = cli_access(cli, ACTION_HISTORY);
	if (store_history(cli->stores, &access, &reference, &list, &err))
		return cli_fail(cli, &err);
	code = print(cli, text, &list);
	list_release(&list);
	return code;
}
