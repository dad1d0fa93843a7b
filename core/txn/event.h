/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The progress of operations as a stream of events: what the terminal shows,
 * what hooks and later the daemon pass on. Ids, names and references; never a
 * value.
 */
#ifndef TXN_EVENT_H
#define TXN_EVENT_H

#include "base/error.h"

enum event_type {
	EVENT_STARTED = 1, /* an operation begins or is taken up again */
	EVENT_STEP,        /* step n of m begins */
	EVENT_STEP_DONE,
	EVENT_WAITING, /* for what, until when */
	EVENT_RETRY,   /* an outage: which attempt, when next */
	EVENT_ROLLING_BACK,
	EVENT_UNDO, /* undo of step n */
	EVENT_COMMITTED,
	EVENT_FINISHED /* with its outcome */
};
const char *event_type_name(enum event_type type);

struct event {
	enum event_type type;
	const char *operation;
	const char *kind;
	const char *name;
	int step; /* from 1 */
	int step_count;
	const char *text;              /* the step's title; what is waited for */
	const char *outcome;           /* FINISHED: "done" "rolled-back" "stuck" "waiting" */
	int64_t until_wall_ms;         /* WAITING, RETRY; 0: not known */
	const struct lks_error *error; /* RETRY, ROLLING_BACK, FINISHED; NULL */
};

struct event_sink {
	void (*receive)(void *context, const struct event *event);
	void *context;
	struct event_sink *next;
};
void event_send(const struct event_sink *sinks, const struct event *event);

#endif
