/* SPDX-License-Identifier: Apache-2.0 */
/* The spool of those who may not write root's log; children have their ids. */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <signal.h>

#include "base/json.h"
#include "base/log.h"
#include "support/temp.h"
#include "telemetry/audit.h"

#define ANNA 54321 /* nobody has this id: "user:#54321" */
#define BERT 54322
#define ID(last) "0190a5c4-7b7d-7000-8000-00000000000" last

static const struct audit_entry read_entry = { .phase = AUDIT_READ,
					       .action = "get",
					       .subject = "user:root",
					       .reference = "app:API_KEY",
					       .outcome = "ok",
					       .request = ID("1") };

static void audit_closep(struct audit **audit)
{
	audit_close(*audit);
}

/* A log of root's where others can enter. */
struct world {
	struct temp temp;
	char log[512];
	char spool[520];
};

static void world_remove(struct world *world)
{
	temp_remove(&world->temp);
}

/* Opens root's log and takes in what waits. */
static void collect(const struct world *world)
{
	AUTO(audit_closep) struct audit *audit = NULL;
	struct lks_error err;

	assert_ok(audit_open(world->log, true, &audit, &err), &err);
	audit_collect(audit);
}

static struct world world_make(void)
{
	const char *home = getenv("HOME");
	AUTO(free_ptr) char *before = home ? strdup(home) : NULL;
	struct world world;

	if (geteuid())
		skip_because("only root can be several users");
	if (access("/srv", W_OK))
		skip_because("/srv, which all can enter and trust, cannot be written");
	setenv("HOME", "/srv", 1);
	world.temp = temp_make_trusted();
	setenv("HOME", before ? before : "/root", 1);
	assert_int_equal(chmod(world.temp.path, 0755), 0);
	snprintf(world.log, sizeof(world.log), "%s", temp_path(&world.temp, "audit.jsonl"));
	snprintf(world.spool, sizeof(world.spool), "%s.spool", world.log);
	collect(&world);
	return world;
}

/* `work` as another user; its result, below 100. */
static int as(uid_t uid, int (*work)(const struct world *world, const void *context),
	      const struct world *world, const void *context)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(setgid(uid) || setuid(uid) ? 100 : work(world, context));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 100);
	return WEXITSTATUS(status);
}

/* 0, or the exit code of the error. */
static int record(const struct world *world, const void *context)
{
	AUTO(audit_closep) struct audit *audit = NULL;
	struct lks_error err;

	error_clear(&err);
	if (audit_open(world->log, true, &audit, &err) || audit_write(audit, context, &err))
		return err.exit_code;
	return 0;
}

static int record_as(uid_t uid, const struct world *world, const struct audit_entry *entry)
{
	return as(uid, record, world, entry);
}

struct file {
	const char *name, *text;
};

static int put_file(const struct world *world, const void *context)
{
	const struct file *file = context;
	char path[700];

	snprintf(path, sizeof(path), "%s/%s.json", world->spool, file->name);
	file_write(path, file->text, strlen(file->text), 0644);
	return 0;
}

static void put_as(uid_t uid, const struct world *world, const char *name, const char *text)
{
	const struct file file = { name, text };

	assert_int_equal(as(uid, put_file, world, &file), 0);
}

struct last {
	size_t count;
	char line[65536];
};

static void take(void *context, const char *line, size_t len)
{
	struct last *last = context;

	last->count++;
	snprintf(last->line, sizeof(last->line), "%.*s", (int)len, line);
}

/* How many lines there are, and the last one. */
static size_t last_line(const struct world *world, json_t **ret_line)
{
	struct last last = { 0 };
	struct lks_error err;

	assert_ok(audit_tail(world->log, 1000, take, &last, &err), &err);
	json_decref(*ret_line);
	*ret_line = NULL;
	if (last.count)
		assert_ok(json_read(last.line, strlen(last.line), "line", ret_line, &err), &err);
	return last.count;
}

static void no_problem(void *context, uint64_t line, const char *text)
{
	(void)context;
	fail_msg("line %d: %s", (int)line, text);
}

static struct audit_summary check(const struct world *world)
{
	struct audit_summary summary;
	struct lks_error err;

	assert_ok(audit_check(world->log, no_problem, NULL, &summary, &err), &err);
	return summary;
}

static size_t waiting(const struct world *world)
{
	struct lks_error err;
	size_t count = 0;

	assert_ok(audit_waiting(world->log, &count, &err), &err);
	return count;
}

static void test_root_makes_the_spool_where_others_can_enter(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	struct stat info;

	(void)state;
	assert_int_equal(stat(world.spool, &info), 0);
	assert_int_equal(info.st_mode & 07777, 01733);
	assert_int_equal(waiting(&world), 0);
	/* What a crash between making it and its mode left. */
	assert_int_equal(chmod(world.spool, 01700), 0);
	collect(&world);
	assert_int_equal(file_mode(world.spool), 01733);
	/* A closed log needs none. */
	assert_int_equal(rmdir(world.spool), 0);
	assert_int_equal(chmod(world.temp.path, 0700), 0);
	collect(&world);
	assert_false(file_exists(world.spool));
}

static void test_a_read_of_another_user_is_a_line_with_the_owner_as_subject(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	AUTO(json_freep) json_t *line = NULL;

	(void)state;
	assert_int_equal(record_as(ANNA, &world, &read_entry), 0);
	assert_int_equal(record_as(BERT, &world, &read_entry), 0);
	assert_int_equal(waiting(&world), 2);
	assert_int_equal(last_line(&world, &line), 0);
	collect(&world);
	assert_int_equal(waiting(&world), 0);
	assert_int_equal(folder_count(world.spool), 0);
	assert_int_equal(last_line(&world, &line), 2);
	/* Names of the same millisecond have no order. */
	assert_int_equal(record_as(BERT, &world, &read_entry), 0);
	collect(&world);
	assert_int_equal(last_line(&world, &line), 3);
	/* It said user:root. */
	assert_string_equal(json_text(line, "subject"), "user:#54322");
	assert_int_equal(json_number(line, "spooled_by"), BERT);
	assert_string_equal(json_text(line, "phase"), "read");
	assert_string_equal(json_text(line, "action"), "get");
	assert_string_equal(json_text(line, "reference"), "app:API_KEY");
	assert_string_equal(json_text(line, "request"), ID("1"));
	assert_int_equal(strlen(json_text(line, "spool_id")), 36);
	assert_true(json_text(line, "collected")[0]);
	collect(&world);
	assert_int_equal(check(&world).spooled, 3);
}

static void test_a_spooled_time_may_be_older_than_the_line_before(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	AUTO(json_freep) json_t *line = NULL;

	(void)state;
	assert_int_equal(record(&world, &read_entry), 0);
	put_as(ANNA, &world, ID("2"),
	       "{\"time\":\"2001-01-01T00:00:00Z\",\"phase\":\"read\",\"action\":\"get\","
	       "\"subject\":\"user:#54321\"}\n");
	collect(&world);
	assert_int_equal(record(&world, &read_entry), 0);
	assert_int_equal(last_line(&world, &line), 3);
	assert_int_equal(check(&world).spooled, 1);
}

static void test_a_change_of_another_user_stays_refused(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	struct audit_entry entry = read_entry;

	(void)state;
	for (enum audit_phase phase = AUDIT_BEFORE; phase <= AUDIT_NOTE; phase++) {
		entry.phase = phase;
		assert_int_equal(record_as(ANNA, &world, &entry), EXIT_AUDIT);
	}
	assert_int_equal(waiting(&world), 0);
}

static void test_a_spool_that_is_not_as_it_must_be_fails_closed(void **state)
{
	AUTO(world_remove) struct world world = world_make();

	(void)state;
	static const mode_t modes[] = { 0733, 01777, 01723, 03733, 0700 };

	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		assert_int_equal(chmod(world.spool, modes[i]), 0);
		assert_int_equal(record_as(ANNA, &world, &read_entry), EXIT_AUDIT);
	}
	assert_int_equal(chmod(world.spool, 01733), 0);
	assert_int_equal(chown(world.spool, BERT, 0), 0);
	assert_int_equal(record_as(ANNA, &world, &read_entry), EXIT_AUDIT);
	assert_int_equal(rmdir(world.spool), 0);
	assert_int_equal(record_as(ANNA, &world, &read_entry), EXIT_AUDIT);
	assert_int_equal(symlink("/tmp", world.spool), 0);
	assert_int_equal(record_as(ANNA, &world, &read_entry), EXIT_AUDIT);
	unlink(world.spool);
	file_write_text(world.spool, "");
	assert_int_equal(record_as(ANNA, &world, &read_entry), EXIT_AUDIT);
}

/* What cannot be written whole leaves nothing behind. */
static int record_without_room(const struct world *world, const void *context)
{
	const struct rlimit none = { 10, 10 };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	return record(world, context);
}

static void test_an_entry_that_does_not_fit_fails_closed(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	struct audit_entry entry = read_entry;
	AUTO(free_ptr) char *much = calloc(1, 40001);

	(void)state;
	assert_int_equal(as(ANNA, record_without_room, &world, &read_entry), EXIT_AUDIT);
	entry.reference = memset(much, 'a', 40000);
	assert_int_equal(record_as(ANNA, &world, &entry), EXIT_AUDIT);
	much[20000] = '\0';
	assert_int_equal(folder_count(world.spool), 0);
	assert_int_equal(record_as(ANNA, &world, &entry), 0);
	collect(&world);
	assert_int_equal(check(&world).spooled, 1);
}

/* A bad file is one line without its content, and gone. */
static void expect_refused(const struct world *world, const char *subject, const char *reason)
{
	AUTO(json_freep) json_t *line = NULL;
	size_t before = last_line(world, &line);

	collect(world);
	assert_int_equal(last_line(world, &line), before + 1);
	assert_string_equal(json_text(line, "action"), "spool");
	assert_string_equal(json_text(line, "phase"), "note");
	assert_string_equal(json_text(line, "subject"), subject);
	assert_contains(json_text(line, "reason"), reason);
	assert_null(json_object_get(line, "reference"));
	assert_int_equal(folder_count(world->spool), 0);
	check(world);
}

static void test_a_file_that_is_no_entry_becomes_a_line_that_says_so(void **state)
{
	static const char *const bad[] = {
		"evil\n",
		"[]\n",
		"{}\n",
		"{\"phase\":\"read\",\"action\":\"get\",\"subject\":\"user:a\"}\n",
		"{\"time\":\"soon\",\"phase\":\"read\",\"action\":\"get\",\"subject\":\"user:a\"}"
		"\n",
#define HEAD "{\"time\":\"2026-01-01T00:00:00Z\",\"subject\":\"user:a\",\"action\":\"get\""
		HEAD ",\"phase\":\"before\"}\n",
		HEAD ",\"phase\":\"read\",\"seq\":1}\n",
		HEAD ",\"phase\":\"read\",\"seq\":\"1\"}\n",
		HEAD ",\"phase\":\"read\",\"value\":\"evil\"}\n",
		HEAD ",\"phase\":\"read\",\"spool_id\":\"" ID("9") "\"}\n",
		HEAD ",\"phase\":\"read\",\"outcome\":[\"ok\"]}\n",
		HEAD ",\"phase\":\"read\",\"request\":\"evil\"}\n",
		HEAD ",\"phase\":\"read\",\"outcome\":\"evil-evil-evil-evil-evil-evil-evil\"}\n",
		HEAD ",\"phase\":\"read\"}\n" HEAD ",\"phase\":\"read\"}\n",
	};
	AUTO(world_remove) struct world world = world_make();
	AUTO(free_ptr) char *text = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		put_as(ANNA, &world, ID("3"), bad[i]);
		expect_refused(&world, "user:#54321", "not an entry");
	}
	text = file_read(world.log, NULL);
	assert_null(strstr(text, "evil"));
}

static int put_link(const struct world *world, const void *context)
{
	char path[700];

	snprintf(path, sizeof(path), "%s/%s.json", world->spool, ID("4"));
	return context ? symlink(context, path) : mkfifo(path, 0666);
}

static int put_huge(const struct world *world, const void *context)
{
	char path[700];

	(void)context;
	snprintf(path, sizeof(path), "%s/%s.json", world->spool, ID("5"));
	file_write_text(path, "x");
	return truncate(path, (off_t)1 << 40);
}

static void test_links_fifos_and_huge_files_do_no_harm(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	const char *outside = temp_path(&world.temp, "outside");
	char path[700];

	(void)state;
	file_write_text(outside, "stays\n");
	assert_int_equal(as(ANNA, put_link, &world, outside), 0);
	expect_refused(&world, "user:#54321", "a symbolic link");
	assert_int_equal(as(ANNA, put_link, &world, "/dev/zero"), 0);
	expect_refused(&world, "user:#54321", "a symbolic link");
	assert_int_equal(as(ANNA, put_link, &world, NULL), 0);
	expect_refused(&world, "user:#54321", "not a regular file");
	assert_int_equal(as(ANNA, put_huge, &world, NULL), 0);
	expect_refused(&world, "user:#54321", "too large");
	/* Who made a second name for a file is not known. */
	snprintf(path, sizeof(path), "%s/%s.json", world.spool, ID("6"));
	assert_int_equal(link(outside, path), 0);
	expect_refused(&world, "engine:spool", "several names");
	assert_true(file_exists(outside));
}

static int put_folder(const struct world *world, const void *context)
{
	char path[700];

	snprintf(path, sizeof(path), "%s/%s", world->spool, (const char *)context);
	return mkdir(path, 0700);
}

static void test_what_is_unfinished_or_a_folder_is_left_where_it_is(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	AUTO(json_freep) json_t *line = NULL;

	(void)state;
	put_as(ANNA, &world, ID("7"), "{\"time\":\"2026");
	put_as(ANNA, &world, "notes", "{}\n");
	assert_int_equal(as(ANNA, put_folder, &world, ID("8") ".json"), 0);
	collect(&world);
	assert_int_equal(last_line(&world, &line), 0);
	assert_int_equal(folder_count(world.spool), 3);
	assert_int_equal(waiting(&world), 1);
	/* They stop nobody. */
	assert_int_equal(record_as(BERT, &world, &read_entry), 0);
	collect(&world);
	assert_int_equal(last_line(&world, &line), 1);
}

/* 0 if nothing of another's can be seen, read, replaced or removed. */
static int meddle(const struct world *world, const void *context)
{
	char path[700], other[700];

	snprintf(path, sizeof(path), "%s/%s", world->spool, (const char *)context);
	snprintf(other, sizeof(other), "%s/mine", world->spool);
	if (!access(world->spool, R_OK))
		return 1;
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0 || open(path, O_WRONLY | O_CLOEXEC) >= 0)
		return 2;
	if (!unlink(path) || !rename(path, other))
		return 3;
	file_write_text(other, "mine");
	return !rename(other, path) ? 4 : 0;
}

static void test_nobody_can_read_or_remove_what_another_put_there(void **state)
{
	AUTO(world_remove) struct world world = world_make();

	(void)state;
	put_as(ANNA, &world, ID("9"), "{}\n");
	assert_int_equal(chmod(temp_path(&world.temp, "audit.jsonl.spool/" ID("9") ".json"), 0600),
			 0);
	assert_int_equal(as(BERT, meddle, &world, ID("9") ".json"), 0);
	assert_int_equal(waiting(&world), 1);
}

static void test_many_are_taken_in_by_the_order_of_their_names(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	AUTO(json_freep) json_t *line = NULL;

	(void)state;
	for (int i = 199; i >= 0; i--) {
		char name[64], text[256];

		snprintf(name, sizeof(name), "0190a5c4-7b7d-7000-8000-%012d", i);
		snprintf(text, sizeof(text), HEAD ",\"phase\":\"read\",\"version\":\"%d\"}\n", i);
		put_as(ANNA, &world, name, text);
	}
	collect(&world);
	assert_int_equal(last_line(&world, &line), 200);
	assert_string_equal(json_text(line, "version"), "199");
	assert_int_equal(check(&world).spooled, 200);
	assert_int_equal(folder_count(world.spool), 0);
}

/* A crash after the lines were synced: the entry is there twice, as one. */
static void test_an_entry_that_comes_twice_is_no_problem(void **state)
{
	AUTO(world_remove) struct world world = world_make();

	(void)state;
	for (int i = 0; i < 2; i++) {
		put_as(ANNA, &world, ID("2"), HEAD ",\"phase\":\"read\"}\n");
		collect(&world);
	}
	assert_int_equal(check(&world).spooled, 2);
}

static void test_a_log_that_cannot_be_written_leaves_the_entries_waiting(void **state)
{
	AUTO(world_remove) struct world world = world_make();
	AUTO(audit_closep) struct audit *audit = NULL;
	const struct rlimit none = { 10, RLIM_INFINITY };
	struct rlimit before;
	struct lks_error err;

	(void)state;
	assert_int_equal(record_as(ANNA, &world, &read_entry), 0);
	assert_ok(audit_open(world.log, true, &audit, &err), &err);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	audit_collect(audit);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(waiting(&world), 1);
	audit_collect(audit);
	assert_int_equal(waiting(&world), 0);
	assert_int_equal(check(&world).spooled, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root_makes_the_spool_where_others_can_enter),
		cmocka_unit_test(test_a_read_of_another_user_is_a_line_with_the_owner_as_subject),
		cmocka_unit_test(test_a_spooled_time_may_be_older_than_the_line_before),
		cmocka_unit_test(test_a_change_of_another_user_stays_refused),
		cmocka_unit_test(test_a_spool_that_is_not_as_it_must_be_fails_closed),
		cmocka_unit_test(test_an_entry_that_does_not_fit_fails_closed),
		cmocka_unit_test(test_a_file_that_is_no_entry_becomes_a_line_that_says_so),
		cmocka_unit_test(test_links_fifos_and_huge_files_do_no_harm),
		cmocka_unit_test(test_what_is_unfinished_or_a_folder_is_left_where_it_is),
		cmocka_unit_test(test_nobody_can_read_or_remove_what_another_put_there),
		cmocka_unit_test(test_many_are_taken_in_by_the_order_of_their_names),
		cmocka_unit_test(test_an_entry_that_comes_twice_is_no_problem),
		cmocka_unit_test(test_a_log_that_cannot_be_written_leaves_the_entries_waiting),
	};

	json_setup();
	log_setup(LKS_LOG_ERROR, LOG_TEXT, STDERR_FILENO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
