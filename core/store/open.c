/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instances of plugins: opened on their first use with the credentials that
 * their configuration names, called with a fence around each call, closed in
 * reverse order.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/text.h"
#include "plugin/host.h"
#include "state/state.h"
#include "store/internal.h"

static enum lks_status keyed(struct stores *stores, const char *purpose, struct lks_buffer **key,
			     const void *data, size_t len, unsigned char ret_digest[32],
			     struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	if (!*key)
		status = state_key(stores->config->state_key_file, purpose, true, key, err);
	return status ? status : crypto_hmac((*key)->data, (*key)->len, data, len, ret_digest, err);
}

/* host->digest: versions of backends that have none. */
static enum lks_status digest(void *context, const void *data, size_t len,
			      unsigned char ret_digest[32], struct lks_error *err)
{
	struct stores *stores = context;

	return keyed(stores, "digest", &stores->digest_key, data, len, ret_digest, err);
}

bool stores_audit_digest(struct stores *stores, const struct lks_record *record, char ret_hex[33])
{
	AUTO(record_freep) struct lks_record *fields = NULL;
	AUTO(secret_freep) struct lks_buffer *packed = NULL;
	unsigned char whole[32];

	if (record_new(&fields, NULL))
		return false;
	for (size_t i = 0; i < record->field_count; i++) {
		const struct record_field *field = &record->fields[i];

		if (record_put(fields, field->name, field->value->data, field->value->len, NULL))
			return false;
	}
	if (record_pack(fields, &packed, NULL) ||
	    keyed(stores, "audit", &stores->audit_key, packed->data, packed->len, whole, NULL))
		return false;
	hex_print(whole, 16, ret_hex);
	return true;
}

enum lks_status instance_describe(struct stores *stores, struct instance *instance,
				  struct lks_error *err)
{
	enum lks_status status;

	if (instance->descriptor)
		return LKS_OK;
	/* A plugin that is going to be used is read once. */
	status = registry_open(stores->registry, instance->plugin_name, &instance->plugin, err);
	if (status) {
		error_prefix(err, "%s %s: ", instance->kind, instance->name);
		return status;
	}
	if (instance->store ? !instance->plugin->backend : !instance->plugin->verifier)
		return error_set(err, LKS_INVALID, "%s %s: the plugin %s offers no %s",
				 instance->kind, instance->name, instance->plugin_name,
				 instance->store ? "backend" : "verifier");
	instance->descriptor = instance->plugin->descriptor;
	return LKS_OK;
}

/* The value of one secret option, read as engine:NAME. */
static enum lks_status resolve_secret(struct stores *stores, const struct access *access,
				      struct instance *instance, const char *option,
				      const char *text, struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	const struct lks_buffer *value;
	struct reference reference;
	struct subject engine = { .is_owner = false };
	struct access inner = { .subject = &engine,
				.operation = access->operation,
				.request = access->request,
				.action = ACTION_GET,
				.step = access->step };
	char grant[128];
	enum lks_status status;

	snprintf(engine.name, sizeof(engine.name), "engine:%s", instance->name);
	snprintf(grant, sizeof(grant), "credential of %s %s", instance->kind, instance->name);
	status = reference_parse(text, &reference, err);
	if (!status)
		status = record_new(&record, err);
	if (!status)
		status = read_record(stores, &inner, &reference, false, grant, record, err);
	if (!status)
		status = record_pick(record, reference.field[0] ? reference.field : NULL, &value,
				     err);
	if (status) {
		error_prefix(err, "the credential \"%s\" of %s %s: ", option, instance->kind,
			     instance->name);
		return status;
	}
	return settings_set_secret(instance->settings, option, value->data, value->len, err);
}

static enum lks_status resolve_secrets(struct stores *stores, const struct access *access,
				       struct instance *instance, struct lks_error *err)
{
	const char *option, *text;

	for (size_t i = 0; settings_secret_at(instance->settings, i, &option, &text); i++) {
		enum lks_status status =
			resolve_secret(stores, access, instance, option, text, err);

		if (status)
			return status;
	}
	return LKS_OK;
}

static struct lks_call make_call(const struct instance *instance, const struct access *access,
				 uint64_t flags)
{
	int64_t timeout_ms = access->timeout_ms ? access->timeout_ms : instance->timeout_ms;

	return (struct lks_call){ .size = sizeof(struct lks_call),
				  .deadline_ms = clock_boot_ms() + timeout_ms,
				  .operation = access->operation,
				  .request = access->request ? access->request : "",
				  .flags = flags };
}

static enum lks_status call_open(const struct access *access, struct instance *instance,
				 struct lks_error *err)
{
	struct lks_call call = make_call(instance, access, 0);
	const struct plugin *plugin = instance->plugin;
	struct fence fence;
	enum lks_status status;

	error_clear(err);
	fence_enter(&fence);
	if (instance->store)
		status = plugin->backend->open(instance->host, instance->settings, &call,
					       &instance->handle, err);
	else
		status = plugin->verifier->open(instance->host, instance->settings, &call,
						&instance->handle, err);
	fence_leave(&fence, instance->plugin_name);
	return fence_status(status, instance->plugin_name, "open", err);
}

static void release(struct instance *instance)
{
	settings_free(TAKE(instance->settings));
	if (instance->host)
		host_free(TAKE(instance->host));
}

static enum lks_status open_now(struct stores *stores, const struct access *access,
				struct instance *instance, struct lks_error *err)
{
	char label[LKS_NAME_MAX + 16];
	enum lks_status status = instance_describe(stores, instance, err);

	if (status)
		return status;
	snprintf(label, sizeof(label), "%s %s", instance->kind, instance->name);
	status = host_new(label, digest, stores, &instance->host, err);
	if (!status)
		status = settings_new(instance->name, instance->descriptor, instance->group,
				      stores->config->folder, &instance->settings, err);
	if (!status)
		status = resolve_secrets(stores, access, instance, err);
	if (!status)
		status = call_open(access, instance, err);
	if (status) {
		release(instance);
		return status;
	}
	settings_forget_secrets(instance->settings);
	instance->is_open = true;
	stores->opened[stores->opened_count++] = instance;
	return LKS_OK;
}

enum lks_status instance_open(struct stores *stores, const struct access *access,
			      struct instance *instance, struct lks_error *err)
{
	enum lks_status status;

	if (instance->is_open)
		return LKS_OK;
	if (instance->is_opening)
		return error_set(err, LKS_INVALID,
				 "the credentials of %s %s lead back to itself: lockstep check",
				 instance->kind, instance->name);
	instance->is_opening = true;
	status = open_now(stores, access, instance, err);
	instance->is_opening = false;
	return status;
}

void instance_close(struct stores *stores, struct instance *instance)
{
	struct fence fence;
	size_t kept = 0;

	if (!instance->is_open)
		return;
	fence_enter(&fence);
	if (instance->store)
		instance->plugin->backend->close(instance->handle);
	else
		instance->plugin->verifier->close(instance->handle);
	fence_leave(&fence, instance->plugin_name);
	instance->is_open = false;
	instance->handle = NULL;
	release(instance);
	for (size_t i = 0; i < stores->opened_count; i++) {
		if (stores->opened[i] != instance)
			stores->opened[kept++] = stores->opened[i];
	}
	stores->opened_count = kept;
}

static enum lks_status call_once(const struct access *access, struct instance *instance,
				 const char *what, uint64_t flags, instance_work work,
				 void *context, struct lks_error *err)
{
	struct lks_call call = make_call(instance, access, flags);
	struct fence fence;
	enum lks_status status;

	error_clear(err);
	fence_enter(&fence);
	status = work(instance, &call, context, err);
	fence_leave(&fence, instance->plugin_name);
	if (clock_boot_ms() > call.deadline_ms + 1000)
		log_warn("%s %s: %s came back %lld ms after its deadline", instance->kind,
			 instance->name, what, (long long)(clock_boot_ms() - call.deadline_ms));
	return fence_status(status, instance->plugin_name, what, err);
}

enum lks_status instance_call(struct stores *stores, const struct access *access,
			      struct instance *instance, const char *what, uint64_t flags,
			      instance_work work, void *context, struct lks_error *err)
{
	struct lks_error own;
	enum lks_status status;

	if (!err)
		err = &own;
	status = instance_open(stores, access, instance, err);
	if (status)
		return status;
	status = call_once(access, instance, what, flags, work, context, err);
	if (status != LKS_UNAUTHENTICATED)
		return status;
	log_info("%s %s: its credential was refused; reading it anew", instance->kind,
		 instance->name);
	instance_close(stores, instance);
	status = instance_open(stores, access, instance, err);
	if (status)
		return status;
	return call_once(access, instance, what, flags, work, context, err);
}
