/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file in a folder to a plugin in the process. What is checked is what
 * is loaded: the file is opened through its folders (base/trust), copied into
 * a sealed memory file, and everything from then on (digest, ELF, descriptor,
 * loading) works on that copy.
 *
 * Nothing is ever unloaded. The environment has no part in it: no search path,
 * no `.la` file.
 */
#ifndef PLUGIN_LOADER_H
#define PLUGIN_LOADER_H

#include "base/module.h"
#include "plugin/descriptor.h"

#define LOADER_FILE_MAX (64 * 1024 * 1024)

/* A loaded plugin; lives as long as the process. */
struct plugin {
	const struct descriptor *descriptor;
	const char *path; /* of the file it came from */
	/* Copies with unknown slots cut off and missing ones NULL; NULL if the
	   plugin has no such table. */
	const struct lks_backend *backend;
	const struct lks_verifier *verifier;
	int file; /* the sealed copy, which must stay open */
};

/*
 * The vetted file `folder`/`name`.so as bytes. `sha256` is the digest it must
 * have (64 hex digits) or NULL for any; only then is the crypto module opened.
 */
struct loader_file;
enum lks_status loader_read(const char *folder, const char *name, const char *sha256,
			    struct loader_file **ret_file, struct lks_error *err) MUST_CHECK;
void loader_file_free(struct loader_file *file);
void loader_file_freep(struct loader_file **file);
const struct elf_image *loader_image(const struct loader_file *file);
const char *loader_path(const struct loader_file *file);

/*
 * Load plugin `name`. Its initialisers run only after every check has passed.
 * A plugin that is loaded already is returned again.
 */
enum lks_status loader_open(struct loader_file *file, const char *name,
			    const struct plugin **ret_plugin, struct lks_error *err) MUST_CHECK;
/* The same for a private module's table. */
enum lks_status loader_open_module(struct loader_file *file, const char *name,
				   const struct module_head **ret_table,
				   struct lks_error *err) MUST_CHECK;

#endif
