/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler that built the tests builds their plugins. */
#include "core/plugin/mock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/run.h"
#include "support/test.h"

#define WORDS_MAX 48
#define SAFE_FLAGS "-shared -Wl,-z,now -Wl,-z,relro -Wl,-z,noexecstack -Wl,-z,separate-code"

/* Split at spaces, in place. */
static size_t split(char *text, const char **words, size_t count)
{
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word && count < WORDS_MAX - 1;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

static void build(struct temp *folder, const char *name, const char *source, const char *base,
		  const char *flags)
{
	AUTO(run_release) struct run run = RUN_INIT;
	char line[2048], more[2048], define_name[128], define_symbol[128], output[600], input[600];
	const char *words[WORDS_MAX];
	const char *sources = getenv("top_srcdir");
	size_t count;

	snprintf(define_name, sizeof(define_name), "-DMOCK_NAME=\"%s\"", name);
	snprintf(define_symbol, sizeof(define_symbol), "-DMOCK=%s", name);
	for (char *c = define_symbol + strlen("-DMOCK="); *c; c++)
		if (*c == '-')
			*c = '_';
	snprintf(output, sizeof(output), "%s/%s.so", folder->path, name);
	snprintf(input, sizeof(input), "%s/tests/plugins/mock/%s", sources ? sources : ".", source);
	snprintf(line, sizeof(line),
		 TEST_CC " -std=gnu11 -fPIC -fvisibility=hidden -I%s/include %s",
		 sources ? sources : ".", base);
	snprintf(more, sizeof(more), "%s", flags ? flags : "");
	count = split(line, words, 0);
	words[count++] = define_name;
	words[count++] = define_symbol;
	/* Last, so that they can undo what is before them. */
	count = split(more, words, count);
	words[count++] = "-o";
	words[count++] = output;
	words[count++] = input;
	words[count] = NULL;
	run_program(&run, words);
	if (run.exit_code)
		fail_msg("%s: %s", source, run.err);
	if (chmod(output, 0755))
		fail_msg("chmod %s", output);
}

void mock_build(struct temp *folder, const char *name, const char *source, const char *flags)
{
	build(folder, name, source, SAFE_FLAGS, flags);
}

void mock_build_bare(struct temp *folder, const char *name, const char *source, const char *flags)
{
	build(folder, name, source, "", flags);
}

void mock_write(struct temp *folder, const char *file_name, const void *data, size_t len)
{
	file_write(temp_path(folder, file_name), data, len, 0755);
}
