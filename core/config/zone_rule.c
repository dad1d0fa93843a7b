/* SPDX-License-Identifier: Apache-2.0 */
/* Parses POSIX time zone rules and says on which side of them a moment lies. */
#include "config/zone_rule.h"

#include <string.h>

#include "base/text.h"
#include "config/zone.h"

#define DAY_S INT64_C(86400)

/* "CET" or "<+03>". */
static bool skip_name(const char **at)
{
	const char *start = *at;

	if (**at == '<') {
		const char *end = strchr(*at, '>');

		if (!end)
			return false;
		*at = end + 1;
		return end > start + 1;
	}
	while (ascii_is_alpha(**at))
		(*at)++;
	return *at - start >= 3;
}

static bool read_digits(const char **at, int64_t maximum, int64_t *ret_number)
{
	int64_t number = 0;

	if (!ascii_is_digit(**at))
		return false;
	for (; ascii_is_digit(**at); (*at)++) {
		number = number * 10 + (**at - '0');
		if (number > maximum)
			return false;
	}
	*ret_number = number;
	return true;
}

static bool take(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool read_time(const char **at, int64_t *ret_s)
{
	bool is_negative = take(at, '-');
	int64_t hours, minutes = 0, seconds = 0;

	if (!is_negative)
		(void)take(at, '+');
	if (!read_digits(at, 167, &hours))
		return false;
	if (take(at, ':') && !read_digits(at, 59, &minutes))
		return false;
	if (take(at, ':') && !read_digits(at, 59, &seconds))
		return false;
	*ret_s = hours * 3600 + minutes * 60 + seconds;
	if (is_negative)
		*ret_s = -*ret_s;
	return true;
}

static bool read_change(const char **at, struct zone_change *change)
{
	int64_t month = 0, week = 0, day;

	*change = (struct zone_change){ .kind = 'N', .time_s = 7200 };
	if (!take(at, ','))
		return false;
	if (take(at, 'M')) {
		change->kind = 'M';
		if (!read_digits(at, 12, &month) || !take(at, '.') || !read_digits(at, 5, &week) ||
		    !take(at, '.') || !read_digits(at, 6, &day) || !month || !week)
			return false;
	} else {
		if (take(at, 'J'))
			change->kind = 'J';
		if (!read_digits(at, 365, &day) || (change->kind == 'J' && !day))
			return false;
	}
	change->month = (int)month;
	change->week = (int)week;
	change->day = (int)day;
	return !take(at, '/') || read_time(at, &change->time_s);
}

bool zone_rule_parse(const char *text, struct zone_rule *ret_rule)
{
	struct zone_rule rule = { 0 };
	int64_t west;

	if (!skip_name(&text) || !read_time(&text, &west))
		return false;
	rule.standard_offset = -west;
	if (*text) {
		rule.has_summer = true;
		rule.summer_offset = rule.standard_offset + 3600;
		if (!skip_name(&text))
			return false;
		if (*text && *text != ',') {
			if (!read_time(&text, &west))
				return false;
			rule.summer_offset = -west;
		}
		if (!read_change(&text, &rule.start) || !read_change(&text, &rule.end) || *text)
			return false;
	}
	*ret_rule = rule;
	return true;
}

static bool is_leap_year(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day on which it happens, since 1970-01-01. */
static int64_t day_of_change(const struct zone_change *change, int64_t year)
{
	int64_t first, day, next_month;

	if (change->kind == 'N')
		return days_of_date(year, 1, 1) + change->day;
	if (change->kind == 'J')
		return days_of_date(year, 1, 1) + change->day - 1 +
		       (is_leap_year(year) && change->day >= 60);
	first = days_of_date(year, change->month, 1);
	next_month = change->month == 12 ? days_of_date(year + 1, 1, 1)
					 : days_of_date(year, change->month + 1, 1);
	/* 1970-01-01 was a Thursday. */
	day = first + (change->day - (first + 4) % 7 + 14) % 7 + (change->week - 1) * 7;
	while (day >= next_month)
		day -= 7;
	return day;
}

static int64_t year_of(int64_t local_s)
{
	int64_t days = local_s >= 0 ? local_s / DAY_S : -((-local_s + DAY_S - 1) / DAY_S);
	int64_t year = 1970 + days * 400 / 146097;

	while (days_of_date(year, 1, 1) > days)
		year--;
	while (days_of_date(year + 1, 1, 1) <= days)
		year++;
	return year;
}

int64_t zone_rule_offset(const struct zone_rule *rule, int64_t utc_s)
{
	int64_t year, start, end;
	bool is_summer;

	if (!rule->has_summer)
		return rule->standard_offset;
	year = year_of(utc_s + rule->standard_offset);
	start = day_of_change(&rule->start, year) * DAY_S + rule->start.time_s -
		rule->standard_offset;
	end = day_of_change(&rule->end, year) * DAY_S + rule->end.time_s - rule->summer_offset;
	if (start < end)
		is_summer = utc_s >= start && utc_s < end;
	else
		is_summer = utc_s >= start || utc_s < end;
	return is_summer ? rule->summer_offset : rule->standard_offset;
}
