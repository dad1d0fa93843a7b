/* SPDX-License-Identifier: Apache-2.0 */
/* `list`: the names in a store. */
#include <stdio.h>

#include "cli/commands.h"

static int print(struct cli *cli, const struct reference *prefix, const struct lks_list *list)
{
	json_t *object, *names;

	if (!cli->json) {
		for (size_t i = 0; i < list->count; i++)
			printf("%s:%s\n", prefix->store, list->entries[i].path);
		return cli_flush(cli);
	}
	object = json_object();
	names = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(names, json_string(list->entries[i].path));
	json_put_text(object, "store", prefix->store);
	json_put_text(object, "prefix", prefix->path);
	json_put(object, "paths", names);
	return cli_json(cli, "list", object);
}

int cmd_list(struct cli *cli, int argc, char **argv)
{
	struct lks_list list = { 0 };
	struct reference prefix;
	struct access access;
	struct lks_error err;
	int code;

	(void)argc;
	if (reference_parse_prefix(argv[1], &prefix, &err) || cli_open_stores(cli, &err))
		return cli_fail(cli, &err);
	access = cli_access(cli, ACTION_LIST);
	if (store_list(cli->stores, &access, &prefix, &list, &err))
		return cli_fail(cli, &err);
	code = print(cli, &prefix, &list);
	list_release(&list);
	return code;
}
