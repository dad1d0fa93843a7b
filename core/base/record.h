/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store holds at one path: named fields of secret bytes, a version, a
 * creation time, notes. The opaque host objects of the plugin ABI (record,
 * list, answer) are these structs.
 *
 * Field names are public, values are secret and live in the arena. Fields are
 * kept sorted by name. Limits are those of lockstep/plugin.h.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stdbool.h>

#include "base/secret.h"

struct record_field {
	char *name;
	struct lks_buffer *value;
};

struct record_note {
	char *name;
	char *text;
};

struct lks_record {
	struct record_field *fields;
	size_t field_count;
	struct record_note *notes;
	size_t note_count;
	char version[LKS_VERSION_MAX + 1]; /* "" if not known */
	int64_t created_wall_ms;           /* 0 if not known */
};

enum lks_status record_new(struct lks_record **ret_record, struct lks_error *err) MUST_CHECK;
/* Fields, notes, version and time. */
enum lks_status record_copy(const struct lks_record *record, struct lks_record **ret_record,
			    struct lks_error *err) MUST_CHECK;
void record_free(struct lks_record *record);
void record_freep(struct lks_record **record);
/* Drop everything but the memory of the struct itself. */
void record_clear(struct lks_record *record);

/* Add or replace a field. Checks name and sizes (LKS_INVALID). */
enum lks_status record_put(struct lks_record *record, const char *field, const void *data,
			   size_t len, struct lks_error *err) MUST_CHECK;
/* Remove a field; false if it was not there. */
bool record_drop(struct lks_record *record, const char *field);
/* Borrowed; NULL if there is none. */
const struct lks_buffer *record_find(const struct lks_record *record, const char *field);
/* The field named, or with NULL the only one, or the one called `value`.
   LKS_NOT_FOUND names the fields there are. */
enum lks_status record_pick(const struct lks_record *record, const char *field,
			    const struct lks_buffer **ret_value, struct lks_error *err) MUST_CHECK;
enum lks_status record_set_note(struct lks_record *record, const char *name, const char *text,
				struct lks_error *err) MUST_CHECK;
const char *record_note(const struct lks_record *record, const char *name);
/* Same fields with the same bytes; versions, times and notes do not count. */
bool record_equal(const struct lks_record *a, const struct lks_record *b);

/*
 * One secret byte string for a whole record (for the sealed journal) and back.
 * Length-prefixed, no JSON: exact for any bytes. Keeps notes and version.
 */
enum lks_status record_pack(const struct lks_record *record, struct lks_buffer **ret_packed,
			    struct lks_error *err) MUST_CHECK;
enum lks_status record_unpack(const struct lks_buffer *packed, struct lks_record **ret_record,
			      struct lks_error *err) MUST_CHECK;

/* One page of `list`, `watch` or `history`. */
struct list_entry {
	char *path;              /* or the version token, for history */
	int64_t created_wall_ms; /* history */
	char *state;             /* history; may be NULL */
};

struct lks_list {
	struct list_entry *entries;
	size_t count;
	char *cursor; /* NULL: this was the last page */
};

void list_release(struct lks_list *list);
enum lks_status list_add(struct lks_list *list, const char *path, int64_t created_wall_ms,
			 const char *state, struct lks_error *err) MUST_CHECK;

struct lks_answer {
	enum lks_verdict verdict;
	char message[LKS_TEXT_MAX + 1];
	char identity[256];
};

/* "valid", "invalid", "unknown". */
const char *verdict_name(enum lks_verdict verdict);

#endif
