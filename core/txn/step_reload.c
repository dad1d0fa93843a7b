/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RELOAD: a program takes the new value and must be healthy in time. Reloading
 * again is harmless, so recovery and undo simply do it again.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "txn/operation.h"

#define TIMEOUT_DEFAULT_MS 60000
#define POLL_DEFAULT_MS 500
#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static enum step_result judge(const struct step *step, const char *what, const struct strings *argv,
			      const struct child_result *result, struct lks_error *err)
{
	if (result->timed_out)
		error_set(err, LKS_FAILED, "%s: %s `%s` did not end in time", step->name, what,
			  argv->items[0]);
	else if (result->signal)
		error_set(err, LKS_FAILED, "%s: %s `%s` was ended by signal %d", step->name, what,
			  argv->items[0], result->signal);
	else
		error_set(err, LKS_FAILED, "%s: %s `%s` ended with %d", step->name, what,
			  argv->items[0], result->exit_code);
	return STEP_FAILED;
}

static bool succeeded(const struct child_result *result)
{
	return !result->timed_out && !result->signal && result->exit_code == 0;
}

static enum step_result wait_healthy(struct operation *operation, const struct step *step,
				     const char *const *environment, int64_t end,
				     struct lks_error *err)
{
	int64_t poll = step->poll_ms > 0 ? step->poll_ms : POLL_DEFAULT_MS;

	for (;;) {
		struct child_result result;
		int64_t left = end - clock_boot_ms();

		if (child_run(&step->healthy, environment, left > 1 ? left : 1, &result, err))
			return step_classify(err);
		if (succeeded(&result))
			return STEP_OK;
		left = end - clock_boot_ms();
		if (left <= 0 || result.timed_out) {
			(void)judge(step, "the health check", &step->healthy, &result, err);
			error_prefix(err, "not healthy in time: ");
			return STEP_FAILED;
		}
		/* Not stopped in between: a program is left healthy or not. */
		clock_sleep_ms(left < poll ? left : poll);
		(void)operation;
	}
}

static enum step_result reload(struct operation *operation, size_t index, struct lks_error *err)
{
	const struct step *step = &operation->plan->steps[index];
	int64_t timeout = step->duration_ms > 0 ? step->duration_ms : TIMEOUT_DEFAULT_MS;
	int64_t end = clock_boot_ms() + timeout;
	char id[64];
	AUTO(text_release) struct text consumer = TEXT_INIT;
	struct child_result result;

	snprintf(id, sizeof(id), "LOCKSTEP_OPERATION=%s", operation->row.id);
	text_printf(&consumer, "LOCKSTEP_CONSUMER=%s", step->name ? step->name : "");
	const char *const environment[] = { PATH_DEFAULT, "LANG=C.UTF-8", id,
					    text_string(&consumer), NULL };
	if (step->command.count) {
		if (child_run(&step->command, environment, timeout, &result, err))
			return step_classify(err);
		if (!succeeded(&result))
			return judge(step, "the reload", &step->command, &result, err);
	}
	return step->healthy.count ? wait_healthy(operation, step, environment, end, err) : STEP_OK;
}

enum step_result step_reload_run(struct operation *operation, size_t index, struct lks_error *err)
{
	enum step_result result = step_intend(operation, index, "intent", err);

	if (result)
		return result;
	operation->has_effect = true;
	if (TXN_FAILPOINT("txn.reload.before", err))
		return STEP_FAILED;
	result = reload(operation, index, err);
	if (!result && TXN_FAILPOINT("txn.reload.after", err))
		return STEP_FAILED;
	return result ? result : step_finish(operation, index, NULL, err);
}

enum step_result step_reload_undo(struct operation *operation, size_t index, struct lks_error *err)
{
	const struct journal_entry entry = {
		.point = "undone",
		.step = (int)index,
		.phase = "undone",
	};
	enum step_result result = step_intend(operation, index, "undo-intent", err);

	if (!result)
		result = reload(operation, index, err);
	if (result)
		return result;
	return operation_journal(operation, &entry, err) ? STEP_BROKEN : STEP_OK;
}
