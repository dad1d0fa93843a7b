/* SPDX-License-Identifier: Apache-2.0 */
/* Reading many records: one get_many per store, one audit line per outcome. */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/internal.h"

#define AUDIT_TEXT_MAX 16384 /* of references in one line */

struct many {
	struct stores *stores;
	const struct access *access;
	struct place *places;
	struct lks_record *const *records;
	struct lks_error *errors; /* one each; status LKS_OK: read, or still to be */
	bool *is_done;
	size_t count;
};

/* What one call of get_many is about: the places of one instance. */
struct batch {
	const struct many *many;
	size_t *indices;
	const char **paths;
	struct lks_record **records;
	enum lks_status *statuses;
	size_t count;
};

static enum lks_status do_get_many(struct instance *instance, const struct lks_call *call,
				   void *context, struct lks_error *err)
{
	struct batch *batch = context;

	for (size_t i = 0; i < batch->count; i++) {
		record_clear(batch->records[i]);
		batch->statuses[i] = LKS_NOT_FOUND;
	}
	return instance->plugin->backend->get_many(instance->handle, call, batch->paths,
						   batch->records, batch->count, batch->statuses,
						   err);
}

static void read_single(const struct many *many, size_t i)
{
	struct lks_error *err = &many->errors[i];

	if (!read_place(many->stores, many->access, &many->places[i], false, many->records[i], err))
		error_clear(err);
	many->is_done[i] = true;
}

/* The batch's outcome as everyone's own. */
static void settle(const struct batch *batch, struct instance *instance, enum lks_status status,
		   const struct lks_error *cause)
{
	for (size_t i = 0; i < batch->count; i++) {
		size_t index = batch->indices[i];
		struct lks_error *err = &batch->many->errors[index];
		const char *text = batch->many->places[index].text;

		batch->many->is_done[index] = true;
		if (status) {
			*err = *cause;
			error_reference(err, text);
		} else if (batch->statuses[i]) {
			error_set(err, batch->statuses[i], "%s: %s", text,
				  batch->statuses[i] == LKS_NOT_FOUND ? "there is no such secret"
								      : "could not be read");
			error_reference(err, text);
		} else if (!fence_record(batch->records[i], instance->plugin_name, err)) {
			error_clear(err);
		}
		if (err->status)
			record_clear(batch->records[i]);
	}
}

static bool batch_new(struct batch *batch, size_t count)
{
	batch->indices = calloc(count, sizeof(*batch->indices));
	batch->paths = calloc(count, sizeof(*batch->paths));
	batch->records = calloc(count, sizeof(struct lks_record *));
	batch->statuses = calloc(count, sizeof(*batch->statuses));
	return batch->indices && batch->paths && batch->records && batch->statuses;
}

static void batch_release(struct batch *batch)
{
	free(batch->indices);
	free(batch->paths);
	free(batch->records);
	free(batch->statuses);
}

/* All that is still to be read of the instance that the `first` one is in. */
static enum lks_status read_batch(const struct many *many, size_t first, struct lks_error *err)
{
	AUTO(batch_release) struct batch batch = { .many = many };
	struct instance *instance = many->places[first].instance;
	struct lks_error cause;
	enum lks_status status;

	if (!batch_new(&batch, many->count))
		return error_no_memory(err, "reading several secrets");
	for (size_t i = first; i < many->count; i++) {
		if (many->is_done[i] || many->places[i].instance != instance ||
		    many->places[i].reference.version[0])
			continue;
		batch.indices[batch.count] = i;
		batch.paths[batch.count] = many->places[i].reference.path;
		batch.records[batch.count++] = many->records[i];
	}
	error_clear(&cause);
	status = instance_call(many->stores, many->access, instance, "get_many", 0, do_get_many,
			       &batch, &cause);
	settle(&batch, instance, status, &cause);
	return LKS_OK;
}

/* Judge and open; a failure is that reference's own. */
static enum lks_status prepare(const struct many *many, const struct reference *references,
			       struct lks_error *err)
{
	for (size_t i = 0; i < many->count; i++) {
		struct lks_error *own = &many->errors[i];
		struct place *place = &many->places[i];
		enum lks_status status;

		record_clear(many->records[i]);
		status = place_find(many->stores, &references[i], place, own);
		if (!status)
			status = place_admit(many->stores, many->access, place, NULL, own);
		if (status && own->exit_code == EXIT_AUDIT) {
			if (err)
				*err = *own;
			return status;
		}
		if (!status)
			status = place_open(many->stores, many->access, place, own);
		many->is_done[i] = status != LKS_OK;
		if (!status)
			error_clear(own);
	}
	return LKS_OK;
}

/* One line for all places that ended as `i` did. */
static enum lks_status audit_alike(const struct many *many, bool *written, size_t first,
				   struct lks_error *err)
{
	AUTO(text_release) struct text list = TEXT_INIT;
	struct audit_entry entry;
	struct lks_error lost;
	enum lks_status status;

	place_entry(many->access, &many->places[first], AUDIT_READ, &entry);
	for (size_t i = first; i < many->count && list.len < AUDIT_TEXT_MAX; i++) {
		if (written[i] || many->errors[i].status != many->errors[first].status)
			continue;
		text_printf(&list, "%s%s", list.len ? " " : "", many->places[i].text);
		written[i] = true;
	}
	if (!text_ok(&list))
		return error_no_memory(err, "writing the audit log");
	entry.reference = text_string(&list);
	entry.outcome = status_name(many->errors[first].status);
	entry.rule = NULL;
	status = audit_write(many->stores->audit, &entry, &lost);
	return audit_lost(many->access, status, &lost, err);
}

static enum lks_status audit_all(const struct many *many, struct lks_error *err)
{
	AUTO(free_ptr) bool *written = calloc(many->count + 1, sizeof(*written));

	if (!written)
		return error_no_memory(err, "writing the audit log");
	for (size_t i = 0; i < many->count; i++) {
		enum lks_status status;

		/* Denials have their line, with the rule; what no store was
		   asked for has none. */
		if (written[i] || many->errors[i].status == LKS_DENIED || !many->places[i].instance)
			continue;
		status = audit_alike(many, written, i, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

static enum lks_status read_all(const struct many *many, const struct reference *references,
				struct lks_error *err)
{
	enum lks_status status = prepare(many, references, err);

	for (size_t i = 0; !status && i < many->count; i++) {
		const struct place *place = &many->places[i];

		if (many->is_done[i])
			continue;
		if (place->instance->plugin->backend->get_many && !place->reference.version[0])
			status = read_batch(many, i, err);
		else
			read_single(many, i);
	}
	return status ? status : audit_all(many, err);
}

enum lks_status store_get_many(struct stores *stores, const struct access *access,
			       const struct reference *references, size_t count,
			       struct lks_record *const *records, struct lks_error *ret_errors,
			       struct lks_error *err)
{
	AUTO(free_ptr) struct place *places = calloc(count + 1, sizeof(*places));
	AUTO(free_ptr) bool *is_done = calloc(count + 1, sizeof(*is_done));
	struct many many = { stores, access, places, records, ret_errors, is_done, count };
	enum lks_status status;

	if (!places || !is_done)
		return error_no_memory(err, "reading several secrets");
	status = read_all(&many, references, err);
	for (size_t i = 0; status && i < count; i++)
		record_clear(records[i]);
	return status;
}
