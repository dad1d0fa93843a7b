/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands about rotations share: the engine, rights, times. */
#include "cli/rotation.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "rotate/hooks.h"

enum lks_status engine_open(struct cli *cli, bool with_progress, struct engine *ret_engine,
			    struct lks_error *err)
{
	enum lks_status status = cli_executor(cli, &ret_engine->executor, err);

	if (status)
		return status;
	ret_engine->hooks = hooks_sink(cli->config);
	/* Hooks first: a terminal that went away must not keep them from it. */
	if (with_progress)
		ret_engine->hooks.next =
			(struct event_sink *)(uintptr_t)ret_engine->executor.events;
	ret_engine->executor.events = &ret_engine->hooks;
	return LKS_OK;
}

static enum lks_status decide(struct cli *cli, const char *text, enum action action,
			      struct lks_error *err)
{
	struct reference reference;
	struct decision decision;
	const struct config_store *store;
	char tenant[256], namespace_part[256];
	enum lks_status status = reference_parse(text, &reference, err);

	if (status)
		return status;
	store = config_store(cli->config, reference.store);
	if (!store)
		return error_set(err, LKS_INVALID, "there is no store \"%s\"", reference.store);
	status = layout_match(store->layout, reference.path, tenant, namespace_part, err);
	if (status)
		return status;
	policy_decide(cli->config, &cli->subject, action, reference.store, reference.path, tenant,
		      &decision);
	if (decision.allowed)
		return LKS_OK;
	error_set(err, LKS_DENIED, "%s may not %s %s: %s", cli->subject.name, action_name(action),
		  text, decision.reason);
	error_reference(err, text);
	return LKS_DENIED;
}

static enum lks_status write_note(struct cli *cli, const struct config_rotation *rotation,
				  enum action action, const char *reason, const char *outcome,
				  struct lks_error *err)
{
	AUTO(text_release) struct text names = TEXT_INIT;
	struct audit_entry entry = { .phase = AUDIT_NOTE,
				     .action = action_name(action),
				     .subject = cli->subject.name,
				     .request = cli->request,
				     .reason = reason,
				     .outcome = outcome };

	for (size_t i = 0; i < rotation->secrets.count; i++)
		text_printf(&names, "%s%s", i ? " " : "", rotation->secrets.items[i]);
	if (!text_ok(&names))
		return error_no_memory(err, "audit");
	entry.reference = text_string(&names);
	return audit_write(cli->audit, &entry, err);
}

enum lks_status rotation_allowed(struct cli *cli, const struct config_rotation *rotation,
				 enum action action, struct lks_error *err)
{
	for (size_t i = 0; i < rotation->secrets.count; i++) {
		enum lks_status status = decide(cli, rotation->secrets.items[i], action, err);

		if (status == LKS_DENIED) {
			struct lks_error lost;

			if (write_note(cli, rotation, action, err->message, status_name(status),
				       &lost))
				*err = lost;
		}
		if (status)
			return err ? err->status : status;
	}
	return LKS_OK;
}

enum lks_status rotation_audit(struct cli *cli, const struct config_rotation *rotation,
			       enum action action, const char *reason, struct lks_error *err)
{
	return write_note(cli, rotation, action, reason, status_name(LKS_OK), err);
}

void time_short(int64_t wall_ms, char buffer[32])
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm date;

	if (!wall_ms || !localtime_r(&seconds, &date) ||
	    !strftime(buffer, 32, "%Y-%m-%d %H:%M", &date))
		string_copy(buffer, 32, "-");
}

void age_short(int64_t ms, char buffer[32])
{
	const int64_t minute = 60000, hour = 60 * minute, day = 24 * hour;

	if (ms < 0)
		string_copy(buffer, 32, "-");
	else if (ms >= day)
		snprintf(buffer, 32, "%lldd", (long long)(ms / day));
	else if (ms >= hour)
		snprintf(buffer, 32, "%lldh", (long long)(ms / hour));
	else
		snprintf(buffer, 32, "%lldm", (long long)(ms / minute));
}

json_t *time_json(int64_t wall_ms)
{
	char text[32];

	if (!wall_ms)
		return json_null();
	time_print(wall_ms, text);
	return json_string(text);
}
