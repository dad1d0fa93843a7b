/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change of an env file costs above the least that can be safe: write a
 * new file, sync it, rename it, sync the folder. Both on the same file system
 * in the same run.
 *
 *   replace FOLDER
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "support/fake_host.h"

#define ROUNDS 300
#define KEYS 50

extern const struct lks_plugin lks_plugin_env_file;

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void check(int failed, const char *what)
{
	if (!failed)
		return;
	fprintf(stderr, "replace: %s failed\n", what);
	exit(1);
}

static size_t make_text(char *text, size_t size)
{
	size_t len = 0;

	for (int i = 0; i < KEYS; i++)
		len += (size_t)snprintf(text + len, size - len,
					"# key %d\nKEY_%d=value-number-%d-of-the-file\n", i, i, i);
	return len;
}

static void replace_barely(int folder, const char *text, size_t len)
{
	const int fd = openat(folder, ".bare.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	check(fd < 0 || write(fd, text, len) != (ssize_t)len || fsync(fd) || close(fd), "writing");
	check(renameat(folder, ".bare.new", folder, ".bare") || fsync(folder), "replacing");
}

static void replace_through_plugin(struct fake_host *fake, void *instance, int round)
{
	struct lks_error *err = fake_error_new();
	struct lks_call call = fake_call(fake, 20000, 0);
	struct lks_record *record;
	char value[32];

	snprintf(value, sizeof(value), "changed-%d", round);
	record = fake_record_of(value, SIZE_MAX);
	if (lks_plugin_env_file.backend->set(instance, &call, "KEY_25", record, NULL, err)) {
		fprintf(stderr, "replace: %s\n", fake_error_text(err));
		exit(1);
	}
	fake_record_free(record);
	fake_error_free(err);
}

static int by_size(const void *a, const void *b)
{
	const double left = *(const double *)a;
	const double right = *(const double *)b;

	return (left > right) - (left < right);
}

static void *open_store(struct fake_host *fake, const char *path)
{
	const struct fake_setting setting = { "path", path };
	struct lks_settings *settings = fake_settings_new(&lks_plugin_env_file, &setting, 1);
	struct lks_error *err = fake_error_new();
	struct lks_call call = fake_call(fake, 20000, 0);
	void *instance = NULL;

	check(lks_plugin_env_file.backend->open(fake_host_table(fake), settings, &call, &instance,
						err) != LKS_OK,
	      "opening the store");
	fake_error_free(err);
	fake_settings_free(settings);
	return instance;
}

int main(int argc, char **argv)
{
	static double bare_ms[ROUNDS], plugin_ms[ROUNDS];
	struct fake_host *fake = fake_host_new();
	char text[8192], path[4200];
	const size_t len = make_text(text, sizeof(text));
	void *instance;
	int folder, fd;

	if (argc != 2)
		return 2;
	folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/.env", argv[1]);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	check(folder < 0 || fd < 0 || write(fd, text, len) != (ssize_t)len || close(fd),
	      "setting up");
	instance = open_store(fake, path);
	for (int i = 0; i < ROUNDS; i++) {
		const double start = now_ms();
		double middle;

		replace_barely(folder, text, len);
		middle = now_ms();
		replace_through_plugin(fake, instance, i);
		bare_ms[i] = middle - start;
		plugin_ms[i] = now_ms() - middle;
	}
	lks_plugin_env_file.backend->close(instance);
	fake_host_free(fake);
	close(folder);
	qsort(bare_ms, ROUNDS, sizeof(*bare_ms), by_size);
	qsort(plugin_ms, ROUNDS, sizeof(*plugin_ms), by_size);
	printf("%-18s %10s %10s %10s\n", "replace", "p50 ms", "p95 ms", "x bare");
	printf("%-18s %10.3f %10.3f %10.2f\n", "bare", bare_ms[ROUNDS / 2],
	       bare_ms[ROUNDS * 95 / 100], 1.0);
	printf("%-18s %10.3f %10.3f %10.2f\n", "env-file set", plugin_ms[ROUNDS / 2],
	       plugin_ms[ROUNDS * 95 / 100], plugin_ms[ROUNDS / 2] / bare_ms[ROUNDS / 2]);
	return 0;
}
