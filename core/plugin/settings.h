/* SPDX-License-Identifier: Apache-2.0 */
/* How the host's table reads the settings of an instance. For host.c; the
   engine uses plugin/host.h. */
#ifndef PLUGIN_SETTINGS_H
#define PLUGIN_SETTINGS_H

#include "base/secret.h"

/* As lockstep/plugin.h says; an option that the plugin did not list reads as
   missing. */
const char *settings_text(const struct lks_settings *settings, const char *name);
int64_t settings_number(const struct lks_settings *settings, const char *name);
int settings_flag(const struct lks_settings *settings, const char *name);
int64_t settings_ms(const struct lks_settings *settings, const char *name);
size_t settings_count(const struct lks_settings *settings, const char *name);
const char *settings_item(const struct lks_settings *settings, const char *name, size_t index);
const char *settings_key(const struct lks_settings *settings, const char *name, size_t index);
const char *settings_instance(const struct lks_settings *settings);
/* NULL if the option is not set or was not resolved. */
const struct lks_buffer *settings_secret(const struct lks_settings *settings, const char *name);

#endif
