/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a plugin: does what the config says fit what the plugin asks? */
#include "plugin/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CANDIDATES_MAX (DESCRIPTOR_OPTIONS_MAX + 64)

struct checker {
	const struct descriptor *descriptor;
	const char *const *engine_keys;
	size_t engine_key_count;
	bool (*is_reference)(const char *text);
	struct report *report;
};

const char *schema_expects(uint32_t type)
{
	switch (type) {
	case LKS_OPTION_TEXT:
		return "a text in quotes";
	case LKS_OPTION_NUMBER:
		return "a whole number";
	case LKS_OPTION_FLAG:
		return "true or false";
	case LKS_OPTION_DURATION:
		return "a duration like \"5s\", \"1h30m\" or \"250ms\"";
	case LKS_OPTION_LIST:
		return "a list of texts like [ \"a\", \"b\" ]";
	case LKS_OPTION_SECRET:
		return "a secret reference like \"STORE:PATH\"";
	case LKS_OPTION_PATH:
		return "a path in quotes";
	case LKS_OPTION_URL:
		return "a URL like \"https://host/path\"";
	case LKS_OPTION_MAP:
		return "a group of texts like { NAME = \"value\"; }";
	default:
		return "nothing that this version knows";
	}
}

static bool is_one_of(const char *choices, const char *text)
{
	size_t len = strlen(text);

	while (*choices) {
		size_t width = strcspn(choices, "|");

		if (width == len && strncmp(choices, text, len) == 0)
			return true;
		choices += width + (choices[width] == '|');
	}
	return false;
}

static bool is_in_range(const struct lks_option *option, int64_t number)
{
	return option->maximum <= 0 || (number >= option->minimum && number <= option->maximum);
}

static void print_range(const struct lks_option *option, char *buffer, size_t size)
{
	char low[32], high[32];

	if (option->type == LKS_OPTION_DURATION) {
		duration_print(option->minimum, low, sizeof(low));
		duration_print(option->maximum, high, sizeof(high));
		snprintf(buffer, size, "a duration from \"%s\" to \"%s\"", low, high);
	} else {
		snprintf(buffer, size, "a number from %lld to %lld", (long long)option->minimum,
			 (long long)option->maximum);
	}
}

static bool is_url(const char *text)
{
	const char *rest = string_starts(text, "https://")  ? text + 8
			   : string_starts(text, "http://") ? text + 7
			   : string_starts(text, "unix:/")  ? text + 6
							    : NULL;

	if (!rest || !*rest)
		return false;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= 0x20 || *c == 0x7f || *c == '\\')
			return false;
	/* A password in a URL is a secret in the config. */
	return strcspn(rest, "@") >= strcspn(rest, "/?#");
}

static bool number_parse(const char *text, int64_t *ret_number)
{
	char *end = NULL;

	errno = 0;
	*ret_number = strtoll(text, &end, 10);
	return !errno && *text && !*end && (ascii_is_digit(*text) || *text == '-');
}

bool schema_text_fits(const struct lks_option *option, const char *text, char *ret_expected,
		      size_t size)
{
	int64_t number = 0;
	bool fits = true;

	string_copy(ret_expected, size, schema_expects(option->type));
	if (option->type == LKS_OPTION_NUMBER)
		fits = number_parse(text, &number);
	else if (option->type == LKS_OPTION_DURATION)
		fits = duration_parse(text, &number);
	else if (option->type == LKS_OPTION_FLAG)
		fits = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
	else if (option->type == LKS_OPTION_URL)
		fits = is_url(text);
	else if (option->type == LKS_OPTION_PATH)
		fits = text[0] != '\0';
	if (fits && (option->type == LKS_OPTION_NUMBER || option->type == LKS_OPTION_DURATION) &&
	    !is_in_range(option, number)) {
		print_range(option, ret_expected, size);
		return false;
	}
	if (fits && option->choices && !is_one_of(option->choices, text)) {
		snprintf(ret_expected, size, "one of %s", option->choices);
		return false;
	}
	return fits;
}

/* ------------------------------------------------------------------------ */

static bool type_fits(uint32_t option_type, enum setting_type type)
{
	switch (option_type) {
	case LKS_OPTION_NUMBER:
		return type == SETTING_NUMBER;
	case LKS_OPTION_FLAG:
		return type == SETTING_FLAG;
	case LKS_OPTION_LIST:
		return type == SETTING_ARRAY || type == SETTING_LIST;
	case LKS_OPTION_MAP:
		return type == SETTING_GROUP;
	default:
		return type == SETTING_TEXT;
	}
}

/* The members of a list or map are texts; a list's may be limited to choices. */
static void check_members(const struct checker *checker, const struct lks_option *option,
			  const struct setting *setting)
{
	for (size_t i = 0; i < setting->member_count; i++) {
		const struct setting *member = setting->members[i];

		if (member->type == SETTING_BROKEN)
			continue;
		if (member->type != SETTING_TEXT)
			report_error(checker->report, member, "%s holds %s, expected %s",
				     option->name, setting_type_name(member->type),
				     schema_expects(option->type));
		else if (option->choices && !is_one_of(option->choices, member->text))
			report_error(checker->report, member, "%s: \"%s\" is not one of %s",
				     option->name, member->text, option->choices);
	}
}

static void check_secret(const struct checker *checker, const struct lks_option *option,
			 const struct setting *setting)
{
	if (checker->is_reference(setting->text))
		return;
	report_error_hint(checker->report, setting,
			  "put the value into a store and name it here; if this was a real secret, "
			  "change it: it stood in a file",
			  "%s is not a secret reference; a secret itself never belongs into the "
			  "config",
			  option->name);
}

static void check_scalar(const struct checker *checker, const struct lks_option *option,
			 const struct setting *setting)
{
	char expected[192];

	if (setting->type == SETTING_NUMBER && !is_in_range(option, setting->number)) {
		print_range(option, expected, sizeof(expected));
		report_error(checker->report, setting, "%s is %lld, expected %s", option->name,
			     (long long)setting->number, expected);
	}
	if (setting->type == SETTING_TEXT &&
	    !schema_text_fits(option, setting->text, expected, sizeof(expected)))
		report_error(checker->report, setting, "%s is \"%s\", expected %s", option->name,
			     setting->text, expected);
}

static void check_value(const struct checker *checker, const struct lks_option *option,
			const struct setting *setting)
{
	if (setting->type == SETTING_BROKEN)
		return;
	if (!type_fits(option->type, setting->type))
		report_error(checker->report, setting, "%s is %s, expected %s", option->name,
			     setting_type_name(setting->type), schema_expects(option->type));
	else if (option->type == LKS_OPTION_LIST || option->type == LKS_OPTION_MAP)
		check_members(checker, option, setting);
	else if (option->type == LKS_OPTION_SECRET)
		check_secret(checker, option, setting);
	else
		check_scalar(checker, option, setting);
}

static const struct lks_option *find_option(const struct checker *checker, const char *name)
{
	for (size_t i = 0; i < checker->descriptor->option_count; i++)
		if (strcmp(checker->descriptor->options[i].name, name) == 0)
			return &checker->descriptor->options[i];
	return NULL;
}

/* Does some option reach into the group `name`? */
static bool is_option_group(const struct checker *checker, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < checker->descriptor->option_count; i++) {
		const char *option = checker->descriptor->options[i].name;

		if (strncmp(option, name, len) == 0 && option[len] == '.')
			return true;
	}
	return false;
}

static bool is_engine_key(const struct checker *checker, const char *name)
{
	for (size_t i = 0; i < checker->engine_key_count; i++)
		if (strcmp(checker->engine_keys[i], name) == 0)
			return true;
	return false;
}

static void unknown_key(const struct checker *checker, const char *name,
			const struct setting *setting)
{
	const char *candidates[CANDIDATES_MAX];
	size_t count = 0;
	const char *near;

	for (size_t i = 0; i < checker->descriptor->option_count; i++)
		candidates[count++] = checker->descriptor->options[i].name;
	for (size_t i = 0; i < checker->engine_key_count && count < CANDIDATES_MAX; i++)
		candidates[count++] = checker->engine_keys[i];
	near = nearest(name, candidates, count);
	if (near)
		report_error(checker->report, setting,
			     "plugin %s has no option \"%s\"; did you mean \"%s\"?",
			     checker->descriptor->name, name, near);
	else
		report_error_hint(checker->report, setting,
				  "`lockstep plugins info` prints the options of a plugin",
				  "plugin %s has no option \"%s\"", checker->descriptor->name,
				  name);
}

/* `prefix` is the dotted name of the group itself, "" at the top. */
static void check_group(const struct checker *checker, const struct setting *group,
			const char *prefix)
{
	for (size_t i = 0; i < group->member_count; i++) {
		const struct setting *member = group->members[i];
		AUTO(text_release) struct text name = TEXT_INIT;
		const struct lks_option *option;

		text_printf(&name, "%s%s%s", prefix, *prefix ? "." : "", member->name);
		if (!text_ok(&name)) {
			report_error(checker->report, member, "out of memory");
			return;
		}
		option = find_option(checker, name.data);
		if (option)
			check_value(checker, option, member);
		else if (is_option_group(checker, name.data) && member->type == SETTING_GROUP)
			check_group(checker, member, name.data);
		else if (is_option_group(checker, name.data))
			report_error(checker->report, member, "%s is %s, expected a group { ... }",
				     name.data, setting_type_name(member->type));
		else if (*prefix || !is_engine_key(checker, name.data))
			unknown_key(checker, name.data, member);
	}
}

void schema_check(const struct descriptor *descriptor, const struct setting *group,
		  const char *const *engine_keys, size_t engine_key_count,
		  bool (*is_reference)(const char *text), struct report *report)
{
	struct checker checker = { descriptor, engine_keys, engine_key_count, is_reference,
				   report };

	check_group(&checker, group, "");
	for (size_t i = 0; i < descriptor->option_count; i++) {
		const struct lks_option *option = &descriptor->options[i];

		if ((option->flags & LKS_OPTION_REQUIRED) && !setting_find(group, option->name))
			report_error(report, group, "%s is missing; plugin %s needs it (%s%s%s)",
				     option->name, descriptor->name, schema_expects(option->type),
				     option->help ? ": " : "", option->help ? option->help : "");
	}
}
