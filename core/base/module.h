/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private modules: shared objects of our own in $(pkglibexecdir) that hold
 * what a plain `get` does not need (SQLite, libcrypto, libcurl). Each exports
 * one table, `lockstep_module_<name>` with dashes as underscores, that begins
 * with a `struct module_head`. They are vetted and opened as plugins are, on
 * first need, and stay.
 *
 * The opener lives on a higher floor (core/plugin) and is set at start.
 */
#ifndef BASE_MODULE_H
#define BASE_MODULE_H

#include <stdint.h>

#include "base/error.h"

struct module_head {
	uint32_t abi; /* of that module's table; must be equal */
	uint32_t reserved;
	size_t size;
};

typedef enum lks_status (*module_opener)(const char *name, const struct module_head **ret_table,
					 struct lks_error *err);
void module_use_opener(module_opener opener);

/* Open module `name` ("crypto", "state-sqlite") once; later calls return the
   same table. Refuses another `abi` or a shorter table. Any thread. */
enum lks_status module_open(const char *name, uint32_t abi, size_t size,
			    const struct module_head **ret_table, struct lks_error *err) MUST_CHECK;

#endif
