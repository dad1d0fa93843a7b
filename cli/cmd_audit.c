/* SPDX-License-Identifier: Apache-2.0 */
/* `audit tail` and `audit verify`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"

#define TAIL_DEFAULT 20
#define TAIL_MAX 1000000

struct tail {
	bool json;
	json_t *entries;
};

static void print_entry(const json_t *entry)
{
	const char *outcome = json_text(entry, "outcome");
	const char *reason = json_text(entry, "reason");

	printf("%s  %-6s  %s  %s %s", json_text(entry, "time"), json_text(entry, "phase"),
	       json_text(entry, "subject"), json_text(entry, "action"),
	       json_text(entry, "reference"));
	if (outcome[0])
		printf("  %s", outcome);
	if (reason[0])
		printf("  (%s)", reason);
	printf("\n");
}

static void take_line(void *context, const char *line, size_t len)
{
	struct tail *tail = context;
	json_t *entry = NULL;

	if (json_read(line, len, "line", &entry, NULL) || !json_is_object(entry)) {
		if (!tail->json)
			printf("(a damaged line: lockstep audit verify)\n");
		json_decref(entry);
		return;
	}
	if (tail->json) {
		json_array_append_new(tail->entries, entry);
		return;
	}
	print_entry(entry);
	json_decref(entry);
}

static bool parse_count(const char *text, size_t *ret_count)
{
	size_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (!ascii_is_digit(*text) || number > TAIL_MAX)
			return false;
		number = number * 10 + (size_t)(*text - '0');
	}
	*ret_count = number;
	return number <= TAIL_MAX;
}

static int audit_tail_command(struct cli *cli)
{
	const char *lines = cli_option_value(cli, "lines");
	struct tail tail = { .json = cli->json };
	size_t count = TAIL_DEFAULT;
	struct lks_error err;
	json_t *object;

	if (lines && !parse_count(lines, &count))
		return cli_usage(cli, "--lines needs a number up to %d", TAIL_MAX);
	tail.entries = json_array();
	if (audit_tail(cli->config->audit_path, count, take_line, &tail, &err)) {
		json_decref(tail.entries);
		return cli_fail(cli, &err);
	}
	if (!cli->json) {
		json_decref(tail.entries);
		return cli_flush(cli);
	}
	object = json_object();
	json_put_text(object, "path", cli->config->audit_path);
	json_put(object, "entries", tail.entries);
	return cli_json(cli, "audit-tail", object);
}

struct problems {
	struct cli *cli;
	json_t *list;
};

static void take_problem(void *context, uint64_t line, const char *text)
{
	struct problems *problems = context;
	json_t *item;

	if (!problems->cli->json) {
		printf("line %" PRIu64 ": %s\n", line, text);
		return;
	}
	item = json_object();
	json_put_number(item, "line", (int64_t)line);
	json_put_text(item, "problem", text);
	json_array_append_new(problems->list, item);
}

static int print_summary(struct cli *cli, const struct audit_summary *summary, json_t *list)
{
	int code = summary->problems ? EXIT_VERIFICATION : EXIT_DONE;
	struct lks_error ignored;
	size_t waiting = 0;
	json_t *object;
	int lost;

	if (audit_waiting(cli->config->audit_path, &waiting, &ignored))
		log_debug("%s", ignored.message);
	if (!cli->json) {
		printf("%" PRIu64 " lines, %" PRIu64 " problems (that nobody changed them is not "
		       "proved)\n",
		       summary->lines, summary->problems);
		if (summary->spooled || waiting)
			printf("spool: %" PRIu64 " lines came through it, %zu entries wait\n",
			       summary->spooled, waiting);
		json_decref(list);
		lost = cli_flush(cli);
		return code ? code : lost;
	}
	object = json_object();
	json_put_text(object, "path", cli->config->audit_path);
	json_put_number(object, "lines", (int64_t)summary->lines);
	json_put_number(object, "first", (int64_t)summary->first);
	json_put_number(object, "last", (int64_t)summary->last);
	json_put_number(object, "spooled", (int64_t)summary->spooled);
	json_put_number(object, "waiting", (int64_t)waiting);
	json_put_flag(object, "ok", !summary->problems);
	json_put(object, "problems", list);
	json_put_number(object, "exit", code);
	lost = cli_json(cli, "audit-verify", object);
	return code ? code : lost;
}

static int audit_verify_command(struct cli *cli)
{
	struct problems problems = { cli, json_array() };
	struct audit_summary summary;
	struct lks_error err;

	if (audit_check(cli->config->audit_path, take_problem, &problems, &summary, &err)) {
		json_decref(problems.list);
		return cli_fail(cli, &err);
	}
	return print_summary(cli, &summary, problems.list);
}

/* What root finds in the spool belongs into what he is about to read. */
static void take_spool(struct cli *cli)
{
	const char *path = cli->config->audit_path;
	struct lks_error err;
	size_t waiting = 0;

	if (geteuid() || (audit_waiting(path, &waiting, &err) && !waiting))
		return;
	if (waiting && audit_open(path, true, &cli->audit, &err))
		log_warn("%s: %s", err.where, err.message);
	audit_collect(cli->audit);
}

int cmd_audit(struct cli *cli, int argc, char **argv)
{
	bool is_tail = !strcmp(argv[1], "tail");
	struct lks_error err;

	(void)argc;
	if (!is_tail && strcmp(argv[1], "verify"))
		return cli_usage(cli, "what about the audit log? tail or verify");
	if (!is_tail && cli_option_value(cli, "lines"))
		return cli_usage(cli, "--lines belongs to audit tail");
	if (cli_open_config(cli, &err))
		return cli_fail(cli, &err);
	take_spool(cli);
	return is_tail ? audit_tail_command(cli) : audit_verify_command(cli);
}
