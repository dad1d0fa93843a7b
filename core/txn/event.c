/* SPDX-License-Identifier: Apache-2.0 */
/* Handing events to whoever listens. */
#include "txn/event.h"

const char *event_type_name(enum event_type type)
{
	static const char *const names[] = {
		[EVENT_STARTED] = "started",     [EVENT_STEP] = "step",
		[EVENT_STEP_DONE] = "step-done", [EVENT_WAITING] = "waiting",
		[EVENT_RETRY] = "retry",         [EVENT_ROLLING_BACK] = "rolling-back",
		[EVENT_UNDO] = "undo",           [EVENT_COMMITTED] = "committed",
		[EVENT_FINISHED] = "finished",
	};

	return type >= EVENT_STARTED && type <= EVENT_FINISHED ? names[type] : "unknown";
}

void event_send(const struct event_sink *sinks, const struct event *event)
{
	for (; sinks; sinks = sinks->next)
		sinks->receive(sinks->context, event);
}
