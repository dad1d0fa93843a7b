/* SPDX-License-Identifier: Apache-2.0 */
/* Many writers and readers at one file. */
#include "plugins/env-file/env_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WRITERS 50
#define WRITES 100
#define WAIT_MS 300000

static void must(bool held, const char *what)
{
	if (held)
		return;
	fprintf(stderr, "# %s\n", what);
	_exit(1);
}

static enum lks_status write_pair(struct env *env, const char *one, const char *two,
				  const char *value)
{
	struct lks_record *record = fake_record_of(value, SIZE_MAX);
	struct lks_change changes[] = { { one, record, NULL }, { two, record, NULL } };
	struct lks_call call = fake_call(env->fake, WAIT_MS, 0);
	enum lks_status status;

	status = env->backend->set_many(env->instance, &call, changes, 2, env->err);
	fake_record_free(record);
	return status;
}

static void writer(struct env *env, int number)
{
	int i;

	for (i = 0; i < WRITES; i++) {
		char one[32];
		char two[32];
		char value[64];

		snprintf(one, sizeof(one), "P%d", number);
		snprintf(two, sizeof(two), "Q%d", number);
		snprintf(value, sizeof(value), "%0*d", 1 + (number + i) % 40, i);
		must(write_pair(env, one, two, value) == LKS_OK, fake_error_text(env->err));
	}
	_exit(0);
}

/* Readers leave the processors to the writers; how often they look does not
   decide anything. */
static void breathe(void)
{
	struct timespec moment = { 0, 1000000 };

	nanosleep(&moment, NULL);
}

/* Any program: the first and the last line are always there, and the halves of
   every pair agree. */
static void raw_reader(const char *path, const volatile int *stop)
{
	static char text[1 << 16];

	for (; !*stop; breathe()) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		const char *at;

		must(len > 0, "the file was not there or empty");
		text[len] = '\0';
		close(fd);
		must(strncmp(text, "FIRST=1\n", 8) == 0 && strstr(text, "\nLAST=1\n"),
		     "half a file was seen");
		for (at = strstr(text, "\nP"); at; at = strstr(at + 1, "\nP")) {
			char other[32];
			const char *pair;
			size_t len_p = strcspn(at + 2, "=");
			size_t len_v = strcspn(at + 2 + len_p, "\n");

			snprintf(other, sizeof(other), "\nQ%.*s=", (int)len_p, at + 2);
			pair = strstr(text, other);
			must(pair != NULL, "half a pair was seen");
			must(strncmp(pair + 2 + len_p, at + 2 + len_p, len_v + 1) == 0,
			     "a torn pair was seen");
		}
	}
	_exit(0);
}

static void store_reader(struct env *env, const volatile int *stop)
{
	for (; !*stop; breathe()) {
		must(env_get(env, "FIRST") != NULL, fake_error_text(env->err));
		must(env_get(env, "LAST") != NULL, fake_error_text(env->err));
	}
	_exit(0);
}

static void wait_for(pid_t child)
{
	int status = 0;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_n55_fifty_writers_lose_nothing_and_no_reader_sees_half(void **state)
{
	AUTO(env_end) struct env env = env_begin("FIRST=1\nLAST=1\n");
	volatile int *stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t writers[WRITERS];
	pid_t readers[2];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		readers[i] = fork();
		if (readers[i] == 0 && i == 0)
			raw_reader(env.path, stop);
		if (readers[i] == 0)
			store_reader(&env, stop);
	}
	for (i = 0; i < WRITERS; i++) {
		writers[i] = fork();
		if (writers[i] == 0)
			writer(&env, i);
	}
	for (i = 0; i < WRITERS; i++)
		wait_for(writers[i]);
	*stop = 1;
	for (i = 0; i < 2; i++)
		wait_for(readers[i]);
	for (i = 0; i < WRITERS; i++) {
		char key[32];
		const char *value;

		snprintf(key, sizeof(key), "P%d", i);
		value = env_get(&env, key);
		assert_non_null(value);
		assert_int_equal(atoi(value), WRITES - 1);
		snprintf(key, sizeof(key), "Q%d", i);
		assert_non_null(env_get(&env, key));
	}
	env_assert_clean(&env);
	munmap((void *)stop, sizeof(*stop));
}

/* Compare-and-swap: of two who increment, neither loses a step. */
static void incrementer(struct env *env, int steps)
{
	while (steps) {
		char version[LKS_VERSION_MAX + 1];
		char value[32];
		enum lks_status status;

		snprintf(version, sizeof(version), "%s", env_version(env, "N"));
		snprintf(value, sizeof(value), "%d",
			 atoi(fake_record_value(env->record, NULL)) + 1);
		status = env_set_bytes(env, "N", value, strlen(value), version);
		must(status == LKS_OK || status == LKS_CONFLICT, fake_error_text(env->err));
		steps -= status == LKS_OK;
	}
	_exit(0);
}

static void test_n55_compare_and_swap_loses_no_step(void **state)
{
	AUTO(env_end) struct env env = env_begin("N=0\n");
	pid_t children[4];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(children); i++) {
		children[i] = fork();
		if (children[i] == 0)
			incrementer(&env, 25);
	}
	for (i = 0; i < COUNT_OF(children); i++)
		wait_for(children[i]);
	env_assert_file(&env, "N=100\n");
}

/* Killed from outside, anywhere: the file is whole, and the next one clears up. */
static void test_a_writer_that_is_killed_in_the_middle_leaves_a_whole_file(void **state)
{
	AUTO(env_end) struct env env = env_begin("FIRST=1\nLAST=1\n");
	unsigned seed = 42;
	int round;

	(void)state;
	for (round = 0; round < 60; round++) {
		struct timespec moment = { 0, (long)(rand_r(&seed) % 3000000) };
		const char *value;
		pid_t child = fork();
		char *one;
		int status;

		if (child == 0)
			writer(&env, 0);
		nanosleep(&moment, NULL);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_string_equal(env_get(&env, "FIRST"), "1");
		assert_string_equal(env_get(&env, "LAST"), "1");
		value = env_get(&env, "P0");
		one = value ? strdup(value) : NULL;
		value = env_get(&env, "Q0");
		assert_int_equal(!one, !value);
		if (one)
			assert_string_equal(one, value);
		free(one);
	}
	assert_env_ok(&env, env_set(&env, "LAST", "2"));
	env_assert_clean(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n55_fifty_writers_lose_nothing_and_no_reader_sees_half),
		cmocka_unit_test(test_n55_compare_and_swap_loses_no_step),
		cmocka_unit_test(test_a_writer_that_is_killed_in_the_middle_leaves_a_whole_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
