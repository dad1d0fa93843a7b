/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the private module `state-sqlite`. */
#include "state/module-sqlite/sqlite.h"

extern const struct database_module lockstep_module_state_sqlite;

LKS_EXPORT const struct database_module lockstep_module_state_sqlite = {
	.head = { .abi = DATABASE_ABI, .size = sizeof(struct database_module) },
	.open = sqlite_open,
	.close = sqlite_close,
	.exists = sqlite_exists,
	.adopt = sqlite_adopt,
	.begin = sqlite_begin,
	.prepare = sqlite_prepare,
	.change = sqlite_change,
	.read = sqlite_read,
	.value = sqlite_value,
	.list = sqlite_list,
	.lock = sqlite_lock,
	.unlock = sqlite_unlock,
	.claim = sqlite_claim,
	.rotation_read = sqlite_rotation_read,
	.rotation_write = sqlite_rotation_write,
};
