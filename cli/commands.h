/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind the one table of commands, and what they share. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

int cmd_audit(struct cli *cli, int argc, char **argv);
int cmd_check(struct cli *cli, int argc, char **argv);
int cmd_delete(struct cli *cli, int argc, char **argv);
int cmd_get(struct cli *cli, int argc, char **argv);
int cmd_help(struct cli *cli, int argc, char **argv);
int cmd_list(struct cli *cli, int argc, char **argv);
int cmd_plugins(struct cli *cli, int argc, char **argv);
int cmd_set(struct cli *cli, int argc, char **argv);
int cmd_verify(struct cli *cli, int argc, char **argv);
int cmd_version(struct cli *cli, int argc, char **argv);

/* What exit codes mean; ends with a NULL meaning. */
struct exit_meaning {
	int code;
	const char *meaning;
};
extern const struct exit_meaning exit_meanings[];

/* Help about one command, or about all with NULL. Returns the exit code. */
int help_print(struct cli *cli, const struct command *command);
/* Operations' events become lines on stderr. */
void progress_init(struct cli *cli);

#endif
