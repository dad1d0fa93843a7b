/* SPDX-License-Identifier: Apache-2.0 */
/* Finding plugins by name in the module folders, and the private modules. */
#include "plugin/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/trust.h"

/* A plugin whose descriptor was read, or that was loaded. */
struct known {
	struct known *next;
	char name[LKS_NAME_MAX + 1];
	struct descriptor *descriptor;
};

struct registry {
	char **folders;
	size_t folder_count;
	struct config_pin *pins;
	size_t pin_count;
	/* Around `known`: stores are opened from several threads. */
	pthread_mutex_t lock;
	struct known *known;
};

static enum lks_status copy_folders(struct registry *registry, const struct strings *folders)
{
	const char *fallback = registry_plugin_folder();
	size_t count = folders && folders->count ? folders->count : 1;

	registry->folders = calloc(count, sizeof(*registry->folders));
	if (!registry->folders)
		return LKS_NO_MEMORY;
	for (; registry->folder_count < count; registry->folder_count++) {
		const char *folder = folders && folders->count
					     ? folders->items[registry->folder_count]
					     : fallback;

		registry->folders[registry->folder_count] = strdup(folder);
		if (!registry->folders[registry->folder_count])
			return LKS_NO_MEMORY;
	}
	return LKS_OK;
}

static enum lks_status copy_pins(struct registry *registry, const struct config_pin *pins,
				 size_t pin_count)
{
	registry->pins = calloc(pin_count + 1, sizeof(*registry->pins));
	if (!registry->pins)
		return LKS_NO_MEMORY;
	for (; registry->pin_count < pin_count; registry->pin_count++) {
		struct config_pin *pin = &registry->pins[registry->pin_count];

		pin->plugin = strdup(pins[registry->pin_count].plugin);
		pin->sha256 = strdup(pins[registry->pin_count].sha256);
		if (!pin->plugin || !pin->sha256) {
			free(pin->plugin);
			free(pin->sha256);
			return LKS_NO_MEMORY;
		}
	}
	return LKS_OK;
}

enum lks_status registry_new(const struct strings *folders, const struct config_pin *pins,
			     size_t pin_count, struct registry **ret_registry,
			     struct lks_error *err)
{
	AUTO(registry_freep) struct registry *registry = calloc(1, sizeof(*registry));

	if (registry)
		pthread_mutex_init(&registry->lock, NULL);
	if (!registry || copy_folders(registry, folders) || copy_pins(registry, pins, pin_count))
		return error_no_memory(err, "set up the plugin folders");
	*ret_registry = TAKE(registry);
	return LKS_OK;
}

void registry_free(struct registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->folder_count; i++)
		free(registry->folders[i]);
	for (size_t i = 0; i < registry->pin_count; i++) {
		free(registry->pins[i].plugin);
		free(registry->pins[i].sha256);
	}
	while (registry->known) {
		struct known *next = registry->known->next;

		descriptor_free(registry->known->descriptor);
		free(registry->known);
		registry->known = next;
	}
	free(registry->folders);
	free(registry->pins);
	pthread_mutex_destroy(&registry->lock);
	free(registry);
}

void registry_freep(struct registry **registry)
{
	registry_free(*registry);
}

size_t registry_folder_count(const struct registry *registry)
{
	return registry->folder_count;
}

const char *registry_folder(const struct registry *registry, size_t index)
{
	return index < registry->folder_count ? registry->folders[index] : NULL;
}

/* ------------------------------------------------------------------------ */
/* Finding                                                                   */

static enum lks_status pin_of(const struct registry *registry, const char *name,
			      const char **ret_sha256, struct lks_error *err)
{
	*ret_sha256 = NULL;
	if (registry->pin_count == 0)
		return LKS_OK;
	for (size_t i = 0; i < registry->pin_count; i++)
		if (strcmp(registry->pins[i].plugin, name) == 0)
			*ret_sha256 = registry->pins[i].sha256;
	if (*ret_sha256)
		return LKS_OK;
	error_set(err, LKS_DENIED,
		  "plugin %s has no pin; with plugin_pins in the config every plugin needs one",
		  name);
	error_hint(err, "add its SHA-256 to plugin_pins (sha256sum %s.so)", name);
	return LKS_DENIED;
}

/* Is there such a name in the folder? Anything there counts: what is wrong
   with it is said when it is opened, and never skipped for a later folder;
   neither is a folder that there was no memory to look into. */
static enum lks_status folder_has(const char *folder, const char *name, bool *ret_has,
				  struct lks_error *err)
{
	AUTO(text_release) struct text path = TEXT_INIT;
	struct stat st;

	text_printf(&path, "%s/%s.so", folder, name);
	if (!text_ok(&path))
		return error_no_memory(err, "look for a plugin");
	*ret_has = lstat(path.data, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
	return LKS_OK;
}

static enum lks_status not_found(const struct registry *registry, const char *name,
				 struct lks_error *err)
{
	AUTO(text_release) struct text folders = TEXT_INIT;

	for (size_t i = 0; i < registry->folder_count; i++)
		text_printf(&folders, "%s%s", i ? ", " : "", registry->folders[i]);
	if (!text_ok(&folders))
		return error_no_memory(err, "look for a plugin");
	error_set(err, LKS_NOT_FOUND, "there is no plugin %s (looked for %s.so in %s)", name, name,
		  text_string(&folders));
	error_hint(err, "`lockstep plugins list` shows what there is; module_path in the config "
			"names the folders");
	return LKS_NOT_FOUND;
}

static enum lks_status read_plugin(const struct registry *registry, const char *name,
				   struct loader_file **ret_file, struct lks_error *err)
{
	const char *sha256;
	enum lks_status status;

	if (!name_is_valid(name))
		return error_set(err, LKS_INVALID,
				 "\"%.64s\" is no plugin's name: a small letter, then small "
				 "letters, digits and dashes, at most %d",
				 name, LKS_NAME_MAX);
	status = pin_of(registry, name, &sha256, err);
	if (status)
		return status;
	for (size_t i = 0; i < registry->folder_count; i++) {
		bool has;

		status = folder_has(registry->folders[i], name, &has, err);
		if (status)
			return status;
		if (has)
			return loader_read(registry->folders[i], name, sha256, ret_file, err);
	}
	return not_found(registry, name, err);
}

enum lks_status registry_open(struct registry *registry, const char *name,
			      const struct plugin **ret_plugin, struct lks_error *err)
{
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	enum lks_status status = read_plugin(registry, name, &file, err);

	return status ? status : loader_open(file, name, ret_plugin, err);
}

static void unlock_registry(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

enum lks_status registry_describe(struct registry *registry, const char *name,
				  const struct descriptor **ret_descriptor, struct lks_error *err)
{
	AUTO(unlock_registry) pthread_mutex_t *lock = &registry->lock;
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	struct known *known;
	enum lks_status status;

	pthread_mutex_lock(lock);
	for (known = registry->known; known; known = known->next)
		if (strcmp(known->name, name) == 0) {
			*ret_descriptor = known->descriptor;
			return LKS_OK;
		}
	status = read_plugin(registry, name, &file, err);
	if (!status)
		status = descriptor_read(loader_image(file), name, &descriptor, err);
	if (status)
		return status;
	known = calloc(1, sizeof(*known));
	if (!known)
		return error_no_memory(err, "read a plugin's descriptor");
	string_copy(known->name, sizeof(known->name), name);
	known->descriptor = TAKE(descriptor);
	known->next = registry->known;
	registry->known = known;
	*ret_descriptor = known->descriptor;
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* Listing                                                                   */

static int is_shared_object(const struct dirent *entry)
{
	return string_ends(entry->d_name, ".so") && entry->d_name[0] != '.';
}

/* The file of the same name in a folder before `folder`, which is the one that
   is loaded; empty if there is none. */
static enum lks_status find_earlier(const struct registry *registry, size_t folder,
				    const char *name, struct text *ret_earlier,
				    struct lks_error *err)
{
	for (size_t i = 0; i < folder; i++) {
		bool has;
		enum lks_status status = folder_has(registry->folders[i], name, &has, err);

		if (status)
			return status;
		if (!has)
			continue;
		text_printf(ret_earlier, "%s/%s.so", registry->folders[i], name);
		return text_ok(ret_earlier) ? LKS_OK : error_no_memory(err, "list a plugin");
	}
	return LKS_OK;
}

static void list_one(struct registry *registry, size_t folder, char *name,
		     void (*found)(void *context, const struct registry_entry *entry),
		     void *context)
{
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	AUTO(descriptor_freep) struct descriptor *descriptor = NULL;
	AUTO(text_release) struct text path = TEXT_INIT;
	AUTO(text_release) struct text earlier = TEXT_INIT;
	struct registry_entry entry = { .name = name };
	struct lks_error error = { 0 };
	const char *sha256;
	enum lks_status status;

	text_printf(&path, "%s/%s", registry->folders[folder], name);
	name[strlen(name) - strlen(".so")] = '\0';
	status = text_ok(&path) ? find_earlier(registry, folder, name, &earlier, &error)
				: error_no_memory(&error, "list a plugin");
	if (!status)
		status = pin_of(registry, name, &sha256, &error);
	if (!status)
		status = loader_read(registry->folders[folder], name, sha256, &file, &error);
	if (!status)
		status = descriptor_read(loader_image(file), name, &descriptor, &error);
	entry.path = text_string(&path);
	entry.descriptor = descriptor;
	entry.error = status ? &error : NULL;
	entry.hidden_by = earlier.len ? earlier.data : NULL;
	found(context, &entry);
}

static void list_folder(struct registry *registry, size_t folder,
			void (*found)(void *context, const struct registry_entry *entry),
			void *context)
{
	const char *path = registry->folders[folder];
	AUTO(fd_close) int fd = -1;
	struct lks_error error = { 0 };
	struct registry_entry entry = { .path = path, .error = &error };
	struct dirent **names = NULL;
	int count = -1;

	if (!trust_open_folder(path, "the plugin folder", &fd, &error)) {
		count = scandirat(fd, ".", &names, is_shared_object, alphasort);
		if (count < 0)
			error_set(&error, status_from_errno(errno), "the plugin folder %s: %s",
				  path, strerror(errno));
	}
	if (count < 0) {
		found(context, &entry);
		return;
	}
	for (int i = 0; i < count; i++) {
		list_one(registry, folder, names[i]->d_name, found, context);
		free(names[i]);
	}
	free(names);
}

enum lks_status registry_list(struct registry *registry,
			      void (*found)(void *context, const struct registry_entry *entry),
			      void *context, struct lks_error *err)
{
	(void)err;
	for (size_t i = 0; i < registry->folder_count; i++)
		list_folder(registry, i, found, context);
	return LKS_OK;
}

/* ------------------------------------------------------------------------ */
/* The installation                                                          */

bool registry_relocate(const char *bindir, const char *folder, const char *program_folder,
		       char *buffer, size_t size)
{
	size_t common = 0, program_len = strlen(program_folder);
	const char *bin_rest;
	int len;

	/* The root that both share ends at a slash. */
	for (size_t i = 0; bindir[i] && bindir[i] == folder[i]; i++)
		if (bindir[i] == '/')
			common = i;
	bin_rest = bindir + common;
	if (strlen(bin_rest) > program_len ||
	    strcmp(program_folder + program_len - strlen(bin_rest), bin_rest) != 0)
		return false;
	len = snprintf(buffer, size, "%.*s%s", (int)(program_len - strlen(bin_rest)),
		       program_folder, folder + common);
	return len > 0 && (size_t)len < size;
}

/* `compiled`, or the folder beside the running program if there is one. */
static void find_folder(const char *compiled, char *buffer, size_t size)
{
	char program[PATH_MAX];
	char beside[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;
	struct stat st;

	string_copy(buffer, size, compiled);
	if (len <= 0)
		return;
	program[len] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return;
	*slash = '\0';
	if (strcmp(program, BIN_DIR) != 0 &&
	    registry_relocate(BIN_DIR, compiled, program, beside, sizeof(beside)) &&
	    stat(beside, &st) == 0 && S_ISDIR(st.st_mode))
		string_copy(buffer, size, beside);
}

static pthread_once_t folders_once = PTHREAD_ONCE_INIT;
static char plugin_folder[PATH_MAX];
static char module_folder[PATH_MAX];
/* Set by registry_start_modules(); NULL: the installation's. */
static char *module_override;

static void find_folders(void)
{
	find_folder(PLUGIN_DIR, plugin_folder, sizeof(plugin_folder));
	find_folder(MODULE_DIR, module_folder, sizeof(module_folder));
}

const char *registry_plugin_folder(void)
{
	pthread_once(&folders_once, find_folders);
	return plugin_folder;
}

const char *registry_module_folder(void)
{
	pthread_once(&folders_once, find_folders);
	return module_override ? module_override : module_folder;
}

static enum lks_status open_module(const char *name, const struct module_head **ret_table,
				   struct lks_error *err)
{
	AUTO(loader_file_freep) struct loader_file *file = NULL;
	enum lks_status status = loader_read(registry_module_folder(), name, NULL, &file, err);

	if (status == LKS_NOT_FOUND) {
		error_set(err, LKS_FAILED, "the part %s.so of Lockstep is missing in %s", name,
			  registry_module_folder());
		error_hint(err, "install Lockstep again");
		return LKS_FAILED;
	}
	return status ? status : loader_open_module(file, name, ret_table, err);
}

enum lks_status registry_start_modules(const char *folder, struct lks_error *err)
{
	char *copy = NULL;

	if (folder) {
		copy = strdup(folder);
		if (!copy)
			return error_no_memory(err, "set the module folder");
	}
	free(module_override);
	module_override = copy;
	module_use_opener(open_module);
	return LKS_OK;
}
