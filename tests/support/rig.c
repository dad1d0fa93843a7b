/* SPDX-License-Identifier: Apache-2.0 */
/* The executor on fake stores. */
#include "support/rig.h"

#include "support/test.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "state/database.h"
#include "support/modules.h"

extern const struct database_module lockstep_module_state_sqlite;

static int64_t fake_boot(void *context)
{
	return ((struct rig *)context)->clock.boot_ms;
}

static int64_t fake_wall(void *context)
{
	return ((struct rig *)context)->clock.wall_ms;
}

static void fake_sleep(void *context, int64_t ms)
{
	struct clock_fake *clock = &((struct rig *)context)->clock;

	clock->boot_ms += ms;
	clock->wall_ms += ms;
	clock->slept_ms += ms;
	clock->sleeps++;
}

static bool must_stop(void *context)
{
	struct rig *rig = context;

	return rig->stop_at >= 0 && rig->asked++ >= rig->stop_at;
}

static void receive(void *context, const struct event *event)
{
	struct rig *rig = context;

	if (rig->event_count < RIG_EVENTS_MAX) {
		rig->events[rig->event_count].type = event->type;
		rig->events[rig->event_count++].step = event->step;
	}
}

size_t rig_event_count(const struct rig *rig, enum event_type type)
{
	size_t count = 0;

	for (size_t i = 0; i < rig->event_count; i++)
		count += rig->events[i].type == type;
	return count;
}

static void open_state(struct rig *rig)
{
	struct lks_error err = { 0 };

	if (state_open(rig->url, rig->key_file, &rig->state, &err))
		fail_msg("state: %s", err.message);
	rig->executor.state = rig->state;
}

void rig_start(struct rig *rig)
{
	static struct clock_source source;

	memset(rig, 0, sizeof(*rig));
	json_setup();
	support_use_modules();
	support_add_module("state-sqlite", &lockstep_module_state_sqlite.head);
	rig->temp = temp_make_trusted();
	rig->clock.boot_ms = 1000000;
	rig->clock.wall_ms = INT64_C(1790000000000);
	source = (struct clock_source){ fake_boot, fake_wall, fake_sleep, rig };
	clock_use(&source);
	snprintf(rig->url, sizeof(rig->url), "sqlite:%s", temp_path(&rig->temp, "state.db"));
	snprintf(rig->key_file, sizeof(rig->key_file), "%s", temp_path(&rig->temp, "state.key"));
	rig->stores = fake_stores_new();
	fake_set(rig->stores, "app:KEY", "old-value");
	rig->fresh = "new-value";
	rig->stop_at = -1;
	string_copy(rig->subject.name, sizeof(rig->subject.name), "user:tester");
	rig->subject.is_owner = true;
	rig->sink = (struct event_sink){ receive, rig, NULL };
	rig->executor = (struct executor){
		.stores = rig->stores,
		.config = &rig->config,
		.subject = &rig->subject,
		.request = "request-1",
		.events = &rig->sink,
		.must_stop = must_stop,
		.stop_context = rig,
	};
	open_state(rig);
}

void rig_restart(struct rig *rig)
{
	state_close(rig->state);
	open_state(rig);
}

void rig_stop(struct rig *rig)
{
	state_close(rig->state);
	fake_stores_free(rig->stores);
	clock_use(NULL);
	temp_remove(&rig->temp);
}

static enum lks_status put_value(struct values *values, const char *name, const char *value,
				 struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	enum lks_status status = record_new(&record, err);

	if (!status)
		status = record_put(record, "value", value, strlen(value), err);
	return status ? status : values_put(values, name, TAKE(record), err);
}

enum lks_status rig_prepare(void *context, const struct plan *plan, struct values *values,
			    struct lks_error *err)
{
	struct rig *rig = context;
	const struct lks_record *old = values_get(values, "old:app:KEY");
	struct lks_record *copy = NULL;
	enum lks_status status;

	(void)plan;
	rig->prepared++;
	if (rig->prepare_status)
		return error_set(err, rig->prepare_status, "scripted");
	status = put_value(values, "new", rig->fresh, err);
	if (!status && old)
		status = record_copy(old, &copy, err);
	return status || !old ? status : values_put(values, "previous", copy, err);
}

/* --- plans --- */

struct reference rig_reference(const char *text)
{
	struct reference reference;
	struct lks_error err = { 0 };

	if (reference_parse(text, &reference, &err))
		fail_msg("%s: %s", text, err.message);
	return reference;
}

struct step *rig_step(struct plan *plan, enum step_type type, const char *title)
{
	struct step *step = plan_add_step(plan, type, NULL);

	if (!step || step_set_title(step, NULL, "%s", title))
		fail_msg("no step");
	return step;
}

void rig_target(struct step *step, const char *reference, const char *value)
{
	struct reference parsed = rig_reference(reference);

	if (step_add_target(step, &parsed, value, NULL, NULL))
		fail_msg("no target");
}

void rig_command(struct strings *strings, const char *const *argv)
{
	for (; *argv; argv++) {
		strings->items = realloc(strings->items, (strings->count + 1) * sizeof(char *));
		strings->items[strings->count++] = strdup(*argv);
	}
}

static void add_verify(struct plan *plan, const char *reference)
{
	struct step *step = rig_step(plan, STEP_VERIFY, "verify");

	step->name = strdup("ping");
	step->candidate = rig_reference(reference);
}

static struct plan *new_plan(const char *strategy)
{
	struct plan *plan = NULL;
	struct reference key = rig_reference("app:KEY");

	if (plan_new("rotate", "app-key", &plan, NULL) || plan_add_record(plan, &key, NULL))
		fail_msg("no plan");
	json_decref(plan->config);
	plan->config = json_pack("{s:s, s:[s]}", "strategy", strategy, "secret", "app:KEY");
	plan->give_up_ms = 3600000;
	return plan;
}

struct plan *rig_immediate(void)
{
	struct plan *plan = new_plan("immediate");

	rig_target(rig_step(plan, STEP_WRITE, "write app:KEY"), "app:KEY", "new");
	add_verify(plan, "app:KEY");
	return plan;
}

static void add_wait(struct plan *plan, const char *name, int64_t duration_ms)
{
	struct step *step = rig_step(plan, STEP_WAIT, name);

	step->name = strdup(name);
	step->duration_ms = duration_ms;
	step->poll_ms = 10000;
	step->after_no_return = !strcmp(name, "keep-previous");
}

struct plan *rig_staged(const char *parts)
{
	struct plan *plan = new_plan("staged");
	struct step *step;

	rig_target(rig_step(plan, STEP_WRITE, "write pending"), "secretref://app/KEY?label=pending",
		   "new");
	add_verify(plan, "secretref://app/KEY?label=pending");
	step = rig_step(plan, STEP_LABEL, "promote app:KEY");
	rig_target(step, "app:KEY", "new");
	rig_target(step, "secretref://app/KEY?label=previous", "previous");
	rig_target(step, "secretref://app/KEY?label=pending", NULL);
	if (strstr(parts, "copy"))
		rig_target(rig_step(plan, STEP_WRITE, "write web:KEY"), "web:KEY", "new");
	if (strstr(parts, "reload")) {
		step = rig_step(plan, STEP_RELOAD, "reload web");
		step->name = strdup("web");
		step->duration_ms = 5000;
		step->poll_ms = 10;
		rig_command(&step->command, (const char *const[]){ "/bin/true", NULL });
	}
	if (strstr(parts, "soak"))
		add_wait(plan, "soak", 60000);
	if (strstr(parts, "keep"))
		add_wait(plan, "keep-previous", 3600000);
	if (strstr(parts, "retire")) {
		step = rig_step(plan, STEP_DELETE, "drop previous");
		step->after_no_return = true;
		rig_target(step, "secretref://app/KEY?label=previous", NULL);
	}
	return plan;
}
