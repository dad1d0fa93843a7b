/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All stores of a config: finding one, judging who may reach what in it, and
 * the audit's lines about that.
 */
#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/internal.h"

static void fill_stores(struct stores *stores)
{
	const struct config *config = stores->config;

	for (size_t i = 0; i < config->store_count; i++) {
		const struct config_store *store = &config->stores[i];

		stores->stores[i] = (struct instance){ .kind = "store",
						       .name = store->name,
						       .plugin_name = store->plugin,
						       .group = store->settings,
						       .timeout_ms = store->timeout_ms,
						       .store = store };
	}
	for (size_t i = 0; i < config->verifier_count; i++) {
		const struct config_verifier *verifier = &config->verifiers[i];

		stores->verifiers[i] = (struct instance){ .kind = "verifier",
							  .name = verifier->name,
							  .plugin_name = verifier->plugin,
							  .group = verifier->settings,
							  .timeout_ms = verifier->timeout_ms };
	}
}

enum lks_status stores_new(const struct config *config, struct registry *registry,
			   struct audit *audit, struct stores **ret_stores, struct lks_error *err)
{
	struct stores *stores = calloc(1, sizeof(*stores));

	if (!stores)
		return error_no_memory(err, "preparing the stores");
	stores->config = config;
	stores->registry = registry;
	stores->audit = audit;
	stores->stores = calloc(config->store_count + 1, sizeof(*stores->stores));
	stores->verifiers = calloc(config->verifier_count + 1, sizeof(*stores->verifiers));
	stores->opened =
		calloc(config->store_count + config->verifier_count + 1, sizeof(struct instance *));
	if (!stores->stores || !stores->verifiers || !stores->opened) {
		stores_free(stores);
		return error_no_memory(err, "preparing the stores");
	}
	fill_stores(stores);
	*ret_stores = stores;
	return LKS_OK;
}

void stores_free(struct stores *stores)
{
	if (!stores)
		return;
	while (stores->opened_count)
		instance_close(stores, stores->opened[stores->opened_count - 1]);
	secret_free(stores->digest_key);
	secret_free(stores->audit_key);
	free(stores->opened);
	free(stores->verifiers);
	free(stores->stores);
	free(stores);
}

struct instance *stores_find(struct stores *stores, const char *name)
{
	for (size_t i = 0; i < stores->config->store_count; i++) {
		if (!strcmp(stores->stores[i].name, name))
			return &stores->stores[i];
	}
	return NULL;
}

static enum lks_status no_such_store(const struct stores *stores, const char *name,
				     struct lks_error *err)
{
	AUTO(free_ptr) const char **names = calloc(stores->config->store_count + 1, sizeof(*names));
	const char *near = NULL;

	error_set(err, LKS_INVALID, "there is no store \"%s\" in the config", name);
	for (size_t i = 0; names && i < stores->config->store_count; i++)
		names[i] = stores->config->stores[i].name;
	if (names)
		near = nearest(name, names, stores->config->store_count);
	if (near)
		error_hint(err, "did you mean \"%s\"?", near);
	return LKS_INVALID;
}

enum lks_status place_find(struct stores *stores, const struct reference *reference,
			   struct place *ret_place, struct lks_error *err)
{
	char namespace[256];
	enum lks_status status;

	memset(ret_place, 0, sizeof(*ret_place));
	reference_print(reference, ret_place->text, sizeof(ret_place->text));
	ret_place->instance = stores_find(stores, reference->store);
	if (!ret_place->instance)
		return no_such_store(stores, reference->store, err);
	status = layout_match(ret_place->instance->store->layout, reference->path,
			      ret_place->tenant, namespace, err);
	if (status) {
		error_reference(err, ret_place->text);
		return status;
	}
	ret_place->record = *reference;
	ret_place->record.field[0] = '\0';
	ret_place->reference = ret_place->record;
	return LKS_OK;
}

void place_entry(const struct access *access, const struct place *place, enum audit_phase phase,
		 struct audit_entry *ret_entry)
{
	*ret_entry = (struct audit_entry){ .phase = phase,
					   .action = action_name(access->action),
					   .subject = access->subject->name,
					   .reference = place->text,
					   .request = access->request,
					   .operation = access->operation,
					   .step = access->step,
					   .reason = place->grant ? place->grant : access->reason,
					   .rule = place->rule[0] ? place->rule : NULL };
}

static void print_rule(struct place *place, const struct decision *decision)
{
	const struct setting *where = decision->rule ? decision->rule->where : NULL;

	if (where)
		snprintf(place->rule, sizeof(place->rule), "%.500s:%d",
			 where->file ? where->file : "", where->line);
}

static enum lks_status deny(struct stores *stores, const struct access *access,
			    const struct place *place, const struct decision *decision,
			    struct lks_error *err)
{
	struct audit_entry entry;
	enum lks_status status;

	place_entry(access, place, AUDIT_READ, &entry);
	entry.outcome = status_name(LKS_DENIED);
	entry.reason = decision->reason;
	status = audit_write(stores->audit, &entry, err);
	if (status)
		return status;
	error_set(err, LKS_DENIED, "%s may not %s %s: %s", access->subject->name,
		  action_name(access->action), place->text, decision->reason);
	error_reference(err, place->text);
	if (place->rule[0])
		error_where(err, "%s", place->rule);
	error_hint(err, "lockstep check --as %s %s %s", access->subject->name, place->text,
		   action_name(access->action));
	return LKS_DENIED;
}

enum lks_status place_admit(struct stores *stores, const struct access *access, struct place *place,
			    const char *grant, struct lks_error *err)
{
	struct decision decision;

	place->grant = grant;
	if (grant || access->is_engine)
		return LKS_OK;
	policy_decide(stores->config, access->subject, access->action, place->record.store,
		      place->record.path, place->tenant, &decision);
	print_rule(place, &decision);
	return decision.allowed ? LKS_OK : deny(stores, access, place, &decision, err);
}

static enum lks_status refuse_reserved(const struct place *place, struct lks_error *err)
{
	error_set(err, LKS_INVALID,
		  "%s: a name with this ending is reserved: it holds another value of a secret",
		  place->text);
	error_reference(err, place->text);
	error_hint(err, "reach it as secretref://%s/NAME?label=pending or ?label=previous",
		   place->record.store);
	return LKS_INVALID;
}

/* Loads the plugin, so that its suffixes are known. */
static enum lks_status check_name(struct stores *stores, const struct access *access,
				  const struct place *place, struct lks_error *err)
{
	enum lks_status status = instance_describe(stores, place->instance, err);

	if (status)
		return status;
	if (!access->is_engine && side_is_reserved(place->instance->descriptor, place->record.path))
		return refuse_reserved(place, err);
	return LKS_OK;
}

enum lks_status store_admit(struct stores *stores, const struct access *access,
			    const struct reference *reference, struct lks_error *err)
{
	struct place place;
	enum lks_status status = place_find(stores, reference, &place, err);

	if (!status)
		status = place_admit(stores, access, &place, NULL, err);
	return status ? status : check_name(stores, access, &place, err);
}

enum lks_status place_open(struct stores *stores, const struct access *access, struct place *place,
			   struct lks_error *err)
{
	enum label label = place->record.label;
	enum lks_status status = instance_describe(stores, place->instance, err);

	if (status)
		return status;
	if (!access->is_engine && side_is_reserved(place->instance->descriptor, place->record.path))
		return refuse_reserved(place, err);
	if (label == LABEL_PENDING || label == LABEL_PREVIOUS) {
		status = store_side(stores, &place->record,
				    label == LABEL_PENDING ? SIDE_PENDING : SIDE_PREVIOUS,
				    &place->reference, err);
		if (status)
			return status;
		place->instance = stores_find(stores, place->reference.store);
	}
	return instance_open(stores, access, place->instance, err);
}

enum lks_status audit_lost(const struct access *access, enum lks_status status,
			   const struct lks_error *cause, struct lks_error *err)
{
	if (status && access->audit_missing) {
		*access->audit_missing = true;
		return LKS_OK;
	}
	if (status && err)
		*err = *cause;
	return status;
}

enum lks_status place_audit_read(struct stores *stores, const struct access *access,
				 const struct place *place, enum lks_status outcome,
				 const char *version, struct lks_error *err)
{
	struct audit_entry entry;
	struct lks_error audit_error;
	enum lks_status status;

	place_entry(access, place, AUDIT_READ, &entry);
	entry.outcome = status_name(outcome);
	entry.version = version && version[0] ? version : NULL;
	status = audit_write(stores->audit, &entry, &audit_error);
	return audit_lost(access, status, &audit_error, err);
}
