/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the state: URL, key, identity, module. */
#include "state/state.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/text.h"
#include "base/trust.h"
#include "state/key.h"
#include "state/state_private.h"

#define LOCK_WAIT_MS 10000
#define WAY_OUT "`lockstep doctor --adopt-state` says what it would do, and does it"

static int64_t lock_wait_ms = LOCK_WAIT_MS;

void state_use_lock_wait_ms(int64_t wait_ms)
{
	lock_wait_ms = wait_ms ? wait_ms : LOCK_WAIT_MS;
}

enum lks_status state_fail(struct lks_error *err, const struct lks_error *module_error)
{
	error_set(err, module_error->status, "%s", module_error->message);
	if (module_error->operation[0])
		error_operation(err, module_error->operation);
	if (module_error->hint[0])
		error_hint(err, "%s", module_error->hint);
	else if (module_error->status == LKS_INVALID)
		error_hint(err, WAY_OUT);
	return module_error->status;
}

/* What names this machine; hashed, so that the state does not carry it. */
static enum lks_status machine_hash(char ret_hex[2 * CRYPTO_DIGEST_SIZE + 1], struct lks_error *err)
{
	AUTO(fd_close) int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	unsigned char digest[CRYPTO_DIGEST_SIZE];
	char id[128] = "lockstep/machine/1 ";
	size_t prefix = strlen(id);
	ssize_t count = fd < 0 ? 0 : read(fd, id + prefix, sizeof(id) - prefix);
	enum lks_status status;

	status = crypto_sha256(id, prefix + (count > 0 ? (size_t)count : 0), digest, err);
	if (!status)
		hex_print(digest, sizeof(digest), ret_hex);
	return status;
}

struct opening {
	const struct database_module *module;
	const char *location;
	struct lks_buffer *wrap_key;
	char machine[2 * CRYPTO_DIGEST_SIZE + 1];
	char key_check[2 * CRYPTO_DIGEST_SIZE + 1];
	struct database_identity identity;
};

static void opening_release(struct opening *opening)
{
	secret_free(opening->wrap_key);
}

static enum lks_status opening_module(struct opening *opening, const char *url,
				      struct lks_error *err)
{
	const struct module_head *head = NULL;
	enum lks_status status;

	if (!string_starts(url, "sqlite:/")) {
		error_set(err, LKS_INVALID, "the state's url is \"%s\"", url);
		error_hint(err, "write state = { url = \"sqlite:/absolute/path\"; };");
		return LKS_INVALID;
	}
	status = module_open("state-sqlite", DATABASE_ABI, sizeof(struct database_module), &head,
			     err);
	opening->module = (const struct database_module *)head;
	opening->location = url + strlen("sqlite:");
	return status;
}

/* Whoever can write there can put another state in its place. */
static enum lks_status opening_folder(const struct opening *opening, struct lks_error *err)
{
	AUTO(fd_close) int fd = -1;
	AUTO(free_ptr) char *folder = strdup(opening->location);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	enum lks_status status;

	if (!slash)
		return error_no_memory(err, "open the state");
	slash[slash == folder] = '\0';
	status = trust_open_folder(folder, "the state's folder", &fd, err);
	if (status == LKS_NOT_FOUND) {
		error_clear(err);
		return LKS_OK; /* made with the state, for us alone */
	}
	if (status == LKS_DENIED && err)
		err->status = LKS_INVALID;
	return status == LKS_DENIED ? LKS_INVALID : status;
}

static enum lks_status opening_keys(struct opening *opening, const char *key_file, bool create,
				    struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	AUTO(secret_freep) struct lks_buffer *check = NULL;
	enum lks_status status = key_read(key_file, create, &key, err);

	if (status == LKS_NOT_FOUND) {
		error_set(err, LKS_INVALID, "the state %s is there, but its key %s is missing",
			  opening->location, key_file);
		error_hint(err, "bring the key back, or: " WAY_OUT);
		return LKS_INVALID;
	}
	if (status == LKS_INVALID)
		error_hint(err,
			   "mend it, or bring the right key back and run again; else: " WAY_OUT);
	if (!status)
		status = crypto_derive(key, "lockstep/state/wrap/1", CRYPTO_KEY_SIZE,
				       &opening->wrap_key, err);
	if (!status)
		status = crypto_derive(key, "lockstep/state/check/1", CRYPTO_DIGEST_SIZE, &check,
				       err);
	if (!status)
		hex_print(check->data, check->len, opening->key_check);
	return status;
}

static enum lks_status opening_identity(struct opening *opening, const char *key_file, bool create,
					struct lks_error *err)
{
	enum lks_status status = opening_folder(opening, err);

	if (!status)
		status = opening_keys(opening, key_file, create, err);
	if (!status)
		status = machine_hash(opening->machine, err);
	opening->identity =
		(struct database_identity){ opening->machine, opening->key_check, lock_wait_ms };
	return status;
}

enum lks_status state_open(const char *url, const char *key_file, struct state **ret_state,
			   struct lks_error *err)
{
	AUTO(opening_release) struct opening opening = { 0 };
	AUTO(state_closep) struct state *state = NULL;
	struct lks_error said = { 0 };
	enum lks_status status = opening_module(&opening, url, err);

	/* Without its key an existing state is unreadable: a new key would
	   only hide that. */
	if (!status)
		status = opening_identity(&opening, key_file,
					  !opening.module->exists(opening.location), err);
	if (status)
		return status;
	state = calloc(1, sizeof(*state));
	if (!state)
		return error_no_memory(err, "open the state");
	state->module = opening.module;
	if (opening.module->open(opening.location, &opening.identity, &state->database, &said))
		return state_fail(err, &said);
	state->wrap_key = TAKE(opening.wrap_key);
	*ret_state = TAKE(state);
	return LKS_OK;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	if (state->database)
		state->module->close(state->database);
	secret_free(state->wrap_key);
	free(state);
}

void state_closep(struct state **state)
{
	state_close(*state);
}

enum lks_status state_adopt(const char *url, const char *key_file, char ret_note[512],
			    struct lks_error *err)
{
	AUTO(opening_release) struct opening opening = { 0 };
	AUTO(json_freep) json_t *lost = NULL;
	AUTO(free_ptr) char *text = NULL;
	struct lks_error cause = { 0 };
	struct lks_error said = { 0 };
	enum lks_status status = opening_module(&opening, url, err);

	if (!status)
		status = opening_identity(&opening, key_file, true, err);
	if (status)
		return status;
	error_set(&cause, LKS_FAILED,
		  "the state was adopted with another key: the values of this "
		  "operation cannot be read any more");
	error_hint(&cause, "look at each of its targets, and start a new rotation");
	lost = json_error(&cause);
	text = lost ? json_canonical(lost) : NULL;
	if (!text)
		return error_no_memory(err, "adopt the state");
	if (!opening.module->exists(opening.location)) {
		string_copy(ret_note, 512, "there was no state: it is made on first use");
		return LKS_OK;
	}
	if (opening.module->adopt(opening.location, &opening.identity, text, clock_wall_ms(),
				  ret_note, 512, &said))
		return state_fail(err, &said);
	return LKS_OK;
}

enum lks_status state_key(const char *key_file, const char *purpose, bool create,
			  struct lks_buffer **ret_key, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	AUTO(text_release) struct text info = TEXT_INIT;
	enum lks_status status = key_read(key_file, create, &key, err);

	if (status)
		return status;
	text_printf(&info, "lockstep/%s/1", purpose);
	if (!text_ok(&info))
		return error_no_memory(err, "derive a key");
	return crypto_derive(key, text_string(&info), CRYPTO_KEY_SIZE, ret_key, err);
}
