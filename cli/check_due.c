/* SPDX-License-Identifier: Apache-2.0 */
/* `check --due`: for pipelines that want to know, not to act. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/rotation.h"

static bool is_due(const struct due *due)
{
	return due->state == DUE_NOW || due->state == DUE_WINDOW;
}

static json_t *entry_json(const struct due_entry *entry)
{
	json_t *item = json_object();

	json_put_text(item, "rotation", entry->rotation->name);
	json_put_text(item, "state", due_state_name(entry->due.state));
	json_put(item, "due_at", time_json(entry->due.due_wall_ms));
	json_put(item, "next_start", time_json(entry->due.start_wall_ms));
	return item;
}

static void print_entry(const struct due_entry *entry)
{
	char due[32], start[32];
	int64_t now_ms = clock_wall_ms();

	time_in_words(entry->due.due_wall_ms, now_ms, due);
	time_in_words(entry->due.start_wall_ms, now_ms, start);
	printf("%s: due since %s%s%s\n", entry->rotation->name, due,
	       entry->due.state == DUE_WINDOW ? "; its window opens " : "",
	       entry->due.state == DUE_WINDOW ? start : "");
}

static int print(struct cli *cli, const struct due_entry *entries, size_t count)
{
	json_t *list = json_array();
	size_t due = 0;
	json_t *object;
	int code, lost;

	for (size_t i = 0; i < count; i++) {
		if (!is_due(&entries[i].due))
			continue;
		due++;
		if (cli->json)
			json_array_append_new(list, entry_json(&entries[i]));
		else
			print_entry(&entries[i]);
	}
	code = due ? EXIT_DUE : EXIT_DONE;
	if (cli->json) {
		object = json_object();
		json_put(object, "due", list);
		json_put_number(object, "exit", code);
		lost = cli_json(cli, "check-due", object);
	} else {
		json_decref(list);
		if (!due)
			puts("nothing is due");
		lost = cli_flush(cli);
	}
	return code ? code : lost;
}

int check_due(struct cli *cli, int count, char **names)
{
	struct due_entry *entries = NULL;
	struct engine engine;
	struct lks_error err;
	size_t found = 0;
	int code;

	if (engine_open(cli, false, &engine, &err) ||
	    rotations_judge(&engine.executor, names, (size_t)count, &entries, &found, &err))
		return cli_fail(cli, &err);
	code = print(cli, entries, found);
	free(entries);
	return code;
}
