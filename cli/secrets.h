/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secrets that a command line names, read together: one get_many per
 * store, one line in the audit. Never opens the state.
 */
#ifndef CLI_SECRETS_H
#define CLI_SECRETS_H

#include "base/redact.h"
#include "base/reference.h"
#include "cli/cli.h"

struct secret_entry {
	char *name; /* for the caller: a variable's name; NULL */
	struct reference reference;
	bool is_listed; /* from a prefix, not named by the caller */
	struct lks_record *record;
};

struct secrets {
	struct secret_entry *entries;
	size_t count, room;
};
#define SECRETS_INIT                                                                               \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

/* `name` is copied; NULL: none. */
enum lks_status secrets_add(struct secrets *secrets, const char *name,
			    const struct reference *reference, bool is_listed,
			    struct lks_error *err) MUST_CHECK;
/* Every record below "STORE:PREFIX". LKS_NOT_FOUND if there is none. */
enum lks_status secrets_add_all(struct secrets *secrets, struct cli *cli, const char *prefix,
				struct lks_error *err) MUST_CHECK;
/* Reads all of them. What is missing is reported together. */
enum lks_status secrets_read(struct secrets *secrets, struct cli *cli,
			     struct lks_error *err) MUST_CHECK;
/* The one value of an entry, borrowed. */
enum lks_status secrets_value(const struct secret_entry *entry, const struct lks_buffer **ret_value,
			      struct lks_error *err) MUST_CHECK;
/* A matcher of all values: of the field that an entry names, else of every
   field of its record. What cannot be masked is said on stderr, once. */
enum lks_status secrets_redactor(const struct secrets *secrets, struct redactor **ret_redactor,
				 struct lks_error *err) MUST_CHECK;
void secrets_release(struct secrets *secrets);

#endif
