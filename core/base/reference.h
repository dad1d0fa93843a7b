/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret references: text that names a record or a field of it.
 *
 *   secretref://STORE/PATH[?version=V | ?label=LABEL][#FIELD]
 *   STORE:PATH[#FIELD]
 *
 * One parser for all of Lockstep. parse -> print -> parse is the identity.
 * Everything is compared byte by byte: no case folding, no normalising, no
 * escapes.
 */
#ifndef BASE_REFERENCE_H
#define BASE_REFERENCE_H

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

/* LKS_INVALID says which character at which place, and what is allowed. No
   more of the text is repeated than its store: it may be a pasted secret. */
enum lks_status reference_parse(const char *text, struct reference *ret_reference,
				struct lks_error *err) MUST_CHECK;
/* The same for bytes that may hold anything, a NUL included. */
enum lks_status reference_parse_bytes(const void *data, size_t len, struct reference *ret_reference,
				      struct lks_error *err) MUST_CHECK;
/* "STORE:PREFIX" for lists: the path may be empty or end in a slash. */
enum lks_status reference_parse_prefix(const char *text, struct reference *ret_reference,
				       struct lks_error *err) MUST_CHECK;
/* Short form where it can be said so, else the URL form. `size` of
   REFERENCE_MAX * 2 always suffices. */
void reference_print(const struct reference *reference, char *buffer, size_t size);
/* STORE:PATH, without version, label and field: what claims are keyed by. */
void reference_print_record(const struct reference *reference, char *buffer, size_t size);
/* "current", "pending", "previous"; "" for none. */
const char *label_name(enum label label);

/* One star is one segment, two are any number of them (none too): "vault:acme/"
   and two stars. "*" as the store is any store; two stars alone are everything.
   LKS_INVALID if malformed. */
enum lks_status pattern_check(const char *pattern, struct lks_error *err) MUST_CHECK;
/* Does STORE:PATH fit? Case-sensitive. */
bool pattern_matches(const char *pattern, const struct reference *reference);
/* The store a checked pattern names, into `store`; false if it names none. */
bool pattern_store(const char *pattern, char store[LKS_NAME_MAX + 1]);

/*
 * Does `path` fit `layout` ("{tenant}/{namespace}/{name}"; the last takes all
 * that is left)? Fills tenant and namespace ("" if the layout has none).
 */
enum lks_status layout_match(const char *layout, const char *path, char ret_tenant[256],
			     char ret_namespace[256], struct lks_error *err) MUST_CHECK;
/* For lists: what the whole segments of the prefix say of tenant and namespace
   ("acme/" of "{tenant}/{name}": tenant acme; "ac": nothing yet). */
enum lks_status layout_match_prefix(const char *layout, const char *prefix, char ret_tenant[256],
				    char ret_namespace[256], struct lks_error *err) MUST_CHECK;
enum lks_status layout_check(const char *layout, struct lks_error *err) MUST_CHECK;

#endif
