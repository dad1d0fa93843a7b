/* SPDX-License-Identifier: Apache-2.0 */
/* Find a program as a shell does, and start it or become it. */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define CANNOT_RUN 126
#define NOT_FOUND 127

static const char *find_variable(char *const *environment, const char *name)
{
	const size_t len = strlen(name);

	for (; *environment; environment++)
		if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
			return *environment + len + 1;
	return NULL;
}

static bool is_program(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) &&
	       faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

static enum lks_status fail(struct lks_error *err, const char *name, int error_number)
{
	const bool missing = error_number == ENOENT || error_number == ENOTDIR;
	const enum lks_status status = missing ? LKS_NOT_FOUND : status_from_errno(error_number);

	error_set(err, status, "%s: %s", name,
		  missing ? "there is no such program" : strerror(error_number));
	error_exit(err, (enum exit_code)(missing ? NOT_FOUND : CANNOT_RUN));
	if (error_number == E2BIG)
		error_hint(err, "the environment and the arguments are larger than the system "
				"takes, or one variable is longer than 128 KiB: give the program "
				"fewer or shorter values");
	return status;
}

/* The path that `name` stands for; the caller frees it. */
static enum lks_status find_program(const struct program *program, char **ret_path,
				    struct lks_error *err)
{
	const char *name = program->argv[0];
	const char *path = find_variable(program->environment, "PATH");
	AUTO(text_release) struct text candidate = TEXT_INIT;
	int failed = ENOENT;

	if (strchr(name, '/') || !name[0]) {
		*ret_path = strdup(name);
		return *ret_path ? LKS_OK : error_no_memory(err, "the program's path");
	}
	for (path = path ? path : "/usr/local/bin:/usr/bin:/bin"; path;) {
		const char *end = strchr(path, ':');
		const size_t len = end ? (size_t)(end - path) : strlen(path);

		text_clear(&candidate);
		text_append(&candidate, len ? path : ".", len ? len : 1);
		text_printf(&candidate, "/%s", name);
		if (!text_ok(&candidate))
			return error_no_memory(err, "the program's path");
		if (is_program(text_string(&candidate))) {
			*ret_path = text_steal(&candidate);
			return *ret_path ? LKS_OK : error_no_memory(err, "the program's path");
		}
		if (access(text_string(&candidate), F_OK) == 0)
			failed = EACCES;
		path = end ? end + 1 : NULL;
	}
	return fail(err, name, failed);
}

/* The caller's umask and core limit while the child is made; ours after. */
struct world {
	mode_t umask;
	struct rlimit core;
};

static void world_enter(struct world *world, const struct program *program)
{
	world->umask = umask(program->umask);
	getrlimit(RLIMIT_CORE, &world->core);
	setrlimit(RLIMIT_CORE, &program->core_limit);
}

static void world_leave(struct world *world)
{
	umask(world->umask);
	setrlimit(RLIMIT_CORE, &world->core);
}

static void actions_release(posix_spawn_file_actions_t *actions)
{
	posix_spawn_file_actions_destroy(actions);
}

static void attributes_release(posix_spawnattr_t *attributes)
{
	posix_spawnattr_destroy(attributes);
}

static int describe(const struct program *program, const struct program_files *files,
		    posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes)
{
	short flags = POSIX_SPAWN_SETSIGMASK;
	int failed = posix_spawnattr_setsigmask(attributes, &program->signal_mask);

	/* The session comes first, so that the open makes the terminal its own. */
	if (files->terminal) {
		flags |= POSIX_SPAWN_SETSID;
		failed = failed ? failed
				: posix_spawn_file_actions_addopen(actions, 0, files->terminal,
								   O_RDWR, 0);
		failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, 0, 1);
		if (files->fds[2] < 0)
			failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, 0, 2);
	}
	for (int fd = files->terminal ? 2 : 0; fd < 3; fd++)
		if (files->fds[fd] >= 0)
			failed = failed ? failed
					: posix_spawn_file_actions_adddup2(actions, files->fds[fd],
									   fd);
	return failed ? failed : posix_spawnattr_setflags(attributes, flags);
}

/* A text without "#!" is a script of the shell. */
static char **shell_arguments(const char *path, char *const *argv)
{
	size_t count = 0;
	char **arguments;

	while (argv[count])
		count++;
	arguments = calloc(count + 3, sizeof(*arguments));
	if (!arguments)
		return NULL;
	arguments[0] = (char *)(uintptr_t) "/bin/sh";
	arguments[1] = (char *)(uintptr_t)path;
	for (size_t i = 1; i < count; i++)
		arguments[i + 1] = argv[i];
	return arguments;
}

static int spawn(const struct program *program, const char *path,
		 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
		 pid_t *ret_pid)
{
	AUTO(world_leave) struct world world;
	AUTO(free_ptr) char **script = NULL;
	int failed;

	world_enter(&world, program);
	failed = posix_spawn(ret_pid, path, actions, attributes, program->argv,
			     program->environment);
	if (failed != ENOEXEC)
		return failed;
	script = shell_arguments(path, program->argv);
	return script ? posix_spawn(ret_pid, script[0], actions, attributes, script,
				    program->environment)
		      : ENOMEM;
}

enum lks_status program_start(const struct program *program, const struct program_files *files,
			      pid_t *ret_pid, struct lks_error *err)
{
	AUTO(actions_release) posix_spawn_file_actions_t actions;
	AUTO(attributes_release) posix_spawnattr_t attributes;
	AUTO(free_ptr) char *path = NULL;
	enum lks_status status;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	status = find_program(program, &path, err);
	if (status)
		return status;
	failed = describe(program, files, &actions, &attributes);
	if (!failed)
		failed = spawn(program, path, &actions, &attributes, ret_pid);
	/* It is there, but not what its first line names. */
	if (failed == ENOENT && is_program(path))
		failed = ENOEXEC;
	return failed ? fail(err, program->argv[0], failed) : LKS_OK;
}

enum lks_status program_become(const struct program *program, struct lks_error *err)
{
	AUTO(free_ptr) char *path = NULL;
	AUTO(free_ptr) char **script = NULL;
	struct world world;
	sigset_t mask;
	enum lks_status status = find_program(program, &path, err);
	int failed;

	if (status)
		return status;
	world_enter(&world, program);
	sigprocmask(SIG_SETMASK, &program->signal_mask, &mask);
	execve(path, program->argv, program->environment);
	failed = errno;
	if (failed == ENOEXEC && (script = shell_arguments(path, program->argv)) != NULL) {
		execve(script[0], script, program->environment);
		failed = errno;
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	world_leave(&world);
	if (failed == ENOENT && is_program(path))
		failed = ENOEXEC;
	return fail(err, program->argv[0], failed);
}
