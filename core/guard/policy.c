/* SPDX-License-Identifier: Apache-2.0 */
/* Decides: deny by default, an explicit deny wins, a tenant stays in its own. */
#include "guard/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/reference.h"
#include "base/text.h"

static const char *const names[ACTION_COUNT] = {
	[ACTION_GET] = "get",           [ACTION_LIST] = "list",     [ACTION_SET] = "set",
	[ACTION_DELETE] = "delete",     [ACTION_VERIFY] = "verify", [ACTION_ROTATE] = "rotate",
	[ACTION_ROLLBACK] = "rollback", [ACTION_ADOPT] = "adopt",   [ACTION_PAUSE] = "pause",
	[ACTION_HISTORY] = "history",   [ACTION_REVEAL] = "reveal",
};

const char *action_name(enum action action)
{
	return (unsigned)action < ACTION_COUNT ? names[action] : "";
}

bool action_parse(const char *name, enum action *ret_action)
{
	for (unsigned i = 0; i < ACTION_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_action = (enum action)i;
			return true;
		}
	}
	return false;
}

/* "acme" of "tenant:acme", else NULL. */
static const char *tenant_of(const char *name)
{
	return string_starts(name, "tenant:") ? name + strlen("tenant:") : NULL;
}

static bool is_subject(const struct subject *subject, const char *name)
{
	if (strcmp(name, "*") == 0 || strcmp(name, subject->name) == 0)
		return true;
	for (size_t i = 0; i < subject->also.count; i++) {
		if (strcmp(subject->also.items[i], name) == 0)
			return true;
	}
	return false;
}

static bool names_action(const struct strings *actions, enum action action)
{
	for (size_t i = 0; i < actions->count; i++) {
		if (strcmp(actions->items[i], "*") == 0 ||
		    strcmp(actions->items[i], action_name(action)) == 0)
			return true;
	}
	return false;
}

static bool covers(const struct config_policy *rule, const struct reference *reference)
{
	for (size_t i = 0; i < rule->secrets.count; i++) {
		if (pattern_matches(rule->secrets.items[i], reference))
			return true;
	}
	return false;
}

static void conclude(struct decision *decision, bool allowed, const struct config_policy *rule,
		     const char *reason)
{
	decision->allowed = allowed;
	decision->rule = rule;
	if (rule && rule->where && rule->where->file)
		(void)snprintf(decision->reason, sizeof(decision->reason),
			       "%s by the rule at %s:%d", reason, rule->where->file,
			       rule->where->line);
	else
		(void)snprintf(decision->reason, sizeof(decision->reason), "%s", reason);
}

/* A path without the slash at its end: what a list asks for. */
static void take_reference(const char *store, const char *path, struct reference *reference)
{
	size_t len;

	*reference = (struct reference){ 0 };
	string_copy(reference->store, sizeof(reference->store), store);
	string_copy(reference->path, sizeof(reference->path), path);
	len = strlen(reference->path);
	while (len && reference->path[len - 1] == '/')
		reference->path[--len] = '\0';
}

/* False: too long to be a reference at all. */
static bool is_short_enough(const char *store, const char *path)
{
	return strlen(store) <= LKS_NAME_MAX && strlen(path) <= LKS_PATH_MAX;
}

static void decide_by_rules(const struct config *config, const struct subject *subject,
			    enum action action, const struct reference *reference,
			    const char *tenant, struct decision *decision)
{
	const struct config_policy *allowing = NULL;

	for (size_t i = 0; i < config->policy_count; i++) {
		const struct config_policy *rule = &config->policies[i];
		const char *own = tenant_of(rule->subject);

		if (!is_subject(subject, rule->subject) || !covers(rule, reference))
			continue;
		if (names_action(&rule->deny, action)) {
			conclude(decision, false, rule, "denied");
			return;
		}
		/* What a tenant's rule allows ends at the tenant's border. */
		if (!allowing && names_action(&rule->allow, action) &&
		    (!own || strcmp(own, tenant) == 0))
			allowing = rule;
	}
	if (allowing)
		conclude(decision, true, allowing, "allowed");
	else if (subject->is_owner)
		conclude(decision, true, NULL, "allowed: the owner of the config may do it");
	else
		conclude(decision, false, NULL, "denied: no rule allows it");
}

void policy_decide(const struct config *config, const struct subject *subject, enum action action,
		   const char *store, const char *path, const char *tenant,
		   struct decision *ret_decision)
{
	struct reference reference;
	const char *own = tenant_of(subject->name);

	*ret_decision = (struct decision){ 0 };
	if ((unsigned)action >= ACTION_COUNT || !is_short_enough(store, path)) {
		conclude(ret_decision, false, NULL, "denied: this is no reference or action");
		return;
	}
	if (own && strcmp(own, tenant) != 0) {
		conclude(ret_decision, false, NULL,
			 *tenant ? "denied: the path belongs to another tenant"
				 : "denied: the store's layout gives the path no tenant");
		return;
	}
	take_reference(store, path, &reference);
	decide_by_rules(config, subject, action, &reference, tenant, ret_decision);
}
