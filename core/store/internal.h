/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share; nobody else includes it. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include "plugin/fence.h"
#include "plugin/registry.h"
#include "store/store.h"

/* One configured store or verifier. */
struct instance {
	const char *kind; /* "store", "verifier" */
	const char *name;
	const char *plugin_name;
	const struct setting *group;
	int64_t timeout_ms;
	const struct config_store *store; /* NULL for verifiers */
	const struct descriptor *descriptor;
	/* While open. */
	const struct plugin *plugin;
	const struct lks_host *host;
	struct lks_settings *settings;
	void *handle;
	bool is_open, is_opening;
};

struct stores {
	const struct config *config;
	struct registry *registry;
	struct audit *audit;
	struct instance *stores;
	struct instance *verifiers;
	struct instance **opened; /* in this order; room for all */
	size_t opened_count;
	struct lks_buffer *digest_key; /* for versions; made when first asked for */
	struct lks_buffer *audit_key;  /* for digests in the audit */
};

/* --- store.c: who may, and what is written down about it ---------------- */

/* A reference that was looked at: what it stands for in its store. */
struct place {
	struct instance *instance;
	struct reference record;    /* as asked for, without field */
	struct reference reference; /* where it is: a label's side has its own path */
	char tenant[256];
	char rule[600];               /* file:line of the rule that allowed it; "" */
	const char *grant;            /* why policy was not asked; NULL */
	char text[REFERENCE_MAX * 2]; /* for messages and the audit, with field and label */
};

/* The store exists and its layout has such a path. */
enum lks_status place_find(struct stores *stores, const struct reference *reference,
			   struct place *ret_place, struct lks_error *err) MUST_CHECK;
/* Policy; a denial is audited. `grant`: allowed for this reason. */
enum lks_status place_admit(struct stores *stores, const struct access *access, struct place *place,
			    const char *grant, struct lks_error *err) MUST_CHECK;
/* Opens the store; resolves labels and refuses reserved names. */
enum lks_status place_open(struct stores *stores, const struct access *access, struct place *place,
			   struct lks_error *err) MUST_CHECK;
void place_entry(const struct access *access, const struct place *place, enum audit_phase phase,
		 struct audit_entry *ret_entry);
/* One line for a read; replaces `*err` if it cannot be written. */
enum lks_status place_audit_read(struct stores *stores, const struct access *access,
				 const struct place *place, enum lks_status outcome,
				 const char *version, struct lks_error *err) MUST_CHECK;
/* What a failed audit_write() means to this access: closed, or noted. */
enum lks_status audit_lost(const struct access *access, enum lks_status status,
			   const struct lks_error *cause, struct lks_error *err) MUST_CHECK;
struct instance *stores_find(struct stores *stores, const char *name);

/* --- open.c: instances and the calls into them -------------------------- */

enum lks_status instance_open(struct stores *stores, const struct access *access,
			      struct instance *instance, struct lks_error *err) MUST_CHECK;
void instance_close(struct stores *stores, struct instance *instance);
/* The descriptor, without loading if it is not loaded. */
enum lks_status instance_describe(struct stores *stores, struct instance *instance,
				  struct lks_error *err) MUST_CHECK;

/* A keyed digest of the fields, for the audit: equal values, equal digests.
   False if there is no key. */
bool stores_audit_digest(struct stores *stores, const struct lks_record *record, char ret_hex[33]);

/* What is done with an open instance. */
typedef enum lks_status (*instance_work)(struct instance *instance, const struct lks_call *call,
					 void *context, struct lks_error *err);
/*
 * Open if needed and do it, fenced and with a deadline. When the credential is
 * refused, open anew and do it again, once. `what` names the call in messages.
 */
enum lks_status instance_call(struct stores *stores, const struct access *access,
			      struct instance *instance, const char *what, uint64_t flags,
			      instance_work work, void *context, struct lks_error *err) MUST_CHECK;

/* --- read.c -------------------------------------------------------------- */

/* As store_get(); `grant` as in place_admit(). */
enum lks_status read_record(struct stores *stores, const struct access *access,
			    const struct reference *reference, bool want_version, const char *grant,
			    struct lks_record *record, struct lks_error *err) MUST_CHECK;
/* The plugin's `get` and the checks on what came back; nothing else. */
enum lks_status read_place(struct stores *stores, const struct access *access, struct place *place,
			   bool want_version, struct lks_record *record,
			   struct lks_error *err) MUST_CHECK;

/* --- mask.c -------------------------------------------------------------- */

/*
 * Mask in a plugin's message what it was given: the fields of the records
 * (either may be NULL), raw and in the encodings that base/redact.h knows.
 */
void mask_said(const struct lks_record *first, const struct lks_record *second, char *said,
	       size_t size);

#endif
