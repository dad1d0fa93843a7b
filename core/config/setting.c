/* SPDX-License-Identifier: Apache-2.0 */
/* The setting tree itself: reading it from a file or memory, looking things up,
   and reporting what is wrong with it. */
#include "config/setting.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/tree.h"

const char *setting_type_name(enum setting_type type)
{
	switch (type) {
	case SETTING_GROUP:
		return "a group { ... }";
	case SETTING_LIST:
		return "a list ( ... )";
	case SETTING_ARRAY:
		return "an array [ ... ]";
	case SETTING_TEXT:
		return "a text in quotes";
	case SETTING_NUMBER:
		return "a whole number";
	case SETTING_FLOAT:
		return "a number with a fraction or exponent";
	case SETTING_FLAG:
		return "true or false";
	case SETTING_BROKEN:
		break;
	}
	return "something unreadable";
}

static const struct setting *find_member(const struct setting *group, const char *name, size_t len)
{
	for (size_t i = 0; i < group->member_count; i++) {
		const char *member = group->members[i]->name;

		if (member && strlen(member) == len && memcmp(member, name, len) == 0)
			return group->members[i];
	}
	return NULL;
}

const struct setting *setting_find(const struct setting *group, const char *name)
{
	while (group && group->type == SETTING_GROUP) {
		size_t len = strcspn(name, ".");

		group = find_member(group, name, len);
		if (!name[len])
			return group;
		name += len + 1;
	}
	return NULL;
}

/* ------------------------------------------------------------------------ */
/* Reports                                                                   */

static PRINTF_LIKE(5, 0) void fill(struct lks_error *err, const char *file, int line,
				   const char *hint, const char *format, va_list arguments)
{
	char message[LKS_TEXT_MAX];

	(void)vsnprintf(message, sizeof(message), format, arguments);
	error_set(err, LKS_INVALID, "%s", message);
	if (file)
		error_where(err, "%s:%d", file, line);
	if (hint)
		error_hint(err, "%s", hint);
}

static void add(struct report *report, const struct lks_error *err)
{
	report->errors++;
	if (report->add)
		report->add(report->context, err);
}

void report_error(struct report *report, const struct setting *where, const char *format, ...)
{
	struct lks_error err = { 0 };
	va_list arguments;

	va_start(arguments, format);
	fill(&err, where ? where->file : NULL, where ? where->line : 0, NULL, format, arguments);
	va_end(arguments);
	add(report, &err);
}

void report_error_hint(struct report *report, const struct setting *where, const char *hint,
		       const char *format, ...)
{
	struct lks_error err = { 0 };
	va_list arguments;

	va_start(arguments, format);
	fill(&err, where ? where->file : NULL, where ? where->line : 0, hint, format, arguments);
	va_end(arguments);
	add(report, &err);
}

void report_at(struct report *report, const char *file, int line, const char *hint,
	       const char *format, ...)
{
	struct lks_error err = { 0 };
	va_list arguments;

	va_start(arguments, format);
	fill(&err, file, line, hint, format, arguments);
	va_end(arguments);
	add(report, &err);
}

void report_warning(struct report *report, const struct setting *where, const char *format, ...)
{
	struct lks_error err = { 0 };
	va_list arguments;

	va_start(arguments, format);
	fill(&err, where ? where->file : NULL, where ? where->line : 0, NULL, format, arguments);
	va_end(arguments);
	report->warnings++;
	if (report->warn)
		report->warn(report->context, &err);
}

/* ------------------------------------------------------------------------ */
/* Trees                                                                     */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static enum lks_status tree_build(struct setting_tree *tree, const struct source *source,
				  const char *name, bool may_include, struct report *report,
				  struct lks_error *err)
{
	AUTO(scan_release) struct scan_result result = { 0 };
	enum lks_status status;

	status = scan_text(tree, source, name, may_include ? tree->folder : NULL, report, &result,
			   err);
	if (status)
		return status;
	return parse_text(tree, &result, err);
}

enum lks_status setting_tree_read(const char *path, struct report *report,
				  struct setting_tree **ret_tree, struct lks_error *err)
{
	AUTO(setting_tree_freep) struct setting_tree *tree = calloc(1, sizeof(*tree));
	AUTO(source_release) struct source source = { 0 };
	enum lks_status status;

	if (!tree)
		return error_no_memory(err, "reading the config");
	status = source_read(path, &source, err);
	if (status)
		return status;
	tree->owner = source.stat.st_uid;
	tree->path = strdup(source.real_path);
	tree->folder = folder_of(source.real_path);
	if (!tree->path || !tree->folder)
		return error_no_memory(err, "reading the config");
	status = tree_build(tree, &source, path, true, report, err);
	if (status)
		return status;
	*ret_tree = TAKE(tree);
	return LKS_OK;
}

enum lks_status setting_tree_parse(const void *data, size_t len, const char *name,
				   const char *folder, struct report *report,
				   struct setting_tree **ret_tree, struct lks_error *err)
{
	AUTO(setting_tree_freep) struct setting_tree *tree = calloc(1, sizeof(*tree));
	AUTO(source_release) struct source source = { 0 };
	enum lks_status status;

	if (len > SETTING_FILE_MAX)
		return source_check(data, len, name, err);
	source.data = malloc(len + 1);
	if (!tree || !source.data)
		return error_no_memory(err, "reading the config");
	if (len)
		memcpy(source.data, data, len);
	source.data[len] = '\0';
	source.len = len;
	tree->owner = geteuid();
	tree->folder = strdup(folder);
	if (!tree->folder)
		return error_no_memory(err, "reading the config");
	status = tree_build(tree, &source, name, false, report, err);
	if (status)
		return status;
	*ret_tree = TAKE(tree);
	return LKS_OK;
}

const struct setting *setting_tree_root(const struct setting_tree *tree)
{
	return tree->root;
}

const char *setting_tree_folder(const struct setting_tree *tree)
{
	return tree->folder;
}

const char *setting_tree_path(const struct setting_tree *tree)
{
	return tree->path;
}

uint32_t setting_tree_owner(const struct setting_tree *tree)
{
	return tree->owner;
}

/* At most SETTING_DEPTH_MAX deep. */
void setting_free(struct setting *setting)
{
	if (!setting)
		return;
	for (size_t i = 0; i < setting->member_count; i++)
		setting_free(setting->members[i]);
	free(setting->members);
	free(setting->name);
	free(setting->text);
	free(setting);
}

void setting_tree_free(struct setting_tree *tree)
{
	if (!tree)
		return;
	setting_free(tree->root);
	for (size_t i = 0; i < tree->file_count; i++)
		free(tree->files[i]);
	free(tree->files);
	free(tree->path);
	free(tree->folder);
	free(tree);
}

void setting_tree_freep(struct setting_tree **tree)
{
	setting_tree_free(*tree);
}
