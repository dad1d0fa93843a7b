/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores in memory behind the interface of store/store.h, for planners: they
 * read, and what they must not do (write) is not there. Linked instead of the
 * real ones.
 *
 *   app, web   labels beside the secret (__PENDING, __PREVIOUS), one change at
 *              a time holds all
 *   plain      no place for labels
 *   vault      labels kept in `labels`, records of several fields
 *   frozen     read-only
 *   reserves   a deleted name stays taken
 *   no quotes: `app` and `web` cannot hold a double quote
 */
#ifndef ROTATE_FAKE_STORES_H
#define ROTATE_FAKE_STORES_H

#include "store/store.h"

/* Forget everything. */
void fake_reset(void);
/* "app:KEY", field, value; several fields make one record. */
void fake_put(const char *name, const char *field, const char *value);
/* What every verifier answers from now on. */
void fake_verdict(enum lks_verdict verdict);
/* How often a verifier was asked since the reset. */
unsigned fake_asked(void);
/* From now on reads are denied. */
void fake_deny(void);

#endif
