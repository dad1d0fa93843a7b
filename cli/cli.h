/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command shares: the caller's saved world, the global options, and
 * the engine's parts, opened on first need.
 *
 * One const table (commands.c) drives dispatch, help, completion and the man
 * page. Each cmd_<verb>.c exports one `cmd_<verb>` function. Results go to
 * stdout, talk to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/json.h"
#include "config/config.h"
#include "store/store.h"
#include "txn/executor.h"

/* One option of a command, for the parser, help and completion. */
struct cli_option {
	const char *name;     /* "if-version"; used as --if-version */
	const char *argument; /* "N"; NULL: a switch */
	const char *help;
	char letter;     /* 'o' for -o; 0: none */
	bool repeatable; /* may be given several times */
};

struct cli;

struct command {
	const char *name;
	const char *arguments;                              /* "REF", "[NAME...]", "-- CMD..." */
	const char *summary;                                /* one line */
	const char *details;                                /* paragraphs for `help NAME`; NULL */
	const struct cli_option *options;                   /* ends with a NULL name; NULL: none */
	int (*run)(struct cli *cli, int argc, char **argv); /* argv[0] is the command */
	int min_arguments, max_arguments; /* after the options; max -1: any number */
	bool stops_at_first;              /* options end at the first argument, as for exec */
	const char *words; /* what the first argument can be: "list info"; NULL: anything */
};
extern const struct command commands[]; /* ends with a NULL name */
const struct command *command_find(const char *name);
/* The options that stand before the command, and after it too; ends with a
   NULL name. */
extern const struct cli_option cli_global_options[];

struct cli {
	/* The caller's, as main() found them; children of exec get them back. */
	char **environment;
	mode_t umask;
	sigset_t signal_mask;
	struct rlimit core_limit;
	/* Global options. */
	const char *config_path;
	const char *config_environment; /* LOCKSTEP_CONFIG */
	const char *environment_name;
	bool json, quiet;
	int verbose;
	bool wants_help, wants_version;
	/* What the command's own options were; filled by the parser. */
	const struct command *command;
	struct cli_value {
		const struct cli_option *option;
		const char *argument;
	} * values;
	size_t value_count;
	char **arguments; /* what is left; arguments[-1] is the command */
	int argument_count;
	bool has_dashes; /* a `--` stood before some of them */
	/* Opened on first need by the functions below. */
	char request[37];
	struct config *config;
	struct registry *registry;
	struct audit *audit;
	struct subject subject;
	struct stores *stores;
	struct state *state;
	struct event_sink events;
	/* The wait that was shown last: a poll of it is no news. */
	struct shown_wait {
		char operation[37];
		char what[64];
		int64_t until_wall_ms;
	} shown_wait;
};

/*
 * What main() does after it has set up the process: parse, dispatch, release.
 * Returns the exit code.
 */
int cli_main(struct cli *cli, int argc, char **argv);
/* Fills in the options, the command and its arguments. Returns 0, or the exit
   code of the usage error that it printed. `command` stays NULL only with
   `wants_help` or `wants_version`. */
int cli_parse(struct cli *cli, int argc, char **argv);

/* The command's option `name`: its (last) argument, "" for a switch, NULL if
   it was not given. `cli_option_at` walks repeated ones: NULL after the last. */
const char *cli_option_value(const struct cli *cli, const char *name);
const char *cli_option_at(const struct cli *cli, const char *name, size_t index);

/* Each opens what it needs below itself; calling again is free. */
enum lks_status cli_open_config(struct cli *cli, struct lks_error *err) MUST_CHECK;
/* Private modules and the folders of plugins; no plugin is opened. */
enum lks_status cli_open_registry(struct cli *cli, struct lks_error *err) MUST_CHECK;
enum lks_status cli_open_stores(struct cli *cli, struct lks_error *err) MUST_CHECK;
enum lks_status cli_open_state(struct cli *cli, struct lks_error *err) MUST_CHECK;
/* Stores, state, audit, subject, events to the terminal, Ctrl-C and SIGTERM
   stop at the next safe point. Valid as long as `cli`. */
enum lks_status cli_executor(struct cli *cli, struct executor *ret_executor,
			     struct lks_error *err) MUST_CHECK;
/* The access of this caller for `action`. */
struct access cli_access(const struct cli *cli, enum action action);
void cli_close(struct cli *cli);

/* Print the error (text on stderr; with --json the object on stdout) and
   return its exit code. */
int cli_fail(struct cli *cli, const struct lks_error *err);
/* A usage error: "lockstep get: ... (try lockstep help get)", exit 2. */
int cli_usage(struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
/* Print {"schema": "lockstep.<command>/1", ...object} as one line on stdout.
   Takes the reference. Returns 0, or EXIT_INTERNAL if stdout is gone. */
int cli_json(struct cli *cli, const char *command, json_t *object);
/* Print what an operation came to (text, or JSON under `schema`). Returns its
   exit code. */
int cli_outcome(struct cli *cli, const char *schema, const struct outcome *outcome);
/* Write bytes of a secret to stdout, past any buffer. Returns 0, or
   EXIT_INTERNAL if stdout is gone. */
int cli_write_secret(struct cli *cli, const void *data, size_t len);
/* Flush stdout and check it: a full disk or a closed pipe is exit 1. */
int cli_flush(struct cli *cli);
bool cli_is_terminal(int fd);
/* Ask on the terminal; false without one. */
bool cli_confirm(struct cli *cli, const char *question);
/* Print a paragraph to stdout, wrapped at 78 columns and indented. Lines that
   begin with a blank stay as they are. */
void cli_print_wrapped(const char *text, int indent);

#endif
