/* SPDX-License-Identifier: Apache-2.0 */
/* From one rotation of the config to a plan. */
#include "rotate/planner.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "rotate/generate.h"
#include "rotate/schedule.h"
#include "rotate/steps.h"

static enum lks_status not_available(const struct config_rotation *rotation, const char *what,
				     struct lks_error *err)
{
	return error_set(err, LKS_UNSUPPORTED, "%s: %s is not available in this version",
			 rotation->name, what);
}

/* What this version cannot do, said before anything is read. */
static enum lks_status check_available(const struct config_rotation *rotation,
				       struct lks_error *err)
{
	if (rotation->strategy != STRATEGY_IMMEDIATE && rotation->strategy != STRATEGY_STAGED) {
		AUTO(text_release) struct text what = TEXT_INIT;
		text_printf(&what, "the strategy \"%s\"", strategy_name(rotation->strategy));
		not_available(rotation, text_string(&what), err);
		error_hint(err, "immediate and staged are");
		return LKS_UNSUPPORTED;
	}
	if (rotation->issue)
		return not_available(rotation, "`issue` (the origin makes the value)", err);
	if (!rotation->has_generate || rotation->generate.kind == GENERATOR_NONE) {
		not_available(rotation, "a value that a person supplies", err);
		error_hint(err, "say how to make it: generate = { kind = \"password\"; };");
		return LKS_UNSUPPORTED;
	}
	return LKS_OK;
}

static enum lks_status check_verifiers(const struct rotate_job *job, struct lks_error *err)
{
	const struct config_rotation *rotation = job->rotation;
	if (rotation->require_verification && !rotation->verify.count) {
		error_set(err, LKS_INVALID,
			  "%s: no verifier is named, but verification is required", rotation->name);
		error_hint(err, "verify = [ \"NAME\" ]; or require_verification = false;");
		return LKS_INVALID;
	}
	for (size_t i = 0; i < rotation->verify.count; i++) {
		if (!config_verifier(job->config, rotation->verify.items[i]))
			return error_set(err, LKS_INVALID, "%s: there is no verifier \"%s\"",
					 rotation->name, rotation->verify.items[i]);
	}
	return LKS_OK;
}

static enum lks_status check_rotation(const struct rotate_job *job, struct lks_error *err)
{
	const struct config_rotation *rotation = job->rotation;
	enum lks_status status = check_available(rotation, err);
	if (status == LKS_OK)
		status = generate_check(&rotation->generate, err);
	if (status == LKS_OK)
		status = check_verifiers(job, err);
	if (status == LKS_OK && rotation->strategy == STRATEGY_IMMEDIATE &&
	    rotation->keep_previous_ms > 0) {
		error_set(err, LKS_INVALID,
			  "%s: \"immediate\" has no place for the previous value, so it cannot be "
			  "kept",
			  rotation->name);
		error_hint(err, "use strategy = \"staged\", or leave keep_previous out");
		return LKS_INVALID;
	}
	return status;
}

enum lks_status rotate_check(const struct config *config, const struct config_rotation *rotation,
			     struct lks_error *err)
{
	const struct rotate_job job = { .config = config, .rotation = rotation };

	return check_rotation(&job, err);
}

/* Fill the shape with samples and ask every store about what it would get. */
static enum lks_status check_values(const struct rotate_job *job, struct shape *shape,
				    struct lks_error *err)
{
	AUTO(fresh_values_release) struct fresh_values sample = { 0 };
	enum lks_status status = fresh_values_make(job->rotation, generate_sample, &sample, err);
	if (status != LKS_OK)
		return status;
	sample.is_sample = true;
	status = shape_fill(shape, &sample, err);
	for (size_t i = 0; i < shape->count && status == LKS_OK; i++)
		status = store_accepts(job->stores, &shape->records[i].reference,
				       shape->records[i].fresh, err);
	return status;
}

static enum lks_status note_return(struct plan *plan, const struct config_rotation *rotation,
				   struct lks_error *err)
{
	if (rotation->keep_previous_ms <= 0)
		return plan_add_note(plan, err,
				     "until it is done `rollback` restores everything; after that "
				     "only a new rotation helps");
	char when[32];
	int64_t now = clock_wall_ms();
	time_in_words(now + rotation->soak_ms + rotation->keep_previous_ms, now, when);
	return plan_add_note(plan, err,
			     "until %s `rollback` restores everything; after that only a new "
			     "rotation helps",
			     when);
}

static enum lks_status add_notes(struct plan *plan, const struct shape *shape,
				 struct lks_error *err)
{
	const struct config_rotation *rotation = shape->rotation;
	enum lks_status status = note_return(plan, rotation, err);
	if (status == LKS_OK)
		status = plan_add_note(plan, err, "the programs alone decide which values work");
	if (status == LKS_OK && !rotation->verify.count)
		status = plan_add_note(plan, err,
				       "nothing proves that the new value works: no verifier");
	if (status == LKS_OK && !rotation->auto_rollback)
		status = plan_add_note(plan, err,
				       "a failure is not rolled back by itself: it stops and waits "
				       "for a person");
	for (size_t i = 0; i < shape->count && status == LKS_OK; i++) {
		char name[REFERENCE_MAX * 2];
		if (shape->records[i].old)
			continue;
		reference_print(&shape->records[i].reference, name, sizeof(name));
		status = plan_add_note(plan, err, "%s is not there yet and is made", name);
	}
	return status;
}

static void draft_release(struct draft *draft)
{
	free(draft->sides);
}

static enum lks_status plan_steps(const struct rotate_job *job, const struct access *access,
				  struct shape *shape, struct plan *plan, struct lks_error *err)
{
	AUTO(draft_release)
	struct draft draft = { .stores = job->stores,
			       .access = access,
			       .rotation = job->rotation,
			       .shape = shape,
			       .plan = plan };
	return job->rotation->strategy == STRATEGY_STAGED ? plan_staged(&draft, err)
							  : plan_immediate(&draft, err);
}

static enum lks_status describe(const struct rotate_job *job, const struct shape *shape,
				struct plan *plan, struct lks_error *err)
{
	plan->config = config_rotation_json(job->rotation);
	if (!plan->config)
		return error_no_memory(err, "plan a rotation");
	plan->give_up_ms = job->rotation->give_up_ms;
	plan->auto_rollback = job->rotation->auto_rollback;
	for (size_t i = 0; i < shape->count; i++) {
		enum lks_status status = plan_add_record(plan, &shape->records[i].reference, err);
		if (status != LKS_OK)
			return status;
	}
	return add_notes(plan, shape, err);
}

enum lks_status rotate_plan(const struct rotate_job *job, struct plan **ret_plan,
			    struct lks_error *err)
{
	AUTO(shape_freep) struct shape *shape = NULL;
	AUTO(plan_freep) struct plan *plan = NULL;
	/* Not the engine's: whoever plans must be allowed to rotate all of it. */
	struct access access = { .subject = job->subject,
				 .request = job->request,
				 .action = ACTION_ROTATE };
	enum lks_status status = check_rotation(job, err);
	if (status == LKS_OK)
		status = shape_new(job->rotation, &shape, err);
	if (status == LKS_OK)
		status = shape_read(shape, job->stores, &access, err);
	if (status == LKS_OK)
		status = shape_check_copies(shape, err);
	if (status == LKS_OK)
		status = check_values(job, shape, err);
	if (status == LKS_OK)
		status = plan_new("rotate", job->rotation->name, &plan, err);
	if (status == LKS_OK)
		status = plan_steps(job, &access, shape, plan, err);
	if (status == LKS_OK)
		status = describe(job, shape, plan, err);
	if (status == LKS_OK)
		*ret_plan = TAKE(plan);
	return status;
}
