/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One process of the crash suite: an operation on stores kept in a file.
 *
 *   crash_operation run FOLDER SCENARIO    begins the operation; may be killed
 *   crash_operation recover FOLDER SCENARIO
 *   crash_operation check FOLDER SCENARIO  exit 0: everything is old or new,
 *                                          the journal says which; prints it
 *
 * SCENARIO is "forward", "back" (the verifier refuses the new value), "retire"
 * (the old one is dropped at the end) or "doubt" (the first answer is lost).
 * Where it is killed is said by LOCKSTEP_FAILPOINT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "state/database.h"
#include "support/fake_store.h"
#include "support/modules.h"
#include "txn/executor.h"

#define ID "0190a000-0000-7000-8000-000000000001"

extern const struct database_module lockstep_module_state_sqlite;

struct crash {
	struct stores *stores;
	struct state *state;
	struct config config;
	struct subject subject;
	struct executor executor;
	const char *scenario;
};

static void must(enum lks_status status, const struct lks_error *err)
{
	if (!status)
		return;
	fprintf(stderr, "crash_operation: %s\n", err->message);
	exit(EXIT_FAILURE);
}

static void start(struct crash *crash, const char *folder)
{
	char path[1024], url[1024];
	struct lks_error err = { 0 };

	json_setup();
	support_use_modules();
	support_add_module("state-sqlite", &lockstep_module_state_sqlite.head);
	crash->stores = fake_stores_new();
	snprintf(path, sizeof(path), "%s/stores", folder);
	fake_stores_keep(crash->stores, path);
	if (!fake_records(crash->stores))
		fake_set(crash->stores, "app:KEY", "old-value");
	if (!strcmp(crash->scenario, "back"))
		fake_accept(crash->stores, "old-value");
	string_copy(crash->subject.name, sizeof(crash->subject.name), "user:tester");
	crash->subject.is_owner = true;
	crash->executor = (struct executor){ .stores = crash->stores,
					     .config = &crash->config,
					     .subject = &crash->subject,
					     .request = "request" };
	snprintf(url, sizeof(url), "sqlite:%s/state.db", folder);
	snprintf(path, sizeof(path), "%s/state.key", folder);
	must(state_open(url, path, &crash->state, &err), &err);
	crash->executor.state = crash->state;
}

static enum lks_status put_value(struct values *values, const char *name, const char *value,
				 struct lks_error *err)
{
	struct lks_record *record = NULL;
	enum lks_status status = record_new(&record, err);

	if (!status)
		status = record_put(record, "value", value, strlen(value), err);
	return status ? status : values_put(values, name, record, err);
}

static enum lks_status prepare(void *context, const struct plan *plan, struct values *values,
			       struct lks_error *err)
{
	enum lks_status status = put_value(values, "new", "new-value", err);

	(void)context;
	(void)plan;
	return status ? status : put_value(values, "previous", "old-value", err);
}

static struct reference reference(const char *text)
{
	struct reference parsed;
	struct lks_error err = { 0 };

	must(reference_parse(text, &parsed, &err), &err);
	return parsed;
}

static struct step *add(struct plan *plan, enum step_type type)
{
	struct lks_error err = { 0 };
	struct step *step = plan_add_step(plan, type, &err);

	if (!step)
		must(LKS_FAILED, &err);
	return step;
}

static void target(struct step *step, const char *text, const char *value)
{
	struct reference parsed = reference(text);
	struct lks_error err = { 0 };

	must(step_add_target(step, &parsed, value, NULL, &err), &err);
}

#define PENDING "secretref://app/KEY?label=pending"
#define PREVIOUS "secretref://app/KEY?label=previous"

static void verify(struct plan *plan, const char *text)
{
	struct step *step = add(plan, STEP_VERIFY);

	step->name = strdup("ping");
	step->candidate = reference(text);
}

/* "back" verifies at its end only, so that everything has to be undone. */
static struct plan *make_plan(const struct crash *crash)
{
	bool is_back = !strcmp(crash->scenario, "back");
	struct plan *plan = NULL;
	struct step *step;
	struct lks_error err = { 0 };

	must(plan_new("rotate", "app-key", &plan, &err), &err);
	plan->give_up_ms = 3600000;
	target(add(plan, STEP_WRITE), PENDING, "new");
	if (!is_back)
		verify(plan, PENDING);
	step = add(plan, STEP_LABEL);
	target(step, "app:KEY", "new");
	target(step, PREVIOUS, "previous");
	target(step, PENDING, NULL);
	target(add(plan, STEP_WRITE), "web:KEY", "new");
	if (is_back)
		verify(plan, "app:KEY");
	if (!strcmp(crash->scenario, "retire")) {
		step = add(plan, STEP_DELETE);
		step->after_no_return = true;
		target(step, PREVIOUS, NULL);
	}
	return plan;
}

static int run(struct crash *crash)
{
	AUTO(plan_freep) struct plan *plan = make_plan(crash);
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };

	if (!strcmp(crash->scenario, "doubt"))
		fake_fail(crash->stores, &(struct fake_fault){ .call = FAKE_CHANGE,
							       .times = 1,
							       .status = LKS_UNCERTAIN,
							       .after = true });
	must(executor_run(&crash->executor, plan, ID, false, prepare, NULL, &outcome, &err), &err);
	return (int)outcome.exit_code;
}

static int recover(struct crash *crash)
{
	struct lks_error err = { 0 };

	must(executor_recover(&crash->executor, NULL, NULL, &err), &err);
	return 0;
}

static bool holds(const struct crash *crash, const char *name, const char *value)
{
	const char *found = fake_get(crash->stores, name);

	return value ? found && !strcmp(found, value) : !found;
}

static bool all_old(const struct crash *crash)
{
	return holds(crash, "app:KEY", "old-value") && fake_records(crash->stores) == 1;
}

static bool all_new(const struct crash *crash)
{
	bool is_retired = !strcmp(crash->scenario, "retire");

	return holds(crash, "app:KEY", "new-value") && holds(crash, "web:KEY", "new-value") &&
	       holds(crash, "app:KEY@previous", is_retired ? NULL : "old-value") &&
	       holds(crash, "app:KEY@pending", NULL);
}

static int check(struct crash *crash)
{
	AUTO(outcome_release) struct outcome outcome = { 0 };
	struct lks_error err = { 0 };
	enum lks_status status = executor_report(&crash->executor, ID, false, &outcome, &err);
	const char *said = status == LKS_NOT_FOUND ? "never begun"
			   : status                ? err.message
						   : operation_state_name(outcome.state);
	bool right = status == LKS_NOT_FOUND                  ? all_old(crash)
		     : status                                 ? false
		     : outcome.state == OPERATION_DONE        ? all_new(crash)
		     : outcome.state == OPERATION_ROLLED_BACK ? all_old(crash)
							      : false;
	char id[37];

	printf("%s\n", said);
	/* No claim outlives its operation. */
	if (state_claim(crash->state, "app:KEY", id, &err) != LKS_NOT_FOUND)
		right = false;
	if (!strcmp(crash->scenario, "back") && !status && outcome.state == OPERATION_DONE)
		right = false;
	return right ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct crash crash = { 0 };
	int result = 2;

	if (argc != 4) {
		fprintf(stderr, "crash_operation run|recover|check FOLDER SCENARIO\n");
		return 2;
	}
	crash.scenario = argv[3];
	start(&crash, argv[2]);
	if (!strcmp(argv[1], "run"))
		result = run(&crash);
	else if (!strcmp(argv[1], "recover"))
		result = recover(&crash);
	else if (!strcmp(argv[1], "check"))
		result = check(&crash);
	state_close(crash.state);
	fake_stores_free(crash.stores);
	return result;
}
