/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_child.py: run a program behind the mask without stores and config.
 *
 *   run_masked [--become] SECRET... -- CMD...
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/child.h"

extern char **environ;

static int fail(const struct lks_error *err)
{
	fprintf(stderr, "run_masked: %s\n", err->message);
	return (int)error_exit_code(err);
}

int main(int argc, char **argv)
{
	AUTO(redactor_freep) struct redactor *redactor = NULL;
	struct program program = { NULL, environ, 0, { { 0 } }, { 0, 0 } };
	struct child child;
	struct lks_error err;
	int next = 1;
	int code;

	program.umask = umask(077);
	sigprocmask(SIG_SETMASK, NULL, &program.signal_mask);
	getrlimit(RLIMIT_CORE, &program.core_limit);
	if (redactor_new(&redactor, &err))
		return fail(&err);
	for (; next < argc && strcmp(argv[next], "--") != 0; next++) {
		enum redact_choice choice;

		if (redactor_add(redactor, argv[next], strlen(argv[next]), &choice, &err))
			return fail(&err);
	}
	if (next + 1 >= argc || redactor_build(redactor, &err))
		return 2;
	program.argv = argv + next + 1;
	if (strcmp(argv[1], "--become") == 0) {
		if (program_become(&program, &err))
			return fail(&err);
	}
	if (child_start(&child, &program, redactor, &err))
		return fail(&err);
	return child_wait(&child, &code, &err) ? fail(&err) : code;
}
