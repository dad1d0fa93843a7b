/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands print: results to stdout, talk to stderr, and every failure
 * through one function, as text or as one JSON object.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

static int output_lost(int error_number)
{
	/* Whoever closed the pipe does not want to hear about it. */
	if (error_number != EPIPE)
		fprintf(stderr, "lockstep: write to the standard output: %s\n",
			strerror(error_number));
	return EXIT_INTERNAL;
}

int cli_flush(struct cli *cli)
{
	(void)cli;
	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		return output_lost(errno ? errno : EIO);
	return 0;
}

int cli_write_secret(struct cli *cli, const void *data, size_t len)
{
	const unsigned char *next = data;
	int code = cli_flush(cli);

	while (!code && len) {
		ssize_t written = write(STDOUT_FILENO, next, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return output_lost(errno);
		next += written;
		len -= (size_t)written;
	}
	return code;
}

static int print_object(struct cli *cli, json_t *object)
{
	AUTO(free_ptr) char *line = json_dumps(object, JSON_COMPACT);

	if (!line) {
		fprintf(stderr, "lockstep: out of memory while printing\n");
		return EXIT_INTERNAL;
	}
	fputs(line, stdout);
	fputc('\n', stdout);
	return cli_flush(cli);
}

int cli_json(struct cli *cli, const char *command, json_t *object)
{
	AUTO(json_freep) json_t *whole = json_object();
	AUTO(json_freep) json_t *members = object;
	char schema[64];

	snprintf(schema, sizeof(schema), "lockstep.%s/1", command);
	if (!whole || !members || json_put_text(whole, "schema", schema) ||
	    json_object_update(whole, members)) {
		fprintf(stderr, "lockstep: out of memory while printing\n");
		return EXIT_INTERNAL;
	}
	return print_object(cli, whole);
}

static void print_member(const char *label, const char *text)
{
	if (text[0])
		fprintf(stderr, "  %s: %s\n", label, text);
}

int cli_fail(struct cli *cli, const struct lks_error *err)
{
	int code = (int)error_exit_code(err);

	if (cli->json) {
		cli_json(cli, "error", json_error(err));
		return code;
	}
	fflush(stdout);
	fprintf(stderr, "lockstep: %s%s%s\n", err->where, err->where[0] ? ": " : "", err->message);
	if (err->reference[0] && !strstr(err->message, err->reference))
		print_member("reference", err->reference);
	if (err->operation[0] && !strstr(err->message, err->operation))
		print_member("operation", err->operation);
	print_member("hint", err->hint);
	return code;
}

int cli_usage(struct cli *cli, const char *format, ...)
{
	struct lks_error err;
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);

	error_set(&err, LKS_INVALID, "%s%s%s", cli->command ? cli->command->name : "",
		  cli->command ? ": " : "", message);
	error_exit(&err, EXIT_USAGE);
	error_hint(&err, "lockstep help%s%s", cli->command ? " " : "",
		   cli->command ? cli->command->name : "");
	return cli_fail(cli, &err);
}

bool cli_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

bool cli_confirm(struct cli *cli, const char *question)
{
	char answer[16];

	(void)cli;
	if (!cli_is_terminal(STDIN_FILENO) || !cli_is_terminal(STDERR_FILENO))
		return false;
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return !strcmp(answer, "y\n") || !strcmp(answer, "yes\n");
}

static void print_indent(int columns)
{
	for (int i = 0; i < columns; i++)
		fputc(' ', stdout);
}

/* One line of the text, up to `end`. */
static void print_wrapped_line(const char *text, const char *end, int indent)
{
	int column = indent;

	print_indent(indent);
	while (text < end) {
		int len = (int)strcspn(text, " \n");

		if (text + len > end)
			len = (int)(end - text);
		if (column > indent && column + 1 + len > 78) {
			fputc('\n', stdout);
			print_indent(indent);
			column = indent;
		} else if (column > indent) {
			fputc(' ', stdout);
			column++;
		}
		fwrite(text, 1, (size_t)len, stdout);
		column += len;
		text += len;
		while (text < end && *text == ' ')
			text++;
	}
	fputc('\n', stdout);
}

void cli_print_wrapped(const char *text, int indent)
{
	while (*text) {
		const char *end = text + strcspn(text, "\n");

		if (end == text || *text == ' ') {
			if (end != text)
				print_indent(indent);
			fwrite(text, 1, (size_t)(end - text), stdout);
			fputc('\n', stdout);
		} else {
			print_wrapped_line(text, end, indent);
		}
		text = *end ? end + 1 : end;
	}
}
