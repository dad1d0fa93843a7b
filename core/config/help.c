/* SPDX-License-Identifier: Apache-2.0 */
/* The schema table for people: `lockstep help SECTION` and docs/config.md. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/schema.h"

struct printer {
	void (*line)(void *context, const char *text);
	void *context;
};

static void print(const struct printer *printer, const char *format, ...) PRINTF_LIKE(2, 3);

static void print(const struct printer *printer, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printer->line(printer->context, text);
}

/* Words of `text` in lines of `width`, each behind `indent`. */
static void print_wrapped(const struct printer *printer, const char *indent, const char *text,
			  size_t width)
{
	while (*text) {
		size_t len = strlen(text);

		if (len > width) {
			len = width;
			while (len && text[len] != ' ')
				len--;
			if (!len)
				len = strcspn(text, " ");
		}
		print(printer, "%s%.*s", indent, (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

static void print_lines(const struct printer *printer, const char *indent, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		print(printer, "%s%.*s", indent, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

static const char *shape_text(const struct key *key)
{
	switch (key->shape) {
	case SHAPE_GROUP:
		return "a group { ... }";
	case SHAPE_LIST:
		return "a list ( { ... } )";
	case SHAPE_NAMED:
		return "a group of named entries";
	case SHAPE_MAP:
		return "a group { name = \"STORE:PATH\"; }";
	case SHAPE_ONE:
	case SHAPE_MANY:
	case SHAPE_ONE_OR_MANY:
	case SHAPE_LATER:
		break;
	}
	return NULL;
}

/* "one of: a b c" */
static void print_choices(const char *choices, char *buffer, size_t size)
{
	size_t len = (size_t)snprintf(buffer, size, "one of: %s", choices);

	for (size_t i = 0; i < len && i < size; i++) {
		if (buffer[i] == '|')
			buffer[i] = ' ';
	}
}

static void describe_type(const struct key *key, char *buffer, size_t size)
{
	char value[192];

	if (shape_text(key)) {
		string_copy(buffer, size, shape_text(key));
		return;
	}
	if (key->choices)
		print_choices(key->choices, value, sizeof(value));
	else if (key->value == VALUE_NUMBER)
		(void)snprintf(value, sizeof(value), "a whole number %" PRId64 "..%" PRId64,
			       key->minimum, key->maximum);
	else
		string_copy(value, sizeof(value), value_expected(key->value));
	if (key->shape == SHAPE_MANY)
		(void)snprintf(buffer, size, "an array, each %s", value);
	else if (key->shape == SHAPE_ONE_OR_MANY)
		(void)snprintf(buffer, size, "one or an array, each %s", value);
	else
		string_copy(buffer, size, value);
}

static const char *default_text(const struct key *key)
{
	if (key->is_required)
		return "required";
	if (key->shown)
		return key->shown;
	return key->fallback ? key->fallback : "none";
}

/* Sections in the order of the root's keys, each followed by its inner ones. */
static void walk(const struct section *section,
		 void (*visit)(const struct printer *printer, const struct section *section),
		 const struct printer *printer)
{
	if (section != &schema_root)
		visit(printer, section);
	for (size_t i = 0; i < section->key_count; i++) {
		if (section->keys[i].inner)
			walk(section->keys[i].inner, visit, printer);
	}
}

static const struct section *find_section(const struct section *section, const char *name)
{
	for (size_t i = 0; i < section->key_count; i++) {
		const struct section *inner = section->keys[i].inner;
		const char *last = inner ? strrchr(inner->name, '.') : NULL;
		const struct section *found;

		if (!inner)
			continue;
		if (strcmp(inner->name, name) == 0 || (last && strcmp(last + 1, name) == 0))
			return inner;
		found = find_section(inner, name);
		if (found)
			return found;
	}
	return NULL;
}

/* ------------------------------------------------------------------------ */
/* help                                                                      */

static void help_key(const struct printer *printer, const struct key *key)
{
	char type[256];
	char text[768];
	char fallback[160];

	if (key->shape == SHAPE_LATER)
		return;
	describe_type(key, type, sizeof(type));
	(void)snprintf(fallback, sizeof(fallback), "default: %s", default_text(key));
	(void)snprintf(text, sizeof(text), "%s; %s%s", key->help, type,
		       key->is_required ? " (required)" : "");
	print(printer, "  %s", key->name);
	print_wrapped(printer, "      ", text, 72);
	if (!key->is_required && strcmp(default_text(key), "none") != 0)
		print_wrapped(printer, "      ", fallback, 72);
}

static void help_section(const struct printer *printer, const struct section *section)
{
	print(printer, "%s", section->name);
	print_wrapped(printer, "  ", section->summary, 76);
	if (section->example) {
		print(printer, "%s", "");
		print_lines(printer, "    ", section->example);
	}
	print(printer, "%s", "");
	for (size_t i = 0; i < section->key_count && !section->is_direct; i++)
		help_key(printer, &section->keys[i]);
}

static void help_list(const struct printer *printer)
{
	print(printer, "Keys of the config file; `lockstep help KEY` explains one.");
	print(printer, "%s", "");
	for (size_t i = 0; i < schema_root.key_count; i++) {
		const struct key *key = &schema_root.keys[i];

		if (key->shape != SHAPE_LATER)
			print(printer, "  %-14s %s", key->name, key->help);
	}
}

int config_help(const char *section, void (*line)(void *context, const char *text), void *context)
{
	const struct printer printer = { line, context };
	const struct section *found;

	if (!section) {
		help_list(&printer);
		return 0;
	}
	found = find_section(&schema_root, section);
	if (found) {
		help_section(&printer, found);
		return 0;
	}
	for (size_t i = 0; i < schema_root.key_count; i++) {
		const struct key *key = &schema_root.keys[i];

		if (key->shape != SHAPE_LATER && strcmp(key->name, section) == 0) {
			help_key(&printer, key);
			return 0;
		}
	}
	return -1;
}

/* ------------------------------------------------------------------------ */
/* docs/config.md                                                            */

/* A bar would end the table's cell. */
static void escape_cell(const char *text, char *buffer, size_t size)
{
	size_t len = 0;

	for (; *text && len + 2 < size; text++) {
		if (*text == '|')
			buffer[len++] = '\\';
		buffer[len++] = *text;
	}
	buffer[len] = '\0';
}

static void markdown_key(const struct printer *printer, const struct key *key)
{
	char type[256], cell[300], fallback[128];
	bool is_code = !key->is_required && !key->shown && key->fallback;

	if (key->shape == SHAPE_LATER)
		return;
	describe_type(key, type, sizeof(type));
	escape_cell(type, cell, sizeof(cell));
	escape_cell(default_text(key), fallback, sizeof(fallback));
	print(printer, "| `%s` | %s | %s%s%s | %s |", key->name, cell, is_code ? "`" : "", fallback,
	      is_code ? "`" : "", key->help);
}

static void markdown_table(const struct printer *printer, const struct section *section)
{
	print(printer, "| key | value | default | meaning |");
	print(printer, "|---|---|---|---|");
	for (size_t i = 0; i < section->key_count; i++)
		markdown_key(printer, &section->keys[i]);
	print(printer, "%s", "");
}

static void markdown_section(const struct printer *printer, const struct section *section)
{
	print(printer, "## %s", section->name);
	print(printer, "%s", "");
	print_wrapped(printer, "", section->summary, 100);
	print(printer, "%s", "");
	if (section->example) {
		print(printer, "```");
		print_lines(printer, "", section->example);
		print(printer, "```");
		print(printer, "%s", "");
	}
	if (!section->is_direct)
		markdown_table(printer, section);
}

void config_markdown(void (*line)(void *context, const char *text), void *context)
{
	static const char intro[] =
		"# Config file\n"
		"\n"
		"<!-- Made from core/config/schema.c: `make update-config-md`. -->\n"
		"\n"
		"The syntax is libconfig's: `name = value;`, groups `{ ... }`, lists `( ... )`, "
		"arrays `[ ... ]`,\n"
		"texts in quotes, comments `#`, `//` and `/* */`. `@include \"other.conf\"` on a "
		"line of its own takes in\n"
		"another file of the same folder. Durations are texts with a unit: `\"90d\"`, "
		"`\"300s\"`, `\"250ms\"`.\n"
		"Unknown keys are errors. The file, and every folder above it, must not be "
		"writable by others.\n"
		"A file has at most 1 MiB, a group at most 10,000 entries. Relative paths start at "
		"the file's folder.\n"
		"\n"
		"Looked for in this order: `-c FILE`, `$LOCKSTEP_CONFIG`, `./lockstep.conf`, "
		"`/etc/lockstep/lockstep.conf`.\n"
		"`lockstep check` reports every error with its line.\n"
		"\n"
		"## The whole file\n";
	const struct printer printer = { line, context };
	const char *at = intro;

	while (*at) {
		size_t len = strcspn(at, "\n");

		print(&printer, "%.*s", (int)len, at);
		at += len + 1;
	}
	print(&printer, "%s", "");
	markdown_table(&printer, &schema_root);
	walk(&schema_root, markdown_section, &printer);
}
