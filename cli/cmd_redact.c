/* SPDX-License-Identifier: Apache-2.0 */
/* `redact`: mask secrets in what flows from stdin to stdout. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "cli/child.h"
#include "cli/commands.h"
#include "cli/secrets.h"

#define CHUNK ((size_t)256 << 10)

static int write_output(struct cli *cli, struct redact_stream *stream)
{
	size_t len;
	const unsigned char *data = redact_output(stream, &len);
	const int code = cli_write_secret(cli, data, len);

	redact_wrote(stream, len);
	return code;
}

static int fail_read(struct cli *cli)
{
	struct lks_error err;

	error_set(&err, status_from_errno(errno), "read the standard input: %m");
	error_exit(&err, EXIT_INTERNAL);
	return cli_fail(cli, &err);
}

/* Wait for input; false when what is held back has waited long enough. */
static bool wait_for_input(const struct redact_stream *stream)
{
	struct pollfd polled = { STDIN_FILENO, POLLIN, 0 };

	return redact_held(stream) == 0 || poll(&polled, 1, CHILD_IDLE_MS) != 0;
}

static int copy_masked(struct cli *cli, struct redact_stream *stream)
{
	struct lks_error err;

	for (;;) {
		size_t room;
		unsigned char *at = redact_room(stream, &room);
		ssize_t got = 0;
		int code;

		if (!wait_for_input(stream)) {
			if (redact_flush(stream, &err))
				return cli_fail(cli, &err);
		} else {
			got = read(STDIN_FILENO, at, room);
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				return fail_read(cli);
			if (got == 0 ? redact_flush(stream, &err)
				     : redact_took(stream, (size_t)got, &err))
				return cli_fail(cli, &err);
			if (got == 0)
				return write_output(cli, stream);
		}
		code = write_output(cli, stream);
		if (code)
			return code;
	}
}

static enum lks_status collect(struct cli *cli, struct redactor **ret_redactor,
			       struct lks_error *err)
{
	AUTO(secrets_release) struct secrets secrets = SECRETS_INIT;
	struct reference reference;
	const char *prefix;
	enum lks_status status = LKS_OK;

	for (int i = 0; !status && i < cli->argument_count; i++) {
		status = reference_parse(cli->arguments[i], &reference, err);
		if (!status)
			status = secrets_add(&secrets, NULL, &reference, false, err);
	}
	for (size_t i = 0; !status && (prefix = cli_option_at(cli, "all", i)); i++)
		status = secrets_add_all(&secrets, cli, prefix, err);
	if (!status)
		status = secrets_read(&secrets, cli, err);
	return status ? status : secrets_redactor(&secrets, ret_redactor, err);
}

int cmd_redact(struct cli *cli, int argc, char **argv)
{
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	AUTO(redact_close) struct redact_stream stream = { 0 };
	struct lks_error err;

	(void)argc;
	(void)argv;
	if (cli->argument_count == 0 && !cli_option_value(cli, "all"))
		return cli_usage(cli, "which secrets: name REF or --all STORE:PREFIX");
	if (collect(cli, &redactor, &err) || redact_open(&stream, redactor, CHUNK, &err))
		return cli_fail(cli, &err);
	return copy_masked(cli, &stream);
}
