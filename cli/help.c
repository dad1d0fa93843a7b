/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `help`, `help COMMAND`, `help SECTION`: printed from the tables that the
 * parser and the config reader use.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"

static void print_options(const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		char head[64];

		if (o->letter)
			snprintf(head, sizeof(head), "-%c, --%s%s%s", o->letter, o->name,
				 o->argument ? " " : "", o->argument ? o->argument : "");
		else
			snprintf(head, sizeof(head), "    --%s%s%s", o->name,
				 o->argument ? " " : "", o->argument ? o->argument : "");
		if (strlen(head) > 24)
			printf("  %s\n  %-26s%s\n", head, "", o->help);
		else
			printf("  %-26s%s\n", head, o->help);
	}
}

static void print_overview(void)
{
	printf("lockstep [OPTION...] COMMAND ...\n\n");
	cli_print_wrapped("Keeps secrets, the stores that hold them and the programs that use "
			  "them in step.",
			  0);
	printf("\nCommands:\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-12s%s\n", c->name, c->summary);
	printf("\nOptions, before the command or after it:\n");
	print_options(cli_global_options);
	printf("\n");
	cli_print_wrapped("The config comes from -c, $LOCKSTEP_CONFIG, ./lockstep.conf or "
			  "/etc/lockstep/lockstep.conf.",
			  0);
	printf("\nlockstep help COMMAND    one command\n"
	       "lockstep help config     the sections of the config file\n"
	       "lockstep help SECTION    one of them\n"
	       "lockstep help exit       what exit codes mean\n");
}

static void print_command(const struct command *command)
{
	printf("lockstep %s%s%s\n\n", command->name, command->arguments[0] ? " " : "",
	       command->arguments);
	cli_print_wrapped(command->summary, 2);
	if (command->details) {
		printf("\n");
		cli_print_wrapped(command->details, 2);
	}
	if (command->options && command->options->name) {
		printf("\nOptions:\n");
		print_options(command->options);
	}
}

const struct exit_meaning exit_meanings[] = {
	{ EXIT_DONE, "done" },
	{ EXIT_INTERNAL, "internal failure" },
	{ EXIT_USAGE, "usage or config error" },
	{ EXIT_NOT_FOUND, "not found" },
	{ EXIT_DENIED, "denied, by policy or by the backend" },
	{ EXIT_UNAVAILABLE, "backend unavailable (network, timeout)" },
	{ EXIT_VERIFICATION, "verification failed" },
	{ EXIT_CONFLICT, "conflict (lost compare-and-swap, foreign write, not ours)" },
	{ EXIT_DUE, "something is due or has drifted" },
	{ EXIT_ROLLED_BACK, "failed and rolled back: everything is as it was" },
	{ EXIT_STUCK, "stuck: needs a person; the report lists each target" },
	{ EXIT_AUDIT, "audit not available, so nothing was done" },
	{ EXIT_UNFINISHED, "unfinished: it waits; the report says for what" },
	{ EXIT_INTERRUPTED, "interrupted at a safe point; it can be resumed" },
	{ 0, NULL },
};

static void print_exit_codes(void)
{
	printf("Exit codes:\n");
	for (const struct exit_meaning *exit = exit_meanings; exit->meaning; exit++)
		printf("  %3d  %s\n", exit->code, exit->meaning);
}

static json_t *options_json(const struct cli_option *options)
{
	json_t *array = json_array();

	for (const struct cli_option *o = options; o && o->name; o++) {
		json_t *item = json_object();
		char letter[2] = { o->letter, '\0' };

		json_put_text(item, "name", o->name);
		json_put_text(item, "letter", o->letter ? letter : NULL);
		json_put_text(item, "argument", o->argument);
		json_put_text(item, "help", o->help);
		json_put_flag(item, "repeatable", o->repeatable);
		json_array_append_new(array, item);
	}
	return array;
}

static json_t *command_json(const struct command *command)
{
	json_t *item = json_object();

	json_put_text(item, "name", command->name);
	json_put_text(item, "arguments", command->arguments);
	json_put_text(item, "summary", command->summary);
	json_put_text(item, "details", command->details);
	json_put(item, "options", options_json(command->options));
	return item;
}

static int print_json(struct cli *cli, const struct command *only)
{
	json_t *object = json_object();
	json_t *list = json_array();

	for (const struct command *c = commands; c->name; c++) {
		if (!only || c == only)
			json_array_append_new(list, command_json(c));
	}
	json_put(object, "commands", list);
	json_put(object, "options", options_json(cli_global_options));
	return cli_json(cli, "help", object);
}

int help_print(struct cli *cli, const struct command *command)
{
	if (cli->json)
		return print_json(cli, command);
	if (command)
		print_command(command);
	else
		print_overview();
	return cli_flush(cli);
}

static void print_line(void *context, const char *text)
{
	(void)context;
	puts(text);
}

static void print_after_command(void *context, const char *text)
{
	bool *begun = context;

	if (!*begun)
		puts("\nIn the config file:\n");
	*begun = true;
	puts(text);
}

static int print_section(struct cli *cli, const char *section)
{
	if (config_help(strcmp(section, "config") ? section : NULL, print_line, NULL))
		return cli_usage(cli,
				 "there is no command and no section of the config %.64s: "
				 "`lockstep help` and `lockstep help config` list them",
				 section);
	return cli_flush(cli);
}

int cmd_help(struct cli *cli, int argc, char **argv)
{
	const struct command *command;
	bool begun = false;

	if (argc < 2)
		return help_print(cli, NULL);
	command = command_find(argv[1]);
	if (command && cli->json)
		return print_json(cli, command);
	if (command) {
		print_command(command);
		/* `audit` is both. */
		(void)config_help(argv[1], print_after_command, &begun);
		return cli_flush(cli);
	}
	if (cli->json)
		return cli_usage(cli, "--json describes commands: there is no such command");
	if (!strcmp(argv[1], "exit")) {
		print_exit_codes();
		return cli_flush(cli);
	}
	return print_section(cli, argv[1]);
}
