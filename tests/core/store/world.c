/* SPDX-License-Identifier: Apache-2.0 */
/* The mock stores' surroundings. */
#include "core/store/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "core/plugin/mock.h"
#include "plugin/fence.h"
#include "plugin/registry.h"
#include "support/modules.h"
#include "support/test.h"

static struct temp plugins;

int world_setup(void **state)
{
	struct lks_error err;

	(void)state;
	support_use_modules();
	log_setup(LKS_LOG_ERROR, LOG_TEXT, STDERR_FILENO);
	assert_ok(fence_setup(&err), &err);
	plugins = temp_make_trusted();
	mock_build(&plugins, "mock", "store.c", NULL);
	mock_build(&plugins, "mock-many", "store.c", "-DMANY");
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	temp_remove(&plugins);
	return 0;
}

static void show_error(void *context, const struct lks_error *err)
{
	(void)context;
	print_message("%s: %s\n", err->where, err->message);
}

static void add_config(struct world *world, struct text *out, const char *text)
{
	const char *mock;

	text_printf(out,
		    "module_path = [ \"%s\" ];\n"
		    "state = { key_file = \"%s/state.key\"; };\n",
		    plugins.path, world->temp.path);
	while ((mock = strstr(text, "$MOCK"))) {
		text_append(out, text, (size_t)(mock - text));
		text_printf(out, "data = \"%s/data\"; calls = \"%s/calls\"; ", world->temp.path,
			    world->temp.path);
		text = mock + strlen("$MOCK");
	}
	text_add(out, text);
}

void world_open(struct world *world, const char *text)
{
	AUTO(text_release) struct text config = TEXT_INIT;
	struct report report = { .add = show_error };
	struct lks_error err;

	memset(world, 0, sizeof(*world));
	world->temp = temp_make_trusted();
	assert_int_equal(mkdir(temp_path(&world->temp, "data"), 0700), 0);
	add_config(world, &config, text);
	assert_true(text_ok(&config));
	assert_ok(config_parse(text_string(&config), config.len, "test.conf", world->temp.path,
			       &report, &world->config, &err),
		  &err);
	assert_ok(registry_new(&world->config->module_path, NULL, 0, &world->registry, &err), &err);
	assert_ok(audit_open(temp_path(&world->temp, "audit.jsonl"), true, &world->audit, &err),
		  &err);
	assert_ok(stores_new(world->config, world->registry, world->audit, &world->stores, &err),
		  &err);
	snprintf(world->anna.name, sizeof(world->anna.name), "user:anna");
	world->access = (struct access){ .subject = &world->anna,
					 .request = "0190a5c4-7b7d-7000-8000-000000000001",
					 .action = ACTION_GET };
}

void world_close(struct world *world)
{
	stores_free(world->stores);
	audit_close(world->audit);
	registry_free(world->registry);
	config_free(world->config);
	temp_remove(&world->temp);
}

void world_put(struct world *world, const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "data/%s", name);
	file_write_text(temp_path(&world->temp, path), value);
}

static char *read_or_empty(const char *path)
{
	return file_exists(path) ? file_read(path, NULL) : strdup("");
}

char *world_calls(struct world *world)
{
	return read_or_empty(temp_path(&world->temp, "calls"));
}

void world_forget_calls(struct world *world)
{
	unlink(temp_path(&world->temp, "calls"));
}

char *world_audit(struct world *world)
{
	return read_or_empty(temp_path(&world->temp, "audit.jsonl"));
}

enum lks_status world_get(struct world *world, const char *text, char value[256],
			  struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	const struct lks_buffer *found;
	struct reference reference;
	enum lks_status status;

	value[0] = '\0';
	assert_ok(reference_parse(text, &reference, err), err);
	assert_ok(record_new(&record, err), err);
	status = store_get(world->stores, &world->access, &reference, false, record, err);
	if (status) {
		assert_int_equal(record->field_count, 0);
		return status;
	}
	assert_ok(record_pick(record, NULL, &found, err), err);
	snprintf(value, 256, "%.*s", (int)found->len, (const char *)found->data);
	return LKS_OK;
}

enum lks_status world_set(struct world *world, const char *text, const char *value,
			  struct lks_error *err)
{
	AUTO(record_freep) struct lks_record *record = NULL;
	struct store_change change = { .expected = NULL };

	assert_ok(reference_parse(text, &change.reference, err), err);
	if (value) {
		assert_ok(record_new(&record, err), err);
		assert_ok(record_put(record, "value", value, strlen(value), err), err);
	}
	change.record = record;
	world->access.action = value ? ACTION_SET : ACTION_DELETE;
	return store_change(world->stores, &world->access, &change, 1, err);
}
