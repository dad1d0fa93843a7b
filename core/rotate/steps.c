/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that the strategies put together. */
#include "rotate/steps.h"

#include <string.h>

#include "base/text.h"

struct step *draft_step(struct draft *draft, size_t first, enum step_type type, const char *store,
			struct lks_error *err)
{
	for (size_t i = first; i < draft->plan->step_count; i++) {
		struct step *step = &draft->plan->steps[i];
		if (step->type == type && step->target_count &&
		    strcmp(step->targets[0].reference.store, store) == 0)
			return step;
	}
	return plan_add_step(draft->plan, type, err);
}

static bool is_same(const struct reference *a, const struct reference *b)
{
	return strcmp(a->store, b->store) == 0 && strcmp(a->path, b->path) == 0;
}

/* The secret or copy that a target belongs to, also if it is one of its sides. */
static const struct reference *record_of(const struct draft *draft, const struct reference *target)
{
	for (size_t i = 0; i < draft->shape->count; i++) {
		const struct reference *record = &draft->shape->records[i].reference;
		const struct side_pair *sides = draft->sides ? &draft->sides[i] : NULL;
		if (is_same(record, target) || (sides && (is_same(&sides->pending, target) ||
							  is_same(&sides->previous, target))))
			return record;
	}
	return target;
}

static bool is_named_before(const struct draft *draft, const struct step *step, size_t index)
{
	const struct reference *wanted = record_of(draft, &step->targets[index].reference);
	for (size_t i = 0; i < index; i++) {
		if (record_of(draft, &step->targets[i].reference) == wanted)
			return true;
	}
	return false;
}

enum lks_status steps_name(struct draft *draft, size_t first, const char *word,
			   struct lks_error *err)
{
	for (size_t i = first; i < draft->plan->step_count; i++) {
		struct step *step = &draft->plan->steps[i];
		AUTO(text_release) struct text title = TEXT_INIT;
		size_t named = 0;
		for (size_t t = 0; t < step->target_count; t++) {
			char name[REFERENCE_MAX * 2];
			if (is_named_before(draft, step, t))
				continue;
			reference_print(record_of(draft, &step->targets[t].reference), name,
					sizeof(name));
			text_printf(&title, "%s%s", named++ ? ", " : "", name);
		}
		if (!text_ok(&title))
			return error_no_memory(err, "plan a rotation");
		enum lks_status status =
			step_set_title(step, err, "%s %s", word, text_string(&title));
		if (status != LKS_OK)
			return status;
	}
	return LKS_OK;
}

enum lks_status draft_write(struct draft *draft, struct step *step,
			    const struct shape_record *record, struct lks_error *err)
{
	(void)draft;
	const char *expected = record->old ? record->old->version : "";
	/* A store that could not say which version it is. */
	if (record->old && !*expected)
		expected = NULL;
	return step_add_target(step, &record->reference, record->value, expected, err);
}

static enum lks_status verify_one(struct draft *draft, size_t index, const char *verifier,
				  bool is_pending, struct lks_error *err)
{
	const struct shape_record *record = &draft->shape->records[index];
	struct step *step = plan_add_step(draft->plan, STEP_VERIFY, err);
	if (!step)
		return no_step(err);
	/* Named as the step that writes it names it, so that the executor
	   knows which value must be there. */
	step->candidate = is_pending ? draft->sides[index].pending : record->reference;
	step->name = strdup(verifier);
	if (!step->name)
		return error_no_memory(err, "plan a rotation");
	char name[REFERENCE_MAX * 2];
	reference_print(&record->reference, name, sizeof(name));
	return step_set_title(step, err, "ask %s about the %s value of %s", verifier,
			      is_pending ? "pending" : "new", name);
}

enum lks_status draft_verify(struct draft *draft, bool is_pending, struct lks_error *err)
{
	const struct strings *verifiers = &draft->rotation->verify;
	for (size_t v = 0; v < verifiers->count; v++) {
		for (size_t i = 0; i < draft->shape->count; i++) {
			if (!draft->shape->records[i].is_source)
				continue;
			enum lks_status status =
				verify_one(draft, i, verifiers->items[v], is_pending, err);
			if (status != LKS_OK)
				return status;
		}
	}
	return LKS_OK;
}

static enum lks_status copy_strings(const struct strings *from, struct strings *to,
				    struct lks_error *err)
{
	if (!from->count)
		return LKS_OK;
	to->items = calloc(from->count, sizeof(*to->items));
	if (!to->items)
		return error_no_memory(err, "plan a rotation");
	for (size_t i = 0; i < from->count; i++) {
		to->items[i] = strdup(from->items[i]);
		if (!to->items[i])
			return error_no_memory(err, "plan a rotation");
		to->count++;
	}
	return LKS_OK;
}

enum lks_status draft_reload(struct draft *draft, struct lks_error *err)
{
	for (size_t i = 0; i < draft->rotation->reload_count; i++) {
		const struct config_reload *reload = &draft->rotation->reloads[i];
		struct step *step = plan_add_step(draft->plan, STEP_RELOAD, err);
		if (!step)
			return no_step(err);
		step->name = strdup(reload->consumer);
		if (!step->name)
			return error_no_memory(err, "plan a rotation");
		step->duration_ms = reload->timeout_ms;
		enum lks_status status = copy_strings(&reload->command, &step->command, err);
		if (status == LKS_OK)
			status = copy_strings(&reload->healthy, &step->healthy, err);
		if (status == LKS_OK)
			status = step_set_title(
				step, err, "reload %s%s", reload->consumer,
				reload->healthy.count ? " and wait until it is healthy" : "");
		if (status != LKS_OK)
			return status;
	}
	return LKS_OK;
}

enum lks_status draft_soak(struct draft *draft, struct lks_error *err)
{
	if (draft->rotation->soak_ms <= 0)
		return LKS_OK;
	struct step *step = plan_add_step(draft->plan, STEP_WAIT, err);
	if (!step)
		return no_step(err);
	step->name = strdup("soak");
	if (!step->name)
		return error_no_memory(err, "plan a rotation");
	step->duration_ms = draft->rotation->soak_ms;
	step->poll_ms = draft->rotation->poll_ms;
	char duration[32];
	duration_print(step->duration_ms, duration, sizeof(duration));
	return step_set_title(step, err, "watch it for %s", duration);
}
