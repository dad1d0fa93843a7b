/* SPDX-License-Identifier: Apache-2.0 */
/* `delete`: a record, or one field of it. */
#include "cli/change.h"
#include "cli/commands.h"

int cmd_delete(struct cli *cli, int argc, char **argv)
{
	struct change change = { .expected = cli_option_value(cli, "if-version") };
	struct lks_error err;
	int code;

	(void)argc;
	if (change.expected && !change.expected[0])
		return cli_usage(cli, "--if-version needs the version that is to go");
	if (reference_parse(argv[1], &change.reference, &err))
		return cli_fail(cli, &err);
	code = change_check(cli, &change.reference, ACTION_DELETE);
	if (code)
		return code;
	change.deletes_record = !change.reference.field[0];
	return change_run(cli, "delete", &change);
}
