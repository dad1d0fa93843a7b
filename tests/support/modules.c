/* SPDX-License-Identifier: Apache-2.0 */
/* The opener of tests. */
#include "support/modules.h"

#include <string.h>

#include "base/crypto.h"

extern const struct crypto_module lockstep_module_crypto;

static struct {
	const char *name;
	const struct module_head *table;
} added[8];

static enum lks_status open_linked(const char *name, const struct module_head **ret_table,
				   struct lks_error *err)
{
	if (!strcmp(name, "crypto")) {
		*ret_table = &lockstep_module_crypto.head;
		return LKS_OK;
	}
	for (size_t i = 0; i < COUNT_OF(added); i++) {
		if (added[i].name && !strcmp(name, added[i].name)) {
			*ret_table = added[i].table;
			return LKS_OK;
		}
	}
	return error_set(err, LKS_NOT_FOUND, "module %s is not linked into this test", name);
}

void support_use_modules(void)
{
	module_use_opener(open_linked);
}

void support_add_module(const char *name, const struct module_head *table)
{
	for (size_t i = 0; i < COUNT_OF(added); i++) {
		if (!added[i].name || !strcmp(added[i].name, name)) {
			added[i].name = name;
			added[i].table = table;
			return;
		}
	}
	abort();
}
