/* SPDX-License-Identifier: Apache-2.0 */
/* `plan`: what is due and what a run would do. Changes nothing. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/rotation.h"

static json_t *planned_json(struct cli *cli, const struct planned *planned)
{
	const struct due *due = &planned->entry.due;
	json_t *object = json_object();

	if (json_put_text(object, "rotation", planned->entry.rotation->name) ||
	    json_put_text(object, "strategy", strategy_name(planned->entry.rotation->strategy)) ||
	    json_put_text(object, "due", due_state_name(due->state)) ||
	    json_put(object, "due_at", time_json(due->due_wall_ms)) ||
	    json_put(object, "error",
		     planned->plan ? json_null() : json_error(&planned->refusal)) ||
	    (planned->plan && plan_describe(cli, planned->plan, object))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int print_json(struct cli *cli, const struct planned_list *list, const char *hash)
{
	json_t *object = json_object(), *rotations = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(rotations, planned_json(cli, &list->items[i]));
	json_put_text(object, "plan_hash", hash);
	json_put(object, "rotations", rotations);
	json_put_number(object, "left", (int64_t)list->left);
	json_put_number(object, "waiting", (int64_t)list->waiting);
	return cli_json(cli, "plan", object);
}

static void print_due(const struct due *due)
{
	char when[32];

	time_in_words(due->due_wall_ms, clock_wall_ms(), when);
	switch (due->state) {
	case DUE_NEVER:
		fputs("only when asked", stdout);
		break;
	case DUE_NOW:
		printf("due since %s", when);
		break;
	case DUE_LATER:
		printf("not due before %s", when);
		break;
	case DUE_PAUSED:
		time_in_words(due->paused_until_wall_ms, clock_wall_ms(), when);
		printf("paused until %s", when);
		break;
	case DUE_WINDOW:
		time_in_words(due->start_wall_ms, clock_wall_ms(), when);
		printf("due; its window opens %s", when);
		break;
	}
}

static void print_planned(const struct planned *planned)
{
	const struct config_rotation *rotation = planned->entry.rotation;

	printf("%s (%s): ", rotation->name, strategy_name(rotation->strategy));
	print_due(&planned->entry.due);
	putchar('\n');
	if (planned->plan) {
		plan_print(planned->plan);
		return;
	}
	fputs("      cannot be done:\n", stdout);
	cli_print_wrapped(planned->refusal.message, 6);
	if (planned->refusal.hint[0])
		cli_print_wrapped(planned->refusal.hint, 6);
}

void planned_list_print(const struct planned_list *list, const char *hash)
{
	for (size_t i = 0; i < list->count; i++)
		print_planned(&list->items[i]);
	if (!list->count)
		puts("nothing is due");
	if (list->left)
		printf("%zu more are due and come with the next runs (limits.per_run)\n",
		       list->left);
	if (list->waiting)
		printf("%zu more are due but paused or outside their window\n", list->waiting);
	if (list->count)
		printf("plan %s\n", hash);
}

int cmd_plan(struct cli *cli, int argc, char **argv)
{
	AUTO(planned_list_release) struct planned_list list = { 0 };
	enum exit_code worst = EXIT_DONE;
	struct engine engine;
	struct lks_error err;
	char hash[65];
	int code;

	if (engine_open(cli, false, &engine, &err) ||
	    rotations_plan(&engine.executor, argv + 1, (size_t)argc - 1, argc > 1, &list, &err) ||
	    planned_list_hash(&list, hash, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < list.count; i++) {
		if (!list.items[i].plan)
			worst = worse_exit(worst, error_exit_code(&list.items[i].refusal));
	}
	if (cli->json) {
		code = print_json(cli, &list, hash);
	} else {
		planned_list_print(&list, hash);
		code = cli_flush(cli);
	}
	return code ? code : (int)worst;
}
