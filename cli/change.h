/* SPDX-License-Identifier: Apache-2.0 */
/* What `set` and `delete` share. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/cli.h"

struct change {
	struct reference reference;
	const char *expected;           /* version; NULL: whatever is there */
	const struct lks_buffer *value; /* NULL: the field or the record goes */
	bool deletes_record;
	struct stores *stores; /* filled in by change_run() */
};

/* Is it a place to change, and may this caller? Returns 0 or the exit code. */
int change_check(struct cli *cli, const struct reference *reference, enum action action);
/* Plan and run it as an operation of `kind` ("set", "delete"); prints what it
   came to. Returns the exit code. */
int change_run(struct cli *cli, const char *kind, struct change *change);

#endif
