/* SPDX-License-Identifier: Apache-2.0 */
/* The config's `on_event` commands. */
#include "rotate/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#define LOOK_AGAIN_MS 5

static bool wants(const struct config_event_hook *hook, const char *event)
{
	for (size_t i = 0; i < hook->events.count; i++) {
		if (strcmp(hook->events.items[i], event) == 0)
			return true;
	}
	return false;
}

/* A process group of its own, default signals, no environment of ours. */
static int start(const struct config_event_hook *hook, int input, pid_t *ret_pid)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = { path, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t signals, none;
	char **argv = calloc(hook->command.count + 1, sizeof(*argv));
	if (!argv)
		return ENOMEM;
	memcpy(argv, hook->command.items, hook->command.count * sizeof(*argv));
	sigfillset(&signals);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	/* Our standard output is for results. */
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setsigmask(&attributes, &none);
	int failure = posix_spawnp(ret_pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	free(argv);
	return failure;
}

/* The JSON is small and the socket's buffer takes it whole; a hook that does
   not read it does not stop us. */
static void feed(int fd, const char *text)
{
	size_t len = strlen(text);
	if (send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		log_warn("an event did not fit into a hook's input");
}

static bool ends_in_time(pid_t pid, int *ret_status)
{
	int64_t deadline = clock_boot_ms() + HOOK_TIMEOUT_MS;
	for (;;) {
		pid_t ended = waitpid(pid, ret_status, WNOHANG);
		if (ended == pid)
			return true;
		if (ended < 0 && errno != EINTR)
			return false;
		if (clock_boot_ms() >= deadline)
			break;
		clock_sleep_ms(LOOK_AGAIN_MS);
	}
	kill(-pid, SIGKILL);
	while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
		;
	return false;
}

static void run_hook(const struct config_event_hook *hook, const char *event, const char *text)
{
	int pair[2];
	pid_t pid = 0;
	int status = 0;
	if (!hook->command.count)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_warn("hook %s for \"%s\": %s", hook->command.items[0], event, strerror(errno));
		return;
	}
	int failure = start(hook, pair[1], &pid);
	close(pair[1]);
	if (failure) {
		close(pair[0]);
		log_warn("hook %s for \"%s\": cannot be started: %s", hook->command.items[0], event,
			 strerror(failure));
		return;
	}
	feed(pair[0], text);
	close(pair[0]);
	if (!ends_in_time(pid, &status))
		log_warn("hook %s for \"%s\": did not end within %d s and was stopped",
			 hook->command.items[0], event, HOOK_TIMEOUT_MS / 1000);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		log_warn("hook %s for \"%s\": failed (%s %d)", hook->command.items[0], event,
			 WIFEXITED(status) ? "exit" : "signal",
			 WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static char *event_text(const char *event, const char *kind, const char *name,
			const char *operation, const struct lks_error *error)
{
	AUTO(json_freep) json_t *object = json_object();
	char now[32];
	time_print(clock_wall_ms(), now);
	if (!object || json_put_text(object, "schema", "lockstep.event/1") ||
	    json_put_text(object, "event", event) || json_put_text(object, "kind", kind) ||
	    json_put_text(object, "name", name) || json_put_text(object, "operation", operation) ||
	    json_put_text(object, "at", now) ||
	    json_put(object, "error",
		     error && error->status != LKS_OK ? json_error(error) : json_null()))
		return NULL;
	AUTO(free_ptr) char *line = json_canonical(object);
	AUTO(text_release) struct text text = TEXT_INIT;
	text_printf(&text, "%s\n", line ? line : "");
	return line ? text_steal(&text) : NULL;
}

void hooks_run(const struct config *config, const char *event, const char *kind, const char *name,
	       const char *operation, const struct lks_error *error)
{
	AUTO(free_ptr) char *text = NULL;
	for (size_t i = 0; i < config->hook_count; i++) {
		if (!wants(&config->hooks[i], event))
			continue;
		if (!text)
			text = event_text(event, kind, name, operation, error);
		if (!text) {
			log_warn("no memory for the hooks of \"%s\"", event);
			return;
		}
		run_hook(&config->hooks[i], event, text);
	}
}

static void receive(void *context, const struct event *event)
{
	const char *name = NULL;
	const char *outcome = event->outcome ? event->outcome : "";
	if (event->type != EVENT_FINISHED)
		return;
	if (strcmp(outcome, "rolled-back") == 0)
		name = "failed";
	else if (strcmp(outcome, "stuck") == 0)
		name = "stuck";
	else if (strcmp(outcome, "waiting") == 0)
		name = "waiting";
	if (name)
		hooks_run(context, name, event->kind, event->name, event->operation, event->error);
}

struct event_sink hooks_sink(const struct config *config)
{
	/* The sink's context is not const for the others; this one reads only. */
	return (struct event_sink){ receive, (void *)(uintptr_t)config, NULL };
}
