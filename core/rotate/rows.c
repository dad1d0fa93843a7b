/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of each rotation: first sight, the journal, dates. */
#include "rotate/rows.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "rotate/run.h"

void ids_release(struct ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		free(ids->items[i]);
	free(ids->items);
	*ids = (struct ids){ 0 };
}

void rotation_row_keep(struct executor *executor, const struct rotation_row *row)
{
	struct lks_error err;
	if (state_rotation_write(executor->state, row, &err) != LKS_OK)
		log_warn("%s: its dates were not recorded: %s", row->name, err.message);
}

/* What an operation's state says about its rotation. */
enum result { RESULT_NONE, RESULT_SUCCESS, RESULT_FAILURE };

static enum result result_of(enum operation_state state)
{
	switch (state) {
	case OPERATION_COMMITTED:
	case OPERATION_RETIRING:
	case OPERATION_DONE:
		return RESULT_SUCCESS;
	case OPERATION_ROLLED_BACK:
	case OPERATION_STUCK:
		return RESULT_FAILURE;
	default:
		return RESULT_NONE;
	}
}

/* --- the journal ------------------------------------------------------------- */

static enum result result_of_name(const char *state)
{
	for (int i = OPERATION_PLANNED; i <= OPERATION_STUCK; i++) {
		if (strcmp(state, operation_state_name((enum operation_state)i)) == 0)
			return result_of((enum operation_state)i);
	}
	return RESULT_NONE;
}

/* The row already says so: `failures` is 0 after a success only. */
static bool is_noted(const struct rotation_row *row, const char *operation, enum result result)
{
	return strcmp(row->last_operation, operation) == 0 &&
	       (result == RESULT_SUCCESS) == (row->failures == 0);
}

/* The newest operation of this name, finished or not, that the row may have
   missed. True if the row changed. */
static bool follow(struct executor *executor, struct rotation_row *row, bool unfinished)
{
	AUTO(ids_release) struct ids ids = { 0 };
	AUTO(operation_row_release) struct operation_row operation = { 0 };
	struct step_row *steps = NULL;
	size_t step_count = 0;
	if (state_operations(executor->state, unfinished, row->name, 1, &ids.items, &ids.count,
			     NULL) != LKS_OK ||
	    !ids.count ||
	    state_operation_read(executor->state, ids.items[0], &operation, &steps, &step_count,
				 NULL) != LKS_OK)
		return false;
	step_rows_free(steps, step_count);
	enum result result = result_of_name(operation.state);
	int64_t when =
		operation.ended_wall_ms ? operation.ended_wall_ms : operation.updated_wall_ms;
	if (result == RESULT_NONE || strcmp(operation.kind, "rotate") != 0 ||
	    is_noted(row, operation.id, result) || when <= row->last_success_wall_ms)
		return false;
	if (result == RESULT_SUCCESS)
		schedule_success(row, operation.id, when);
	else
		schedule_failure(row, operation.id);
	return true;
}

/* An operation that had succeeded was taken back: the age is the one before. */
static void forget_success(struct executor *executor, struct rotation_row *row, const char *gone)
{
	AUTO(ids_release) struct ids ids = { 0 };
	row->last_success_wall_ms = 0;
	row->rotated_wall_ms = 0;
	if (state_operations(executor->state, false, row->name, 20, &ids.items, &ids.count, NULL) !=
	    LKS_OK)
		return;
	for (size_t i = 0; i < ids.count && !row->last_success_wall_ms; i++) {
		AUTO(operation_row_release) struct operation_row operation = { 0 };
		struct step_row *steps = NULL;
		size_t step_count = 0;
		if (strcmp(ids.items[i], gone) == 0 ||
		    state_operation_read(executor->state, ids.items[i], &operation, &steps,
					 &step_count, NULL) != LKS_OK)
			continue;
		if (strcmp(operation.state, operation_state_name(OPERATION_DONE)) == 0)
			row->last_success_wall_ms = operation.ended_wall_ms;
		step_rows_free(steps, step_count);
	}
	row->rotated_wall_ms = row->last_success_wall_ms;
}

void rotation_note(struct executor *executor, const struct outcome *outcome)
{
	struct rotation_row row;
	const char *name = json_text(outcome->report, "rotation");
	enum result result = result_of(outcome->state);
	if (!config_rotation(executor->config, name) ||
	    state_rotation_read(executor->state, name, &row, NULL) != LKS_OK)
		return;
	bool had_succeeded = is_noted(&row, outcome->operation, RESULT_SUCCESS);
	if (result == RESULT_NONE || is_noted(&row, outcome->operation, result))
		return;
	if (result == RESULT_SUCCESS)
		schedule_success(&row, outcome->operation, clock_wall_ms());
	else if (outcome->state == OPERATION_ROLLED_BACK && had_succeeded)
		forget_success(executor, &row, outcome->operation);
	else if (strcmp(row.last_operation, outcome->operation) != 0)
		schedule_failure(&row, outcome->operation);
	rotation_row_keep(executor, &row);
}

/* --- first sight -------------------------------------------------------------- */

struct sight {
	struct reference *references;
	struct lks_record **records;
	struct lks_error *errors;
	size_t count;
};

static void sight_release(struct sight *sight)
{
	for (size_t i = 0; sight->records && i < sight->count; i++)
		record_free(sight->records[i]);
	free(sight->references);
	free(sight->records);
	free(sight->errors);
}

/* The first secret of each rotation that was never seen. */
static enum lks_status sight_new(struct due_entry *const *entries, size_t count,
				 struct sight *sight, struct lks_error *err)
{
	sight->references = calloc(count, sizeof(*sight->references));
	sight->records = calloc(count, sizeof(*sight->records));
	sight->errors = calloc(count, sizeof(*sight->errors));
	sight->count = count;
	if (!sight->references || !sight->records || !sight->errors)
		return error_no_memory(err, "look at rotations");
	for (size_t i = 0; i < count; i++) {
		enum lks_status status = record_new(&sight->records[i], err);
		if (status == LKS_OK)
			status = reference_parse(entries[i]->rotation->secrets.items[0],
						 &sight->references[i], err);
		if (status != LKS_OK)
			return status;
	}
	return LKS_OK;
}

/* Ask the stores how old the secrets are; one that cannot be asked now is
   looked at again next time, and counts from now until then. */
static enum lks_status see_first(struct executor *executor, struct due_entry *const *entries,
				 size_t count, struct lks_error *err)
{
	AUTO(sight_release) struct sight sight = { 0 };
	struct access access = { .subject = executor->subject,
				 .request = executor->request,
				 .action = ACTION_ROTATE,
				 .is_engine = true };
	int64_t now = clock_wall_ms();
	if (!count)
		return LKS_OK;
	enum lks_status status = sight_new(entries, count, &sight, err);
	if (status != LKS_OK)
		return status;
	bool is_answered = store_get_many(executor->stores, &access, sight.references, count,
					  sight.records, sight.errors, NULL) == LKS_OK;
	for (size_t i = 0; i < count && status == LKS_OK; i++) {
		bool is_known = is_answered && (sight.errors[i].status == LKS_OK ||
						sight.errors[i].status == LKS_NOT_FOUND);
		int64_t created = is_answered && sight.errors[i].status == LKS_OK
					  ? sight.records[i]->created_wall_ms
					  : 0;
		status = schedule_first_sight(entries[i]->rotation, created, now, &entries[i]->row,
					      err);
		if (status == LKS_OK && is_known)
			status = state_rotation_write(executor->state, &entries[i]->row, err);
	}
	return status;
}

/* --- judging ------------------------------------------------------------------- */

enum lks_status rotation_unknown(const struct config *config, const char *name,
				 struct lks_error *err)
{
	AUTO(free_ptr) const char **names = calloc(config->rotation_count + 1, sizeof(*names));
	const char *near = NULL;
	for (size_t i = 0; names && i < config->rotation_count; i++)
		names[i] = config->rotations[i].name;
	if (names)
		near = nearest(name, names, config->rotation_count);
	error_set(err, LKS_NOT_FOUND, "there is no rotation \"%s\"", name);
	if (near)
		error_hint(err, "did you mean \"%s\"?", near);
	return LKS_NOT_FOUND;
}

static bool is_named(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return count == 0;
}

/* Rows as the state has them; those never seen are collected in `unseen`. */
static enum lks_status read_rows(struct executor *executor, struct due_entry *entries, size_t count,
				 struct due_entry **unseen, size_t *ret_unseen,
				 struct lks_error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct rotation_row *row = &entries[i].row;
		enum lks_status status =
			state_rotation_read(executor->state, entries[i].rotation->name, row, err);
		if (status == LKS_NOT_FOUND || (status == LKS_OK && !row->first_seen_wall_ms)) {
			error_clear(err);
			unseen[(*ret_unseen)++] = &entries[i];
			continue;
		}
		if (status != LKS_OK)
			return status;
		bool changed = follow(executor, row, false);
		changed |= follow(executor, row, true);
		changed |= schedule_mend(row, clock_wall_ms());
		if (changed)
			rotation_row_keep(executor, row);
	}
	return LKS_OK;
}

static enum lks_status judge(struct executor *executor, struct due_entry *entries, size_t count,
			     struct lks_error *err)
{
	AUTO(free_ptr) struct due_entry **unseen = calloc(count + 1, sizeof(struct due_entry *));
	struct rotation_row all;
	size_t unseen_count = 0;
	if (!unseen)
		return error_no_memory(err, "look at rotations");
	enum lks_status status = read_rows(executor, entries, count, unseen, &unseen_count, err);
	if (status == LKS_OK)
		status = see_first(executor, unseen, unseen_count, err);
	if (status != LKS_OK)
		return status;
	status = state_rotation_read(executor->state, "*", &all, err);
	if (status != LKS_OK && status != LKS_NOT_FOUND)
		return status;
	error_clear(err);
	for (size_t i = 0; i < count; i++)
		schedule_judge(entries[i].rotation, &entries[i].row, status == LKS_OK ? &all : NULL,
			       clock_wall_ms(), &entries[i].due);
	return LKS_OK;
}

enum lks_status rotations_judge(struct executor *executor, char *const *names, size_t count,
				struct due_entry **ret_entries, size_t *ret_count,
				struct lks_error *err)
{
	const struct config *config = executor->config;
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		if (!config_rotation(config, names[i]))
			return rotation_unknown(config, names[i], err);
	}
	AUTO(free_ptr)
	struct due_entry *entries = calloc(config->rotation_count + 1, sizeof(*entries));
	if (!entries)
		return error_no_memory(err, "look at rotations");
	for (size_t i = 0; i < config->rotation_count; i++) {
		if (is_named(names, count, config->rotations[i].name))
			entries[found++].rotation = &config->rotations[i];
	}
	enum lks_status status = judge(executor, entries, found, err);
	if (status != LKS_OK)
		return status;
	*ret_entries = TAKE(entries);
	*ret_count = found;
	return LKS_OK;
}

enum lks_status operation_find(struct executor *executor, const char *word, char ret_id[37],
			       struct lks_error *err)
{
	for (int finished = 0; finished < 2; finished++) {
		AUTO(ids_release) struct ids ids = { 0 };
		enum lks_status status = state_operations(executor->state, !finished, word, 1,
							  &ids.items, &ids.count, err);
		if (status != LKS_OK)
			return status;
		if (ids.count) {
			string_copy(ret_id, 37, ids.items[0]);
			return LKS_OK;
		}
	}
	if (strlen(word) == 36) {
		string_copy(ret_id, 37, word);
		return LKS_OK;
	}
	error_set(err, LKS_NOT_FOUND, "there is no operation of \"%s\"", word);
	error_hint(err, "lockstep history shows the operations there are");
	return LKS_NOT_FOUND;
}
