/* SPDX-License-Identifier: Apache-2.0 */
/* The @include lines of config files: found inside the config's folder, read
   with the same checks, never in a circle. */
#ifndef CONFIG_INCLUDE_H
#define CONFIG_INCLUDE_H

#include "config/token.h"

/* `input` stands at an @include; afterwards the reader is inside that file. */
enum lks_status include_follow(struct token_reader *reader, struct input *input) MUST_CHECK;

#endif
