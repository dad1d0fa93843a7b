/* SPDX-License-Identifier: Apache-2.0 */
/* The one writing call: judged, audited before and after, read back. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/internal.h"

/* The changes of one call and where they go. */
struct job {
	struct stores *stores;
	const struct access *access;
	struct store_change *changes;
	struct place *places;
	struct lks_change *plain; /* as the plugin sees them */
	struct audit_entry *entries;
	char (*digests)[33];
	size_t count;
	struct instance *instance;
};

static void job_release(struct job *job)
{
	free(job->places);
	free(job->plain);
	free(job->entries);
	free(job->digests);
}

static enum lks_status job_init(struct job *job, struct lks_error *err)
{
	job->places = calloc(job->count + 1, sizeof(*job->places));
	job->plain = calloc(job->count + 1, sizeof(*job->plain));
	job->entries = calloc(job->count + 1, sizeof(*job->entries));
	job->digests = calloc(job->count + 1, sizeof(*job->digests));
	if (!job->places || !job->plain || !job->entries || !job->digests)
		return error_no_memory(err, "changing a secret");
	return LKS_OK;
}

static enum lks_status refuse(const struct place *place, struct lks_error *err, const char *why)
{
	error_set(err, LKS_UNSUPPORTED, "%s cannot be changed: %s", place->text, why);
	error_reference(err, place->text);
	return LKS_UNSUPPORTED;
}

/* What the engine knows without asking the plugin. */
static enum lks_status check_change(const struct place *place, const struct lks_record *record,
				    struct lks_error *err)
{
	const struct instance *store = place->instance;
	const struct lks_backend *backend = store->plugin->backend;
	uint64_t max = store->descriptor->value_max;

	if (store->store->read_only)
		return refuse(place, err, "the config says read_only = true for its store");
	if (record ? !backend->set && !backend->set_many : !backend->remove && !backend->set_many)
		return refuse(place, err,
			      record ? "its plugin only reads" : "its plugin cannot delete");
	if (place->record.version[0])
		return refuse(place, err, "a version that is stored never changes");
	if (!record)
		return LKS_OK;
	if (!record->field_count)
		return refuse(place, err, "the new record has no field");
	if (!(store->descriptor->backend_traits & LKS_FIELDS) &&
	    (record->field_count != 1 || strcmp(record->fields[0].name, "value")))
		return refuse(place, err,
			      "its store has no fields: one value, without #FIELD, is all it "
			      "holds");
	for (size_t i = 0; i < record->field_count; i++) {
		const struct lks_buffer *value = record->fields[i].value;

		if (max && value->len > max)
			return refuse(place, err, "the value is too long for its store");
		if (!(store->descriptor->backend_traits & LKS_BINARY) &&
		    memchr(value->data, 0, value->len))
			return refuse(place, err, "its store holds text, and the value has a NUL");
	}
	return LKS_OK;
}

static enum lks_status prepare(struct job *job, struct lks_error *err)
{
	for (size_t i = 0; i < job->count; i++) {
		struct place *place = &job->places[i];
		enum lks_status status =
			place_find(job->stores, &job->changes[i].reference, place, err);

		if (!status)
			status = place_admit(job->stores, job->access, place, NULL, err);
		if (!status)
			status = place_open(job->stores, job->access, place, err);
		if (!status)
			status = check_change(place, job->changes[i].record, err);
		if (status)
			return status;
		if (place->instance != job->places[0].instance)
			return error_set(err, LKS_FAILED,
					 "one change cannot span the stores %s and %s",
					 job->places[0].instance->name, place->instance->name);
		job->plain[i] = (struct lks_change){ .path = place->reference.path,
						     .record = job->changes[i].record,
						     .expected = job->changes[i].expected };
	}
	job->instance = job->places[0].instance;
	return LKS_OK;
}

static enum lks_status do_one(struct instance *instance, const struct lks_call *call,
			      const struct lks_change *change, struct lks_error *err)
{
	const struct lks_backend *backend = instance->plugin->backend;
	enum lks_status status;

	if (change->record)
		return backend->set(instance->handle, call, change->path, change->record,
				    change->expected, err);
	status = backend->remove(instance->handle, call, change->path, change->expected, err);
	/* As in set_many: what is not there need not go. */
	if (status == LKS_NOT_FOUND && !change->expected) {
		error_clear(err);
		return LKS_OK;
	}
	return status;
}

static enum lks_status do_changes(struct instance *instance, const struct lks_call *call,
				  void *context, struct lks_error *err)
{
	const struct job *job = context;
	const struct lks_backend *backend = instance->plugin->backend;
	bool one_by_one = !backend->set_many;

	if (job->count == 1)
		one_by_one = job->plain[0].record ? backend->set != NULL : backend->remove != NULL;
	if (!one_by_one)
		return backend->set_many(instance->handle, call, job->plain, job->count, err);
	for (size_t i = 0; i < job->count; i++) {
		enum lks_status status = do_one(instance, call, &job->plain[i], err);

		if (status)
			return status;
	}
	return LKS_OK;
}

/* Is what is there now what was written? LKS_CONFLICT: no. */
static enum lks_status read_back_one(const struct job *job, size_t i, struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *there = NULL;
	struct lks_record *record = job->changes[i].record;
	struct place *place = &job->places[i];
	enum lks_status status = record_new(&there, err);

	if (status)
		return status;
	status = read_place(job->stores, job->access, place, record && !record->version[0], there,
			    err);
	if (status == LKS_NOT_FOUND ? !record : !status && record && record_equal(there, record)) {
		if (record && !record->version[0])
			string_copy(record->version, sizeof(record->version), there->version);
		error_clear(err);
		return LKS_OK;
	}
	if (status && status != LKS_NOT_FOUND) {
		error_prefix(err, "reading it back: ");
		return status;
	}
	error_set(err, LKS_CONFLICT, "%s: what is stored now is not what was just written",
		  place->text);
	error_reference(err, place->text);
	error_hint(err, "somebody else writes there, or the store changes values");
	return LKS_CONFLICT;
}

static enum lks_status read_back(const struct job *job, struct lks_error *err)
{
	for (size_t i = 0; i < job->count; i++) {
		enum lks_status status = read_back_one(job, i, err);

		if (status)
			return status;
	}
	return LKS_OK;
}

/* After the effect: a failure to look is not a failure to write. */
static enum lks_status confirm(const struct job *job, enum lks_status status, struct lks_error *err)
{
	struct lks_error lost;
	enum lks_status seen;

	if (status && status != LKS_UNCERTAIN)
		return status;
	if (status && err)
		lost = *err;
	seen = read_back(job, err);
	if (!seen || (!status && seen == LKS_CONFLICT))
		return seen;
	if (status) {
		if (err)
			*err = lost;
		return status;
	}
	if (err) {
		err->status = LKS_UNCERTAIN;
		error_hint(err, "it was written; whether it is there is not known");
	}
	return LKS_UNCERTAIN;
}

static enum lks_status audit(const struct job *job, enum audit_phase phase, enum lks_status outcome,
			     struct lks_error *err)
{
	enum lks_status status;
	struct lks_error lost;

	for (size_t i = 0; i < job->count; i++) {
		struct audit_entry *entry = &job->entries[i];
		const struct lks_record *record = job->changes[i].record;

		place_entry(job->access, &job->places[i], phase, entry);
		if (phase == AUDIT_BEFORE)
			continue;
		entry->outcome = status_name(outcome);
		if (outcome || !record)
			continue;
		entry->version = record->version[0] ? record->version : NULL;
		if (stores_audit_digest(job->stores, record, job->digests[i]))
			entry->digest = job->digests[i];
	}
	status = audit_write_many(job->stores->audit, job->entries, job->count, &lost);
	return audit_lost(job->access, status, &lost, err);
}

static enum lks_status run(struct job *job, struct lks_error *err)
{
	struct lks_error lost;
	enum lks_status status = prepare(job, err);

	if (!status)
		status = audit(job, AUDIT_BEFORE, LKS_OK, err);
	if (status)
		return status;
	status = instance_call(job->stores, job->access, job->instance, "set",
			       LKS_CALL_WANT_VERSION, do_changes, job, err);
	status = confirm(job, status, err);
	/* A backend may quote what it could not hold. */
	for (size_t i = 0; status && err && i < job->count; i++)
		mask_said(job->changes[i].record, NULL, err->message, sizeof(err->message));
	if (status && err && !err->reference[0])
		error_reference(err, job->places[0].text);
	/* The change is made: that it was begun is written down already. */
	if (audit(job, AUDIT_AFTER, status, &lost))
		log_error("%s: %s", lost.where, lost.message);
	return status;
}

enum lks_status store_change(struct stores *stores, const struct access *access,
			     struct store_change *changes, size_t count, struct lks_error *err)
{
	AUTO(job_release)
	struct job job = { .stores = stores, .access = access, .changes = changes, .count = count };
	enum lks_status status = job_init(&job, err);

	if (status || !count)
		return status;
	return run(&job, err);
}

/* --- would it be held? ------------------------------------------------------ */

struct question {
	const struct place *place;
	const struct lks_record *record;
};

static enum lks_status do_accepts(struct instance *instance, const struct lks_call *call,
				  void *context, struct lks_error *err)
{
	const struct question *question = context;

	return instance->plugin->backend->accepts(
		instance->handle, call, question->place->reference.path, question->record, err);
}

enum lks_status store_accepts(struct stores *stores, const struct reference *reference,
			      const struct lks_record *record, struct lks_error *err)
{
	struct subject planner = { .name = "engine:planner" };
	struct access access = { .subject = &planner, .is_engine = true };
	struct place place;
	struct question question = { &place, record };
	enum lks_status status = place_find(stores, reference, &place, err);

	if (!status)
		status = place_open(stores, &access, &place, err);
	if (!status)
		status = check_change(&place, record, err);
	if (status || !record || !place.instance->plugin->backend->accepts)
		return status;
	status = instance_call(stores, &access, place.instance, "accepts", 0, do_accepts, &question,
			       err);
	if (status && err && !err->reference[0])
		error_reference(err, place.text);
	return status;
}
