/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time zone's rules, read from a TZif file (RFC 8536) without touching the
 * process's own zone.
 */
#ifndef CONFIG_ZONE_H
#define CONFIG_ZONE_H

#include "config/config.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"

/* `name` as in tzdata ("Europe/Berlin"); "UTC" needs no file. LKS_INVALID for
   a name that is none, LKS_NOT_FOUND if the system does not know it. */
enum lks_status zone_load(const char *folder, const char *name, struct zone **ret_zone,
			  struct lks_error *err) MUST_CHECK;
/* From the bytes of a TZif file. */
enum lks_status zone_parse(const void *data, size_t len, const char *name, struct zone **ret_zone,
			   struct lks_error *err) MUST_CHECK;
void zone_free(struct zone *zone);
void zone_freep(struct zone **zone);

/* Seconds east of UTC at that moment (NULL is UTC). */
int64_t zone_offset(const struct zone *zone, int64_t utc_s);
/* The moment at which clocks there first show `local_s` (seconds since
   1970-01-01 00:00 on them), or, if they skip it, the moment of the skip. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_s);

/* Days since 1970-01-01 of a date, month 1..12. */
int64_t days_of_date(int64_t year, int month, int day);

#endif
