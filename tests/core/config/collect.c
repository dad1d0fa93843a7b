/* SPDX-License-Identifier: Apache-2.0 */
#include "core/config/collect.h"

#include <stdio.h>
#include <stdlib.h>

static void add(void *context, const struct lks_error *err)
{
	struct collect *collect = context;

	if (collect->report.errors <= COLLECT_MAX)
		collect->errors[collect->report.errors - 1] = *err;
}

static void warn(void *context, const struct lks_error *err)
{
	struct collect *collect = context;

	if (collect->report.warnings <= COLLECT_MAX)
		collect->warnings[collect->report.warnings - 1] = *err;
}

void collect_start(struct collect *collect)
{
	memset(collect, 0, sizeof(*collect));
	collect->report.add = add;
	collect->report.warn = warn;
	collect->report.context = collect;
}

struct config *collect_config(struct collect *collect, const char *text)
{
	struct config *config = NULL;
	struct lks_error err = { 0 };
	enum lks_status status;

	collect_start(collect);
	status = config_parse(text, strlen(text), "t.conf", "/base", &collect->report, &config,
			      &err);
	assert_true((status == LKS_OK) == (config != NULL));
	assert_true((status == LKS_OK) == (collect->report.errors == 0));
	if (status)
		assert_string_equal(err.message, collect->errors[0].message);
	return config;
}

void collect_print(const struct collect *collect)
{
	for (size_t i = 0; i < collect->report.errors && i < COLLECT_MAX; i++)
		print_message("# %s: %s (%s)\n", collect->errors[i].where,
			      collect->errors[i].message, collect->errors[i].hint);
}

void collect_expect(const struct collect *collect, int line, const char *part)
{
	char where[32];

	(void)snprintf(where, sizeof(where), ":%d", line);
	for (size_t i = 0; i < collect->report.errors && i < COLLECT_MAX; i++) {
		const struct lks_error *err = &collect->errors[i];
		const char *colon = strrchr(err->where, ':');

		if ((!line || (colon && strcmp(colon, where) == 0)) &&
		    (strstr(err->message, part) || strstr(err->hint, part)))
			return;
	}
	collect_print(collect);
	fail_msg("no error at line %d has \"%s\"", line, part);
}

void assert_one_error(const char *text, int line, const char *part)
{
	struct collect *collect = calloc(1, sizeof(*collect));
	struct config *config;

	assert_non_null(collect);
	config = collect_config(collect, text);
	if (config)
		fail_msg("was not refused: %s", text);
	collect_expect(collect, line, part);
	if (collect->report.errors != 1)
		collect_print(collect);
	assert_int_equal(collect->report.errors, 1);
	free(collect);
}

struct config *good_config(const char *text)
{
	struct collect *collect = calloc(1, sizeof(*collect));
	struct config *config;

	assert_non_null(collect);
	config = collect_config(collect, text);
	collect_print(collect);
	assert_non_null(config);
	free(collect);
	return config;
}

void assert_good(const char *text)
{
	config_free(good_config(text));
}
