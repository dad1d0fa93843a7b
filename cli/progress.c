/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on the terminal: one plain line per event on stderr, and what
 * became of the operation at the end.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"

/* Less than this is no other end. */
#define SAME_END_MS 2000

static void say_until(const struct event *event)
{
	char until[32];

	if (!event->until_wall_ms) {
		fputc('\n', stderr);
		return;
	}
	time_print(event->until_wall_ms, until);
	fprintf(stderr, " (until %s)\n", until);
}

/* A wait is measured anew at each poll, so its end moves a little. */
static bool is_same_wait(const struct shown_wait *shown, const struct event *event)
{
	int64_t moved = event->until_wall_ms - shown->until_wall_ms;

	return !strcmp(shown->operation, event->operation) &&
	       !strcmp(shown->what, event->text ? event->text : "") && moved > -SAME_END_MS &&
	       moved < SAME_END_MS;
}

static void say_wait(struct shown_wait *shown, const struct event *event)
{
	const char *what = event->text ? event->text : "";

	if (is_same_wait(shown, event))
		return;
	string_copy(shown->operation, sizeof(shown->operation), event->operation);
	string_copy(shown->what, sizeof(shown->what), what);
	shown->until_wall_ms = event->until_wall_ms;
	fprintf(stderr, "waiting: %s", what);
	say_until(event);
}

static void say(struct cli *cli, const struct event *event)
{
	const char *text = event->text ? event->text : "";
	const char *why = event->error ? event->error->message : "";

	switch (event->type) {
	case EVENT_STARTED:
		fprintf(stderr, "%s %s: operation %s\n", event->kind, event->name,
			event->operation);
		break;
	case EVENT_STEP:
		fprintf(stderr, "step %d of %d: %s\n", event->step, event->step_count, text);
		break;
	case EVENT_WAITING:
		say_wait(&cli->shown_wait, event);
		break;
	case EVENT_RETRY:
		fprintf(stderr, "trying again: %s", why[0] ? why : text);
		say_until(event);
		break;
	case EVENT_ROLLING_BACK:
		fprintf(stderr, "rolling back: %s\n", why[0] ? why : text);
		break;
	case EVENT_UNDO:
		fprintf(stderr, "rolling back: undo step %d: %s\n", event->step, text);
		break;
	case EVENT_STEP_DONE:
	case EVENT_COMMITTED:
	case EVENT_FINISHED:
		break;
	}
}

static void receive(void *context, const struct event *event)
{
	struct cli *cli = context;

	bool is_one_step = !strcmp(event->kind, "set") || !strcmp(event->kind, "delete");

	/* What an operation came to is said by cli_outcome(). */
	if (!cli->quiet && !cli->json && (!is_one_step || cli->verbose))
		say(cli, event);
}

void progress_init(struct cli *cli)
{
	cli->events = (struct event_sink){ .receive = receive, .context = cli };
}

static void print_lines(const json_t *report, const char *key, const char *prefix)
{
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(report, key), i, line)
	{
		if (json_is_string(line))
			printf("%s%s\n", prefix, json_string_value(line));
	}
}

static void print_targets(const json_t *report)
{
	size_t i;
	json_t *target;

	json_array_foreach(json_object_get(report, "targets"), i, target)
		printf("  %-12s %s\n", json_text(target, "holds"), json_text(target, "reference"));
}

static void print_wait(const json_t *wait)
{
	const char *until = json_text(wait, "until");

	if (json_is_object(wait))
		printf("  for %s%s%s\n", json_text(wait, "for"), until[0] ? ", until " : "", until);
}

static const char *ending(const struct outcome *outcome)
{
	switch (outcome->state) {
	case OPERATION_COMMITTED:
	case OPERATION_RETIRING:
	case OPERATION_DONE:
		return "done";
	case OPERATION_ROLLED_BACK:
		return "rolled back, all is as it was";
	case OPERATION_STUCK:
		return "STUCK: a person has to decide";
	case OPERATION_ROLLING_BACK:
		return "rolling back";
	case OPERATION_WAITING:
		return "waiting";
	default:
		return "unfinished";
	}
}

static int print_json(struct cli *cli, const char *schema, const struct outcome *outcome)
{
	json_t *report = outcome->report ? json_deep_copy(outcome->report) : json_object();
	int code;

	json_put_number(report, "exit", outcome->exit_code);
	code = cli_json(cli, schema, report);
	return outcome->exit_code ? (int)outcome->exit_code : code;
}

int cli_outcome(struct cli *cli, const char *schema, const struct outcome *outcome)
{
	const struct lks_error *cause = &outcome->cause;
	int code;

	if (cli->json)
		return print_json(cli, schema, outcome);
	if (cause->status)
		cli_fail(cli, cause);
	if (outcome->exit_code || !cli->quiet)
		printf("%s: operation %s\n", ending(outcome), outcome->operation);
	if (outcome->state == OPERATION_STUCK)
		print_targets(outcome->report);
	if (outcome->state == OPERATION_WAITING)
		print_wait(json_object_get(outcome->report, "waiting_for"));
	if (outcome->exit_code)
		print_lines(outcome->report, "next", "  try: ");
	code = cli_flush(cli);
	return outcome->exit_code ? (int)outcome->exit_code : code;
}
