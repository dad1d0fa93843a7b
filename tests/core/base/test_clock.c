/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and their seam. */
#include "support/test.h"

#include <time.h>

#include "base/clock.h"
#include "base/cleanup.h"

static int64_t fake_boot(void *context)
{
	return *(int64_t *)context;
}

static int64_t fake_wall(void *context)
{
	return *(int64_t *)context + 1000000;
}

static void fake_sleep(void *context, int64_t ms)
{
	*(int64_t *)context += ms;
}

static void test_the_boot_clock_moves_forward_while_sleeping(void **state)
{
	const int64_t before = clock_boot_ms();
	const int64_t wall_s = clock_wall_ms() / 1000;

	(void)state;
	assert_true(before > 0);
	clock_sleep_ms(5);
	assert_true(clock_boot_ms() >= before + 5);
	assert_in_range(wall_s, time(NULL) - 5, time(NULL) + 5);
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
}

static void test_a_test_has_its_own_time(void **state)
{
	int64_t now = 5;
	const struct clock_source source = { fake_boot, fake_wall, fake_sleep, &now };

	(void)state;
	clock_use(&source);
	clock_sleep_ms(90LL * 86400000);
	assert_true(clock_boot_ms() == 5 + 90LL * 86400000);
	assert_true(clock_wall_ms() == 1000005 + 90LL * 86400000);
	clock_sleep_ms(-1);
	assert_true(now == 5 + 90LL * 86400000);
	clock_use(NULL);
	assert_true(clock_wall_ms() > 1000000000000);
}

static void test_the_boot_id_is_a_uuid_and_stays(void **state)
{
	(void)state;
	assert_int_equal(strlen(clock_boot_id()), 36);
	assert_int_equal(clock_boot_id()[8], '-');
	assert_ptr_equal(clock_boot_id(), clock_boot_id());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_boot_clock_moves_forward_while_sleeping),
		cmocka_unit_test(test_a_test_has_its_own_time),
		cmocka_unit_test(test_the_boot_id_is_a_uuid_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
