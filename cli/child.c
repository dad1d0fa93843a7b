/* SPDX-License-Identifier: Apache-2.0 */
/* Start a program behind masked streams, and serve it until it has ended. */
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"

#define CHUNK ((size_t)64 << 10)
#define KEYS_SIZE 4096
/* How long the last output of a pseudo-terminal may take to come through when
   something the program left behind keeps it open. */
#define LINGER_MS 100
/* What a pipe can still hold when the program has ended; beyond that it is the
   output of something that it left behind. */
#define LAST_OUTPUT_MAX ((size_t)1 << 20)

/* --- start ------------------------------------------------------------ */

static int open_signals(struct child *child)
{
	static const int numbers[] = { SIGHUP,  SIGINT,   SIGQUIT, SIGTERM, SIGUSR1,
				       SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT, SIGCHLD,
				       SIGPIPE, SIGTTIN,  SIGTTOU };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, &child->mask_before);
	child->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return child->signals < 0 ? -1 : 0;
}

static void child_release(struct child *child)
{
	terminal_leave_raw(&child->terminal);
	for (size_t i = 0; i < COUNT_OF(child->streams); i++) {
		struct child_stream *stream = &child->streams[i];

		if (stream->from >= 0 && stream->from != child->keyboard)
			close(stream->from);
		stream->from = -1;
		redact_close(&stream->masked);
	}
	fd_close(&child->keyboard);
	child->keyboard = -1;
	secret_free(TAKE(child->keys));
	fd_close(&child->signals);
	child->signals = -1;
}

static enum lks_status stream_open(struct child_stream *stream, int from, int to,
				   const struct redactor *redactor, struct lks_error *err)
{
	struct stat info;

	stream->from = from;
	stream->to = to;
	stream->is_file = fstat(to, &info) == 0 && S_ISREG(info.st_mode);
	return redact_open(&stream->masked, redactor, CHUNK, err);
}

/* A session in a pseudo-terminal; stderr joins it if it is the same terminal. */
static enum lks_status open_session(struct child *child, const struct redactor *redactor,
				    char slave[64], struct lks_error *err)
{
	enum lks_status status =
		terminal_make(STDOUT_FILENO, false, &child->keyboard, slave, 64, err);

	if (status)
		return status;
	child->terminal.fd = STDIN_FILENO;
	child->streams[0].is_terminal = true;
	status = secret_new(KEYS_SIZE, &child->keys, err);
	return status ? status
		      : stream_open(&child->streams[0], child->keyboard, STDOUT_FILENO, redactor,
				    err);
}

/* A pipe, or a pseudo-terminal where `to` is a terminal. */
static enum lks_status open_stream(struct child_stream *stream, int to,
				   const struct redactor *redactor, int *ret_theirs,
				   struct lks_error *err)
{
	char slave[64];
	int fds[2];

	if (isatty(to) == 1 && !terminal_make(to, true, &fds[0], slave, sizeof(slave), NULL)) {
		stream->is_terminal = true;
		fds[1] = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
	} else if (pipe2(fds, O_CLOEXEC) == 0) {
		(void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
	} else {
		return error_set(err, LKS_UNAVAILABLE, "a pipe for the program's output: %m");
	}
	stream->from = fds[0];
	*ret_theirs = fds[1];
	if (fds[1] < 0)
		return error_set(err, LKS_UNAVAILABLE, "%s: %m", slave);
	return stream_open(stream, fds[0], to, redactor, err);
}

struct their_files {
	struct program_files files;
	char slave[64];
};

static void their_files_close(struct their_files *theirs)
{
	for (int i = 1; i < 3; i++)
		fd_close(&theirs->files.fds[i]);
}

static enum lks_status open_files(struct child *child, const struct redactor *redactor,
				  struct their_files *theirs, struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	if (!redactor)
		return LKS_OK;
	if (terminal_is_ours(STDIN_FILENO) && terminal_is_same(STDIN_FILENO, STDOUT_FILENO) &&
	    !(status = open_session(child, redactor, theirs->slave, err)))
		theirs->files.terminal = theirs->slave;
	else if (child->keyboard >= 0)
		return status; /* half a session: no memory for the rest of it */
	else
		status = open_stream(&child->streams[0], STDOUT_FILENO, redactor,
				     &theirs->files.fds[1], err);
	if (status || (theirs->files.terminal && terminal_is_same(STDOUT_FILENO, STDERR_FILENO)))
		return status;
	return open_stream(&child->streams[1], STDERR_FILENO, redactor, &theirs->files.fds[2], err);
}

enum lks_status child_start(struct child *child, const struct program *program,
			    const struct redactor *redactor, struct lks_error *err)
{
	AUTO(their_files_close)
	struct their_files theirs = { { { -1, -1, -1 }, NULL }, "" };
	enum lks_status status;

	memset(child, 0, sizeof(*child));
	child->is_init = getpid() == 1;
	child->signals = child->keyboard = child->terminal.fd = -1;
	for (size_t i = 0; i < COUNT_OF(child->streams); i++)
		child->streams[i].from = child->streams[i].to = -1;
	if (open_signals(child))
		status = error_set(err, LKS_UNAVAILABLE, "a descriptor for signals: %m");
	else
		status = open_files(child, redactor, &theirs, err);
	if (!status)
		status = program_start(program, &theirs.files, &child->pid, err);
	if (!status) {
		terminal_enter_raw(&child->terminal);
		return LKS_OK;
	}
	child_release(child);
	sigprocmask(SIG_SETMASK, &child->mask_before, NULL);
	return status;
}

/* --- signals ---------------------------------------------------------- */

static bool has_session(const struct child *child)
{
	return child->keyboard >= 0;
}

static void send_signal(const struct child *child, int number)
{
	if (!child->has_ended)
		(void)kill(child->pid, number);
}

static void copy_size(const struct child *child)
{
	for (size_t i = 0; i < COUNT_OF(child->streams); i++)
		if (child->streams[i].from >= 0 && child->streams[i].is_terminal)
			terminal_copy_size(child->streams[i].to, child->streams[i].from);
}

static void resume(struct child *child)
{
	terminal_enter_raw(&child->terminal);
	copy_size(child);
	if (!child->has_ended && has_session(child))
		(void)kill(-child->pid, SIGCONT);
}

/* The shell that started us sees us stop, and later brings us back. */
static void stop_ourselves(struct child *child)
{
	terminal_leave_raw(&child->terminal);
	(void)kill(getpid(), SIGSTOP);
	resume(child);
}

static void on_stop(struct child *child, bool from_keyboard)
{
	/* The kernel drops SIGTSTP in a session whose leader is the child. */
	if (has_session(child) && !child->has_ended)
		(void)kill(-child->pid, SIGSTOP);
	else if (!from_keyboard)
		send_signal(child, SIGTSTP);
	stop_ourselves(child);
}

static void collect(struct child *child)
{
	int wait_status;
	pid_t pid;

	while ((pid = waitpid(child->is_init ? -1 : child->pid, &wait_status,
			      WNOHANG | WUNTRACED)) != 0) {
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (pid != child->pid)
			continue;
		if (WIFSTOPPED(wait_status)) {
			if (has_session(child))
				stop_ourselves(child);
			continue;
		}
		child->has_ended = true;
		child->wait_status = wait_status;
		child->ended_ms = clock_boot_ms();
		if (!child->is_init)
			return;
	}
}

/*
 * The program is in our process group unless it has its own session: what a
 * key raised has reached it already; what somebody sent to us has not.
 */
static void on_signal(struct child *child, const struct signalfd_siginfo *info)
{
	const int number = (int)info->ssi_signo;
	const bool from_keyboard = info->ssi_code == SI_KERNEL && !has_session(child);

	switch (number) {
	case SIGCHLD:
		collect(child);
		break;
	case SIGTSTP:
		on_stop(child, from_keyboard);
		break;
	case SIGCONT:
		resume(child);
		if (!has_session(child))
			send_signal(child, SIGCONT);
		break;
	case SIGWINCH:
		/* Again, now that the size it will ask for is the new one. */
		copy_size(child);
		if (!has_session(child))
			send_signal(child, SIGWINCH);
		break;
	case SIGPIPE:
	case SIGTTIN:
	case SIGTTOU:
		break;
	default:
		child->give_up = child->has_ended;
		if (!from_keyboard)
			send_signal(child, number);
	}
}

static void take_signals(struct child *child)
{
	struct signalfd_siginfo info;

	while (read(child->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		on_signal(child, &info);
}

/* --- streams ---------------------------------------------------------- */

static bool has_output(const struct child_stream *stream)
{
	size_t len;

	(void)redact_output(&stream->masked, &len);
	return len > 0;
}

static bool is_active(const struct child_stream *stream)
{
	return stream->to >= 0 && (stream->from >= 0 || has_output(stream));
}

static void close_input(struct child *child, struct child_stream *stream)
{
	if (stream->from >= 0 && stream->from != child->keyboard)
		close(stream->from);
	stream->from = -1;
}

/* Nothing more goes out here; the program finds its end closed. */
static void break_stream(struct child *child, struct child_stream *stream, int error_number)
{
	if (!child->output_error || child->output_error == EPIPE)
		child->output_error = error_number;
	if (stream->from >= 0 && stream->from == child->keyboard) {
		terminal_leave_raw(&child->terminal);
		close(child->keyboard);
		child->keyboard = -1;
		stream->from = -1;
	}
	close_input(child, stream);
	stream->to = -1;
	stream->flush_at_ms = 0;
}

static void write_stream(struct child *child, struct child_stream *stream)
{
	size_t len;
	const unsigned char *data = redact_output(&stream->masked, &len);
	ssize_t written;

	/* As much as a pipe that has said "ready" takes without making us wait:
	   signals are to be passed on meanwhile. */
	if (!stream->is_file && len > PIPE_BUF)
		len = PIPE_BUF;
	written = write(stream->to, data, len);
	if (written >= 0)
		redact_wrote(&stream->masked, (size_t)written);
	else if (errno != EINTR && errno != EAGAIN)
		break_stream(child, stream, errno);
}

static void flush_stream(struct child *child, struct child_stream *stream)
{
	stream->flush_at_ms = 0;
	if (redact_flush(&stream->masked, NULL))
		break_stream(child, stream, ENOMEM);
}

static void end_stream(struct child *child, struct child_stream *stream)
{
	close_input(child, stream);
	flush_stream(child, stream);
}

static void read_stream(struct child *child, struct child_stream *stream)
{
	size_t room;
	unsigned char *at = redact_room(&stream->masked, &room);
	const ssize_t got = read(stream->from, at, room);

	if (got < 0 && errno == EINTR)
		return;
	if (got < 0 && errno == EAGAIN) {
		/* What is left behind by the program may print for ever. */
		if (child->has_ended &&
		    (!stream->is_terminal || clock_boot_ms() >= child->ended_ms + LINGER_MS))
			end_stream(child, stream);
		return;
	}
	if (child->has_ended && got > 0)
		stream->after_end += (size_t)got;
	if (got <= 0 || stream->after_end > LAST_OUTPUT_MAX) {
		end_stream(child, stream);
		return;
	}
	if (redact_took(&stream->masked, (size_t)got, NULL)) {
		break_stream(child, stream, ENOMEM);
		return;
	}
	stream->flush_at_ms = 0;
	if (redact_held(&stream->masked))
		stream->flush_at_ms =
			clock_boot_ms() +
			(stream->is_terminal ? CHILD_TERMINAL_IDLE_MS : CHILD_IDLE_MS);
}

static void serve_stream(struct child *child, struct child_stream *stream, short events)
{
	if (has_output(stream)) {
		if (events)
			write_stream(child, stream);
		return;
	}
	if (stream->from >= 0 && (events || child->has_ended))
		read_stream(child, stream);
	if (stream->from >= 0 && stream->flush_at_ms && clock_boot_ms() >= stream->flush_at_ms &&
	    !has_output(stream))
		flush_stream(child, stream);
}

/* --- keys ------------------------------------------------------------- */

static bool has_keys(const struct child *child)
{
	return child->keys && child->keys_start < child->keys->len;
}

static void read_keys(struct child *child)
{
	const ssize_t got = read(STDIN_FILENO, child->keys->data, child->keys->capacity);

	child->keys_start = 0;
	child->keys->len = got > 0 ? (size_t)got : 0;
	if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
		child->terminal.fd = -1;
}

static void write_keys(struct child *child)
{
	const ssize_t written = write(child->keyboard, child->keys->data + child->keys_start,
				      child->keys->len - child->keys_start);

	if (written > 0)
		child->keys_start += (size_t)written;
	else if (errno != EINTR && errno != EAGAIN)
		child->keys_start = child->keys->len;
	if (!has_keys(child))
		explicit_bzero(child->keys->data, child->keys->len);
}

/* --- the loop --------------------------------------------------------- */

enum { SLOT_SIGNALS, SLOT_OUT, SLOT_ERR, SLOT_KEYS, SLOT_KEYBOARD, SLOT_COUNT };

static void sooner(int *timeout_ms, int64_t at_ms)
{
	int64_t left_ms = at_ms - clock_boot_ms();

	left_ms = left_ms < 0 ? 0 : left_ms;
	if (*timeout_ms < 0 || left_ms < *timeout_ms)
		*timeout_ms = (int)left_ms;
}

/* What to wait for; returns how long at most. */
static int prepare(const struct child *child, struct pollfd polled[SLOT_COUNT])
{
	int timeout_ms = -1;

	for (size_t i = 0; i < SLOT_COUNT; i++)
		polled[i] = (struct pollfd){ -1, 0, 0 };
	polled[SLOT_SIGNALS] = (struct pollfd){ child->signals, POLLIN, 0 };
	for (size_t i = 0; i < COUNT_OF(child->streams); i++) {
		const struct child_stream *stream = &child->streams[i];

		if (!is_active(stream))
			continue;
		if (has_output(stream)) {
			polled[SLOT_OUT + i] = (struct pollfd){ stream->to, POLLOUT, 0 };
			continue;
		}
		polled[SLOT_OUT + i] = (struct pollfd){ stream->from, POLLIN, 0 };
		if (stream->flush_at_ms)
			sooner(&timeout_ms, stream->flush_at_ms);
		if (child->has_ended)
			sooner(&timeout_ms, stream->is_terminal ? child->ended_ms + LINGER_MS : 0);
	}
	if (child->keyboard >= 0 && !child->has_ended) {
		if (has_keys(child))
			polled[SLOT_KEYBOARD] = (struct pollfd){ child->keyboard, POLLOUT, 0 };
		else if (child->terminal.fd >= 0 && child->terminal.is_raw)
			polled[SLOT_KEYS] = (struct pollfd){ child->terminal.fd, POLLIN, 0 };
	}
	return timeout_ms;
}

static bool is_done(const struct child *child)
{
	return child->has_ended && (child->give_up || !(is_active(&child->streams[0]) ||
							is_active(&child->streams[1])));
}

static void serve(struct child *child)
{
	while (!is_done(child)) {
		struct pollfd polled[SLOT_COUNT];
		const int timeout_ms = prepare(child, polled);

		if (poll(polled, SLOT_COUNT, timeout_ms) < 0)
			continue;
		for (size_t i = 0; i < COUNT_OF(child->streams); i++)
			if (is_active(&child->streams[i]))
				serve_stream(child, &child->streams[i],
					     polled[SLOT_OUT + i].revents);
		if (polled[SLOT_KEYBOARD].revents && child->keyboard >= 0)
			write_keys(child);
		if (polled[SLOT_KEYS].revents)
			read_keys(child);
		if (polled[SLOT_SIGNALS].revents)
			take_signals(child);
	}
}

enum lks_status child_wait(struct child *child, int *ret_code, struct lks_error *err)
{
	serve(child);
	/* The signals stay blocked: one that came a moment too late for the
	   program must not take the place of its exit code. */
	*ret_code = WIFEXITED(child->wait_status) ? WEXITSTATUS(child->wait_status)
						  : 128 + WTERMSIG(child->wait_status);
	child_release(child);
	if (!child->output_error || child->output_error == EPIPE)
		return LKS_OK;
	error_set(err, LKS_FAILED, "the program's output could not be written: %s",
		  strerror(child->output_error));
	error_exit(err, EXIT_INTERNAL);
	return LKS_FAILED;
}
