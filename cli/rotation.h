/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about rotations share. */
#ifndef CLI_ROTATION_H
#define CLI_ROTATION_H

#include "cli/cli.h"
#include "rotate/run.h"

/* The engine for one command: an executor whose events also reach the
   config's hooks. */
struct engine {
	struct executor executor;
	struct event_sink hooks;
};
/* `with_progress`: events are shown on the terminal too. */
enum lks_status engine_open(struct cli *cli, bool with_progress, struct engine *ret_engine,
			    struct lks_error *err) MUST_CHECK;

/* May the caller do this to every secret of the rotation? A denial names the
   rule and is audited. */
enum lks_status rotation_allowed(struct cli *cli, const struct config_rotation *rotation,
				 enum action action, struct lks_error *err) MUST_CHECK;
/* Write down that it was done; a change of what we know, not of a store. */
enum lks_status rotation_audit(struct cli *cli, const struct config_rotation *rotation,
			       enum action action, const char *reason,
			       struct lks_error *err) MUST_CHECK;

/* One plan for people, at most 80 columns wide. */
void plan_print(const struct plan *plan);
/* What a run would do, and its hash. */
void planned_list_print(const struct planned_list *list, const char *hash);
/* The members steps[], notes[], records[] of a plan's JSON. Returns -1
   without memory. */
int plan_describe(struct cli *cli, const struct plan *plan, json_t *object);

/* "2026-11-21 13:40", local time; "-" for 0. */
void time_short(int64_t wall_ms, char buffer[32]);
/* "12d", "3h", "5m", "-": how long, roughly. */
void age_short(int64_t ms, char buffer[32]);
/* RFC 3339 in UTC, or null for 0. */
json_t *time_json(int64_t wall_ms);

#endif
