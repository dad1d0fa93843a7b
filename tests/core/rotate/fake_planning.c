/* SPDX-License-Identifier: Apache-2.0 */
/* What planners ask stores beyond what the executor asks, on the stores of
   support/fake_store.h. */
#include <stdio.h>

#include "support/fake_store.h"

enum lks_status store_get_many(struct stores *stores, const struct access *access,
			       const struct reference *references, size_t count,
			       struct lks_record *const *records, struct lks_error *ret_errors,
			       struct lks_error *err)
{
	(void)err;
	for (size_t i = 0; i < count; i++) {
		error_clear(&ret_errors[i]);
		ret_errors[i].status = store_get(stores, access, &references[i], false, records[i],
						 &ret_errors[i]);
	}
	return LKS_OK;
}

enum lks_status store_accepts(struct stores *stores, const struct reference *reference,
			      const struct lks_record *record, struct lks_error *err)
{
	(void)stores, (void)reference, (void)record, (void)err;
	return LKS_OK;
}

enum lks_status store_side(struct stores *stores, const struct reference *reference, enum side side,
			   struct reference *ret_side, struct lks_error *err)
{
	(void)stores, (void)err;
	*ret_side = *reference;
	snprintf(ret_side->path, sizeof(ret_side->path), "%.900s%s", reference->path,
		 side == SIDE_PENDING ? "__PENDING" : "__PREVIOUS");
	return LKS_OK;
}

enum lks_status store_traits(struct stores *stores, const char *name, uint64_t *ret_traits,
			     struct lks_error *err)
{
	(void)stores, (void)name, (void)err;
	*ret_traits = LKS_ATOMIC_MANY;
	return LKS_OK;
}
