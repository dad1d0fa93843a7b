/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of each rotation, kept in step with the journal. Private to
   core/rotate. */
#ifndef ROTATE_ROWS_H
#define ROTATE_ROWS_H

#include "rotate/schedule.h"
#include "txn/executor.h"

/* Ids as state_operations() returns them. */
struct ids {
	char **items;
	size_t count;
};
void ids_release(struct ids *ids);

/* Write a row; a failure is logged, the row follows the journal. */
void rotation_row_keep(struct executor *executor, const struct rotation_row *row);

#endif
