/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret references: text that names a record or a field of it.
 *
 *   secretref://STORE/PATH[?version=V | ?label=LABEL][#FIELD]
 *   STORE:PATH[#FIELD]
 *
 * One parser for all of Lockstep. parse -> print -> parse is the identity.
 */
#ifndef STORE_REFERENCE_H
#define STORE_REFERENCE_H

#include <stdbool.h>

#include "base/error.h"

#define REFERENCE_MAX 1024

enum label { LABEL_NONE = 0, LABEL_CURRENT, LABEL_PENDING, LABEL_PREVIOUS };

struct reference {
	char store[LKS_NAME_MAX + 1];
	char path[LKS_PATH_MAX + 1];
	char version[LKS_VERSION_MAX + 1]; /* "" : none asked for */
	enum label label;
	char field[LKS_FIELD_MAX + 1]; /* "": the whole record, or its only field */
};

/* LKS_INVALID says which character at which place, and what is allowed.
   The text is repeated in the message only as far as it was valid. */
enum lks_status reference_parse(const char *text, struct reference *ret_reference,
				struct lks_error *err) MUST_CHECK;
/* "STORE:PREFIX" for lists: the path may be empty or end in a slash. */
enum lks_status reference_parse_prefix(const char *text, struct reference *ret_reference,
				       struct lks_error *err) MUST_CHECK;
/* Short form where it can be said so, else the URL form. `size` of
   REFERENCE_MAX * 2 always suffices. */
void reference_print(const struct reference *reference, char *buffer, size_t size);
/* STORE:PATH, without version, label and field: what claims are keyed by. */
void reference_print_record(const struct reference *reference, char *buffer, size_t size);
const char *label_name(enum label label);

/* One star is one segment, two are any number of them: "vault:acme/" and two
   stars. LKS_INVALID if malformed. */
enum lks_status pattern_check(const char *pattern, struct lks_error *err) MUST_CHECK;
/* Does STORE:PATH fit? Case-sensitive. */
bool pattern_matches(const char *pattern, const struct reference *reference);

/*
 * Does `path` fit `layout` ("{tenant}/{namespace}/{name}"; the last takes all
 * that is left)? Fills tenant and namespace ("" if the layout has none).
 */
enum lks_status layout_match(const char *layout, const char *path, char ret_tenant[256],
			     char ret_namespace[256], struct lks_error *err) MUST_CHECK;
enum lks_status layout_check(const char *layout, struct lks_error *err) MUST_CHECK;

#endif
