/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where plugins are looked for, and which are loaded. Folders are searched in
 * order; only the file of the plugin that is asked for is opened.
 */
#ifndef PLUGIN_REGISTRY_H
#define PLUGIN_REGISTRY_H

#include "config/config.h"
#include "plugin/loader.h"

struct registry;

/*
 * With the config's module_path and plugin_pins (both copied); an empty path is
 * the installation's folder. Opens nothing.
 */
enum lks_status registry_new(const struct strings *folders, const struct config_pin *pins,
			     size_t pin_count, struct registry **ret_registry,
			     struct lks_error *err) MUST_CHECK;
void registry_free(struct registry *registry);
void registry_freep(struct registry **registry);
size_t registry_folder_count(const struct registry *registry);
const char *registry_folder(const struct registry *registry, size_t index);

/* Find, vet and load. The first folder that has the file decides. A plugin
   that no folder has is LKS_NOT_FOUND and names the folders. */
enum lks_status registry_open(struct registry *registry, const char *name,
			      const struct plugin **ret_plugin, struct lks_error *err) MUST_CHECK;
/* Read its descriptor; runs no code of it. Borrowed from the registry. */
enum lks_status registry_describe(struct registry *registry, const char *name,
				  const struct descriptor **ret_descriptor,
				  struct lks_error *err) MUST_CHECK;

/* One `.so` file in a folder. */
struct registry_entry {
	const char *name; /* the file's, without `.so` */
	const char *path;
	const struct descriptor *descriptor; /* NULL: refused, see `error` */
	const struct lks_error *error;
	const char *hidden_by; /* the path of the same name in an earlier folder */
};
/*
 * Every plugin of every folder, sorted by name within a folder, without running
 * any. A folder that is missing or cannot be believed is reported as an entry
 * without a name.
 */
enum lks_status registry_list(struct registry *registry,
			      void (*found)(void *context, const struct registry_entry *entry),
			      void *context, struct lks_error *err) MUST_CHECK;

/*
 * The installation's folders. They are compiled in; if the running program is
 * in the installation's `bin` under another root (a staged or copied
 * installation), the folders beside it are taken.
 */
const char *registry_plugin_folder(void);
const char *registry_module_folder(void);
/* Private modules come from the installation's module folder from now on
   (module_use_opener); `folder` overrides it, NULL for the default. Copied. */
enum lks_status registry_start_modules(const char *folder, struct lks_error *err) MUST_CHECK;
/* `folder` (as compiled in, below `bindir`'s root) for a program in
   `program_folder`; false if that is not such an installation. For tests. */
bool registry_relocate(const char *bindir, const char *folder, const char *program_folder,
		       char *buffer, size_t size);

#endif
