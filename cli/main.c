/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process before anything else runs in it: three open descriptors, the
 * caller's world saved, a small environment, nothing that could leak.
 *
 * The locale is never set: what is printed and parsed is the same everywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "cli/cli.h"

extern char **environ;

/* All that this program and the libraries in it may see of the environment.
   Everything else (LD_*, SSLKEYLOGFILE, OPENSSL_CONF, *_proxy, TZDIR,
   MALLOC_*, ...) can divert files, connections or code. */
static const char *const kept_variables[] = {
	"COLUMNS",
	"HOME",
	"LOCKSTEP_CONFIG",
#ifdef ENABLE_FAILPOINTS
	"LOCKSTEP_FAILPOINT",
#endif
	"LOGNAME",
	"NO_COLOR",
	"PATH",
	"TERM",
	"USER",
	"XDG_CONFIG_HOME",
	"XDG_RUNTIME_DIR",
	"XDG_STATE_HOME",
};

/*
 * A file opened later must never become 0, 1 or 2. What is missing is opened
 * the wrong way round, so that using it fails as it would have.
 */
static bool open_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (errno != EBADF || open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

static const char *find_variable(char **environment, const char *name)
{
	size_t len = strlen(name);

	for (; *environment; environment++) {
		if (!strncmp(*environment, name, len) && (*environment)[len] == '=')
			return *environment;
	}
	return NULL;
}

static void scrub_environment(struct cli *cli)
{
	static char *clean[COUNT_OF(kept_variables) + 1];
	size_t count = 0;

	cli->environment = environ;
	for (size_t i = 0; i < COUNT_OF(kept_variables); i++) {
		const char *variable = find_variable(environ, kept_variables[i]);

		if (!variable)
			continue;
		if (!strcmp(kept_variables[i], "LOCKSTEP_CONFIG"))
			cli->config_environment = strchr(variable, '=') + 1;
		clean[count++] = (char *)(uintptr_t)variable;
	}
	clean[count] = NULL;
	environ = clean;
}

static void on_signal(int number)
{
	(void)number;
}

/*
 * Writing to a closed pipe or past a file size limit fails with an errno
 * instead of killing us. A handler, not "ignore": it ends at exec, so that
 * children get the default.
 */
static void set_signals(void)
{
	static const int handled[] = { SIGPIPE, SIGXFSZ };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < COUNT_OF(handled); i++) {
		if (!sigaction(handled[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(handled[i], &action, NULL);
	}
	/* A caller that ignores SIGCHLD would make waitpid() fail. */
	action.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &action, NULL);
}

static bool protect_process(struct cli *cli)
{
	struct rlimit none;

	sigprocmask(SIG_SETMASK, NULL, &cli->signal_mask);
	cli->umask = umask(077);
	if (getrlimit(RLIMIT_CORE, &cli->core_limit))
		return false;
	none = cli->core_limit;
	none.rlim_cur = 0;
	return !setrlimit(RLIMIT_CORE, &none) && !prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	static struct cli cli;

	if (!open_standard_files())
		return EXIT_INTERNAL;
	if (getauxval(AT_SECURE)) {
		static const char text[] =
			"lockstep: refuses to run set-user-id, set-group-id or with file "
			"capabilities: whoever starts it would borrow its rights\n";

		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
		return EXIT_DENIED;
	}
	scrub_environment(&cli);
	set_signals();
	if (!protect_process(&cli)) {
		fprintf(stderr, "lockstep: cannot protect this process: %s\n", strerror(errno));
		return EXIT_INTERNAL;
	}
	json_setup();
	return cli_main(&cli, argc, argv);
}
