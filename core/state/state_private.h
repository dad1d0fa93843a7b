/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the state's front. */
#ifndef STATE_PRIVATE_H
#define STATE_PRIVATE_H

#include "state/database.h"
#include "state/state.h"

struct state {
	const struct database_module *module;
	struct database *database;
	struct lks_buffer *wrap_key; /* seals the operations' data keys */
};

/* Copy what a module said, escaped, with the way out where there is one. */
enum lks_status state_fail(struct lks_error *err, const struct lks_error *module_error);

#endif
