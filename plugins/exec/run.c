/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix_spawn and a poll loop.
 *
 * posix_spawn, because the host's secret memory is wiped in a forked child: an
 * environment built there would be zeros. The pipe to stdin can break at any
 * moment, and a plugin must not touch the process's signal handlers: SIGPIPE is
 * blocked in this thread around each write, and taken off again.
 */
#include "exec/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_ROOM 4096
#define GRACE_MS 500 /* between SIGTERM and SIGKILL */
#define REAP_MS 1000 /* a killed program may be stuck in the kernel */
#define TICK_MS 10   /* where the kernel has no pidfd */
#define POLL_MAX_MS 60000

struct job {
	const struct lks_host *host;
	const struct run_request *request;
	struct run_result *result;
	pid_t pid;
	int pidfd; /* -1: look every TICK_MS */
	int input; /* -1: closed, as the next two */
	int output;
	int complaint;
	size_t written;
	int is_terminated; /* SIGTERM was sent */
	int has_ended;     /* but is not reaped yet */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A pipe whose ends are above the standard streams. */
static int make_pipe(int fds[2])
{
	int low[2];

	fds[0] = fds[1] = -1;
	if (pipe2(low, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 3);
		close(low[i]);
	}
	if (fds[0] >= 0 && fds[1] >= 0)
		return 0;
	close_fd(&fds[0]);
	close_fd(&fds[1]);
	return -1;
}

/* ------------------------------------------------------------------------ */
/* Starting                                                                  */

struct streams {
	int input[2];
	int output[2]; /* -1: /dev/null */
	int complaint[2];
};

static int prepare_files(posix_spawn_file_actions_t *actions, const struct streams *streams)
{
	int error = posix_spawn_file_actions_adddup2(actions, streams->input[0], 0);

	if (!error && streams->output[1] >= 0)
		error = posix_spawn_file_actions_adddup2(actions, streams->output[1], 1);
	else if (!error)
		error = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, streams->complaint[1], 2);
	/* Whatever the process has open, also what others opened carelessly. */
	if (!error)
		error = posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return error;
}

static int prepare_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!error)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (!error)
		error = posix_spawnattr_setsigmask(attributes, &none);
	return error ? error : posix_spawnattr_setsigdefault(attributes, &all);
}

/* Returns an errno: 0 if it runs. */
static int spawn(struct job *job, const struct streams *streams)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	error = prepare_files(&actions, streams);
	if (!error)
		error = prepare_attributes(&attributes);
	if (!error)
		error = posix_spawn(&job->pid, job->request->argv[0], &actions, &attributes,
				    (char *const *)(uintptr_t)job->request->argv,
				    (char *const *)(uintptr_t)job->request->environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static void set_nonblocking(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
}

static enum lks_status start(struct job *job, struct lks_error *err)
{
	struct streams streams = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int has_output = job->request->output_max > 0;
	int error = 0;

	if (make_pipe(streams.input) || make_pipe(streams.complaint) ||
	    (has_output && make_pipe(streams.output)))
		error = errno;
	if (!error) {
		job->result->code = spawn(job, &streams);
		if (job->result->code)
			job->result->end = RUN_NOT_STARTED;
	}
	close_fd(&streams.input[0]);
	close_fd(&streams.output[1]);
	close_fd(&streams.complaint[1]);
	job->input = streams.input[1];
	job->output = streams.output[0];
	job->complaint = streams.complaint[0];
	if (error)
		return job->host->fail(job->host, err, LKS_UNAVAILABLE, "no pipe: %s",
				       strerror(error));
	set_nonblocking(job->input);
	set_nonblocking(job->output);
	set_nonblocking(job->complaint);
	if (job->result->end != RUN_NOT_STARTED)
		job->pidfd = (int)syscall(SYS_pidfd_open, job->pid, 0);
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* The streams                                                               */

static ssize_t write_without_signal(int fd, const void *data, size_t len)
{
	sigset_t pipe_signal, before, pending;
	struct timespec at_once = { 0, 0 };
	int was_pending;
	ssize_t put;
	int error;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	put = write(fd, data, len);
	error = errno;
	if (put < 0 && error == EPIPE && !was_pending)
		while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return put;
}

static void feed(struct job *job)
{
	const char *data = job->request->input;
	size_t left = job->request->input_len - job->written;
	ssize_t put = left ? write_without_signal(job->input, data + job->written, left) : 0;

	if (put > 0)
		job->written += (size_t)put;
	/* It need not read what it gets. */
	if (job->written == job->request->input_len ||
	    (put < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&job->input);
}

/* Make room for more: a new, larger buffer; the old one is wiped. */
static enum lks_status grow(struct job *job, struct lks_error *err)
{
	const struct lks_host *host = job->host;
	struct lks_buffer *old = job->result->output, *larger;
	size_t len = old ? host->buffer_len(old) : 0;
	/* One byte more than allowed shows that there was more. */
	size_t limit = job->request->output_max + 1;
	size_t capacity = old ? 2 * host->buffer_capacity(old) : FIRST_ROOM;
	enum lks_status status =
		host->buffer_new(host, capacity < limit ? capacity : limit, &larger, err);

	if (status)
		return status;
	if (old)
		memcpy(host->buffer_data(larger), host->buffer_data(old), len);
	if (old)
		host->buffer_free(host, old);
	job->result->output = larger;
	return host->buffer_set_len(host, larger, len, err);
}

static enum lks_status take_output(struct job *job, struct lks_error *err)
{
	const struct lks_host *host = job->host;
	struct lks_buffer *output = job->result->output;
	enum lks_status status = LKS_OK;
	size_t len;
	ssize_t got;

	if (!output || host->buffer_len(output) == host->buffer_capacity(output))
		status = grow(job, err);
	if (status)
		return status;
	output = job->result->output;
	len = host->buffer_len(output);
	got = read(job->output, host->buffer_data(output) + len,
		   host->buffer_capacity(output) - len);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&job->output);
	if (got <= 0)
		return LKS_OK;
	status = host->buffer_set_len(host, output, len + (size_t)got, err);
	if (!status && len + (size_t)got > job->request->output_max) {
		job->result->end = RUN_TOO_MUCH;
		close_fd(&job->output);
		kill(-job->pid, SIGKILL);
	}
	return status;
}

/* Keeps the end of what is said. */
static enum lks_status take_complaint(struct job *job, struct lks_error *err)
{
	const struct lks_host *host = job->host;
	struct lks_buffer *kept = job->result->complaint;
	unsigned char *data = host->buffer_data(kept);
	size_t len = host->buffer_len(kept);
	ssize_t got;

	if (len == RUN_COMPLAINT_MAX) {
		memmove(data, data + RUN_COMPLAINT_MAX / 2, RUN_COMPLAINT_MAX / 2);
		len = RUN_COMPLAINT_MAX / 2;
		job->result->complaint_is_cut = 1;
	}
	got = read(job->complaint, data + len, RUN_COMPLAINT_MAX - len);
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&job->complaint);
	return host->buffer_set_len(host, kept, len + (got > 0 ? (size_t)got : 0), err);
}

/* ------------------------------------------------------------------------ */
/* The loop                                                                  */

static int has_ended(struct job *job)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		job->has_ended = info.si_pid == job->pid;
	else
		job->has_ended = errno == ECHILD;
	return job->has_ended;
}

/* Send what is due and say how long to wait for the next thing. */
static int64_t mind_the_time(struct job *job, int64_t started_ms)
{
	int64_t now = job->host->now_ms(job->host);
	int64_t deadline = job->request->deadline_ms;
	int64_t fifth = (deadline - started_ms) / 5;
	int64_t term_at = deadline - (fifth < GRACE_MS ? fifth : GRACE_MS);

	if (now >= deadline) {
		kill(-job->pid, SIGKILL);
		job->result->end = RUN_LATE;
		return 0;
	}
	if (now >= term_at && !job->is_terminated) {
		kill(-job->pid, SIGTERM);
		job->is_terminated = 1;
	}
	return job->is_terminated ? deadline - now : term_at - now;
}

static enum lks_status serve(struct job *job, struct pollfd *fds, struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	if (fds[0].revents)
		feed(job);
	if (fds[1].revents)
		status = take_output(job, err);
	if (fds[2].revents && !status)
		status = take_complaint(job, err);
	return status;
}

static int wait_for_something(const struct job *job, struct pollfd *fds, int64_t wait_ms)
{
	if (job->pidfd < 0 && wait_ms > TICK_MS)
		wait_ms = TICK_MS;
	if (wait_ms > POLL_MAX_MS)
		wait_ms = POLL_MAX_MS;
	fds[0] = (struct pollfd){ job->input, POLLOUT, 0 };
	fds[1] = (struct pollfd){ job->output, POLLIN, 0 };
	fds[2] = (struct pollfd){ job->complaint, POLLIN, 0 };
	fds[3] = (struct pollfd){ job->pidfd, POLLIN, 0 };
	return poll(fds, 4, (int)wait_ms);
}

static enum lks_status pump(struct job *job, struct lks_error *err)
{
	int64_t started_ms = job->host->now_ms(job->host);
	enum lks_status status = LKS_OK;
	struct pollfd fds[4];

	while (!status && !has_ended(job) && job->result->end == RUN_EXITED) {
		int64_t wait_ms = mind_the_time(job, started_ms);

		if (job->result->end == RUN_EXITED && wait_for_something(job, fds, wait_ms) > 0)
			status = serve(job, fds, err);
	}
	return status;
}

/* What is in the pipes when the program has ended; what its children still
   write is not waited for. */
static enum lks_status drain(struct job *job, struct lks_error *err)
{
	enum lks_status status = LKS_OK;
	struct pollfd fds[4];

	close_fd(&job->input);
	while (!status && job->result->end == RUN_EXITED &&
	       (job->output >= 0 || job->complaint >= 0) && wait_for_something(job, fds, 0) > 0 &&
	       (fds[1].revents || fds[2].revents))
		status = serve(job, fds, err);
	return status;
}

/* The group is killed before its leader is reaped: until then its number cannot
   belong to anybody else. */
static void reap(struct job *job)
{
	struct pollfd end = { job->pidfd, POLLIN, 0 };
	int waited_ms = 0;
	siginfo_t info = { 0 };

	kill(-job->pid, SIGKILL);
	while (!has_ended(job) && waited_ms < REAP_MS) {
		if (job->pidfd >= 0) {
			poll(&end, 1, REAP_MS - waited_ms);
			waited_ms += REAP_MS / 4;
		} else {
			poll(NULL, 0, TICK_MS);
			waited_ms += TICK_MS;
		}
	}
	if (!job->has_ended || waitid(P_PID, (id_t)job->pid, &info, WEXITED | WNOHANG))
		return;
	if (job->result->end != RUN_EXITED)
		return;
	job->result->end = info.si_code == CLD_EXITED ? RUN_EXITED : RUN_KILLED;
	job->result->code = info.si_status;
	/* It obeyed SIGTERM: what it says then is no answer. */
	if (job->is_terminated)
		job->result->end = RUN_LATE;
}

static enum lks_status run(struct job *job, struct lks_error *err)
{
	enum lks_status status = start(job, err);
	enum lks_status drained;

	if (status || job->result->end == RUN_NOT_STARTED)
		return status;
	status = pump(job, err);
	if (!status) {
		/* Else a grandchild that writes without end keeps the pipe full. */
		kill(-job->pid, SIGKILL);
		drained = drain(job, err);
		status = drained;
	}
	reap(job);
	return status;
}

enum lks_status run_program(const struct lks_host *host, const struct run_request *request,
			    struct run_result *ret_result, struct lks_error *err)
{
	struct job job = { .host = host,
			   .request = request,
			   .result = ret_result,
			   .pid = -1,
			   .pidfd = -1,
			   .input = -1,
			   .output = -1,
			   .complaint = -1 };
	enum lks_status status;

	memset(ret_result, 0, sizeof(*ret_result));
	status = host->buffer_new(host, RUN_COMPLAINT_MAX, &ret_result->complaint, err);
	if (!status && request->output_max)
		status = grow(&job, err);
	if (!status)
		status = run(&job, err);
	close_fd(&job.input);
	close_fd(&job.output);
	close_fd(&job.complaint);
	close_fd(&job.pidfd);
	if (status)
		run_release(host, ret_result);
	return status;
}

void run_release(const struct lks_host *host, struct run_result *result)
{
	if (result->output)
		host->buffer_free(host, result->output);
	if (result->complaint)
		host->buffer_free(host, result->complaint);
	result->output = NULL;
	result->complaint = NULL;
}
