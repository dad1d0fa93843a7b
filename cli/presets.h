/* SPDX-License-Identifier: Apache-2.0 */
/* What `init` knows about the keys that people have in env files. */
#ifndef CLI_PRESETS_H
#define CLI_PRESETS_H

#include <stddef.h>

/* A key of a service: how to ask the service whether the key works. */
struct preset_service {
	const char *keys;   /* names, separated by blanks */
	const char *name;   /* of the verifier */
	const char *header; /* with %s for the key */
	const char *url;
};

/* A key that only programs of one's own check: any long random text will do. */
struct preset_own {
	const char *keys;
	const char *rotation; /* the rotation's name */
	const char *generate; /* the inside of `generate = { }` */
};

/* NULL if the key is not known. */
const struct preset_service *preset_service(const char *key);
const struct preset_own *preset_own(const char *key);

#endif
