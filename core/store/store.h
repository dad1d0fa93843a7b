/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guarded calls: the one way to reach any store or verifier.
 *
 *   policy > audit > deadline > plugin > caps and checks on what came back
 *
 * Stores open lazily, on their first use, depth-first: a store's own
 * credentials are references to other stores, read as the subject
 * `engine:STORE`. When a backend says that the credential is refused
 * (LKS_UNAUTHENTICATED), it is resolved anew and the store opened again, once.
 *
 * Labels and side records belong to the engine: a plain reference that ends in
 * a side's suffix is refused, lists leave them out. A reference with a label
 * reaches them.
 *
 * Writing functions are called by the executor alone (core/txn): everything
 * that changes anything is a plan.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/record.h"
#include "base/reference.h"
#include "config/config.h"
#include "guard/policy.h"
#include "telemetry/audit.h"

struct registry;
struct stores;

/* Borrows all of it. `audit` may be NULL (records nothing). */
enum lks_status stores_new(const struct config *config, struct registry *registry,
			   struct audit *audit, struct stores **ret_stores,
			   struct lks_error *err) MUST_CHECK;
/* Closes every open instance, in reverse order. */
void stores_free(struct stores *stores);

/* Who asks, and for what. Borrowed for the call. */
struct access {
	const struct subject *subject;
	const char *operation; /* NULL outside one */
	const char *request;
	const char *reason;
	enum action action; /* the policy action; the audit entry's name */
	int step;           /* of the operation, from 1; 0: none */
	int64_t timeout_ms; /* 0: the store's own */
	/* The executor and planners: policy was judged when the operation
	   started; side records may be reached; undo is never refused. */
	bool is_engine;
	/* The executor, from an operation's first effect on: a call whose
	   audit entry cannot be written is made all the same, and this is set;
	   the entry follows from the journal. NULL: fail closed. */
	bool *audit_missing;
};

/* May this caller do `access->action` there, and is it a name that can be had?
   Looks at the store's layout, policy and reserved endings; a denial is
   audited. For operations, before they begin. */
enum lks_status store_admit(struct stores *stores, const struct access *access,
			    const struct reference *reference, struct lks_error *err) MUST_CHECK;

/* Read one record. Version, if the reference names one, through LKS_VERSIONED
   backends only. `record` is empty on failure. Audited. */
enum lks_status store_get(struct stores *stores, const struct access *access,
			  const struct reference *reference, bool want_version,
			  struct lks_record *record, struct lks_error *err) MUST_CHECK;
/* Read many, one get_many per store; `ret_errors[i].status` says how each went.
   Returns a failure only if nothing could be tried. One audit line that lists
   the references. */
enum lks_status store_get_many(struct stores *stores, const struct access *access,
			       const struct reference *references, size_t count,
			       struct lks_record *const *records, struct lks_error *ret_errors,
			       struct lks_error *err) MUST_CHECK;

/* One change of a set. `record` NULL deletes; `expected` as in lks_change. */
struct store_change {
	struct reference reference;
	struct lks_record *record; /* gets the new version */
	const char *expected;
};
/*
 * Make changes in one store as one step: set_many where the plugin has it.
 * Audited before and after; read back and compared. LKS_UNCERTAIN: it may have
 * happened. Only core/txn calls this.
 */
enum lks_status store_change(struct stores *stores, const struct access *access,
			     struct store_change *changes, size_t count,
			     struct lks_error *err) MUST_CHECK;

/* All paths under the prefix, sorted, sides left out; `cursor` paging is done
   inside. The caller releases the list. */
enum lks_status store_list(struct stores *stores, const struct access *access,
			   const struct reference *prefix, struct lks_list *ret_list,
			   struct lks_error *err) MUST_CHECK;
enum lks_status store_history(struct stores *stores, const struct access *access,
			      const struct reference *reference, struct lks_list *ret_list,
			      struct lks_error *err) MUST_CHECK;
/* Opens the store if needed and asks it. LKS_UNSUPPORTED: it cannot tell. */
enum lks_status store_health(struct stores *stores, const char *name,
			     struct lks_error *err) MUST_CHECK;
/* Could the store hold this? Also false for read-only stores. For planning. */
enum lks_status store_accepts(struct stores *stores, const struct reference *reference,
			      const struct lks_record *record, struct lks_error *err) MUST_CHECK;

/* Does the path end as a side record of this plugin's stores does? */
struct descriptor;
bool side_is_reserved(const struct descriptor *descriptor, const char *path);
enum side { SIDE_PENDING = 0, SIDE_PREVIOUS, SIDE_BLUE, SIDE_GREEN, SIDE_METADATA, SIDE_COUNT };
/* The reference of a side record (in the `labels` store if one is set).
   LKS_UNSUPPORTED: this store has no place for it, and why. */
enum lks_status store_side(struct stores *stores, const struct reference *reference, enum side side,
			   struct reference *ret_side, struct lks_error *err) MUST_CHECK;
/* The plugin's trait bits; does not open the store. */
enum lks_status store_traits(struct stores *stores, const char *name, uint64_t *ret_traits,
			     struct lks_error *err) MUST_CHECK;

/*
 * Ask the configured verifier about `candidate`. The `with` references of its
 * configuration are read first. A failure to ask is an answer "unknown" with
 * the reason as its message, and LKS_OK. LKS_INVALID, LKS_NOT_FOUND only for a
 * verifier that cannot be set up at all.
 */
enum lks_status verifier_ask(struct stores *stores, const struct access *access,
			     const char *verifier, const struct lks_record *candidate,
			     struct lks_answer *ret_answer, struct lks_error *err) MUST_CHECK;
/* How long a new credential may be refused: the config's, else the plugin's. */
int64_t verifier_propagation_ms(struct stores *stores, const char *verifier);

#endif
