/* SPDX-License-Identifier: Apache-2.0 */
/* `run`: take up what is unfinished, then do what is due. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/rotation.h"
#include "rotate/hooks.h"

/* What an unfinished operation looked like before this run. */
struct before {
	char id[37];
	char state[24];
};

struct report_to {
	struct cli *cli;
	json_t *operations;
	json_t *refused;
	struct before *before;
	size_t before_count;
	size_t changed;
};

static void report_release(struct report_to *report)
{
	json_decref(report->operations);
	json_decref(report->refused);
	free(report->before);
}

/* So that an operation that waited and still waits is not news. */
static enum lks_status remember_unfinished(struct executor *executor, struct report_to *report,
					   struct lks_error *err)
{
	char **ids = NULL;
	size_t count = 0;
	enum lks_status status =
		state_operations(executor->state, true, NULL, SIZE_MAX, &ids, &count, err);

	if (status)
		return status;
	report->before = calloc(count + 1, sizeof(*report->before));
	if (!report->before)
		status = error_no_memory(err, "run");
	for (size_t i = 0; i < count; i++) {
		AUTO(operation_row_release) struct operation_row row = { 0 };

		if (!status &&
		    !state_operation_read(executor->state, ids[i], &row, NULL, NULL, NULL)) {
			struct before *before = &report->before[report->before_count++];

			string_copy(before->id, sizeof(before->id), ids[i]);
			string_copy(before->state, sizeof(before->state), row.state);
		}
		free(ids[i]);
	}
	free(ids);
	return status;
}

static bool is_news(const struct report_to *report, const struct outcome *outcome)
{
	for (size_t i = 0; i < report->before_count; i++) {
		if (!strcmp(report->before[i].id, outcome->operation))
			return strcmp(report->before[i].state,
				      operation_state_name(outcome->state)) != 0;
	}
	return true;
}

static const char *what_happened(const struct outcome *outcome)
{
	switch (outcome->state) {
	case OPERATION_COMMITTED:
		return "done, the previous value is kept";
	case OPERATION_RETIRING:
	case OPERATION_DONE:
		return "done";
	case OPERATION_ROLLED_BACK:
		return "failed and rolled back";
	case OPERATION_STUCK:
		return "STUCK, a person has to decide";
	case OPERATION_ROLLING_BACK:
		return "still rolling back";
	case OPERATION_WAITING:
		return outcome->exit_code == EXIT_DONE ? "done, the previous value is kept"
						       : "waiting";
	default:
		return "stopped, not finished";
	}
}

static void ended(void *context, const char *name, const struct outcome *outcome,
		  const struct lks_error *refusal)
{
	struct report_to *report = context;

	if (refusal) {
		json_t *object = json_object();

		json_put_text(object, "rotation", name);
		json_put(object, "error", json_error(refusal));
		json_array_append_new(report->refused, object);
		if (!report->cli->json) {
			fprintf(stderr, "%s: not done: %s\n", name, refusal->message);
			if (refusal->hint[0])
				fprintf(stderr, "  hint: %s\n", refusal->hint);
		}
		return;
	}
	if (!is_news(report, outcome))
		return;
	report->changed++;
	json_array_append(report->operations, outcome->report);
	if (report->cli->json || report->cli->quiet)
		return;
	printf("%s: %s%s%s (operation %s)\n", name, what_happened(outcome),
	       outcome->cause.status ? ": " : "",
	       outcome->cause.status ? outcome->cause.message : "", outcome->operation);
	fflush(stdout);
}

static enum lks_status another_plan(const char *wanted, const char *hash, struct lks_error *err)
{
	error_set(err, LKS_CONFLICT,
		  "the plan is no longer %s: what is due, the config or what the stores hold has "
		  "changed since",
		  wanted);
	error_hint(err, "now it is %s; look at it with lockstep plan", hash);
	return LKS_CONFLICT;
}

/* With a person in front of it, nothing is started unseen. */
static bool is_agreed(struct cli *cli, const struct planned_list *list, const char *hash)
{
	if (!list->count || cli_option_value(cli, "yes") || cli_option_value(cli, "plan") ||
	    cli->json || !cli_is_terminal(STDIN_FILENO) || !cli_is_terminal(STDERR_FILENO))
		return true;
	planned_list_print(list, hash);
	return cli_confirm(cli, "do it?");
}

static void tell_overdue(struct executor *executor, char **names, size_t count)
{
	AUTO(free_ptr) struct due_entry *entries = NULL;
	size_t found = 0;
	int64_t late = clock_wall_ms() - OVERDUE_AFTER_MS;

	if (!executor->config->hook_count ||
	    rotations_judge(executor, names, count, &entries, &found, NULL))
		return;
	for (size_t i = 0; i < found; i++) {
		if (entries[i].due.due_wall_ms && entries[i].due.due_wall_ms <= late)
			hooks_run(executor->config, "overdue", "rotate", entries[i].rotation->name,
				  NULL, NULL);
	}
}

static int finish(struct cli *cli, struct report_to *report, const struct planned_list *list,
		  const struct run_result *result)
{
	json_t *object;
	int code;

	if (!cli->json) {
		if (result->stopped && result->worst != EXIT_INTERRUPTED)
			fprintf(stderr,
				"lockstep: %zu failed, so the rest of this run was not started "
				"(limits.stop_after_failures)\n",
				result->failed);
		code = cli_flush(cli);
		return code ? code : (int)result->worst;
	}
	object = json_object();
	json_put(object, "operations", json_incref(report->operations));
	json_put(object, "refused", json_incref(report->refused));
	json_put_number(object, "started", (int64_t)result->started);
	json_put_number(object, "left", (int64_t)list->left);
	json_put_number(object, "waiting", (int64_t)list->waiting);
	json_put_flag(object, "stopped", result->stopped);
	json_put_number(object, "exit", result->worst);
	code = cli_json(cli, "run", object);
	return code ? code : (int)result->worst;
}

static int carry_out(struct cli *cli, struct engine *engine, char **names, size_t count,
		     struct report_to *report, struct lks_error *err)
{
	AUTO(planned_list_release) struct planned_list list = { 0 };
	struct run_result result = { .worst = EXIT_DONE };
	struct run_watcher watcher = { ended, report };
	const char *wanted = cli_option_value(cli, "plan");
	char hash[65];

	if (remember_unfinished(&engine->executor, report, err) ||
	    run_recover(&engine->executor, &watcher, &result, err) ||
	    rotations_plan(&engine->executor, names, count, false, &list, err) ||
	    planned_list_hash(&list, hash, err) ||
	    (wanted && strcmp(wanted, hash) && another_plan(wanted, hash, err)))
		return cli_fail(cli, err);
	if (!is_agreed(cli, &list, hash)) {
		fputs("nothing was started\n", stderr);
		return finish(cli, report, &list, &result);
	}
	run_planned(&engine->executor, &list, &watcher, &result);
	tell_overdue(&engine->executor, names, count);
	return finish(cli, report, &list, &result);
}

int cmd_run(struct cli *cli, int argc, char **argv)
{
	AUTO(report_release) struct report_to report = { .cli = cli };
	struct engine engine;
	struct lks_error err;
	bool shows = cli->verbose || cli_is_terminal(STDERR_FILENO);

	if (cli->has_dashes)
		return cli_usage(cli, "this runs rotations; to run a program with secrets in its "
				      "environment: lockstep exec -- CMD");
	report.operations = json_array();
	report.refused = json_array();
	if (engine_open(cli, shows, &engine, &err))
		return cli_fail(cli, &err);
	return carry_out(cli, &engine, argv + 1, (size_t)argc - 1, &report, &err);
}
