/* SPDX-License-Identifier: Apache-2.0 */
/* The strategy `staged`: the new value lies beside the current one until it
   was proven, then the labels move in one change per store. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rotate/steps.h"

/* A `pending` that no operation of ours is working on: the state that knew of
   it was lost. Guessing which value works is not ours. */
static enum lks_status pending_is_left(const struct shape_record *record,
				       const struct reference *pending, struct lks_error *err)
{
	char name[REFERENCE_MAX * 2], side[REFERENCE_MAX * 2];
	reference_print(&record->reference, name, sizeof(name));
	reference_print(pending, side, sizeof(side));
	error_set(err, LKS_CONFLICT,
		  "%s has a pending value (%s), but no operation here knows of it: the state that "
		  "did was lost, or it is another machine's",
		  name, side);
	error_reference(err, name);
	error_hint(err, "find out which value works, then remove %s by hand", side);
	return LKS_CONFLICT;
}

/* One side as it is now; `access` of the engine reaches it. */
static enum lks_status read_side(struct draft *draft, const struct reference *side,
				 struct lks_record *record, bool *ret_exists, struct lks_error *err)
{
	struct access access = *draft->access;
	access.is_engine = true;
	enum lks_status status = store_get(draft->stores, &access, side, true, record, err);
	*ret_exists = status == LKS_OK;
	if (status != LKS_NOT_FOUND)
		return status;
	error_clear(err);
	return LKS_OK;
}

static enum lks_status find_sides(struct draft *draft, size_t index, struct lks_error *err)
{
	const struct shape_record *record = &draft->shape->records[index];
	struct side_pair *sides = &draft->sides[index];
	uint64_t traits = 0;
	bool exists = false;
	enum lks_status status =
		store_side(draft->stores, &record->reference, SIDE_PENDING, &sides->pending, err);
	if (status == LKS_OK)
		status = store_side(draft->stores, &record->reference, SIDE_PREVIOUS,
				    &sides->previous, err);
	if (status == LKS_OK)
		status = store_traits(draft->stores, sides->pending.store, &traits, err);
	if (status != LKS_OK)
		return status;
	if (traits & LKS_DELETE_RESERVES_NAME)
		return error_set(err, LKS_UNSUPPORTED,
				 "store %s keeps the names of what was deleted; \"staged\" in such "
				 "a store is not available in this version",
				 sides->pending.store);
	AUTO(record_freep) struct lks_record *side = NULL;
	status = record_new(&side, err);
	if (status == LKS_OK)
		status = read_side(draft, &sides->pending, side, &exists, err);
	if (status == LKS_OK && exists)
		return pending_is_left(record, &sides->pending, err);
	record_clear(side);
	if (status == LKS_OK)
		status = read_side(draft, &sides->previous, side, &sides->has_previous, err);
	if (status == LKS_OK)
		string_copy(sides->previous_version, sizeof(sides->previous_version),
			    side->version);
	return status;
}

/* Each value must fit where it will lie for a while, too. */
static enum lks_status check_sides(struct draft *draft, size_t index, struct lks_error *err)
{
	const struct shape_record *record = &draft->shape->records[index];
	const struct side_pair *sides = &draft->sides[index];
	enum lks_status status = store_accepts(draft->stores, &sides->pending, record->fresh, err);
	if (status == LKS_OK)
		status = store_accepts(draft->stores, &sides->previous, record->old, err);
	return status;
}

static enum lks_status stage(struct draft *draft, struct lks_error *err)
{
	enum lks_status status = LKS_OK;
	for (size_t i = 0; i < draft->shape->count && status == LKS_OK; i++) {
		const struct shape_record *record = &draft->shape->records[i];
		if (!record->is_source)
			continue;
		const struct reference *pending = &draft->sides[i].pending;
		struct step *step = draft_step(draft, 0, STEP_WRITE, pending->store, err);
		if (!step)
			return no_step(err);
		status = step_add_target(step, pending, record->value, "", err);
	}
	return status == LKS_OK ? steps_name(draft, 0, "write the pending value of", err) : status;
}

enum move { MOVE_PREVIOUS, MOVE_CURRENT, MOVE_PENDING };

/* One record's share of the promotion: `move` says which of its labels. */
static enum lks_status add_move(struct draft *draft, size_t first, size_t index, enum move move,
				struct lks_error *err)
{
	const struct shape_record *record = &draft->shape->records[index];
	const struct side_pair *sides = &draft->sides[index];
	const struct reference *where = move == MOVE_PREVIOUS  ? &sides->previous
					: move == MOVE_PENDING ? &sides->pending
							       : &record->reference;
	struct step *step = draft_step(draft, first, STEP_LABEL, where->store, err);
	if (!step)
		return no_step(err);
	if (move == MOVE_CURRENT)
		return draft_write(draft, step, record, err);
	if (move == MOVE_PENDING)
		return step_add_target(step, where, NULL, NULL, err);
	char old[REFERENCE_MAX * 2];
	value_name_old(&record->reference, old, sizeof(old));
	const char *version = sides->has_previous ? sides->previous_version : "";
	return step_add_target(step, where, old, sides->has_previous && !*version ? NULL : version,
			       err);
}

/* Are this record's labels kept in another store than the record? */
static bool is_elsewhere(const struct draft *draft, size_t index)
{
	return strcmp(draft->sides[index].pending.store,
		      draft->shape->records[index].reference.store) != 0;
}

/* Labels in other stores move in changes of their own, around the promotion. */
static enum lks_status move_elsewhere(struct draft *draft, enum move move, const char *word,
				      struct lks_error *err)
{
	size_t first = draft->plan->step_count;
	for (size_t i = 0; i < draft->shape->count; i++) {
		if (!draft->shape->records[i].is_source || !is_elsewhere(draft, i))
			continue;
		enum lks_status status = add_move(draft, first, i, move, err);
		if (status != LKS_OK)
			return status;
	}
	return steps_name(draft, first, word, err);
}

/* One change per store: the labels of its secrets and the copies in it. */
static enum lks_status move_here(struct draft *draft, struct lks_error *err)
{
	size_t first = draft->plan->step_count;
	enum lks_status status = LKS_OK;
	for (size_t i = 0; i < draft->shape->count && status == LKS_OK; i++) {
		if (!draft->shape->records[i].is_source)
			continue;
		if (!is_elsewhere(draft, i))
			status = add_move(draft, first, i, MOVE_PREVIOUS, err);
		if (status == LKS_OK)
			status = add_move(draft, first, i, MOVE_CURRENT, err);
		if (status == LKS_OK && !is_elsewhere(draft, i))
			status = add_move(draft, first, i, MOVE_PENDING, err);
	}
	size_t promoted = draft->plan->step_count;
	for (size_t i = 0; i < draft->shape->count && status == LKS_OK; i++) {
		const struct shape_record *record = &draft->shape->records[i];
		if (record->is_source)
			continue;
		for (size_t s = first; s < promoted; s++) {
			struct step *step = &draft->plan->steps[s];
			if (strcmp(step->targets[0].reference.store, record->reference.store) == 0)
				status = draft_write(draft, step, record, err);
		}
	}
	return status == LKS_OK ? steps_name(draft, first, "promote", err) : status;
}

static bool is_promoted(const struct draft *draft, const struct shape_record *record)
{
	for (size_t i = 0; i < draft->shape->count; i++) {
		if (draft->shape->records[i].is_source &&
		    strcmp(draft->shape->records[i].reference.store, record->reference.store) == 0)
			return true;
	}
	return false;
}

static enum lks_status write_copies(struct draft *draft, struct lks_error *err)
{
	size_t first = draft->plan->step_count;
	for (size_t i = 0; i < draft->shape->count; i++) {
		const struct shape_record *record = &draft->shape->records[i];
		if (record->is_source || is_promoted(draft, record))
			continue;
		struct step *step =
			draft_step(draft, first, STEP_WRITE, record->reference.store, err);
		if (!step)
			return no_step(err);
		enum lks_status status = draft_write(draft, step, record, err);
		if (status != LKS_OK)
			return status;
	}
	return steps_name(draft, first, "write", err);
}

static enum lks_status keep_previous(struct draft *draft, struct lks_error *err)
{
	if (draft->rotation->keep_previous_ms <= 0)
		return LKS_OK;
	struct step *step = plan_add_step(draft->plan, STEP_WAIT, err);
	if (!step)
		return no_step(err);
	step->after_no_return = true;
	step->name = strdup("keep-previous");
	if (!step->name)
		return error_no_memory(err, "plan a rotation");
	step->duration_ms = draft->rotation->keep_previous_ms;
	char duration[32];
	duration_print(step->duration_ms, duration, sizeof(duration));
	return step_set_title(step, err, "keep the previous value for %s", duration);
}

static enum lks_status retire(struct draft *draft, struct lks_error *err)
{
	enum lks_status status = keep_previous(draft, err);
	size_t first = draft->plan->step_count;
	for (size_t i = 0; i < draft->shape->count && status == LKS_OK; i++) {
		if (!draft->shape->records[i].is_source)
			continue;
		const struct reference *previous = &draft->sides[i].previous;
		struct step *step = draft_step(draft, first, STEP_DELETE, previous->store, err);
		if (!step)
			return no_step(err);
		step->after_no_return = true;
		status = step_add_target(step, previous, NULL, NULL, err);
	}
	return status == LKS_OK ? steps_name(draft, first, "drop the previous value of", err)
				: status;
}

/* The window gates the promotion too: staging and proving may outlast it. */
static enum lks_status wait_for_window(struct draft *draft, struct lks_error *err)
{
	const struct config_window *window = &draft->rotation->window;
	if (!window->is_set)
		return LKS_OK;
	struct step *step = plan_add_step(draft->plan, STEP_WAIT, err);
	if (!step)
		return no_step(err);
	step->name = strdup("window");
	if (!step->name)
		return error_no_memory(err, "plan a rotation");
	step->poll_ms = draft->rotation->poll_ms;
	char text[128];
	window_print(window, text, sizeof(text));
	return step_set_title(step, err, "go on while its window is open (%s)", text);
}

enum lks_status plan_staged(struct draft *draft, struct lks_error *err)
{
	draft->sides = calloc(draft->shape->count, sizeof(*draft->sides));
	if (!draft->sides)
		return error_no_memory(err, "plan a rotation");
	enum lks_status status = LKS_OK;
	for (size_t i = 0; i < draft->shape->count && status == LKS_OK; i++) {
		if (!draft->shape->records[i].is_source)
			continue;
		status = find_sides(draft, i, err);
		if (status == LKS_OK)
			status = check_sides(draft, i, err);
	}
	if (status == LKS_OK)
		status = stage(draft, err);
	if (status == LKS_OK)
		status = draft_verify(draft, true, err);
	if (status == LKS_OK)
		status = wait_for_window(draft, err);
	if (status == LKS_OK)
		status = move_elsewhere(draft, MOVE_PREVIOUS, "keep the previous value of", err);
	if (status == LKS_OK)
		status = move_here(draft, err);
	if (status == LKS_OK)
		status = move_elsewhere(draft, MOVE_PENDING, "drop the pending value of", err);
	if (status == LKS_OK)
		status = write_copies(draft, err);
	if (status == LKS_OK)
		status = draft_reload(draft, err);
	if (status == LKS_OK)
		status = draft_verify(draft, false, err);
	if (status == LKS_OK)
		status = draft_soak(draft, err);
	return status == LKS_OK ? retire(draft, err) : status;
}
