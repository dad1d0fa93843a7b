/* SPDX-License-Identifier: Apache-2.0 */
/* Windows and time zones, the nights included in which clocks are set. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "config/schema.h"
#include "config/zone.h"
#include "support/temp.h"
#include "support/test.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define SYDNEY "AEST-10AEDT,M10.1.0,M4.1.0/3"

static int64_t at(const char *text)
{
	int64_t ms;

	if (!time_parse(text, &ms))
		fail_msg("no time: %s", text);
	return ms;
}

/* A TZif file without a table: its rule alone. */
static size_t make_tzif(const char *rule, unsigned char *buffer)
{
	size_t len = 0;

	for (int block = 0; block < 2; block++) {
		memset(buffer + len, 0, 44 + 6 + 4);
		memcpy(buffer + len, "TZif2", 5);
		buffer[len + 39] = 1; /* one type */
		buffer[len + 43] = 4; /* of four characters */
		len += 44;
		memcpy(buffer + len + 6, "LMT", 4);
		len += 6 + 4;
	}
	buffer[len++] = '\n';
	memcpy(buffer + len, rule, strlen(rule));
	len += strlen(rule);
	buffer[len++] = '\n';
	return len;
}

static struct zone *zone_of(const char *rule)
{
	unsigned char buffer[512];
	struct zone *zone = NULL;
	struct lks_error err = { 0 };

	assert_ok(zone_parse(buffer, make_tzif(rule, buffer), "Test/Zone", &zone, &err), &err);
	return zone;
}

/* The window with that rule instead of a zone of this system. */
static struct config_window window_of(const char *text, const char *rule)
{
	struct config_window window = { 0 };
	struct lks_error err = { 0 };

	assert_ok(window_parse(text, &window, &err), &err);
	if (rule) {
		zone_free(window.rules);
		window.rules = zone_of(rule);
	}
	return window;
}

static void assert_open(const char *text, const char *rule, const char *from, const char *until)
{
	AUTO(window_release) struct config_window window = window_of(text, rule);

	assert_false(window_is_open(&window, at(from) - 1));
	assert_true(window_is_open(&window, at(from)));
	assert_true(window_is_open(&window, at(until) - 1));
	assert_false(window_is_open(&window, at(until)));
	assert_true(window_next(&window, at(from) - 3600000) == at(from));
}

static void test_windows_are_read_and_printed(void **state)
{
	static const char *const texts[][2] = {
		{ "02:00-04:00", "02:00-04:00 UTC" },
		{ "Sat 02:00-04:00", "Sat 02:00-04:00 UTC" },
		{ "Mon-Fri 22:00-02:00 UTC", "Mon,Tue,Wed,Thu,Fri 22:00-02:00 UTC" },
		{ "Fri-Mon 00:00-24:00", "Sun,Mon,Fri,Sat 00:00-24:00 UTC" },
		{ "Sun,Wed 09:30-10:00", "Sun,Wed 09:30-10:00 UTC" },
		{ "Sun-Sat 01:00-02:00", "01:00-02:00 UTC" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(window_release) struct config_window window = window_of(texts[i][0], NULL);
		char printed[128];

		window_print(&window, printed, sizeof(printed));
		assert_string_equal(printed, texts[i][1]);
	}
}

static void test_n10_malformed_windows_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"Sat",
		"Sat 2:00-4:00",
		"02:00",
		"02:00-",
		"25:00-26:00",
		"02:60-03:00",
		"24:00-01:00",
		"02:00-24:01",
		"02:00-02:00",
		"sat 02:00-03:00",
		"Sta 02:00-03:00",
		"Sat  02:00-03:00",
		"Sat,02:00-03:00",
		"Sat- 02:00-03:00",
		"02:00-03:00UTC",
		"02:00-03:00  UTC",
		"02:00-03:00 ../passwd",
		"02:00-03:00 /etc/passwd",
		"02:00-03:00 Europe//Berlin",
		"02:00-03:00 Europe/",
		"02:00-03:00 UTC x",
		"-1:00-03:00",
		"02:00-03:00 ",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct config_window window;
		struct lks_error err = { 0 };

		if (window_parse(texts[i], &window, &err) != LKS_INVALID)
			fail_msg("\"%s\" was not refused", texts[i]);
		assert_true(err.message[0]);
	}
}

static void test_a_weekly_window_opens_on_its_day(void **state)
{
	AUTO(window_release) struct config_window window = window_of("Sat 02:00-04:00", NULL);

	(void)state;
	assert_open("Sat 02:00-04:00", NULL, "2026-11-21T02:00:00Z", "2026-11-21T04:00:00Z");
	assert_false(window_is_open(&window, at("2026-11-22T03:00:00Z")));
	assert_true(window_next(&window, at("2026-11-21T04:00:00Z")) == at("2026-11-28T02:00:00Z"));
	assert_true(window_next(&window, at("2026-11-21T03:00:00Z")) == at("2026-11-21T03:00:00Z"));
}

static void test_a_window_over_midnight_belongs_to_the_day_it_starts(void **state)
{
	AUTO(window_release)
	struct config_window window = window_of("Mon-Fri 22:00-02:00 UTC", NULL);

	(void)state;
	/* 2026-11-20 is a Friday. */
	assert_true(window_is_open(&window, at("2026-11-20T23:00:00Z")));
	assert_true(window_is_open(&window, at("2026-11-21T01:59:59Z")));
	assert_false(window_is_open(&window, at("2026-11-21T02:00:00Z")));
	assert_false(window_is_open(&window, at("2026-11-21T23:00:00Z")));
	assert_false(window_is_open(&window, at("2026-11-23T01:00:00Z")));
	assert_true(window_next(&window, at("2026-11-21T12:00:00Z")) == at("2026-11-23T22:00:00Z"));
}

static void test_an_unset_window_is_always_open(void **state)
{
	const struct config_window window = { 0 };

	(void)state;
	assert_true(window_is_open(&window, at("2026-11-21T02:00:00Z")));
	assert_true(window_next(&window, 5) == 5);
}

static void test_a_zone_moves_the_window(void **state)
{
	(void)state;
	assert_open("02:00-04:00", BERLIN, "2026-01-15T01:00:00Z", "2026-01-15T03:00:00Z");
	assert_open("02:00-04:00", BERLIN, "2026-07-15T00:00:00Z", "2026-07-15T02:00:00Z");
	assert_open("02:00-04:00", NEW_YORK, "2026-07-15T06:00:00Z", "2026-07-15T08:00:00Z");
	assert_open("02:00-04:00", SYDNEY, "2026-01-14T15:00:00Z", "2026-01-14T17:00:00Z");
	assert_open("02:00-04:00", SYDNEY, "2026-07-14T16:00:00Z", "2026-07-14T18:00:00Z");
	assert_open("02:00-04:00", "<+0545>-5:45", "2026-07-14T20:15:00Z", "2026-07-14T22:15:00Z");
	/* The day is the zone's. */
	assert_open("Sat 00:30-01:00", BERLIN, "2026-11-20T23:30:00Z", "2026-11-21T00:00:00Z");
}

static void test_n78_when_clocks_go_forward_each_window_opens_once(void **state)
{
	(void)state;
	/* Berlin skips 02:00 to 03:00 at 01:00 UTC on 2026-03-29. */
	assert_open("02:00-04:00", BERLIN, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	assert_open("02:30-04:00", BERLIN, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	assert_open("01:00-02:30", BERLIN, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z");
	/* All of it is skipped: it runs behind the gap, for as long. */
	assert_open("02:15-02:45", BERLIN, "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z");
	assert_open("02:00-03:00", BERLIN, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	assert_open("02:00-03:00", NEW_YORK, "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z");
}

static void test_n78_when_clocks_go_back_each_window_opens_once(void **state)
{
	static const char *const texts[] = { "01:00-02:30", "02:00-02:30", "02:30-03:00",
					     "02:00-04:00" };

	(void)state;
	/* Berlin has 02:00 to 03:00 twice on 2026-10-25, until 01:00 UTC. */
	assert_open("01:00-02:30", BERLIN, "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z");
	assert_open("02:00-02:30", BERLIN, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z");
	assert_open("02:00-04:00", BERLIN, "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z");
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		AUTO(window_release) struct config_window window = window_of(texts[i], BERLIN);
		bool was_open = false;
		int openings = 0;

		for (int64_t ms = at("2026-10-24T20:00:00Z"); ms < at("2026-10-25T12:00:00Z");
		     ms += 60000) {
			bool is_open = window_is_open(&window, ms);

			openings += is_open && !was_open;
			was_open = is_open;
		}
		assert_int_equal(openings, 1);
	}
}

static void test_every_night_of_a_year_has_its_window_once(void **state)
{
	static const char *const zones[] = { BERLIN, NEW_YORK, SYDNEY };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(zones); i++) {
		AUTO(window_release)
		struct config_window window = window_of("02:10-02:50", zones[i]);
		bool was_open = false;
		int openings = 0;

		for (int64_t ms = at("2026-01-01T12:00:00Z"); ms < at("2027-01-01T12:00:00Z");
		     ms += 300000) {
			bool is_open = window_is_open(&window, ms);

			openings += is_open && !was_open;
			was_open = is_open;
		}
		assert_int_equal(openings, 365);
	}
}

static void test_the_systems_zones_agree_with_its_c_library(void **state)
{
	static const char *const names[] = { "Europe/Berlin",    "America/New_York",
					     "Australia/Sydney", "Asia/Kathmandu",
					     "America/St_Johns", "Pacific/Apia",
					     "Africa/Casablanca" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO(zone_freep) struct zone *zone = NULL;
		struct lks_error err = { 0 };

		if (zone_load(ZONE_FOLDER, names[i], &zone, &err) == LKS_NOT_FOUND)
			skip_because("tzdata is not installed");
		assert_non_null(zone);
		/* Only this test touches the process's zone, to compare. */
		setenv("TZ", names[i], 1);
		tzset();
		for (time_t t = -1000000000; t < (time_t)4000000000; t += 1234567) {
			struct tm local;

			localtime_r(&t, &local);
			assert_int_equal(zone_offset(zone, t), local.tm_gmtoff);
		}
		unsetenv("TZ");
		tzset();
	}
}

static void test_a_missing_zone_names_tzdata(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	struct zone *zone = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(zone_load(temp_path(&temp, "none"), "Europe/Berlin", &zone, &err),
			 LKS_NOT_FOUND);
	assert_contains(err.hint, "install tzdata");
	assert_int_equal(zone_load(temp.path, "Europe/Berlim", &zone, &err), LKS_NOT_FOUND);
	assert_contains(err.message, "Europe/Berlim");
	assert_contains(err.hint, "tzdata");
	assert_ok(zone_load(temp_path(&temp, "none"), "UTC", &zone, &err), &err);
	assert_int_equal(zone_offset(zone, 0), 0);
	zone_free(zone);
}

static void test_zone_files_that_are_none_are_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	struct zone *zone = NULL;
	struct lks_error err = { 0 };

	(void)state;
	file_write_text(temp_path(&temp, "Text"), "not a zone");
	assert_int_equal(zone_load(temp.path, "Text", &zone, &err), LKS_INVALID);
	assert_int_equal(mkfifo(temp_path(&temp, "Fifo"), 0600), 0);
	assert_int_equal(zone_load(temp.path, "Fifo", &zone, &err), LKS_NOT_FOUND);
	assert_int_equal(mkdir(temp_path(&temp, "Folder"), 0700), 0);
	assert_int_equal(zone_load(temp.path, "Folder", &zone, &err), LKS_NOT_FOUND);
}

static void test_damaged_zone_files_do_no_harm(void **state)
{
	unsigned char good[512], bad[512];
	size_t len = make_tzif(BERLIN, good);

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		struct zone *zone = NULL;

		/* In its own memory, so that reading past the end is seen. */
		unsigned char *copy = malloc(cut + 1);

		memcpy(copy, good, cut);
		assert_int_equal(zone_parse(copy, cut, "x", &zone, NULL), LKS_INVALID);
		free(copy);
	}
	for (size_t i = 0; i < len; i++) {
		for (int bit = 0; bit < 8; bit++) {
			struct zone *zone = NULL;

			memcpy(bad, good, len);
			bad[i] ^= (unsigned char)(1 << bit);
			if (zone_parse(bad, len, "x", &zone, NULL) == LKS_OK)
				(void)zone_to_utc(zone, 1790000000);
			zone_free(zone);
		}
	}
}

static void test_rules_of_every_form_are_read(void **state)
{
	static const char *const bad[] = { "C-1",
					   "CET",
					   "CET-1CEST",
					   "CET-1CEST,M3.5.0",
					   "CET-1CEST,M13.5.0,M10.5.0",
					   "CET-1CEST,M3.6.0,M10.5.0",
					   "CET-1CEST,M3.5.7,M10.5.0",
					   "CET-1CEST,J0,J5",
					   "CET-1CEST,J1,J366",
					   "CET-1CEST,M3.5.0,M10.5.0x",
					   "<+03-3",
					   "CET-168" };
	AUTO(zone_freep) struct zone *days = zone_of("AAA0BBB,J60,J300/0");
	AUTO(zone_freep) struct zone *zeros = zone_of("AAA0BBB,59,299/0");
	unsigned char buffer[512];

	(void)state;
	/* 2028 is a leap year: J60 is always March 1, 59 is February 29. */
	assert_int_equal(zone_offset(days, at("2028-02-29T12:00:00Z") / 1000), 0);
	assert_int_equal(zone_offset(days, at("2028-03-01T12:00:00Z") / 1000), 3600);
	assert_int_equal(zone_offset(zeros, at("2028-02-29T12:00:00Z") / 1000), 3600);
	assert_int_equal(zone_offset(zeros, at("2027-02-28T12:00:00Z") / 1000), 0);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct zone *zone = NULL;

		if (zone_parse(buffer, make_tzif(bad[i], buffer), "x", &zone, NULL) != LKS_INVALID)
			fail_msg("rule %s was not refused", bad[i]);
	}
}

static void test_days_of_dates(void **state)
{
	(void)state;
	assert_int_equal(days_of_date(1970, 1, 1), 0);
	assert_int_equal(days_of_date(1969, 12, 31), -1);
	assert_int_equal(days_of_date(2000, 2, 29), 11016);
	assert_int_equal(days_of_date(2026, 11, 21), 20778);
	assert_int_equal(days_of_date(1600, 3, 1), -135080);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_windows_are_read_and_printed),
		cmocka_unit_test(test_n10_malformed_windows_are_refused),
		cmocka_unit_test(test_a_weekly_window_opens_on_its_day),
		cmocka_unit_test(test_a_window_over_midnight_belongs_to_the_day_it_starts),
		cmocka_unit_test(test_an_unset_window_is_always_open),
		cmocka_unit_test(test_a_zone_moves_the_window),
		cmocka_unit_test(test_n78_when_clocks_go_forward_each_window_opens_once),
		cmocka_unit_test(test_n78_when_clocks_go_back_each_window_opens_once),
		cmocka_unit_test(test_every_night_of_a_year_has_its_window_once),
		cmocka_unit_test(test_the_systems_zones_agree_with_its_c_library),
		cmocka_unit_test(test_a_missing_zone_names_tzdata),
		cmocka_unit_test(test_zone_files_that_are_none_are_refused),
		cmocka_unit_test(test_damaged_zone_files_do_no_harm),
		cmocka_unit_test(test_rules_of_every_form_are_read),
		cmocka_unit_test(test_days_of_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
