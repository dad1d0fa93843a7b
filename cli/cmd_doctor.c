/* SPDX-License-Identifier: Apache-2.0 */
/* `doctor`: look at everything that has to be well, and say what is not. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "base/trust.h"
#include "cli/commands.h"
#include "plugin/registry.h"

enum finding { FINDING_OK = 0, FINDING_WARN, FINDING_FAIL };
static const char *const finding_names[] = { "ok", "warn", "fail" };

struct doctor {
	struct cli *cli;
	json_t *checks; /* with --json */
	size_t counts[3];
};

static void say(struct doctor *doctor, enum finding finding, const char *name, const char *message,
		const char *hint)
{
	json_t *check;

	doctor->counts[finding]++;
	if (!doctor->checks) {
		printf("%-5s%-20s%s\n", finding_names[finding], name, message);
		if (hint && hint[0] && finding != FINDING_OK)
			printf("%-25s-> %s\n", "", hint);
		return;
	}
	check = json_object();
	json_put_text(check, "name", name);
	json_put_text(check, "result", finding_names[finding]);
	json_put_text(check, "message", message);
	json_put_text(check, "hint", hint && hint[0] ? hint : NULL);
	json_array_append_new(doctor->checks, check);
}

static void say_error(struct doctor *doctor, enum finding finding, const char *name,
		      const struct lks_error *err, const char *hint)
{
	char message[sizeof(err->where) + sizeof(err->message) + 2];

	snprintf(message, sizeof(message), "%s%s%s", err->where, err->where[0] ? ": " : "",
		 err->message);
	say(doctor, finding, name, message, err->hint[0] ? err->hint : hint);
}

/* --- config, plugins, stores ------------------------------------------ */

static bool check_config(struct doctor *doctor)
{
	struct lks_error err;

	if (cli_open_config(doctor->cli, &err)) {
		say_error(doctor, FINDING_FAIL, "config", &err,
			  err.status == LKS_NOT_FOUND ? "lockstep init writes one"
						      : "lockstep check lists all errors");
		return false;
	}
	say(doctor, FINDING_OK, "config", doctor->cli->config->path, NULL);
	return true;
}

static void check_plugin(struct doctor *doctor, const char *name)
{
	const struct plugin *plugin;
	struct lks_error err;
	char label[64];

	snprintf(label, sizeof(label), "plugin %s", name);
	if (registry_open(doctor->cli->registry, name, &plugin, &err))
		say_error(doctor, FINDING_FAIL, label, &err, NULL);
	else
		say(doctor, FINDING_OK, label, "can be trusted and loads", NULL);
}

/* The plugin of the `index`-th store or verifier. */
static const char *plugin_of(const struct config *config, size_t index)
{
	return index < config->store_count ? config->stores[index].plugin
					   : config->verifiers[index - config->store_count].plugin;
}

static void check_plugins(struct doctor *doctor)
{
	const struct config *config = doctor->cli->config;
	struct lks_error err;

	if (cli_open_registry(doctor->cli, &err)) {
		say_error(doctor, FINDING_FAIL, "plugins", &err, NULL);
		return;
	}
	for (size_t i = 0; i < config->store_count + config->verifier_count; i++) {
		bool known = false;

		for (size_t j = 0; j < i; j++)
			known = known || !strcmp(plugin_of(config, i), plugin_of(config, j));
		if (!known)
			check_plugin(doctor, plugin_of(config, i));
	}
}

static void check_stores(struct doctor *doctor)
{
	const struct config *config = doctor->cli->config;
	struct lks_error err;

	if (cli_open_stores(doctor->cli, &err)) {
		say_error(doctor, FINDING_FAIL, "stores", &err, NULL);
		return;
	}
	for (size_t i = 0; i < config->store_count; i++) {
		const char *name = config->stores[i].name;
		enum lks_status status = store_health(doctor->cli->stores, name, &err);
		char label[64];

		snprintf(label, sizeof(label), "store %s", name);
		if (!status)
			say(doctor, FINDING_OK, label, "answers", NULL);
		else if (status == LKS_UNSUPPORTED)
			say(doctor, FINDING_OK, label, "opens; its plugin cannot tell more", NULL);
		else
			say_error(doctor, FINDING_FAIL, label, &err, NULL);
	}
}

/* --- state, audit ------------------------------------------------------ */

static void check_key(struct doctor *doctor)
{
	const char *path = doctor->cli->config->state_key_file;
	AUTO(fd_close) int fd = -1;
	struct lks_error err;
	const enum lks_status status =
		trust_open_file(path, "the state's key", TRUST_PRIVATE, &fd, NULL, &err);

	if (!status)
		say(doctor, FINDING_OK, "state key", path, NULL);
	else if (status == LKS_NOT_FOUND)
		say(doctor, FINDING_OK, "state key", "not there yet: made with the first change",
		    NULL);
	else
		say_error(doctor, FINDING_FAIL, "state key", &err, NULL);
}

static void check_operations(struct doctor *doctor)
{
	char **ids = NULL;
	size_t count = 0;
	struct lks_error err;
	char message[128];

	if (state_operations(doctor->cli->state, true, NULL, 1000, &ids, &count, &err)) {
		say_error(doctor, FINDING_FAIL, "operations", &err, NULL);
		return;
	}
	snprintf(message, sizeof(message), "%zu unfinished", count);
	say(doctor, count ? FINDING_WARN : FINDING_OK, "operations", message,
	    "lockstep run goes on with them, lockstep status shows them");
	for (size_t i = 0; i < count; i++)
		free(ids[i]);
	free(ids);
}

static void check_state(struct doctor *doctor)
{
	const char *url = doctor->cli->config->state_url;
	const char *path = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : NULL;
	struct lks_error err;

	check_key(doctor);
	if (path && access(path, F_OK) && errno == ENOENT) {
		say(doctor, FINDING_OK, "state", "not there yet: made with the first change", NULL);
		return;
	}
	if (cli_open_state(doctor->cli, &err)) {
		say_error(doctor, FINDING_FAIL, "state", &err, NULL);
		return;
	}
	say(doctor, FINDING_OK, "state", url, NULL);
	check_operations(doctor);
}

static void adopt_state(struct doctor *doctor)
{
	const struct config *config = doctor->cli->config;
	struct lks_error err;
	char note[512];
	enum lks_status status = cli_open_registry(doctor->cli, &err);

	if (!status)
		status = state_adopt(config->state_url, config->state_key_file, note, &err);
	if (status)
		say_error(doctor, FINDING_FAIL, "adopt state", &err, NULL);
	else
		say(doctor, FINDING_OK, "adopt state", note, NULL);
}

/* Where there is a spool, and we are who may list it. */
static void check_spool(struct doctor *doctor)
{
	struct lks_error err;
	char message[64];
	size_t waiting;

	if (geteuid())
		return;
	switch (audit_waiting(doctor->cli->config->audit_path, &waiting, &err)) {
	case LKS_NOT_FOUND:
		return;
	case LKS_OK:
		snprintf(message, sizeof(message), "%zu entries wait", waiting);
		say(doctor, FINDING_OK, "audit spool", message, NULL);
		return;
	default:
		say_error(doctor, FINDING_WARN, "audit spool", &err, NULL);
	}
}

static void check_audit(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;
	struct lks_error err;

	if (!cli->audit &&
	    audit_open(cli->config->audit_path, cli->config->audit_strict, &cli->audit, &err))
		say_error(doctor, cli->config->audit_strict ? FINDING_FAIL : FINDING_WARN, "audit",
			  &err, NULL);
	else
		say(doctor, FINDING_OK, "audit", cli->config->audit_path, NULL);
	check_spool(doctor);
}

/* --- the process ------------------------------------------------------- */

static void check_memory(struct doctor *doctor)
{
	AUTO(secret_freep) struct lks_buffer *probe = NULL;
	struct rlimit limit;
	struct lks_error err;
	size_t in_use, reserved;
	bool locked;
	char message[128];

	if (secret_new(65536, &probe, &err)) {
		say_error(doctor, FINDING_FAIL, "secret memory", &err, NULL);
		return;
	}
	secret_stats(&in_use, &reserved, &locked);
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		limit.rlim_cur = 0;
	if (limit.rlim_cur == RLIM_INFINITY)
		snprintf(message, sizeof(message), "%s, no limit",
			 locked ? "locked" : "cannot be locked");
	else
		snprintf(message, sizeof(message), "%s, limit %llu KiB",
			 locked ? "locked" : "cannot be locked",
			 (unsigned long long)limit.rlim_cur / 1024);
	say(doctor, locked ? FINDING_OK : FINDING_WARN, "secret memory", message,
	    "secrets can reach the swap: raise the limit of locked memory (ulimit -l, "
	    "LimitMEMLOCK=)");
}

/* What a plain read does not need must not be here. */
static void check_libraries(struct doctor *doctor)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	AUTO(text_release) struct text names = TEXT_INIT;
	AUTO(text_release) struct text message = TEXT_INIT;
	char line[4400];
	size_t count = 0;

	if (!maps) {
		say(doctor, FINDING_WARN, "libraries", "/proc/self/maps cannot be read",
		    "mount /proc");
		return;
	}
	while (fgets(line, sizeof(line), maps)) {
		const char *slash = strrchr(line, '/');
		size_t len = slash ? strcspn(slash + 1, "\n") : 0;
		AUTO(text_release) struct text name = TEXT_INIT;

		if (!len || !strstr(slash, ".so"))
			continue;
		text_add_char(&name, ' ');
		text_append(&name, slash + 1, len);
		if (strstr(text_string(&names), text_string(&name)))
			continue;
		text_append(&names, name.data, name.len);
		count++;
	}
	fclose(maps);
	text_printf(&message, "%zu mapped:%s", count, text_string(&names));
	say(doctor, FINDING_OK, "libraries", text_string(&message), NULL);
}

/* --- what crashes left ------------------------------------------------- */

/* ".NAME.lockstep.0123456789abcdef": a replacement that was not finished. */
static bool is_leftover(const char *name)
{
	const char *mark = name[0] == '.' ? strstr(name, ".lockstep.") : NULL;

	return mark && strlen(mark + 10) >= 16 &&
	       strspn(mark + 10, "0123456789abcdefABCDEF-") == strlen(mark + 10);
}

static void find_leftovers(const char *folder, struct text *found)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		AUTO(text_release) struct text path = TEXT_INIT;

		if (!is_leftover(entry->d_name))
			continue;
		text_printf(&path, "%s/%s", folder, entry->d_name);
		if (!strstr(text_string(found), text_string(&path)))
			text_printf(found, "%s%s", found->len ? ", " : "", text_string(&path));
	}
	if (dir)
		closedir(dir);
}

/* Beside the config, and beside the file of each store that names one. */
static void check_leftovers(struct doctor *doctor)
{
	const struct config *config = doctor->cli->config;
	AUTO(text_release) struct text found = TEXT_INIT;

	find_leftovers(config->folder, &found);
	for (size_t i = 0; i < config->store_count; i++) {
		const struct setting *path = setting_find(config->stores[i].settings, "path");
		AUTO(text_release) struct text folder = TEXT_INIT;
		const char *slash;

		if (!path || path->type != SETTING_TEXT || strchr(path->text, '{'))
			continue;
		slash = strrchr(path->text, '/');
		if (path->text[0] != '/')
			text_printf(&folder, "%s/", config->folder);
		if (slash)
			text_append(&folder, path->text, (size_t)(slash - path->text));
		if (folder.len)
			find_leftovers(text_string(&folder), &found);
	}
	say(doctor, found.len ? FINDING_WARN : FINDING_OK, "leftovers",
	    found.len ? text_string(&found) : "none",
	    "a writer was interrupted: the next change to that file removes them");
}

static int finish(struct doctor *doctor)
{
	const int code = doctor->counts[FINDING_FAIL] ? EXIT_INTERNAL : EXIT_DONE;
	json_t *object;
	int lost;

	if (!doctor->checks) {
		printf("%zu ok, %zu warnings, %zu failures\n", doctor->counts[FINDING_OK],
		       doctor->counts[FINDING_WARN], doctor->counts[FINDING_FAIL]);
		lost = cli_flush(doctor->cli);
		return lost ? lost : code;
	}
	object = json_object();
	json_put_flag(object, "ok", code == EXIT_DONE);
	json_put(object, "checks", TAKE(doctor->checks));
	lost = cli_json(doctor->cli, "doctor", object);
	return lost ? lost : code;
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	struct doctor doctor = { cli, cli->json ? json_array() : NULL, { 0, 0, 0 } };

	(void)argc;
	(void)argv;
	if (check_config(&doctor)) {
		check_plugins(&doctor);
		check_stores(&doctor);
		if (cli_option_value(cli, "adopt-state"))
			adopt_state(&doctor);
		check_state(&doctor);
		check_audit(&doctor);
		check_leftovers(&doctor);
	}
	check_memory(&doctor);
	check_libraries(&doctor);
	return finish(&doctor);
}
