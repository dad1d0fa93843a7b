/* SPDX-License-Identifier: Apache-2.0 */
/* Where the other values of a secret live: pending, previous, blue, green and
   metadata, beside it or in the store that keeps its labels. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/internal.h"

static const char *side_name(enum side side)
{
	static const char *const names[] = { "pending", "previous", "blue", "green", "metadata" };

	return (unsigned)side < COUNT_OF(names) ? names[side] : "?";
}

bool side_is_reserved(const struct descriptor *descriptor, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < SIDE_COUNT; i++) {
		const char *suffix = descriptor->sides[i];

		if (suffix && suffix[0] && strlen(name) > strlen(suffix) &&
		    string_ends(name, suffix))
			return true;
	}
	return false;
}

/* The store that keeps the sides of `store`'s records. */
static struct instance *keeper(struct stores *stores, struct instance *store)
{
	struct instance *other = NULL;

	if (store->store->labels)
		other = stores_find(stores, store->store->labels);
	return other ? other : store;
}

enum lks_status store_side(struct stores *stores, const struct reference *reference, enum side side,
			   struct reference *ret_side, struct lks_error *err)
{
	struct instance *store = stores_find(stores, reference->store);
	struct reference result = { .label = LABEL_NONE };
	const char *suffix;
	enum lks_status status;
	int len;

	if (!store)
		return error_set(err, LKS_INVALID, "there is no store \"%s\"", reference->store);
	store = keeper(stores, store);
	status = instance_describe(stores, store, err);
	if (status)
		return status;
	suffix = (unsigned)side < SIDE_COUNT ? store->descriptor->sides[side] : NULL;
	if (!suffix) {
		error_set(err, LKS_UNSUPPORTED,
			  "the store %s has no place for a %s value (its plugin %s names none)",
			  store->name, side_name(side), store->plugin_name);
		error_hint(err, "set labels = \"another-store\" in stores.%s", reference->store);
		return LKS_UNSUPPORTED;
	}
	string_copy(result.store, sizeof(result.store), store->name);
	len = snprintf(result.path, sizeof(result.path), "%s%s", reference->path, suffix);
	if (len < 0 || (size_t)len >= sizeof(result.path))
		return error_set(err, LKS_UNSUPPORTED,
				 "%s:%.64s...: too long for a %s value beside it", store->name,
				 reference->path, side_name(side));
	*ret_side = result;
	return LKS_OK;
}

enum lks_status store_traits(struct stores *stores, const char *name, uint64_t *ret_traits,
			     struct lks_error *err)
{
	struct instance *store = stores_find(stores, name);
	enum lks_status status;

	if (!store)
		return error_set(err, LKS_INVALID, "there is no store \"%s\"", name);
	status = instance_describe(stores, store, err);
	if (!status)
		*ret_traits = store->descriptor->backend_traits;
	return status;
}
