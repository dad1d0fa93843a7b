/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes, numbers without bias, ids. */
#include "support/test.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

static void fill_counting(void *context, void *data, size_t len)
{
	unsigned char *next = context;
	unsigned char *bytes = data;

	while (len-- > 0)
		*bytes++ = (*next)++;
}

/* Little-endian words, one per call. */
struct words {
	const uint32_t *words;
	size_t used;
};

static void fill_words(void *context, void *data, size_t len)
{
	struct words *words = context;

	assert_int_equal(len, sizeof(uint32_t));
	memcpy(data, &words->words[words->used++], len);
}

static void test_the_kernel_gives_different_bytes(void **state)
{
	unsigned char a[64] = { 0 };
	unsigned char b[64] = { 0 };
	struct lks_error err;

	(void)state;
	assert_ok(random_bytes(a, sizeof(a), &err), &err);
	assert_ok(random_bytes(b, sizeof(b), &err), &err);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_ok(random_bytes(a, 0, &err), &err);
}

static void test_numbers_that_would_bias_are_drawn_again(void **state)
{
	/* 2^32 = 3 * 1431655765 + 1: the highest word would favour 0. */
	static const uint32_t drawn[] = { UINT32_MAX, UINT32_MAX, 5 };
	struct words words = { drawn, 0 };
	struct lks_error err;
	uint32_t number = 99;

	(void)state;
	random_use(fill_words, &words);
	assert_ok(random_below(3, &number, &err), &err);
	random_use(NULL, NULL);
	assert_int_equal(words.used, 3);
	assert_int_equal(number, 2);
}

static void test_numbers_stay_below_their_bound(void **state)
{
	unsigned int seen[7] = { 0 };
	struct lks_error err;
	uint32_t number;

	(void)state;
	for (int i = 0; i < 7000; i++) {
		assert_ok(random_below(7, &number, &err), &err);
		assert_true(number < 7);
		seen[number]++;
	}
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		assert_in_range(seen[i], 700, 1300);
	assert_ok(random_below(1, &number, &err), &err);
	assert_int_equal(number, 0);
	assert_ok(random_below(UINT32_MAX, &number, &err), &err);
	assert_int_equal(random_below(0, &number, &err), LKS_INVALID);
}

static int64_t fixed_ms(void *context)
{
	return *(const int64_t *)context;
}

static void no_sleep(void *context, int64_t ms)
{
	(void)context;
	(void)ms;
}

static void test_version_7_has_the_time_in_front(void **state)
{
	/* The instant of RFC 9562's example. */
	int64_t now = 0x017F22E279B0;
	const struct clock_source source = { fixed_ms, fixed_ms, no_sleep, &now };
	unsigned char next = 0;
	struct lks_error err;
	char uuid[37];

	(void)state;
	clock_use(&source);
	random_use(fill_counting, &next);
	assert_ok(uuid7_make(uuid, &err), &err);
	assert_string_equal(uuid, "017f22e2-79b0-7001-8203-040506070809");
	random_use(NULL, NULL);
	clock_use(NULL);
}

static void test_version_4_is_random_but_for_its_marks(void **state)
{
	unsigned char next = 0xf0;
	struct lks_error err;
	char uuid[37];
	char other[37];

	(void)state;
	random_use(fill_counting, &next);
	assert_ok(uuid4_make(uuid, &err), &err);
	assert_string_equal(uuid, "f0f1f2f3-f4f5-46f7-b8f9-fafbfcfdfeff");
	random_use(NULL, NULL);
	assert_ok(uuid4_make(uuid, &err), &err);
	assert_ok(uuid4_make(other, &err), &err);
	assert_string_not_equal(uuid, other);
	assert_int_equal(uuid[14], '4');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_kernel_gives_different_bytes),
		cmocka_unit_test(test_numbers_that_would_bias_are_drawn_again),
		cmocka_unit_test(test_numbers_stay_below_their_bound),
		cmocka_unit_test(test_version_7_has_the_time_in_front),
		cmocka_unit_test(test_version_4_is_random_but_for_its_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
