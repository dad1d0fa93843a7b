/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a program takes from spawn to its end, next to an empty program in
 * the same run.
 *
 *   start EMPTY LOCKSTEP CONFIG REFERENCE
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ROUNDS 400

extern char **environ;

struct subject {
	const char *name;
	char *const *argv;
	double took_ms[ROUNDS];
};

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double run_once(char *const *argv, const posix_spawn_file_actions_t *actions)
{
	const double start = now_ms();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], actions, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "start: %s failed\n", argv[0]);
		exit(1);
	}
	return now_ms() - start;
}

static int by_size(const void *a, const void *b)
{
	const double left = *(const double *)a;
	const double right = *(const double *)b;

	return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	double floor;

	if (argc != 5)
		return 2;
	char *const empty[] = { argv[1], NULL };
	char *const version[] = { argv[2], (char *)(uintptr_t) "version", NULL };
	char *const get[] = { argv[2], (char *)(uintptr_t) "-c",
			      argv[3], (char *)(uintptr_t) "get",
			      argv[4], NULL };
	static struct subject subjects[3];

	subjects[0] = (struct subject){ .name = "empty program", .argv = empty };
	subjects[1] = (struct subject){ .name = "lockstep version", .argv = version };
	subjects[2] = (struct subject){ .name = "lockstep get", .argv = get };
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	/* In turns, so that a busy machine is busy for all of them. */
	for (int i = -20; i < ROUNDS; i++)
		for (size_t j = 0; j < COUNT_OF(subjects); j++)
			subjects[j].took_ms[i < 0 ? 0 : i] = run_once(subjects[j].argv, &actions);
	posix_spawn_file_actions_destroy(&actions);
	printf("%-18s %10s %10s %10s\n", "start", "p50 ms", "p95 ms", "x empty");
	for (size_t j = 0; j < COUNT_OF(subjects); j++) {
		double *took = subjects[j].took_ms;

		qsort(took, ROUNDS, sizeof(*took), by_size);
		floor = subjects[0].took_ms[ROUNDS / 2];
		printf("%-18s %10.3f %10.3f %10.2f\n", subjects[j].name, took[ROUNDS / 2],
		       took[ROUNDS * 95 / 100], took[ROUNDS / 2] / floor);
	}
	return 0;
}
