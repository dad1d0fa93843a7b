/* SPDX-License-Identifier: Apache-2.0 */
/* Records, their packing, pages. */
#include <stdio.h>

#include "base/record.h"
#include "support/alloc.h"
#include "support/test.h"

static struct lks_record *make(void)
{
	struct lks_record *record = NULL;
	struct lks_error err = { 0 };

	assert_ok(record_new(&record, &err), &err);
	return record;
}

static void put(struct lks_record *record, const char *field, const void *data, size_t len)
{
	struct lks_error err = { 0 };

	assert_ok(record_put(record, field, data, len, &err), &err);
}

static void test_fields_are_sorted_and_replaced(void **state)
{
	AUTO(record_freep) struct lks_record *record = make();

	(void)state;
	put(record, "b", "1", 1);
	put(record, "a", "2", 1);
	put(record, "c", NULL, 0);
	put(record, "b", "new", 3);
	assert_int_equal(record->field_count, 3);
	assert_string_equal(record->fields[0].name, "a");
	assert_string_equal(record->fields[1].name, "b");
	assert_int_equal(record_find(record, "b")->len, 3);
	assert_int_equal(record_find(record, "c")->len, 0);
	assert_null(record_find(record, "d"));
	assert_true(record_drop(record, "a"));
	assert_false(record_drop(record, "a"));
	assert_int_equal(record->field_count, 2);
}

static void test_names_and_sizes_are_limited(void **state)
{
	AUTO(record_freep) struct lks_record *record = make();
	AUTO(free_ptr) char *large = calloc(1, LKS_VALUE_MAX + 1);
	static const char *const bad[] = { "", "a b", "a/b", "a\n", "\xc3\xbc", "a=b" };
	char longest[LKS_FIELD_MAX + 2];
	struct lks_error err = { 0 };
	char name[16];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(record_put(record, bad[i], "x", 1, &err), LKS_INVALID);
	assert_int_equal(record_put(record, NULL, "x", 1, &err), LKS_INVALID);
	assert_int_equal(record_put(record, "a", NULL, 1, &err), LKS_INVALID);
	assert_int_equal(record_put(record, "a", large, LKS_VALUE_MAX + 1, &err), LKS_INVALID);
	assert_int_equal(record_put(record, "a", "", SIZE_MAX, &err), LKS_INVALID);
	memset(longest, 'x', sizeof(longest));
	longest[LKS_FIELD_MAX + 1] = '\0';
	assert_int_equal(record_put(record, longest, "x", 1, &err), LKS_INVALID);
	longest[LKS_FIELD_MAX] = '\0';
	put(record, longest, "x", 1);
	put(record, "a", large, LKS_VALUE_MAX);
	for (int i = 2; i < LKS_RECORD_FIELDS_MAX; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(record, name, "x", 1);
	}
	assert_int_equal(record_put(record, "one-more", "x", 1, &err), LKS_INVALID);
	put(record, "f2", "y", 1);
}

static void test_pick_takes_the_named_the_only_or_the_value(void **state)
{
	AUTO(record_freep) struct lks_record *record = make();
	const struct lks_buffer *value = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_int_equal(record_pick(record, NULL, &value, &err), LKS_NOT_FOUND);
	put(record, "password", "p", 1);
	assert_ok(record_pick(record, NULL, &value, &err), &err);
	assert_memory_equal(value->data, "p", 1);
	put(record, "username", "u", 1);
	assert_int_equal(record_pick(record, NULL, &value, &err), LKS_NOT_FOUND);
	assert_contains(err.message, "password, username");
	assert_int_equal(record_pick(record, "token", &value, &err), LKS_NOT_FOUND);
	assert_contains(err.message, "no field token");
	put(record, "value", "v", 1);
	assert_ok(record_pick(record, NULL, &value, &err), &err);
	assert_memory_equal(value->data, "v", 1);
}

static struct lks_record *make_full(void)
{
	struct lks_record *record = make();
	struct lks_error err = { 0 };

	put(record, "a", "\0\xff\n", 3);
	put(record, "b", "", 0);
	assert_ok(record_set_note(record, "content-type", "text", &err), &err);
	assert_ok(record_set_note(record, "content-type", "text/\nplain", &err), &err);
	snprintf(record->version, sizeof(record->version), "v7");
	record->created_wall_ms = -5;
	return record;
}

static void assert_same(const struct lks_record *a, const struct lks_record *b)
{
	assert_true(record_equal(a, b));
	assert_string_equal(a->version, b->version);
	assert_int_equal(a->created_wall_ms, b->created_wall_ms);
	assert_string_equal(record_note(b, "content-type"), "text/ plain");
}

static void test_pack_and_unpack_give_the_same_record(void **state)
{
	AUTO(record_freep) struct lks_record *record = make_full();
	AUTO(record_freep) struct lks_record *unpacked = NULL;
	AUTO(record_freep) struct lks_record *copy = NULL;
	AUTO(secret_freep) struct lks_buffer *packed = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(record_pack(record, &packed, &err), &err);
	assert_ok(record_unpack(packed, &unpacked, &err), &err);
	assert_same(record, unpacked);
	assert_ok(record_copy(record, &copy, &err), &err);
	assert_same(record, copy);
	put(copy, "a", "other", 5);
	assert_false(record_equal(record, copy));
}

static void test_a_damaged_pack_is_refused_and_never_overread(void **state)
{
	AUTO(record_freep) struct lks_record *record = make_full();
	AUTO(secret_freep) struct lks_buffer *packed = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(record_pack(record, &packed, &err), &err);
	for (size_t cut = 0; cut < packed->len; cut++) {
		struct lks_buffer part = { packed->data, cut, cut };
		struct lks_record *unpacked = NULL;

		assert_int_equal(record_unpack(&part, &unpacked, &err), LKS_FAILED);
		assert_null(unpacked);
	}
	for (size_t at = 0; at < packed->len; at++)
		for (int bit = 0; bit < 8; bit++) {
			struct lks_record *unpacked = NULL;

			packed->data[at] ^= (unsigned char)(1 << bit);
			if (record_unpack(packed, &unpacked, &err) == LKS_OK)
				record_free(unpacked);
			packed->data[at] ^= (unsigned char)(1 << bit);
		}
}

static void test_a_list_grows(void **state)
{
	struct lks_list list = { 0 };
	struct lks_error err = { 0 };
	char path[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "a/%d", i);
		assert_ok(list_add(&list, path, i, i % 2 ? "destroyed" : NULL, &err), &err);
	}
	assert_string_equal(list.entries[999].path, "a/999");
	assert_string_equal(list.entries[999].state, "destroyed");
	assert_null(list.entries[998].state);
	list_release(&list);
	assert_int_equal(list.count, 0);
}

static enum lks_status everything(struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	AUTO(record_freep) struct lks_record *copy = NULL;
	struct lks_list list = { 0 };
	enum lks_status status = record_new(&record, err);

	if (!status)
		status = record_put(record, "a", "x", 1, err);
	if (!status)
		status = record_put(record, "a", "y", 1, err);
	if (!status)
		status = record_set_note(record, "n", "t", err);
	if (!status)
		status = record_copy(record, &copy, err);
	for (int i = 0; i < 5 && !status; i++)
		status = list_add(&list, "p", 0, "s", err);
	list_release(&list);
	return status;
}

static void test_n76_every_allocation_may_fail(void **state)
{
	(void)state;
	ALLOC_LOOP
	{
		struct lks_error err = { 0 };
		enum lks_status status = everything(&err);

		ALLOC_RESULT(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_sorted_and_replaced),
		cmocka_unit_test(test_names_and_sizes_are_limited),
		cmocka_unit_test(test_pick_takes_the_named_the_only_or_the_value),
		cmocka_unit_test(test_pack_and_unpack_give_the_same_record),
		cmocka_unit_test(test_a_damaged_pack_is_refused_and_never_overread),
		cmocka_unit_test(test_a_list_grows),
		cmocka_unit_test(test_n76_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
