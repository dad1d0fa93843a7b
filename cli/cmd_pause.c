/* SPDX-License-Identifier: Apache-2.0 */
/* `pause`: no new starts for a while. What runs goes on, and so do rollbacks. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/rotation.h"

#define PAUSE_MAX_MS (INT64_C(366) * 24 * 60 * 60 * 1000)

static enum lks_status write_pause(struct cli *cli, struct executor *executor, const char *name,
				   int64_t for_ms, const char *reason, int64_t *ret_until,
				   struct lks_error *err)
{
	struct rotation_row row;
	enum lks_status status = state_rotation_read(executor->state, name, &row, err);

	(void)cli;
	if (status == LKS_NOT_FOUND) {
		error_clear(err);
		row = (struct rotation_row){ .first_seen_wall_ms = clock_wall_ms() };
		string_copy(row.name, sizeof(row.name), name);
		status = LKS_OK;
	}
	if (status)
		return status;
	row.paused_until_wall_ms = for_ms ? clock_wall_ms() + for_ms : 0;
	string_copy(row.pause_reason, sizeof(row.pause_reason), for_ms ? reason : "");
	*ret_until = row.paused_until_wall_ms;
	return state_rotation_write(executor->state, &row, err);
}

/* All the rotations that it holds for: the caller must be allowed to. */
static enum lks_status check_rights(struct cli *cli, const char *name, const char *reason,
				    struct lks_error *err)
{
	for (size_t i = 0; i < cli->config->rotation_count; i++) {
		const struct config_rotation *rotation = &cli->config->rotations[i];
		enum lks_status status;

		if (name && strcmp(name, rotation->name) != 0)
			continue;
		status = rotation_allowed(cli, rotation, ACTION_PAUSE, err);
		if (!status)
			status = rotation_audit(cli, rotation, ACTION_PAUSE, reason, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static enum lks_status set_pause(struct cli *cli, struct engine *engine, char *name, int64_t for_ms,
				 int64_t *ret_until, struct lks_error *err)
{
	AUTO(free_ptr) struct due_entry *entries = NULL;
	const char *reason = cli_option_value(cli, "reason");
	size_t count = 0;
	enum lks_status status = LKS_OK;

	/* Also records a rotation that was never seen. */
	if (name)
		status = rotations_judge(&engine->executor, &name, 1, &entries, &count, err);
	if (!status)
		status = check_rights(cli, name, reason, err);
	if (!status)
		status = write_pause(cli, &engine->executor, name ? name : "*", for_ms, reason,
				     ret_until, err);
	return status;
}

static int print(struct cli *cli, const char *name, int64_t until)
{
	char when[32];

	if (cli->json) {
		json_t *object = json_object();

		json_put_text(object, "rotation", name);
		json_put(object, "paused_until", time_json(until));
		json_put_text(object, "reason", cli_option_value(cli, "reason"));
		return cli_json(cli, "pause", object);
	}
	time_in_words(until, clock_wall_ms(), when);
	if (cli->quiet)
		return 0;
	if (until)
		printf("%s: paused until %s\n", name ? name : "all rotations", when);
	else
		printf("%s: not paused any more\n", name ? name : "all rotations");
	return cli_flush(cli);
}

int cmd_pause(struct cli *cli, int argc, char **argv)
{
	char *name = argc > 1 ? argv[1] : NULL;
	const char *duration = cli_option_value(cli, "for");
	const char *reason = cli_option_value(cli, "reason");
	struct engine engine;
	struct lks_error err;
	int64_t for_ms = 0, until = 0;

	if (!name == !cli_option_value(cli, "all"))
		return cli_usage(cli, "name one rotation, or --all");
	if (!duration || !duration_parse(duration, &for_ms) || for_ms > PAUSE_MAX_MS)
		return cli_usage(cli, "--for says how long, as 48h, at most 366d; 0s ends a pause");
	if (!reason || !*reason)
		return cli_usage(cli, "--reason is missing: the others will want to know");
	if (engine_open(cli, false, &engine, &err) ||
	    set_pause(cli, &engine, name, for_ms, &until, &err))
		return cli_fail(cli, &err);
	return print(cli, name, until);
}
