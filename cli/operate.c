/* SPDX-License-Identifier: Apache-2.0 */
/* What commands that change something need: the state, and the executor with
   its events on the terminal and its stops. */
#include <signal.h>
#include <string.h>

#include "cli/commands.h"

/* Set by SIGINT, SIGTERM and SIGHUP once an executor was asked for. */
static volatile sig_atomic_t stop_signal;

static void on_stop(int number)
{
	stop_signal = number;
}

static bool must_stop(void *context)
{
	(void)context;
	return stop_signal != 0;
}

/* Ctrl-C and SIGTERM stop at the next safe point, a second one at once. What
   the caller ignores (nohup) stays ignored. */
static void catch_stops(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND };
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
	}
}

enum lks_status cli_open_state(struct cli *cli, struct lks_error *err)
{
	enum lks_status status = cli_open_registry(cli, err);

	if (status || cli->state)
		return status;
	status = state_open(cli->config->state_url, cli->config->state_key_file, &cli->state, err);
	if (!status)
		audit_collect(cli->audit);
	return status;
}

enum lks_status cli_executor(struct cli *cli, struct executor *ret_executor, struct lks_error *err)
{
	enum lks_status status = cli_open_stores(cli, err);

	if (!status)
		status = cli_open_state(cli, err);
	if (status)
		return status;
	catch_stops();
	progress_init(cli);
	*ret_executor = (struct executor){ .stores = cli->stores,
					   .state = cli->state,
					   .audit = cli->audit,
					   .config = cli->config,
					   .subject = &cli->subject,
					   .request = cli->request,
					   .events = &cli->events,
					   .must_stop = must_stop };
	return LKS_OK;
}
