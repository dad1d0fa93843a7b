/* SPDX-License-Identifier: Apache-2.0 */
/* Children with three pipes and a deadline. */
#include "support/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "support/test.h"

extern char **environ;

#define WORDS_MAX 64

struct stream {
	int fd;
	char **data;
	size_t *len;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC))
		fail_msg("pipe: %s", strerror(errno));
}

static pid_t spawn(const struct run *run, const char *const *argv, int in, int out, int err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t defaults;
	pid_t pid;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	if (run->folder)
		posix_spawn_file_actions_addchdir_np(&actions, run->folder);
	/* As a shell would start it, whatever this program did to signals. */
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	failed = posix_spawnp(&pid, argv[0], &actions, &attributes, (char *const *)argv,
			      run->environment ? (char *const *)run->environment : environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (failed)
		fail_msg("%s: %s", argv[0], strerror(failed));
	return pid;
}

/* False at the end of the stream. */
static bool take(struct stream *stream)
{
	char piece[4096];
	const ssize_t got = read(stream->fd, piece, sizeof(piece));
	char *data;

	if (got <= 0)
		return got < 0 && errno == EINTR;
	data = realloc(*stream->data, *stream->len + (size_t)got + 1);
	if (!data)
		fail_msg("out of memory");
	memcpy(data + *stream->len, piece, (size_t)got);
	*stream->data = data;
	*stream->len += (size_t)got;
	data[*stream->len] = '\0';
	return true;
}

/* Feeds the input; closes the pipe after the last byte. */
static void feed(int *fd, const char **at, size_t *left)
{
	const ssize_t written = *left ? write(*fd, *at, *left) : 0;

	if (written > 0) {
		*at += written;
		*left -= (size_t)written;
	}
	if (*left == 0 || (written < 0 && errno != EINTR && errno != EAGAIN)) {
		close(*fd);
		*fd = -1;
	}
}

/* Until both outputs end; false if the time is over first. */
static bool talk(const struct run *run, int input, struct stream streams[2], int64_t end_ms)
{
	const char *at = run->input;
	size_t left = run->input ? run->input_len : 0;

	while (streams[0].fd >= 0 || streams[1].fd >= 0 || input >= 0) {
		struct pollfd waiting[] = { { .fd = input, .events = POLLOUT },
					    { .fd = streams[0].fd, .events = POLLIN },
					    { .fd = streams[1].fd, .events = POLLIN } };
		const int64_t left_ms = end_ms - now_ms();

		if (left_ms <= 0)
			break;
		if (poll(waiting, COUNT_OF(waiting), (int)left_ms) < 0 && errno != EINTR)
			fail_msg("poll: %s", strerror(errno));
		if (waiting[0].revents)
			feed(&input, &at, &left);
		for (int i = 0; i < 2; i++) {
			if (waiting[i + 1].revents && !take(&streams[i])) {
				close(streams[i].fd);
				streams[i].fd = -1;
			}
		}
	}
	if (input >= 0)
		close(input);
	return streams[0].fd < 0 && streams[1].fd < 0;
}

/* Waits for the end; false if the time is over first. */
static bool reap(pid_t pid, int *ret_status, int64_t end_ms)
{
	const struct timespec pause = { 0, 2000000 };

	for (;;) {
		const pid_t got = waitpid(pid, ret_status, WNOHANG);

		if (got == pid)
			return true;
		if (now_ms() >= end_ms)
			return false;
		nanosleep(&pause, NULL);
	}
}

void run_program(struct run *run, const char *const *argv)
{
	const int64_t end_ms = now_ms() + (run->timeout_ms ? run->timeout_ms : 60000);
	struct stream streams[2] = { { -1, &run->out, &run->out_len },
				     { -1, &run->err, &run->err_len } };
	struct sigaction ignore;
	struct sigaction before;
	int in[2];
	int out[2];
	int err[2];
	int status = 0;
	pid_t pid;
	bool ended;

	run_release(run);
	make_pipe(in);
	make_pipe(out);
	make_pipe(err);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	pid = spawn(run, argv, in[0], out[1], err[1]);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	streams[0].fd = out[0];
	streams[1].fd = err[0];
	/* A program need not read what it is fed. */
	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &ignore, &before);
	ended = talk(run, in[1], streams, end_ms) && reap(pid, &status, end_ms);
	sigaction(SIGPIPE, &before, NULL);
	if (!run->out)
		run->out = calloc(1, 1);
	if (!run->err)
		run->err = calloc(1, 1);
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		fail_msg("%s did not end in time; it said: %s%s", argv[0], run->out, run->err);
	}
	run->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	run->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void run_words(struct run *run, const char *program, ...)
{
	const char *argv[WORDS_MAX + 1] = { program };
	va_list words;
	size_t count = 1;

	va_start(words, program);
	while (count < WORDS_MAX && (argv[count] = va_arg(words, const char *)))
		count++;
	va_end(words);
	if (argv[count])
		fail_msg("%s: more than %d words", program, WORDS_MAX);
	run_program(run, argv);
}

void run_release(struct run *run)
{
	free(run->out);
	free(run->err);
	run->out = NULL;
	run->err = NULL;
	run->out_len = 0;
	run->err_len = 0;
	run->exit_code = -1;
	run->signal = 0;
}
