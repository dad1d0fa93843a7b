/* SPDX-License-Identifier: Apache-2.0 */
/* Making plans, and what a plan says about the value of a target at a step. */
#include "txn/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "txn/operation.h"

#define TITLE_MAX 1400

const char *step_type_name(enum step_type type)
{
	static const char *const names[] = {
		[STEP_WRITE] = "write",   [STEP_DELETE] = "delete", [STEP_VERIFY] = "verify",
		[STEP_ISSUE] = "issue",   [STEP_REVOKE] = "revoke", [STEP_LABEL] = "label",
		[STEP_APPLY] = "apply",   [STEP_WAIT] = "wait",     [STEP_RELOAD] = "reload",
		[STEP_NOTIFY] = "notify", [STEP_FLAG] = "flag",     [STEP_RUN] = "run",
	};

	return type >= STEP_WRITE && type <= STEP_RUN ? names[type] : "unknown";
}

/* --- lists of texts --- */

enum lks_status plan_strings_add(struct strings *strings, const char *text, struct lks_error *err)
{
	char **grown = realloc(strings->items, (strings->count + 1) * sizeof(*grown));

	if (grown)
		strings->items = grown;
	if (!grown || !(grown[strings->count] = strdup(text)))
		return error_no_memory(err, "make a plan");
	strings->count++;
	return LKS_OK;
}

static void strings_free(struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->items[i]);
	free(strings->items);
	strings->items = NULL;
	strings->count = 0;
}

static enum lks_status add_sorted(struct strings *strings, const char *text, struct lks_error *err)
{
	size_t at = 0;
	enum lks_status status;
	char *added;

	while (at < strings->count && strcmp(strings->items[at], text) < 0)
		at++;
	if (at < strings->count && !strcmp(strings->items[at], text))
		return LKS_OK;
	status = plan_strings_add(strings, text, err);
	if (status)
		return status;
	added = strings->items[strings->count - 1];
	memmove(&strings->items[at + 1], &strings->items[at],
		(strings->count - 1 - at) * sizeof(*strings->items));
	strings->items[at] = added;
	return LKS_OK;
}

/* --- the plan --- */

enum lks_status plan_new(const char *kind, const char *name, struct plan **ret_plan,
			 struct lks_error *err)
{
	AUTO(plan_freep) struct plan *plan = calloc(1, sizeof(*plan));

	if (plan) {
		plan->kind = strdup(kind);
		plan->name = strdup(name);
		plan->config = json_null();
		plan->auto_rollback = true;
	}
	if (!plan || !plan->kind || !plan->name)
		return error_no_memory(err, "make a plan");
	*ret_plan = TAKE(plan);
	return LKS_OK;
}

static void step_release(struct step *step)
{
	for (size_t i = 0; i < step->target_count; i++) {
		free(step->targets[i].value);
		free(step->targets[i].expected);
	}
	free(step->targets);
	free(step->title);
	free(step->name);
	strings_free(&step->command);
	strings_free(&step->healthy);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->step_count; i++)
		step_release(&plan->steps[i]);
	free(plan->steps);
	free(plan->kind);
	free(plan->name);
	json_decref(plan->config);
	strings_free(&plan->records);
	strings_free(&plan->notes);
	free(plan);
}

void plan_freep(struct plan **plan)
{
	plan_free(*plan);
}

struct step *plan_add_step(struct plan *plan, enum step_type type, struct lks_error *err)
{
	struct step *grown;

	if (!step_functions(type)) {
		error_set(err, LKS_UNSUPPORTED, "this version cannot carry out a step of type %s",
			  step_type_name(type));
		return NULL;
	}
	grown = realloc(plan->steps, (plan->step_count + 1) * sizeof(*grown));
	if (!grown) {
		error_no_memory(err, "make a plan");
		return NULL;
	}
	plan->steps = grown;
	memset(&grown[plan->step_count], 0, sizeof(*grown));
	grown[plan->step_count].type = type;
	return &grown[plan->step_count++];
}

enum lks_status step_set_title(struct step *step, struct lks_error *err, const char *format, ...)
{
	char title[TITLE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(title, sizeof(title), format, arguments);
	va_end(arguments);
	free(step->title);
	step->title = strdup(title);
	return step->title ? LKS_OK : error_no_memory(err, "make a plan");
}

enum lks_status step_add_target(struct step *step, const struct reference *reference,
				const char *value, const char *expected, struct lks_error *err)
{
	struct target *grown;
	struct target target = { .reference = *reference };

	if (step->target_count && strcmp(step->targets[0].reference.store, reference->store))
		return error_set(err, LKS_INVALID,
				 "a step changes records of one store, not of %s and %s",
				 step->targets[0].reference.store, reference->store);
	target.value = value ? strdup(value) : NULL;
	target.expected = expected ? strdup(expected) : NULL;
	grown = realloc(step->targets, (step->target_count + 1) * sizeof(*grown));
	if (grown)
		step->targets = grown;
	if (!grown || (value && !target.value) || (expected && !target.expected)) {
		free(target.value);
		free(target.expected);
		return error_no_memory(err, "make a plan");
	}
	grown[step->target_count++] = target;
	return LKS_OK;
}

enum lks_status plan_add_record(struct plan *plan, const struct reference *reference,
				struct lks_error *err)
{
	char record[TARGET_NAME_MAX];

	reference_print_record(reference, record, sizeof(record));
	return add_sorted(&plan->records, record, err);
}

enum lks_status plan_add_note(struct plan *plan, struct lks_error *err, const char *format, ...)
{
	char note[TITLE_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	return plan_strings_add(&plan->notes, note, err);
}

/* --- what is where, by the plan --- */

bool step_changes(const struct step *step)
{
	return step->type == STEP_WRITE || step->type == STEP_DELETE || step->type == STEP_LABEL;
}

bool step_is_keep_previous(const struct step *step)
{
	return step->type == STEP_WAIT && step->name && !strcmp(step->name, "keep-previous");
}

/* Keeping the previous value comes after the commit wherever a planner puts
   the mark; its end is the point of no return. */
bool step_is_after(const struct step *step)
{
	return step->after_no_return || step_is_keep_previous(step);
}

static bool same_record(const struct reference *a, const struct reference *b)
{
	char name_a[TARGET_NAME_MAX];
	char name_b[TARGET_NAME_MAX];

	if (strcmp(a->store, b->store) || strcmp(a->path, b->path))
		return false;
	target_name(a, name_a, sizeof(name_a));
	target_name(b, name_b, sizeof(name_b));
	return !strcmp(name_a, name_b);
}

const struct target *plan_last_change(const struct plan *plan, size_t end,
				      const struct reference *reference)
{
	for (size_t i = end; i-- > 0;) {
		const struct step *step = &plan->steps[i];

		for (size_t j = 0; j < step->target_count; j++) {
			if (same_record(&step->targets[j].reference, reference))
				return &step->targets[j];
		}
	}
	return NULL;
}

/* `end` 0 is before the first step. */
const struct lks_record *plan_value_at(const struct plan *plan, const struct values *values,
				       size_t end, const struct reference *reference)
{
	const struct target *target = plan_last_change(plan, end, reference);
	char old[TARGET_NAME_MAX + 8];

	if (target)
		return values_get(values, target->value);
	value_name_old(reference, old, sizeof(old));
	return values_get(values, old);
}

/*
 * Where the value that `candidate` named at step `verify` is at step `now`:
 * a pending value has become the current one by then.
 */
const struct reference *plan_candidate_at(const struct plan *plan, size_t verify, size_t now)
{
	const struct reference *candidate = &plan->steps[verify].candidate;
	const struct target *then = plan_last_change(plan, verify, candidate);
	const struct target *here = plan_last_change(plan, now, candidate);
	const struct reference *found = NULL;

	if (!then || !then->value || (here && here->value && !strcmp(here->value, then->value)))
		return candidate;
	for (size_t i = 0; i < now; i++) {
		const struct step *step = &plan->steps[i];

		for (size_t j = 0; j < step->target_count; j++) {
			const struct target *target = &step->targets[j];

			if (!target->value || strcmp(target->value, then->value) ||
			    plan_last_change(plan, now, &target->reference) != target)
				continue;
			/* The first: copies of it come later. */
			if (!found ||
			    (target->reference.label == LABEL_NONE && found->label != LABEL_NONE))
				found = &target->reference;
		}
	}
	return found ? found : candidate;
}
