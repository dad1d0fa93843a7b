/* SPDX-License-Identifier: Apache-2.0 */
/* A program of the build: prints lockstep(1) from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

static void put(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", stdout);
		else if (text[i] == '-')
			fputs("\\-", stdout);
		else
			putchar(text[i]);
	}
}

static void put_text(const char *text)
{
	put(text, strlen(text));
}

/* As cli_print_wrapped() reads it: a line that begins with a blank stays. */
static void put_paragraphs(const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (*text == ' ') {
			fputs(".RS 4\n.nf\n", stdout);
			put(text + 2, len > 2 ? len - 2 : 0);
			fputs("\n.fi\n.RE\n", stdout);
		} else if (len) {
			fputs("\\&", stdout);
			put(text, len);
			putchar('\n');
		} else {
			fputs(".sp\n", stdout);
		}
		text += len + (text[len] == '\n');
	}
}

static void put_options(const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		fputs(".TP\n\\fB", stdout);
		if (o->letter)
			printf("\\-%c\\fR, \\fB", o->letter);
		fputs("\\-\\-", stdout);
		put_text(o->name);
		fputs("\\fR", stdout);
		if (o->argument) {
			fputs(" \\fI", stdout);
			put_text(o->argument);
			fputs("\\fR", stdout);
		}
		fputs("\n\\&", stdout);
		put_text(o->help);
		putchar('\n');
	}
}

static void put_command(const struct command *command)
{
	fputs(".SS \"", stdout);
	put_text(command->name);
	if (command->arguments[0]) {
		putchar(' ');
		put_text(command->arguments);
	}
	fputs("\"\n\\&", stdout);
	put_text(command->summary);
	fputs(".\n", stdout);
	if (command->details) {
		fputs(".sp\n", stdout);
		put_paragraphs(command->details);
	}
	put_options(command->options);
}

static void put_head(void)
{
	puts(".\\\" Made from the table of commands.");
	printf(".TH LOCKSTEP 1 \"\" \"lockstep %s\" \"User Commands\"\n", PACKAGE_VERSION);
	puts(".SH NAME\nlockstep \\- keep secrets, their stores and their users in step");
	puts(".SH SYNOPSIS\n.B lockstep\n[\\fIOPTION\\fR...] \\fICOMMAND\\fR ...");
	puts(".SH DESCRIPTION");
	puts("Rotates credentials without downtime, copies them to where they run, and undoes\n"
	     "all of it when anything fails. Results go to standard output, talk to standard\n"
	     "error.");
}

static void put_tail(void)
{
	puts(".SH EXIT STATUS");
	for (const struct exit_meaning *exit = exit_meanings; exit->meaning; exit++) {
		printf(".TP\n.B %d\n\\&", exit->code);
		put_text(exit->meaning);
		putchar('\n');
	}
	puts(".SH ENVIRONMENT\n.TP\n.B LOCKSTEP_CONFIG\nThe config file.\n.TP\n.B NO_COLOR\n"
	     "Plain output on a terminal too.");
	puts(".SH FILES\n.TP\n.I ./lockstep.conf\n.TQ\n.I /etc/lockstep/lockstep.conf\n"
	     "The config, described by\n.B lockstep help config\nand\n"
	     ".BR \"lockstep help\" \" \\fISECTION\\fR.");
}

int main(void)
{
	put_head();
	puts(".SH OPTIONS\nBefore the command or after it.");
	put_options(cli_global_options);
	puts(".SH COMMANDS");
	for (const struct command *command = commands; command->name; command++)
		put_command(command);
	put_tail();
	return fflush(stdout) || ferror(stdout);
}
