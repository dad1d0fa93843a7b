/* SPDX-License-Identifier: Apache-2.0 */
/* Misbehaves in the way that the path asks for, and says that all is well. */
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock.h"

static int is(const char *path, const char *word)
{
	return strcmp(path, word) == 0;
}

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void disturb(const char *path)
{
	static char *nothing[] = { NULL };
	sigset_t all;
	pthread_t thread;

	if (is(path, "folder") && chdir("/") == 0)
		return;
	if (is(path, "umask"))
		umask(0);
	if (is(path, "locale"))
		setlocale(LC_ALL, "C.UTF-8");
	if (is(path, "environ"))
		environ = nothing;
	if (is(path, "thread"))
		pthread_create(&thread, NULL, sleep_on, NULL);
	sigfillset(&all);
	if (is(path, "signals"))
		pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (int fd = 0; is(path, "fds") && fd <= 2; fd++)
		close(fd);
}

static enum lks_status rude_get(void *instance, const struct lks_call *call, const char *path,
				const char *version, struct lks_record *record,
				struct lks_error *err)
{
	const struct lks_host *host = mock_host;
	char page[8] = "unended";

	(void)instance;
	(void)call;
	(void)version;
	disturb(path);
	if (is(path, "nothing"))
		return LKS_OK;
	if (is(path, "status"))
		return (enum lks_status)12345;
	if (is(path, "silent"))
		return LKS_DENIED;
	if (is(path, "length"))
		return host->record_put(host, record, "value", page, SIZE_MAX, err);
	if (is(path, "null"))
		return host->record_put(host, record, NULL, NULL, 1, err);
	if (is(path, "version"))
		return host->record_set_version(host, record, "../../etc", err);
	/* A failed put that the plugin does not mind. */
	if (is(path, "careless"))
		(void)host->record_put(host, record, "a/b", "x", 1, err);
	return is(path, "careless") ? LKS_OK : host->record_put(host, record, "value", "x", 1, err);
}

static const struct lks_backend backend = {
	.size = sizeof(backend), .open = mock_open, .close = mock_close, .get = rude_get
};

MOCK_PLUGIN(MOCK, MOCK_NAME, MOCK_TEXTS, .backend = &backend);
