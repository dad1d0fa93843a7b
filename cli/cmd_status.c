/* SPDX-License-Identifier: Apache-2.0 */
/* `status`: every rotation in one line, or one operation in full. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/rotation.h"

/* The unfinished operation of a rotation, with what it waits for; `probe`
   looks at its targets, too. */
static enum lks_status find_unfinished(struct executor *executor, const char *name, bool probe,
				       bool *ret_found, struct outcome *ret_outcome,
				       struct lks_error *err)
{
	char **ids = NULL;
	size_t count = 0;
	enum lks_status status =
		state_operations(executor->state, true, name, 1, &ids, &count, err);

	*ret_found = !status && count > 0;
	if (*ret_found)
		status = executor_report(executor, ids[0], probe, ret_outcome, err);
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
	return status;
}

static json_t *entry_json(const struct due_entry *entry)
{
	const struct due *due = &entry->due;
	json_t *object = json_object();

	json_put_text(object, "rotation", entry->rotation->name);
	json_put_text(object, "strategy", strategy_name(entry->rotation->strategy));
	json_put_text(object, "due", due_state_name(due->state));
	json_put(object, "last_success", time_json(entry->row.last_success_wall_ms));
	json_put(object, "rotated_at", time_json(entry->row.rotated_wall_ms));
	json_put(object, "due_at", time_json(due->due_wall_ms));
	json_put(object, "next_start", time_json(due->start_wall_ms));
	json_put(object, "age_s", due->age_ms < 0 ? json_null() : json_integer(due->age_ms / 1000));
	json_put(object, "paused_until", time_json(due->paused_until_wall_ms));
	json_put_text(object, "pause_reason", due->paused_until_wall_ms ? due->pause_reason : NULL);
	json_put_number(object, "failures", entry->row.failures);
	return object;
}

static void print_entry(const struct due_entry *entry)
{
	char success[32], age[32], next[32];

	time_short(entry->row.last_success_wall_ms, success);
	age_short(entry->due.age_ms, age);
	time_short(entry->due.start_wall_ms, next);
	printf("%-26s %-16s %5s  %-16s %s\n", entry->rotation->name, success, age, next,
	       entry->due.state == DUE_NOW      ? "due"
	       : entry->due.state == DUE_WINDOW ? "due, window"
	       : entry->due.state == DUE_PAUSED ? "paused"
	       : entry->row.failures            ? "failed"
						: "ok");
	if (entry->due.state == DUE_PAUSED)
		printf("  paused: %s\n", entry->due.pause_reason);
}

static void print_next(const json_t *report)
{
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(report, "next"), i, line)
		printf("    %s\n", json_is_string(line) ? json_string_value(line) : "");
}

static void print_targets(const json_t *report)
{
	size_t i;
	json_t *target;

	json_array_foreach(json_object_get(report, "targets"), i, target)
	{
		printf("  %-12s %s\n", json_text(target, "holds"), json_text(target, "reference"));
		if (*json_text(target, "why"))
			cli_print_wrapped(json_text(target, "why"), 15);
	}
}

/* "soak, until 13:50 today", and why if it is an outage. */
static void print_wait(const json_t *report)
{
	const json_t *wait = json_object_get(report, "waiting_for");
	const char *message = json_text(json_object_get(wait, "error"), "message");
	char when[32];
	int64_t until = 0;

	if (!json_is_object(wait))
		return;
	printf("  waits for %s", json_text(wait, "for"));
	if (time_parse(json_text(wait, "until"), &until)) {
		time_in_words(until, clock_wall_ms(), when);
		printf(", until %s", when);
	}
	putchar('\n');
	if (*message)
		cli_print_wrapped(message, 4);
}

static void print_unfinished(const struct outcome *outcome)
{
	printf("  operation %s: %s\n", outcome->operation, operation_state_name(outcome->state));
	print_wait(outcome->report);
	print_targets(outcome->report);
	print_next(outcome->report);
}

/* One rotation with what is unfinished of it, as a line or as JSON. */
static enum lks_status show_entry(struct cli *cli, struct executor *executor,
				  const struct due_entry *entry, bool probe, json_t *list,
				  struct lks_error *err)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	bool found = false;
	enum lks_status status =
		find_unfinished(executor, entry->rotation->name, probe, &found, &outcome, err);
	json_t *object;

	if (status)
		return status;
	if (!cli->json) {
		print_entry(entry);
		if (found)
			print_unfinished(&outcome);
		return LKS_OK;
	}
	object = entry_json(entry);
	json_put(object, "operation", found ? json_incref(outcome.report) : json_null());
	json_array_append_new(list, object);
	return LKS_OK;
}

static int show_all(struct cli *cli, struct executor *executor, char **names, size_t count)
{
	AUTO(free_ptr) struct due_entry *entries = NULL;
	AUTO(json_freep) json_t *list = json_array();
	struct lks_error err;
	size_t found = 0;
	json_t *object;

	if (rotations_judge(executor, names, count, &entries, &found, &err))
		return cli_fail(cli, &err);
	if (!cli->json && found)
		printf("%-26s %-16s %5s  %-16s %s\n", "ROTATION", "LAST SUCCESS", "AGE", "NEXT",
		       "STATE");
	for (size_t i = 0; i < found; i++) {
		if (show_entry(cli, executor, &entries[i], count > 0, list, &err))
			return cli_fail(cli, &err);
	}
	if (!cli->json) {
		if (!found)
			puts("the config has no rotations");
		return cli_flush(cli);
	}
	object = json_object();
	json_put(object, "rotations", json_incref(list));
	return cli_json(cli, "status", object);
}

static int show_operation(struct cli *cli, struct executor *executor, const char *id)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	struct lks_error err;

	if (executor_report(executor, id, true, &outcome, &err))
		return cli_fail(cli, &err);
	if (cli->json) {
		json_t *object = json_object();

		json_put(object, "operation", json_incref(outcome.report));
		return cli_json(cli, "status", object);
	}
	printf("operation %s of %s: %s\n", outcome.operation, json_text(outcome.report, "rotation"),
	       operation_state_name(outcome.state));
	if (outcome.cause.status)
		cli_print_wrapped(outcome.cause.message, 2);
	print_wait(outcome.report);
	print_targets(outcome.report);
	print_next(outcome.report);
	return cli_flush(cli);
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	struct engine engine;
	struct lks_error err;
	char id[37];

	if (engine_open(cli, false, &engine, &err))
		return cli_fail(cli, &err);
	if (argc < 2 || config_rotation(cli->config, argv[1]))
		return show_all(cli, &engine.executor, argv + 1, (size_t)argc - 1);
	if (operation_find(&engine.executor, argv[1], id, &err))
		return cli_fail(cli, &err);
	return show_operation(cli, &engine.executor, id);
}
