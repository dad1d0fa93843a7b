/* SPDX-License-Identifier: Apache-2.0 */
/* When a rotation is due. */
#include "rotate/schedule.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "base/text.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define SPREAD_MAX_MS (30 * DAY_MS)

const char *due_state_name(enum due_state state)
{
	static const char *const names[] = { "never", "later", "paused", "window", "now" };
	return (size_t)state < COUNT_OF(names) ? names[state] : "unknown";
}

static int64_t later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t due_date(const struct config_rotation *rotation, const struct rotation_row *row,
			int64_t now_wall_ms)
{
	if (row->spread_due_wall_ms)
		return row->spread_due_wall_ms;
	int64_t from = row->rotated_wall_ms ? row->rotated_wall_ms : row->first_seen_wall_ms;
	int64_t due;
	if (from > now_wall_ms)
		from = now_wall_ms;
	return __builtin_add_overflow(from, rotation->every_ms, &due) ? INT64_MAX : due;
}

static void judge_pause(const struct rotation_row *row, int64_t now_wall_ms, struct due *due)
{
	if (!row || row->paused_until_wall_ms <= now_wall_ms ||
	    row->paused_until_wall_ms <= due->paused_until_wall_ms)
		return;
	due->paused_until_wall_ms = row->paused_until_wall_ms;
	string_copy(due->pause_reason, sizeof(due->pause_reason), row->pause_reason);
}

void schedule_judge(const struct config_rotation *rotation, const struct rotation_row *row,
		    const struct rotation_row *all, int64_t now_wall_ms, struct due *ret_due)
{
	struct due due = { .age_ms = -1 };
	if (row->rotated_wall_ms)
		due.age_ms = later_of(0, now_wall_ms - row->rotated_wall_ms);
	judge_pause(row, now_wall_ms, &due);
	judge_pause(all, now_wall_ms, &due);
	if (rotation->every_ms <= 0) {
		due.state = due.paused_until_wall_ms ? DUE_PAUSED : DUE_NEVER;
		*ret_due = due;
		return;
	}
	due.due_wall_ms = due_date(rotation, row, now_wall_ms);
	due.start_wall_ms =
		later_of(later_of(due.due_wall_ms, due.paused_until_wall_ms), now_wall_ms);
	if (rotation->window.is_set && !window_is_open(&rotation->window, due.start_wall_ms))
		due.start_wall_ms = window_next(&rotation->window, due.start_wall_ms);
	if (due.paused_until_wall_ms)
		due.state = DUE_PAUSED;
	else if (due.due_wall_ms > now_wall_ms)
		due.state = DUE_LATER;
	else if (rotation->window.is_set && !window_is_open(&rotation->window, now_wall_ms))
		due.state = DUE_WINDOW;
	else
		due.state = DUE_NOW;
	*ret_due = due;
}

/* FNV-1a: spreads names; chance comes from the random bytes beside it. */
static uint64_t name_hash(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (; *name; name++) {
		hash ^= (unsigned char)*name;
		hash *= UINT64_C(0x100000001b3);
	}
	return hash;
}

enum lks_status schedule_first_sight(const struct config_rotation *rotation,
				     int64_t created_wall_ms, int64_t now_wall_ms,
				     struct rotation_row *ret_row, struct lks_error *err)
{
	struct rotation_row row = { .first_seen_wall_ms = now_wall_ms };
	string_copy(row.name, sizeof(row.name), rotation->name);
	if (created_wall_ms > 0 && created_wall_ms <= now_wall_ms)
		row.rotated_wall_ms = created_wall_ms;
	if (rotation->every_ms > 0 && due_date(rotation, &row, now_wall_ms) <= now_wall_ms) {
		uint64_t chance = 0;
		enum lks_status status = random_bytes(&chance, sizeof(chance), err);
		if (status != LKS_OK)
			return status;
		int64_t span =
			rotation->every_ms < SPREAD_MAX_MS ? rotation->every_ms : SPREAD_MAX_MS;
		row.spread_due_wall_ms =
			now_wall_ms +
			(int64_t)((chance ^ name_hash(rotation->name)) % (uint64_t)span);
	}
	*ret_row = row;
	return LKS_OK;
}

bool schedule_mend(struct rotation_row *row, int64_t now_wall_ms)
{
	bool changed = false;
	if (row->rotated_wall_ms > now_wall_ms + DAY_MS) {
		row->rotated_wall_ms = now_wall_ms;
		changed = true;
	}
	if (row->first_seen_wall_ms > now_wall_ms + DAY_MS) {
		row->first_seen_wall_ms = now_wall_ms;
		changed = true;
	}
	if (row->spread_due_wall_ms > now_wall_ms + SPREAD_MAX_MS) {
		row->spread_due_wall_ms = now_wall_ms + SPREAD_MAX_MS;
		changed = true;
	}
	return changed;
}

void schedule_success(struct rotation_row *row, const char *operation, int64_t wall_ms)
{
	row->last_success_wall_ms = wall_ms;
	row->rotated_wall_ms = wall_ms;
	row->spread_due_wall_ms = 0;
	row->failures = 0;
	string_copy(row->last_operation, sizeof(row->last_operation), operation);
}

void schedule_failure(struct rotation_row *row, const char *operation)
{
	if (row->failures < INT64_MAX)
		row->failures++;
	if (operation)
		string_copy(row->last_operation, sizeof(row->last_operation), operation);
}

void schedule_adopt(const struct config_rotation *rotation, struct rotation_row *row,
		    int64_t rotated_wall_ms, int64_t now_wall_ms)
{
	int64_t spread = row->spread_due_wall_ms;
	row->rotated_wall_ms = rotated_wall_ms;
	row->spread_due_wall_ms = 0;
	/* A date that was spread and has not come yet stays: adopting a
	   thousand old dates must not make them all due at once. */
	if (spread > now_wall_ms && due_date(rotation, row, now_wall_ms) <= now_wall_ms)
		row->spread_due_wall_ms = spread;
}

int schedule_compare(const void *a, const void *b)
{
	const struct due_entry *first = a, *second = b;
	bool first_failed = first->row.failures > 0, second_failed = second->row.failures > 0;
	if (first_failed != second_failed)
		return first_failed ? 1 : -1;
	if (first->due.due_wall_ms != second->due.due_wall_ms)
		return first->due.due_wall_ms < second->due.due_wall_ms ? -1 : 1;
	return strcmp(first->rotation->name, second->rotation->name);
}

/* Days between two local dates, roughly: enough to tell today from tomorrow. */
static int64_t day_number(const struct tm *date)
{
	struct tm noon = *date;
	noon.tm_hour = 12;
	noon.tm_min = noon.tm_sec = 0;
	return (int64_t)timegm(&noon) / (DAY_MS / 1000);
}

void time_in_words(int64_t wall_ms, int64_t now_wall_ms, char buffer[32])
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	time_t then = (time_t)(wall_ms / 1000), now = (time_t)(now_wall_ms / 1000);
	struct tm date = { .tm_mday = 1 }, today = { .tm_mday = 1 };
	if (!localtime_r(&then, &date) || !localtime_r(&now, &today)) {
		string_copy(buffer, 32, "an unknown time");
		return;
	}
	int64_t away = day_number(&date) - day_number(&today);
	if (away == 0)
		snprintf(buffer, 32, "%02d:%02d today", date.tm_hour, date.tm_min);
	else if (away == 1)
		snprintf(buffer, 32, "%02d:%02d tomorrow", date.tm_hour, date.tm_min);
	else if (away > 1 && away < 7)
		snprintf(buffer, 32, "%s %02d:%02d", days[date.tm_wday % 7], date.tm_hour,
			 date.tm_min);
	else if (strftime(buffer, 32, "%Y-%m-%d %H:%M", &date) == 0)
		string_copy(buffer, 32, "a far day");
}
