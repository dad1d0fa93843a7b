/* SPDX-License-Identifier: Apache-2.0 */
/* From the parsed command line to the command's exit code. */
#include "base/log.h"
#include "cli/commands.h"

static void start_log(const struct cli *cli)
{
	enum lks_level level = LKS_LOG_WARN;

	if (cli->quiet)
		level = LKS_LOG_ERROR;
	else if (cli->verbose)
		level = cli->verbose > 1 ? LKS_LOG_DEBUG : LKS_LOG_INFO;
	log_setup(level, LOG_TEXT, STDERR_FILENO);
}

static int dispatch(struct cli *cli)
{
	if (cli->wants_help)
		return help_print(cli, cli->command);
	if (cli->wants_version)
		return cmd_version(cli, 1, cli->arguments - 1);
	return cli->command->run(cli, cli->argument_count + 1, cli->arguments - 1);
}

int cli_main(struct cli *cli, int argc, char **argv)
{
	int code = cli_parse(cli, argc, argv);

	if (!code) {
		start_log(cli);
		code = dispatch(cli);
	}
	cli_close(cli);
	return code;
}
