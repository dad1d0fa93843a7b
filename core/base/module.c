/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers which private modules are open and checks their tables. */
#include "base/module.h"

#include <pthread.h>
#include <string.h>

#include "base/text.h"

#define MODULES_MAX 16

struct open_module {
	char name[LKS_NAME_MAX + 1];
	const struct module_head *table;
};

static struct {
	/* Recursive: to open one module, the opener may need another (the
	   digest of a pinned file comes from `crypto`). */
	pthread_mutex_t lock;
	module_opener opener;
	struct open_module open[MODULES_MAX];
	size_t count;
} modules = { .lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP };

static void unlock(pthread_mutex_t **mutex)
{
	pthread_mutex_unlock(*mutex);
}

static const struct module_head *find(const char *name)
{
	for (size_t i = 0; i < modules.count; i++) {
		if (!strcmp(modules.open[i].name, name))
			return modules.open[i].table;
	}
	return NULL;
}

static enum lks_status check(const char *name, const struct module_head *table, uint32_t abi,
			     size_t size, struct lks_error *err)
{
	if (!table)
		return error_set(err, LKS_FAILED, "module %s was opened and has no table", name);
	if (table->abi == abi && table->size >= size)
		return LKS_OK;
	error_set(err, LKS_FAILED,
		  "module %s belongs to another version of lockstep (table %u of %zu bytes, "
		  "expected %u of %zu)",
		  name, table->abi, table->size, abi, size);
	error_hint(err, "install the program and its modules from the same build");
	return LKS_FAILED;
}

void module_use_opener(module_opener opener)
{
	pthread_mutex_lock(&modules.lock);
	modules.opener = opener;
	modules.count = 0;
	pthread_mutex_unlock(&modules.lock);
}

enum lks_status module_open(const char *name, uint32_t abi, size_t size,
			    const struct module_head **ret_table, struct lks_error *err)
{
	const struct module_head *table = NULL;
	enum lks_status status;
	AUTO(unlock) pthread_mutex_t *lock = &modules.lock;

	pthread_mutex_lock(lock);
	table = find(name);
	if (!table) {
		if (!name_is_valid(name))
			return error_set(err, LKS_INVALID, "\"%s\" is no name of a module", name);
		if (!modules.opener)
			return error_set(err, LKS_FAILED,
					 "module %s is needed before modules can be opened", name);
		status = modules.opener(name, &table, err);
		if (status)
			return status;
	}
	status = check(name, table, abi, size, err);
	if (status)
		return status;
	if (!find(name)) {
		if (modules.count == MODULES_MAX)
			return error_set(err, LKS_FAILED, "more than %d modules", MODULES_MAX);
		string_copy(modules.open[modules.count].name,
			    sizeof(modules.open[modules.count].name), name);
		modules.open[modules.count++].table = table;
	}
	*ret_table = table;
	return LKS_OK;
}
