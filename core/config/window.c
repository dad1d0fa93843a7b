/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of time: reads "Sat 02:00-04:00 Europe/Berlin", and says when such a
   window is open. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/schema.h"
#include "config/zone.h"

#define DAY_S INT64_C(86400)

static const char *const day_names[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static const char expected[] =
	"expected [DAYS] HH:MM-HH:MM [ZONE], as in \"Sat 02:00-04:00 Europe/Berlin\"";

static bool read_day(const char **at, unsigned *ret_day)
{
	for (unsigned i = 0; i < COUNT_OF(day_names); i++) {
		if (string_starts(*at, day_names[i])) {
			*at += 3;
			*ret_day = i;
			return true;
		}
	}
	return false;
}

/* "Sat", "Mon-Fri", "Fri-Mon,Wed". */
static bool read_days(const char **at, unsigned *ret_days)
{
	unsigned days = 0, first, last;

	for (;;) {
		if (!read_day(at, &first))
			return false;
		last = first;
		if (**at == '-') {
			(*at)++;
			if (!read_day(at, &last))
				return false;
		}
		for (unsigned day = first;; day = (day + 1) % 7) {
			days |= 1u << day;
			if (day == last)
				break;
		}
		if (**at != ',')
			break;
		(*at)++;
	}
	*ret_days = days;
	return true;
}

static bool read_minute(const char **at, int *ret_minute)
{
	const char *digits = *at;
	int hour, minute;

	for (int i = 0; i < 5; i++) {
		if (i == 2 ? digits[i] != ':' : !ascii_is_digit(digits[i]))
			return false;
	}
	hour = (digits[0] - '0') * 10 + digits[1] - '0';
	minute = (digits[3] - '0') * 10 + digits[4] - '0';
	if (minute > 59 || hour * 60 + minute > 24 * 60)
		return false;
	*ret_minute = hour * 60 + minute;
	*at = digits + 5;
	return true;
}

static bool read_times(const char **at, struct config_window *window)
{
	if (!read_minute(at, &window->start_minute) || **at != '-')
		return false;
	(*at)++;
	return read_minute(at, &window->end_minute) && window->start_minute < 24 * 60;
}

enum lks_status window_parse(const char *text, struct config_window *ret_window,
			     struct lks_error *err)
{
	struct config_window window = { .is_set = true, .days = 127 };
	const char *at = text;
	enum lks_status status;

	if (ascii_is_alpha(*at)) {
		if (!read_days(&at, &window.days) || *at++ != ' ')
			return error_set(err, LKS_INVALID, "%s; days are Sun to Sat", expected);
	}
	if (!read_times(&at, &window) || (*at && *at != ' '))
		return error_set(err, LKS_INVALID, "%s", expected);
	if (window.start_minute == window.end_minute)
		return error_set(err, LKS_INVALID,
				 "a window that ends when it starts is empty; the whole day is "
				 "00:00-24:00");
	if (*at == ' ')
		at++;
	else
		at = "UTC";
	status = zone_load(ZONE_FOLDER, at, &window.rules, err);
	if (status)
		return status;
	window.zone = strdup(at);
	if (!window.zone) {
		zone_free(window.rules);
		return error_no_memory(err, "reading a window");
	}
	*ret_window = window;
	return LKS_OK;
}

void window_print(const struct config_window *window, char *buffer, size_t size)
{
	char days[32] = "";
	size_t len = 0;

	for (unsigned i = 0; i < 7 && window->days != 127; i++) {
		if (!(window->days & (1u << i)))
			continue;
		len += (size_t)snprintf(days + len, sizeof(days) - len, "%s%s", len ? "," : "",
					day_names[i]);
	}
	(void)snprintf(buffer, size, "%s%s%02d:%02d-%02d:%02d %s", days, len ? " " : "",
		       window->start_minute / 60, window->start_minute % 60,
		       window->end_minute / 60, window->end_minute % 60, window->zone);
}

void window_release(struct config_window *window)
{
	free(window->zone);
	zone_free(window->rules);
	*window = (struct config_window){ 0 };
}

static int64_t floor_divide(int64_t number, int64_t by)
{
	return number / by - (number % by < 0);
}

/* The window that begins on that local day (since 1970-01-01), in UTC seconds.
   A day's window has both ends once, also when clocks are set that night. */
static bool occurrence(const struct config_window *window, int64_t day, int64_t *ret_start,
		       int64_t *ret_end)
{
	/* 1970-01-01 was a Thursday. */
	unsigned weekday = (unsigned)(((day + 4) % 7 + 7) % 7);
	int64_t minutes = window->end_minute - window->start_minute;
	int64_t local;

	if (!(window->days & (1u << weekday)))
		return false;
	if (minutes <= 0)
		minutes += 24 * 60;
	local = day * DAY_S + window->start_minute * 60;
	*ret_start = zone_to_utc(window->rules, local);
	*ret_end = zone_to_utc(window->rules, local + minutes * 60);
	/* The clocks skipped all of it: it runs when they are past the skip. */
	if (*ret_end <= *ret_start)
		*ret_end = *ret_start + minutes * 60;
	return true;
}

int64_t window_next(const struct config_window *window, int64_t wall_ms)
{
	int64_t now = floor_divide(wall_ms, 1000);
	int64_t today = floor_divide(now + zone_offset(window->rules, now), DAY_S);
	int64_t start, end;

	if (!window->is_set)
		return wall_ms;
	for (int64_t day = today - 2; day <= today + 9; day++) {
		if (!occurrence(window, day, &start, &end) || now >= end)
			continue;
		return start <= now ? wall_ms : start * 1000;
	}
	return wall_ms;
}

bool window_is_open(const struct config_window *window, int64_t wall_ms)
{
	return window_next(window, wall_ms) == wall_ms;
}
