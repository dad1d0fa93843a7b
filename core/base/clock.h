/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time, with a seam for tests. Durations and deadlines use the boot clock
 * (never jumps, counts suspend); the wall clock is for stamps and schedules.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock_source {
	int64_t (*boot_ms)(void *context);
	int64_t (*wall_ms)(void *context);
	void (*sleep_ms)(void *context, int64_t ms);
	void *context;
};

int64_t clock_boot_ms(void);
int64_t clock_wall_ms(void);
/* Returns early on a signal. */
void clock_sleep_ms(int64_t ms);
/* The kernel's boot id, 36 characters; "" if it cannot be read. */
const char *clock_boot_id(void);
/* For tests: replace the source, NULL for the real one. */
void clock_use(const struct clock_source *source);

#endif
