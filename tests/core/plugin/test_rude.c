/* SPDX-License-Identifier: Apache-2.0 */
/* N35: a loaded plugin that misbehaves, called as the store layer calls it. */
#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include "core/plugin/mock.h"
#include "plugin/fence.h"
#include "plugin/host.h"
#include "plugin/loader.h"
#include "support/test.h"

static const struct plugin *rude;
static const struct lks_host *host;
static void *instance;

static int load_rude(void **state)
{
	AUTO(temp_remove) struct temp temp = temp_make_trusted();
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	struct lks_call call = { .size = sizeof(call) };
	struct lks_error err = { 0 };

	(void)state;
	mock_build(&temp, "rude", "rude.c", "-D_GNU_SOURCE");
	assert_ok(loader_read(temp.path, "rude", NULL, &file, &err), &err);
	assert_ok(loader_open(file, "rude", &rude, &err), &err);
	assert_ok(host_new("store rude", NULL, NULL, &host, &err), &err);
	assert_ok(rude->backend->open(host, NULL, &call, &instance, &err), &err);
	return fence_setup(&err) == LKS_OK ? 0 : -1;
}

static int free_rude(void **state)
{
	(void)state;
	rude->backend->close(instance);
	host_free(host);
	return 0;
}

static enum lks_status get(const char *path, struct lks_record *record, unsigned *ret_changed,
			   struct lks_error *err)
{
	struct lks_call call = { .size = sizeof(call) };
	struct fence fence;
	enum lks_status status;

	fence_enter(&fence);
	status = rude->backend->get(instance, &call, path, NULL, record, err);
	*ret_changed = fence_leave(&fence, "rude");
	status = fence_status(status, "rude", "get", err);
	return status ? status : fence_record(record, "rude", err);
}

static void assert_get(const char *path, enum lks_status expected, unsigned expected_change,
		       const char *message)
{
	struct lks_record record = { 0 };
	struct lks_error err = { 0 };
	unsigned changed;

	assert_int_equal(get(path, &record, &changed, &err), expected);
	assert_int_equal(changed, expected_change);
	assert_contains(err.message, message);
	record_clear(&record);
	/* And all is as it was: a polite call changes nothing. */
	assert_int_equal(get("polite", &record, &changed, &err), LKS_OK);
	assert_int_equal(changed, 0);
	record_clear(&record);
}

static void test_n35_changes_of_the_process_are_seen_and_put_back(void **state)
{
	(void)state;
	assert_get("folder", LKS_OK, FENCE_FOLDER, "");
	assert_get("umask", LKS_OK, FENCE_UMASK, "");
	assert_get("signals", LKS_OK, FENCE_SIGNALS, "");
	assert_get("environ", LKS_OK, FENCE_ENVIRON, "");
	if (setlocale(LC_ALL, "C.UTF-8") && setlocale(LC_ALL, "C"))
		assert_get("locale", LKS_OK, FENCE_LOCALE, "");
}

static void test_n35_closed_streams_are_open_again(void **state)
{
	struct lks_record record = { 0 };
	struct lks_error err = { 0 };
	unsigned changed;
	enum lks_status status;
	int saved[3];

	(void)state;
	for (int fd = 0; fd <= 2; fd++)
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 50);
	status = get("fds", &record, &changed, &err);
	for (int fd = 0; fd <= 2; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
	assert_int_equal(status, LKS_OK);
	assert_int_equal(changed, FENCE_FDS);
	record_clear(&record);
}

static void test_n35_answers_that_are_none_are_failures(void **state)
{
	(void)state;
	assert_get("nothing", LKS_FAILED, 0, "gave no field");
	assert_get("careless", LKS_FAILED, 0, "gave no field");
	assert_get("status", LKS_FAILED, 0, "12345, which is no status");
	assert_get("silent", LKS_DENIED, 0, "did not say why");
	assert_get("length", LKS_INVALID, 0, "more than");
	assert_get("null", LKS_INVALID, 0, "no field's name");
	assert_get("version", LKS_FAILED, 0, "version");
}

static void test_n35_threads_left_behind_can_be_seen(void **state)
{
	size_t before = fence_threads();

	(void)state;
	assert_get("thread", LKS_OK, 0, "");
	assert_int_equal(fence_threads(), before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_n35_changes_of_the_process_are_seen_and_put_back),
		cmocka_unit_test(test_n35_closed_streams_are_open_again),
		cmocka_unit_test(test_n35_answers_that_are_none_are_failures),
		cmocka_unit_test(test_n35_threads_left_behind_can_be_seen),
	};

	return cmocka_run_group_tests(tests, load_rude, free_rude);
}
