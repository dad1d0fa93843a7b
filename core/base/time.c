/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and times as text; nothing here asks the locale or a zone. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000LL

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "w", 7 * DAY_MS }, { "d", DAY_MS }, { "h", 3600000 },
	{ "m", 60000 },      { "s", 1000 },   { "ms", 1 },
};

/* Reads digits at `*string`; false without any, or on overflow. */
static bool parse_digits(const char **string, int64_t *ret_number)
{
	const char *at = *string;
	int64_t number = 0;

	if (!ascii_is_digit(*at))
		return false;
	for (; ascii_is_digit(*at); at++) {
		if (__builtin_mul_overflow(number, (int64_t)10, &number) ||
		    __builtin_add_overflow(number, (int64_t)(*at - '0'), &number))
			return false;
	}
	*string = at;
	*ret_number = number;
	return true;
}

/* The unit at `string`, searched from `first`; COUNT_OF(units) if none. */
static size_t find_unit(const char *string, size_t first)
{
	size_t len = 0;

	while (ascii_is_alpha(string[len]))
		len++;
	for (size_t i = first; i < COUNT_OF(units); i++) {
		if (strlen(units[i].name) == len && !memcmp(units[i].name, string, len))
			return i;
	}
	return COUNT_OF(units);
}

bool duration_parse(const char *string, int64_t *ret_ms)
{
	int64_t total = 0;
	size_t first_unit = 0;

	if (!*string)
		return false;
	while (*string) {
		int64_t number;
		size_t unit;

		if (!parse_digits(&string, &number))
			return false;
		unit = find_unit(string, first_unit);
		if (unit == COUNT_OF(units))
			return false;
		string += strlen(units[unit].name);
		if (__builtin_mul_overflow(number, units[unit].ms, &number) ||
		    __builtin_add_overflow(total, number, &total))
			return false;
		first_unit = unit + 1;
	}
	*ret_ms = total;
	return true;
}

void duration_print(int64_t ms, char *buffer, size_t size)
{
	uint64_t rest = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	char piece[32];
	char all[64] = "";
	size_t len = 0;

	if (ms == 0)
		string_copy(all, sizeof(all), "0s");
	else if (ms < 0)
		all[len++] = '-';
	/* Weeks are read but not written: "90d" says more than "12w6d". */
	for (size_t i = 1; i < COUNT_OF(units); i++) {
		const uint64_t unit_ms = (uint64_t)units[i].ms;

		if (rest < unit_ms)
			continue;
		snprintf(piece, sizeof(piece), "%llu%s", (unsigned long long)(rest / unit_ms),
			 units[i].name);
		string_copy(all + len, sizeof(all) - len, piece);
		len += strlen(piece);
		rest %= unit_ms;
	}
	string_copy(buffer, size, all);
}

/*
 * Days since 1970-01-01 of a date in the Gregorian calendar and back, by
 * eras of 400 years that begin in March.
 */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
	int64_t era;
	int64_t year_of_era;
	int64_t day_of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	year_of_era = year - era * 400;
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t era;
	int64_t day_of_era;
	int64_t year_of_era;
	int64_t day_of_year;
	int64_t shifted;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	shifted = (5 * day_of_year + 2) / 153;
	*day = day_of_year - (153 * shifted + 2) / 5 + 1;
	*month = shifted + (shifted < 10 ? 3 : -9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

void time_print(int64_t wall_ms, char buffer[32])
{
	/* 0000-01-01 and the end of 9999, beyond which the form has no room. */
	const int64_t first_ms = days_from_date(0, 1, 1) * DAY_MS;
	const int64_t last_ms = days_from_date(10000, 1, 1) * DAY_MS - 1;
	int64_t days;
	int64_t seconds;
	int64_t year;
	int64_t month;
	int64_t day;
	char text[128];

	if (wall_ms < first_ms)
		wall_ms = first_ms;
	if (wall_ms > last_ms)
		wall_ms = last_ms;
	days = wall_ms / DAY_MS - (wall_ms % DAY_MS < 0);
	seconds = (wall_ms - days * DAY_MS) / 1000;
	date_from_days(days, &year, &month, &day);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month,
		 (int)day, (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
	memcpy(buffer, text, strlen("2026-11-20T10:00:00Z") + 1);
}

/* Exactly `count` digits at `*string`. */
static bool parse_fixed(const char **string, int count, int64_t *ret_number)
{
	*ret_number = 0;
	for (int i = 0; i < count; i++, (*string)++) {
		if (!ascii_is_digit(**string))
			return false;
		*ret_number = *ret_number * 10 + (**string - '0');
	}
	return true;
}

static bool parse_char(const char **string, char c)
{
	if (**string != c)
		return false;
	(*string)++;
	return true;
}

static bool parse_date(const char **string, int64_t *ret_days)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t year;
	int64_t month;
	int64_t day;
	bool is_leap;

	if (!parse_fixed(string, 4, &year) || !parse_char(string, '-') ||
	    !parse_fixed(string, 2, &month) || !parse_char(string, '-') ||
	    !parse_fixed(string, 2, &day))
		return false;
	is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 ||
	    day > month_days[month - 1] + (month == 2 && is_leap))
		return false;
	*ret_days = days_from_date(year, month, day);
	return true;
}

static bool parse_clock(const char **string, int64_t *ret_ms)
{
	int64_t hour;
	int64_t minute;
	int64_t second;
	int64_t scale = 100;

	if (!parse_fixed(string, 2, &hour) || !parse_char(string, ':') ||
	    !parse_fixed(string, 2, &minute) || !parse_char(string, ':') ||
	    !parse_fixed(string, 2, &second))
		return false;
	/* 60 is a leap second, which POSIX time gives to the next minute. */
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_ms = ((hour * 60 + minute) * 60 + second) * 1000;
	if (!parse_char(string, '.'))
		return true;
	if (!ascii_is_digit(**string))
		return false;
	for (; ascii_is_digit(**string); (*string)++, scale /= 10)
		*ret_ms += (**string - '0') * scale;
	return true;
}

static bool parse_offset(const char **string, int64_t *ret_ms)
{
	int64_t hour;
	int64_t minute;
	int sign;

	*ret_ms = 0;
	if (parse_char(string, 'Z') || parse_char(string, 'z'))
		return true;
	if (parse_char(string, '+'))
		sign = 1;
	else if (parse_char(string, '-'))
		sign = -1;
	else
		return false;
	if (!parse_fixed(string, 2, &hour) || !parse_char(string, ':') ||
	    !parse_fixed(string, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_ms = sign * (hour * 60 + minute) * 60000;
	return true;
}

bool time_parse(const char *string, int64_t *ret_wall_ms)
{
	int64_t days;
	int64_t clock_ms = 0;
	int64_t offset_ms = 0;

	if (!parse_date(&string, &days))
		return false;
	if (*string) {
		if (*string != 'T' && *string != 't' && *string != ' ')
			return false;
		string++;
		if (!parse_clock(&string, &clock_ms) || !parse_offset(&string, &offset_ms) ||
		    *string)
			return false;
	}
	*ret_wall_ms = days * DAY_MS + clock_ms - offset_ms;
	return true;
}
