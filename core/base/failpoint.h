/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named points where a test build (--enable-failpoints) can be killed, fail or
 * stall: LOCKSTEP_FAILPOINT="NAME:kill", "NAME:error", "NAME:delay=MS", with
 * "@N" for the N-th pass (default the first) or "@*" for every pass. Several are
 * joined by commas. A malformed text aborts. In other builds FAILPOINT is 0 and no name is in the
 * binary.
 */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#ifdef ENABLE_FAILPOINTS
/* 1 if the point must fail now; does not return if it kills. */
int failpoint_hit(const char *name);
/* For tests in the same process: as if the variable had this text. */
void failpoint_use(const char *points);
#define FAILPOINT(name) failpoint_hit(name)
#else
#define FAILPOINT(name) 0
#endif

#endif
