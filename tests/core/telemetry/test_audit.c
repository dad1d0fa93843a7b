/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log on real files: what it writes, refuses, and notices. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "support/temp.h"
#include "telemetry/audit.h"

static const struct audit_entry read_entry = { .phase = AUDIT_READ,
					       .action = "get",
					       .subject = "user:anna",
					       .reference = "app:API_KEY",
					       .outcome = "ok",
					       .request = "0190a5c4-7b7d-7000-8000-000000000001" };
static const struct audit_entry change_entry = {
	.phase = AUDIT_BEFORE, .action = "set", .subject = "user:anna", .reference = "app:API_KEY"
};

static void audit_closep(struct audit **audit)
{
	audit_close(*audit);
}

static const char *log_path(struct temp *temp)
{
	return temp_path(temp, "audit.jsonl");
}

/* Open, write one line, close. */
static void write_one(const char *path, const struct audit_entry *entry)
{
	AUTO(audit_closep) struct audit *audit = NULL;
	struct lks_error err;

	assert_ok(audit_open(path, true, &audit, &err), &err);
	assert_ok(audit_write(audit, entry, &err), &err);
}

static size_t count_lines(const char *path)
{
	AUTO(free_ptr) char *text = file_read(path, NULL);
	size_t count = 0;

	for (const char *c = text; *c; c++)
		count += *c == '\n';
	return count;
}

struct found {
	size_t count;
	char first[512];
	uint64_t line;
};

static void find_problem(void *context, uint64_t line, const char *text)
{
	struct found *found = context;

	if (!found->count++) {
		snprintf(found->first, sizeof(found->first), "%s", text);
		found->line = line;
	}
}

static struct audit_summary check(const char *path, struct found *found)
{
	struct audit_summary summary;
	struct lks_error err;

	memset(found, 0, sizeof(*found));
	assert_ok(audit_check(path, find_problem, found, &summary, &err), &err);
	assert_int_equal(summary.problems, found->count);
	return summary;
}

static void test_a_line_is_one_json_object_with_the_entrys_members(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(json_freep) json_t *entry = NULL;
	AUTO(free_ptr) char *text = NULL;
	struct lks_error err;
	size_t len;

	(void)state;
	write_one(log_path(&temp), &read_entry);
	text = file_read(log_path(&temp), &len);
	assert_int_equal(text[len - 1], '\n');
	assert_ok(json_read(text, len - 1, "line", &entry, &err), &err);
	assert_int_equal(json_number(entry, "seq"), 1);
	assert_string_equal(json_text(entry, "phase"), "read");
	assert_string_equal(json_text(entry, "action"), "get");
	assert_string_equal(json_text(entry, "subject"), "user:anna");
	assert_string_equal(json_text(entry, "reference"), "app:API_KEY");
	assert_string_equal(json_text(entry, "outcome"), "ok");
	assert_null(json_object_get(entry, "operation"));
	assert_int_equal(file_mode(log_path(&temp)), 0600);
}

/* n91: nothing in an entry can end its line or speak to the terminal. */
static void test_n91_control_characters_and_quotes_stay_inside_their_member(void **state)
{
	static const char evil[] = "x\"},{\"seq\":9\n\x1b[31m%n%s\\";
	struct audit_entry entry = read_entry;
	AUTO(json_freep) json_t *parsed = NULL;
	AUTO(free_ptr) char *line = NULL;
	struct lks_error err;

	(void)state;
	entry.reason = evil;
	line = audit_format(&entry, 1700000000000);
	assert_non_null(line);
	assert_null(strchr(line, '\n'));
	assert_null(strchr(line, 0x1b));
	assert_ok(json_read(line, strlen(line), "line", &parsed, &err), &err);
	assert_contains(json_text(parsed, "reason"), "x\"},{\"seq\":9\\n");
	assert_null(json_object_get(parsed, "seq"));
}

static void test_numbers_go_on_over_processes_and_check_finds_nothing(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct audit_summary summary;
	struct found found;

	(void)state;
	for (int i = 0; i < 5; i++)
		write_one(log_path(&temp), i % 2 ? &change_entry : &read_entry);
	summary = check(log_path(&temp), &found);
	assert_int_equal(summary.lines, 5);
	assert_int_equal(summary.first, 1);
	assert_int_equal(summary.last, 5);
	assert_int_equal(summary.problems, 0);
}

static void test_writers_at_the_same_time_never_share_a_number_or_a_line(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct audit_summary summary;
	struct found found;
	int status;

	(void)state;
	for (int i = 0; i < 8; i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child) {
			for (int n = 0; n < 25; n++)
				write_one(log_path(&temp), &read_entry);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	summary = check(log_path(&temp), &found);
	assert_int_equal(summary.lines, 200);
	assert_int_equal(summary.last, 200);
	assert_int_equal(summary.problems, 0);
}

/* n87: what cannot be believed or written is refused, in strict mode. */
static void refused(const char *path, const char *reason)
{
	struct audit *audit = NULL;
	struct lks_error err;

	assert_int_not_equal(audit_open(path, true, &audit, &err), LKS_OK);
	assert_null(audit);
	assert_int_equal(error_exit_code(&err), EXIT_AUDIT);
	assert_contains(err.message, reason);
}

static void test_n87_a_symbolic_link_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	file_write_text(temp_path(&temp, "elsewhere"), "");
	assert_int_equal(symlink(temp_path(&temp, "elsewhere"), log_path(&temp)), 0);
	refused(log_path(&temp), "symbolic link");
}

static void test_n87_a_hard_link_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	file_write_text(temp_path(&temp, "elsewhere"), "");
	assert_int_equal(link(temp_path(&temp, "elsewhere"), log_path(&temp)), 0);
	refused(log_path(&temp), "more than one name");
}

static void test_n87_a_fifo_or_a_folder_is_refused_at_once(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	assert_int_equal(mkfifo(log_path(&temp), 0600), 0);
	refused(log_path(&temp), "not a regular file");
	assert_int_equal(unlink(log_path(&temp)), 0);
	assert_int_equal(mkdir(log_path(&temp), 0700), 0);
	refused(log_path(&temp), "cannot be written");
}

static void test_n87_a_file_or_folder_that_others_can_write_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	file_write(log_path(&temp), "", 0, 0666);
	refused(log_path(&temp), "can be written by others");
	assert_int_equal(unlink(log_path(&temp)), 0);
	assert_int_equal(chmod(temp.path, 0777), 0);
	refused(log_path(&temp), "");
	assert_int_equal(chmod(temp.path, 0700), 0);
}

static void test_n87_a_head_that_is_a_link_is_refused(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	assert_int_equal(symlink("/dev/null", temp_path(&temp, "audit.jsonl.head")), 0);
	refused(log_path(&temp), "symbolic link");
}

/* n87: a full disk, here a file size limit, leaves the file as it was. */
static void test_n87_a_full_disk_fails_closed_and_leaves_no_half_line(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(audit_closep) struct audit *audit = NULL;
	AUTO(free_ptr) char *before = NULL;
	AUTO(free_ptr) char *after = NULL;
	struct rlimit limit, small;
	struct lks_error err;
	size_t len;

	(void)state;
	assert_ok(audit_open(log_path(&temp), true, &audit, &err), &err);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
	before = file_read(log_path(&temp), &len);

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = len + 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_not_equal(audit_write(audit, &read_entry, &err), LKS_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(error_exit_code(&err), EXIT_AUDIT);

	after = file_read(log_path(&temp), NULL);
	assert_string_equal(before, after);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
}

static int64_t fake_ms;

static int64_t fake_now(void *context)
{
	(void)context;
	return fake_ms;
}

static void fake_sleep(void *context, int64_t ms)
{
	(void)context;
	fake_ms += ms;
}

/* n87: whoever holds the lock cannot hold us longer than two seconds. */
static void test_n87_a_held_lock_is_given_up_after_two_seconds(void **state)
{
	static const struct clock_source fake = { fake_now, fake_now, fake_sleep, NULL };
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(audit_closep) struct audit *audit = NULL;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct lks_error err;
	int64_t start;
	int fd;

	(void)state;
	assert_ok(audit_open(log_path(&temp), true, &audit, &err), &err);
	fd = open(temp_path(&temp, "audit.jsonl.head"), O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	clock_use(&fake);
	start = fake_ms;
	assert_int_not_equal(audit_write(audit, &read_entry, &err), LKS_OK);
	clock_use(NULL);
	assert_int_equal(error_exit_code(&err), EXIT_AUDIT);
	assert_in_range((uintmax_t)(fake_ms - start), 2000, 2100);
	close(fd);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
}

/* n87: rotated or removed, the next line makes a new file and counts on. */
static void test_n87_a_rotated_log_is_opened_anew_and_the_numbers_go_on(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(audit_closep) struct audit *audit = NULL;
	struct audit_summary summary;
	struct lks_error err;
	struct found found;

	(void)state;
	assert_ok(audit_open(log_path(&temp), true, &audit, &err), &err);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
	assert_int_equal(rename(log_path(&temp), temp_path(&temp, "audit.jsonl.1")), 0);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
	assert_int_equal(count_lines(temp_path(&temp, "audit.jsonl.1")), 2);
	summary = check(log_path(&temp), &found);
	assert_int_equal(summary.first, 3);
	assert_int_equal(summary.problems, 0);

	assert_int_equal(unlink(temp_path(&temp, "audit.jsonl.head")), 0);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
	assert_true(file_exists(temp_path(&temp, "audit.jsonl.head")));
}

static void test_n87_without_strict_mode_the_work_goes_on(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(audit_closep) struct audit *audit = NULL;
	struct lks_error err;

	(void)state;
	assert_int_equal(mkdir(log_path(&temp), 0700), 0);
	log_setup(LKS_LOG_ERROR, LOG_TEXT, -1);
	assert_ok(audit_open(log_path(&temp), false, &audit, &err), &err);
	assert_ok(audit_write(audit, &read_entry, &err), &err);
}

static void test_a_line_that_a_crash_cut_short_is_kept_and_reported(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct audit_summary summary;
	struct found found;
	int fd;

	(void)state;
	write_one(log_path(&temp), &read_entry);
	fd = open(log_path(&temp), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "{\"seq\":2,\"ti", 12), 12);
	close(fd);
	write_one(log_path(&temp), &read_entry);
	summary = check(log_path(&temp), &found);
	assert_int_equal(summary.lines, 3);
	assert_int_equal(summary.last, 3);
	assert_int_equal(found.count, 1);
	assert_int_equal(found.line, 2);
}

static void check_says(struct temp *temp, const char *text, const char *problem)
{
	struct found found;

	file_write_text(log_path(temp), text);
	check(log_path(temp), &found);
	if (!found.count)
		fail_msg("no problem was found, expected: %s", problem);
	assert_string_equal(found.first, problem);
}

static void test_check_names_what_is_wrong_with_a_line(void **state)
{
#define LINE(seq, time)                                                                            \
	"{\"seq\":" seq ",\"time\":\"" time "\",\"phase\":\"read\",\"action\":\"get\","            \
	"\"subject\":\"user:a\"}\n"
	AUTO(temp_remove) struct temp temp = temp_make_trusted();

	(void)state;
	check_says(&temp, "garbage\n", "not a JSON object");
	check_says(&temp, "[]\n", "not a JSON object");
	check_says(&temp, LINE("1", "2026-01-01T00:00:00Z") LINE("3", "2026-01-01T00:00:00Z"),
		   "number 3 follows number 1");
	check_says(&temp, LINE("2", "2026-01-01T00:00:00Z") LINE("2", "2026-01-01T00:00:00Z"),
		   "number 2 follows number 2");
	check_says(&temp, LINE("1", "2026-01-02T00:00:00Z") LINE("2", "2026-01-01T00:00:00Z"),
		   "earlier than the line before it");
	check_says(&temp, LINE("1", "yesterday"), "\"time\" is not a time");
	check_says(&temp, "{\"seq\":1,\"value\":\"hunter2\"}\n",
		   "a member that does not belong there");
	check_says(&temp, LINE("1", "2026-01-01T00:00:00Z") "{\"seq\":2", "cut short");
#undef LINE
}

static void test_check_notices_that_the_end_is_missing(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct found found;
	size_t len;

	(void)state;
	write_one(log_path(&temp), &read_entry);
	free(file_read(log_path(&temp), &len));
	write_one(log_path(&temp), &read_entry);
	assert_int_equal(truncate(log_path(&temp), (off_t)len), 0);
	check(log_path(&temp), &found);
	assert_int_equal(found.count, 1);
	assert_contains(found.first, "shorter than it was");
}

static void collect(void *context, const char *line, size_t len)
{
	char *all = context;

	strncat(all, line, len);
	strcat(all, "|");
}

static void test_tail_gives_the_last_lines_in_order(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	char all[64] = "";
	struct lks_error err;

	(void)state;
	file_write_text(log_path(&temp), "a\nb\nc\nd");
	assert_ok(audit_tail(log_path(&temp), 2, collect, all, &err), &err);
	assert_string_equal(all, "c|d|");
	all[0] = '\0';
	file_write_text(log_path(&temp), "a\nb\nc\n");
	assert_ok(audit_tail(log_path(&temp), 2, collect, all, &err), &err);
	assert_string_equal(all, "b|c|");
	all[0] = '\0';
	assert_ok(audit_tail(log_path(&temp), 9, collect, all, &err), &err);
	assert_string_equal(all, "a|b|c|");
}

static void test_missing_folders_are_made_for_the_owner_alone(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	struct stat info;

	(void)state;
	write_one(temp_path(&temp, "state/lockstep/audit.jsonl"), &read_entry);
	assert_int_equal(stat(temp_path(&temp, "state/lockstep"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
}

static void test_no_audit_at_all_records_nothing(void **state)
{
	struct lks_error err;

	(void)state;
	assert_ok(audit_write(NULL, &read_entry, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_one_json_object_with_the_entrys_members),
		cmocka_unit_test(test_n91_control_characters_and_quotes_stay_inside_their_member),
		cmocka_unit_test(test_numbers_go_on_over_processes_and_check_finds_nothing),
		cmocka_unit_test(test_writers_at_the_same_time_never_share_a_number_or_a_line),
		cmocka_unit_test(test_n87_a_symbolic_link_is_refused),
		cmocka_unit_test(test_n87_a_hard_link_is_refused),
		cmocka_unit_test(test_n87_a_fifo_or_a_folder_is_refused_at_once),
		cmocka_unit_test(test_n87_a_file_or_folder_that_others_can_write_is_refused),
		cmocka_unit_test(test_n87_a_head_that_is_a_link_is_refused),
		cmocka_unit_test(test_n87_a_full_disk_fails_closed_and_leaves_no_half_line),
		cmocka_unit_test(test_n87_a_held_lock_is_given_up_after_two_seconds),
		cmocka_unit_test(test_n87_a_rotated_log_is_opened_anew_and_the_numbers_go_on),
		cmocka_unit_test(test_n87_without_strict_mode_the_work_goes_on),
		cmocka_unit_test(test_a_line_that_a_crash_cut_short_is_kept_and_reported),
		cmocka_unit_test(test_check_names_what_is_wrong_with_a_line),
		cmocka_unit_test(test_check_notices_that_the_end_is_missing),
		cmocka_unit_test(test_tail_gives_the_last_lines_in_order),
		cmocka_unit_test(test_missing_folders_are_made_for_the_owner_alone),
		cmocka_unit_test(test_no_audit_at_all_records_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
