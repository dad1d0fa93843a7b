/* SPDX-License-Identifier: Apache-2.0 */
/* `init`: write a config around the env files that are there, and try it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "base/trust.h"
#include "cli/commands.h"
#include "cli/init.h"
#include "plugin/registry.h"

#define DEFAULT_PATH "lockstep.conf"

static void no_report(void *context, const struct lks_error *err)
{
	(void)context;
	(void)err;
}

/* Can the store be read as the config says? */
static void try_stores(struct init *init, struct config *config)
{
	AUTO(registry_freep) struct registry *registry = NULL;
	struct stores *stores = NULL;
	struct subject subject = { "", { NULL, 0 }, false };
	struct access access = { .subject = &subject, .action = ACTION_LIST };
	struct lks_error err;

	if (!registry_new(&config->module_path, config->pins, config->pin_count, &registry, &err) &&
	    !subject_of_caller(config, &subject, &err) &&
	    !stores_new(config, registry, NULL, &stores, &err)) {
		for (size_t i = 0; i < init->count; i++) {
			AUTO(list_release) struct lks_list list = { NULL, 0, NULL };
			struct env_store *store = &init->stores[i];
			struct reference prefix = { .store = "" };

			string_copy(prefix.store, sizeof(prefix.store), store->name);
			if (!store_list(stores, &access, &prefix, &list, &err))
				continue;
			if (store->is_lenient)
				log_warn("%s cannot be read yet: %s", store->path, err.message);
			store->is_lenient = true;
		}
	}
	stores_free(stores);
	subject_release(&subject);
}

static enum lks_status write_config(int fd, const char *path, const struct text *text,
				    struct lks_error *err)
{
	size_t done = 0;

	if (!text_ok(text))
		return error_no_memory(err, "the config");
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0)
		return error_set(err, status_from_errno(errno), "%s: %m", path);
	while (done < text->len) {
		const ssize_t written = write(fd, text->data + done, text->len - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set(err, status_from_errno(errno), "%s: write: %m", path);
		done += (size_t)written;
	}
	return fsync(fd) ? error_set(err, status_from_errno(errno), "%s: sync: %m", path) : LKS_OK;
}

static enum lks_status load(const struct init *init, struct config **ret_config,
			    struct lks_error *err)
{
	struct report report = { .add = no_report };

	return config_load(init->path, NULL, NULL, &report, ret_config, err);
}

/* Strict first; a file that strict reading refuses is read leniently. */
static enum lks_status write_and_try(struct init *init, int fd, struct lks_error *err)
{
	AUTO(text_release) struct text text = TEXT_INIT;
	enum lks_status status = LKS_OK;
	bool again = true;

	for (int round = 0; !status && again && round < 2; round++) {
		AUTO(config_freep) struct config *config = NULL;

		again = false;
		init_print(init, &text);
		status = write_config(fd, init->path, &text, err);
		if (!status)
			status = load(init, &config, err);
		if (status)
			return status;
		try_stores(init, config);
		for (size_t i = 0; i < init->count; i++)
			again = again || (round == 0 && init->stores[i].is_lenient);
	}
	return status;
}

static enum lks_status make_config(struct init *init, struct lks_error *err)
{
	AUTO(fd_close)
	int fd = open(init->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum lks_status status;

	if (fd < 0 && errno == EEXIST) {
		error_set(err, LKS_CONFLICT, "%s is there already", init->path);
		error_hint(err, "change it by hand, or write another with -c FILE");
		return LKS_CONFLICT;
	}
	if (fd < 0)
		return error_set(err, status_from_errno(errno), "%s: %m", init->path);
	status = write_and_try(init, fd, err);
	if (status)
		(void)unlink(init->path);
	return status;
}

static int print_made(struct cli *cli, const struct init *init)
{
	json_t *object, *list;

	if (!cli->json) {
		printf("wrote %s\n", init->path);
		for (size_t i = 0; i < init->count; i++)
			printf("  %s: %s, %zu key%s%s\n", init->stores[i].name,
			       init->stores[i].path, init->stores[i].key_count,
			       init->stores[i].key_count == 1 ? "" : "s",
			       init->stores[i].is_lenient ? ", read leniently" : "");
		printf("next: lockstep check; lockstep list %s:\n",
		       init->count ? init->stores[0].name : "app");
		return cli_flush(cli);
	}
	object = json_object();
	list = json_array();
	json_put_text(object, "path", init->path);
	for (size_t i = 0; i < init->count; i++) {
		json_t *store = json_object();

		json_put_text(store, "name", init->stores[i].name);
		json_put_text(store, "path", init->stores[i].path);
		json_put_number(store, "keys", (int64_t)init->stores[i].key_count);
		json_put_flag(store, "lenient", init->stores[i].is_lenient);
		json_array_append_new(list, store);
	}
	json_put(object, "stores", list);
	return cli_json(cli, "init", object);
}

/* A config in a folder that others can write would be refused right after. */
static enum lks_status check_folder(const char *path, struct lks_error *err)
{
	const char *slash = strrchr(path, '/');
	AUTO(free_ptr)
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	AUTO(fd_close) int fd = -1;

	if (!folder)
		return error_no_memory(err, "the config's folder");
	return trust_open_folder(folder, "the config's folder", &fd, err);
}

int cmd_init(struct cli *cli, int argc, char **argv)
{
	AUTO(init_release) struct init init = { .cli = cli };
	struct lks_error err;

	(void)argc;
	(void)argv;
	init.path = cli->config_path ? cli->config_path : DEFAULT_PATH;
	if (init_find(&init, &err) || check_folder(init.path, &err) || make_config(&init, &err))
		return cli_fail(cli, &err);
	return print_made(cli, &init);
}
