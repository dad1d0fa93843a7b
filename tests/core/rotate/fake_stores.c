/* SPDX-License-Identifier: Apache-2.0 */
/* Stores in memory for the tests of planners. */
#include "support/test.h"

#include "base/text.h"
#include "fake_stores.h"

static struct fake {
	struct entry {
		char name[600];
		struct lks_record *record;
	} entries[64];
	size_t count;
	enum lks_verdict verdict;
	unsigned asked;
	bool denies;
} fake = { .verdict = LKS_VERDICT_VALID };

void fake_reset(void)
{
	for (size_t i = 0; i < fake.count; i++)
		record_free(fake.entries[i].record);
	fake = (struct fake){ .verdict = LKS_VERDICT_VALID };
}

static struct lks_record *find(const char *name)
{
	for (size_t i = 0; i < fake.count; i++) {
		if (strcmp(fake.entries[i].name, name) == 0)
			return fake.entries[i].record;
	}
	return NULL;
}

void fake_put(const char *name, const char *field, const char *value)
{
	struct lks_error err;
	struct lks_record *record = find(name);
	if (!record) {
		assert_true(fake.count < COUNT_OF(fake.entries));
		struct entry *entry = &fake.entries[fake.count++];
		string_copy(entry->name, sizeof(entry->name), name);
		assert_ok(record_new(&entry->record, &err), &err);
		record = entry->record;
		string_copy(record->version, sizeof(record->version), "v1");
	}
	assert_ok(record_put(record, field, value, strlen(value), &err), &err);
}

void fake_verdict(enum lks_verdict verdict)
{
	fake.verdict = verdict;
}

unsigned fake_asked(void)
{
	return fake.asked;
}

void fake_deny(void)
{
	fake.denies = true;
}

enum lks_status store_get(struct stores *stores, const struct access *access,
			  const struct reference *reference, bool want_version,
			  struct lks_record *record, struct lks_error *err)
{
	(void)stores, (void)want_version;
	char name[REFERENCE_MAX * 2];
	reference_print_record(reference, name, sizeof(name));
	if (fake.denies && !access->is_engine)
		return error_set(err, LKS_DENIED, "%s may not", access->subject->name);
	const struct lks_record *found = find(name);
	if (!found)
		return error_set(err, LKS_NOT_FOUND, "%s is not there", name);
	for (size_t i = 0; i < found->field_count; i++) {
		enum lks_status status =
			record_put(record, found->fields[i].name, found->fields[i].value->data,
				   found->fields[i].value->len, err);
		if (status != LKS_OK)
			return status;
	}
	string_copy(record->version, sizeof(record->version), found->version);
	return LKS_OK;
}

enum lks_status store_accepts(struct stores *stores, const struct reference *reference,
			      const struct lks_record *record, struct lks_error *err)
{
	(void)stores;
	if (strcmp(reference->store, "frozen") == 0)
		return error_set(err, LKS_UNSUPPORTED, "the store frozen is read-only");
	bool is_plain =
		strcmp(reference->store, "app") == 0 || strcmp(reference->store, "web") == 0;
	for (size_t i = 0; is_plain && i < record->field_count; i++) {
		if (strcmp(record->fields[i].name, "value") != 0)
			return error_set(err, LKS_UNSUPPORTED, "only the field value");
		if (memchr(record->fields[i].value->data, '"', record->fields[i].value->len))
			return error_set(err, LKS_UNSUPPORTED, "no quotes in %s", reference->store);
	}
	return LKS_OK;
}

enum lks_status store_side(struct stores *stores, const struct reference *reference, enum side side,
			   struct reference *ret_side, struct lks_error *err)
{
	(void)stores;
	if (strcmp(reference->store, "plain") == 0)
		return error_set(err, LKS_UNSUPPORTED, "the store plain has no place for labels");
	struct reference result = { .label = LABEL_NONE };
	string_copy(result.store, sizeof(result.store),
		    strcmp(reference->store, "vault") == 0 ? "labels" : reference->store);
	snprintf(result.path, sizeof(result.path), "%.900s%s", reference->path,
		 side == SIDE_PENDING ? "__PENDING" : "__PREVIOUS");
	*ret_side = result;
	return LKS_OK;
}

enum lks_status store_traits(struct stores *stores, const char *name, uint64_t *ret_traits,
			     struct lks_error *err)
{
	(void)stores, (void)err;
	*ret_traits = strcmp(name, "reserves") == 0 ? LKS_DELETE_RESERVES_NAME : LKS_ATOMIC_MANY;
	return LKS_OK;
}

enum lks_status verifier_ask(struct stores *stores, const struct access *access,
			     const char *verifier, const struct lks_record *candidate,
			     struct lks_answer *ret_answer, struct lks_error *err)
{
	(void)stores, (void)access, (void)verifier, (void)err;
	assert_non_null(candidate);
	fake.asked++;
	*ret_answer = (struct lks_answer){ .verdict = fake.verdict };
	if (fake.verdict != LKS_VERDICT_VALID)
		string_copy(ret_answer->message, sizeof(ret_answer->message), "HTTP 401");
	return LKS_OK;
}

/* What follows is linked because the executor is; no planner comes here. */

enum lks_status store_change(struct stores *stores, const struct access *access,
			     struct store_change *changes, size_t count, struct lks_error *err)
{
	(void)stores, (void)access, (void)changes, (void)count;
	fail_msg("a planner wrote to a store");
	return error_set(err, LKS_FAILED, "a planner wrote to a store");
}

int64_t verifier_propagation_ms(struct stores *stores, const char *verifier)
{
	(void)stores, (void)verifier;
	return 0;
}
