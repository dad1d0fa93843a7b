/* SPDX-License-Identifier: Apache-2.0 */
/* `rotate`, `resume` and `rollback`: one operation, now. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/rotation.h"

static enum lks_status check_options(struct cli *cli, struct lks_error *err)
{
	static const char *const later[] = { "emergency", "revoke-first", "drill" };

	for (size_t i = 0; i < COUNT_OF(later); i++) {
		if (!cli_option_value(cli, later[i]))
			continue;
		error_set(err, LKS_UNSUPPORTED, "rotate: --%s is not available in this version",
			  later[i]);
		error_hint(err, "a plain `rotate --outside-window` acts at any time");
		return LKS_UNSUPPORTED;
	}
	return LKS_OK;
}

static enum lks_status check_operation_id(const char *id, struct lks_error *err)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;

	for (; id[i] && form[i]; i++) {
		if (form[i] == '-' ? id[i] != '-' : !strchr("0123456789abcdef", id[i]))
			break;
	}
	if (!id[i] && !form[i])
		return LKS_OK;
	error_set(err, LKS_INVALID, "an operation's id is a UUID in lower case");
	error_exit(err, EXIT_USAGE);
	return LKS_INVALID;
}

/*
 * A request that is repeated with the same id does nothing twice: it says how
 * that operation ended. Also when it could not be planned any more by now.
 */
static enum lks_status report_repeat(struct executor *executor, const char *name, const char *id,
				     bool *ret_is_repeat, struct outcome *ret_outcome,
				     struct lks_error *err)
{
	AUTO(operation_row_release) struct operation_row row = { 0 };
	struct step_row *steps = NULL;
	size_t count = 0;
	enum lks_status status =
		state_operation_read(executor->state, id, &row, &steps, &count, err);

	*ret_is_repeat = false;
	if (status == LKS_NOT_FOUND) {
		error_clear(err);
		return LKS_OK;
	}
	if (status)
		return status;
	step_rows_free(steps, count);
	if (strcmp(row.name, name) != 0) {
		error_set(err, LKS_CONFLICT, "operation %s is another one: %s %s", id, row.kind,
			  row.name);
		error_operation(err, id);
		return LKS_CONFLICT;
	}
	*ret_is_repeat = true;
	return executor_report(executor, id, false, ret_outcome, err);
}

/* A pause and a window hold for whoever rotates by hand, too: somebody relies
   on them. The window can be set aside with one word. */
static enum lks_status check_gates(struct cli *cli, const struct due_entry *entry,
				   struct lks_error *err)
{
	const struct config_rotation *rotation = entry->rotation;
	int64_t now = clock_wall_ms();
	char when[32];

	if (entry->due.paused_until_wall_ms) {
		time_in_words(entry->due.paused_until_wall_ms, now, when);
		error_set(err, LKS_CONFLICT, "%s is paused until %s: %s", rotation->name, when,
			  entry->due.pause_reason);
		error_hint(err,
			   "lockstep pause %s --for 0s --reason ... ends the pause of one "
			   "rotation, pause --all that of all",
			   rotation->name);
		return LKS_CONFLICT;
	}
	if (!rotation->window.is_set || window_is_open(&rotation->window, now) ||
	    cli_option_value(cli, "outside-window"))
		return LKS_OK;
	time_in_words(window_next(&rotation->window, now), now, when);
	error_set(err, LKS_CONFLICT, "%s: its window is closed; it opens %s", rotation->name, when);
	error_hint(err, "lockstep rotate %s --outside-window acts now", rotation->name);
	return LKS_CONFLICT;
}

static enum lks_status rotate(struct cli *cli, struct executor *executor, char *name,
			      struct outcome *ret_outcome, struct lks_error *err)
{
	AUTO(free_ptr) struct due_entry *entries = NULL;
	struct config_rotation rotation;
	const char *id = cli_option_value(cli, "operation");
	bool is_repeat = false;
	size_t count = 0;
	enum lks_status status = rotations_judge(executor, &name, 1, &entries, &count, err);

	if (!status && id)
		status = check_operation_id(id, err);
	if (!status && id)
		status = report_repeat(executor, name, id, &is_repeat, ret_outcome, err);
	if (status || is_repeat)
		return status;
	status = check_gates(cli, &entries[0], err);
	if (status)
		return status;
	/* A copy that borrows; without its window it is promoted at any time. */
	rotation = *entries[0].rotation;
	if (cli_option_value(cli, "outside-window"))
		rotation.window.is_set = false;
	return rotation_start(executor, &rotation, NULL, id, !cli_option_value(cli, "detach"),
			      ret_outcome, err);
}

int cmd_rotate(struct cli *cli, int argc, char **argv)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	struct engine engine;
	struct lks_error err;

	(void)argc;
	if (check_options(cli, &err) || engine_open(cli, true, &engine, &err) ||
	    rotate(cli, &engine.executor, argv[1], &outcome, &err))
		return cli_fail(cli, &err);
	/* It was asked to return before the end. */
	if (cli_option_value(cli, "detach") && outcome.exit_code == EXIT_UNFINISHED)
		outcome.exit_code = EXIT_DONE;
	return cli_outcome(cli, "rotate", &outcome);
}

int cmd_resume(struct cli *cli, int argc, char **argv)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	struct engine engine;
	struct lks_error err;
	char id[37];

	(void)argc;
	if (engine_open(cli, true, &engine, &err) ||
	    operation_find(&engine.executor, argv[1], id, &err) ||
	    executor_resume(&engine.executor, id, !cli_option_value(cli, "detach"), &outcome, &err))
		return cli_fail(cli, &err);
	rotation_note(&engine.executor, &outcome);
	return cli_outcome(cli, "resume", &outcome);
}

int cmd_rollback(struct cli *cli, int argc, char **argv)
{
	AUTO(outcome_release) struct outcome outcome = { .state = OPERATION_PLANNED };
	struct engine engine;
	struct lks_error err;
	char id[37];

	(void)argc;
	if (engine_open(cli, true, &engine, &err) ||
	    operation_find(&engine.executor, argv[1], id, &err))
		return cli_fail(cli, &err);
	engine.executor.skip_reloads = cli_option_value(cli, "skip-reload") != NULL;
	if (executor_rollback(&engine.executor, id, cli_option_value(cli, "reason"), &outcome,
			      &err))
		return cli_fail(cli, &err);
	rotation_note(&engine.executor, &outcome);
	/* Taken back is what was asked for, not a failure. */
	if (outcome.state == OPERATION_ROLLED_BACK && outcome.exit_code == EXIT_ROLLED_BACK) {
		outcome.exit_code = EXIT_DONE;
		error_clear(&outcome.cause);
	}
	return cli_outcome(cli, "rollback", &outcome);
}
