/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a rotation, made under the claim of its secrets: proof that
   the old ones work, new ones, and the stores' word that they can hold them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rotate/generate.h"
#include "rotate/planner.h"
#include "rotate/shape.h"

/* A generator that gives the old value again gets this many tries. */
#define TRIES 3

static enum lks_status old_is_refused(const char *name, const char *verifier,
				      const struct lks_answer *answer, struct lks_error *err)
{
	bool is_known = answer->verdict == LKS_VERDICT_INVALID;
	error_set(err, is_known ? LKS_CONFLICT : LKS_UNAVAILABLE,
		  is_known ? "%s: %s says that the current value does not work%s%s"
			   : "%s: %s cannot say whether the current value works%s%s",
		  name, verifier, *answer->message ? ": " : "", answer->message);
	error_reference(err, name);
	error_hint(err, "nothing was changed; %s",
		   is_known ? "find out which value works and put it in its place, then try again"
			    : "try again when it answers");
	return is_known ? LKS_CONFLICT : LKS_UNAVAILABLE;
}

static enum lks_status prove_old(const struct rotate_job *job, const struct access *access,
				 const struct shape *shape, struct lks_error *err)
{
	for (size_t v = 0; v < job->rotation->verify.count; v++) {
		const char *verifier = job->rotation->verify.items[v];
		for (size_t i = 0; i < shape->count; i++) {
			struct lks_answer answer = { .verdict = LKS_VERDICT_UNKNOWN };
			char name[REFERENCE_MAX * 2];
			if (!shape->records[i].is_source)
				continue;
			enum lks_status status = verifier_ask(job->stores, access, verifier,
							      shape->records[i].old, &answer, err);
			if (status != LKS_OK)
				return status;
			reference_print(&shape->records[i].reference, name, sizeof(name));
			if (answer.verdict != LKS_VERDICT_VALID)
				return old_is_refused(name, verifier, &answer, err);
		}
	}
	return LKS_OK;
}

static enum lks_status make_values(const struct rotate_job *job, struct shape *shape,
				   struct lks_error *err)
{
	enum lks_status status = LKS_CONFLICT;
	for (int attempt = 0; attempt < TRIES && status == LKS_CONFLICT; attempt++) {
		AUTO(fresh_values_release) struct fresh_values values = { 0 };
		status = fresh_values_make(job->rotation, generate_value, &values, err);
		if (status != LKS_OK)
			return status;
		status = shape_fill(shape, &values, err);
	}
	return status;
}

/* Ask the places that the plan names, sides included. */
static enum lks_status check_accepted(const struct rotate_job *job, const struct plan *plan,
				      const struct values *values, struct lks_error *err)
{
	for (size_t s = 0; s < plan->step_count; s++) {
		for (size_t t = 0; t < plan->steps[s].target_count; t++) {
			const struct target *target = &plan->steps[s].targets[t];
			const struct lks_record *record =
				target->value ? values_get(values, target->value) : NULL;
			if (!record)
				continue;
			enum lks_status status =
				store_accepts(job->stores, &target->reference, record, err);
			if (status != LKS_OK)
				return status;
		}
	}
	return LKS_OK;
}

/* Found as posix_spawnp() finds it. */
static bool is_runnable(const char *name)
{
	const char *path = getenv("PATH");
	char candidate[4096];

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	for (path = path ? path : "/bin:/usr/bin"; *path; path += *path == ':') {
		size_t len = strcspn(path, ":");

		if (snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)len, path,
			     len ? "/" : "", name) < (int)sizeof(candidate) &&
		    access(candidate, X_OK) == 0)
			return true;
		path += len;
	}
	return false;
}

/* A reload that cannot be started cannot be undone either: found before the
   first effect, it is a mistake; after it, an operation that is stuck. */
static enum lks_status check_reloads(const struct config_rotation *rotation, struct lks_error *err)
{
	for (size_t i = 0; i < rotation->reload_count; i++) {
		const struct config_reload *reload = &rotation->reloads[i];
		const char *missing = NULL;

		if (reload->command.count && !is_runnable(reload->command.items[0]))
			missing = reload->command.items[0];
		else if (reload->healthy.count && !is_runnable(reload->healthy.items[0]))
			missing = reload->healthy.items[0];
		if (!missing)
			continue;
		error_set(err, LKS_INVALID, "%s: reload of %s: %s: %s", rotation->name,
			  reload->consumer, missing, strerror(errno));
		error_hint(err, "nothing was changed; name a program that can be run");
		return LKS_INVALID;
	}
	return LKS_OK;
}

enum lks_status rotate_prepare(void *context, const struct plan *plan, struct values *values,
			       struct lks_error *err)
{
	const struct rotate_job *job = context;
	struct access access = { .subject = job->subject,
				 .request = job->request,
				 .action = ACTION_ROTATE,
				 .is_engine = true };
	AUTO(shape_freep) struct shape *shape = NULL;
	enum lks_status status = check_reloads(job->rotation, err);
	if (status == LKS_OK)
		status = shape_new(job->rotation, &shape, err);
	if (status == LKS_OK)
		status = shape_take(shape, values, err);
	/* Between plan and claim somebody may have written to a copy. */
	if (status == LKS_OK)
		status = shape_check_copies(shape, err);
	if (status == LKS_OK)
		status = prove_old(job, &access, shape, err);
	if (status == LKS_OK)
		status = make_values(job, shape, err);
	for (size_t i = 0; i < (shape ? shape->count : 0) && status == LKS_OK; i++)
		status = values_put(values, shape->records[i].value, TAKE(shape->records[i].fresh),
				    err);
	return status == LKS_OK ? check_accepted(job, plan, values, err) : status;
}
