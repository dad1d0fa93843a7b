/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table: dispatch, help, completion and the man page are made from it.
 */
#include <string.h>

#include "cli/commands.h"

/* A command's option tables and long texts stand in front of the table, in the
   table's order. */

const struct command commands[] = {
	{ .name = "version", .arguments = "", .summary = "print the version", .run = cmd_version },
	{ .name = "help",
	  .arguments = "[COMMAND|exit]",
	  .summary = "explain a command, or what exit codes mean",
	  .run = cmd_help,
	  .max_arguments = 1 },
	{ .name = NULL }
};

const struct command *command_find(const char *name)
{
	for (const struct command *command = commands; command->name; command++) {
		if (!strcmp(command->name, name))
			return command;
	}
	return NULL;
}
