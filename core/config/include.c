/* SPDX-License-Identifier: Apache-2.0 */
/* Opens config files for the token reader: the first one and the included. */
#include "config/include.h"

#include <stdio.h>
#include <string.h>

static enum lks_status refuse(struct token_reader *reader, const struct input *input,
			      const char *hint, const char *what)
{
	error_set(reader->err, LKS_INVALID, "%s", what);
	error_where(reader->err, "%s:%d", reader->tree->files[input->file], input->line);
	if (hint)
		error_hint(reader->err, "%s", hint);
	return LKS_INVALID;
}

/* Keeps the name for messages; its index or -1. */
static enum lks_status add_file(struct token_reader *reader, const char *name, size_t *ret_file)
{
	struct setting_tree *tree = reader->tree;
	char **files = realloc(tree->files, (tree->file_count + 1) * sizeof(*files));

	if (!files)
		return error_no_memory(reader->err, "reading the config");
	tree->files = files;
	files[tree->file_count] = strdup(name);
	if (!files[tree->file_count])
		return error_no_memory(reader->err, "reading the config");
	*ret_file = tree->file_count++;
	return LKS_OK;
}

static enum lks_status enter(struct token_reader *reader, const struct source *source,
			     size_t source_index, const char *name)
{
	struct input *input = &reader->inputs[reader->depth];
	enum lks_status status;

	*input = (struct input){ .data = source->data,
				 .at = source->data,
				 .end = source->data + source->len,
				 .line = 1,
				 .source = source_index,
				 .is_line_start = true };
	status = add_file(reader, name, &input->file);
	if (status)
		return status;
	status = source_check(source->data, source->len, name, reader->err);
	if (status)
		return status;
	reader->depth++;
	return LKS_OK;
}

enum lks_status token_start(struct token_reader *reader, const struct source *source,
			    const char *name)
{
	/* Place 0 is the first file's, which the caller owns. */
	reader->loaded[0].stat = source->stat;
	reader->loaded_count = 1;
	reader->total = source->len;
	return enter(reader, source, 0, name);
}

void token_release(struct token_reader *reader)
{
	for (size_t i = 1; i < reader->loaded_count; i++)
		source_release(&reader->loaded[i]);
	reader->loaded_count = 0;
}

/* The name between the quotes; only a comment may follow. */
static enum lks_status read_name(struct token_reader *reader, struct input *input, char **ret_name)
{
	const char *at = input->at + strlen("@include");
	const char *start, *end;

	while (at < input->end && (*at == ' ' || *at == '\t'))
		at++;
	start = at + 1;
	if (at == input->end || *at != '"')
		return refuse(reader, input, "write @include \"other.conf\"",
			      "found @include without a file name in quotes");
	for (end = start; end < input->end && *end != '"' && *end != '\n'; end++)
		;
	if (end == input->end || *end != '"')
		return refuse(reader, input, "write @include \"other.conf\"",
			      "found @include without a closing quote");
	for (at = end + 1; at < input->end && (*at == ' ' || *at == '\t' || *at == '\r'); at++)
		;
	if (at < input->end && *at != '\n' && *at != '#' &&
	    !(input->end - at >= 2 && memcmp(at, "//", 2) == 0))
		return refuse(reader, input, "give it a line of its own",
			      "found more text behind @include");
	*ret_name = strndup(start, (size_t)(end - start));
	if (!*ret_name)
		return error_no_memory(reader->err, "reading the config");
	while (at < input->end && *at != '\n')
		at++;
	input->at = at;
	return LKS_OK;
}

/* Relative, and without a way up. */
static bool is_inside(const char *name)
{
	if (!*name || *name == '/' || strchr(name, '\\'))
		return false;
	for (;;) {
		size_t len = strcspn(name, "/");

		if (!len || (len <= 2 && name[0] == '.' && name[len - 1] == '.'))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
}

static enum lks_status load(struct token_reader *reader, const struct input *input,
			    const char *path, struct source *source)
{
	size_t folder_len = strlen(reader->folder);
	enum lks_status status = source_read(path, source, reader->err);

	if (status) {
		error_where(reader->err, "%s:%d", reader->tree->files[input->file], input->line);
		/* "Not found" would say that there is no config at all. */
		if (status != LKS_NO_MEMORY)
			status = LKS_INVALID;
		if (reader->err)
			reader->err->status = status;
		return status;
	}
	if (folder_len > 1 && (strncmp(source->real_path, reader->folder, folder_len) != 0 ||
			       source->real_path[folder_len] != '/'))
		return refuse(reader, input, "move the file into the config's folder",
			      "found an @include that leads out of the config's folder");
	for (size_t i = 0; i < reader->depth; i++) {
		const struct stat *open = &reader->loaded[reader->inputs[i].source].stat;

		if (open->st_dev == source->stat.st_dev && open->st_ino == source->stat.st_ino)
			return refuse(reader, input, "remove one of the @include lines",
				      "found an @include of a file that includes this one");
	}
	return LKS_OK;
}

enum lks_status include_follow(struct token_reader *reader, struct input *input)
{
	AUTO(free_ptr) char *name = NULL;
	AUTO(text_release) struct text path = TEXT_INIT;
	struct source *source;
	enum lks_status status;

	if (!reader->folder)
		return refuse(reader, input, NULL, "found @include, which is not allowed here");
	if (reader->loaded_count > SETTING_INCLUDES_MAX)
		return refuse(reader, input, NULL, "found more than 64 included files");
	if (reader->depth == TOKEN_OPEN_FILES_MAX)
		return refuse(reader, input, NULL, "found includes nested more than 8 deep");
	status = read_name(reader, input, &name);
	if (status)
		return status;
	if (!is_inside(name))
		return refuse(reader, input,
			      "write a path relative to the config's folder, without '..'",
			      "found an @include outside the config's folder");
	text_printf(&path, "%s/%s", reader->folder[1] ? reader->folder : "", name);
	if (!text_ok(&path))
		return error_no_memory(reader->err, "reading the config");
	source = &reader->loaded[reader->loaded_count];
	status = load(reader, input, text_string(&path), source);
	if (status) {
		source_release(source);
		return status;
	}
	reader->loaded_count++;
	reader->total += source->len;
	if (reader->total > TOKEN_TOTAL_MAX)
		return refuse(reader, input, NULL,
			      "found more than 4 MiB of config in all its files");
	return enter(reader, source, reader->loaded_count - 1, text_string(&path));
}
