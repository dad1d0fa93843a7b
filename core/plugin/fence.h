/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Around each call into a plugin: what the plugin must not have changed is
 * looked at and put back, and its answer is brought into the range that the
 * engine knows. Cheap: a few system calls.
 */
#ifndef PLUGIN_FENCE_H
#define PLUGIN_FENCE_H

#include <signal.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/record.h"

/* What a plugin changed. */
#define FENCE_FOLDER (1u << 0)  /* the working directory */
#define FENCE_UMASK (1u << 1)   /* put back */
#define FENCE_LOCALE (1u << 2)  /* put back */
#define FENCE_SIGNALS (1u << 3) /* the signal mask; put back */
#define FENCE_FDS (1u << 4)     /* closed 0, 1 or 2; /dev/null is there now */
#define FENCE_THREADS (1u << 5) /* left threads behind; only fence_threads() */
#define FENCE_ENVIRON (1u << 6) /* the environment; put back */

struct fence {
	sigset_t signals;
	char **environment;
};

/* Once, in main(), before plugins are loaded: what is right for the process. */
enum lks_status fence_setup(struct lks_error *err) MUST_CHECK;
/* Before and after each call; `plugin` is named in the warning, which is said
   once per plugin's name and kind. fence_leave() returns FENCE_... bits. */
void fence_enter(struct fence *fence);
unsigned fence_leave(const struct fence *fence, const char *plugin);
/* Threads of this process now; costly, for `plugins check`. */
size_t fence_threads(void);

/*
 * The answer of a call: a status that is no status becomes LKS_FAILED, and a
 * failure without a message gets one that names plugin and call.
 */
enum lks_status fence_status(enum lks_status status, const char *plugin, const char *call,
			     struct lks_error *err) MUST_CHECK;
/* For `get` that returned LKS_OK: a record without a field is a failure. */
enum lks_status fence_record(const struct lks_record *record, const char *plugin,
			     struct lks_error *err) MUST_CHECK;

#endif
