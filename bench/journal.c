/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: a rotation's own time per step against two fdatasyncs, and
 * recovery among 100,000 journal rows. Stores are in memory and answer at once.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "support/rig.h"
#include "support/test.h"

#define OPERATIONS 200
#define STEPS 3
#define ROWS 100000

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double first = *(const double *)a;
	double second = *(const double *)b;

	return (first > second) - (first < second);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_size);
	return values[count / 2];
}

/* The floor: two appends, each synced. */
static double two_syncs(struct rig *rig)
{
	static double samples[OPERATIONS];
	char block[4096] = "";
	int fd = open(temp_path(&rig->temp, "floor"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	for (size_t i = 0; i < OPERATIONS; i++) {
		double begun = now_ms();

		for (int j = 0; j < 2; j++) {
			if (write(fd, block, sizeof(block)) != sizeof(block) || fdatasync(fd))
				abort();
		}
		samples[i] = now_ms() - begun;
	}
	close(fd);
	return median(samples, OPERATIONS);
}

/* A rotation of `count` records, one step each. */
static double operation_ms(struct rig *rig, int count)
{
	static double samples[OPERATIONS];
	struct lks_error err = { 0 };

	for (size_t i = 0; i < OPERATIONS; i++) {
		AUTO(plan_freep) struct plan *plan = NULL;
		AUTO(outcome_release) struct outcome outcome = { 0 };
		double begun;

		if (plan_new("rotate", "bench", &plan, &err))
			abort();
		for (int j = 0; j < count; j++) {
			char name[32];

			snprintf(name, sizeof(name), "app:K%d", j);
			rig_target(rig_step(plan, STEP_WRITE, name), name, "new");
			fake_set(rig->stores, name, "old-value");
		}
		begun = now_ms();
		if (executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome,
				 &err) ||
		    outcome.exit_code)
			abort();
		samples[i] = now_ms() - begun;
	}
	return median(samples, OPERATIONS);
}

/* Ended operations, as years of use leave them. */
static void fill(struct rig *rig)
{
	sqlite3 *sqlite = NULL;
	char sql[512];

	if (sqlite3_open(temp_path(&rig->temp, "state.db"), &sqlite) != SQLITE_OK)
		abort();
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		 " INSERT INTO operations(id, kind, name, state, plan, plan_hash, created, updated,"
		 " final) SELECT 'past-' || i, 'rotate', 'r' || (i %% 50), 'done',"
		 " hex(randomblob(300)), '', i, i, 1 FROM n",
		 ROWS / (STEPS + 1));
	if (sqlite3_exec(sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	snprintf(sql, sizeof(sql),
		 "INSERT INTO steps(operation, number, phase) SELECT o.number, s.n, 'done' FROM"
		 " operations o, (SELECT 1 n UNION SELECT 2 UNION SELECT 3) s WHERE o.id LIKE"
		 " 'past-%%'");
	if (sqlite3_exec(sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		abort();
	sqlite3_close(sqlite);
}

static double recovery(struct rig *rig)
{
	AUTO(plan_freep) struct plan *plan = rig_staged("copy");
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };
	double begun;

	fill(rig);
	rig->asked = 0;
	rig->stop_at = 2;
	if (executor_run(&rig->executor, plan, NULL, true, rig_prepare, rig, &outcome, &err))
		abort();
	rig->stop_at = -1;
	begun = now_ms();
	rig_restart(rig);
	if (executor_recover(&rig->executor, NULL, NULL, &err))
		abort();
	return now_ms() - begun;
}

int main(void)
{
	struct rig rig;
	double floor_ms, short_ms, long_ms, step_ms, recovery_ms;

	rig_start(&rig);
	clock_use(NULL);
	floor_ms = two_syncs(&rig);
	short_ms = operation_ms(&rig, 2);
	long_ms = operation_ms(&rig, 12);
	step_ms = (long_ms - short_ms) / 10;
	recovery_ms = recovery(&rig);
	rig_stop(&rig);
	printf("journal  two fdatasyncs %.3f ms, a step %.3f ms: %.3f ms above (goal 0.6)\n",
	       floor_ms, step_ms, step_ms - floor_ms);
	printf("journal  beginning and ending an operation %.3f ms\n", short_ms - 2 * step_ms);
	printf("journal  recovery among %d rows %.1f ms (goal 500)\n", ROWS, recovery_ms);
	return 0;
}
