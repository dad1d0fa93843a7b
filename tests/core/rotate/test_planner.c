/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the planners and of prepare, on stores in memory. */
#include "base/text.h"
#include "support/test.h"

#include "base/random.h"
#include "base/text.h"
#include "fake_stores.h"
#include "rotate/planner.h"
#include "support/modules.h"

/* A rotation as tests write it; everything else is 0. */
struct setup {
	struct config_rotation rotation;
	struct config_verifier verifiers[2];
	struct config config;
	struct subject subject;
	struct rotate_job job;
};

static struct strings words(char **items, size_t count)
{
	return (struct strings){ items, count };
}

static char *ping[] = { (char *)"ping" };

static void setup_make(struct setup *setup, char **secrets, size_t count)
{
	*setup = (struct setup){ 0 };
	setup->rotation = (struct config_rotation){
		.name = (char *)"payments",
		.secrets = words(secrets, count),
		.strategy = STRATEGY_IMMEDIATE,
		.has_generate = true,
		.generate = { .kind = GENERATOR_PASSWORD, .length = 24 },
		.verify = words(ping, 1),
		.require_verification = true,
		.auto_rollback = true,
		.poll_ms = 10000,
		.give_up_ms = 3600000,
	};
	setup->verifiers[0].name = (char *)"ping";
	setup->config.verifiers = setup->verifiers;
	setup->config.verifier_count = 1;
	string_copy(setup->subject.name, sizeof(setup->subject.name), "user:anna");
	setup->job = (struct rotate_job){ .config = &setup->config,
					  .subject = &setup->subject,
					  .request = "r",
					  .rotation = &setup->rotation };
}

static struct plan *plan_of(struct setup *setup)
{
	struct lks_error err;
	struct plan *plan = NULL;
	assert_ok(rotate_plan(&setup->job, &plan, &err), &err);
	return plan;
}

static void assert_refused(struct setup *setup, enum lks_status status, const char *part)
{
	struct lks_error err;
	struct plan *plan = NULL;
	enum lks_status got = rotate_plan(&setup->job, &plan, &err);
	if (got != status)
		fail_msg("%d instead of %d: %s", got, status, got ? err.message : "planned");
	assert_contains(err.message, part);
	assert_null(plan);
}

static void assert_titles(const struct plan *plan, const char *const *titles, size_t count)
{
	for (size_t i = 0; i < plan->step_count && i < count; i++)
		assert_string_equal(plan->steps[i].title, titles[i]);
	assert_int_equal(plan->step_count, count);
}
#define assert_steps(plan, ...)                                                                    \
	do {                                                                                       \
		const char *titles_[] = { __VA_ARGS__ };                                           \
		assert_titles((plan), titles_, COUNT_OF(titles_));                                 \
	} while (0)

static void assert_target(const struct step *step, size_t index, const char *name,
			  const char *value, const char *expected)
{
	char have[REFERENCE_MAX * 2];
	assert_true(index < step->target_count);
	reference_print(&step->targets[index].reference, have, sizeof(have));
	assert_string_equal(have, name);
	if (value)
		assert_string_equal(step->targets[index].value, value);
	else
		assert_null(step->targets[index].value);
	if (expected)
		assert_string_equal(step->targets[index].expected, expected);
	else
		assert_null(step->targets[index].expected);
}

/* As the executor does it: the old record of every target, by its name. */
static struct values *old_values(const struct plan *plan)
{
	struct lks_error err;
	struct values *values = NULL;
	struct access access = { .is_engine = true };
	assert_ok(values_new(&values, &err), &err);
	for (size_t s = 0; s < plan->step_count; s++) {
		for (size_t t = 0; t < plan->steps[s].target_count; t++) {
			char name[REFERENCE_MAX * 2];
			struct lks_record *record = NULL;
			value_name_old(&plan->steps[s].targets[t].reference, name, sizeof(name));
			assert_ok(record_new(&record, &err), &err);
			if (!values_get(values, name) &&
			    store_get(NULL, &access, &plan->steps[s].targets[t].reference, true,
				      record, NULL) == LKS_OK)
				assert_ok(values_put(values, name, TAKE(record), &err), &err);
			record_free(record);
		}
	}
	return values;
}

static const char *text_in(const struct values *values, const char *name, const char *field)
{
	const struct lks_record *record = values_get(values, name);
	if (!record || !record_find(record, field))
		return NULL;
	return (const char *)record_find(record, field)->data;
}

static void values_freep(struct values **values)
{
	values_free(*values);
}

/* --- immediate ------------------------------------------------------------------ */

static void test_immediate_writes_reloads_verifies_and_soaks(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	char *command[] = { (char *)"reload" };
	struct config_reload reload = { .consumer = (char *)"web",
					.command = words(command, 1),
					.healthy = words(command, 1),
					.timeout_ms = 60000 };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	setup.rotation.reloads = &reload;
	setup.rotation.reload_count = 1;
	setup.rotation.soak_ms = 600000;
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_steps(plan, "write app:KEY", "reload web and wait until it is healthy",
		     "ask ping about the new value of app:KEY", "watch it for 10m");
	assert_target(&plan->steps[0], 0, "app:KEY", "new:app:KEY", "v1");
	assert_int_equal(plan->steps[3].poll_ms, 10000);
	assert_int_equal(plan->records.count, 1);
	assert_string_equal(plan->records.items[0], "app:KEY");
	for (size_t i = 0; i < plan->step_count; i++)
		assert_false(plan->steps[i].after_no_return);
	assert_int_equal(fake_asked(), 0);
}

static void test_secrets_and_copies_of_one_store_are_one_change(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct config_copy copies[] = { { .to = (char *)"app:KEY_COPY" },
					{ .to = (char *)"web:KEY" } };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	fake_put("app:KEY_COPY", "value", "old");
	setup.rotation.copies = copies;
	setup.rotation.copy_count = 2;
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_steps(plan, "write app:KEY, app:KEY_COPY", "write web:KEY",
		     "ask ping about the new value of app:KEY");
	assert_target(&plan->steps[0], 1, "app:KEY_COPY", "new:app:KEY_COPY", "v1");
	assert_target(&plan->steps[1], 0, "web:KEY", "new:web:KEY", "");
	assert_int_equal(plan->records.count, 3);
}

static void test_prepare_makes_new_values_and_renders_copies(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"vault:db#password" };
	struct config_copy copies[] = {
		{ .to = (char *)"app:URL",
		  .template_text = (char *)"pg://{username:url}:{password:url}@db" },
		{ .to = (char *)"web:PGPASSWORD", .field = (char *)"password" },
		{ .to = (char *)"web:PGUSER", .field = (char *)"username" },
	};
	struct setup setup;
	struct lks_error err;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("vault:db", "username", "app user");
	fake_put("vault:db", "password", "old");
	fake_put("app:URL", "value", "pg://app%20user:old@db");
	fake_put("web:PGPASSWORD", "value", "old");
	setup.rotation.copies = copies;
	setup.rotation.copy_count = 3;
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	AUTO(values_freep) struct values *values = old_values(plan);
	assert_ok(rotate_prepare(&setup.job, plan, values, &err), &err);
	const char *password = text_in(values, "new:vault:db", "password");
	assert_int_equal(strlen(password), 24);
	assert_string_not_equal(password, "old");
	/* The record moves whole. */
	assert_string_equal(text_in(values, "new:vault:db", "username"), "app user");
	assert_string_equal(text_in(values, "new:web:PGPASSWORD", "value"), password);
	assert_string_equal(text_in(values, "new:web:PGUSER", "value"), "app user");
	char url[200];
	snprintf(url, sizeof(url), "pg://app%%20user:%s@db", password);
	assert_string_equal(text_in(values, "new:app:URL", "value"), url);
	/* The current value was proven first. */
	assert_int_equal(fake_asked(), 1);
}

static void test_several_secrets_get_a_value_each_or_one_for_all(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:A", (char *)"web:B" };
	struct lks_error err;
	for (int shared = 0; shared < 2; shared++) {
		struct setup setup;
		setup_make(&setup, secrets, 2);
		setup.rotation.shared = shared;
		fake_reset();
		fake_put("app:A", "value", "old-a");
		fake_put("web:B", "value", "old-b");
		AUTO(plan_freep) struct plan *plan = plan_of(&setup);
		AUTO(values_freep) struct values *values = old_values(plan);
		assert_ok(rotate_prepare(&setup.job, plan, values, &err), &err);
		assert_int_equal(strcmp(text_in(values, "new:app:A", "value"),
					text_in(values, "new:web:B", "value")) == 0,
				 shared);
	}
}

static void test_two_fields_of_one_record_change_together(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"vault:db#user", (char *)"vault:db#password" };
	struct lks_error err;
	struct setup setup;
	setup_make(&setup, secrets, 2);
	fake_reset();
	fake_put("vault:db", "user", "u");
	fake_put("vault:db", "password", "p");
	fake_put("vault:db", "host", "h");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_int_equal(plan->steps[0].target_count, 1);
	AUTO(values_freep) struct values *values = old_values(plan);
	assert_ok(rotate_prepare(&setup.job, plan, values, &err), &err);
	assert_string_not_equal(text_in(values, "new:vault:db", "user"), "u");
	assert_string_not_equal(text_in(values, "new:vault:db", "password"), "p");
	assert_string_equal(text_in(values, "new:vault:db", "host"), "h");
}

static void test_a_key_pair_writes_both_halves_in_one_transaction(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"vault:key" };
	struct lks_error err;
	struct setup setup;
	setup_make(&setup, secrets, 1);
	setup.rotation.generate =
		(struct config_generate){ .kind = GENERATOR_ED25519,
					  .public_reference = (char *)"vault:pub" };
	fake_reset();
	fake_put("vault:key", "value", "old");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_int_equal(plan->steps[0].target_count, 2);
	AUTO(values_freep) struct values *values = old_values(plan);
	assert_ok(rotate_prepare(&setup.job, plan, values, &err), &err);
	assert_contains(text_in(values, "new:vault:key", "value"), "PRIVATE KEY");
	assert_contains(text_in(values, "new:vault:pub", "value"), "PUBLIC KEY");
}

/* --- staged ---------------------------------------------------------------------- */

static void test_staged_promotes_in_one_change(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct config_copy copies[] = { { .to = (char *)"app:COPY" },
					{ .to = (char *)"web:COPY" } };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	setup.rotation.keep_previous_ms = 24 * 3600 * 1000;
	setup.rotation.copies = copies;
	setup.rotation.copy_count = 2;
	fake_reset();
	fake_put("app:KEY", "value", "old");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_steps(plan, "write the pending value of app:KEY",
		     "ask ping about the pending value of app:KEY", "promote app:KEY, app:COPY",
		     "write web:COPY", "ask ping about the new value of app:KEY",
		     "keep the previous value for 1d", "drop the previous value of app:KEY");
	assert_target(&plan->steps[0], 0, "app:KEY__PENDING", "new:app:KEY", "");
	assert_string_equal(plan->steps[1].candidate.path, "KEY__PENDING");
	const struct step *promote = &plan->steps[2];
	assert_int_equal(promote->type, STEP_LABEL);
	assert_int_equal(promote->target_count, 4);
	assert_target(promote, 0, "app:KEY__PREVIOUS", "old:app:KEY", "");
	assert_target(promote, 1, "app:KEY", "new:app:KEY", "v1");
	assert_target(promote, 2, "app:KEY__PENDING", NULL, NULL);
	assert_target(promote, 3, "app:COPY", "new:app:COPY", "");
	for (size_t i = 0; i < plan->step_count; i++)
		assert_int_equal(plan->steps[i].after_no_return, i >= 5);
	assert_target(&plan->steps[6], 0, "app:KEY__PREVIOUS", NULL, NULL);
}

static void test_a_window_gates_the_promotion_of_a_staged_value(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct lks_error err;
	struct setup setup;
	setup_make(&setup, secrets, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	assert_ok(window_parse("Sat 02:00-04:00", &setup.rotation.window, &err), &err);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_steps(plan, "write the pending value of app:KEY",
		     "ask ping about the pending value of app:KEY",
		     "go on while its window is open (Sat 02:00-04:00 UTC)", "promote app:KEY",
		     "ask ping about the new value of app:KEY",
		     "drop the previous value of app:KEY");
	assert_int_equal(plan->steps[2].type, STEP_WAIT);
	assert_string_equal(plan->steps[2].name, "window");
	assert_false(plan->steps[2].after_no_return);
	assert_string_equal(json_string_value(json_object_get(plan->config, "window")),
			    "Sat 02:00-04:00 UTC");
	window_release(&setup.rotation.window);
}

static void test_labels_kept_elsewhere_move_around_the_promotion(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"vault:db#password" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	fake_reset();
	fake_put("vault:db", "password", "old");
	fake_put("labels:db__PREVIOUS", "password", "older");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_steps(plan, "write the pending value of vault:db",
		     "ask ping about the pending value of vault:db",
		     "keep the previous value of vault:db", "promote vault:db",
		     "drop the pending value of vault:db",
		     "ask ping about the new value of vault:db",
		     "drop the previous value of vault:db");
	assert_target(&plan->steps[0], 0, "labels:db__PENDING", "new:vault:db", "");
	assert_target(&plan->steps[2], 0, "labels:db__PREVIOUS", "old:vault:db", "v1");
	assert_target(&plan->steps[3], 0, "vault:db", "new:vault:db", "v1");
	assert_target(&plan->steps[4], 0, "labels:db__PENDING", NULL, NULL);
}

static void test_staged_without_room_for_labels_is_refused_with_the_reason(void **state)
{
	(void)state;
	char *plain[] = { (char *)"plain:KEY" }, *reserves[] = { (char *)"reserves:KEY" };
	struct setup setup;
	setup_make(&setup, plain, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	fake_reset();
	fake_put("plain:KEY", "value", "old");
	fake_put("reserves:KEY", "value", "old");
	assert_refused(&setup, LKS_UNSUPPORTED, "no place for labels");
	setup_make(&setup, reserves, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	assert_refused(&setup, LKS_UNSUPPORTED, "reserves");
}

static void test_a_pending_label_that_nobody_knows_stops_everything(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	fake_reset();
	fake_put("app:KEY", "value", "old");
	fake_put("app:KEY__PENDING", "value", "left");
	assert_refused(&setup, LKS_CONFLICT, "pending");
}

/* --- refusals ---------------------------------------------------------------------- */

static void test_what_this_version_cannot_do_is_said_when_planning(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	static const enum strategy later[] = { STRATEGY_DUAL_WRITE, STRATEGY_BLUE_GREEN,
					       STRATEGY_CANARY };
	struct setup setup;
	fake_reset();
	fake_put("app:KEY", "value", "old");
	for (size_t i = 0; i < COUNT_OF(later); i++) {
		setup_make(&setup, secrets, 1);
		setup.rotation.strategy = later[i];
		assert_refused(&setup, LKS_UNSUPPORTED, "not available in this version");
	}
	setup_make(&setup, secrets, 1);
	setup.rotation.issue = (char *)"appdb";
	assert_refused(&setup, LKS_UNSUPPORTED, "not available in this version");
	setup_make(&setup, secrets, 1);
	setup.rotation.has_generate = false;
	assert_refused(&setup, LKS_UNSUPPORTED, "not available in this version");
}

static void test_required_verification_needs_a_verifier(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	char *unknown[] = { (char *)"nobody" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	setup.rotation.verify = words(NULL, 0);
	assert_refused(&setup, LKS_INVALID, "verif");
	setup.rotation.require_verification = false;
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_steps(plan, "write app:KEY");
	setup.rotation.verify = words(unknown, 1);
	assert_refused(&setup, LKS_INVALID, "nobody");
}

static void test_a_missing_secret_or_field_is_not_found(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" }, *fields[] = { (char *)"vault:db#nothing" },
	     *whole[] = { (char *)"vault:db" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	fake_reset();
	assert_refused(&setup, LKS_NOT_FOUND, "app:KEY");
	fake_put("vault:db", "username", "u");
	fake_put("vault:db", "password", "p");
	setup_make(&setup, fields, 1);
	assert_refused(&setup, LKS_NOT_FOUND, "nothing");
	/* Which of the fields? Nobody guesses. */
	setup_make(&setup, whole, 1);
	assert_refused(&setup, LKS_INVALID, "#FIELD");
}

static void test_n15_one_target_twice_is_refused(void **state)
{
	(void)state;
	char *twice[] = { (char *)"app:KEY", (char *)"app:KEY" }, *once[] = { (char *)"app:KEY" };
	struct config_copy copy = { .to = (char *)"app:KEY" };
	struct setup setup;
	setup_make(&setup, twice, 2);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	assert_refused(&setup, LKS_INVALID, "twice");
	setup_make(&setup, once, 1);
	setup.rotation.copies = &copy;
	setup.rotation.copy_count = 1;
	assert_refused(&setup, LKS_INVALID, "twice");
}

static void test_n95_a_value_that_the_store_cannot_hold_is_refused_when_planning(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct config_copy copy = { .to = (char *)"web:JSON",
				    .template_text = (char *)"{{\"k\": \"{value}\"}}" };
	char *frozen[] = { (char *)"frozen:KEY" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	fake_put("frozen:KEY", "value", "old");
	setup.rotation.generate.alphabet = (char *)"abcdefghijklmnopqrstuvwxyz\"";
	assert_refused(&setup, LKS_UNSUPPORTED, "no quotes");
	setup.rotation.generate.alphabet = NULL;
	setup.rotation.copies = &copy;
	setup.rotation.copy_count = 1;
	assert_refused(&setup, LKS_UNSUPPORTED, "no quotes");
	setup_make(&setup, frozen, 1);
	assert_refused(&setup, LKS_UNSUPPORTED, "read-only");
}

static void test_n92_a_copy_that_is_not_ours_is_a_conflict_unless_adopted(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct config_copy copy = { .to = (char *)"web:KEY" };
	struct setup setup;
	struct lks_error err;
	setup_make(&setup, secrets, 1);
	setup.rotation.copies = &copy;
	setup.rotation.copy_count = 1;
	fake_reset();
	fake_put("app:KEY", "value", "old");
	AUTO(plan_freep) struct plan *before = plan_of(&setup);
	fake_put("web:KEY", "value", "somebody else's");
	assert_refused(&setup, LKS_CONFLICT, "web:KEY");
	/* Written between plan and claim: prepare sees it. */
	AUTO(values_freep) struct values *values = old_values(before);
	assert_int_equal(rotate_prepare(&setup.job, before, values, &err), LKS_CONFLICT);
	copy.adopt = true;
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_non_null(plan);
}

static void test_copies_of_several_values_are_refused(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:A", (char *)"app:B" };
	struct config_copy copy = { .to = (char *)"web:KEY" };
	struct setup setup;
	setup_make(&setup, secrets, 2);
	setup.rotation.copies = &copy;
	setup.rotation.copy_count = 1;
	fake_reset();
	assert_refused(&setup, LKS_INVALID, "value each");
}

static void test_who_may_not_rotate_gets_no_plan(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	fake_deny();
	assert_refused(&setup, LKS_DENIED, "user:anna");
}

static void test_a_current_value_that_does_not_work_stops_before_anything(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct setup setup;
	struct lks_error err;
	setup_make(&setup, secrets, 1);
	fake_reset();
	fake_put("app:KEY", "value", "old");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	AUTO(values_freep) struct values *values = old_values(plan);
	fake_verdict(LKS_VERDICT_INVALID);
	assert_int_equal(rotate_prepare(&setup.job, plan, values, &err), LKS_CONFLICT);
	assert_contains(err.message, "does not work: HTTP 401");
	assert_null(values_get(values, "new:app:KEY"));
	fake_verdict(LKS_VERDICT_UNKNOWN);
	assert_int_equal(rotate_prepare(&setup.job, plan, values, &err), LKS_UNAVAILABLE);
}

static void counting(void *context, void *data, size_t len)
{
	(void)context;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)data)[i] = (unsigned char)(i + 1);
}

static void test_n95_a_generator_that_gives_the_old_value_is_refused(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct setup setup;
	struct lks_error err;
	setup_make(&setup, secrets, 1);
	setup.rotation.generate = (struct config_generate){ .kind = GENERATOR_HEX, .length = 8 };
	fake_reset();
	fake_put("app:KEY", "value", "0102030405060708");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	AUTO(values_freep) struct values *values = old_values(plan);
	random_use(counting, NULL);
	enum lks_status status = rotate_prepare(&setup.job, plan, values, &err);
	random_use(NULL, NULL);
	assert_int_equal(status, LKS_CONFLICT);
	assert_contains(err.message, "the new value is the old one");
}

static void test_notes_say_how_long_it_can_be_taken_back(void **state)
{
	(void)state;
	char *secrets[] = { (char *)"app:KEY" };
	struct setup setup;
	setup_make(&setup, secrets, 1);
	setup.rotation.strategy = STRATEGY_STAGED;
	setup.rotation.keep_previous_ms = INT64_C(24) * 3600 * 1000;
	fake_reset();
	fake_put("app:KEY", "value", "old");
	AUTO(plan_freep) struct plan *plan = plan_of(&setup);
	assert_contains(plan->notes.items[0], "tomorrow `rollback` restores everything; after that "
					      "only a new rotation helps");
	assert_string_equal(plan->notes.items[1], "the programs alone decide which values work");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_immediate_writes_reloads_verifies_and_soaks),
		cmocka_unit_test(test_secrets_and_copies_of_one_store_are_one_change),
		cmocka_unit_test(test_prepare_makes_new_values_and_renders_copies),
		cmocka_unit_test(test_several_secrets_get_a_value_each_or_one_for_all),
		cmocka_unit_test(test_two_fields_of_one_record_change_together),
		cmocka_unit_test(test_a_key_pair_writes_both_halves_in_one_transaction),
		cmocka_unit_test(test_staged_promotes_in_one_change),
		cmocka_unit_test(test_a_window_gates_the_promotion_of_a_staged_value),
		cmocka_unit_test(test_labels_kept_elsewhere_move_around_the_promotion),
		cmocka_unit_test(test_staged_without_room_for_labels_is_refused_with_the_reason),
		cmocka_unit_test(test_a_pending_label_that_nobody_knows_stops_everything),
		cmocka_unit_test(test_what_this_version_cannot_do_is_said_when_planning),
		cmocka_unit_test(test_required_verification_needs_a_verifier),
		cmocka_unit_test(test_a_missing_secret_or_field_is_not_found),
		cmocka_unit_test(test_n15_one_target_twice_is_refused),
		cmocka_unit_test(
			test_n95_a_value_that_the_store_cannot_hold_is_refused_when_planning),
		cmocka_unit_test(test_n92_a_copy_that_is_not_ours_is_a_conflict_unless_adopted),
		cmocka_unit_test(test_copies_of_several_values_are_refused),
		cmocka_unit_test(test_who_may_not_rotate_gets_no_plan),
		cmocka_unit_test(test_a_current_value_that_does_not_work_stops_before_anything),
		cmocka_unit_test(test_n95_a_generator_that_gives_the_old_value_is_refused),
		cmocka_unit_test(test_notes_say_how_long_it_can_be_taken_back),
	};
	support_use_modules();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
