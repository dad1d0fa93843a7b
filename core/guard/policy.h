/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what to which references. Deny by default; an explicit deny wins;
 * the owner of the config (and root) may do everything unless a rule denies it.
 * Judged at use time, in the engine, on STORE:PATH and the tenant of the
 * store's layout. A tenant's rules only ever reach its own tenant.
 */
#ifndef GUARD_POLICY_H
#define GUARD_POLICY_H

#include "config/config.h"

/* The one list of actions that rules can name. */
enum action {
	ACTION_GET = 0,
	ACTION_LIST,
	ACTION_SET,
	ACTION_DELETE,
	ACTION_VERIFY,
	ACTION_ROTATE,
	ACTION_ROLLBACK,
	ACTION_ADOPT,
	ACTION_PAUSE,
	ACTION_HISTORY,
	ACTION_REVEAL,
	ACTION_COUNT
};
const char *action_name(enum action action);
bool action_parse(const char *name, enum action *ret_action);

/* Who asks: a name and what else it is (groups, roles). */
struct subject {
	char name[128]; /* "user:anna", "tenant:acme", "engine:vault" */
	struct strings also;
	bool is_owner; /* of the config, or root */
};

/* The calling process: user:NAME, its groups, the roles it is in. */
enum lks_status subject_of_caller(const struct config *config, struct subject *ret_subject,
				  struct lks_error *err) MUST_CHECK;
/* A named subject (`check --as`), with the roles it is in. Never an owner,
   except for the owner's own user name. */
enum lks_status subject_named(const struct config *config, const char *name,
			      struct subject *ret_subject, struct lks_error *err) MUST_CHECK;
void subject_release(struct subject *subject);

/* What a decision rests on. */
struct decision {
	bool allowed;
	const struct config_policy *rule; /* NULL: owner, or no rule matched */
	char reason[256];                 /* "allowed by the rule at lockstep.conf:31" */
};

/*
 * `store` and `path` as in a reference; `tenant` from the layout ("" if none).
 * LKS_OK also for a denial: look at the decision.
 */
void policy_decide(const struct config *config, const struct subject *subject, enum action action,
		   const char *store, const char *path, const char *tenant,
		   struct decision *ret_decision);

#endif
