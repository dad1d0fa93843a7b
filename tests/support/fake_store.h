/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stores and verifiers in memory, with scripted faults: link this instead of
 * core/store. Records have the one field `value`; a name is STORE:PATH, with
 * "@pending" or "@previous" behind it for a label. Every write makes a new
 * version and is compared with what the caller expected.
 */
#ifndef SUPPORT_FAKE_STORE_H
#define SUPPORT_FAKE_STORE_H

#include "store/store.h"

enum fake_call { FAKE_GET = 0, FAKE_CHANGE, FAKE_VERIFY, FAKE_CALL_COUNT };

struct stores *fake_stores_new(void);
void fake_stores_free(struct stores *stores);
/* Kept in this file from now on, so that another process finds it. */
void fake_stores_keep(struct stores *stores, const char *path);

/* As if somebody else had done it: no call is counted. NULL removes. */
void fake_set(struct stores *stores, const char *name, const char *value);
/* NULL: nothing is there. */
const char *fake_get(const struct stores *stores, const char *name);
const char *fake_version(const struct stores *stores, const char *name);
size_t fake_calls(const struct stores *stores, enum fake_call call);
size_t fake_records(const struct stores *stores);

/* What happens to a call that matches. Faults are looked at in order; the first
   that matches and is not used up counts. */
struct fake_fault {
	enum fake_call call;
	const char *name; /* NULL: any; else one of the call's records, or the verifier */
	int skip;         /* so many matching calls pass first */
	int times;        /* then so many fail; -1: all */
	enum lks_status status;
	enum exit_code exit_code; /* 0: of the status */
	int64_t retry_after_ms;
	bool loses_audit;            /* CHANGE: the log cannot take the entry */
	bool after;                  /* the change is made, then the answer is lost */
	const char *foreign;         /* before the call, somebody writes this to `name` */
	int only_first;              /* CHANGE: so many records are changed, then it fails */
	enum lks_verdict verdict;    /* VERIFY with status LKS_OK */
	void (*then)(void *context); /* called when it strikes; may be NULL */
	void *context;
};
void fake_fail(struct stores *stores, const struct fake_fault *fault);
void fake_heal(struct stores *stores); /* no more faults */
/* The verifier says valid of these values only; none: of every value. */
void fake_accept(struct stores *stores, const char *value);
void fake_propagation(struct stores *stores, int64_t propagation_ms);

#endif
