/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of one rotation: which records it changes, and what goes into
 * each. The planner fills it from what the stores hold and a sample; prepare
 * fills it from the records that were read under the claim and the real new
 * values. Both run the same code, so a plan judges what will really be written.
 *
 * Records move whole: a record of several fields keeps those that nobody
 * changes. Several parts of one record (a user name and its password) become
 * one new record.
 */
#ifndef ROTATE_SHAPE_H
#define ROTATE_SHAPE_H

#include "store/store.h"
#include "txn/plan.h"

enum part_kind {
	PART_SECRET = 1, /* the new value itself */
	PART_PUBLIC,     /* the public half of a key pair */
	PART_COPY
};

struct part {
	enum part_kind kind;
	size_t index; /* of the secret or the copy in the config */
	struct reference reference;
};

struct shape_record {
	struct reference reference; /* the whole record */
	bool is_source;             /* a secret of the rotation; else a copy or a public half */
	struct part *parts;
	size_t part_count;
	const struct lks_record *old; /* NULL: nothing is there */
	struct lks_record *owned;     /* `old` if the shape read it itself */
	struct lks_record *fresh;     /* what it becomes; by shape_fill() */
	char value[REFERENCE_MAX + 8];
};

struct shape {
	const struct config_rotation *rotation;
	struct shape_record *records; /* sources first, in the order of the config */
	size_t count;
};

/* New values of one run: one for all with `shared`, else one per secret. */
struct fresh_values {
	struct lks_buffer **values;
	struct lks_buffer *public_half; /* NULL without one */
	size_t count;
	bool is_sample; /* not real: may equal what is there */
};
typedef enum lks_status (*value_maker)(const struct config_generate *generate,
				       struct lks_buffer **ret_value,
				       struct lks_buffer **ret_public, struct lks_error *err);
enum lks_status fresh_values_make(const struct config_rotation *rotation, value_maker make,
				  struct fresh_values *ret_values,
				  struct lks_error *err) MUST_CHECK;
void fresh_values_release(struct fresh_values *values);

/* From the config alone; `rotation` is borrowed. LKS_INVALID: it cannot be. */
enum lks_status shape_new(const struct config_rotation *rotation, struct shape **ret_shape,
			  struct lks_error *err) MUST_CHECK;
void shape_free(struct shape *shape);
void shape_freep(struct shape **shape);

/* Read what is there now. LKS_NOT_FOUND: a secret has no value yet. */
enum lks_status shape_read(struct shape *shape, struct stores *stores, const struct access *access,
			   struct lks_error *err) MUST_CHECK;
/* Take what the executor read; borrowed from `values`. */
enum lks_status shape_take(struct shape *shape, const struct values *values,
			   struct lks_error *err) MUST_CHECK;

/* A copy that is not what the current secret renders to is LKS_CONFLICT,
   unless it says `adopt`. A copy that is not there yet is none. */
enum lks_status shape_check_copies(const struct shape *shape, struct lks_error *err) MUST_CHECK;
/* Make `fresh` of every record. LKS_CONFLICT: a new value equals the old one. */
enum lks_status shape_fill(struct shape *shape, const struct fresh_values *values,
			   struct lks_error *err) MUST_CHECK;

#endif
