/* SPDX-License-Identifier: Apache-2.0 */
/* `version`. */
#include <stdio.h>

#include "cli/commands.h"

int cmd_version(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (cli->json) {
		json_t *object = json_object();

		json_put_text(object, "version", PACKAGE_VERSION);
		json_put_number(object, "abi", LKS_ABI);
		return cli_json(cli, "version", object);
	}
	printf("lockstep %s (plugin ABI %d)\n", PACKAGE_VERSION, LKS_ABI);
	return cli_flush(cli);
}
