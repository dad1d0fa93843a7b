/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `init`: a config around the env files that are there. Of these files only
 * the names of keys are looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "base/trust.h"
#include "cli/commands.h"
#include "cli/presets.h"
#include "plugin/registry.h"

#define FILES_MAX 64
#define ENV_SIZE_MAX ((size_t)4 << 20)
#define DEFAULT_PATH "lockstep.conf"

struct env_store {
	char name[LKS_NAME_MAX + 1];
	char *path;
	bool is_dotted;  /* keys with . or - */
	bool is_link;    /* a symbolic link */
	bool is_lenient; /* what strict reading refuses */
	char **keys;
	size_t key_count;
};

struct init {
	struct cli *cli;
	const char *path; /* of the config */
	struct env_store stores[FILES_MAX];
	size_t count;
};

static void init_release(struct init *init)
{
	for (size_t i = 0; i < init->count; i++) {
		struct env_store *store = &init->stores[i];

		for (size_t j = 0; j < store->key_count; j++)
			free(store->keys[j]);
		free(store->keys);
		free(store->path);
	}
	init->count = 0;
}

/* --- find and look at env files --------------------------------------- */

static bool is_env_file(const char *name)
{
	static const char *const no_secrets[] = { ".example", ".sample", ".template", ".dist",
						  ".bak",     ".swp",    "~",         ".lock" };

	if (strcmp(name, ".env") != 0 && !string_starts(name, ".env.") &&
	    !string_ends(name, ".env"))
		return false;
	if (strstr(name, ".lockstep."))
		return false;
	for (size_t i = 0; i < COUNT_OF(no_secrets); i++)
		if (string_ends(name, no_secrets[i]))
			return false;
	return true;
}

static bool is_taken(const struct init *init, const char *name)
{
	for (size_t i = 0; i < init->count; i++)
		if (strcmp(init->stores[i].name, name) == 0)
			return true;
	return false;
}

/* ".env" is app, ".env.staging" staging, "web.env" web. */
static void choose_name(const struct init *init, const char *path, char name[LKS_NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char plain[LKS_NAME_MAX - 2] = "";
	size_t len = 0;

	if (string_starts(base, ".env."))
		base += 5;
	for (; *base && len + 1 < sizeof(plain) && strcmp(base, ".env") != 0; base++) {
		const char c = *base >= 'A' && *base <= 'Z' ? (char)(*base + ('a' - 'A')) : *base;

		if ((c >= 'a' && c <= 'z') || (len > 0 && (ascii_is_digit(c) || c == '-')))
			plain[len++] = c;
		else if (len > 0 && plain[len - 1] != '-')
			plain[len++] = '-';
	}
	while (len > 0 && plain[len - 1] == '-')
		len--;
	plain[len] = '\0';
	string_copy(name, LKS_NAME_MAX + 1, len ? plain : "app");
	for (int i = 2; is_taken(init, name) && i < FILES_MAX + 2; i++)
		snprintf(name, LKS_NAME_MAX + 1, "%s-%d", len ? plain : "app", i);
}

static enum lks_status add_key(struct env_store *store, const char *data, size_t len,
			       struct lks_error *err)
{
	char **keys = realloc(store->keys, (store->key_count + 1) * sizeof(*keys));

	if (!keys)
		return error_no_memory(err, "the keys of an env file");
	store->keys = keys;
	keys[store->key_count] = strndup(data, len);
	if (!keys[store->key_count])
		return error_no_memory(err, "the keys of an env file");
	store->key_count++;
	return LKS_OK;
}

/* The name in "NAME=..." or "export NAME=...". */
static enum lks_status look_at_line(struct env_store *store, const char *line, size_t len,
				    struct lks_error *err)
{
	size_t start = 0, end;

	while (start < len && (line[start] == ' ' || line[start] == '\t'))
		start++;
	if (len - start > 7 && memcmp(line + start, "export ", 7) == 0)
		start += 7;
	for (end = start; end < len; end++) {
		if (line[end] == '.' || line[end] == '-')
			continue;
		if (!ascii_is_alnum(line[end]) && line[end] != '_')
			break;
	}
	if (end == start || end == len || line[end] != '=')
		return LKS_OK;
	if (memchr(line + start, '.', end - start) || memchr(line + start, '-', end - start))
		store->is_dotted = true;
	return add_key(store, line + start, end - start, err);
}

static enum lks_status look_at_file(struct env_store *store, struct lks_error *err)
{
	AUTO(fd_close) int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	AUTO(secret_freep) struct lks_buffer *content = NULL;
	struct stat info;
	enum lks_status status;

	if (fd < 0 || fstat(fd, &info))
		return error_set(err, status_from_errno(errno), "%s: %m", store->path);
	if (!S_ISREG(info.st_mode))
		return error_set(err, LKS_INVALID, "%s is not a regular file", store->path);
	store->is_link = lstat(store->path, &info) == 0 && S_ISLNK(info.st_mode);
	status = secret_read_fd(fd, ENV_SIZE_MAX, store->path, &content, err);
	for (size_t at = 0; !status && at < content->len;) {
		const char *line = (const char *)content->data + at;
		const char *newline = memchr(line, '\n', content->len - at);
		const size_t len = newline ? (size_t)(newline - line) : content->len - at;

		status = look_at_line(store, line, len, err);
		at += len + 1;
	}
	return status;
}

static enum lks_status add_store(struct init *init, const char *path, struct lks_error *err)
{
	struct env_store *store = &init->stores[init->count];

	if (init->count == FILES_MAX)
		return error_set(err, LKS_INVALID, "more than %d env files: name them with --from",
				 FILES_MAX);
	if (strpbrk(path, "\"\\\n\r\t{}"))
		return error_set(err, LKS_INVALID,
				 "an env file's path may not hold quotes, backslashes or braces");
	memset(store, 0, sizeof(*store));
	choose_name(init, path, store->name);
	/* Paths in a config start at its folder. */
	store->path = strchr(init->path, '/') ? realpath(path, NULL) : strdup(path);
	if (!store->path && errno != ENOMEM)
		return error_set(err, status_from_errno(errno), "%s: %m", path);
	if (!store->path)
		return error_no_memory(err, "the env files");
	init->count++;
	return look_at_file(store, err);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int choose_env_file(const struct dirent *entry)
{
	return is_env_file(entry->d_name);
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

static enum lks_status find_stores(struct init *init, struct lks_error *err)
{
	struct dirent **entries = NULL;
	const char *path;
	enum lks_status status = LKS_OK;
	int count;

	if (cli_option_at(init->cli, "from", 0)) {
		for (size_t i = 0; !status && (path = cli_option_at(init->cli, "from", i)); i++)
			status = add_store(init, path, err);
		return status;
	}
	count = scandir(".", &entries, choose_env_file, by_name);
	if (count < 0)
		return error_set(err, status_from_errno(errno), "look for env files: %m");
	for (int i = 0; !status && i < count; i++) {
		struct stat info;

		if (stat(entries[i]->d_name, &info) == 0 && S_ISREG(info.st_mode))
			status = add_store(init, entries[i]->d_name, err);
	}
	free_entries(entries, count);
	return status;
}

/* --- the text --------------------------------------------------------- */

static void add_stores(const struct init *init, struct text *text)
{
	text_add(text, "# Where secrets are. STORE:KEY names one: lockstep get app:API_KEY\n"
		       "stores = {\n");
	for (size_t i = 0; i < init->count; i++) {
		const struct env_store *store = &init->stores[i];

		text_printf(text, "\t%s = { plugin = \"env-file\"; path = \"%s\";", store->name,
			    store->path);
		if (store->is_dotted)
			text_add(text, " allow_dotted_keys = true;");
		if (store->is_link)
			text_add(text, " follow_symlink = true;");
		if (store->is_lenient)
			text_add(text, " lenient = true;");
		text_add(text, " };\n");
	}
	if (init->count == 0)
		text_add(text,
			 "\t# No env file was here. The first value that is set makes one.\n"
			 "\tapp = { plugin = \"env-file\"; path = \".env\"; create = true; };\n");
	text_add(text, "};\n");
}

static bool was_added(const char *name, const char *const *added, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(added[i], name) == 0)
			return true;
	return false;
}

static void add_verifier(const struct preset_service *service, const struct env_store *store,
			 const char *key, struct text *text)
{
	text_printf(text, "#\t# lockstep verify %s %s:%s\n", service->name, store->name, key);
	text_printf(text,
		    "#\t%s = { plugin = \"exec\"; timeout = \"15s\"; command = [ \"sh\", \"-c\",\n"
		    "#\t\t\"printf '%s' \\\"$(cat)\\\" |\"\n"
		    "#\t\t\" curl -sS -m 10 -o /dev/null -w '%%{http_code}' -A lockstep -H @-\"\n"
		    "#\t\t\" '%s' |\"\n"
		    "#\t\t\" { read code; case $code in 2*) exit 0;; 401) exit 1;; *) exit 75;; "
		    "esac; }\""
		    " ]; };\n",
		    service->name, service->header, service->url);
}

/* How to ask the services whose keys are here. */
static void add_verifiers(const struct init *init, struct text *text)
{
	const char *added[64];
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		for (size_t j = 0; j < init->stores[i].key_count; j++) {
			const char *key = init->stores[i].keys[j];
			const struct preset_service *service = preset_service(key);

			if (!service || count == COUNT_OF(added) ||
			    was_added(service->name, added, count))
				continue;
			if (count == 0)
				text_add(text,
					 "\n# How to find out whether a key works: a program gets "
					 "it "
					 "on stdin. Exit 0: it\n# works, 75: cannot tell, anything "
					 "else: it does not. Take the # away to use it.\n"
					 "#verifiers = {\n");
			added[count++] = service->name;
			add_verifier(service, &init->stores[i], key, text);
		}
	}
	text_add(text, count ? "#};\n" : "");
}

/* Keys that nobody but these programs knows. */
static void add_rotations(const struct init *init, struct text *text)
{
	const char *added[64];
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		const struct env_store *store = &init->stores[i];

		for (size_t j = 0; j < store->key_count; j++) {
			const struct preset_own *own = preset_own(store->keys[j]);

			if (!own || count == COUNT_OF(added) ||
			    was_added(own->rotation, added, count))
				continue;
			if (count == 0)
				text_add(text,
					 "\n# What changes, and how often. Without a verifier the "
					 "programs alone decide which\n# values work: add reload, "
					 "and copies where another file has the same key.\n"
					 "#rotations = {\n");
			added[count++] = own->rotation;
			text_printf(text,
				    "#\t%s = {\n"
				    "#\t\tsecret = [ \"%s:%s\" ];\n"
				    "#\t\tstrategy = \"immediate\";\n"
				    "#\t\tgenerate = { %s };\n"
				    "#\t\trequire_verification = false;\n"
				    "#\t\tevery = \"90d\";\n"
				    "#\t};\n",
				    own->rotation, store->name, store->keys[j], own->generate);
		}
	}
	text_add(text, count ? "#};\n" : "");
}

static void write_text(const struct init *init, struct text *text)
{
	text_clear(text);
	text_add(text,
		 "# Lockstep's config. `lockstep check` finds mistakes in it, `lockstep help "
		 "stores`\n# (and the name of any other section) explains what can stand here.\n"
		 "# Nothing rotates until a rotation is here.\n\n");
	add_stores(init, text);
	add_verifiers(init, text);
	add_rotations(init, text);
	text_add(text, "\n# Who may do what; the owner of this file may do everything.\n"
		       "#policies = (\n"
		       "#\t{ subject = \"group:deploy\"; secret = \"**\"; allow = [ \"get\", "
		       "\"list\" ]; }\n"
		       "#);\n");
}

/* --- write it, and see whether it runs --------------------------------- */

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
		write_text(init, &text);
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
			printf("  %s: %s, %zu keys%s\n", init->stores[i].name, init->stores[i].path,
			       init->stores[i].key_count,
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
	if (find_stores(&init, &err) || check_folder(init.path, &err) || make_config(&init, &err))
		return cli_fail(cli, &err);
	return print_made(cli, &init);
}
