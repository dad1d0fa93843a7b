/* SPDX-License-Identifier: Apache-2.0 */
/* Secret memory: what it is made of, what it notices, what it forgets. */
#include "support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "support/run.h"
#include "support/temp.h"

static void test_a_secret_is_zeroed_and_terminated(void **state)
{
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	AUTO(secret_freep) struct lks_buffer *empty = NULL;
	struct lks_error err;

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_ok(secret_new(100, &secret, &err), &err);
		assert_int_equal(secret->capacity, 100);
		assert_int_equal(secret->len, 0);
		for (size_t i = 0; i <= 100; i++)
			assert_int_equal(secret->data[i], 0);
		memset(secret->data, 'x', 100);
		secret_free(TAKE(secret));
	}
	assert_ok(secret_new(0, &empty, &err), &err);
	assert_non_null(empty->data);
	assert_int_equal(empty->data[0], 0);
	secret_free(NULL);
}

static void test_any_capacity_up_to_two_mebibytes_is_given(void **state)
{
	struct lks_error err;

	(void)state;
	for (size_t capacity = 0; capacity <= (2 << 20) + 1; capacity = capacity * 2 + 1) {
		AUTO(secret_freep) struct lks_buffer *secret = NULL;

		assert_ok(secret_new(capacity, &secret, &err), &err);
		memset(secret->data, 0xff, capacity);
		assert_int_equal(secret->data[capacity], 0);
		assert_int_equal((uintptr_t)secret->data % 16, 0);
	}
}

static void test_too_large_a_secret_is_refused(void **state)
{
	struct lks_buffer *secret = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(secret_new((8 << 20) + 1, &secret, &err), LKS_INVALID);
	assert_int_equal(secret_new(SIZE_MAX, &secret, &err), LKS_INVALID);
	assert_int_equal(secret_new(SIZE_MAX - 8, &secret, &err), LKS_INVALID);
	assert_null(secret);
}

static void test_released_memory_is_used_again(void **state)
{
	size_t in_use_before;
	size_t in_use;
	size_t reserved;
	bool locked;
	struct lks_error err;
	const unsigned char *first = NULL;

	(void)state;
	secret_stats(&in_use_before, &reserved, &locked);
	/* More in all than the arena holds. */
	for (int i = 0; i < 1000; i++) {
		AUTO(secret_freep) struct lks_buffer *secret = NULL;

		assert_ok(secret_new(1 << 20, &secret, &err), &err);
		secret->data[0] = 1;
		if (!first)
			first = secret->data;
		assert_ptr_equal(secret->data, first);
	}
	secret_stats(&in_use, &reserved, &locked);
	assert_int_equal(in_use, in_use_before);
	assert_true(reserved >= 1 << 20);
}

static void test_a_full_arena_says_so_and_recovers(void **state)
{
	static struct lks_buffer *secrets[64];
	struct lks_error err;
	enum lks_status status = LKS_OK;
	size_t count = 0;

	(void)state;
	while (count < COUNT_OF(secrets)) {
		status = secret_new(8 << 20, &secrets[count], &err);
		if (status)
			break;
		count++;
	}
	assert_int_equal(status, LKS_NO_MEMORY);
	assert_contains(err.message, "in use");
	assert_true(count > 8);
	secret_free(secrets[--count]);
	/* Smaller ones take the place of larger ones then. */
	assert_ok(secret_new(7 << 20, &secrets[count++], &err), &err);
	while (count > 0)
		secret_free(secrets[--count]);
}

static void test_secrets_are_compared_by_all_their_bytes(void **state)
{
	AUTO(secret_freep) struct lks_buffer *a = NULL;
	AUTO(secret_freep) struct lks_buffer *b = NULL;
	AUTO(secret_freep) struct lks_buffer *c = NULL;
	AUTO(secret_freep) struct lks_buffer *d = NULL;
	AUTO(secret_freep) struct lks_buffer *e = NULL;
	struct lks_error err;

	(void)state;
	assert_ok(secret_from("a\0b", 3, &a, &err), &err);
	assert_ok(secret_from("a\0b", 3, &b, &err), &err);
	assert_ok(secret_from("a\0c", 3, &c, &err), &err);
	assert_ok(secret_from("a\0", 2, &d, &err), &err);
	assert_ok(secret_from(NULL, 0, &e, &err), &err);
	assert_true(secret_equal(a, b));
	assert_false(secret_equal(a, c));
	assert_false(secret_equal(a, d));
	assert_false(secret_equal(d, e));
	assert_true(secret_equal(e, e));
	assert_true(memory_equal("x", "y", 0));
}

/* One field of the mapping that holds `address`, from /proc/self/smaps. */
static bool mapping_has_flag(const void *address, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	char line[1024];
	bool inside = false;
	bool found = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long first;
		unsigned long last;

		if (sscanf(line, "%lx-%lx ", &first, &last) == 2 && line[0] != ' ')
			inside = (unsigned long)address >= first && (unsigned long)address < last;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, flag) != NULL;
	}
	fclose(maps);
	return found;
}

static void test_the_pages_are_locked_not_dumped_and_wiped_on_fork(void **state)
{
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	struct lks_error err;
	size_t in_use;
	size_t reserved;
	bool locked;

	(void)state;
	assert_ok(secret_from("x", 1, &secret, &err), &err);
	assert_true(mapping_has_flag(secret->data, " dd"));
	assert_true(mapping_has_flag(secret->data, " wf"));
	secret_stats(&in_use, &reserved, &locked);
	assert_true(in_use > 0);
	if (locked)
		assert_true(mapping_has_flag(secret->data, " lo"));
}

/* Runs `check` in a child; its exit code, or minus the signal that ended it.
   Under a sanitizer an abort may be an exit: any failure is below zero then. */
static int in_child(int (*check)(void *context), void *context)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
		const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		/* cmocka would go on with the next test, in the child. */
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		dup2(quiet, STDERR_FILENO);
		_exit(check(context));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int child_reads_zero(void *context)
{
	struct lks_buffer *secret = context;
	struct lks_buffer *fresh = NULL;

	for (size_t i = 0; i < 6; i++) {
		if (secret->data[i])
			return 1;
	}
	/* It can release what it inherited and make its own. */
	secret_free(secret);
	if (secret_from("fresh", 5, &fresh, NULL))
		return 2;
	if (memcmp(fresh->data, "fresh", 6) != 0)
		return 3;
	secret_free(fresh);
	return 0;
}

static void test_a_forked_child_sees_zeros(void **state)
{
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	struct lks_error err;

	(void)state;
	assert_ok(secret_from("secret", 6, &secret, &err), &err);
	assert_int_equal(in_child(child_reads_zero, secret), 0);
	assert_memory_equal(secret->data, "secret", 7);
}

/*
 * What a correct program never does: in a program of its own, which is this
 * one again with the name of the misdeed.
 */
static int misbehave(const char *what)
{
	struct lks_buffer *secret = NULL;
	struct lks_buffer copy;
	const struct rlimit tight = { 64 << 20, 64 << 20 };

	if (!strcmp(what, "tight"))
		setrlimit(RLIMIT_AS, &tight);
	if (secret_new(100, &secret, NULL))
		return 9;
	copy = *secret;
	if (!strcmp(what, "free-twice")) {
		struct lks_buffer *again = malloc(sizeof(*again));

		secret_free(secret);
		if (!again)
			return 9;
		*again = copy;
		secret = again;
	} else if (!strcmp(what, "tight")) {
		secret->data[99] = 1;
	} else if (!strcmp(what, "capacity")) {
		secret->capacity = 200;
	} else {
		((volatile unsigned char *)secret->data)[atoi(what)] = 0x55;
	}
	secret_free(secret);
	return 0;
}

/* Reads a byte of each page from the secret on, as far as the arena is long:
   whatever lies on that way, a page that is not there comes first. */
static int read_on(const struct lks_buffer *secret, ptrdiff_t step)
{
	const volatile unsigned char *at = secret->data;
	int sum = 0;

	for (size_t done = 0; done < (size_t)256 << 20; done += 4096, at += step)
		sum += *at;
	return sum < 0;
}

static int reads_beyond(void *context)
{
	return read_on(context, 4096);
}

static int reads_before(void *context)
{
	return read_on(context, -4096);
}

static void test_overwriting_around_a_secret_is_noticed(void **state)
{
	static const char *const misdeeds[] = { "100", "101", "108",      "-1",
						"-9",  "-16", "capacity", "free-twice" };
	const struct rlimit no_core = { 0, 0 };

	(void)state;
	setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < COUNT_OF(misdeeds); i++) {
		AUTO(run_release) struct run run = RUN_INIT;

		run_words(&run, "/proc/self/exe", misdeeds[i], NULL);
		if (run.exit_code == 0)
			fail_msg("%s: nobody noticed", misdeeds[i]);
#ifndef SANITIZED
		assert_int_equal(run.signal, SIGABRT);
		assert_contains(run.err, "secret memory: ");
#endif
	}
}

static void test_n76_little_address_space_makes_a_smaller_arena(void **state)
{
	AUTO(run_release) struct run run = RUN_INIT;

	(void)state;
#ifdef SANITIZED
	skip_because("a sanitizer needs terabytes of memory");
#endif
	run_words(&run, "/proc/self/exe", "tight", NULL);
	assert_int_equal(run.exit_code, 0);
}

static void test_guard_pages_stop_a_read_that_runs_away(void **state)
{
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	struct lks_error err;

	(void)state;
	assert_ok(secret_new(16, &secret, &err), &err);
	assert_int_not_equal(in_child(reads_beyond, secret), 0);
	assert_int_not_equal(in_child(reads_before, secret), 0);
#ifndef SANITIZED
	assert_int_equal(in_child(reads_beyond, secret), -SIGSEGV);
	assert_int_equal(in_child(reads_before, secret), -SIGSEGV);
#endif
}

static void test_released_bytes_are_gone(void **state)
{
#ifdef SANITIZED
	(void)state;
	skip_because("a sanitizer poisons what is freed: it cannot be looked at");
#else
	struct lks_buffer *secret = NULL;
	const volatile unsigned char *data;
	struct lks_error err;

	(void)state;
	assert_ok(secret_from("needle-in-memory", 16, &secret, &err), &err);
	data = secret->data;
	secret_free(secret);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(data[i], 0);
#endif
}

static int make_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC);
}

struct feed {
	int fd;
	size_t len;
};

static void *feed_pipe(void *context)
{
	struct feed *feed = context;
	char piece[1000];

	while (feed->len > 0) {
		const size_t len = feed->len < sizeof(piece) ? feed->len : sizeof(piece);
		ssize_t written;

		memset(piece, (int)(feed->len % 251), sizeof(piece));
		written = write(feed->fd, piece, len);
		if (written < 0)
			break;
		feed->len -= (size_t)written;
	}
	close(feed->fd);
	return NULL;
}

static void read_from_pipe(size_t len, size_t max, enum lks_status expected)
{
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	struct feed feed = { .len = len };
	struct lks_error err;
	pthread_t thread;
	int fds[2];

	assert_int_equal(make_pipe(fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	feed.fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &feed), 0);
	assert_int_equal(secret_read_fd(fds[0], max, "the pipe", &secret, &err), expected);
	close(fds[0]);
	pthread_join(thread, NULL);
	if (expected == LKS_OK)
		assert_int_equal(secret->len, len);
	else
		assert_contains(err.message, "the pipe: larger than");
}

static void test_a_stream_is_read_to_its_end_and_no_further_than_allowed(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	read_from_pipe(0, 100, LKS_OK);
	read_from_pipe(1, 1, LKS_OK);
	read_from_pipe(100, 100, LKS_OK);
	read_from_pipe(4095, 1 << 20, LKS_OK);
	read_from_pipe(4096, 1 << 20, LKS_OK);
	read_from_pipe(4097, 1 << 20, LKS_OK);
	read_from_pipe(1 << 20, 1 << 20, LKS_OK);
	read_from_pipe(101, 100, LKS_INVALID);
	read_from_pipe((1 << 20) + 1, 1 << 20, LKS_INVALID);
	signal(SIGPIPE, SIG_DFL);
}

static void test_n11_an_endless_device_is_no_secret(void **state)
{
	AUTO(fd_close) int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct lks_buffer *secret = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(secret_read_fd(fd, 1 << 20, "/dev/zero", &secret, &err), LKS_INVALID);
	assert_int_equal(secret_read_fd(-1, 1 << 20, "nothing", &secret, &err), LKS_FAILED);
	assert_contains(err.message, "nothing: cannot be read");
	assert_int_equal(secret_read_fd(fd, SIZE_MAX, "x", &secret, &err), LKS_INVALID);
	assert_null(secret);
}

static void test_a_file_is_read_whole(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make();
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	AUTO(fd_close) int fd = -1;
	struct lks_error err;
	static char bytes[70000];

	(void)state;
	memset(bytes, 'k', sizeof(bytes));
	file_write(temp_path(&temp, "key"), bytes, sizeof(bytes), 0600);
	fd = open(temp_path(&temp, "key"), O_RDONLY | O_CLOEXEC);
	assert_ok(secret_read_fd(fd, sizeof(bytes), "key", &secret, &err), &err);
	assert_int_equal(secret->len, sizeof(bytes));
	assert_memory_equal(secret->data, bytes, sizeof(bytes));
}

static void test_a_text_of_secrets_grows_in_the_arena(void **state)
{
	struct secret_text text = SECRET_TEXT_INIT;
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	AUTO(secret_freep) struct lks_buffer *empty = NULL;
	struct lks_error err;

	(void)state;
	assert_ok(secret_text_steal(&text, &empty, &err), &err);
	assert_int_equal(empty->len, 0);
	secret_text_add(&text, "KEY=");
	for (int i = 0; i < 10000; i++)
		secret_text_append(&text, "0123456789", 10);
	assert_ok(secret_text_steal(&text, &secret, &err), &err);
	assert_int_equal(secret->len, 100004);
	assert_memory_equal(secret->data, "KEY=0123", 8);
	assert_null(text.buffer);
	secret_text_release(&text);
}

static void test_a_text_that_cannot_grow_fails_at_the_end(void **state)
{
	struct secret_text text = SECRET_TEXT_INIT;
	struct lks_buffer *secret = NULL;
	struct lks_error err;

	(void)state;
	secret_text_add(&text, "x");
	secret_text_append(&text, "x", SIZE_MAX);
	secret_text_add(&text, "y");
	assert_int_equal(secret_text_steal(&text, &secret, &err), LKS_NO_MEMORY);
	secret_text_release(&text);
	assert_null(secret);
}

static void *churn(void *context)
{
	unsigned int seed = *(const unsigned int *)context;
	struct lks_buffer *held[16] = { NULL };

	for (int i = 0; i < 2000; i++) {
		const size_t slot = (seed >> 8) % COUNT_OF(held);
		const size_t capacity = (seed >> 16) % 3000;

		seed = seed * 1664525U + 1013904223U;
		if (held[slot]) {
			for (size_t j = 0; j < held[slot]->capacity; j++) {
				if (held[slot]->data[j] != (unsigned char)slot)
					abort();
			}
		}
		secret_free(held[slot]);
		if (secret_new(capacity, &held[slot], NULL))
			abort();
		memset(held[slot]->data, (int)slot, capacity);
	}
	for (size_t i = 0; i < COUNT_OF(held); i++)
		secret_free(held[i]);
	return NULL;
}

static void test_threads_share_the_arena(void **state)
{
	pthread_t threads[4];
	unsigned int seeds[4] = { 1, 22, 333, 4444 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, &seeds[i]), 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_secret_is_zeroed_and_terminated),
		cmocka_unit_test(test_any_capacity_up_to_two_mebibytes_is_given),
		cmocka_unit_test(test_too_large_a_secret_is_refused),
		cmocka_unit_test(test_released_memory_is_used_again),
		cmocka_unit_test(test_secrets_are_compared_by_all_their_bytes),
		cmocka_unit_test(test_the_pages_are_locked_not_dumped_and_wiped_on_fork),
		cmocka_unit_test(test_a_forked_child_sees_zeros),
		cmocka_unit_test(test_overwriting_around_a_secret_is_noticed),
		cmocka_unit_test(test_n76_little_address_space_makes_a_smaller_arena),
		cmocka_unit_test(test_guard_pages_stop_a_read_that_runs_away),
		cmocka_unit_test(test_released_bytes_are_gone),
		cmocka_unit_test(test_a_stream_is_read_to_its_end_and_no_further_than_allowed),
		cmocka_unit_test(test_n11_an_endless_device_is_no_secret),
		cmocka_unit_test(test_a_file_is_read_whole),
		cmocka_unit_test(test_a_text_of_secrets_grows_in_the_arena),
		cmocka_unit_test(test_a_text_that_cannot_grow_fails_at_the_end),
		cmocka_unit_test(test_threads_share_the_arena),
		cmocka_unit_test(test_a_full_arena_says_so_and_recovers),
	};

	if (argc > 1)
		return misbehave(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
