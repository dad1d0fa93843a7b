/* SPDX-License-Identifier: Apache-2.0 */
/* store.h in memory. */
#include "support/fake_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define RECORDS_MAX 512
#define FAULTS_MAX 16
#define ACCEPTED_MAX 8
#define NAME_MAX_ 256

struct fake_record {
	char name[NAME_MAX_];
	char *value; /* NULL: free slot or removed */
	long version;
};

struct stores {
	struct fake_record records[RECORDS_MAX];
	size_t record_count;
	long next_version;
	struct fake_fault faults[FAULTS_MAX];
	int fault_hits[FAULTS_MAX];
	size_t fault_count;
	size_t calls[FAKE_CALL_COUNT];
	char *accepted[ACCEPTED_MAX];
	size_t accepted_count;
	int64_t propagation_ms;
	char *file;
};

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fake store: %s\n", what);
		abort();
	}
}

/* Not strdup(): tests make that fail, and this is no part of what they test. */
static char *copy_text(const char *text)
{
	char *copy = NULL;

	must(asprintf(&copy, "%s", text) >= 0, "no memory");
	return copy;
}

/* --- records --- */

static struct fake_record *find(const struct stores *stores, const char *name)
{
	for (size_t i = 0; i < stores->record_count; i++) {
		if (!strcmp(stores->records[i].name, name))
			return (struct fake_record *)&stores->records[i];
	}
	return NULL;
}

static void save(const struct stores *stores)
{
	char fresh[512];
	FILE *file;

	if (!stores->file)
		return;
	snprintf(fresh, sizeof(fresh), "%s.new", stores->file);
	file = fopen(fresh, "we");
	must(file != NULL, "cannot save");
	fprintf(file, "%ld\n", stores->next_version);
	for (size_t i = 0; i < stores->record_count; i++) {
		const struct fake_record *record = &stores->records[i];

		if (record->value)
			fprintf(file, "%s %ld %s\n", record->name, record->version, record->value);
	}
	must(!fflush(file) && !fsync(fileno(file)) && !fclose(file), "cannot save");
	must(!rename(fresh, stores->file), "cannot save");
}

static void put(struct stores *stores, const char *name, const char *value)
{
	struct fake_record *record = find(stores, name);

	if (!record) {
		must(stores->record_count < RECORDS_MAX, "too many records");
		record = &stores->records[stores->record_count++];
		string_copy(record->name, sizeof(record->name), name);
	}
	free(record->value);
	record->value = value ? copy_text(value) : NULL;
	record->version = stores->next_version++;
}

void fake_set(struct stores *stores, const char *name, const char *value)
{
	put(stores, name, value);
	save(stores);
}

const char *fake_get(const struct stores *stores, const char *name)
{
	const struct fake_record *record = find(stores, name);

	return record ? record->value : NULL;
}

const char *fake_version(const struct stores *stores, const char *name)
{
	static char texts[4][32];
	static unsigned int next;
	const struct fake_record *record = find(stores, name);
	char *text = texts[next++ % 4];

	if (!record || !record->value)
		return "";
	snprintf(text, sizeof(texts[0]), "v%ld", record->version);
	return text;
}

size_t fake_calls(const struct stores *stores, enum fake_call call)
{
	return stores->calls[call];
}

size_t fake_records(const struct stores *stores)
{
	size_t count = 0;

	for (size_t i = 0; i < stores->record_count; i++)
		count += stores->records[i].value != NULL;
	return count;
}

static void load(struct stores *stores)
{
	char line[8192];
	FILE *file = fopen(stores->file, "re");

	if (!file)
		return;
	if (fgets(line, sizeof(line), file))
		stores->next_version = strtol(line, NULL, 10);
	while (fgets(line, sizeof(line), file)) {
		char *version = strchr(line, ' ');
		char *value = version ? strchr(version + 1, ' ') : NULL;
		long next = stores->next_version;

		must(value != NULL, "a damaged file");
		*version++ = '\0';
		*value++ = '\0';
		value[strcspn(value, "\n")] = '\0';
		stores->next_version = strtol(version, NULL, 10);
		put(stores, line, value);
		stores->next_version = next;
	}
	fclose(file);
}

struct stores *fake_stores_new(void)
{
	struct stores *stores = calloc(1, sizeof(*stores));

	must(stores != NULL, "no memory");
	stores->next_version = 1;
	return stores;
}

void fake_stores_keep(struct stores *stores, const char *path)
{
	stores->file = copy_text(path);
	load(stores);
}

void fake_stores_free(struct stores *stores)
{
	for (size_t i = 0; i < stores->record_count; i++)
		free(stores->records[i].value);
	for (size_t i = 0; i < stores->accepted_count; i++)
		free(stores->accepted[i]);
	free(stores->file);
	free(stores);
}

/* --- faults --- */

void fake_fail(struct stores *stores, const struct fake_fault *fault)
{
	must(stores->fault_count < FAULTS_MAX, "too many faults");
	stores->fault_hits[stores->fault_count] = 0;
	stores->faults[stores->fault_count++] = *fault;
}

void fake_heal(struct stores *stores)
{
	stores->fault_count = 0;
}

void fake_accept(struct stores *stores, const char *value)
{
	must(stores->accepted_count < ACCEPTED_MAX, "too many accepted values");
	stores->accepted[stores->accepted_count++] = copy_text(value);
}

void fake_propagation(struct stores *stores, int64_t propagation_ms)
{
	stores->propagation_ms = propagation_ms;
}

static bool is_named(const struct fake_fault *fault, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!fault->name || !strcmp(fault->name, names[i]))
			return true;
	}
	return false;
}

static const struct fake_fault *strike(struct stores *stores, enum fake_call call,
				       const char *const *names, size_t count)
{
	stores->calls[call]++;
	for (size_t i = 0; i < stores->fault_count; i++) {
		const struct fake_fault *fault = &stores->faults[i];
		int hit;

		if (fault->call != call || !is_named(fault, names, count))
			continue;
		hit = stores->fault_hits[i]++;
		if (hit < fault->skip || (fault->times >= 0 && hit >= fault->skip + fault->times))
			continue;
		if (fault->then)
			fault->then(fault->context);
		if (fault->foreign)
			fake_set(stores, fault->name, fault->foreign);
		return fault;
	}
	return NULL;
}

static enum lks_status fail_as(const struct fake_fault *fault, const char *what,
			       struct lks_error *err)
{
	error_set(err, fault->status, "%s: scripted: %s", what, status_name(fault->status));
	if (fault->exit_code)
		error_exit(err, fault->exit_code);
	if (err)
		err->retry_after_ms = fault->retry_after_ms;
	return fault->status;
}

/* --- store.h --- */

static void name_of(const struct reference *reference, char name[NAME_MAX_])
{
	char record[REFERENCE_MAX * 2];

	reference_print_record(reference, record, sizeof(record));
	must(strlen(record) + 16 < NAME_MAX_, "a name that is too long");
	snprintf(name, NAME_MAX_, "%.200s%s", record,
		 reference->label == LABEL_PENDING    ? "@pending"
		 : reference->label == LABEL_PREVIOUS ? "@previous"
						      : "");
}

enum lks_status store_get(struct stores *stores, const struct access *access,
			  const struct reference *reference, bool want_version,
			  struct lks_record *record, struct lks_error *err)
{
	char name[NAME_MAX_];
	const char *names[] = { name };
	const struct fake_fault *fault;
	const struct fake_record *found;

	(void)access;
	name_of(reference, name);
	fault = strike(stores, FAKE_GET, names, 1);
	if (fault && fault->status)
		return fail_as(fault, name, err);
	found = find(stores, name);
	if (!found || !found->value)
		return error_set(err, LKS_NOT_FOUND, "there is no %s", name);
	if (want_version)
		string_copy(record->version, sizeof(record->version), fake_version(stores, name));
	return record_put(record, "value", found->value, strlen(found->value), err);
}

static enum lks_status judge(struct stores *stores, const struct store_change *change,
			     const char *name, struct lks_error *err)
{
	if (!change->expected || !strcmp(change->expected, fake_version(stores, name)))
		return LKS_OK;
	return error_set(err, LKS_CONFLICT, "%s has another version than expected", name);
}

static void apply(struct stores *stores, struct store_change *change, const char *name)
{
	const struct lks_buffer *value =
		change->record ? record_find(change->record, "value") : NULL;

	put(stores, name, value ? (const char *)value->data : NULL);
	if (change->record)
		string_copy(change->record->version, sizeof(change->record->version),
			    fake_version(stores, name));
}

enum lks_status store_change(struct stores *stores, const struct access *access,
			     struct store_change *changes, size_t count, struct lks_error *err)
{
	char names[64][NAME_MAX_] = { "" };
	const char *pointers[64] = { NULL };
	const struct fake_fault *fault;
	size_t applied = count;

	must(count <= 64, "too many changes");
	for (size_t i = 0; i < count; i++) {
		name_of(&changes[i].reference, names[i]);
		pointers[i] = names[i];
	}
	fault = strike(stores, FAKE_CHANGE, pointers, count);
	if (fault && fault->loses_audit) {
		if (!access->audit_missing) {
			error_set(err, LKS_FAILED, "the audit log is full");
			error_exit(err, EXIT_AUDIT);
			return LKS_FAILED;
		}
		*access->audit_missing = true;
	}
	if (fault && fault->status && !fault->after && !fault->only_first)
		return fail_as(fault, names[0], err);
	for (size_t i = 0; i < count; i++) {
		enum lks_status status = judge(stores, &changes[i], names[i], err);

		if (status)
			return status;
	}
	if (fault && fault->only_first)
		applied = (size_t)fault->only_first;
	for (size_t i = 0; i < applied; i++)
		apply(stores, &changes[i], names[i]);
	save(stores);
	return fault && fault->status ? fail_as(fault, names[0], err) : LKS_OK;
}

static bool is_accepted(const struct stores *stores, const struct lks_record *candidate)
{
	const struct lks_buffer *value = record_find(candidate, "value");

	for (size_t i = 0; value && i < stores->accepted_count; i++) {
		if (!strcmp((const char *)value->data, stores->accepted[i]))
			return true;
	}
	return !stores->accepted_count;
}

enum lks_status verifier_ask(struct stores *stores, const struct access *access,
			     const char *verifier, const struct lks_record *candidate,
			     struct lks_answer *ret_answer, struct lks_error *err)
{
	const struct fake_fault *fault = strike(stores, FAKE_VERIFY, &verifier, 1);

	(void)access;
	if (fault && fault->status)
		return fail_as(fault, verifier, err);
	ret_answer->verdict = fault                            ? fault->verdict
			      : is_accepted(stores, candidate) ? LKS_VERDICT_VALID
							       : LKS_VERDICT_INVALID;
	return LKS_OK;
}

int64_t verifier_propagation_ms(struct stores *stores, const char *verifier)
{
	(void)verifier;
	return stores->propagation_ms;
}
