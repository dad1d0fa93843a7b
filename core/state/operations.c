/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: rows to structs and back, and the sealing. Each operation has a
 * data key, sealed under a key derived from the state key; what is associated
 * with it holds the id and a digest of the plan, so that a row that was
 * changed or moved does not open.
 */
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "state/state_private.h"

#define SEALED_KEY_SIZE (CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD)

/* --- sealing --- */

static enum lks_status key_place(const char *id, const char *plan, char ret_place[192],
				 struct lks_error *err)
{
	unsigned char digest[CRYPTO_DIGEST_SIZE];
	char hex[2 * CRYPTO_DIGEST_SIZE + 1];
	enum lks_status status = crypto_sha256(plan, strlen(plan), digest, err);

	if (status)
		return status;
	hex_print(digest, sizeof(digest), hex);
	snprintf(ret_place, 192, "lockstep/journal/key/1|%.36s|%s", id, hex);
	return LKS_OK;
}

static enum lks_status make_data_key(struct state *state, const char *id, const char *plan,
				     unsigned char ret_sealed[SEALED_KEY_SIZE],
				     struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	char place[192];
	enum lks_status status = key_place(id, plan, place, err);

	if (!status)
		status = secret_new(CRYPTO_KEY_SIZE, &key, err);
	if (!status)
		status = random_bytes(key->data, CRYPTO_KEY_SIZE, err);
	if (status)
		return status;
	key->len = CRYPTO_KEY_SIZE;
	return crypto_seal(state->wrap_key, place, key, ret_sealed, err);
}

static enum lks_status corrupt(const char *id, const char *what, struct lks_error *err)
{
	struct lks_error said = { .status = LKS_INVALID };

	snprintf(said.message, sizeof(said.message),
		 "the state is corrupt: %s of operation %s cannot be believed", what, id);
	return state_fail(err, &said);
}

/* --- rows --- */

struct reading {
	struct state *state;
	const char *id;
	struct operation_row *row; /* NULL: only the data key is wanted */
	struct step_row *steps;
	size_t step_count;
	struct lks_buffer *data_key;
	enum lks_status status;
	struct lks_error *err;
};

static void reading_release(struct reading *reading)
{
	step_rows_free(reading->steps, reading->step_count);
	secret_free(reading->data_key);
}

static char *copy_text(struct reading *reading, const char *text)
{
	char *copy = strdup(text ? text : "");

	if (!copy && !reading->status)
		reading->status = error_no_memory(reading->err, "read an operation");
	return copy;
}

static json_t *copy_json(struct reading *reading, const char *text, const char *what)
{
	json_t *value = NULL;

	if (reading->status)
		return NULL;
	if (!text || !*text)
		return json_null();
	if (json_read(text, strlen(text), what, &value, reading->err))
		reading->status = corrupt(reading->id, what, reading->err);
	return value;
}

static void unseal_data_key(struct reading *reading, const struct database_operation *row)
{
	char place[192];

	if (!row->plan || row->data_key_len != SEALED_KEY_SIZE) {
		reading->status = corrupt(reading->id, "the key", reading->err);
		return;
	}
	reading->status = key_place(reading->id, row->plan, place, reading->err);
	if (!reading->status)
		reading->status =
			crypto_unseal(reading->state->wrap_key, place, row->data_key,
				      row->data_key_len, &reading->data_key, reading->err);
	if (reading->status == LKS_CONFLICT)
		reading->status = corrupt(reading->id, "the plan or the key", reading->err);
}

static void on_row(void *context, const struct database_operation *row)
{
	struct reading *reading = context;
	struct operation_row *into = reading->row;

	if (row->data_key)
		unseal_data_key(reading, row);
	else if (!row->is_final)
		reading->status = corrupt(reading->id, "the key", reading->err);
	if (reading->status || !into)
		return;
	string_copy(into->id, sizeof(into->id), row->id ? row->id : "");
	into->kind = copy_text(reading, row->kind);
	into->name = copy_text(reading, row->name);
	into->state = copy_text(reading, row->state);
	into->subject = copy_text(reading, row->subject);
	into->request = copy_text(reading, row->request);
	into->reason = copy_text(reading, row->reason);
	into->plan = copy_json(reading, row->plan, "the plan");
	string_copy(into->plan_hash, sizeof(into->plan_hash), row->plan_hash ? row->plan_hash : "");
	into->wait = copy_json(reading, row->wait, "the wait");
	into->error = copy_json(reading, row->error, "the error");
	into->notes = copy_json(reading, row->notes, "the notes");
	into->created_wall_ms = row->created_wall_ms;
	into->updated_wall_ms = row->updated_wall_ms;
	into->ended_wall_ms = row->ended_wall_ms;
	into->is_final = row->is_final;
	into->owes_audit = row->owes_audit;
}

static void on_step(void *context, const struct database_step *step)
{
	struct reading *reading = context;
	struct step_row *grown;
	struct step_row *into;

	if (reading->status)
		return;
	grown = realloc(reading->steps, (reading->step_count + 1) * sizeof(*grown));
	if (!grown) {
		reading->status = error_no_memory(reading->err, "read the steps");
		return;
	}
	reading->steps = grown;
	into = &grown[reading->step_count++];
	*into = (struct step_row){ .number = step->number,
				   .phase = copy_text(reading, step->phase),
				   .detail = copy_json(reading, step->detail, "a step"),
				   .started_wall_ms = step->started_wall_ms,
				   .ended_wall_ms = step->ended_wall_ms };
	if (!reading->status && step->number != (int)reading->step_count)
		reading->status = corrupt(reading->id, "the steps", reading->err);
}

void operation_row_release(struct operation_row *row)
{
	free(row->kind);
	free(row->name);
	free(row->state);
	free(row->subject);
	free(row->request);
	free(row->reason);
	json_decref(row->plan);
	json_decref(row->wait);
	json_decref(row->error);
	json_decref(row->notes);
	memset(row, 0, sizeof(*row));
}

void step_rows_free(struct step_row *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(steps[i].phase);
		json_decref(steps[i].detail);
	}
	free(steps);
}

/* --- writing --- */

/* JSON as text. NULL stays NULL ("as it is"); null becomes "" ("cleared"). */
static char *json_column(const json_t *value, bool *ok)
{
	char *text;

	if (!value)
		return NULL;
	text = json_is_null(value) ? strdup("") : json_canonical(value);
	if (!text)
		*ok = false;
	return text;
}

enum lks_status state_operation_begin(struct state *state, const struct operation_row *row,
				      const char *const *records, size_t record_count,
				      int step_count, struct lks_error *err)
{
	unsigned char sealed[SEALED_KEY_SIZE];
	bool ok = true;
	AUTO(free_ptr) char *plan = json_column(row->plan, &ok);
	AUTO(free_ptr) char *notes = json_column(row->notes, &ok);
	struct lks_error said = { 0 };
	struct database_operation columns;
	enum lks_status status;

	if (!ok || !plan)
		return error_no_memory(err, "begin an operation");
	status = make_data_key(state, row->id, plan, sealed, err);
	if (status)
		return status;
	columns = (struct database_operation){
		.id = row->id,
		.kind = row->kind,
		.name = row->name,
		.state = row->state,
		.subject = row->subject,
		.request = row->request,
		.reason = row->reason,
		.plan = plan,
		.plan_hash = row->plan_hash,
		.notes = notes && *notes ? notes : NULL,
		.created_wall_ms = row->created_wall_ms ? row->created_wall_ms : clock_wall_ms(),
		.data_key = sealed,
		.data_key_len = sizeof(sealed),
	};
	status = state->module->begin(state->database, &columns, records, record_count, step_count,
				      &said);
	return status ? state_fail(err, &said) : LKS_OK;
}

static enum lks_status data_key(struct state *state, const char *id, struct lks_buffer **ret_key,
				struct lks_error *err)
{
	AUTO(reading_release) struct reading reading = { .state = state, .id = id, .err = err };
	struct lks_error said = { 0 };

	if (state->module->read(state->database, id, on_row, NULL, &reading, &said))
		return state_fail(err, &said);
	if (reading.status)
		return reading.status;
	if (!reading.data_key)
		return error_set(err, LKS_NOT_FOUND,
				 "operation %s has ended: its values are destroyed", id);
	*ret_key = TAKE(reading.data_key);
	return LKS_OK;
}

/* The place of a value: its operation and its name. */
static enum lks_status value_place(const char *id, const char *name, struct text *place,
				   struct lks_error *err)
{
	text_printf(place, "lockstep/journal/value/1|%s|%s", id, name);
	return text_ok(place) ? LKS_OK : error_no_memory(err, "seal a value");
}

static void sealed_free(struct database_value **values)
{
	for (size_t i = 0; *values && (*values)[i].name; i++)
		free((void *)(*values)[i].sealed);
	free(*values);
}

static enum lks_status seal_value(const struct lks_buffer *key, const char *id, const char *name,
				  const struct lks_buffer *value, struct database_value *ret_value,
				  struct lks_error *err)
{
	AUTO(text_release) struct text place = TEXT_INIT;
	AUTO(free_ptr) unsigned char *sealed = malloc(value->len + CRYPTO_SEAL_OVERHEAD);
	enum lks_status status;

	if (!sealed)
		return error_no_memory(err, "seal a value");
	status = value_place(id, name, &place, err);
	if (!status)
		status = crypto_seal(key, text_string(&place), value, sealed, err);
	if (status)
		return status;
	ret_value->name = name;
	ret_value->sealed_len = value->len + CRYPTO_SEAL_OVERHEAD;
	ret_value->sealed = TAKE(sealed);
	return LKS_OK;
}

enum lks_status state_operation_prepare(struct state *state, const char *id,
					const char *const *names,
					const struct lks_buffer *const *values, size_t count,
					const json_t *notes, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	AUTO(sealed_free) struct database_value *sealed = calloc(count + 1, sizeof(*sealed));
	bool ok = true;
	AUTO(free_ptr) char *text = json_column(notes, &ok);
	struct lks_error said = { 0 };
	enum lks_status status;

	if (!sealed || !ok)
		return error_no_memory(err, "prepare an operation");
	status = data_key(state, id, &key, err);
	for (size_t i = 0; !status && i < count; i++)
		status = seal_value(key, id, names[i], values[i], &sealed[i], err);
	if (status)
		return status;
	status = state->module->prepare(state->database, id, "prepared", sealed, count, text,
					clock_wall_ms(), &said);
	return status ? state_fail(err, &said) : LKS_OK;
}

enum lks_status state_operation_change(struct state *state, const char *id,
				       const struct operation_change *change, struct lks_error *err)
{
	bool ok = true;
	AUTO(free_ptr) char *detail = json_column(change->detail, &ok);
	AUTO(free_ptr) char *wait = json_column(change->wait, &ok);
	AUTO(free_ptr) char *error = json_column(change->error, &ok);
	AUTO(free_ptr) char *notes = json_column(change->notes, &ok);
	struct database_change columns = {
		.state = change->state,
		.step = change->step,
		.phase = change->phase,
		.detail = detail,
		.wait = wait,
		.error = error,
		.notes = notes,
		.is_final = change->is_final,
		.owes_audit = change->owes_audit,
		.now_wall_ms = clock_wall_ms(),
	};
	struct lks_error said = { 0 };
	enum lks_status status;

	if (!ok)
		return error_no_memory(err, "write the journal");
	status = state->module->change(state->database, id, &columns, &said);
	return status ? state_fail(err, &said) : LKS_OK;
}

/* --- reading --- */

struct value_reading {
	const struct lks_buffer *key;
	const char *place;
	struct lks_buffer *value;
	enum lks_status status;
	struct lks_error *err;
};

static void on_value(void *context, const struct database_value *value)
{
	struct value_reading *reading = context;

	reading->status = crypto_unseal(reading->key, reading->place, value->sealed,
					value->sealed_len, &reading->value, reading->err);
}

enum lks_status state_value(struct state *state, const char *id, const char *name,
			    struct lks_buffer **ret_value, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	AUTO(text_release) struct text place = TEXT_INIT;
	struct value_reading reading = { .err = err };
	struct lks_error said = { 0 };
	enum lks_status status = data_key(state, id, &key, err);

	if (!status)
		status = value_place(id, name, &place, err);
	if (status)
		return status;
	reading.key = key;
	reading.place = text_string(&place);
	if (state->module->value(state->database, id, name, on_value, &reading, &said))
		return state_fail(err, &said);
	if (reading.status == LKS_CONFLICT)
		return corrupt(id, "a value", err);
	if (!reading.status)
		*ret_value = reading.value;
	return reading.status;
}

enum lks_status state_operation_read(struct state *state, const char *id,
				     struct operation_row *ret_row, struct step_row **ret_steps,
				     size_t *ret_step_count, struct lks_error *err)
{
	AUTO(operation_row_release) struct operation_row row = { 0 };
	AUTO(reading_release)
	struct reading reading = { .state = state, .id = id, .row = &row, .err = err };
	struct lks_error said = { 0 };

	if (state->module->read(state->database, id, on_row, ret_steps ? on_step : NULL, &reading,
				&said))
		return state_fail(err, &said);
	if (reading.status)
		return reading.status;
	if (ret_steps) {
		*ret_steps = TAKE(reading.steps);
		*ret_step_count = reading.step_count;
		reading.step_count = 0;
	}
	*ret_row = row;
	memset(&row, 0, sizeof(row));
	return LKS_OK;
}

struct listing {
	char **ids;
	size_t count;
	bool failed;
};

static void on_id(void *context, const char *id)
{
	struct listing *listing = context;
	char **grown;

	if (listing->failed)
		return;
	grown = realloc(listing->ids, (listing->count + 1) * sizeof(*grown));
	if (grown) {
		listing->ids = grown;
		grown[listing->count] = strdup(id ? id : "");
	}
	if (!grown || !grown[listing->count])
		listing->failed = true;
	else
		listing->count++;
}

void state_ids_free(char **ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
}

static enum lks_status list(struct state *state, enum database_list which, const char *name,
			    size_t limit, char ***ret_ids, size_t *ret_count, struct lks_error *err)
{
	struct listing listing = { 0 };
	struct lks_error said = { 0 };
	enum lks_status status =
		state->module->list(state->database, which, name, limit, on_id, &listing, &said);

	if (!status && !listing.failed) {
		*ret_ids = listing.ids;
		*ret_count = listing.count;
		return LKS_OK;
	}
	state_ids_free(listing.ids, listing.count);
	return status ? state_fail(err, &said) : error_no_memory(err, "list operations");
}

enum lks_status state_operations(struct state *state, bool unfinished, const char *name,
				 size_t limit, char ***ret_ids, size_t *ret_count,
				 struct lks_error *err)
{
	return list(state, unfinished ? DATABASE_UNFINISHED : DATABASE_FINISHED, name, limit,
		    ret_ids, ret_count, err);
}

enum lks_status state_audit_debts(struct state *state, size_t limit, char ***ret_ids,
				  size_t *ret_count, struct lks_error *err)
{
	return list(state, DATABASE_OWING, NULL, limit, ret_ids, ret_count, err);
}

enum lks_status state_operation_lock(struct state *state, const char *id, struct lks_error *err)
{
	struct lks_error said = { 0 };

	if (!state->module->lock(state->database, id, &said))
		return LKS_OK;
	state_fail(err, &said);
	error_operation(err, id);
	return said.status;
}

void state_operation_unlock(struct state *state, const char *id)
{
	state->module->unlock(state->database, id);
}

enum lks_status state_claim(struct state *state, const char *record, char ret_id[37],
			    struct lks_error *err)
{
	struct lks_error said = { 0 };

	if (!state->module->claim(state->database, record, ret_id, &said))
		return LKS_OK;
	return state_fail(err, &said);
}
