/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that the strategies put together. Private to core/rotate. */
#ifndef ROTATE_STEPS_H
#define ROTATE_STEPS_H

#include "rotate/shape.h"

/* What one strategy's planner works on. */
struct draft {
	struct stores *stores;
	const struct access *access;
	const struct config_rotation *rotation;
	struct shape *shape;
	struct plan *plan;
	/* Staged, per record of the shape: where its labels live. */
	struct side_pair {
		struct reference pending, previous;
		char previous_version[LKS_VERSION_MAX + 1];
		bool has_previous;
	} * sides;
};

/* Why there is no step. */
static inline enum lks_status no_step(const struct lks_error *err)
{
	return err && err->status != LKS_OK ? err->status : LKS_NO_MEMORY;
}

enum lks_status plan_immediate(struct draft *draft, struct lks_error *err) MUST_CHECK;
enum lks_status plan_staged(struct draft *draft, struct lks_error *err) MUST_CHECK;

/* The step of `type` for `store`, made if there is none from `first` on. Its
   title is set by steps_name(). */
struct step *draft_step(struct draft *draft, size_t first, enum step_type type, const char *store,
			struct lks_error *err) MUST_CHECK;
/* "WORD a, b and c" from the records that the step's targets belong to. */
enum lks_status steps_name(struct draft *draft, size_t first, const char *word,
			   struct lks_error *err) MUST_CHECK;
/* The new value of a record, written where it lives. */
enum lks_status draft_write(struct draft *draft, struct step *step,
			    const struct shape_record *record, struct lks_error *err) MUST_CHECK;
/* Every verifier about every secret: the pending or the current value. */
enum lks_status draft_verify(struct draft *draft, bool is_pending,
			     struct lks_error *err) MUST_CHECK;
enum lks_status draft_reload(struct draft *draft, struct lks_error *err) MUST_CHECK;
enum lks_status draft_soak(struct draft *draft, struct lks_error *err) MUST_CHECK;

#endif
