/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as people and programs see it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/rotation.h"

static const char *undo_of(const struct step *step)
{
	switch (step->type) {
	case STEP_WRITE:
		return "write the old value back, remove what was not there";
	case STEP_LABEL:
		return "move the labels back";
	case STEP_DELETE:
		return step->after_no_return ? "none" : "write the old value back";
	case STEP_RELOAD:
		return "reload again once the old values are back";
	default:
		return "nothing to undo";
	}
}

/* Every poll of a soak asks again what was asked since the last change. */
static int64_t calls_of_wait(const struct plan *plan, const struct step *wait)
{
	size_t index = (size_t)(wait - plan->steps);
	int64_t asked = 0;

	while (index-- > 0 && !plan->steps[index].target_count)
		asked += plan->steps[index].type == STEP_VERIFY;
	return wait->poll_ms > 0 ? 2 * asked * (wait->duration_ms / wait->poll_ms) : 0;
}

/* Calls to the store's service and to verifiers, if nothing is tried again. */
static int64_t calls_of(struct cli *cli, const struct plan *plan, const struct step *step)
{
	uint64_t traits = 0;

	switch (step->type) {
	case STEP_WRITE:
	case STEP_LABEL:
	case STEP_DELETE:
		/* The change, and reading it back. */
		if (step->target_count &&
		    store_traits(cli->stores, step->targets[0].reference.store, &traits, NULL) ==
			    LKS_OK &&
		    traits & LKS_ATOMIC_MANY)
			return 2;
		return 2 * (int64_t)step->target_count;
	case STEP_VERIFY:
		return 2;
	case STEP_WAIT:
		return calls_of_wait(plan, step);
	default:
		return 0;
	}
}

static json_t *targets_of(const struct step *step)
{
	char name[REFERENCE_MAX * 2];
	json_t *targets = json_array();

	for (size_t i = 0; i < step->target_count; i++) {
		reference_print(&step->targets[i].reference, name, sizeof(name));
		json_array_append_new(targets, json_string(name));
	}
	if (step->type == STEP_VERIFY) {
		reference_print(&step->candidate, name, sizeof(name));
		json_array_append_new(targets, json_string(name));
	} else if (step->type == STEP_RELOAD || step->type == STEP_WAIT) {
		json_array_append_new(targets, json_string(step->name));
	}
	return targets;
}

static json_t *strings_json(const struct strings *strings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < strings->count; i++)
		json_array_append_new(array, json_string(strings->items[i]));
	return array;
}

static json_t *step_json(struct cli *cli, const struct plan *plan, size_t index)
{
	const struct step *step = &plan->steps[index];
	json_t *object = json_object();

	if (json_put_number(object, "step", (int64_t)index + 1) ||
	    json_put_text(object, "type", step_type_name(step->type)) ||
	    json_put_text(object, "title", step->title) ||
	    json_put(object, "target", targets_of(step)) ||
	    json_put_text(object, "undo", undo_of(step)) ||
	    /* Each asks first whether it is already so. */
	    json_put_flag(object, "idempotent", true) ||
	    json_put_flag(object, "before_point_of_no_return", !step->after_no_return) ||
	    json_put_number(object, "api_calls", calls_of(cli, plan, step)) ||
	    (step->type == STEP_VERIFY && json_put_text(object, "verifier", step->name)) ||
	    (step->duration_ms && json_put_number(object, "duration_ms", step->duration_ms))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

int plan_describe(struct cli *cli, const struct plan *plan, json_t *object)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->step_count; i++) {
		json_t *step = step_json(cli, plan, i);

		if (!step || json_array_append_new(steps, step)) {
			json_decref(steps);
			return -1;
		}
	}
	return json_put(object, "steps", steps) ||
			       json_put(object, "records", strings_json(&plan->records)) ||
			       json_put(object, "notes", strings_json(&plan->notes))
		       ? -1
		       : 0;
}

static void print_item(const char *first, const char *text)
{
	/* cli_print_wrapped() indents every line; the first gets its mark. */
	AUTO(text_release) struct text line = TEXT_INIT;
	size_t column = 0, width = strlen(first);
	const char *next = text;

	text_add(&line, first);
	while (*next) {
		size_t len = strcspn(next, " ");

		if (column && width + column + 1 + len > 78) {
			text_add_char(&line, '\n');
			for (size_t i = 0; i < width; i++)
				text_add_char(&line, ' ');
			column = 0;
		} else if (column) {
			text_add_char(&line, ' ');
			column++;
		}
		text_append(&line, next, len);
		column += len;
		next += len;
		next += *next == ' ';
	}
	puts(text_string(&line));
}

static void print_list(const struct plan *plan, const char *label, enum step_type type)
{
	AUTO(text_release) struct text names = TEXT_INIT;
	AUTO(text_release) struct text seen = TEXT_INIT;

	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *step = &plan->steps[i];
		const char *name =
			step->target_count ? step->targets[0].reference.store : step->name;
		char needle[300];

		if (type == STEP_WRITE ? !step->target_count : step->type != type)
			continue;
		snprintf(needle, sizeof(needle), " %s ", name);
		if (strstr(text_string(&seen), needle))
			continue;
		text_add(&seen, needle);
		text_printf(&names, "%s%s", names.len ? ", " : "", name);
	}
	if (names.len)
		print_item(label, text_string(&names));
}

void plan_print(const struct plan *plan)
{
	char mark[32];

	for (size_t i = 0; i < plan->step_count; i++) {
		bool is_first_after = plan->steps[i].after_no_return &&
				      (i == 0 || !plan->steps[i - 1].after_no_return);

		if (is_first_after)
			puts("      -- then the new value is in force --");
		snprintf(mark, sizeof(mark), "%4zu  ", i + 1);
		print_item(mark, plan->steps[i].title);
	}
	print_list(plan, "      changes: ", STEP_WRITE);
	print_list(plan, "      asks: ", STEP_VERIFY);
	print_list(plan, "      restarts: ", STEP_RELOAD);
	for (size_t i = 0; i < plan->notes.count; i++)
		print_item("      - ", plan->notes.items[i]);
}
