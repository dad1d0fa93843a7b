/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `completion`: scripts for bash, zsh and fish, printed from the one table of
 * commands. They complete commands, options, fixed words and file names; they
 * never call lockstep, so a key pressed opens no store.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"

/* "a b c" of all commands, or of all options that can stand in one place. */
static void add_words(struct text *text, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		if (o->letter)
			text_printf(text, " -%c", o->letter);
		text_printf(text, " --%s", o->name);
	}
}

/* "--config|-c|..." of the options that take an argument. */
static void add_argument_pattern(struct text *text, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		if (!o->argument)
			continue;
		text_printf(text, "%s--%s", text->len ? "|" : "", o->name);
		if (o->letter)
			text_printf(text, "|-%c", o->letter);
	}
}

static bool takes_file(const char *argument)
{
	return argument && (strstr(argument, "FILE") || strstr(argument, "TEMPLATE"));
}

static void print_command_names(void)
{
	for (const struct command *c = commands; c->name; c++)
		printf(" %s", c->name);
}

/* --- bash ------------------------------------------------------------- */

static void print_bash_command(const struct command *command)
{
	AUTO(text_release) struct text options = TEXT_INIT;
	AUTO(text_release) struct text with_argument = TEXT_INIT;

	add_words(&options, command->options);
	add_argument_pattern(&with_argument, command->options);
	printf("\t%s)\n\t\toptions=\"$global%s\"\n", command->name, text_string(&options));
	if (command->words)
		printf("\t\twords=\"%s\"\n", command->words);
	if (with_argument.len)
		printf("\t\tcase $before in %s) words='' options='' files=1 ;; esac\n",
		       text_string(&with_argument));
	if (command->stops_at_first)
		printf("\t\tfor ((i = at + 1; i < COMP_CWORD; i++)); do\n"
		       "\t\t\tif [[ ${COMP_WORDS[i]} == -- ]]; then\n"
		       "\t\t\t\t_lockstep_program $((i + 1))\n\t\t\t\treturn\n"
		       "\t\t\tfi\n\t\tdone\n");
	printf("\t\t;;\n");
}

static void print_bash(void)
{
	AUTO(text_release) struct text global = TEXT_INIT;
	AUTO(text_release) struct text with_argument = TEXT_INIT;

	add_words(&global, cli_global_options);
	add_argument_pattern(&with_argument, cli_global_options);
	printf("# bash completion for lockstep: eval \"$(lockstep completion bash)\"\n"
	       "# shellcheck shell=bash disable=SC2207,SC2034\n"
	       "_lockstep_program() {\n"
	       "\tif declare -F _command_offset >/dev/null; then\n"
	       "\t\t_command_offset \"$1\"\n"
	       "\telif ((COMP_CWORD == $1)); then\n"
	       "\t\tCOMPREPLY=($(compgen -c -- \"$current\"))\n"
	       "\telse\n"
	       "\t\tCOMPREPLY=($(compgen -f -- \"$current\"))\n"
	       "\tfi\n"
	       "}\n"
	       "_lockstep() {\n"
	       "\tlocal current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	       "\tlocal global=\"%s\" options='' words='' files=1 command='' at=1 i\n"
	       "\tCOMPREPLY=()\n"
	       "\twhile ((at < COMP_CWORD)); do\n"
	       "\t\tcase ${COMP_WORDS[at]} in\n"
	       "\t\t%s) ((at++)) ;;\n"
	       "\t\t-*) ;;\n"
	       "\t\t*) command=${COMP_WORDS[at]}; break ;;\n"
	       "\t\tesac\n"
	       "\t\t((at++))\n"
	       "\tdone\n"
	       "\tcase $command in\n"
	       "\t'')\n"
	       "\t\tcase $before in\n"
	       "\t\t%s) ;;\n"
	       "\t\t*) options=$global files='' words=\"",
	       text_string(&global) + 1, text_string(&with_argument), text_string(&with_argument));
	print_command_names();
	printf("\" ;;\n\t\tesac\n\t\t;;\n");
	for (const struct command *c = commands; c->name; c++)
		print_bash_command(c);
	printf("\tesac\n"
	       "\tif [[ $current == -* ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
	       "\telif [[ $words ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
	       "\telif [[ $files ]]; then\n"
	       "\t\tCOMPREPLY=($(compgen -f -- \"$current\"))\n"
	       "\tfi\n"
	       "}\n"
	       "complete -o filenames -F _lockstep lockstep\n");
}

/* --- zsh -------------------------------------------------------------- */

/* Inside single quotes, in a description of _arguments or _describe. */
static void print_zsh_text(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			fputc(*text, stdout);
	}
}

static void print_zsh_option(const struct cli_option *option, const char *name)
{
	printf(" \\\n\t\t\t'%s%s%s[", option->repeatable ? "*" : "", name,
	       option->argument && name[1] == '-' ? "=" : "");
	print_zsh_text(option->help);
	printf("]");
	if (option->argument) {
		printf(":");
		print_zsh_text(option->argument);
		printf(":%s", takes_file(option->argument) ? "_files" : " ");
	}
	printf("'");
}

static void print_zsh_options(const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s", o->name);
		print_zsh_option(o, name);
		snprintf(name, sizeof(name), "-%c", o->letter);
		if (o->letter)
			print_zsh_option(o, name);
	}
}

static void print_zsh(void)
{
	printf("#compdef lockstep\n"
	       "# zsh completion for lockstep: lockstep completion zsh > "
	       "\"${fpath[1]}/_lockstep\"\n"
	       "_lockstep() {\n"
	       "\tlocal context state line\n"
	       "\tlocal -a names\n"
	       "\t_arguments -C");
	print_zsh_options(cli_global_options);
	printf(" \\\n\t\t\t'1: :->command' '*:: :->rest'\n"
	       "\tcase $state in\n"
	       "\tcommand)\n\t\tnames=(\n");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t\t\t'%s:", c->name);
		print_zsh_text(c->summary);
		printf("'\n");
	}
	printf("\t\t)\n\t\t_describe command names\n\t\t;;\n"
	       "\trest)\n\t\tcase $line[1] in\n");
	for (const struct command *c = commands; c->name; c++) {
		printf("\t\t%s)\n\t\t\t_arguments", c->name);
		print_zsh_options(c->options);
		print_zsh_options(cli_global_options);
		if (c->words)
			printf(" \\\n\t\t\t'1: :(%s)'", c->words);
		if (c->stops_at_first)
			printf(" \\\n\t\t\t'*:: :_normal'");
		else if (c->max_arguments != 0)
			printf(" \\\n\t\t\t'*: :_files'");
		printf("\n\t\t\t;;\n");
	}
	printf("\t\tesac\n\t\t;;\n\tesac\n}\n"
	       "if [[ $funcstack[1] == _lockstep ]]; then\n"
	       "\t_lockstep \"$@\"\n"
	       "else\n"
	       "\tcompdef _lockstep lockstep\n"
	       "fi\n");
}

/* --- fish ------------------------------------------------------------- */

static void print_fish_text(const char *text)
{
	fputc('\'', stdout);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', stdout);
		fputc(*text, stdout);
	}
	fputc('\'', stdout);
}

static void print_fish_options(const char *condition, const struct cli_option *options)
{
	for (const struct cli_option *o = options; o && o->name; o++) {
		printf("complete -c lockstep%s -l %s", condition, o->name);
		if (o->letter)
			printf(" -s %c", o->letter);
		if (o->argument)
			printf(" -r%s", takes_file(o->argument) ? " -F" : "");
		printf(" -d ");
		print_fish_text(o->help);
		printf("\n");
	}
}

static void print_fish(void)
{
	printf("# fish completion for lockstep: lockstep completion fish | source\n"
	       "function __lockstep_is\n"
	       "\tset -l words (commandline -opc)\n"
	       "\tfor word in $words[2..]\n"
	       "\t\tcontains -- $word $argv; and return 0\n"
	       "\t\tstring match -q -- '-*' $word; or return 1\n"
	       "\tend\n"
	       "\treturn 1\n"
	       "end\n"
	       "function __lockstep_none\n\tnot __lockstep_is");
	print_command_names();
	printf("\nend\n");
	print_fish_options("", cli_global_options);
	for (const struct command *c = commands; c->name; c++) {
		AUTO(text_release) struct text condition = TEXT_INIT;

		printf("complete -c lockstep -n __lockstep_none -f -a %s -d ", c->name);
		print_fish_text(c->summary);
		printf("\n");
		text_printf(&condition, " -n '__lockstep_is %s'", c->name);
		if (c->words)
			printf("complete -c lockstep%s -f -a '%s'\n", text_string(&condition),
			       c->words);
		print_fish_options(text_string(&condition), c->options);
	}
}

int cmd_completion(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	if (strcmp(argv[1], "bash") == 0)
		print_bash();
	else if (strcmp(argv[1], "zsh") == 0)
		print_zsh();
	else if (strcmp(argv[1], "fish") == 0)
		print_fish();
	else
		return cli_usage(cli, "the shell is bash, zsh or fish");
	return cli_flush(cli);
}
