/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and times as text. */
#include "support/test.h"

#include <locale.h>
#include <time.h>

#include "base/text.h"

static void test_durations_are_numbers_with_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "90d", 90 * 86400000LL },
		{ "1h30m", 5400000 },
		{ "250ms", 250 },
		{ "0s", 0 },
		{ "007s", 7000 },
		{ "1w1d1h1m1s1ms", 694861001 },
		{ "5m", 300000 },
		{ "1m1ms", 60001 },
		{ "106751991167d", 9223372036828800000LL },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(duration_parse(cases[i].text, &ms));
		assert_true(ms == cases[i].ms);
	}
}

static void test_n10_what_is_no_duration_is_refused(void **state)
{
	static const char *const cases[] = { "",
					     "5",
					     "s",
					     "1hh",
					     "1h 30m",
					     " 1h",
					     "1h ",
					     "-1h",
					     "+1h",
					     "1.5h",
					     "1H",
					     "1e3s",
					     "1h1h",
					     "30m1h",
					     "0x10s",
					     "1\xc2\xb5s",
					     "1y",
					     "1min",
					     "1h,30m",
					     "106751991168d",
					     "99999999999999999999s",
					     "9223372036854775807s" };
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (duration_parse(cases[i], &ms))
			fail_msg("\"%s\" was taken", cases[i]);
	}
	assert_true(ms == 42);
}

static void test_a_printed_duration_is_read_back(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = { { 0, "0s" },          { 250, "250ms" },           { 1000, "1s" },
		      { 5400000, "1h30m" }, { 90 * 86400000LL, "90d" }, { 86400001, "1d1ms" },
		      { -1500, "-1s500ms" } };
	char text[64];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		duration_print(cases[i].ms, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
		if (cases[i].ms >= 0) {
			assert_true(duration_parse(text, &ms));
			assert_true(ms == cases[i].ms);
		}
	}
	duration_print(INT64_MAX, text, sizeof(text));
	assert_true(duration_parse(text, &ms) && ms == INT64_MAX);
	duration_print(INT64_MIN, text, sizeof(text));
	assert_string_equal(text, "-106751991167d7h12m55s808ms");
	duration_print(5400000, text, 3);
	assert_string_equal(text, "1h");
}

static void test_times_are_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-20T10:00:00Z", 1795168800000 },
		{ "2026-11-20t10:00:00z", 1795168800000 },
		{ "2026-11-20 10:00:00Z", 1795168800000 },
		{ "2026-11-20T10:00:00.5Z", 1795168800500 },
		{ "2026-11-20T10:00:00.123456789Z", 1795168800123 },
		{ "2026-11-20T12:00:00+02:00", 1795168800000 },
		{ "2026-11-20T04:30:00-05:30", 1795168800000 },
		{ "2026-11-20", 1795132800000 },
		{ "2024-02-29", 1709164800000 },
		{ "2000-02-29", 951782400000 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "1600-03-01", -11670912000000 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "9999-12-31T23:59:59Z", 253402300799000 },
		{ "0000-01-01T00:00:00Z", -62167219200000 },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (!time_parse(cases[i].text, &ms))
			fail_msg("%s was refused", cases[i].text);
		if (ms != cases[i].ms)
			fail_msg("%s: %lld", cases[i].text, (long long)ms);
	}
}

static void test_n10_what_is_no_time_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"2026",
		"2026-11",
		"2026-13-01",
		"2026-00-01",
		"2026-11-31",
		"2026-11-00",
		"2025-02-29",
		"1900-02-29",
		"2026-11-20T",
		"2026-11-20T10:00Z",
		"2026-11-20T10:00:00",
		"2026-11-20T24:00:00Z",
		"2026-11-20T10:60:00Z",
		"2026-11-20T10:00:61Z",
		"2026-11-20T10:00:00.Z",
		"2026-11-20T10:00:00+2",
		"2026-11-20T10:00:00+24:00",
		"2026-11-20T10:00:00+0200",
		"2026-11-20T10:00:00Zx",
		" 2026-11-20",
		"2026-11-20 ",
		"26-11-20",
		"+2026-11-20",
		"2026-1-20",
		"2026-11-20T10:00:00 Z",
		"1795168800",
	};
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (time_parse(cases[i], &ms))
			fail_msg("\"%s\" was taken", cases[i]);
	}
	assert_true(ms == 42);
}

static void test_every_day_of_800_years_is_printed_and_read_back(void **state)
{
	char text[32];
	int64_t ms;

	(void)state;
	/* From 1600 to 2400: two whole cycles of leap years. */
	for (int64_t day = -135140; day < 157054; day++) {
		const time_t seconds = (time_t)(day * 86400);
		struct tm parts;
		char expected[64];

		gmtime_r(&seconds, &parts);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &parts);
		time_print(day * 86400000, text);
		if (strcmp(text, expected) != 0)
			fail_msg("%s is not %s", text, expected);
		assert_true(time_parse(text, &ms) && ms == day * 86400000);
	}
}

static void test_times_beyond_the_form_are_held_at_its_ends(void **state)
{
	char text[32];

	(void)state;
	time_print(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
	time_print(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
	time_print(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59Z");
}

static void test_n80_neither_locale_nor_zone_matters(void **state)
{
	char text[32];
	int64_t ms;

	(void)state;
	(void)setlocale(LC_ALL, "de_DE.UTF-8");
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	time_print(1795168800000, text);
	assert_string_equal(text, "2026-11-20T10:00:00Z");
	assert_true(time_parse("2026-11-20T10:00:00.5Z", &ms) && ms == 1795168800500);
	unsetenv("TZ");
	tzset();
	(void)setlocale(LC_ALL, "C");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations_are_numbers_with_units),
		cmocka_unit_test(test_n10_what_is_no_duration_is_refused),
		cmocka_unit_test(test_a_printed_duration_is_read_back),
		cmocka_unit_test(test_times_are_rfc_3339),
		cmocka_unit_test(test_n10_what_is_no_time_is_refused),
		cmocka_unit_test(test_every_day_of_800_years_is_printed_and_read_back),
		cmocka_unit_test(test_times_beyond_the_form_are_held_at_its_ends),
		cmocka_unit_test(test_n80_neither_locale_nor_zone_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
