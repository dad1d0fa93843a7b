/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `check`: all that is wrong with the config, the options of every plugin and
 * circles of credentials included, without opening a store. `check --as`: what
 * policy says, and which rule says it.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "plugin/registry.h"
#include "plugin/schema.h"
#include "rotate/planner.h"

struct findings {
	struct cli *cli;
	json_t *errors, *warnings;
};

static void print_finding(const char *kind, const struct lks_error *err)
{
	fprintf(stderr, "%s%s%s%s\n", err->where, err->where[0] ? ": " : "", kind, err->message);
	if (err->hint[0])
		fprintf(stderr, "  hint: %s\n", err->hint);
}

static void take_error(void *context, const struct lks_error *err)
{
	struct findings *findings = context;

	json_array_append_new(findings->errors, json_error(err));
	if (!findings->cli->json)
		print_finding("", err);
}

static void take_warning(void *context, const struct lks_error *err)
{
	struct findings *findings = context;

	json_array_append_new(findings->warnings, json_error(err));
	if (!findings->cli->json && !findings->cli->quiet)
		print_finding("warning: ", err);
}

static bool is_reference(const char *text)
{
	struct reference reference;

	return reference_parse(text, &reference, NULL) == LKS_OK;
}

/* Which store needs which other one for its credentials. */
struct edges {
	struct config_edge *items;
	char (*names)[LKS_NAME_MAX + 1];
	size_t count, capacity;
};

static void add_edge(struct edges *edges, const char *from, const char *to,
		     const struct setting *where)
{
	if (edges->count == edges->capacity)
		return;
	string_copy(edges->names[edges->count], sizeof(edges->names[0]), to);
	edges->items[edges->count] =
		(struct config_edge){ from, edges->names[edges->count], where };
	edges->count++;
}

/* The references in the secret options of a group: they must lead somewhere. */
static void check_secrets(const struct config *config, const struct descriptor *descriptor,
			  const struct setting *group, const char *from, struct edges *edges,
			  struct report *report)
{
	for (size_t i = 0; i < descriptor->option_count; i++) {
		const struct lks_option *option = &descriptor->options[i];
		const struct setting *value = setting_find(group, option->name);
		struct reference reference;

		if (option->type != LKS_OPTION_SECRET || !value || value->type != SETTING_TEXT ||
		    reference_parse(value->text, &reference, NULL))
			continue;
		if (!config_store(config, reference.store))
			report_error(report, value,
				     "\"%s\" names the store \"%s\", which is not in "
				     "the config",
				     option->name, reference.store);
		else if (from)
			add_edge(edges, from, reference.store, value);
	}
}

static const struct descriptor *describe(struct cli *cli, const char *plugin,
					 const struct setting *group, bool wants_backend,
					 struct report *report)
{
	const struct setting *where = setting_find(group, "plugin");
	const struct descriptor *descriptor;
	struct lks_error err;

	if (registry_describe(cli->registry, plugin, &descriptor, &err)) {
		report_error_hint(report, where, err.hint, "%s%s%s", err.where,
				  err.where[0] ? ": " : "", err.message);
		return NULL;
	}
	if (wants_backend ? descriptor->backend.is_present : descriptor->verifier.is_present)
		return descriptor;
	report_error(report, where, "the plugin %s offers no %s", plugin,
		     wants_backend ? "backend" : "verifier");
	return NULL;
}

static void check_group(struct cli *cli, const char *section, const char *plugin,
			const struct setting *group, const char *from, struct edges *edges,
			struct report *report)
{
	const struct descriptor *descriptor;
	const char *const *keys;
	size_t key_count;

	/* Missing: that was said already. */
	if (!plugin || !group)
		return;
	descriptor = describe(cli, plugin, group, !strcmp(section, "stores"), report);
	if (!descriptor)
		return;
	keys = config_engine_keys(section, &key_count);
	schema_check(descriptor, group, keys, key_count, is_reference, report);
	check_secrets(cli->config, descriptor, group, from, edges, report);
}

/* No rotation may make or change another's side records. */
static void check_name(struct cli *cli, const struct config_rotation *rotation, const char *text,
		       struct report *report)
{
	const struct descriptor *descriptor;
	const struct config_store *store;
	struct reference reference;

	if (!text || reference_parse(text, &reference, NULL))
		return;
	store = config_store(cli->config, reference.store);
	if (!store || !store->plugin ||
	    registry_describe(cli->registry, store->plugin, &descriptor, NULL))
		return;
	if (side_is_reserved(descriptor, reference.path))
		report_error(report, rotation->where,
			     "%s: a name with this ending is reserved for another value of a "
			     "secret",
			     text);
}

/* What every run would refuse is found here first. */
static void check_possible(struct cli *cli, const struct config_rotation *rotation,
			   struct report *report)
{
	struct lks_error err;

	if (rotate_check(cli->config, rotation, &err))
		report_error_hint(report, rotation->where, err.hint, "%s", err.message);
}

static void check_rotations(struct cli *cli, struct report *report)
{
	/* What cannot be read has been reported; what follows from it is no news. */
	const bool is_readable = !report->errors;

	for (size_t i = 0; i < cli->config->rotation_count; i++) {
		const struct config_rotation *rotation = &cli->config->rotations[i];

		for (size_t j = 0; j < rotation->secrets.count; j++)
			check_name(cli, rotation, rotation->secrets.items[j], report);
		for (size_t j = 0; j < rotation->copy_count; j++)
			check_name(cli, rotation, rotation->copies[j].to, report);
		if (is_readable)
			check_possible(cli, rotation, report);
	}
}

#define EDGES_MAX 65536

static void check_plugins(struct cli *cli, struct report *report)
{
	const struct config *config = cli->config;
	struct edges edges = { .capacity = EDGES_MAX };

	edges.items = calloc(edges.capacity, sizeof(*edges.items));
	edges.names = calloc(edges.capacity, sizeof(*edges.names));
	if (!edges.items || !edges.names)
		edges.capacity = 0;
	for (size_t i = 0; i < config->store_count; i++) {
		const struct config_store *store = &config->stores[i];

		check_group(cli, "stores", store->plugin, store->settings, store->name, &edges,
			    report);
	}
	for (size_t i = 0; i < config->verifier_count; i++) {
		const struct config_verifier *verifier = &config->verifiers[i];

		check_group(cli, "verifiers", verifier->plugin, verifier->settings, NULL, &edges,
			    report);
	}
	config_find_cycle(edges.items, edges.count, report);
	free(edges.items);
	free(edges.names);
}

static void print_count(const char *separator, size_t count, const char *one, const char *many)
{
	printf("%s%zu %s", separator, count, count == 1 ? one : many);
}

static void print_good(const struct config *config)
{
	printf("%s: good", config->path ? config->path : "(no config file)");
	print_count(": ", config->store_count, "store", "stores");
	print_count(", ", config->verifier_count, "verifier", "verifiers");
	print_count(", ", config->policy_count, "policy", "policies");
	print_count(", ", config->rotation_count, "rotation", "rotations");
	putchar('\n');
}

static int print_findings(struct cli *cli, const struct findings *findings,
			  const struct report *report)
{
	const struct config *config = cli->config;
	int code = report->errors ? EXIT_USAGE : EXIT_DONE;
	json_t *object;
	int lost;

	if (!cli->json) {
		if (report->errors)
			printf("%zu error%s\n", report->errors, report->errors == 1 ? "" : "s");
		else
			print_good(config);
		lost = cli_flush(cli);
		return code ? code : lost;
	}
	object = json_object();
	json_put_flag(object, "ok", !report->errors);
	json_put_text(object, "path", config ? config->path : NULL);
	json_put(object, "errors", json_incref(findings->errors));
	json_put(object, "warnings", json_incref(findings->warnings));
	json_put_number(object, "exit", code);
	lost = cli_json(cli, "check", object);
	return code ? code : lost;
}

static int check_config(struct cli *cli)
{
	AUTO(json_freep) json_t *errors = json_array();
	AUTO(json_freep) json_t *warnings = json_array();
	struct findings findings = { cli, errors, warnings };
	struct report report = { .add = take_error, .warn = take_warning, .context = &findings };
	struct lks_error err;
	enum lks_status status;

	status = config_inspect(cli->config_path, cli->config_environment, cli->environment_name,
				&report, &cli->config, &err);
	if (status && !report.errors) {
		error_exit(&err, EXIT_USAGE);
		return cli_fail(cli, &err);
	}
	if (cli->config) {
		if (cli_open_registry(cli, &err))
			return cli_fail(cli, &err);
		check_plugins(cli, &report);
		check_rotations(cli, &report);
	}
	return print_findings(cli, &findings, &report);
}

/* --- check --as -------------------------------------------------------------- */

struct question {
	const char *subject_name;
	struct reference reference;
	enum action action;
	char tenant[256];
};

static int print_decision(struct cli *cli, const struct question *question,
			  const struct decision *decision)
{
	int code = decision->allowed ? EXIT_DONE : EXIT_DENIED;
	const struct setting *where = decision->rule ? decision->rule->where : NULL;
	char reference[REFERENCE_MAX * 2];
	char rule[600] = "";
	json_t *object;
	int lost;

	reference_print(&question->reference, reference, sizeof(reference));
	if (where)
		snprintf(rule, sizeof(rule), "%.500s:%d", where->file ? where->file : "",
			 where->line);
	if (!cli->json) {
		printf("%s may %s%s %s: %s\n", question->subject_name,
		       decision->allowed ? "" : "not ", action_name(question->action), reference,
		       decision->reason);
		lost = cli_flush(cli);
		return code ? code : lost;
	}
	object = json_object();
	json_put_text(object, "subject", question->subject_name);
	json_put_text(object, "reference", reference);
	json_put_text(object, "action", action_name(question->action));
	json_put_flag(object, "allowed", decision->allowed);
	json_put_text(object, "reason", decision->reason);
	json_put_text(object, "rule", rule[0] ? rule : NULL);
	json_put_number(object, "exit", code);
	lost = cli_json(cli, "check-as", object);
	return code ? code : lost;
}

/* The names of all actions, for a message. */
static int unknown_action(struct cli *cli)
{
	AUTO(text_release) struct text names = TEXT_INIT;

	for (int i = 0; i < ACTION_COUNT; i++)
		text_printf(&names, "%s%s", i ? " " : "", action_name((enum action)i));
	return cli_usage(cli, "there is no such action; there are: %s", text_string(&names));
}

static int check_as(struct cli *cli, const char *subject_name, char **argv)
{
	struct question question = { .subject_name = subject_name };
	const struct config_store *store;
	struct decision decision;
	struct subject subject;
	char namespace[256];
	struct lks_error err;

	if (!action_parse(argv[2], &question.action))
		return unknown_action(cli);
	if (cli_open_config(cli, &err) || reference_parse(argv[1], &question.reference, &err))
		return cli_fail(cli, &err);
	store = config_store(cli->config, question.reference.store);
	if (!store) {
		error_set(&err, LKS_INVALID, "there is no store \"%s\" in the config",
			  question.reference.store);
		return cli_fail(cli, &err);
	}
	if (layout_match(store->layout, question.reference.path, question.tenant, namespace,
			 &err) ||
	    subject_named(cli->config, subject_name, &subject, &err))
		return cli_fail(cli, &err);
	policy_decide(cli->config, &subject, question.action, question.reference.store,
		      question.reference.path, question.tenant, &decision);
	subject_release(&subject);
	return print_decision(cli, &question, &decision);
}

int cmd_check(struct cli *cli, int argc, char **argv)
{
	const char *as = cli_option_value(cli, "as");
	bool due = cli_option_value(cli, "due") != NULL;

	if (as && due)
		return cli_usage(cli, "--as and --due are two questions");
	if (due)
		return check_due(cli, argc - 1, argv + 1);
	if (as && argc != 3)
		return cli_usage(cli, "--as SUBJECT needs REF and ACTION");
	if (!as && argc != 1)
		return cli_usage(cli, "arguments need --as SUBJECT or --due");
	return as ? check_as(cli, as, argv) : check_config(cli);
}
