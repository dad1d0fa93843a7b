/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a program to its end or its timeout. posix_spawn, never fork: the
 * secrets' memory is zero in a forked child. Its output is dropped: it may
 * hold anything, and messages must not hold a secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "txn/operation.h"

#define GRACE_MS 2000

static void actions_release(posix_spawn_file_actions_t *actions)
{
	posix_spawn_file_actions_destroy(actions);
}

static void attributes_release(posix_spawnattr_t *attributes)
{
	posix_spawnattr_destroy(attributes);
}

/* Default signals, nothing blocked, a process group of its own. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
							    POSIX_SPAWN_SETSIGMASK) ||
	       posix_spawnattr_setpgroup(attributes, 0) ||
	       posix_spawnattr_setsigmask(attributes, &none) ||
	       posix_spawnattr_setsigdefault(attributes, &all);
}

static enum lks_status start(const struct strings *argv, const char *const *environment,
			     pid_t *ret_pid, struct lks_error *err)
{
	AUTO(free_ptr) char **arguments = calloc(argv->count + 1, sizeof(*arguments));
	AUTO(actions_release) posix_spawn_file_actions_t actions;
	AUTO(attributes_release) posix_spawnattr_t attributes;
	int result;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	if (!arguments || set_attributes(&attributes) ||
	    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0))
		return error_no_memory(err, "run a program");
	memcpy(arguments, argv->items, argv->count * sizeof(*arguments));
	result = posix_spawnp(ret_pid, arguments[0], &actions, &attributes, arguments,
			      (char *const *)environment);
	if (!result)
		return LKS_OK;
	return error_set(err, status_from_errno(result), "run %s: %s", arguments[0],
			 strerror(result));
}

/* True: it has ended (and is still to be reaped). */
static bool wait_for(pid_t pid, int pid_fd, int64_t timeout_ms)
{
	int64_t end = clock_boot_ms() + timeout_ms;

	for (;;) {
		siginfo_t info = { 0 };
		int64_t left = end - clock_boot_ms();
		struct pollfd poll_fd = { .fd = pid_fd, .events = POLLIN };

		if (!waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		    info.si_pid == pid)
			return true;
		if (left <= 0)
			return false;
		/* Without pidfd (an old kernel) look every ten milliseconds. */
		if (pid_fd < 0)
			left = left < 10 ? left : 10;
		(void)poll(&poll_fd, 1, left < 1000 ? (int)left : 1000);
	}
}

enum lks_status child_run(const struct strings *argv, const char *const *environment,
			  int64_t timeout_ms, struct child_result *ret_result,
			  struct lks_error *err)
{
	AUTO(fd_close) int pid_fd = -1;
	pid_t pid = -1;
	int status = 0;
	enum lks_status started = start(argv, environment, &pid, err);

	memset(ret_result, 0, sizeof(*ret_result));
	if (started)
		return started;
	pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (!wait_for(pid, pid_fd, timeout_ms)) {
		ret_result->timed_out = true;
		(void)kill(-pid, SIGTERM);
		if (!wait_for(pid, pid_fd, GRACE_MS))
			(void)kill(-pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* What it left behind in its group goes with it after a timeout; a
	   daemon that a reload command started stays. */
	if (ret_result->timed_out)
		(void)kill(-pid, SIGKILL);
	ret_result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	ret_result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return LKS_OK;
}
