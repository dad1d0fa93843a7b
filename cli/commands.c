/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table: dispatch, help, completion and the man page are made from it.
 * In long texts a line that begins with a blank stays as it is; all others are
 * wrapped.
 */
#include <string.h>

#include "cli/commands.h"

#define OPTIONS_END                                                                                \
	{                                                                                          \
		NULL, NULL, NULL, 0, false                                                         \
	}

static const struct cli_option change_options[] = {
	{ "if-version", "V", "only if this version is the current one", 0, false }, OPTIONS_END
};

static const struct cli_option check_options[] = {
	{ "as", "SUBJECT", "ask what policy says about SUBJECT", 0, false }, OPTIONS_END
};

static const struct cli_option audit_options[] = {
	{ "lines", "N", "how many lines tail shows (20)", 'n', false }, OPTIONS_END
};

static const char get_details[] =
	"Prints the value that REF names, byte for byte. A newline follows only on a terminal, "
	"so that VALUE=$(lockstep get REF) and a redirection hold exactly the value.\n"
	"\n"
	"REF is STORE:PATH or STORE:PATH#FIELD, or in full:\n"
	"  secretref://STORE/PATH[?version=V | ?label=pending|previous][#FIELD]\n"
	"Without #FIELD a record must have one field, or one called value.\n"
	"\n"
	"With --json the value is the member \"value\", or \"value_base64\" if it is not UTF-8; "
	"\"version\" is what set --if-version takes.";

static const char set_details[] =
	"Reads the value from standard input, or from FILE with @FILE, and writes it: as one "
	"operation, audited, read back, undone if that fails. Every byte counts, a last newline "
	"too: use printf, not echo. Only what is typed on a terminal loses its last newline.\n"
	"\n"
	"  printf %s \"$NEW\" | lockstep set app:API_KEY\n"
	"\n"
	"A value as an argument is refused: every user of a machine can see arguments. With "
	"--if-version '' nothing may be there yet.";

static const char delete_details[] =
	"Deletes the record that REF names, or with #FIELD that field of it.";

static const char list_details[] =
	"Prints the references in a store that begin with PREFIX and that policy lets you list, "
	"sorted, one a line. Pending and previous values and other side records are left out.";

static const char check_details[] =
	"Reports every error of the config, of the options of its plugins, and every circle of "
	"credentials, each with file and line. Opens no store and runs no plugin. Exit 2 if "
	"there is an error.\n"
	"\n"
	"With --as it says whether policy lets SUBJECT (user:anna, group:ops, tenant:acme, "
	"role:deploy) do ACTION with REF, and which rule decides. Exit 4 if not.";

static const char verify_details[] =
	"Reads the credential that REF names and asks the configured verifier whether it works. "
	"Exit 0: it does, 6: it does not, 5: the verifier could not tell. The value is not "
	"printed.";

static const char audit_details[] =
	"tail prints the last lines of the audit log. verify checks that every line can be "
	"read, has only the members that belong there, and that the numbers follow each other; "
	"exit 6 if not. It does not prove that nobody changed the file: tamper evidence is not "
	"there yet.";

static const char plugins_details[] =
	"list shows the plugins in the module folders, refused ones with the reason; info shows "
	"what one can do and its options. Both read files only: no code of a plugin runs.";

const struct command commands[] = {
	{ .name = "get",
	  .arguments = "REF",
	  .summary = "print a secret's value",
	  .details = get_details,
	  .run = cmd_get,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "set",
	  .arguments = "REF [@FILE]",
	  .summary = "write a value, from standard input or a file",
	  .details = set_details,
	  .options = change_options,
	  .run = cmd_set,
	  .min_arguments = 1,
	  .max_arguments = 2 },
	{ .name = "delete",
	  .arguments = "REF",
	  .summary = "delete a secret",
	  .details = delete_details,
	  .options = change_options,
	  .run = cmd_delete,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "list",
	  .arguments = "STORE:[PREFIX]",
	  .summary = "print the names in a store",
	  .details = list_details,
	  .run = cmd_list,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "verify",
	  .arguments = "VERIFIER REF",
	  .summary = "ask a verifier whether a credential works",
	  .details = verify_details,
	  .run = cmd_verify,
	  .min_arguments = 2,
	  .max_arguments = 2 },
	{ .name = "check",
	  .arguments = "[--as SUBJECT REF ACTION]",
	  .summary = "report all errors of the config; explain policy",
	  .details = check_details,
	  .options = check_options,
	  .run = cmd_check,
	  .max_arguments = 2 },
	{ .name = "audit",
	  .arguments = "tail|verify",
	  .summary = "look at the audit log",
	  .details = audit_details,
	  .options = audit_options,
	  .run = cmd_audit,
	  .min_arguments = 1,
	  .max_arguments = 1,
	  .words = "tail verify" },
	{ .name = "plugins",
	  .arguments = "list|info NAME",
	  .summary = "look at the plugins that are installed",
	  .details = plugins_details,
	  .run = cmd_plugins,
	  .min_arguments = 1,
	  .max_arguments = 2,
	  .words = "list info" },
	{ .name = "version", .arguments = "", .summary = "print the version", .run = cmd_version },
	{ .name = "help",
	  .arguments = "[COMMAND|SECTION|config|exit]",
	  .summary = "explain a command or a section of the config file",
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
