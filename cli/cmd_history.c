/* SPDX-License-Identifier: Apache-2.0 */
/* `history`: finished operations; of a secret also the versions that its store
   keeps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/rotation.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 100000

/* What is asked for. */
struct question {
	const char *name;           /* of a rotation; NULL */
	struct reference reference; /* if `is_reference` */
	bool is_reference;
	size_t limit;
};

struct answer {
	json_t *operations;
	struct lks_list versions;
	bool has_versions;
	size_t shown;
};

static void answer_release(struct answer *answer)
{
	json_decref(answer->operations);
	list_release(&answer->versions);
}

static bool concerns(const struct operation_row *row, const struct question *question)
{
	char record[REFERENCE_MAX * 2];
	size_t i;
	json_t *item;

	if (!question->is_reference)
		return true;
	reference_print_record(&question->reference, record, sizeof(record));
	json_array_foreach(json_object_get(row->plan, "records"), i, item)
	{
		if (json_is_string(item) && !strcmp(json_string_value(item), record))
			return true;
	}
	return false;
}

static json_t *row_json(const struct operation_row *row)
{
	json_t *object = json_object();

	json_put_text(object, "operation", row->id);
	json_put_text(object, "kind", row->kind);
	json_put_text(object, "name", row->name);
	json_put_text(object, "state", row->state);
	json_put_text(object, "subject", row->subject);
	json_put_text(object, "reason", row->reason);
	json_put(object, "started_at", time_json(row->created_wall_ms));
	json_put(object, "ended_at", time_json(row->ended_wall_ms));
	json_put(object, "error",
		 json_is_object(row->error) ? json_incref(row->error) : json_null());
	return object;
}

static void print_row(const struct operation_row *row)
{
	char when[32];

	time_short(row->created_wall_ms, when);
	printf("%-16s %-6s %s: %s\n  %s\n", when, row->kind, row->name, row->state, row->id);
	if (json_is_object(row->error) && *json_text(row->error, "message"))
		cli_print_wrapped(json_text(row->error, "message"), 4);
}

static enum lks_status collect(struct cli *cli, const struct question *question,
			       struct answer *answer, struct lks_error *err)
{
	char **ids = NULL;
	size_t count = 0;
	/* Those of a secret are found by looking at all. */
	enum lks_status status = state_operations(
		cli->state, false, question->name,
		question->is_reference ? LIMIT_MAX : question->limit, &ids, &count, err);

	answer->operations = json_array();
	for (size_t i = 0; i < count; i++) {
		AUTO(operation_row_release) struct operation_row row = { 0 };
		struct step_row *steps = NULL;
		size_t step_count = 0;

		if (!status && answer->shown < question->limit)
			status = state_operation_read(cli->state, ids[i], &row, &steps, &step_count,
						      err);
		free(ids[i]);
		step_rows_free(steps, step_count);
		if (status || !row.kind || !concerns(&row, question))
			continue;
		if (cli->json)
			json_array_append_new(answer->operations, row_json(&row));
		else
			print_row(&row);
		answer->shown++;
	}
	free(ids);
	return status;
}

/* Versions are the store's own; many keep none. */
static enum lks_status versions(struct cli *cli, const struct question *question,
				struct answer *answer, struct lks_error *err)
{
	struct access access = cli_access(cli, ACTION_HISTORY);
	enum lks_status status =
		store_history(cli->stores, &access, &question->reference, &answer->versions, err);

	answer->has_versions = !status;
	if (status != LKS_UNSUPPORTED)
		return status;
	error_clear(err);
	return LKS_OK;
}

static int print(struct cli *cli, const struct question *question, struct answer *answer)
{
	json_t *object = json_object(), *list = json_array();
	char when[32];

	for (size_t i = 0; i < answer->versions.count; i++) {
		const struct list_entry *entry = &answer->versions.entries[i];
		json_t *version = json_object();

		time_short(entry->created_wall_ms, when);
		if (!cli->json)
			printf("%-16s version %-38s %s\n", when, entry->path,
			       entry->state ? entry->state : "");
		json_put_text(version, "version", entry->path);
		json_put(version, "created_at", time_json(entry->created_wall_ms));
		json_put_text(version, "state", entry->state);
		json_array_append_new(list, version);
	}
	json_put(object, "operations", json_incref(answer->operations));
	json_put(object, "versions", answer->has_versions ? json_incref(list) : json_null());
	json_decref(list);
	if (cli->json)
		return cli_json(cli, "history", object);
	json_decref(object);
	if (question->is_reference && !answer->has_versions)
		printf("%s keeps no versions\n", question->reference.store);
	if (!answer->shown && !question->is_reference)
		puts("no operation has finished yet");
	return cli_flush(cli);
}

static enum lks_status ask(struct cli *cli, const char *word, struct question *question,
			   struct lks_error *err)
{
	if (!word)
		return LKS_OK;
	if (config_rotation(cli->config, word)) {
		question->name = word;
		return LKS_OK;
	}
	if (strchr(word, ':')) {
		question->is_reference = true;
		return reference_parse(word, &question->reference, err);
	}
	error_set(err, LKS_NOT_FOUND, "there is no rotation \"%s\"", word);
	error_hint(err, "a secret is named as STORE:PATH");
	return LKS_NOT_FOUND;
}

int cmd_history(struct cli *cli, int argc, char **argv)
{
	AUTO(answer_release) struct answer answer = { 0 };
	struct question question = { .limit = LIMIT_DEFAULT };
	const char *limit = cli_option_value(cli, "limit");
	struct lks_error err;
	char *end = NULL;

	if (limit) {
		long number = ascii_is_digit(*limit) ? strtol(limit, &end, 10) : 0;

		if (!end || *end || number < 1 || number > LIMIT_MAX)
			return cli_usage(cli, "--limit is a number from 1 to %d", LIMIT_MAX);
		question.limit = (size_t)number;
	}
	if (cli_open_stores(cli, &err) || cli_open_state(cli, &err) ||
	    ask(cli, argc > 1 ? argv[1] : NULL, &question, &err) ||
	    (question.is_reference && versions(cli, &question, &answer, &err)) ||
	    collect(cli, &question, &answer, &err))
		return cli_fail(cli, &err);
	return print(cli, &question, &answer);
}
