/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as JSON, back, and its hash. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "txn/operation.h"

/* Out of memory must not make a shorter plan: all of it or nothing. */
static json_t *whole(json_t *value, int failed)
{
	if (!failed)
		return value;
	json_decref(value);
	return NULL;
}

static json_t *strings_to_json(const struct strings *strings)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; array && i < strings->count; i++)
		failed |= json_array_append_new(array, json_string(strings->items[i]));
	return whole(array, failed);
}

static json_t *reference_to_json(const struct reference *reference)
{
	char text[REFERENCE_MAX * 2];

	if (!reference->store[0])
		return json_null();
	reference_print(reference, text, sizeof(text));
	return json_string(text);
}

static json_t *targets_to_json(const struct step *step)
{
	json_t *array = json_array();
	int failed = 0;

	for (size_t i = 0; array && i < step->target_count; i++) {
		const struct target *target = &step->targets[i];
		json_t *object = json_object();

		failed |= json_put(object, "reference", reference_to_json(&target->reference));
		failed |= json_put_text(object, "value", target->value);
		failed |= json_put_text(object, "expected", target->expected);
		failed |= json_array_append_new(array, object);
	}
	return whole(array, failed);
}

static json_t *step_to_json(const struct step *step)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put_text(object, "type", step_type_name(step->type));
	failed |= json_put_text(object, "title", step->title);
	failed |= json_put_flag(object, "after_no_return", step->after_no_return);
	failed |= json_put(object, "targets", targets_to_json(step));
	failed |= json_put_text(object, "name", step->name);
	failed |= json_put(object, "candidate", reference_to_json(&step->candidate));
	failed |= json_put_number(object, "duration_ms", step->duration_ms);
	failed |= json_put_number(object, "poll_ms", step->poll_ms);
	failed |= json_put(object, "command", strings_to_json(&step->command));
	failed |= json_put(object, "healthy", strings_to_json(&step->healthy));
	return whole(object, failed);
}

json_t *plan_to_json(const struct plan *plan)
{
	json_t *object = json_object();
	json_t *steps = json_array();
	int failed = 0;

	for (size_t i = 0; steps && i < plan->step_count; i++)
		failed |= json_array_append_new(steps, step_to_json(&plan->steps[i]));
	failed |= json_put_text(object, "kind", plan->kind);
	failed |= json_put_text(object, "name", plan->name);
	failed |= json_put(object, "config", json_deep_copy(plan->config));
	failed |= json_put(object, "steps", steps);
	failed |= json_put(object, "records", strings_to_json(&plan->records));
	failed |= json_put_number(object, "give_up_ms", plan->give_up_ms);
	failed |= json_put_flag(object, "auto_rollback", plan->auto_rollback);
	failed |= json_put(object, "notes", strings_to_json(&plan->notes));
	return whole(object, failed);
}

/* --- and back --- */

static enum lks_status malformed(struct lks_error *err, const char *what)
{
	return error_set(err, LKS_INVALID, "a stored plan is malformed: %s", what);
}

static enum lks_status read_strings(const json_t *array, struct strings *into,
				    struct lks_error *err)
{
	size_t index;
	json_t *item;

	json_array_foreach((json_t *)array, index, item)
	{
		enum lks_status status;

		if (!json_is_string(item))
			return malformed(err, "a list of texts");
		status = plan_strings_add(into, json_string_value(item), err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static enum lks_status read_text(const json_t *object, const char *key, char **into,
				 struct lks_error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return LKS_OK;
	if (!json_is_string(value))
		return malformed(err, key);
	*into = strdup(json_string_value(value));
	return *into ? LKS_OK : error_no_memory(err, "read a plan");
}

static enum lks_status read_target(const json_t *object, struct step *step, struct lks_error *err)
{
	AUTO(free_ptr) char *value = NULL;
	AUTO(free_ptr) char *expected = NULL;
	struct reference reference;
	enum lks_status status = reference_parse(json_text(object, "reference"), &reference, err);

	if (!status)
		status = read_text(object, "value", &value, err);
	if (!status)
		status = read_text(object, "expected", &expected, err);
	return status ? status : step_add_target(step, &reference, value, expected, err);
}

static enum step_type type_of(const char *name)
{
	for (int type = STEP_WRITE; type <= STEP_RUN; type++) {
		if (!strcmp(name, step_type_name((enum step_type)type)))
			return (enum step_type)type;
	}
	return (enum step_type)0;
}

static enum lks_status read_step(const json_t *object, struct plan *plan, struct lks_error *err)
{
	struct step *step = plan_add_step(plan, type_of(json_text(object, "type")), err);
	enum lks_status status = LKS_OK;
	size_t index;
	json_t *item;

	if (!step)
		return LKS_UNSUPPORTED;
	step->after_no_return = json_flag(object, "after_no_return");
	step->duration_ms = json_number(object, "duration_ms");
	step->poll_ms = json_number(object, "poll_ms");
	status = read_text(object, "title", &step->title, err);
	if (!status)
		status = read_text(object, "name", &step->name, err);
	if (!status && json_is_string(json_object_get(object, "candidate")))
		status = reference_parse(json_text(object, "candidate"), &step->candidate, err);
	if (!status)
		status = read_strings(json_object_get(object, "command"), &step->command, err);
	if (!status)
		status = read_strings(json_object_get(object, "healthy"), &step->healthy, err);
	json_array_foreach(json_object_get(object, "targets"), index, item)
	{
		if (!status)
			status = read_target(item, step, err);
	}
	return status;
}

enum lks_status plan_from_json(const json_t *json, struct plan **ret_plan, struct lks_error *err)
{
	AUTO(plan_freep) struct plan *plan = NULL;
	const json_t *steps = json_object_get(json, "steps");
	enum lks_status status;
	size_t index;
	json_t *item;

	if (!json_is_object(json) || !json_is_array(steps))
		return malformed(err, "it has no steps");
	status = plan_new(json_text(json, "kind"), json_text(json, "name"), &plan, err);
	if (status)
		return status;
	json_decref(plan->config);
	plan->config = json_deep_copy(json_object_get(json, "config"));
	if (!plan->config)
		plan->config = json_null();
	plan->give_up_ms = json_number(json, "give_up_ms");
	plan->auto_rollback = json_flag(json, "auto_rollback");
	status = read_strings(json_object_get(json, "records"), &plan->records, err);
	if (!status)
		status = read_strings(json_object_get(json, "notes"), &plan->notes, err);
	json_array_foreach((json_t *)steps, index, item)
	{
		if (!status)
			status = read_step(item, plan, err);
	}
	if (status)
		return status;
	*ret_plan = TAKE(plan);
	return LKS_OK;
}

/* --- the hash --- */

/* How a step is taken back; part of what a person agrees to. */
static const char *undo_name(const struct step *step)
{
	if (step->after_no_return)
		return "none";
	if (step_changes(step))
		return "restore";
	return step->type == STEP_RELOAD ? "again" : "nothing";
}

static json_t *step_hashed(const struct step *step)
{
	json_t *object = json_object();
	json_t *targets = json_array();
	int failed = 0;

	for (size_t i = 0; targets && i < step->target_count; i++) {
		const struct target *target = &step->targets[i];
		json_t *entry = json_object();

		failed |= json_put(entry, "reference", reference_to_json(&target->reference));
		failed |= json_put_flag(entry, "goes", !target->value);
		failed |= json_put_text(entry, "expected", target->expected);
		failed |= json_array_append_new(targets, entry);
	}
	failed |= json_put_text(object, "type", step_type_name(step->type));
	failed |= json_put_text(object, "undo", undo_name(step));
	failed |= json_put_flag(object, "after_no_return", step_is_after(step));
	failed |= json_put(object, "targets", targets);
	failed |= json_put_text(object, "name", step->name);
	failed |= json_put(object, "candidate", reference_to_json(&step->candidate));
	failed |= json_put(object, "command", strings_to_json(&step->command));
	failed |= json_put(object, "healthy", strings_to_json(&step->healthy));
	return whole(object, failed);
}

static json_t *plan_hashed(const struct plan *plan)
{
	json_t *object = json_object();
	json_t *steps = json_array();
	int failed = 0;

	for (size_t i = 0; steps && i < plan->step_count; i++)
		failed |= json_array_append_new(steps, step_hashed(&plan->steps[i]));
	failed |= json_put_text(object, "kind", plan->kind);
	failed |= json_put_text(object, "name", plan->name);
	failed |= json_put(object, "config", json_deep_copy(plan->config));
	failed |= json_put(object, "steps", steps);
	return whole(object, failed);
}

static int by_name(const void *a, const void *b)
{
	const struct plan *const *first = a;
	const struct plan *const *second = b;

	return strcmp((*first)->name, (*second)->name);
}

enum lks_status plan_hash(const struct plan *const *plans, size_t count, char ret_hex[65],
			  struct lks_error *err)
{
	AUTO(free_ptr) const struct plan **sorted = calloc(count + 1, sizeof(*sorted));
	AUTO(json_freep) json_t *array = json_array();
	AUTO(free_ptr) char *text = NULL;
	unsigned char digest[CRYPTO_DIGEST_SIZE];
	enum lks_status status;

	if (!sorted || !array)
		return error_no_memory(err, "hash a plan");
	for (size_t i = 0; i < count; i++)
		sorted[i] = plans[i];
	qsort(sorted, count, sizeof(struct plan *), by_name);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, plan_hashed(sorted[i]));
	text = json_array_size(array) == count ? json_canonical(array) : NULL;
	if (!text)
		return error_no_memory(err, "hash a plan");
	status = crypto_sha256(text, strlen(text), digest, err);
	if (!status)
		hex_print(digest, sizeof(digest), ret_hex);
	return status;
}
