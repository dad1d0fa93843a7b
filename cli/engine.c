/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the engine that a command asks for, opened on first need. */
#include "base/log.h"
#include "base/random.h"
#include "cli/commands.h"
#include "plugin/fence.h"
#include "plugin/registry.h"

static void add_error(void *context, const struct lks_error *err)
{
	(void)context;
	(void)err;
}

static void add_warning(void *context, const struct lks_error *err)
{
	(void)context;
	log_warn("%s%s%s", err->where, err->where[0] ? ": " : "", err->message);
}

static void set_log(const struct cli *cli)
{
	enum lks_level level = cli->config->log_level;

	if (cli->quiet)
		level = LKS_LOG_ERROR;
	if (cli->verbose)
		level = cli->verbose > 1 ? LKS_LOG_DEBUG : LKS_LOG_INFO;
	log_setup(level, cli->config->log_format, STDERR_FILENO);
}

enum lks_status cli_open_config(struct cli *cli, struct lks_error *err)
{
	struct report report = { .add = add_error, .warn = add_warning };
	enum lks_status status;

	if (cli->config)
		return LKS_OK;
	status = config_load(cli->config_path, cli->config_environment, cli->environment_name,
			     &report, &cli->config, err);
	if (status) {
		error_exit(err, EXIT_USAGE);
		if (report.errors > 1)
			error_hint(err, "lockstep check lists all %zu errors", report.errors);
		return status;
	}
	set_log(cli);
	secret_require_lock(cli->config->memory_require_lock);
	return LKS_OK;
}

enum lks_status cli_open_registry(struct cli *cli, struct lks_error *err)
{
	enum lks_status status;

	if (cli->registry)
		return LKS_OK;
	status = cli_open_config(cli, err);
	if (!status)
		status = fence_setup(err);
	if (!status)
		status = registry_start_modules(NULL, err);
	if (status)
		return status;
	return registry_new(&cli->config->module_path, cli->config->pins, cli->config->pin_count,
			    &cli->registry, err);
}

enum lks_status cli_open_stores(struct cli *cli, struct lks_error *err)
{
	enum lks_status status;

	if (cli->stores)
		return LKS_OK;
	status = cli_open_registry(cli, err);
	if (!status && !cli->subject.name[0])
		status = subject_of_caller(cli->config, &cli->subject, err);
	if (!status && !cli->request[0])
		status = uuid7_make(cli->request, err);
	if (status)
		return status;
	log_request(cli->request);
	if (!cli->audit)
		status = audit_open(cli->config->audit_path, cli->config->audit_strict, &cli->audit,
				    err);
	if (status)
		return status;
	return stores_new(cli->config, cli->registry, cli->audit, &cli->stores, err);
}

struct access cli_access(const struct cli *cli, enum action action)
{
	return (struct access){ .subject = &cli->subject,
				.request = cli->request,
				.action = action };
}

void cli_close(struct cli *cli)
{
	stores_free(TAKE(cli->stores));
	state_close(TAKE(cli->state));
	audit_close(TAKE(cli->audit));
	registry_free(TAKE(cli->registry));
	subject_release(&cli->subject);
	config_free(TAKE(cli->config));
	free(TAKE(cli->values));
	if (cli->arguments)
		free(cli->arguments - 1);
	cli->arguments = NULL;
}
