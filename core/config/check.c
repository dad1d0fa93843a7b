/* SPDX-License-Identifier: Apache-2.0 */
/* Judges what no single key shows: names that must exist, targets written
   twice, keys that exclude each other. */
#include <stdio.h>
#include <string.h>

#include "base/reference.h"
#include "base/text.h"
#include "config/schema.h"

#define SUGGESTIONS_MAX 100

/* Sorted, for look-ups in files with many entries. */
struct index {
	const char **names;
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool index_has(const struct index *index, const char *name)
{
	return index->count && bsearch(&name, index->names, index->count, sizeof(*index->names),
				       compare_names) != NULL;
}

static void index_release(struct index *index)
{
	free(index->names);
}

/* Entries of `size` that begin with their name. */
static bool index_build(struct index *index, const void *entries, size_t count, size_t size)
{
	index->names = calloc(count + 1, sizeof(*index->names));
	if (!index->names)
		return false;
	for (size_t i = 0; i < count; i++)
		index->names[i] = *(char *const *)(const void *)((const char *)entries + i * size);
	index->count = count;
	qsort(index->names, count, sizeof(*index->names), compare_names);
	return true;
}

static void report_unknown(struct reader *reader, const struct index *index,
			   const struct setting *where, const char *what, const char *name)
{
	const char *near = NULL;
	char hint[96];

	if (reader->report->errors < SUGGESTIONS_MAX)
		near = nearest(name, index->names, index->count);
	if (near)
		(void)snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	else
		(void)snprintf(hint, sizeof(hint), "add it to '%ss'", what);
	report_error_hint(reader->report, where, hint, "found the %s '%s', which is not configured",
			  what, name);
}

static void check_layout(const struct config *config, struct reader *reader,
			 const struct reference *reference, const struct setting *where)
{
	const struct config_store *store = config_store(config, reference->store);
	char tenant[256], namespace[256];
	struct lks_error err = { 0 };

	if (store && store->layout &&
	    layout_match(store->layout, reference->path, tenant, namespace, &err))
		report_error(reader->report, where, "%s", err.message);
}

static void check_mention(const struct config *config, struct reader *reader,
			  const struct index *stores, const struct index *verifiers,
			  const struct mention *mention)
{
	struct reference reference;
	char store[LKS_NAME_MAX + 1];

	switch (mention->value) {
	case VALUE_STORE:
		if (!index_has(stores, mention->text))
			report_unknown(reader, stores, mention->where, "store", mention->text);
		break;
	case VALUE_VERIFIER:
		if (!index_has(verifiers, mention->text))
			report_unknown(reader, verifiers, mention->where, "verifier",
				       mention->text);
		break;
	case VALUE_PATTERN:
		if (pattern_store(mention->text, store) && !index_has(stores, store))
			report_unknown(reader, stores, mention->where, "store", store);
		break;
	case VALUE_REFERENCE:
	case VALUE_TARGET:
		if (reference_parse(mention->text, &reference, NULL))
			break;
		if (!index_has(stores, reference.store))
			report_unknown(reader, stores, mention->where, "store", reference.store);
		else
			check_layout(config, reader, &reference, mention->where);
		break;
	default:
		break;
	}
}

static void check_mentions(const struct config *config, struct reader *reader)
{
	AUTO(index_release) struct index stores = { 0 };
	AUTO(index_release) struct index verifiers = { 0 };

	if (!index_build(&stores, config->stores, config->store_count, sizeof(*config->stores)) ||
	    !index_build(&verifiers, config->verifiers, config->verifier_count,
			 sizeof(*config->verifiers))) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < reader->mention_count; i++)
		check_mention(config, reader, &stores, &verifiers, &reader->mentions[i]);
}

/* ------------------------------------------------------------------------ */
/* Roles, stores, rotations                                                  */

static void check_roles(const struct config *config, struct reader *reader)
{
	AUTO(index_release) struct index roles = { 0 };

	if (!index_build(&roles, config->roles, config->role_count, sizeof(*config->roles))) {
		reader->no_memory = true;
		return;
	}
	for (size_t i = 0; i < config->policy_count; i++) {
		const struct config_policy *policy = &config->policies[i];

		if (policy->subject && string_starts(policy->subject, "role:") &&
		    !index_has(&roles, policy->subject + 5))
			report_unknown(reader, &roles, policy->where, "role", policy->subject + 5);
		if (!setting_find(policy->where, "allow") && !setting_find(policy->where, "deny") &&
		    policy->where->type == SETTING_GROUP)
			report_error(reader->report, policy->where,
				     "found a rule without 'allow' and 'deny', expected one of "
				     "them");
	}
}

static void check_stores(const struct config *config, struct reader *reader)
{
	for (size_t i = 0; i < config->store_count; i++) {
		const struct config_store *store = &config->stores[i];
		const struct setting *labels = setting_find(store->settings, "labels");

		if (store->labels && strcmp(store->labels, store->name) == 0)
			report_error(reader->report, labels,
				     "'labels': found the store itself, expected another one, or "
				     "leave it out");
	}
}

/* Keys of `generate` that another kind would use. */
static void check_generate_keys(struct reader *reader, const struct config_generate *generate,
				const struct setting *group)
{
	static const struct {
		const char *key;
		unsigned kinds;
	} owners[] = {
		{ "length",
		  1u << GENERATOR_PASSWORD | 1u << GENERATOR_HEX | 1u << GENERATOR_BASE64 },
		{ "alphabet", 1u << GENERATOR_PASSWORD },
		{ "bits", 1u << GENERATOR_RSA },
		{ "curve", 1u << GENERATOR_EC },
		{ "public", 1u << GENERATOR_ED25519 | 1u << GENERATOR_RSA | 1u << GENERATOR_EC },
	};

	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		const struct setting *found = setting_find(group, owners[i].key);

		if (found && !(owners[i].kinds & (1u << generate->kind)))
			report_error(reader->report, found,
				     "'%s': found it with a kind that does not use it, expected "
				     "another kind or no '%s'",
				     owners[i].key, owners[i].key);
	}
}

/* Fewer than 2^64 passwords can be guessed. */
static void check_strength(struct reader *reader, const struct config_generate *generate,
			   const struct setting *group)
{
	size_t letters = generate->alphabet ? strlen(generate->alphabet) : 66;
	uint64_t passwords = 1;

	if (generate->kind != GENERATOR_PASSWORD)
		return;
	for (int64_t i = 0; letters > 1 && i < generate->length; i++) {
		if (passwords > UINT64_MAX / letters)
			return;
		passwords *= letters;
	}
	report_error(reader->report, group,
		     "'generate': found a password that can be guessed (length %lld, %zu "
		     "characters to choose from), expected at least 64 bits",
		     (long long)generate->length, letters);
}

static void check_origin(struct reader *reader, const struct config_rotation *rotation)
{
	const struct setting *generate = setting_find(rotation->where, "generate");
	const struct setting *instructions = setting_find(rotation->where, "instructions");

	if (rotation->has_generate && setting_find(rotation->where, "issue"))
		report_error(reader->report, setting_find(rotation->where, "issue"),
			     "found 'issue' beside 'generate', expected one of them: either the "
			     "origin makes the value or the engine does");
	if (instructions && (rotation->has_generate || rotation->issue))
		report_error(reader->report, instructions,
			     "found 'instructions' beside 'generate' or 'issue', expected it only "
			     "where a person supplies the value");
	if (!generate || !rotation->generate.kind)
		return;
	check_generate_keys(reader, &rotation->generate, generate);
	check_strength(reader, &rotation->generate, generate);
}

/* Fields of one record are one credential; they go with `copies` too. */
static bool is_one_record(const struct strings *secrets)
{
	size_t len = secrets->count ? strcspn(secrets->items[0], "#") : 0;

	for (size_t i = 1; i < secrets->count; i++) {
		if (strcspn(secrets->items[i], "#") != len ||
		    memcmp(secrets->items[i], secrets->items[0], len) != 0)
			return false;
	}
	return true;
}

static void check_copies(struct reader *reader, const struct config_rotation *rotation)
{
	for (size_t i = 0; i < rotation->copy_count; i++) {
		const struct config_copy *copy = &rotation->copies[i];

		if (setting_find(copy->where, "template") && setting_find(copy->where, "field"))
			report_error(reader->report, setting_find(copy->where, "field"),
				     "found 'field' beside 'template', expected one of them: a "
				     "template names its fields itself");
	}
	if (rotation->copy_count && !rotation->shared && !is_one_record(&rotation->secrets))
		report_error_hint(reader->report, setting_find(rotation->where, "copies"),
				  "split the rotation, or set shared = true",
				  "found 'copies' of several secrets, expected one secret: it is "
				  "not clear which one to copy");
}

static void check_rotation(struct reader *reader, const struct config_rotation *rotation)
{
	const struct setting *where = rotation->where;

	if (where->type != SETTING_GROUP)
		return;
	check_origin(reader, rotation);
	check_copies(reader, rotation);
	if (rotation->require_verification && !rotation->verify.count &&
	    !(setting_find(where, "verify") && setting_find(where, "verify")->member_count))
		report_error_hint(reader->report, where,
				  "name one in 'verify', or say require_verification = false",
				  "rotation '%s': found no verifier, expected one in 'verify' to "
				  "prove that the new value works",
				  rotation->name);
}

void config_check(const struct config *config, struct reader *reader)
{
	check_mentions(config, reader);
	check_roles(config, reader);
	check_stores(config, reader);
	for (size_t i = 0; i < config->rotation_count; i++)
		check_rotation(reader, &config->rotations[i]);
	config_check_targets(config, reader);
}
