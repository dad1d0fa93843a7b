/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An executor on fake stores, a real state in a temporary folder and a clock
 * that only moves when somebody sleeps. And the plans that most tests use.
 */
#ifndef SUPPORT_RIG_H
#define SUPPORT_RIG_H

#include "support/fake_store.h"
#include "support/temp.h"
#include "txn/executor.h"

#define RIG_EVENTS_MAX 512

struct rig {
	struct temp temp;
	struct stores *stores;
	struct state *state;
	struct config config;
	struct subject subject;
	struct executor executor;
	struct event_sink sink;
	struct clock_fake {
		int64_t boot_ms, wall_ms;
		size_t sleeps;
		int64_t slept_ms;
	} clock;
	struct {
		enum event_type type;
		int step;
	} events[RIG_EVENTS_MAX];
	size_t event_count;
	/* must_stop says true from its n-th question on; -1: never. */
	int stop_at, asked;
	/* What prepare gives: "new" is this value. */
	const char *fresh;
	enum lks_status prepare_status;
	size_t prepared;
	char url[512], key_file[512];
};

void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);
/* Close and open the state, as another process would: locks are gone. */
void rig_restart(struct rig *rig);
/* prepare_function; the context is the rig. */
enum lks_status rig_prepare(void *context, const struct plan *plan, struct values *values,
			    struct lks_error *err);
size_t rig_event_count(const struct rig *rig, enum event_type type);

struct reference rig_reference(const char *text);
/* write app:KEY; verify. */
struct plan *rig_immediate(void);
/* write pending; verify it; promote; and with `parts` joined by blanks: "copy"
   (web:KEY), "soak", "keep", "retire", "reload". */
struct plan *rig_staged(const char *parts);
/* A step of `plan`, titled. */
struct step *rig_step(struct plan *plan, enum step_type type, const char *title);
void rig_target(struct step *step, const char *reference, const char *value);
void rig_command(struct strings *strings, const char *const *argv);

#endif
