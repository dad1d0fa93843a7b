/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one rotation of the config to a plan, and the new values for it.
 *
 * Planning reads the stores and writes nothing. It refuses what cannot work
 * before anything is begun: a strategy, a way to come by values or a place for
 * labels that is not there (LKS_UNSUPPORTED), a recipe that cannot be
 * (LKS_INVALID), a missing secret (LKS_NOT_FOUND), a copy or a `pending` label
 * that nobody here wrote (LKS_CONFLICT), a value that a store cannot hold.
 *
 *   immediate  write everything, one change per store; reload; verify; soak
 *   staged     write `pending`; verify it; wait for the window, if there is
 *              one; promote (current = new, previous =
 *              old, pending gone, copies in the same store: one change);
 *              copies elsewhere; reload; verify; soak. After the point of no
 *              return: keep the previous value, then drop it.
 *
 * Programs decide which values work, so verification follows their reload.
 */
#ifndef ROTATE_PLANNER_H
#define ROTATE_PLANNER_H

#include "store/store.h"
#include "txn/plan.h"

struct rotate_job {
	struct stores *stores;
	const struct config *config;
	const struct subject *subject;
	const char *request;
	const struct config_rotation *rotation;
};

/* What is wrong with a rotation that the config's text alone shows: what this
   version cannot do, and keys that contradict each other. */
enum lks_status rotate_check(const struct config *config, const struct config_rotation *rotation,
			     struct lks_error *err) MUST_CHECK;

enum lks_status rotate_plan(const struct rotate_job *job, struct plan **ret_plan,
			    struct lks_error *err) MUST_CHECK;

/*
 * The prepare_function of rotations; `context` is the struct rotate_job that
 * was planned with. Proves that the current credential works, makes the new
 * values and asks the stores whether they can hold them. A current credential
 * that its verifier refuses is LKS_CONFLICT, as it is for `rollback`: what the
 * store holds is not what works, and a person must say which of them is right.
 */
enum lks_status rotate_prepare(void *context, const struct plan *plan, struct values *values,
			       struct lks_error *err) MUST_CHECK;

#endif
