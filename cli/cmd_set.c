/* SPDX-License-Identifier: Apache-2.0 */
/* `set`: a value from standard input or a file, never from an argument. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "cli/change.h"
#include "cli/commands.h"

/* The terminal as it was, for a signal that ends us at the prompt: without it
   the caller's shell would go on without an echo. */
static struct termios terminal_before;

static void on_signal(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
	(void)raise(number); /* SA_RESETHAND: what it did before us */
}

static void watch_signals(bool on)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	static struct sigaction before[COUNT_OF(numbers)];
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		if (!on)
			(void)sigaction(numbers[i], &before[i], NULL);
		else if (!sigaction(numbers[i], NULL, &before[i]) &&
			 before[i].sa_handler == SIG_DFL)
			(void)sigaction(numbers[i], &action, NULL);
	}
}

/* One line from the terminal, not shown while it is typed. */
static enum lks_status read_terminal(struct lks_buffer **ret_value, struct lks_error *err)
{
	struct termios shown, hidden;
	enum lks_status status;

	if (tcgetattr(STDIN_FILENO, &shown))
		return error_set(err, LKS_FAILED, "the terminal: %s", strerror(errno));
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	terminal_before = shown;
	watch_signals(true);
	/* Hidden first: what is typed at the prompt must be neither shown nor
	   thrown away with what came before it. */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fputs("value (not shown; end with Enter, then Ctrl-D): ", stderr);
	status = secret_read_fd(STDIN_FILENO, LKS_VALUE_MAX, "the terminal", ret_value, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	watch_signals(false);
	fputc('\n', stderr);
	if (!status && (*ret_value)->len && (*ret_value)->data[(*ret_value)->len - 1] == '\n')
		(*ret_value)->data[--(*ret_value)->len] = '\0';
	return status;
}

static enum lks_status read_file(const char *path, struct lks_buffer **ret_value,
				 struct lks_error *err)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0) {
		error_set(err, status_from_errno(errno), "the value's file: %s", strerror(errno));
		error_where(err, "%s", path);
		return status_from_errno(errno);
	}
	return secret_read_fd(fd, LKS_VALUE_MAX, "the value's file", ret_value, err);
}

static enum lks_status read_value(const char *argument, struct lks_buffer **ret_value,
				  struct lks_error *err)
{
	enum lks_status status;

	if (argument)
		return read_file(argument + 1, ret_value, err);
	if (cli_is_terminal(STDIN_FILENO))
		return read_terminal(ret_value, err);
	status = secret_read_fd(STDIN_FILENO, LKS_VALUE_MAX, "the standard input", ret_value, err);
	if (status || (*ret_value)->len > 0)
		return status;
	/* A program before the pipe that failed must not empty a secret. */
	secret_free(TAKE(*ret_value));
	error_set(err, LKS_INVALID, "nothing came on the standard input: nothing was written");
	error_hint(err, "if the value is to be empty: lockstep set REF @/dev/null");
	return LKS_INVALID;
}

int cmd_set(struct cli *cli, int argc, char **argv)
{
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	struct change change = { .expected = cli_option_value(cli, "if-version") };
	const char *file = argc > 2 ? argv[2] : NULL;
	struct lks_error err;
	int code;

	if (file && file[0] != '@')
		return cli_usage(cli, "a value is not taken from the command line, where every "
				      "user of this machine can see it: pipe it in, or name a file "
				      "as @FILE");
	if (reference_parse(argv[1], &change.reference, &err))
		return cli_fail(cli, &err);
	code = change_check(cli, &change.reference, ACTION_SET);
	if (code)
		return code;
	if (read_value(file, &value, &err))
		return cli_fail(cli, &err);
	change.value = value;
	return change_run(cli, "set", &change);
}
