/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config's `on_event` commands: each gets one JSON object on its standard
 * input (ids, names, references; never a value) and has HOOK_TIMEOUT_MS. A
 * hook that fails is a warning; it never changes what an operation does.
 *
 *   failed   an operation was rolled back, or could not be begun
 *   stuck    it needs a person
 *   waiting  it goes on later
 *   overdue  it was due a day ago or more and could not be started
 */
#ifndef ROTATE_HOOKS_H
#define ROTATE_HOOKS_H

#include "config/config.h"
#include "txn/event.h"

#define HOOK_TIMEOUT_MS 10000
#define OVERDUE_AFTER_MS (INT64_C(24) * 60 * 60 * 1000)

/* `context` of the sink is the config. */
struct event_sink hooks_sink(const struct config *config);
/* Run the hooks of one event. `error` and `operation` may be NULL. */
void hooks_run(const struct config *config, const char *event, const char *kind, const char *name,
	       const char *operation, const struct lks_error *error);

#endif
