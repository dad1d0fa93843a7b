/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one parser of options, over tables of struct cli_option: --name,
 * --name=ARGUMENT, --name ARGUMENT, -n, -nARGUMENT, -n ARGUMENT, joined
 * switches, and -- as their end. No abbreviations.
 *
 * What a person typed is repeated in a message only where it names an option:
 * an argument can be a secret in the wrong place.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"

const struct cli_option cli_global_options[] = {
	{ "config", "FILE", "the config file", 'c', false },
	{ "environment", "E", "act for this environment instead of the config's", 0, false },
	{ "json", NULL, "print one JSON object instead of text", 0, false },
	{ "quiet", NULL, "say errors only", 'q', false },
	{ "verbose", NULL, "say more; twice: everything", 'v', true },
	{ "help", NULL, "explain the command", 'h', false },
	{ "version", NULL, "print the version", 0, false },
	{ NULL, NULL, NULL, 0, false }
};

struct scan {
	struct cli *cli;
	const struct cli_option *own; /* the command's; NULL before it */
	int argc;
	char **argv;
	int next;
	bool json;
};

static bool is_global(const struct cli_option *option)
{
	return option >= cli_global_options &&
	       option < cli_global_options + COUNT_OF(cli_global_options);
}

static const struct cli_option *find_long(const struct scan *scan, const char *name, size_t len)
{
	const struct cli_option *const tables[] = { scan->own, cli_global_options };

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		for (const struct cli_option *o = tables[i]; o && o->name; o++) {
			if (strlen(o->name) == len && !memcmp(o->name, name, len))
				return o;
		}
	}
	return NULL;
}

static const struct cli_option *find_letter(const struct scan *scan, char letter)
{
	const struct cli_option *const tables[] = { scan->own, cli_global_options };

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		for (const struct cli_option *o = tables[i]; o && o->name; o++) {
			if (o->letter == letter)
				return o;
		}
	}
	return NULL;
}

static int unknown_long(const struct scan *scan, const char *name, size_t len)
{
	const char *candidates[64];
	const struct cli_option *const tables[] = { scan->own, cli_global_options };
	const char *near;
	char typed[33];
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		for (const struct cli_option *o = tables[i]; o && o->name; o++) {
			if (count < COUNT_OF(candidates))
				candidates[count++] = o->name;
		}
	}
	if (len >= sizeof(typed))
		return cli_usage(scan->cli, "there is no such option");
	memcpy(typed, name, len);
	typed[len] = '\0';
	near = nearest(typed, candidates, count);
	if (near)
		return cli_usage(scan->cli, "there is no option --%s: did you mean --%s?", typed,
				 near);
	return cli_usage(scan->cli, "there is no option --%s", typed);
}

static int keep_global(struct scan *scan, const struct cli_option *option, const char *argument)
{
	struct cli *cli = scan->cli;

	switch (option->name[0]) {
	case 'c':
		cli->config_path = argument;
		break;
	case 'e':
		cli->environment_name = argument;
		break;
	case 'h':
		cli->wants_help = true;
		break;
	case 'j':
		scan->json = true;
		break;
	case 'q':
		cli->quiet = true;
		break;
	default:
		if (!strcmp(option->name, "version"))
			cli->wants_version = true;
		else
			cli->verbose++;
	}
	if (cli->quiet && cli->verbose)
		return cli_usage(cli, "--quiet and --verbose exclude each other");
	return 0;
}

static int keep(struct scan *scan, const struct cli_option *option, const char *argument)
{
	struct cli *cli = scan->cli;

	if (is_global(option))
		return keep_global(scan, option, argument);
	for (size_t i = 0; i < cli->value_count && !option->repeatable; i++) {
		if (cli->values[i].option == option)
			return cli_usage(cli, "--%s was given twice", option->name);
	}
	cli->values[cli->value_count++] = (struct cli_value){ option, argument };
	return 0;
}

/* `attached`: what came with the option itself, or NULL. */
static int take_option(struct scan *scan, const struct cli_option *option, const char *attached)
{
	if (!option->argument) {
		if (attached)
			return cli_usage(scan->cli, "--%s takes no argument", option->name);
		return keep(scan, option, "");
	}
	if (!attached) {
		if (scan->next >= scan->argc)
			return cli_usage(scan->cli, "--%s needs %s", option->name,
					 option->argument);
		attached = scan->argv[scan->next++];
	}
	return keep(scan, option, attached);
}

static int take_long(struct scan *scan, const char *word)
{
	size_t len = strcspn(word, "=");
	const struct cli_option *option = find_long(scan, word, len);

	if (!option)
		return unknown_long(scan, word, len);
	return take_option(scan, option, word[len] ? word + len + 1 : NULL);
}

static int take_letters(struct scan *scan, const char *word)
{
	for (; *word; word++) {
		const struct cli_option *option = find_letter(scan, *word);
		int code;

		if (!option && ascii_is_alnum(*word))
			return cli_usage(scan->cli, "there is no option -%c", *word);
		if (!option)
			return cli_usage(scan->cli, "there is no such option");
		if (option->argument)
			return take_option(scan, option, word[1] ? word + 1 : NULL);
		code = take_option(scan, option, NULL);
		if (code)
			return code;
	}
	return 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static int take_word(struct scan *scan)
{
	const char *word = scan->argv[scan->next++];

	return word[1] == '-' ? take_long(scan, word + 2) : take_letters(scan, word + 1);
}

static int take_globals(struct scan *scan)
{
	while (scan->next < scan->argc && is_option(scan->argv[scan->next])) {
		int code;

		if (!strcmp(scan->argv[scan->next], "--")) {
			scan->next++;
			break;
		}
		code = take_word(scan);
		if (code)
			return code;
	}
	return 0;
}

static int unknown_command(struct cli *cli, const char *name)
{
	const char *candidates[64];
	size_t count = 0;
	const char *near;

	for (const struct command *c = commands; c->name && count < COUNT_OF(candidates); c++)
		candidates[count++] = c->name;
	if (!name_is_valid(name))
		return cli_usage(cli, "there is no such command");
	near = nearest(name, candidates, count);
	if (near)
		return cli_usage(cli, "there is no command %s: did you mean %s?", name, near);
	return cli_usage(cli, "there is no command %s", name);
}

static int check_count(struct cli *cli)
{
	const struct command *command = cli->command;

	if (cli->wants_help || cli->wants_version)
		return 0;
	if (cli->argument_count < command->min_arguments)
		return cli_usage(cli, "something is missing: lockstep %s %s", command->name,
				 command->arguments);
	if (command->max_arguments >= 0 && cli->argument_count > command->max_arguments)
		return cli_usage(cli, "too many arguments: lockstep %s%s%s", command->name,
				 command->arguments[0] ? " " : "", command->arguments);
	return 0;
}

/* The command's own words, options and arguments in any order. */
static int take_command(struct scan *scan)
{
	struct cli *cli = scan->cli;
	char **arguments = cli->arguments;
	int count = 0;

	while (scan->next < scan->argc) {
		char *word = scan->argv[scan->next];
		int code;

		if (!strcmp(word, "--") || (!is_option(word) && cli->command->stops_at_first))
			break;
		if (!is_option(word)) {
			arguments[count++] = word;
			scan->next++;
			continue;
		}
		code = take_word(scan);
		if (code)
			return code;
	}
	if (scan->next < scan->argc && !strcmp(scan->argv[scan->next], "--")) {
		cli->has_dashes = true;
		scan->next++;
	}
	while (scan->next < scan->argc)
		arguments[count++] = scan->argv[scan->next++];
	cli->argument_count = count;
	return check_count(cli);
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
	struct scan scan = { cli, NULL, argc, argv, 1, false };
	char **words;
	int code;

	cli->values = calloc((size_t)argc + 1, sizeof(*cli->values));
	words = calloc((size_t)argc + 2, sizeof(*words));
	cli->arguments = words ? words + 1 : NULL;
	if (!cli->values || !words) {
		struct lks_error err;

		error_no_memory(&err, "the command line");
		return cli_fail(cli, &err);
	}
	/* A guess, so that errors in front of the option are JSON as well. */
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		cli->json = cli->json || !strcmp(argv[i], "--json");

	code = take_globals(&scan);
	if (code)
		return code;
	if (scan.next >= argc) {
		if (!cli->wants_help && !cli->wants_version)
			return cli_usage(cli, "a command is missing");
	} else {
		words[0] = argv[scan.next++];
		cli->command = command_find(words[0]);
		if (!cli->command)
			return unknown_command(cli, words[0]);
		scan.own = cli->command->options;
		code = take_command(&scan);
	}
	if (!code)
		cli->json = scan.json;
	return code;
}

const char *cli_option_at(const struct cli *cli, const char *name, size_t index)
{
	for (size_t i = 0; i < cli->value_count; i++) {
		if (!strcmp(cli->values[i].option->name, name) && !index--)
			return cli->values[i].argument;
	}
	return NULL;
}

const char *cli_option_value(const struct cli *cli, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < cli->value_count; i++) {
		if (!strcmp(cli->values[i].option->name, name))
			found = cli->values[i].argument;
	}
	return found;
}
