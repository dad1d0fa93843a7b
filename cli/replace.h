/* SPDX-License-Identifier: Apache-2.0 */
/* Put a file in place of another in one step. */
#ifndef CLI_REPLACE_H
#define CLI_REPLACE_H

#include "base/secret.h"

/*
 * `path` holds exactly `content` afterwards, or what it held before. Made 0600;
 * a file that is there keeps its owner, and its mode where that is stricter.
 * Refuses what is not a regular file, links too.
 */
enum lks_status replace_file(const char *path, const struct lks_buffer *content,
			     struct lks_error *err) MUST_CHECK;

#endif
