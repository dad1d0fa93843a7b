/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind the one table of commands. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

int cmd_help(struct cli *cli, int argc, char **argv);
int cmd_version(struct cli *cli, int argc, char **argv);

/* Help about one command, or about all with NULL. Returns the exit code. */
int help_print(struct cli *cli, const struct command *command);

#endif
