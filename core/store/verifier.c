/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the configured verifiers. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/internal.h"

static struct instance *find_verifier(struct stores *stores, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < stores->config->verifier_count; i++) {
		if (!strcmp(stores->verifiers[i].name, name)) {
			*ret_index = i;
			return &stores->verifiers[i];
		}
	}
	return NULL;
}

/* The further values that the configuration names. */
static enum lks_status read_with(struct stores *stores, const struct access *access,
				 const struct config_verifier *verifier, struct lks_record *with,
				 struct lks_error *err)
{
	struct subject engine = { .is_owner = false };
	struct access inner = { .subject = &engine,
				.operation = access->operation,
				.request = access->request,
				.action = ACTION_GET,
				.step = access->step };
	char grant[128];

	snprintf(engine.name, sizeof(engine.name), "engine:%s", verifier->name);
	snprintf(grant, sizeof(grant), "named by verifier %s", verifier->name);
	for (size_t i = 0; i < verifier->with_names.count; i++) {
		AUTO(record_freep) struct lks_record *record = NULL;
		const struct lks_buffer *value = NULL;
		struct reference reference;
		enum lks_status status =
			reference_parse(verifier->with_references.items[i], &reference, err);

		if (!status)
			status = record_new(&record, err);
		if (!status)
			status = read_record(stores, &inner, &reference, false, grant, record, err);
		if (!status)
			status = record_pick(record, reference.field[0] ? reference.field : NULL,
					     &value, err);
		if (!status)
			status = record_put(with, verifier->with_names.items[i], value->data,
					    value->len, err);
		if (status)
			return status;
	}
	return LKS_OK;
}

struct asking {
	const struct lks_record *candidate;
	const struct lks_record *with;
	struct lks_answer *answer;
};

static enum lks_status do_verify(struct instance *instance, const struct lks_call *call,
				 void *context, struct lks_error *err)
{
	struct asking *asking = context;

	memset(asking->answer, 0, sizeof(*asking->answer));
	return instance->plugin->verifier->verify(instance->handle, call, asking->candidate,
						  asking->with, asking->answer, err);
}

/* An answer that is none of the three is no answer. */
static void check_answer(const struct instance *instance, struct lks_answer *answer)
{
	if (answer->verdict == LKS_VERDICT_VALID || answer->verdict == LKS_VERDICT_INVALID ||
	    answer->verdict == LKS_VERDICT_UNKNOWN)
		return;
	answer->verdict = LKS_VERDICT_UNKNOWN;
	snprintf(answer->message, sizeof(answer->message),
		 "the plugin %s gave an answer that is none", instance->plugin_name);
}

static enum lks_status audit_answer(struct stores *stores, const struct access *access,
				    const char *verifier, const struct lks_answer *answer,
				    struct lks_error *err)
{
	struct audit_entry entry = { .phase = AUDIT_READ,
				     .action = action_name(ACTION_VERIFY),
				     .subject = access->subject->name,
				     .reference = verifier,
				     .request = access->request,
				     .operation = access->operation,
				     .step = access->step,
				     .outcome = verdict_name(answer->verdict),
				     .reason = access->reason };
	struct lks_error lost;
	enum lks_status status = audit_write(stores->audit, &entry, &lost);

	return audit_lost(access, status, &lost, err);
}

/* LKS_OK with an answer, or why it could not be asked. */
static enum lks_status ask(struct stores *stores, const struct access *access,
			   struct instance *instance, const struct config_verifier *verifier,
			   const struct lks_record *candidate, struct lks_answer *answer,
			   struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *with = NULL;
	struct asking asking = { candidate, NULL, answer };
	enum lks_status status = record_new(&with, err);

	if (!status)
		status = read_with(stores, access, verifier, with, err);
	if (status)
		return status;
	asking.with = with;
	status = instance_call(stores, access, instance, "verify", 0, do_verify, &asking, err);
	mask_said(candidate, with, answer->message, sizeof(answer->message));
	mask_said(candidate, with, answer->identity, sizeof(answer->identity));
	if (status)
		mask_said(candidate, with, err->message, sizeof(err->message));
	check_answer(instance, answer);
	return status;
}

enum lks_status verifier_ask(struct stores *stores, const struct access *access,
			     const char *verifier, const struct lks_record *candidate,
			     struct lks_answer *ret_answer, struct lks_error *err)
{
	struct lks_error own;
	struct instance *instance;
	enum lks_status status;
	size_t index;

	if (!err)
		err = &own;
	memset(ret_answer, 0, sizeof(*ret_answer));
	instance = find_verifier(stores, verifier, &index);
	if (!instance)
		return error_set(err, LKS_INVALID, "there is no verifier \"%s\" in the config",
				 verifier);
	status = instance_describe(stores, instance, err);
	if (status == LKS_INVALID || status == LKS_NOT_FOUND)
		return status;
	if (!status)
		status = ask(stores, access, instance, &stores->config->verifiers[index], candidate,
			     ret_answer, err);
	if (status && err->exit_code == EXIT_AUDIT)
		return status;
	if (status) {
		ret_answer->verdict = LKS_VERDICT_UNKNOWN;
		string_copy(ret_answer->message, sizeof(ret_answer->message), err->message);
		error_clear(err);
	}
	return audit_answer(stores, access, verifier, ret_answer, err);
}

int64_t verifier_propagation_ms(struct stores *stores, const char *verifier)
{
	size_t index;
	struct instance *instance = find_verifier(stores, verifier, &index);

	if (!instance)
		return 0;
	if (stores->config->verifiers[index].propagation_ms >= 0)
		return stores->config->verifiers[index].propagation_ms;
	return instance_describe(stores, instance, NULL) ? 0 : instance->descriptor->propagation_ms;
}
