/* SPDX-License-Identifier: Apache-2.0 */
/* `plugins list` and `plugins info`: from descriptors, without running any
   plugin's code. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "plugin/registry.h"
#include "plugin/schema.h"

static const char *offers(const struct descriptor *descriptor)
{
	if (descriptor->backend.is_present && descriptor->verifier.is_present)
		return "backend, verifier";
	return descriptor->backend.is_present ? "backend" : "verifier";
}

/* --- list ------------------------------------------------------------------ */

struct listing {
	struct cli *cli;
	json_t *entries;
};

static void print_found(const struct registry_entry *entry)
{
	const struct descriptor *descriptor = entry->descriptor;

	if (entry->name && descriptor)
		printf("%-20s %-10s %-18s %s\n", entry->name, descriptor->version,
		       offers(descriptor), descriptor->summary);
	else if (entry->name)
		printf("%-20s refused: %s\n", entry->name, entry->error->message);
	else
		printf("%s: %s\n", entry->path ? entry->path : "folder", entry->error->message);
	if (entry->hidden_by)
		printf("%-20s hidden by %s\n", "", entry->hidden_by);
}

static json_t *found_json(const struct registry_entry *entry)
{
	json_t *item = json_object();

	json_put_text(item, "name", entry->name);
	json_put_text(item, "path", entry->path);
	json_put_text(item, "version", entry->descriptor ? entry->descriptor->version : NULL);
	json_put_text(item, "summary", entry->descriptor ? entry->descriptor->summary : NULL);
	json_put_flag(item, "backend", entry->descriptor && entry->descriptor->backend.is_present);
	json_put_flag(item, "verifier",
		      entry->descriptor && entry->descriptor->verifier.is_present);
	json_put_text(item, "hidden_by", entry->hidden_by);
	json_put(item, "error", entry->error ? json_error(entry->error) : json_null());
	return item;
}

static void take_found(void *context, const struct registry_entry *entry)
{
	struct listing *listing = context;

	if (listing->cli->json)
		json_array_append_new(listing->entries, found_json(entry));
	else
		print_found(entry);
}

static int list_plugins(struct cli *cli)
{
	struct listing listing = { cli, json_array() };
	struct lks_error err;
	json_t *object;

	if (registry_list(cli->registry, take_found, &listing, &err)) {
		json_decref(listing.entries);
		return cli_fail(cli, &err);
	}
	if (!cli->json) {
		json_decref(listing.entries);
		return cli_flush(cli);
	}
	object = json_object();
	json_put(object, "plugins", listing.entries);
	return cli_json(cli, "plugins-list", object);
}

/* --- info ------------------------------------------------------------------ */

static const struct {
	uint64_t bit;
	const char *name;
} traits[] = {
	{ LKS_CONCURRENT, "concurrent" }, { LKS_VERSIONED, "versioned" },
	{ LKS_CAS, "compare-and-swap" },  { LKS_ATOMIC_MANY, "atomic-many" },
	{ LKS_NEEDS_HTTP, "needs-http" }, { LKS_DELETE_RESERVES_NAME, "delete-reserves-name" },
	{ LKS_BINARY, "binary" },         { LKS_FIELDS, "fields" },
};

static json_t *traits_json(uint64_t bits)
{
	json_t *array = json_array();

	for (size_t i = 0; i < COUNT_OF(traits); i++) {
		if (bits & traits[i].bit)
			json_array_append_new(array, json_string(traits[i].name));
	}
	return array;
}

static json_t *slots_json(const struct descriptor_slots *slots, const char *(*name)(size_t))
{
	json_t *array = json_array();

	for (size_t i = 0; i < DESCRIPTOR_SLOTS_MAX && name(i); i++) {
		if (slots->set >> i & 1)
			json_array_append_new(array, json_string(name(i)));
	}
	return array;
}

static json_t *option_json(const struct lks_option *option)
{
	json_t *item = json_object();

	json_put_text(item, "name", option->name);
	json_put_text(item, "type", option_type_name(option->type));
	json_put_flag(item, "required", (option->flags & LKS_OPTION_REQUIRED) != 0);
	json_put_text(item, "default", option->fallback);
	json_put_text(item, "choices", option->choices);
	json_put_text(item, "help", option->help);
	return item;
}

static json_t *backend_json(const struct descriptor *descriptor)
{
	static const char *const names[] = { "pending", "previous", "blue", "green", "metadata" };
	json_t *backend, *sides;

	if (!descriptor->backend.is_present)
		return json_null();
	backend = json_object();
	sides = json_object();
	for (size_t i = 0; i < COUNT_OF(names); i++)
		json_put_text(sides, names[i], descriptor->sides[i]);
	json_put(backend, "does", slots_json(&descriptor->backend, descriptor_backend_slot));
	json_put(backend, "traits", traits_json(descriptor->backend_traits));
	json_put(backend, "sides", sides);
	return backend;
}

static json_t *verifier_json(const struct descriptor *descriptor)
{
	json_t *verifier;

	if (!descriptor->verifier.is_present)
		return json_null();
	verifier = json_object();
	json_put(verifier, "does", slots_json(&descriptor->verifier, descriptor_verifier_slot));
	json_put(verifier, "traits", traits_json(descriptor->verifier_traits));
	json_put_number(verifier, "slots", descriptor->verifier_slots);
	return verifier;
}

static json_t *info_json(const struct descriptor *descriptor)
{
	json_t *object = json_object();
	json_t *options = json_array();

	for (size_t i = 0; i < descriptor->option_count; i++)
		json_array_append_new(options, option_json(&descriptor->options[i]));
	json_put_text(object, "name", descriptor->name);
	json_put_text(object, "version", descriptor->version);
	json_put_text(object, "summary", descriptor->summary);
	json_put_text(object, "license", descriptor->license);
	json_put(object, "backend", backend_json(descriptor));
	json_put(object, "verifier", verifier_json(descriptor));
	json_put(object, "options", options);
	return object;
}

static void print_words(const char *label, const json_t *array)
{
	size_t i;
	json_t *word;

	printf("%s", label);
	json_array_foreach(array, i, word) printf(" %s", json_string_value(word));
	printf("\n");
}

static void print_option(const struct lks_option *option)
{
	printf("  %s (%s%s)\n", option->name, option_type_name(option->type),
	       option->flags & LKS_OPTION_REQUIRED ? ", required" : "");
	cli_print_wrapped(option->help ? option->help : "", 6);
	if (option->choices)
		printf("      one of: %s\n", option->choices);
	if (option->fallback)
		printf("      default: %s\n", option->fallback);
}

static void print_info(const struct descriptor *descriptor)
{
	AUTO(json_freep) json_t *info = info_json(descriptor);
	const json_t *backend = json_object_get(info, "backend");
	const json_t *verifier = json_object_get(info, "verifier");

	printf("%s %s: %s\n", descriptor->name, descriptor->version, descriptor->summary);
	printf("license: %s\n", descriptor->license);
	if (descriptor->backend.is_present) {
		print_words("backend:", json_object_get(backend, "does"));
		print_words("  traits:", json_object_get(backend, "traits"));
	}
	if (descriptor->verifier.is_present)
		print_words("verifier:", json_object_get(verifier, "does"));
	printf("\nOptions, in a group of stores or verifiers:\n");
	for (size_t i = 0; i < descriptor->option_count; i++)
		print_option(&descriptor->options[i]);
}

static int describe_plugin(struct cli *cli, const char *name)
{
	const struct descriptor *descriptor;
	struct lks_error err;

	if (registry_describe(cli->registry, name, &descriptor, &err))
		return cli_fail(cli, &err);
	if (cli->json)
		return cli_json(cli, "plugins-info", info_json(descriptor));
	print_info(descriptor);
	return cli_flush(cli);
}

/* Without a config file: the folder of the installation. */
static enum lks_status open_registry(struct cli *cli, struct lks_error *err)
{
	enum lks_status status = cli_open_config(cli, err);

	if (status == LKS_NOT_FOUND && !cli->config_path && !cli->config_environment)
		status = config_defaults(cli->environment_name, &cli->config, err);
	return status ? status : cli_open_registry(cli, err);
}

int cmd_plugins(struct cli *cli, int argc, char **argv)
{
	bool is_list = !strcmp(argv[1], "list");
	struct lks_error err;

	if (!is_list && strcmp(argv[1], "info"))
		return cli_usage(cli, "what about plugins? list or info NAME");
	if (is_list ? argc != 2 : argc != 3)
		return cli_usage(cli, is_list ? "plugins list takes no argument"
					      : "plugins info needs a NAME");
	if (open_registry(cli, &err))
		return cli_fail(cli, &err);
	return is_list ? list_plugins(cli) : describe_plugin(cli, argv[2]);
}
