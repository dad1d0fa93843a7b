/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts: cut a record's path up, fill a file's path in, find files.
 */
#include "env-file/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "env-file/bytes.h"

#define PATH_ROOM 4096
#define FILES_MAX 10000

/* What each placeholder of the layout stands for; NULL: not known yet. */
struct values {
	const char *text[PLACE_PARTS_MAX];
	size_t len[PLACE_PARTS_MAX];
};

static bool is_segment(const char *text, size_t len)
{
	size_t i;

	if (len == 0 || len > 255 || (len == 1 && text[0] == '.') ||
	    (len == 2 && memcmp(text, "..", 2) == 0))
		return false;
	for (i = 0; i < len; i++) {
		char c = text[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* ---- setting up --------------------------------------------------------- */

static enum lks_status add_part(const struct lks_host *host, struct place *place, const char *text,
				size_t len, struct lks_error *err)
{
	struct part *part = &place->parts[place->count];

	if (place->count == PLACE_PARTS_MAX)
		return host->fail(host, err, LKS_INVALID, "layout has more than %d segments",
				  PLACE_PARTS_MAX);
	part->is_placeholder = len > 2 && text[0] == '{' && text[len - 1] == '}';
	if (part->is_placeholder) {
		text++;
		len -= 2;
	}
	if (!is_segment(text, len))
		return host->fail(host, err, LKS_INVALID,
				  "layout: a segment is plain text or one placeholder in braces");
	part->text = strndup(text, len);
	if (!part->text)
		return host->fail(host, err, LKS_NO_MEMORY, "out of memory");
	place->count++;
	return LKS_OK;
}

/* The placeholder that `text` (behind its brace) begins with; SIZE_MAX: none. */
static size_t placeholder_at(const struct place *place, const char *text, size_t *ret_len)
{
	const char *end = strchr(text, '}');
	size_t i;

	if (!end)
		return SIZE_MAX;
	*ret_len = (size_t)(end - text);
	for (i = 0; i < place->count; i++) {
		if (place->parts[i].is_placeholder && strlen(place->parts[i].text) == *ret_len &&
		    memcmp(place->parts[i].text, text, *ret_len) == 0)
			return i;
	}
	return SIZE_MAX;
}

static enum lks_status check_path(const struct lks_host *host, struct place *place,
				  struct lks_error *err)
{
	bool used[PLACE_PARTS_MAX] = { false };
	const char *brace;
	size_t i;

	for (brace = strchr(place->path, '{'); brace; brace = strchr(brace + 1, '{')) {
		size_t len = 0;
		size_t part = placeholder_at(place, brace + 1, &len);

		if (part == SIZE_MAX)
			return host->fail(host, err, LKS_INVALID,
					  "path %s: a placeholder that layout does not have",
					  place->path);
		if (part == place->count - 1)
			return host->fail(host, err, LKS_INVALID,
					  "path %s: {%s} is the key in the file, not a part of its "
					  "path",
					  place->path, place->parts[part].text);
		if (strcspn(brace + 1, "/") > strcspn(brace + 1, "{"))
			return host->fail(host, err, LKS_INVALID,
					  "path %s: one placeholder for each part between slashes",
					  place->path);
		used[part] = true;
	}
	for (i = 0; i + 1 < place->count; i++) {
		if (place->parts[i].is_placeholder && !used[i])
			return host->fail(host, err, LKS_INVALID,
					  "path %s lacks {%s} of the layout: records of all of "
					  "them would share one line",
					  place->path, place->parts[i].text);
	}
	place->trusted_len = strcspn(place->path, "{");
	return LKS_OK;
}

enum lks_status place_init(const struct lks_host *host, const char *path, const char *layout,
			   struct place *ret_place, struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	if (!path || !*path || strlen(path) >= PATH_ROOM)
		return host->fail(host, err, LKS_INVALID,
				  "path: the path of an env file is missing");
	if (!layout)
		layout = "{name}";
	ret_place->path = strdup(path);
	if (!ret_place->path)
		return host->fail(host, err, LKS_NO_MEMORY, "out of memory");
	for (;;) {
		size_t len = strcspn(layout, "/");

		status = add_part(host, ret_place, layout, len, err);
		if (status || !layout[len])
			break;
		layout += len + 1;
	}
	if (!status && !ret_place->parts[ret_place->count - 1].is_placeholder)
		status = host->fail(host, err, LKS_INVALID,
				    "layout ends with the placeholder of the key, as in "
				    "\"{namespace}/{name}\"");
	return status ? status : check_path(host, ret_place, err);
}

void place_release(struct place *place)
{
	size_t i;

	for (i = 0; i < place->count; i++)
		free(place->parts[i].text);
	free(place->path);
	memset(place, 0, sizeof(*place));
}

/* ---- one record --------------------------------------------------------- */

/* Fill `path` in; false: too long. */
static bool fill_path(const struct place *place, const struct values *values, char *out)
{
	const char *from = place->path;
	size_t at = 0;

	while (*from) {
		size_t len = strcspn(from, "{");
		const char *text = from;
		size_t step = len;

		if (len == 0) {
			size_t part = placeholder_at(place, from + 1, &step);

			text = values->text[part];
			len = values->len[part];
			step += 2;
		}
		if (at + len >= PATH_ROOM)
			return false;
		memcpy(out + at, text, len);
		at += len;
		from += step;
	}
	out[at] = '\0';
	return true;
}

static enum lks_status misfit(const struct lks_host *host, const char *record,
			      struct lks_error *err)
{
	return host->fail(host, err, LKS_INVALID, "%s does not fit the layout of this store",
			  record);
}

enum lks_status place_find(const struct lks_host *host, const struct place *place,
			   const char *record, struct spot *ret_spot, struct lks_error *err)
{
	AUTO(spot_release) struct spot spot = { 0 };
	struct values values = { 0 };
	const char *rest = record;
	char path[PATH_ROOM];
	size_t i;

	for (i = 0; i + 1 < place->count; i++) {
		const struct part *part = &place->parts[i];
		size_t len = strcspn(rest, "/");

		if (!rest[len] || !is_segment(rest, len))
			return misfit(host, record, err);
		if (!part->is_placeholder &&
		    (strlen(part->text) != len || memcmp(part->text, rest, len) != 0))
			return misfit(host, record, err);
		values.text[i] = rest;
		values.len[i] = len;
		rest += len + 1;
	}
	if (!fill_path(place, &values, path))
		return host->fail(host, err, LKS_INVALID, "%s: the file's path is too long",
				  record);
	spot.key = strdup(rest);
	spot.file = strdup(path);
	if (!spot.key || !spot.file)
		return host->fail(host, err, LKS_NO_MEMORY, "out of memory");
	ret_spot->key = TAKE(spot.key);
	ret_spot->file = TAKE(spot.file);
	return LKS_OK;
}

void spot_release(struct spot *spot)
{
	free(spot->file);
	free(spot->key);
	memset(spot, 0, sizeof(*spot));
}

/* ---- all files ---------------------------------------------------------- */

struct walk {
	const struct lks_host *host;
	const struct place *place;
	struct values values;
	char path[PATH_ROOM]; /* so far, without a final slash */
	struct place_files *files;
	size_t room;
	struct lks_error *err;
};

static enum lks_status walk_from(struct walk *walk, const char *template);

static enum lks_status no_memory(const struct walk *walk)
{
	return walk->host->fail(walk->host, walk->err, LKS_NO_MEMORY, "out of memory");
}

/* What records of the file that was found begin with. */
static char *prefix_of(const struct walk *walk)
{
	char text[LKS_PATH_MAX + 1] = "";
	size_t at = 0;
	size_t i;

	for (i = 0; i + 1 < walk->place->count; i++) {
		const struct part *part = &walk->place->parts[i];
		const char *value = part->is_placeholder ? walk->values.text[i] : part->text;
		size_t len = part->is_placeholder ? walk->values.len[i] : strlen(value);

		if (at + len + 2 > sizeof(text))
			return NULL;
		memcpy(text + at, value, len);
		at += len;
		text[at++] = '/';
	}
	return strndup(text, at);
}

static enum lks_status walk_found(struct walk *walk)
{
	struct place_files *files = walk->files;
	struct place_file *found;
	struct stat st;

	/* Links and folders are judged when the file is opened. */
	if (walk->place->path[walk->place->trusted_len] && lstat(walk->path, &st))
		return LKS_OK;
	if (files->count >= FILES_MAX)
		return walk->host->fail(walk->host, walk->err, LKS_UNSUPPORTED,
					"%s: more than %d files", walk->place->path, FILES_MAX);
	if (files->count == walk->room) {
		size_t room = walk->room ? 2 * walk->room : 16;
		struct place_file *list = reallocarray(files->list, room, sizeof(*list));

		if (!list)
			return no_memory(walk);
		files->list = list;
		walk->room = room;
	}
	found = &files->list[files->count];
	found->file = strdup(walk->path);
	found->prefix = prefix_of(walk);
	files->count++;
	return found->file && found->prefix ? LKS_OK : no_memory(walk);
}

/* Go on with `name` added to the path; the path is as before afterwards. */
static enum lks_status walk_into(struct walk *walk, const char *name, size_t len, const char *rest)
{
	size_t old = strlen(walk->path);
	enum lks_status status;

	if (old + len + 2 > sizeof(walk->path))
		return LKS_OK;
	memcpy(walk->path + old, name, len);
	walk->path[old + len] = '\0';
	if (*rest == '/')
		strcat(walk->path, "/");
	status = *rest ? walk_from(walk, rest + 1) : walk_found(walk);
	walk->path[old] = '\0';
	return status;
}

/* One component with a placeholder whose value is not known: every name in the
   folder that fits is a value. */
static enum lks_status walk_names(struct walk *walk, size_t part, const char *template,
				  size_t before_len, const char *after, size_t after_len)
{
	int fd = open(*walk->path ? walk->path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;
	enum lks_status status = LKS_OK;

	if (!dir) {
		owned_close(&fd);
		return LKS_OK;
	}
	while (!status && (found = readdir(dir))) {
		size_t len = strlen(found->d_name);
		struct stat st;

		if (len <= before_len + after_len ||
		    memcmp(found->d_name, template, before_len) != 0 ||
		    memcmp(found->d_name + len - after_len, after, after_len) != 0 ||
		    !is_segment(found->d_name + before_len, len - before_len - after_len) ||
		    fstatat(dirfd(dir), found->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    S_ISLNK(st.st_mode))
			continue;
		walk->values.text[part] = found->d_name + before_len;
		walk->values.len[part] = len - before_len - after_len;
		status = walk_into(walk, found->d_name, len, after + after_len);
	}
	walk->values.text[part] = NULL;
	closedir(dir);
	return status;
}

/* The next component of the template. */
static enum lks_status walk_from(struct walk *walk, const char *template)
{
	size_t component = strcspn(template, "/");
	size_t before = strcspn(template, "{");
	char name[512];
	size_t name_len = 0;
	const char *after;
	size_t after_len;
	size_t part;

	if (before >= component)
		return walk_into(walk, template, component, template + component);
	part = placeholder_at(walk->place, template + before + 1, &name_len);
	after = template + before + name_len + 2;
	after_len = component - before - name_len - 2;
	if (!walk->values.text[part])
		return walk_names(walk, part, template, before, after, after_len);
	name_len = walk->values.len[part];
	if (before + name_len + after_len >= sizeof(name))
		return LKS_OK;
	memcpy(name, template, before);
	memcpy(name + before, walk->values.text[part], name_len);
	memcpy(name + before + name_len, after, after_len);
	return walk_into(walk, name, before + name_len + after_len, template + component);
}

/* Whole segments of the prefix fix placeholders; false: nothing can match. */
static bool take_prefix(struct walk *walk, const char *prefix)
{
	size_t i;

	for (i = 0; i + 1 < walk->place->count; i++) {
		const struct part *part = &walk->place->parts[i];
		size_t len = strcspn(prefix, "/");

		if (!prefix[len])
			return part->is_placeholder || strncmp(part->text, prefix, len) == 0;
		if (!is_segment(prefix, len))
			return false;
		if (!part->is_placeholder &&
		    (strlen(part->text) != len || memcmp(part->text, prefix, len) != 0))
			return false;
		walk->values.text[i] = prefix;
		walk->values.len[i] = len;
		prefix += len + 1;
	}
	return true;
}

static int file_order(const void *a, const void *b)
{
	return strcmp(((const struct place_file *)a)->prefix,
		      ((const struct place_file *)b)->prefix);
}

enum lks_status place_files(const struct lks_host *host, const struct place *place,
			    const char *prefix, struct place_files *ret_files,
			    struct lks_error *err)
{
	struct walk walk = { .host = host, .place = place, .files = ret_files, .err = err };
	enum lks_status status;

	if (!take_prefix(&walk, prefix))
		return LKS_OK;
	status = walk_from(&walk, place->path);
	if (!status && ret_files->count)
		qsort(ret_files->list, ret_files->count, sizeof(*ret_files->list), file_order);
	return status;
}

void place_files_release(struct place_files *files)
{
	size_t i;

	for (i = 0; i < files->count; i++) {
		free(files->list[i].file);
		free(files->list[i].prefix);
	}
	free(files->list);
	memset(files, 0, sizeof(*files));
}
