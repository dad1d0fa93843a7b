/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles mock plugins into a trusted folder of the test. */
#ifndef TESTS_PLUGIN_MOCK_H
#define TESTS_PLUGIN_MOCK_H

#include "support/temp.h"

/*
 * Compile tests/plugins/mock/`source` to `name`.so in the folder, with the link
 * flags that the loader asks for and what `flags` adds (NULL or words, split at
 * spaces). The symbol is `name` with dashes as underscores.
 */
void mock_build(struct temp *folder, const char *name, const char *source, const char *flags);
/* The same without the link flags of ours. */
void mock_build_bare(struct temp *folder, const char *name, const char *source, const char *flags);
/* Copy bytes over a file, mode 0755. */
void mock_write(struct temp *folder, const char *file_name, const void *data, size_t len);

#endif
