/* SPDX-License-Identifier: Apache-2.0 */
/* Secret memory under tight limits: a process of its own, as the arena is made
   once. */
#include "support/test.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

static int pipe_fds[2];

/* root may lock what it likes, whatever the limit says, until it gives that up. */
static void give_up_locking(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	(void)syscall(SYS_capset, &head, data);
}

static bool may_lock_anyway(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const bool locked = !mlock(page, 4096);

	munmap(page, 4096);
	return locked;
}

static void test_n77_memory_that_cannot_be_locked_is_said_once(void **state)
{
	const struct rlimit none = { 0, 0 };
	AUTO(secret_freep) struct lks_buffer *first = NULL;
	AUTO(secret_freep) struct lks_buffer *second = NULL;
	struct lks_error err;
	char text[4096] = "";
	size_t in_use;
	size_t reserved;
	bool locked;

	(void)state;
	give_up_locking();
	setrlimit(RLIMIT_MEMLOCK, &none);
	if (may_lock_anyway())
		skip_because("memory can be locked here whatever the limit");
	log_setup(LKS_LOG_INFO, LOG_TEXT, pipe_fds[1]);
	assert_ok(secret_new(100, &first, &err), &err);
	assert_ok(secret_new(1 << 20, &second, &err), &err);
	assert_true(read(pipe_fds[0], text, sizeof(text) - 1) > 0);
	assert_contains(text, "cannot be locked");
	assert_null(strchr(strchr(text, '\n') + 1, '\n'));
	secret_stats(&in_use, &reserved, &locked);
	assert_false(locked);
}

static void test_n77_memory_that_must_be_locked_is_not_given_unlocked(void **state)
{
	const struct rlimit none = { 0, 0 };
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	struct lks_error err;

	(void)state;
	give_up_locking();
	setrlimit(RLIMIT_MEMLOCK, &none);
	if (may_lock_anyway())
		skip_because("memory can be locked here whatever the limit");
	secret_require_lock(true);
	assert_int_equal(secret_new(100, &secret, &err), LKS_UNAVAILABLE);
	assert_contains(err.message, "cannot be locked");
	assert_contains(err.hint, "ulimit -l");
	assert_null(secret);
	secret_require_lock(false);
	assert_ok(secret_new(100, &secret, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n77_memory_that_cannot_be_locked_is_said_once),
		cmocka_unit_test(test_n77_memory_that_must_be_locked_is_not_given_unlocked),
	};

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
