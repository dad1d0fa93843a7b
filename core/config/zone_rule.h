/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX rule of a time zone ("CET-1CEST,M3.5.0,M10.5.0/3"), as it ends a
   TZif file. */
#ifndef CONFIG_ZONE_RULE_H
#define CONFIG_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

struct zone_change {
	char kind; /* 'M' month.week.day, 'J' day 1..365 without leap day, 'N' 0..365 */
	int month, week, day;
	int64_t time_s; /* local, may lie before or after the day */
};

struct zone_rule {
	int64_t standard_offset; /* seconds east of UTC */
	bool has_summer;
	int64_t summer_offset;
	struct zone_change start, end;
};

bool zone_rule_parse(const char *text, struct zone_rule *ret_rule);
int64_t zone_rule_offset(const struct zone_rule *rule, int64_t utc_s);

#endif
