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
	{ "as", "SUBJECT", "ask what policy says about SUBJECT", 0, false },
	{ "due", NULL, "ask whether a rotation is due", 0, false },
	OPTIONS_END
};

static const struct cli_option audit_options[] = {
	{ "lines", "N", "how many lines tail shows (20)", 'n', false }, OPTIONS_END
};

static const struct cli_option run_options[] = {
	{ "plan", "HASH", "refuse if the plan is not this one any more", 0, false },
	{ "yes", NULL, "do not ask", 'y', false },
	OPTIONS_END
};

static const struct cli_option rotate_options[] = {
	{ "detach", NULL, "return at the first wait; `run` goes on with it", 0, false },
	{ "operation", "ID", "the id to use; a repeat does nothing twice", 0, false },
	{ "outside-window", NULL, "act although the window is closed", 0, false },
	{ "emergency", NULL, "not available in this version", 0, false },
	{ "revoke-first", NULL, "not available in this version", 0, false },
	{ "drill", NULL, "not available in this version", 0, false },
	{ "reason", "R", "why; goes to the audit log", 0, false },
	OPTIONS_END
};

static const struct cli_option rollback_options[] = {
	{ "reason", "R", "why; goes to the audit log", 0, false },
	{ "skip-reload", NULL, "put the values back and leave the programs to you", 0, false },
	OPTIONS_END
};

static const struct cli_option resume_options[] = {
	{ "detach", NULL, "return at the first wait; `run` goes on with it", 0, false }, OPTIONS_END
};

static const struct cli_option adopt_options[] = {
	{ "rotated-at", "DATE", "2026-08-31 or 2026-08-31T10:00:00Z", 0, false },
	{ "from", "FILE", "a file of lines NAME,DATE", 0, false },
	{ "reason", "R", "why; goes to the audit log", 0, false },
	OPTIONS_END
};

static const struct cli_option pause_options[] = {
	{ "all", NULL, "every rotation", 0, false },
	{ "for", "D", "how long, as 48h; 0s ends a pause", 0, false },
	{ "reason", "R", "why; others will see it", 0, false },
	OPTIONS_END
};

static const struct cli_option history_options[] = {
	{ "limit", "N", "how many operations at most (20)", 'n', false }, OPTIONS_END
};

static const struct cli_option exec_options[] = {
	{ "env", "NAME=REF", "put the value of REF into the variable NAME", 'e', true },
	{ "all", "STORE:PREFIX", "secrets below PREFIX, named after their last part", 0, true },
	{ "pristine", NULL, "keep only PATH HOME USER LANG TERM TZ of ours", 0, false },
	{ "no-mask", NULL, "leave the program's output as it is", 0, false },
	{ "watch", NULL, "not available in this version", 0, false },
	{ "consumer", "ID", "not available in this version", 0, false },
	OPTIONS_END
};

static const struct cli_option render_options[] = {
	{ "output", "FILE", "write there instead of to stdout", 'o', false }, OPTIONS_END
};

static const struct cli_option init_options[] = {
	{ "from", "FILE.env", "a store of this file, not of all that are here", 0, true },
	OPTIONS_END
};

static const struct cli_option doctor_options[] = {
	{ "adopt-state", NULL, "take over a state that came from another machine", 0, false },
	OPTIONS_END
};

static const struct cli_option redact_options[] = {
	{ "all", "STORE:PREFIX", "every secret below PREFIX", 0, true }, OPTIONS_END
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
	"role:deploy) do ACTION with REF, and which rule decides. Exit 4 if not.\n"
	"\n"
	"With --due it says which of the named rotations, or of all, are due, also those that "
	"wait for their window. Exit 8 if there is one.";

static const char plan_details[] =
	"Shows what is due and what `run` would do: steps, the stores they change, the programs "
	"they restart, how long it can be taken back, and the plan's hash. With names it shows "
	"those rotations, due or not. Changes nothing; reads the stores.\n"
	"\n"
	"The hash covers the config, the steps and the versions that the stores hold; `run "
	"--plan HASH` refuses if any of them has changed.";

static const char run_details[] =
	"Takes up operations that were left unfinished, then does what is due, oldest first, "
	"within `limits` of the config; with names only those. On a terminal it shows the plan "
	"and asks. Elsewhere it goes on, and prints one line for each operation that changed "
	"state, nothing otherwise.\n"
	"\n"
	"What is paused, outside its window or being worked on by another run is left for "
	"later. What failed last time comes after the others. Rotations are done one after the "
	"other in this version, whatever limits.parallel says.\n"
	"\n"
	"The exit code is the worst of 10, 11, 1, 9, 4, 5, 7, 3; waiting alone is 0.";

static const char rotate_details[] =
	"Rotates NAME now, due or not, and stays until it has soaked; a wait that is longer "
	"than that (keep_previous) is left to `run`. Ctrl-C stops at the next safe point and "
	"says how to go on.\n"
	"\n"
	"A pause and a closed window hold here too (exit 7): somebody relies on them. "
	"A staged value is promoted only while the window is open, too, and waits for it until "
	"then. --outside-window sets the window aside for both.\n"
	"\n"
	"Before anything is changed the verifiers must accept the current value. If one refuses "
	"it, the exit is 7; if it cannot tell, 5. Exit 9: failed, everything is as it was. 10: "
	"needs a person, `lockstep status NAME` shows why. 12: it waits.";

static const char rollback_details[] =
	"Takes an operation back, while the previous value is kept; OPERATION is its id or the "
	"rotation's name. Proves first that the old value works; if it does not, nothing is "
	"touched (exit 7) and `rotate` is what helps.\n"
	"\n"
	"Programs that were reloaded may know the new value only. Then the values are put back "
	"and the programs reloaded first, and the verifiers are asked after that: if the old "
	"value works again, the exit is 0; if not, it is 10, for a person to decide.\n"
	"\n"
	"--skip-reload is for a program that cannot be reloaded any more: the values go back, "
	"no program is reloaded, nothing is asked, and restarting it is yours to do.";

static const char resume_details[] =
	"Goes on with an operation that waits, was stopped, or was stuck: the stores are looked "
	"at anew. OPERATION is its id or the rotation's name.";

static const char adopt_details[] =
	"Says when a credential was last changed, so that its age counts from there. --from "
	"reads lines of NAME,DATE; a first line `name,...`, empty lines and lines that begin with "
	"# are left out. Every line is judged before the first is taken.";

static const char pause_details[] =
	"Lets no new rotation start for that long: of NAME, or with --all of any. What has "
	"started goes on, and rollbacks are always possible. --for 0s ends a pause.";

static const char status_details[] =
	"Without a name: every rotation with its last success, age, next start and state, and "
	"what is unfinished. With the name of a rotation or an operation's id: what each of its "
	"targets holds now (old, new, other, unreachable) and the lines to type.";

static const char history_details[] =
	"Operations that have ended, newest first: all, those of the rotation NAME, or those "
	"that changed the secret REF, and then also the versions that its store keeps.";

static const char verify_details[] =
	"Reads the credential that REF names and asks the configured verifier whether it works. "
	"Exit 0: it does, 6: it does not, 5: the verifier could not tell. The value is not "
	"printed.";

static const char audit_details[] =
	"tail prints the last lines of the audit log. verify checks that every line can be "
	"read, has only the members that belong there, and that the numbers follow each other; "
	"exit 6 if not. Both first take in what waits in the spool, if root runs them: the reads "
	"and denials of users who may not write root's log, a file each, whose owner is the "
	"subject. Until then its owner can change or remove it. verify does not prove that nobody "
	"changed the file: tamper evidence is not "
	"there yet.";

static const char plugins_details[] =
	"list shows the plugins in the module folders, refused ones with the reason; info shows "
	"what one can do and its options. Both read files only: no code of a plugin runs.";

static const char exec_details[] =
	"Runs CMD with secrets in its environment. All of them are read before CMD starts; if one "
	"is missing, nothing is started (exit 3). --env wins over a name that --all finds; two "
	"paths with the same last part, and names that would change what a program loads or runs "
	"(PATH, LD_PRELOAD, ...), are refused with --all.\n"
	"\n"
	"  lockstep exec --env DB_PASSWORD=app:DB_PASSWORD -- ./server\n"
	"  lockstep exec --all vault:acme/web/ --pristine -- ./server\n"
	"\n"
	"CMD has our environment, umask, limits and signal mask. What it prints goes through a "
	"pipe "
	"(or a pseudo-terminal where the stream is a terminal), and every secret in it is shown "
	"as ***, also as base64, hex, URL- and JSON-escaped. Values of fewer than four bytes, "
	"common words and short numbers are not masked; a warning names them. A secret that "
	"CMD itself prints in parts, with more than 200 ms between them (30 ms on a terminal), is "
	"not recognised. What CMD leaves running in the background loses its output when CMD "
	"ends.\n"
	"\n"
	"INT TERM HUP QUIT USR1 USR2 WINCH TSTP CONT are passed on. The exit code is CMD's, 128+n "
	"after signal n, 127 if there is no such program, 126 if it cannot be run. As process 1 "
	"of a container it buries orphans. With --no-mask CMD takes the place of lockstep.";

static const char render_details[] =
	"Fills the places of TEMPLATE (- is stdin) with values. A place is a reference in double "
	"braces, with filters behind bars if its surroundings need the value in another form:\n"
	"\n"
	"  url  = postgres://app:{{ app:DB_PASSWORD | url }}@db/app\n"
	"  key  = \"{{secretref://vault/acme/web#key | json}}\"\n"
	"  text = {{{{ stands for two braces\n"
	"\n"
	"Filters: url json shell base64 hex, from left to right. All references are read before "
	"anything is written; a place that is malformed is 2, one that names nothing is 3, both "
	"with line and column.\n"
	"\n"
	"With -o FILE the result replaces FILE in one step. It is 0600, or stricter if FILE was, "
	"and keeps its owner.";

static const char init_details[] =
	"Writes lockstep.conf (or what -c names), 0600, with a store for each env file found in "
	"this folder and comments that say what can be added. Keys of known services get a "
	"verifier "
	"and a rotation, commented out. Nothing rotates until you say so. A file that is there is "
	"not touched (exit 7).";

static const char doctor_details[] =
	"Looks at the config and who can change it, the plugins, each store, the state and its "
	"key, "
	"the audit log, secret memory and what crashes may have left, and says of each whether "
	"it is well and what to do if not. Exit 0 unless something fails; 1 then.\n"
	"\n"
	"--adopt-state takes over a state that is refused because it came from another machine.";

static const char completion_details[] =
	"Prints a script for the shell:\n"
	"  bash: eval \"$(lockstep completion bash)\"\n"
	"  zsh:  lockstep completion zsh >\"${fpath[1]}/_lockstep\"\n"
	"  fish: lockstep completion fish | source";

static const char redact_details[] =
	"Copies stdin to stdout and shows every secret that REF names (all fields of a record) as "
	"***, in all forms that exec masks. Values that are too short or too common to be masked "
	"are named in a warning.\n"
	"\n"
	"  ./build 2>&1 | lockstep redact --all app: >build.log";

const struct command commands[] = {
	{ .name = "init",
	  .arguments = "",
	  .summary = "write a config around the env files of this folder",
	  .details = init_details,
	  .options = init_options,
	  .run = cmd_init },
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
	{ .name = "plan",
	  .arguments = "[NAME...]",
	  .summary = "show what is due and what would be done",
	  .details = plan_details,
	  .run = cmd_plan,
	  .max_arguments = -1 },
	{ .name = "run",
	  .arguments = "[NAME...]",
	  .summary = "take up what is unfinished, do what is due",
	  .details = run_details,
	  .options = run_options,
	  .run = cmd_run,
	  .max_arguments = -1 },
	{ .name = "rotate",
	  .arguments = "NAME",
	  .summary = "rotate one credential now",
	  .details = rotate_details,
	  .options = rotate_options,
	  .run = cmd_rotate,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "rollback",
	  .arguments = "OPERATION",
	  .summary = "take an operation back",
	  .details = rollback_details,
	  .options = rollback_options,
	  .run = cmd_rollback,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "resume",
	  .arguments = "OPERATION",
	  .summary = "go on with an operation",
	  .details = resume_details,
	  .options = resume_options,
	  .run = cmd_resume,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "adopt",
	  .arguments = "NAME --rotated-at DATE | --from FILE",
	  .summary = "say when a credential was last changed",
	  .details = adopt_details,
	  .options = adopt_options,
	  .run = cmd_adopt,
	  .max_arguments = 1 },
	{ .name = "pause",
	  .arguments = "NAME|--all --for D --reason R",
	  .summary = "let no new rotation start for a while",
	  .details = pause_details,
	  .options = pause_options,
	  .run = cmd_pause,
	  .max_arguments = 1 },
	{ .name = "status",
	  .arguments = "[NAME|OPERATION]",
	  .summary = "show how rotations and operations stand",
	  .details = status_details,
	  .run = cmd_status,
	  .max_arguments = 1 },
	{ .name = "history",
	  .arguments = "[NAME|REF]",
	  .summary = "show operations that have ended, and versions",
	  .details = history_details,
	  .options = history_options,
	  .run = cmd_history,
	  .max_arguments = 1 },
	{ .name = "exec",
	  .arguments = "-- CMD...",
	  .summary = "run a program with secrets in its environment",
	  .details = exec_details,
	  .options = exec_options,
	  .run = cmd_exec,
	  .min_arguments = 1,
	  .max_arguments = -1,
	  .stops_at_first = true },
	{ .name = "render",
	  .arguments = "TEMPLATE",
	  .summary = "fill a text with secrets",
	  .details = render_details,
	  .options = render_options,
	  .run = cmd_render,
	  .min_arguments = 1,
	  .max_arguments = 1 },
	{ .name = "redact",
	  .arguments = "[REF...]",
	  .summary = "mask secrets in a stream",
	  .details = redact_details,
	  .options = redact_options,
	  .run = cmd_redact,
	  .max_arguments = -1 },
	{ .name = "verify",
	  .arguments = "VERIFIER REF",
	  .summary = "ask a verifier whether a credential works",
	  .details = verify_details,
	  .run = cmd_verify,
	  .min_arguments = 2,
	  .max_arguments = 2 },
	{ .name = "check",
	  .arguments = "[--as SUBJECT REF ACTION | --due [NAME...]]",
	  .summary = "report all errors of the config; explain policy; what is due",
	  .details = check_details,
	  .options = check_options,
	  .run = cmd_check,
	  .max_arguments = -1 },
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
	{ .name = "doctor",
	  .arguments = "",
	  .summary = "look whether everything is well, and say what to do if not",
	  .details = doctor_details,
	  .options = doctor_options,
	  .run = cmd_doctor },
	{ .name = "completion",
	  .arguments = "bash|zsh|fish",
	  .summary = "print a script that completes commands in a shell",
	  .details = completion_details,
	  .run = cmd_completion,
	  .min_arguments = 1,
	  .max_arguments = 1,
	  .words = "bash zsh fish" },
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
