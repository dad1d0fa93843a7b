/* SPDX-License-Identifier: Apache-2.0 */
/* How a verifying program gets the candidate on its stdin. */
#ifndef EXEC_CANDIDATE_H
#define EXEC_CANDIDATE_H

#include <lockstep/plugin.h>

/*
 * A candidate with one field and nothing beside it: the bytes of that field.
 * Else one JSON object: the fields by name, and if there are further values,
 * these in an object "with". LKS_UNSUPPORTED if a value for JSON is not UTF-8.
 * The caller releases the buffer.
 */
enum lks_status candidate_input(const struct lks_host *host, const struct lks_record *candidate,
				const struct lks_record *with, struct lks_buffer **ret_input,
				struct lks_error *err);
/* "NAME=value" for the environment: the only field, or the one called `value`.
   LKS_UNSUPPORTED if there is none, or it holds a NUL. */
enum lks_status candidate_variable(const struct lks_host *host, const struct lks_record *candidate,
				   const char *name, struct lks_buffer **ret_variable,
				   struct lks_error *err);

#endif
