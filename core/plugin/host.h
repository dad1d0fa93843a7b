/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that the engine gives to plugins: the real `struct lks_host`,
 * one per instance, and the settings an instance is opened with.
 *
 * Whatever a plugin hands in is bounded, checked and escaped here.
 */
#ifndef PLUGIN_HOST_H
#define PLUGIN_HOST_H

#include "base/record.h"
#include "config/setting.h"
#include "plugin/descriptor.h"

/* A keyed digest; the key stays with the caller. */
typedef enum lks_status (*host_digester)(void *context, const void *data, size_t len,
					 unsigned char ret_digest[32], struct lks_error *err);

/*
 * A host for the configured instance ("store app"; copied, in front of its log
 * lines). `digest` may be NULL: host->digest then says LKS_UNAVAILABLE. Free it
 * after the instance was closed.
 */
enum lks_status host_new(const char *instance, host_digester digest, void *context,
			 const struct lks_host **ret_host, struct lks_error *err) MUST_CHECK;
void host_free(const struct lks_host *host);

/*
 * The settings of an instance: the config's `group` (borrowed, may be NULL for
 * none), which schema_check() accepted, with the defaults of the plugin's
 * options (borrowed) filled in. Relative LKS_OPTION_PATHs start at `folder`.
 */
enum lks_status settings_new(const char *instance, const struct descriptor *descriptor,
			     const struct setting *group, const char *folder,
			     struct lks_settings **ret_settings, struct lks_error *err) MUST_CHECK;
void settings_free(struct lks_settings *settings);
void settings_freep(struct lks_settings **settings);
/* The secret options that are set, one after the other: false after the last.
   The engine resolves each reference and hands the value in. */
bool settings_secret_at(const struct lks_settings *settings, size_t index, const char **ret_name,
			const char **ret_reference);
enum lks_status settings_set_secret(struct lks_settings *settings, const char *name,
				    const void *data, size_t len, struct lks_error *err) MUST_CHECK;
/* Wipe the values of all secrets: when `open` has returned. */
void settings_forget_secrets(struct lks_settings *settings);

#endif
