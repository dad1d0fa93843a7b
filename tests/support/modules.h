/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private modules without loading: they are linked into the test program.
 * Call first in main() of a test that needs cryptography.
 */
#ifndef SUPPORT_MODULES_H
#define SUPPORT_MODULES_H

#include "base/module.h"

/* module_open() finds `crypto` and what was added. */
void support_use_modules(void);
/* A further module of this test; `name` and `table` must live on. */
void support_add_module(const char *name, const struct module_head *table);

#endif
