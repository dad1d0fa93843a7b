/* SPDX-License-Identifier: Apache-2.0 */
/* A config with mock stores, opened: what the tests of this folder start from. */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include "store/store.h"
#include "support/temp.h"

struct world {
	struct temp temp; /* plugins/ (shared by all), data/, calls, audit.jsonl */
	struct config *config;
	struct registry *registry;
	struct audit *audit;
	struct stores *stores;
	struct subject anna; /* an ordinary user */
	struct access access;
};

/* Compiles the plugins `mock` and `mock-many` once; for group setup. */
int world_setup(void **state);
int world_teardown(void **state);

/*
 * `text` is the config after module_path; "$MOCK" in it stands for the options
 * that every mock needs: plugin, data and calls.
 */
void world_open(struct world *world, const char *text);
void world_close(struct world *world);

/* A record's file in data/, with slashes as @. */
void world_put(struct world *world, const char *name, const char *value);
/* What the plugin was asked, a line each; "" if it was never opened. The
   caller frees. */
char *world_calls(struct world *world);
void world_forget_calls(struct world *world);
/* The whole audit log; "" if there is none. The caller frees. */
char *world_audit(struct world *world);

/* store_get() of a reference's text into a fresh record, in `value`. */
enum lks_status world_get(struct world *world, const char *text, char value[256],
			  struct lks_error *err);
/* store_change() of one record to `value`; NULL deletes. */
enum lks_status world_set(struct world *world, const char *text, const char *value,
			  struct lks_error *err);

#endif
