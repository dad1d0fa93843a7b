/* SPDX-License-Identifier: Apache-2.0 */
/* The state key's file: 32 random bytes, 0600, made once. */
#ifndef STATE_KEY_H
#define STATE_KEY_H

#include <stdbool.h>

#include "base/secret.h"

/*
 * Read the key, or make it if it is missing and `create`. LKS_NOT_FOUND: it is
 * missing; LKS_DENIED: this user may not read it; LKS_INVALID: it cannot be
 * believed (its length, its mode, its folder).
 */
enum lks_status key_read(const char *path, bool create, struct lks_buffer **ret_key,
			 struct lks_error *err) MUST_CHECK;

#endif
