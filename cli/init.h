/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `init` share: the env files it found, and the text it makes. */
#ifndef CLI_INIT_H
#define CLI_INIT_H

#include "base/text.h"
#include "cli/cli.h"

#define INIT_FILES_MAX 64

struct env_store {
	char name[LKS_NAME_MAX + 1];
	char *path;
	bool is_dotted;  /* keys with . or - */
	bool is_link;    /* a symbolic link */
	bool is_lenient; /* what strict reading refuses */
	char **keys;
	size_t key_count;
};

struct init {
	struct cli *cli;
	const char *path; /* of the config */
	struct env_store stores[INIT_FILES_MAX];
	size_t count;
};

/* Those that --from names, else all in this folder. Of a file only the names of
   keys are looked at. */
enum lks_status init_find(struct init *init, struct lks_error *err) MUST_CHECK;
void init_release(struct init *init);
/* The config, in place of what is in `text`. */
void init_print(const struct init *init, struct text *text);

#endif
