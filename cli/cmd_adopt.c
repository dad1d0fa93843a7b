/* SPDX-License-Identifier: Apache-2.0 */
/* `adopt`: tell Lockstep when a credential was last changed without it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/rotation.h"

#define FILE_MAX ((size_t)8 << 20)

/* One rotation and its date. */
struct adoption {
	char *name;
	int64_t rotated_wall_ms;
};

struct adoptions {
	struct adoption *items;
	size_t count;
	char *text; /* what the names point into */
};

static void adoptions_release(struct adoptions *adoptions)
{
	free(adoptions->items);
	free(adoptions->text);
}

static enum lks_status parse_date(const char *text, int64_t *ret_wall_ms, struct lks_error *err)
{
	if (!time_parse(text, ret_wall_ms) || *ret_wall_ms <= 0) {
		error_set(err, LKS_INVALID,
			  "a date was expected, as 2026-08-31 or 2026-08-31T10:00:00Z");
		return LKS_INVALID;
	}
	if (*ret_wall_ms > clock_wall_ms())
		return error_set(err, LKS_INVALID, "%s has not come yet", text);
	return LKS_OK;
}

static enum lks_status read_file(const char *path, char **ret_text, struct lks_error *err)
{
	AUTO(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO(text_release) struct text text = TEXT_INIT;
	char piece[4096];
	ssize_t got;

	if (fd < 0)
		return error_set(err, status_from_errno(errno), "%s: %s", path, strerror(errno));
	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(err, status_from_errno(errno), "%s: %s", path,
					 strerror(errno));
		if (memchr(piece, 0, (size_t)got) || text.len + (size_t)got > FILE_MAX)
			return error_set(err, LKS_INVALID, "%s: not a list of rotations and dates",
					 path);
		text_append(&text, piece, (size_t)got);
	}
	/* So that there is a string also if the file is empty. */
	text_add(&text, "\n");
	*ret_text = text_steal(&text);
	return *ret_text ? LKS_OK : error_no_memory(err, path);
}

static enum lks_status add(struct adoptions *adoptions, char *name, const char *date,
			   struct lks_error *err)
{
	struct adoption *items =
		reallocarray(adoptions->items, adoptions->count + 1, sizeof(*items));
	enum lks_status status;
	int64_t when = 0;

	if (!items)
		return error_no_memory(err, "adopt");
	adoptions->items = items;
	status = parse_date(date, &when, err);
	if (!status)
		items[adoptions->count++] = (struct adoption){ name, when };
	return status;
}

static char *trim(char *word)
{
	size_t len;

	word += strspn(word, " \t\"");
	len = strlen(word);
	while (len && strchr(" \t\r\"", word[len - 1]))
		word[--len] = '\0';
	return word;
}

/* NAME,DATE a line; a first line of headings, empty lines and # are left out. */
static enum lks_status parse_file(const char *path, struct adoptions *adoptions,
				  struct lks_error *err)
{
	int number = 0;
	char *rest;
	enum lks_status status = read_file(path, &adoptions->text, err);

	rest = adoptions->text;
	while (!status && rest) {
		char *line = trim(strsep(&rest, "\n"));
		char *comma = strchr(line, ',');

		number++;
		if (!*line || *line == '#')
			continue;
		if (!comma) {
			status = error_set(err, LKS_INVALID, "NAME,DATE was expected");
		} else {
			*comma = '\0';
			line = trim(line);
			if (number == 1 && (!strcmp(line, "name") || !strcmp(line, "rotation")))
				continue;
			status = add(adoptions, line, trim(comma + 1), err);
		}
		if (status)
			error_where(err, "%s:%d", path, number);
	}
	return status;
}

static enum lks_status adopt_one(struct cli *cli, struct executor *executor,
				 const struct due_entry *entry, int64_t rotated_wall_ms,
				 struct lks_error *err)
{
	struct rotation_row row = entry->row;
	enum lks_status status = rotation_audit(cli, entry->rotation, ACTION_ADOPT,
						cli_option_value(cli, "reason"), err);

	if (status)
		return status;
	schedule_adopt(entry->rotation, &row, rotated_wall_ms, clock_wall_ms());
	return state_rotation_write(executor->state, &row, err);
}

/* Where the rotation stands in `entries`, which follow the config. */
static enum lks_status find_entry(struct cli *cli, char *name, size_t *ret_index,
				  struct lks_error *err)
{
	const struct config_rotation *rotation = config_rotation(cli->config, name);

	if (!rotation)
		return rotation_unknown(cli->config, name, err);
	*ret_index = (size_t)(rotation - cli->config->rotations);
	return LKS_OK;
}

/* All or, as far as it can be known beforehand, none. */
static enum lks_status adopt(struct cli *cli, struct engine *engine,
			     const struct adoptions *adoptions, struct lks_error *err)
{
	AUTO(free_ptr) struct due_entry *entries = NULL;
	size_t count = 0, index = 0;
	enum lks_status status = LKS_OK;

	for (size_t i = 0; i < adoptions->count && !status; i++) {
		status = find_entry(cli, adoptions->items[i].name, &index, err);
		if (!status)
			status = rotation_allowed(cli, &cli->config->rotations[index], ACTION_ADOPT,
						  err);
	}
	if (!status)
		status = rotations_judge(&engine->executor, NULL, 0, &entries, &count, err);
	for (size_t i = 0; i < adoptions->count && !status; i++) {
		status = find_entry(cli, adoptions->items[i].name, &index, err);
		if (!status)
			status = adopt_one(cli, &engine->executor, &entries[index],
					   adoptions->items[i].rotated_wall_ms, err);
	}
	return status;
}

static int print(struct cli *cli, const struct adoptions *adoptions)
{
	json_t *object = json_object(), *list = json_array();
	char date[32];

	for (size_t i = 0; i < adoptions->count; i++) {
		json_t *item = json_object();

		time_short(adoptions->items[i].rotated_wall_ms, date);
		if (!cli->json && !cli->quiet)
			printf("%s: last changed %s\n", adoptions->items[i].name, date);
		json_put_text(item, "rotation", adoptions->items[i].name);
		json_put(item, "rotated_at", time_json(adoptions->items[i].rotated_wall_ms));
		json_array_append_new(list, item);
	}
	json_put(object, "adopted", list);
	if (cli->json)
		return cli_json(cli, "adopt", object);
	json_decref(object);
	return cli_flush(cli);
}

int cmd_adopt(struct cli *cli, int argc, char **argv)
{
	AUTO(adoptions_release) struct adoptions adoptions = { 0 };
	const char *from = cli_option_value(cli, "from");
	const char *date = cli_option_value(cli, "rotated-at");
	struct engine engine;
	struct lks_error err;

	if (from ? argc > 1 || date : argc != 2 || !date)
		return cli_usage(cli, "NAME --rotated-at DATE, or --from FILE.csv");
	if (from ? parse_file(from, &adoptions, &err) : add(&adoptions, argv[1], date, &err))
		return cli_fail(cli, &err);
	if (engine_open(cli, false, &engine, &err) || adopt(cli, &engine, &adoptions, &err))
		return cli_fail(cli, &err);
	return print(cli, &adoptions);
}
