/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of each rotation. */
#include "base/text.h"
#include "state/state_private.h"

static void on_rotation(void *context, const struct database_rotation *row)
{
	struct rotation_row *into = context;

	*into = (struct rotation_row){
		.first_seen_wall_ms = row->first_seen_wall_ms,
		.spread_due_wall_ms = row->spread_due_wall_ms,
		.last_success_wall_ms = row->last_success_wall_ms,
		.rotated_wall_ms = row->rotated_wall_ms,
		.failures = row->failures,
		.paused_until_wall_ms = row->paused_until_wall_ms,
	};
	string_copy(into->name, sizeof(into->name), row->name ? row->name : "");
	string_copy(into->last_operation, sizeof(into->last_operation),
		    row->last_operation ? row->last_operation : "");
	string_copy(into->pause_reason, sizeof(into->pause_reason),
		    row->pause_reason ? row->pause_reason : "");
}

enum lks_status state_rotation_read(struct state *state, const char *name,
				    struct rotation_row *ret_row, struct lks_error *err)
{
	struct lks_error said = { 0 };

	if (!state->module->rotation_read(state->database, name, on_rotation, ret_row, &said))
		return LKS_OK;
	return state_fail(err, &said);
}

enum lks_status state_rotation_write(struct state *state, const struct rotation_row *row,
				     struct lks_error *err)
{
	const struct database_rotation columns = {
		.name = row->name,
		.first_seen_wall_ms = row->first_seen_wall_ms,
		.spread_due_wall_ms = row->spread_due_wall_ms,
		.last_success_wall_ms = row->last_success_wall_ms,
		.rotated_wall_ms = row->rotated_wall_ms,
		.last_operation = row->last_operation,
		.failures = row->failures,
		.paused_until_wall_ms = row->paused_until_wall_ms,
		.pause_reason = row->pause_reason,
	};
	struct lks_error said = { 0 };

	if (!state->module->rotation_write(state->database, &columns, &said))
		return LKS_OK;
	return state_fail(err, &said);
}
