/* SPDX-License-Identifier: Apache-2.0 */
/* The host's services against plugins that hand in whatever they like. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "plugin/host.h"
#include "support/alloc.h"
#include "support/temp.h"
#include "support/test.h"

static enum lks_status digest_first_byte(void *context, const void *data, size_t len,
					 unsigned char ret_digest[32], struct lks_error *err)
{
	(void)err;
	memset(ret_digest, len ? *(const unsigned char *)data : 0, 32);
	ret_digest[0] = *(unsigned char *)context;
	return LKS_OK;
}

static const struct lks_host *make(void)
{
	static unsigned char key = 0xab;
	const struct lks_host *host = NULL;
	struct lks_error err = { 0 };

	assert_ok(host_new("store app", digest_first_byte, &key, &host, &err), &err);
	return host;
}

static void test_every_slot_but_http_is_there(void **state)
{
	const struct lks_host *host = make();
	const char *slot = (const char *)host + offsetof(struct lks_host, fail);

	(void)state;
	for (; slot < (const char *)host + offsetof(struct lks_host, http); slot += sizeof(void *))
		assert_non_null(*(void *const *)(const void *)slot);
	assert_null(host->http);
	assert_int_equal(host->size, sizeof(*host));
	assert_int_equal(host->abi, LKS_ABI);
	assert_true(LKS_HOST_HAS(host, answer_set_identity));
	assert_false(LKS_HOST_HAS(host, http));
	host_free(host);
	host_free(NULL);
}

static void test_n91_messages_are_bounded_and_escaped(void **state)
{
	const struct lks_host *host = make();
	struct lks_error err = { 0 };
	char longest[5000];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal((host->fail)(host, &err, LKS_DENIED, "%s", longest), LKS_DENIED);
	assert_true(strlen(err.message) <= LKS_TEXT_MAX);
	assert_int_equal((host->fail)(host, &err, LKS_OK, "x"), LKS_FAILED);
	assert_int_equal((host->fail)(host, &err, (enum lks_status)99, "x"), LKS_FAILED);
	assert_int_equal((host->fail)(host, &err, (enum lks_status) - 1, "x"), LKS_FAILED);
	assert_int_equal((host->fail)(host, NULL, LKS_DENIED, "x"), LKS_DENIED);
	(host->fail)(host, &err, LKS_DENIED, "%s", "a\n\033[2J\xff%n%s");
	assert_null(strchr(err.message, '\n'));
	assert_null(strchr(err.message, '\033'));
	assert_null(strchr(err.message, '\xff'));
	host->hint(host, &err, "try\nthis");
	assert_contains(err.hint, "try");
	host->hint(host, &err, NULL);
	host->retry_after(host, &err, 1500);
	assert_int_equal(err.retry_after_ms, 1500);
	host->retry_after(host, &err, -3);
	assert_int_equal(err.retry_after_ms, 1500);
	host->retry_after(host, &err, INT64_MAX);
	assert_int_equal(err.retry_after_ms, 86400000);
	host->retry_after(host, NULL, 1);
	host_free(host);
}

static void test_log_lines_carry_the_instance_and_a_level(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	AUTO(free_ptr) char *lines = NULL;
	const struct lks_host *host = make();
	int fd = open(temp_path(&temp, "log"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	(void)state;
	log_setup(LKS_LOG_INFO, LOG_TEXT, fd);
	host->log(host, LKS_LOG_WARN, "%s", "odd\nthing");
	host->log(host, LKS_LOG_DEBUG, "unseen");
	host->log(host, (enum lks_level)77, "no level");
	log_setup(LKS_LOG_WARN, LOG_TEXT, 2);
	close(fd);
	lines = file_read(temp_path(&temp, "log"), NULL);
	assert_contains(lines, "store app: odd");
	assert_contains(lines, "no level");
	assert_null(strstr(lines, "unseen"));
	assert_null(strstr(lines, "odd\nthing"));
	host_free(host);
}

static void test_digests_are_keyed_and_fit_a_version(void **state)
{
	const struct lks_host *host = make(), *without = NULL;
	struct lks_record record = { 0 };
	struct lks_error err = { 0 };
	char digest[LKS_VERSION_MAX + 1];

	(void)state;
	assert_ok(host->digest(host, "a", 1, digest, &err), &err);
	assert_int_equal(strlen(digest), 32);
	assert_int_equal(strncmp(digest, "ab6161", 6), 0);
	assert_ok(host->record_set_version(host, &record, digest, &err), &err);
	assert_ok(host_new("x", NULL, NULL, &without, &err), &err);
	assert_int_equal(without->digest(without, "a", 1, digest, &err), LKS_UNAVAILABLE);
	assert_string_equal(digest, "");
	record_clear(&record);
	host_free(without);
	host_free(host);
}

static void test_n35_buffers_hold_what_they_can(void **state)
{
	const struct lks_host *host = make();
	struct lks_buffer *buffer = NULL;
	struct lks_error err = { 0 };

	(void)state;
	assert_ok(host->buffer_new(host, 10, &buffer, &err), &err);
	assert_int_equal(host->buffer_capacity(buffer), 10);
	assert_int_equal(host->buffer_len(buffer), 0);
	memcpy(host->buffer_data(buffer), "0123456789", 10);
	assert_ok(host->buffer_set_len(host, buffer, 10, &err), &err);
	assert_int_equal(host->buffer_set_len(host, buffer, 11, &err), LKS_FAILED);
	assert_int_equal(host->buffer_set_len(host, buffer, SIZE_MAX, &err), LKS_FAILED);
	assert_int_equal(host->buffer_len(buffer), 10);
	assert_int_not_equal(host->buffer_new(host, SIZE_MAX, &buffer, &err), LKS_OK);
	host->buffer_free(host, buffer);
	host->buffer_free(host, NULL);
	host_free(host);
}

static void test_records_are_read_and_written_within_their_limits(void **state)
{
	const struct lks_host *host = make();
	struct lks_record record = { 0 };
	struct lks_error err = { 0 };
	const char *field;
	const void *data;
	size_t len;

	(void)state;
	assert_int_equal(host->record_put(host, &record, "a/b", "x", 1, &err), LKS_INVALID);
	assert_int_equal(host->record_put(host, &record, "a", "x", LKS_VALUE_MAX + 1, &err),
			 LKS_INVALID);
	assert_ok(host->record_put(host, &record, "b", "22", 2, &err), &err);
	assert_ok(host->record_put(host, &record, "a", "1", 1, &err), &err);
	assert_int_equal(host->record_count(&record), 2);
	assert_int_equal(host->record_at(&record, 0, &field, &data, &len), LKS_OK);
	assert_string_equal(field, "a");
	assert_int_equal(host->record_at(&record, 2, &field, &data, &len), LKS_NOT_FOUND);
	assert_int_equal(host->record_find(&record, "b", &data, &len), LKS_OK);
	assert_int_equal(len, 2);
	assert_int_equal(host->record_find(&record, "c", &data, &len), LKS_NOT_FOUND);
	assert_int_equal(host->record_find(&record, NULL, &data, &len), LKS_NOT_FOUND);
	assert_null(host->record_version(&record));
	assert_int_equal(host->record_set_version(host, &record, "", &err), LKS_FAILED);
	assert_int_equal(host->record_set_version(host, &record, NULL, &err), LKS_FAILED);
	assert_int_equal(host->record_set_version(host, &record, "a b", &err), LKS_FAILED);
	assert_int_equal(
		host->record_set_version(
			host, &record,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &err),
		LKS_FAILED);
	assert_ok(host->record_set_version(host, &record, "v1", &err), &err);
	assert_string_equal(host->record_version(&record), "v1");
	host->record_set_created(&record, -9);
	assert_int_equal(record.created_wall_ms, 0);
	assert_ok(host->record_set_note(host, &record, "id", "x\ny", &err), &err);
	assert_string_equal(host->record_note(&record, "id"), "x y");
	assert_null(host->record_note(&record, NULL));
	assert_int_equal(host->record_set_note(host, &record, "id", "\xff", &err), LKS_INVALID);
	record_clear(&record);
	host_free(host);
}

static void test_pages_hold_paths_that_can_be_named_and_no_more_than_a_page(void **state)
{
	static const char *const bad[] = { "",       "/a",  "a/",  "a//b",     ".",     "..",
					   "a/../b", "a b", "a\n", "\xc3\xbc", "a%2fb", "a:b" };
	const struct lks_host *host = make();
	struct lks_list list = { 0 };
	struct lks_error err = { 0 };
	char longest[LKS_PATH_MAX + 2];
	char segment[257];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(host->list_add(host, &list, bad[i], &err), LKS_FAILED);
	assert_int_equal(host->list_add(host, &list, NULL, &err), LKS_FAILED);
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 100; i < sizeof(longest); i += 100)
		longest[i] = '/';
	longest[LKS_PATH_MAX + 1] = '\0';
	assert_int_equal(host->list_add(host, &list, longest, &err), LKS_FAILED);
	longest[LKS_PATH_MAX] = '\0';
	assert_ok(host->list_add(host, &list, longest, &err), &err);
	memset(segment, 'a', 256);
	segment[256] = '\0';
	assert_int_equal(host->list_add(host, &list, segment, &err), LKS_FAILED);
	for (int i = 1; i < LKS_PAGE_MAX; i++)
		assert_ok(host->list_add(host, &list, "a/.b/..c", &err), &err);
	assert_int_equal(host->list_add(host, &list, "a", &err), LKS_FAILED);
	list_release(&list);
	assert_int_equal(host->list_add_version(host, &list, "a b", 1, NULL, &err), LKS_FAILED);
	assert_int_equal(host->list_add_version(host, &list, "1", 1, "\xff", &err), LKS_FAILED);
	assert_ok(host->list_add_version(host, &list, "1", -1, "ok", &err), &err);
	assert_int_equal(host->list_next(host, &list, "", &err), LKS_FAILED);
	assert_int_equal(host->list_next(host, &list, NULL, &err), LKS_FAILED);
	assert_ok(host->list_next(host, &list, "next", &err), &err);
	assert_ok(host->list_next(host, &list, "after", &err), &err);
	assert_string_equal(list.cursor, "after");
	list_release(&list);
	host_free(host);
}

static void test_answers_are_bounded_and_escaped(void **state)
{
	const struct lks_host *host = make();
	struct lks_answer answer = { 0 };
	char longest[5000];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	host->answer_set(host, &answer, LKS_VERDICT_VALID, longest);
	assert_int_equal(answer.verdict, LKS_VERDICT_VALID);
	host->answer_set(host, &answer, (enum lks_verdict)9, "a\nb\033");
	assert_int_equal(answer.verdict, LKS_VERDICT_UNKNOWN);
	assert_null(strchr(answer.message, '\n'));
	assert_null(strchr(answer.message, '\033'));
	host->answer_set(host, &answer, LKS_VERDICT_INVALID, NULL);
	assert_string_equal(answer.message, "");
	host->answer_set_identity(host, &answer, longest);
	assert_true(strlen(answer.identity) < sizeof(answer.identity));
	host_free(host);
}

static void test_clocks_and_random_are_the_engines(void **state)
{
	const struct lks_host *host = make();
	unsigned char a[16] = { 0 }, b[16] = { 0 };
	struct lks_error err = { 0 };

	(void)state;
	assert_true(host->now_ms(host) <= clock_boot_ms());
	assert_true(host->wall_ms(host) <= clock_wall_ms());
	assert_ok(host->random(host, a, sizeof(a), &err), &err);
	assert_ok(host->random(host, b, sizeof(b), &err), &err);
	assert_memory_not_equal(a, b, sizeof(a));
	host_free(host);
}

static void test_n76_every_allocation_may_fail(void **state)
{
	(void)state;
	ALLOC_LOOP
	{
		const struct lks_host *host = NULL;
		struct lks_error err = { 0 };
		enum lks_status status = host_new("store app", NULL, NULL, &host, &err);

		host_free(host);
		ALLOC_RESULT(status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_slot_but_http_is_there),
		cmocka_unit_test(test_n91_messages_are_bounded_and_escaped),
		cmocka_unit_test(test_log_lines_carry_the_instance_and_a_level),
		cmocka_unit_test(test_digests_are_keyed_and_fit_a_version),
		cmocka_unit_test(test_n35_buffers_hold_what_they_can),
		cmocka_unit_test(test_records_are_read_and_written_within_their_limits),
		cmocka_unit_test(test_pages_hold_paths_that_can_be_named_and_no_more_than_a_page),
		cmocka_unit_test(test_answers_are_bounded_and_escaped),
		cmocka_unit_test(test_clocks_and_random_are_the_engines),
		cmocka_unit_test(test_n76_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
