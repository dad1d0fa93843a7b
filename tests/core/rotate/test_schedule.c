/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rotate/schedule: ages, due dates, first sight, windows, pauses and
   clocks that jump. */
#include "support/test.h"

#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "config/schema.h"
#include "rotate/schedule.h"

#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static int64_t at(const char *text)
{
	int64_t ms = 0;
	assert_true(time_parse(text, &ms));
	return ms;
}

static struct config_rotation rotation_every(int64_t every_ms)
{
	static char name[] = "payments-key";
	return (struct config_rotation){ .name = name, .every_ms = every_ms };
}

static void use_window(struct config_rotation *rotation, const char *text)
{
	struct lks_error err;
	assert_ok(window_parse(text, &rotation->window, &err), &err);
}

static void test_age_counts_from_the_last_change(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(90 * DAY_MS);
	int64_t now = at("2026-06-01");
	struct rotation_row row = { .first_seen_wall_ms = at("2026-01-01"),
				    .rotated_wall_ms = at("2026-05-01") };
	struct due due;
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.state, DUE_LATER);
	assert_int_equal(due.age_ms, 31 * DAY_MS);
	assert_int_equal(due.due_wall_ms, at("2026-05-01") + 90 * DAY_MS);
	assert_int_equal(due.start_wall_ms, due.due_wall_ms);
	schedule_judge(&rotation, &row, NULL, due.due_wall_ms - 1, &due);
	assert_int_equal(due.state, DUE_LATER);
	schedule_judge(&rotation, &row, NULL, due.due_wall_ms, &due);
	assert_int_equal(due.state, DUE_NOW);
}

static void test_without_every_nothing_is_ever_due(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(0);
	struct rotation_row row = { .first_seen_wall_ms = 1 };
	struct due due;
	schedule_judge(&rotation, &row, NULL, at("2090-01-01"), &due);
	assert_int_equal(due.state, DUE_NEVER);
	assert_int_equal(due.due_wall_ms, 0);
	assert_int_equal(due.age_ms, -1);
}

static void test_missed_dates_run_once(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(DAY_MS);
	int64_t now = at("2026-06-01");
	struct rotation_row row = { .rotated_wall_ms = now - 40 * DAY_MS };
	struct due due;
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.state, DUE_NOW);
	schedule_success(&row, "01900000-0000-7000-8000-000000000000", now);
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.state, DUE_LATER);
	assert_int_equal(due.due_wall_ms, now + DAY_MS);
}

static void test_first_sight_of_a_young_secret_counts_from_its_creation(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(90 * DAY_MS);
	struct lks_error err;
	int64_t now = at("2026-06-01");
	struct rotation_row row;
	assert_ok(schedule_first_sight(&rotation, now - 10 * DAY_MS, now, &row, &err), &err);
	assert_int_equal(row.spread_due_wall_ms, 0);
	assert_int_equal(row.rotated_wall_ms, now - 10 * DAY_MS);
	assert_ok(schedule_first_sight(&rotation, 0, now, &row, &err), &err);
	struct due due;
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.due_wall_ms, now + 90 * DAY_MS);
	assert_int_equal(due.age_ms, -1);
	/* A creation date in the future is not believed. */
	assert_ok(schedule_first_sight(&rotation, now + DAY_MS, now, &row, &err), &err);
	assert_int_equal(row.rotated_wall_ms, 0);
}

static void test_n99_a_backlog_of_ten_thousand_is_spread_and_capped(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(90 * DAY_MS);
	char name[64];
	struct lks_error err;
	int64_t now = at("2026-06-01"), last = 0;
	unsigned days[30] = { 0 }, due_at_once = 0;
	rotation.name = name;
	for (unsigned i = 0; i < 10000; i++) {
		struct rotation_row row;
		struct due due;
		snprintf(name, sizeof(name), "tenant-%u", i);
		assert_ok(schedule_first_sight(&rotation, now - 400 * DAY_MS, now, &row, &err),
			  &err);
		assert_true(row.spread_due_wall_ms >= now);
		assert_true(row.spread_due_wall_ms < now + 30 * DAY_MS);
		days[(row.spread_due_wall_ms - now) / DAY_MS]++;
		schedule_judge(&rotation, &row, NULL, now, &due);
		due_at_once += due.state == DUE_NOW;
		if (due.due_wall_ms > last)
			last = due.due_wall_ms;
	}
	assert_true(due_at_once < 10);
	assert_true(last > now + 28 * DAY_MS);
	/* 333 a day are expected; 6 sigma are 109. */
	for (size_t i = 0; i < COUNT_OF(days); i++)
		assert_in_range(days[i], 224, 442);
}

static void test_the_spread_is_no_longer_than_every(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(2 * DAY_MS);
	struct lks_error err;
	int64_t now = at("2026-06-01");
	for (int i = 0; i < 100; i++) {
		struct rotation_row row;
		assert_ok(schedule_first_sight(&rotation, now - 9 * DAY_MS, now, &row, &err), &err);
		assert_true(row.spread_due_wall_ms < now + 2 * DAY_MS);
	}
}

static void test_adopting_a_date_sets_the_age(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(90 * DAY_MS);
	int64_t now = at("2026-06-01");
	struct rotation_row row = { .first_seen_wall_ms = now,
				    .spread_due_wall_ms = now + 3 * DAY_MS };
	struct due due;
	schedule_adopt(&rotation, &row, now - 10 * DAY_MS, now);
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.due_wall_ms, now + 80 * DAY_MS);
	row.spread_due_wall_ms = now + 3 * DAY_MS;
	schedule_adopt(&rotation, &row, now - 200 * DAY_MS, now);
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.due_wall_ms, now + 3 * DAY_MS);
}

static void test_a_pause_stops_new_starts_until_it_ends(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(DAY_MS);
	int64_t now = at("2026-06-01");
	struct rotation_row row = { .rotated_wall_ms = now - 3 * DAY_MS,
				    .paused_until_wall_ms = now + HOUR_MS,
				    .pause_reason = "audit" };
	struct rotation_row all = { .paused_until_wall_ms = now + 2 * HOUR_MS,
				    .pause_reason = "freeze" };
	struct due due;
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.state, DUE_PAUSED);
	assert_string_equal(due.pause_reason, "audit");
	assert_int_equal(due.start_wall_ms, now + HOUR_MS);
	schedule_judge(&rotation, &row, &all, now, &due);
	assert_string_equal(due.pause_reason, "freeze");
	assert_int_equal(due.start_wall_ms, now + 2 * HOUR_MS);
	schedule_judge(&rotation, &row, &all, now + 2 * HOUR_MS, &due);
	assert_int_equal(due.state, DUE_NOW);
}

static void test_a_window_gates_the_start(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(DAY_MS);
	use_window(&rotation, "Sat 02:00-04:00");
	/* A Monday. */
	int64_t now = at("2026-06-01T12:00:00Z");
	struct rotation_row row = { .rotated_wall_ms = now - 2 * DAY_MS };
	struct due due;
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.state, DUE_WINDOW);
	assert_int_equal(due.start_wall_ms, at("2026-06-06T02:00:00Z"));
	schedule_judge(&rotation, &row, NULL, at("2026-06-06T03:59:59Z"), &due);
	assert_int_equal(due.state, DUE_NOW);
	schedule_judge(&rotation, &row, NULL, at("2026-06-06T04:00:00Z"), &due);
	assert_int_equal(due.state, DUE_WINDOW);
	assert_int_equal(due.start_wall_ms, at("2026-06-13T02:00:00Z"));
	window_release(&rotation.window);
}

static void test_n78_a_window_in_the_hour_that_a_clock_change_takes_or_repeats(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(DAY_MS);
	use_window(&rotation, "02:10-02:50 Europe/Berlin");
	/* 2026-03-29: 02:00 becomes 03:00, so 02:10 to 02:50 does not exist.
	   The rotation must still start on the next day at the latest. */
	int64_t before = at("2026-03-28T23:00:00Z");
	struct rotation_row row = { .rotated_wall_ms = before - 2 * DAY_MS };
	struct due due;
	schedule_judge(&rotation, &row, NULL, before, &due);
	assert_int_equal(due.state, DUE_WINDOW);
	assert_true(due.start_wall_ms > before && due.start_wall_ms <= before + 27 * HOUR_MS);
	/* 2026-10-25: 02:10 comes twice. A success in the first is not due in
	   the second: one `every` has not passed. */
	int64_t first = at("2026-10-25T00:20:00Z");
	schedule_success(&row, "01900000-0000-7000-8000-000000000000", first);
	schedule_judge(&rotation, &row, NULL, first + HOUR_MS, &due);
	assert_int_equal(due.state, DUE_LATER);
	window_release(&rotation.window);
}

static void test_n78_a_clock_that_was_ahead_does_not_stop_a_rotation(void **state)
{
	(void)state;
	struct config_rotation rotation = rotation_every(30 * DAY_MS);
	int64_t now = at("2026-06-01");
	struct rotation_row row = { .first_seen_wall_ms = now,
				    .rotated_wall_ms = at("2036-06-01"),
				    .spread_due_wall_ms = 0 };
	struct due due;
	schedule_judge(&rotation, &row, NULL, now, &due);
	assert_int_equal(due.age_ms, 0);
	assert_int_equal(due.due_wall_ms, now + 30 * DAY_MS);
	assert_true(schedule_mend(&row, now));
	assert_int_equal(row.rotated_wall_ms, now);
	assert_false(schedule_mend(&row, now));
	schedule_judge(&rotation, &row, NULL, now + 30 * DAY_MS, &due);
	assert_int_equal(due.state, DUE_NOW);
}

static void test_what_failed_last_time_does_not_starve_the_others(void **state)
{
	(void)state;
	static char a[] = "a", b[] = "b", c[] = "c";
	struct config_rotation first = { .name = a }, second = { .name = b }, third = { .name = c };
	struct due_entry entries[] = {
		{ .rotation = &first, .row = { .failures = 2 }, .due = { .due_wall_ms = 1 } },
		{ .rotation = &second, .due = { .due_wall_ms = 5 } },
		{ .rotation = &third, .due = { .due_wall_ms = 3 } },
	};
	qsort(entries, COUNT_OF(entries), sizeof(*entries), schedule_compare);
	assert_string_equal(entries[0].rotation->name, "c");
	assert_string_equal(entries[1].rotation->name, "b");
	assert_string_equal(entries[2].rotation->name, "a");
}

static void test_times_are_said_in_words(void **state)
{
	(void)state;
	char words[32];
	setenv("TZ", "UTC", 1);
	tzset();
	int64_t now = at("2026-11-21T13:00:00Z");
	time_in_words(at("2026-11-21T23:59:00Z"), now, words);
	assert_string_equal(words, "23:59 today");
	time_in_words(at("2026-11-22T02:10:00Z"), now, words);
	assert_string_equal(words, "02:10 tomorrow");
	time_in_words(at("2026-11-24T02:10:00Z"), now, words);
	assert_string_equal(words, "Tue 02:10");
	time_in_words(at("2026-12-24T02:10:00Z"), now, words);
	assert_string_equal(words, "2026-12-24 02:10");
	time_in_words(at("2026-11-20T02:10:00Z"), now, words);
	assert_string_equal(words, "2026-11-20 02:10");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_age_counts_from_the_last_change),
		cmocka_unit_test(test_without_every_nothing_is_ever_due),
		cmocka_unit_test(test_missed_dates_run_once),
		cmocka_unit_test(test_first_sight_of_a_young_secret_counts_from_its_creation),
		cmocka_unit_test(test_n99_a_backlog_of_ten_thousand_is_spread_and_capped),
		cmocka_unit_test(test_the_spread_is_no_longer_than_every),
		cmocka_unit_test(test_adopting_a_date_sets_the_age),
		cmocka_unit_test(test_a_pause_stops_new_starts_until_it_ends),
		cmocka_unit_test(test_a_window_gates_the_start),
		cmocka_unit_test(
			test_n78_a_window_in_the_hour_that_a_clock_change_takes_or_repeats),
		cmocka_unit_test(test_n78_a_clock_that_was_ahead_does_not_stop_a_rotation),
		cmocka_unit_test(test_what_failed_last_time_does_not_starve_the_others),
		cmocka_unit_test(test_times_are_said_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
