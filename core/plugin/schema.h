/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configured group against the options of its plugin: before any plugin is
 * loaded, and all errors, not the first.
 */
#ifndef PLUGIN_SCHEMA_H
#define PLUGIN_SCHEMA_H

#include "config/setting.h"
#include "plugin/descriptor.h"

/*
 * Judge `group` against the plugin's options. `engine_keys` are the members
 * that the engine itself reads in such a group ("plugin", "layout", ...); they
 * are skipped and offered as suggestions. A secret option must hold a reference
 * (`is_reference` decides); what it holds is never quoted.
 */
void schema_check(const struct descriptor *descriptor, const struct setting *group,
		  const char *const *engine_keys, size_t engine_key_count,
		  bool (*is_reference)(const char *text), struct report *report);

/* True if the text would be a valid value of a scalar option; else says what
   was expected ("a duration like \"5s\""). */
bool schema_text_fits(const struct lks_option *option, const char *text, char *ret_expected,
		      size_t size);
/* How people write a value of that type: for messages and `plugins info`. */
const char *schema_expects(uint32_t type);

#endif
