/* SPDX-License-Identifier: Apache-2.0 */
/* The durable state: what is kept, who may open it, what is refused. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/json.h"
#include "state/database.h"
#include "state/state.h"
#include "support/modules.h"
#include "support/temp.h"

extern const struct database_module lockstep_module_state_sqlite;

#define ID "0190a000-0000-7000-8000-00000000000"
#define CANARY "canary-6f1c2d9a"

struct fixture {
	struct temp temp;
	struct state *state;
	char url[640], key_file[512], path[512];
};

static void open_state(struct fixture *fixture)
{
	struct lks_error err = { 0 };

	assert_ok(state_open(fixture->url, fixture->key_file, &fixture->state, &err), &err);
}

static void close_state(struct fixture *fixture)
{
	state_close(fixture->state);
	fixture->state = NULL;
}

static int setup(void **state)
{
	static struct fixture fixture;

	memset(&fixture, 0, sizeof(fixture));
	support_use_modules();
	support_add_module("state-sqlite", &lockstep_module_state_sqlite.head);
	fixture.temp = temp_make_trusted();
	snprintf(fixture.path, sizeof(fixture.path), "%s", temp_path(&fixture.temp, "s/state.db"));
	snprintf(fixture.key_file, sizeof(fixture.key_file), "%s",
		 temp_path(&fixture.temp, "k/state.key"));
	snprintf(fixture.url, sizeof(fixture.url), "sqlite:%s", fixture.path);
	open_state(&fixture);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	state_use_lock_wait_ms(0);
	state_close(fixture->state);
	temp_remove(&fixture->temp);
	return 0;
}

static enum lks_status begin(struct state *state, const char *id, const char *record,
			     struct lks_error *err)
{
	json_t *plan = json_pack("{s:s}", "kind", "rotate");
	struct operation_row row = { .kind = (char *)"rotate",
				     .name = (char *)"app-key",
				     .state = (char *)"planned",
				     .subject = (char *)"user:anna",
				     .plan = plan };
	const char *records[] = { record };
	enum lks_status status;

	snprintf(row.id, sizeof(row.id), "%s", id);
	status = state_operation_begin(state, &row, records, 1, 3, err);
	json_decref(plan);
	return status;
}

static enum lks_status prepare(struct state *state, const char *id, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	const char *names[] = { "new" };
	const struct lks_buffer *values[1];

	if (secret_from(CANARY, strlen(CANARY), &value, err))
		return LKS_NO_MEMORY;
	values[0] = value;
	return state_operation_prepare(state, id, names, values, 1, NULL, err);
}

static enum lks_status end(struct state *state, const char *id, struct lks_error *err)
{
	const struct operation_change change = { .state = "done", .is_final = true };

	return state_operation_change(state, id, &change, err);
}

/* SQL on the file, as an attacker or a damaged disk would do it. */
static void damage(const struct fixture *fixture, const char *sql)
{
	sqlite3 *sqlite = NULL;
	char *said = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
	if (sqlite3_exec(sqlite, sql, NULL, NULL, &said) != SQLITE_OK)
		fail_msg("%s: %s", sql, said);
	sqlite3_close(sqlite);
}

static bool file_has(const char *path, const char *text)
{
	size_t len = 0;
	AUTO(free_ptr) char *data = file_exists(path) ? file_read(path, &len) : NULL;

	return data && memmem(data, len, text, strlen(text));
}

/* Refused with exit 2 and the way out. */
static void refused(struct fixture *fixture, const char *why)
{
	struct lks_error err = { 0 };
	struct state *state = NULL;
	enum lks_status status = state_open(fixture->url, fixture->key_file, &state, &err);

	state_close(state);
	assert_int_equal(status, LKS_INVALID);
	assert_int_equal(error_exit_code(&err), EXIT_USAGE);
	assert_contains(err.message, why);
	assert_contains(err.hint, "doctor --adopt-state");
}

/* --- what is kept --- */

static void test_first_use_makes_private_files_and_folders(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(file_mode(fixture->path), 0600);
	assert_int_equal(file_mode(fixture->key_file), 0600);
	assert_int_equal(file_mode(temp_path(&fixture->temp, "s")), 0700);
	assert_int_equal(file_mode(temp_path(&fixture->temp, "k")), 0700);
	/* The key and nothing else: no leftover of its making. */
	assert_int_equal(folder_count(temp_path(&fixture->temp, "k")), 1);
}

static void test_an_operation_comes_back_as_it_was_written(void **state)
{
	struct fixture *fixture = *state;
	AUTO(operation_row_release) struct operation_row row = { 0 };
	AUTO(json_freep) json_t *wait = json_pack("{s:s}", "for", "soak");
	const struct operation_change change = {
		.state = "running", .step = 2, .phase = "intent", .wait = wait
	};
	const struct operation_change clear = { .wait = json_null() };
	struct step_row *steps = NULL;
	size_t count = 0;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	assert_ok(state_operation_change(fixture->state, ID "1", &change, &err), &err);
	close_state(fixture);
	open_state(fixture);
	assert_ok(state_operation_read(fixture->state, ID "1", &row, &steps, &count, &err), &err);
	assert_string_equal(row.state, "running");
	assert_string_equal(row.subject, "user:anna");
	assert_string_equal(json_text(row.wait, "for"), "soak");
	assert_int_equal(count, 3);
	assert_string_equal(steps[0].phase, "todo");
	assert_string_equal(steps[1].phase, "intent");
	step_rows_free(steps, count);
	operation_row_release(&row);
	assert_ok(state_operation_change(fixture->state, ID "1", &clear, &err), &err);
	assert_ok(state_operation_read(fixture->state, ID "1", &row, NULL, NULL, &err), &err);
	assert_true(json_is_null(row.wait));
}

static void test_values_are_sealed_and_come_back(void **state)
{
	struct fixture *fixture = *state;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	char wal[600];
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	assert_ok(state_value(fixture->state, ID "1", "new", &value, &err), &err);
	assert_int_equal(value->len, strlen(CANARY));
	assert_memory_equal(value->data, CANARY, value->len);
	snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
	assert_false(file_has(fixture->path, CANARY));
	assert_false(file_has(wal, CANARY));
	assert_int_equal(state_value(fixture->state, ID "1", "other", &value, &err), LKS_NOT_FOUND);
}

static void test_the_key_of_an_ended_operation_is_destroyed_also_on_disk(void **state)
{
	struct fixture *fixture = *state;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	AUTO(free_ptr) char *sealed = NULL;
	sqlite3 *sqlite = NULL;
	sqlite3_stmt *select = NULL;
	size_t sealed_len;
	char wal[600];
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(sqlite, "SELECT data_key FROM operations", -1, &select, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(select), SQLITE_ROW);
	sealed_len = (size_t)sqlite3_column_bytes(select, 0);
	sealed = malloc(sealed_len);
	memcpy(sealed, sqlite3_column_blob(select, 0), sealed_len);
	sqlite3_finalize(select);
	sqlite3_close(sqlite);
	assert_ok(end(fixture->state, ID "1", &err), &err);
	assert_int_equal(state_value(fixture->state, ID "1", "new", &value, &err), LKS_NOT_FOUND);
	assert_contains(err.message, "destroyed");
	snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
	for (int i = 0; i < 2; i++) {
		size_t len = 0;
		const char *path = i ? wal : fixture->path;
		AUTO(free_ptr) char *data = file_exists(path) ? file_read(path, &len) : NULL;

		assert_true(!data || !memmem(data, len, sealed, sealed_len));
	}
}

static void test_a_reader_in_the_way_only_delays_the_destruction(void **state)
{
	struct fixture *fixture = *state;
	sqlite3 *reader = NULL;
	char wal[600];
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	assert_int_equal(sqlite3_open(fixture->path, &reader), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM operations", NULL, NULL, NULL),
		SQLITE_OK);
	assert_ok(end(fixture->state, ID "1", &err), &err);
	close_state(fixture);
	snprintf(wal, sizeof(wal), "%s-wal", fixture->path);
	sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL);
	open_state(fixture);
	{
		size_t len = 1;
		AUTO(free_ptr) char *data = file_read(wal, &len);

		assert_non_null(data);
		assert_int_equal(len, 0);
	}
	sqlite3_close(reader);
}

static void test_ended_operations_are_listed_newest_first(void **state)
{
	struct fixture *fixture = *state;
	char **ids = NULL;
	size_t count = 0;
	struct lks_error err = { 0 };

	for (char digit = '1'; digit <= '4'; digit++) {
		char id[37];

		snprintf(id, sizeof(id), ID "%c", digit);
		assert_ok(begin(fixture->state, id, digit == '4' ? "app:B" : "app:A", &err), &err);
		if (digit < '3')
			assert_ok(end(fixture->state, id, &err), &err);
		else if (digit == '3')
			assert_ok(prepare(fixture->state, id, &err), &err);
	}
	assert_ok(state_operations(fixture->state, false, NULL, 0, &ids, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_string_equal(ids[0], ID "2");
	state_ids_free(ids, count);
	assert_ok(state_operations(fixture->state, true, "app-key", 1, &ids, &count, &err), &err);
	assert_int_equal(count, 1);
	assert_string_equal(ids[0], ID "3");
	state_ids_free(ids, count);
}

static void test_a_claim_names_the_operation_and_goes_with_its_end(void **state)
{
	struct fixture *fixture = *state;
	char id[37];
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_int_equal(begin(fixture->state, ID "2", "app:KEY", &err), LKS_CONFLICT);
	assert_string_equal(err.operation, ID "1");
	assert_ok(state_claim(fixture->state, "app:KEY", id, &err), &err);
	assert_string_equal(id, ID "1");
	assert_ok(end(fixture->state, ID "1", &err), &err);
	assert_int_equal(state_claim(fixture->state, "app:KEY", id, &err), LKS_NOT_FOUND);
	assert_ok(begin(fixture->state, ID "2", "app:KEY", &err), &err);
}

static void test_an_operation_id_is_used_once(void **state)
{
	struct fixture *fixture = *state;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_int_equal(begin(fixture->state, ID "1", "app:B", &err), LKS_CONFLICT);
	assert_contains(err.message, "known already");
}

/* N82: two engines, one state. */
static void test_n82_an_operation_belongs_to_one_engine_until_it_dies(void **state)
{
	struct fixture *fixture = *state;
	AUTO(state_closep) struct state *other = NULL;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(state_open(fixture->url, fixture->key_file, &other, &err), &err);
	assert_int_equal(state_operation_lock(other, ID "1", &err), LKS_CONFLICT);
	assert_string_equal(err.operation, ID "1");
	close_state(fixture);
	assert_ok(state_operation_lock(other, ID "1", &err), &err);
	state_operation_unlock(other, ID "1");
}

static void test_rotations_are_kept(void **state)
{
	struct fixture *fixture = *state;
	struct rotation_row row = { .name = "app-key", .failures = 2, .pause_reason = "holidays" };
	struct rotation_row found = { 0 };
	struct lks_error err = { 0 };

	assert_int_equal(state_rotation_read(fixture->state, "app-key", &found, &err),
			 LKS_NOT_FOUND);
	assert_ok(state_rotation_write(fixture->state, &row, &err), &err);
	row.failures = 3;
	assert_ok(state_rotation_write(fixture->state, &row, &err), &err);
	assert_ok(state_rotation_read(fixture->state, "app-key", &found, &err), &err);
	assert_int_equal(found.failures, 3);
	assert_string_equal(found.pause_reason, "holidays");
}

static void test_a_busy_state_is_waited_for_and_then_named(void **state)
{
	struct fixture *fixture = *state;
	char lock_path[600];
	AUTO(fd_close) int fd = -1;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	struct lks_error err = { 0 };

	close_state(fixture);
	state_use_lock_wait_ms(20);
	open_state(fixture);
	snprintf(lock_path, sizeof(lock_path), "%s.lock", fixture->path);
	fd = open(lock_path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_int_equal(begin(fixture->state, ID "1", "app:KEY", &err), LKS_UNAVAILABLE);
	assert_contains(err.message, "busy");
	assert_contains(err.message, lock_path);
	lock.l_type = F_UNLCK;
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
}

/* --- what is refused --- */

/* N84 */
static void test_n84_a_state_cut_off_at_any_length_is_refused(void **state)
{
	struct fixture *fixture = *state;
	AUTO(free_ptr) char *whole = NULL;
	size_t len = 0;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	close_state(fixture);
	whole = file_read(fixture->path, &len);
	for (size_t cut = 0; cut < len; cut += cut < 600 ? 37 : 1999) {
		file_write(fixture->path, whole, cut, 0600);
		refused(fixture, "corrupt");
	}
	file_write(fixture->path, whole, len, 0600);
	open_state(fixture);
}

/* N84: a flipped byte is refused, or what is read is what was written. */
static void test_n84_a_flipped_byte_never_gives_another_plan_or_value(void **state)
{
	struct fixture *fixture = *state;
	AUTO(free_ptr) char *whole = NULL;
	size_t len = 0;
	size_t refusals = 0;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	close_state(fixture);
	whole = file_read(fixture->path, &len);
	for (size_t at = 0; at < len; at += at < 200 ? 1 : 61) {
		AUTO(operation_row_release) struct operation_row row = { 0 };
		AUTO(secret_freep) struct lks_buffer *value = NULL;
		AUTO(state_closep) struct state *opened = NULL;
		enum lks_status status;

		whole[at] = (char)(whole[at] ^ 0x41);
		file_write(fixture->path, whole, len, 0600);
		whole[at] = (char)(whole[at] ^ 0x41);
		status = state_open(fixture->url, fixture->key_file, &opened, &err);
		if (!status)
			status = state_operation_read(opened, ID "1", &row, NULL, NULL, &err);
		if (!status)
			status = state_value(opened, ID "1", "new", &value, &err);
		if (status) {
			refusals++;
			continue;
		}
		assert_string_equal(json_text(row.plan, "kind"), "rotate");
		assert_memory_equal(value->data, CANARY, strlen(CANARY));
	}
	assert_true(refusals > 50);
	file_write(fixture->path, whole, len, 0600);
}

/* N84: rows that were moved or changed with care. */
static void test_n84_a_value_moved_between_operations_does_not_open(void **state)
{
	struct fixture *fixture = *state;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:A", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	assert_ok(begin(fixture->state, ID "2", "app:B", &err), &err);
	assert_ok(prepare(fixture->state, ID "2", &err), &err);
	damage(fixture, "UPDATE sealed SET value = (SELECT value FROM sealed WHERE operation = 1)"
			" WHERE operation = 2");
	assert_int_equal(state_value(fixture->state, ID "2", "new", &value, &err), LKS_INVALID);
	assert_contains(err.message, "corrupt");
	damage(fixture, "UPDATE operations SET plan = '{\"kind\":\"delete\"}' WHERE number = 1");
	assert_int_equal(state_value(fixture->state, ID "1", "new", &value, &err), LKS_INVALID);
}

/* N83 */
static void test_n83_a_state_of_a_newer_version_is_refused(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	damage(fixture, "PRAGMA user_version = 2");
	refused(fixture, "newer version");
}

static void test_n83_another_program_s_database_is_refused(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	damage(fixture, "PRAGMA application_id = 7");
	refused(fixture, "not a state of lockstep");
}

static void test_a_state_from_another_machine_is_refused(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	damage(fixture, "UPDATE meta SET value = 'elsewhere' WHERE name = 'machine'");
	refused(fixture, "another machine");
}

/* N85 */
static void test_n85_a_wrong_key_is_said_to_be_wrong(void **state)
{
	struct fixture *fixture = *state;
	char key[32] = "another key of the same length..";

	close_state(fixture);
	file_write(fixture->key_file, key, sizeof(key), 0600);
	refused(fixture, "another key");
}

static void test_n85_a_missing_key_is_not_made_anew(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	assert_int_equal(unlink(fixture->key_file), 0);
	refused(fixture, "missing");
	assert_false(file_exists(fixture->key_file));
}

static void test_n85_a_short_or_long_key_is_refused(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	file_write(fixture->key_file, "short", 5, 0600);
	refused(fixture, "5 bytes");
	file_write(fixture->key_file, "0123456789012345678901234567890123456789", 40, 0600);
	refused(fixture, "40 bytes");
}

static void test_n85_a_key_that_others_can_read_is_refused(void **state)
{
	struct fixture *fixture = *state;

	close_state(fixture);
	assert_int_equal(chmod(fixture->key_file, 0644), 0);
	refused(fixture, fixture->key_file);
}

static void test_a_state_that_others_can_read_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct lks_error err = { 0 };

	close_state(fixture);
	assert_int_equal(chmod(fixture->path, 0644), 0);
	assert_int_equal(state_open(fixture->url, fixture->key_file, &fixture->state, &err),
			 LKS_INVALID);
	/* Nothing is wrong with what is in it: nobody is sent to adopt it. */
	assert_contains(err.hint, "chmod 600");
}

static void test_a_state_in_a_folder_that_others_can_write_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char folder[600], url[700];
	struct lks_error err = { 0 };

	snprintf(folder, sizeof(folder), "%s", temp_path(&fixture->temp, "open"));
	snprintf(url, sizeof(url), "sqlite:%s/state.db", folder);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	close_state(fixture);
	assert_int_equal(state_open(url, fixture->key_file, &fixture->state, &err), LKS_INVALID);
	assert_contains(err.message, "can be written by others");
	assert_contains(err.hint, "chmod go-w");
}

static void test_another_kind_of_url_is_refused(void **state)
{
	struct fixture *fixture = *state;
	AUTO(state_closep) struct state *other = NULL;
	struct lks_error err = { 0 };

	assert_int_equal(state_open("mysql:host", fixture->key_file, &other, &err), LKS_INVALID);
	assert_int_equal(state_open("sqlite:relative.db", fixture->key_file, &other, &err),
			 LKS_INVALID);
	assert_contains(err.hint, "sqlite:/");
}

/* --- the way out --- */

static void test_adopting_a_state_of_another_machine_keeps_it(void **state)
{
	struct fixture *fixture = *state;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	char note[512] = "";
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	close_state(fixture);
	damage(fixture, "UPDATE meta SET value = 'elsewhere' WHERE name = 'machine'");
	assert_ok(state_adopt(fixture->url, fixture->key_file, note, &err), &err);
	assert_contains(note, "this machine's");
	open_state(fixture);
	assert_ok(state_value(fixture->state, ID "1", "new", &value, &err), &err);
}

static void test_adopting_a_state_without_its_key_ends_what_is_lost(void **state)
{
	struct fixture *fixture = *state;
	AUTO(operation_row_release) struct operation_row row = { 0 };
	char note[512] = "";
	char id[37];
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	close_state(fixture);
	assert_int_equal(unlink(fixture->key_file), 0);
	assert_ok(state_adopt(fixture->url, fixture->key_file, note, &err), &err);
	assert_contains(note, "1 unfinished");
	open_state(fixture);
	assert_ok(state_operation_read(fixture->state, ID "1", &row, NULL, NULL, &err), &err);
	assert_string_equal(row.state, "stuck");
	assert_true(row.is_final);
	assert_contains(json_text(row.error, "message"), "adopted");
	assert_int_equal(state_claim(fixture->state, "app:KEY", id, &err), LKS_NOT_FOUND);
}

static void test_adopting_a_corrupt_state_sets_it_aside(void **state)
{
	struct fixture *fixture = *state;
	char note[512] = "";
	char **ids = NULL;
	size_t count = 1;
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	close_state(fixture);
	file_write(fixture->path, "this is no database, it is a text", 33, 0600);
	assert_ok(state_adopt(fixture->url, fixture->key_file, note, &err), &err);
	assert_contains(note, ".aside-");
	open_state(fixture);
	assert_ok(state_operations(fixture->state, true, NULL, 0, &ids, &count, &err), &err);
	assert_int_equal(count, 0);
	state_ids_free(ids, count);
}

static void test_adopting_a_state_that_others_can_read_leaves_it(void **state)
{
	struct fixture *fixture = *state;
	AUTO(secret_freep) struct lks_buffer *value = NULL;
	char note[512] = "";
	struct lks_error err = { 0 };

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	assert_ok(prepare(fixture->state, ID "1", &err), &err);
	close_state(fixture);
	assert_int_equal(chmod(fixture->path, 0644), 0);
	assert_int_equal(state_adopt(fixture->url, fixture->key_file, note, &err), LKS_INVALID);
	assert_contains(err.hint, "chmod 600");
	assert_int_equal(chmod(fixture->path, 0600), 0);
	open_state(fixture);
	assert_ok(state_value(fixture->state, ID "1", "new", &value, &err), &err);
}

static void test_adopting_nothing_says_so(void **state)
{
	struct fixture *fixture = *state;
	char note[512] = "";
	char url[600];
	struct lks_error err = { 0 };

	snprintf(url, sizeof(url), "sqlite:%s", temp_path(&fixture->temp, "none.db"));
	assert_ok(state_adopt(url, fixture->key_file, note, &err), &err);
	assert_contains(note, "no state");
}

/* --- keys for others --- */

static void test_derived_keys_differ_by_purpose_and_stay_the_same(void **state)
{
	struct fixture *fixture = *state;
	AUTO(secret_freep) struct lks_buffer *first = NULL;
	AUTO(secret_freep) struct lks_buffer *again = NULL;
	AUTO(secret_freep) struct lks_buffer *other = NULL;
	struct lks_error err = { 0 };

	assert_ok(state_key(fixture->key_file, "audit", false, &first, &err), &err);
	assert_ok(state_key(fixture->key_file, "audit", false, &again, &err), &err);
	assert_ok(state_key(fixture->key_file, "digest", false, &other, &err), &err);
	assert_true(secret_equal(first, again));
	assert_false(secret_equal(first, other));
	assert_int_equal(state_key(temp_path(&fixture->temp, "none"), "audit", false, &other, &err),
			 LKS_NOT_FOUND);
}

/* --- N86: a sync that fails --- */

/* libsqlite3 calls these through the dynamic linker: the program's come first. */
static bool sync_fails;
static int syncs;

static bool counting;

static int synced(int fd, long call)
{
	syncs += counting;
	if (counting && sync_fails) {
		sync_fails = false; /* once: a second try would "succeed" */
		errno = EIO;
		return -1;
	}
	return (int)syscall(call, fd);
}

LKS_EXPORT int fsync(int fd)
{
	return synced(fd, SYS_fsync);
}

LKS_EXPORT int fdatasync(int fd)
{
	return synced(fd, SYS_fdatasync);
}

static void test_n86_a_failed_sync_stops_everything_and_is_not_tried_again(void **state)
{
	struct fixture *fixture = *state;
	AUTO(operation_row_release) struct operation_row row = { 0 };
	struct lks_error err = { 0 };
	int before;

	assert_ok(begin(fixture->state, ID "1", "app:KEY", &err), &err);
	counting = true;
	sync_fails = true;
	assert_int_equal(prepare(fixture->state, ID "1", &err), LKS_FAILED);
	before = syncs;
	assert_true(before > 0);
	assert_int_equal(prepare(fixture->state, ID "1", &err), LKS_FAILED);
	assert_contains(err.message, "nothing more is done");
	assert_int_equal(end(fixture->state, ID "1", &err), LKS_FAILED);
	assert_int_equal(state_operation_read(fixture->state, ID "1", &row, NULL, NULL, &err),
			 LKS_FAILED);
	close_state(fixture);
	assert_int_equal(syncs, before);
	counting = false;
	open_state(fixture);
	assert_ok(state_operation_read(fixture->state, ID "1", &row, NULL, NULL, &err), &err);
	/* Whether it reached the disk is not known: both are right, and nothing
	   was done on the strength of it. */
	assert_true(!strcmp(row.state, "planned") || !strcmp(row.state, "prepared"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_first_use_makes_private_files_and_folders),
		CASE(test_an_operation_comes_back_as_it_was_written),
		CASE(test_values_are_sealed_and_come_back),
		CASE(test_the_key_of_an_ended_operation_is_destroyed_also_on_disk),
		CASE(test_a_reader_in_the_way_only_delays_the_destruction),
		CASE(test_ended_operations_are_listed_newest_first),
		CASE(test_a_claim_names_the_operation_and_goes_with_its_end),
		CASE(test_an_operation_id_is_used_once),
		CASE(test_n82_an_operation_belongs_to_one_engine_until_it_dies),
		CASE(test_rotations_are_kept),
		CASE(test_a_busy_state_is_waited_for_and_then_named),
		CASE(test_n84_a_state_cut_off_at_any_length_is_refused),
		CASE(test_n84_a_flipped_byte_never_gives_another_plan_or_value),
		CASE(test_n84_a_value_moved_between_operations_does_not_open),
		CASE(test_n83_a_state_of_a_newer_version_is_refused),
		CASE(test_n83_another_program_s_database_is_refused),
		CASE(test_a_state_from_another_machine_is_refused),
		CASE(test_n85_a_wrong_key_is_said_to_be_wrong),
		CASE(test_n85_a_missing_key_is_not_made_anew),
		CASE(test_n85_a_short_or_long_key_is_refused),
		CASE(test_n85_a_key_that_others_can_read_is_refused),
		CASE(test_a_state_that_others_can_read_is_refused),
		CASE(test_a_state_in_a_folder_that_others_can_write_is_refused),
		CASE(test_another_kind_of_url_is_refused),
		CASE(test_adopting_a_state_of_another_machine_keeps_it),
		CASE(test_adopting_a_state_without_its_key_ends_what_is_lost),
		CASE(test_adopting_a_corrupt_state_sets_it_aside),
		CASE(test_adopting_a_state_that_others_can_read_leaves_it),
		CASE(test_adopting_nothing_says_so),
		CASE(test_derived_keys_differ_by_purpose_and_stay_the_same),
		CASE(test_n86_a_failed_sync_stops_everything_and_is_not_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
