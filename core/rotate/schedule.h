/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a rotation is due. Nothing here reads a clock, a store or the state:
 * rows go in, answers come out.
 *
 * Age counts from the last success (or what `adopt` said), else from the
 * store's creation date, else from first sight. What is overdue when it is
 * seen for the first time gets a due date of its own, spread over one `every`
 * but at most 30 days, so that a thousand old secrets do not change at once.
 * A missed date is one missed date: the rotation is due until it was done.
 */
#ifndef ROTATE_SCHEDULE_H
#define ROTATE_SCHEDULE_H

#include "config/config.h"
#include "state/state.h"

enum due_state {
	DUE_NEVER = 0, /* no `every`: only when asked */
	DUE_LATER,
	DUE_PAUSED, /* it would be due, or the pause outlasts the date */
	DUE_WINDOW, /* due; waits for its window */
	DUE_NOW
};
/* "never", "later", "paused", "window", "now": stable, used in JSON. */
const char *due_state_name(enum due_state state);

struct due {
	enum due_state state;
	int64_t due_wall_ms;   /* 0: never */
	int64_t start_wall_ms; /* when `run` may begin at the earliest; 0: never */
	int64_t age_ms;        /* -1: not known */
	int64_t paused_until_wall_ms;
	char pause_reason[256];
};

/* `all` is the row of `pause --all`, or NULL. */
void schedule_judge(const struct config_rotation *rotation, const struct rotation_row *row,
		    const struct rotation_row *all, int64_t now_wall_ms, struct due *ret_due);

/* The row of a rotation that was never seen. `created_wall_ms` is the store's
   date, 0 if it has none. */
enum lks_status schedule_first_sight(const struct config_rotation *rotation,
				     int64_t created_wall_ms, int64_t now_wall_ms,
				     struct rotation_row *ret_row,
				     struct lks_error *err) MUST_CHECK;

/* A clock that was ahead left dates in the future, which would keep the
   rotation from ever being due: count from now. True if the row changed. */
bool schedule_mend(struct rotation_row *row, int64_t now_wall_ms);

void schedule_success(struct rotation_row *row, const char *operation, int64_t wall_ms);
void schedule_failure(struct rotation_row *row, const char *operation);
/* `adopt`: it was last changed then. */
void schedule_adopt(const struct config_rotation *rotation, struct rotation_row *row,
		    int64_t rotated_wall_ms, int64_t now_wall_ms);

/* Order of starting: those that failed last time come after the others (or
   they would starve them under the limits of a run), then oldest first, then
   by name. For qsort on `struct due_entry`. */
struct due_entry {
	const struct config_rotation *rotation;
	struct rotation_row row;
	struct due due;
};
int schedule_compare(const void *a, const void *b);

/* "02:10 today", "02:10 tomorrow", "Sat 02:10", "2026-11-20 02:10": local time. */
void time_in_words(int64_t wall_ms, int64_t now_wall_ms, char buffer[32]);

#endif
