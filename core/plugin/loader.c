/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading through libltdl; the one file that includes ltdl.h.
 *
 * ltdl's handle list and last error are unlocked globals, so one lock is held
 * around all of it. It is given `/proc/self/fd/N` of a sealed copy: a whole
 * path without an ending, for which it searches nothing and reads no `.la`.
 *
 * The system's linker knows files by their path. If the number of a closed
 * descriptor were used again it would hand out the plugin that was there
 * before; so the copies stay open, and what was loaded is compared with what
 * was read.
 */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <ltdl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/crypto.h"
#include "base/text.h"
#include "base/trust.h"
#include "plugin/fence.h"

#define MODULE_SYMBOL "lockstep_module_"
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
/* Sealed copies live above the numbers that careless code closes. */
#define COPY_FD_FLOOR 200

struct loader_file {
	char *path;
	int copy;
	size_t size;
	void *data;
	struct elf_image image;
};

/* What was loaded: plugins and modules, in order. Never shrinks. */
struct loaded {
	struct loaded *next;
	bool is_module;
	char name[LKS_NAME_MAX + 1];
	struct plugin plugin;
	const struct module_head *table;
	struct lks_backend backend;
	struct lks_verifier verifier;
	struct loader_file *file;
};

static pthread_mutex_t loader_lock = PTHREAD_MUTEX_INITIALIZER;
static struct loaded *loaded_list;
static bool is_ltdl_ready;

static void unlock_loader(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

/* ------------------------------------------------------------------------ */
/* The sealed copy                                                           */

static int new_memory_file(const char *name)
{
	/* Some systems demand the first form, older ones know only the second. */
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	int high;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	high = fcntl(fd, F_DUPFD_CLOEXEC, COPY_FD_FLOOR);
	if (high < 0)
		return fd;
	close(fd);
	return high;
}

static enum lks_status copy_bytes(int from, int to, size_t size, const char *path,
				  struct lks_error *err)
{
	char buffer[65536];
	size_t copied = 0;

	for (;;) {
		ssize_t got = read(from, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, LKS_UNAVAILABLE, "read %s: %s", path,
					 strerror(errno));
		if (got == 0 && copied == size)
			return LKS_OK;
		if (got == 0 || copied + (size_t)got > size)
			return error_set(err, LKS_CONFLICT, "%s changed while it was read", path);
		for (ssize_t done = 0; done < got;) {
			ssize_t put = write(to, buffer + done, (size_t)(got - done));

			if (put < 0 && errno != EINTR)
				return error_set(err, LKS_UNAVAILABLE, "copy %s into memory: %s",
						 path, strerror(errno));
			done += put > 0 ? put : 0;
		}
		copied += (size_t)got;
	}
}

static enum lks_status seal_copy(struct loader_file *file, int from, const char *name,
				 struct lks_error *err)
{
	enum lks_status status;

	file->copy = new_memory_file(name);
	if (file->copy < 0)
		return error_set(err, LKS_UNAVAILABLE, "copy %s into memory: %s", file->path,
				 strerror(errno));
	status = copy_bytes(from, file->copy, file->size, file->path, err);
	if (status)
		return status;
	if (fcntl(file->copy, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
		return error_set(err, LKS_FAILED, "seal the copy of %s: %s", file->path,
				 strerror(errno));
	file->data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, file->copy, 0);
	if (file->data == MAP_FAILED) {
		file->data = NULL;
		return error_set(err, LKS_NO_MEMORY, "map the copy of %s: %s", file->path,
				 strerror(errno));
	}
	return LKS_OK;
}

static enum lks_status check_pin(const struct loader_file *file, const char *sha256,
				 struct lks_error *err)
{
	unsigned char digest[CRYPTO_DIGEST_SIZE], wanted[CRYPTO_DIGEST_SIZE];
	char found[2 * CRYPTO_DIGEST_SIZE + 1];
	enum lks_status status;

	if (!hex_parse(sha256, wanted, sizeof(wanted)))
		return error_set(err, LKS_INVALID,
				 "plugin_pins: the pin of %s is not 64 lower-case hex digits",
				 file->path);
	status = crypto_sha256(file->data, file->size, digest, err);
	if (status)
		return status;
	if (memcmp(digest, wanted, sizeof(digest)) == 0)
		return LKS_OK;
	hex_print(digest, sizeof(digest), found);
	error_set(err, LKS_DENIED,
		  "%s is not the pinned file: its SHA-256 is %s, plugin_pins has %s", file->path,
		  found, sha256);
	error_hint(err, "if the new file is wanted, put its digest into plugin_pins");
	return LKS_DENIED;
}

static enum lks_status open_vetted(const char *folder, const char *name, struct loader_file *file,
				   int *ret_fd, struct lks_error *err)
{
	char file_name[LKS_NAME_MAX + 4];
	AUTO(fd_close) int folder_fd = -1;
	enum lks_status status;
	struct stat st = { 0 };

	snprintf(file_name, sizeof(file_name), "%s.so", name);
	status = trust_open_folder(folder, "the plugin folder", &folder_fd, err);
	if (!status)
		status = trust_open_file_at(folder_fd, folder, file_name, "the plugin",
					    TRUST_ONE_LINK, ret_fd, &st, err);
	if (status)
		return status;
	if (st.st_size > LOADER_FILE_MAX)
		return error_set(err, LKS_DENIED, "%s has %lld bytes; a plugin may have %d",
				 file->path, (long long)st.st_size, LOADER_FILE_MAX);
	if (st.st_size == 0)
		return error_set(err, LKS_UNSUPPORTED, "%s is empty", file->path);
	file->size = (size_t)st.st_size;
	return LKS_OK;
}

enum lks_status loader_read(const char *folder, const char *name, const char *sha256,
			    struct loader_file **ret_file, struct lks_error *err)
{
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	AUTO(fd_close) int fd = -1;
	AUTO(text_release) struct text path = TEXT_INIT;
	enum lks_status status;

	if (!name_is_valid(name))
		return error_set(err, LKS_INVALID,
				 "a plugin's name is like my-store: a small letter, then small "
				 "letters, digits and dashes, at most %d",
				 LKS_NAME_MAX);
	file = calloc(1, sizeof(*file));
	text_printf(&path, "%s/%s.so", folder, name);
	if (!file || !text_ok(&path))
		return error_no_memory(err, "read a plugin");
	file->copy = -1;
	file->path = text_steal(&path);
	status = open_vetted(folder, name, file, &fd, err);
	if (!status)
		status = seal_copy(file, fd, name, err);
	if (!status && sha256)
		status = check_pin(file, sha256, err);
	if (!status)
		status = elf_open(file->data, file->size, file->path, elf_host_machine(),
				  &file->image, err);
	if (!status)
		*ret_file = TAKE(file);
	return status;
}

void loader_file_free(struct loader_file *file)
{
	if (!file)
		return;
	elf_release(&file->image);
	if (file->data)
		munmap(file->data, file->size);
	if (file->copy >= 0)
		close(file->copy);
	free(file->path);
	free(file);
}

void loader_file_freep(struct loader_file **file)
{
	loader_file_free(*file);
}

const struct elf_image *loader_image(const struct loader_file *file)
{
	return &file->image;
}

const char *loader_path(const struct loader_file *file)
{
	return file->path;
}

/* ------------------------------------------------------------------------ */
/* Loading                                                                   */

static struct loaded *find_loaded(const char *name, bool is_module)
{
	for (struct loaded *entry = loaded_list; entry; entry = entry->next)
		if (entry->is_module == is_module && strcmp(entry->name, name) == 0)
			return entry;
	return NULL;
}

/* `*ret_map` is set once code of the file may have run.
   ltdl reports every failure as "file not found"; the linker's own message
   says which symbol or library is missing. */
static enum lks_status load(const struct loader_file *file, struct link_map **ret_map,
			    struct lks_error *err)
{
	char path[64];
	lt_dladvise advise;
	lt_dlhandle handle = NULL;
	void *plain;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->copy);
	plain = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!plain) {
		const char *reason = dlerror();

		error_set(err, LKS_UNSUPPORTED, "%s cannot be loaded: %s", file->path,
			  reason ? reason : "the linker did not say why");
		error_hint(err, "link it with -Wl,-z,defs to see what it lacks, and install the "
				"libraries that it needs");
		return LKS_UNSUPPORTED;
	}
	if (dlinfo(plain, RTLD_DI_LINKMAP, ret_map) || !*ret_map)
		return error_set(err, LKS_FAILED, "%s: %s", file->path, dlerror());
	if (!is_ltdl_ready && lt_dlinit())
		return error_set(err, LKS_FAILED, "libltdl: %s", lt_dlerror());
	is_ltdl_ready = true;
	if (lt_dladvise_init(&advise))
		return error_no_memory(err, "load a plugin");
	if (lt_dladvise_local(&advise) == 0 && lt_dladvise_resident(&advise) == 0)
		handle = lt_dlopenadvise(path, advise);
	lt_dladvise_destroy(&advise);
	if (!handle)
		return error_set(err, LKS_FAILED, "%s: libltdl: %s", file->path, lt_dlerror());
	return LKS_OK;
}

/* The symbol must be where the vetted file has it: not in a library that the
   file brings in, and not in another file that had the same path. */
static enum lks_status find_symbol(const struct loader_file *file, struct link_map *map,
				   const char *symbol, const void **ret_data, struct lks_error *err)
{
	const Elf64_Sym *expected = elf_symbol(&file->image, symbol);
	struct link_map *owner = NULL;
	char path[64];
	Dl_info info;
	void *plain;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->copy);
	plain = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	*ret_data = plain ? dlsym(plain, symbol) : NULL;
	if (!*ret_data)
		return error_set(err, LKS_FAILED,
				 "%s: what was loaded is not the file that was checked (no %s)",
				 file->path, symbol);
	if (!dladdr1(*ret_data, &info, (void **)&owner, RTLD_DL_LINKMAP) || owner != map ||
	    (uintptr_t)*ret_data - (uintptr_t)map->l_addr != expected->st_value)
		return error_set(err, LKS_FAILED,
				 "%s: %s is not where the file that was checked has it", file->path,
				 symbol);
	return LKS_OK;
}

/* Copy a table of a plugin: whole slots, no more than both know of. */
static void copy_table(void *ret_table, size_t known, const void *table, uint64_t size)
{
	size_t common = size < known ? (size_t)size & ~(size_t)7 : known;

	memcpy(ret_table, table, common);
	*(size_t *)ret_table = common;
}

/* An initialiser of the plugin could have changed its tables. */
static enum lks_status compare(const struct loader_file *file, const struct lks_plugin *plugin,
			       const struct descriptor *descriptor, struct lks_error *err)
{
	if (plugin->abi == LKS_ABI && plugin->name && strcmp(plugin->name, descriptor->name) == 0 &&
	    (plugin->backend != NULL) == descriptor->backend.is_present &&
	    (plugin->verifier != NULL) == descriptor->verifier.is_present &&
	    (!plugin->backend || plugin->backend->size == descriptor->backend.size) &&
	    (!plugin->verifier || plugin->verifier->size == descriptor->verifier.size))
		return LKS_OK;
	return error_set(err, LKS_FAILED,
			 "%s: what was loaded does not say the same as the file that was checked",
			 file->path);
}

static void fill_plugin(struct loaded *entry, const struct lks_plugin *plugin)
{
	if (plugin->backend) {
		copy_table(&entry->backend, sizeof(entry->backend), plugin->backend,
			   plugin->backend->size);
		entry->plugin.backend = &entry->backend;
	}
	if (plugin->verifier) {
		copy_table(&entry->verifier, sizeof(entry->verifier), plugin->verifier,
			   plugin->verifier->size);
		entry->plugin.verifier = &entry->verifier;
	}
}

/* A loader_file of our own that takes the copy: its number is what the linker
   knows the plugin by. */
static struct loader_file *take_copy(struct loader_file *file)
{
	struct loader_file *mine = calloc(1, sizeof(*mine));

	if (!mine)
		return NULL;
	mine->path = strdup(file->path);
	if (!mine->path) {
		free(mine);
		return NULL;
	}
	mine->copy = file->copy;
	mine->size = file->size;
	return mine;
}

/*
 * Load the file and find its symbol. Once initialisers may have run nothing is
 * released any more, also after a failure: the entry is kept without a name.
 */
static enum lks_status bring_in(struct loader_file *file, const char *name, const char *symbol,
				struct loaded **ret_entry, const void **ret_data,
				struct lks_error *err)
{
	struct loaded *entry = calloc(1, sizeof(*entry));
	struct link_map *map = NULL;
	struct fence fence;
	enum lks_status status;

	if (!entry || !(entry->file = take_copy(file))) {
		free(entry);
		return error_no_memory(err, "load a plugin");
	}
	fence_enter(&fence);
	status = load(file, &map, err);
	fence_leave(&fence, name);
	if (!map) {
		free(entry->file->path);
		free(entry->file);
		free(entry);
		return status;
	}
	entry->next = loaded_list;
	loaded_list = entry;
	if (!status)
		status = find_symbol(file, map, symbol, ret_data, err);
	file->copy = -1;
	*ret_entry = entry;
	return status;
}

enum lks_status loader_open(struct loader_file *file, const char *name,
			    const struct plugin **ret_plugin, struct lks_error *err)
{
	AUTO(unlock_loader) pthread_mutex_t *lock = &loader_lock;
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	char symbol[sizeof(DESCRIPTOR_SYMBOL) + LKS_NAME_MAX];
	const void *data = NULL;
	struct loaded *entry;
	enum lks_status status;

	pthread_mutex_lock(lock);
	entry = find_loaded(name, false);
	if (entry) {
		*ret_plugin = &entry->plugin;
		return LKS_OK;
	}
	status = descriptor_read(&file->image, name, &descriptor, err);
	if (status)
		return status;
	descriptor_symbol(DESCRIPTOR_SYMBOL, name, symbol, sizeof(symbol));
	status = bring_in(file, name, symbol, &entry, &data, err);
	if (!status)
		status = compare(file, data, descriptor, err);
	if (status)
		return status;
	string_copy(entry->name, sizeof(entry->name), name);
	fill_plugin(entry, data);
	entry->plugin.descriptor = TAKE(descriptor);
	entry->plugin.path = entry->file->path;
	entry->plugin.file = entry->file->copy;
	*ret_plugin = &entry->plugin;
	return LKS_OK;
}

enum lks_status loader_open_module(struct loader_file *file, const char *name,
				   const struct module_head **ret_table, struct lks_error *err)
{
	AUTO(unlock_loader) pthread_mutex_t *lock = &loader_lock;
	char symbol[sizeof(MODULE_SYMBOL) + LKS_NAME_MAX];
	const void *data = NULL;
	struct loaded *entry;
	enum lks_status status;

	pthread_mutex_lock(lock);
	entry = find_loaded(name, true);
	if (entry) {
		*ret_table = entry->table;
		return LKS_OK;
	}
	descriptor_symbol(MODULE_SYMBOL, name, symbol, sizeof(symbol));
	if (!elf_symbol(&file->image, symbol))
		return error_set(err, LKS_UNSUPPORTED,
				 "%s does not export %s: it is not the module %s", file->path,
				 symbol, name);
	status = elf_check_exports(&file->image, symbol, err);
	if (!status)
		status = bring_in(file, name, symbol, &entry, &data, err);
	if (status)
		return status;
	string_copy(entry->name, sizeof(entry->name), name);
	entry->is_module = true;
	entry->table = data;
	*ret_table = entry->table;
	return LKS_OK;
}
