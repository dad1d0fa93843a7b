/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makers of new values: passwords, random bytes as hex or base64, UUIDs, key
 * pairs as PEM.
 *
 * A recipe that gives less than GENERATE_BITS_MIN bits of chance is refused,
 * as is one whose letters repeat (some would come more often). Every letter of
 * a password is equally likely.
 */
#ifndef ROTATE_GENERATE_H
#define ROTATE_GENERATE_H

#include "base/secret.h"
#include "config/config.h"

#define GENERATE_BITS_MIN 64
#define GENERATE_LENGTH_MAX 4096
/* Letters, digits and what needs no quoting anywhere. */
#define GENERATE_ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"

/* "password", "ed25519", ... */
const char *generator_name(enum generator_kind kind);
bool generator_is_key_pair(enum generator_kind kind);

/* Could this recipe be used? LKS_INVALID says what to change. */
enum lks_status generate_check(const struct config_generate *generate,
			       struct lks_error *err) MUST_CHECK;
/* A new value. `ret_public` is set for key pairs only, else NULL. */
enum lks_status generate_value(const struct config_generate *generate,
			       struct lks_buffer **ret_value, struct lks_buffer **ret_public,
			       struct lks_error *err) MUST_CHECK;
/* No secret: a text with every character and the length that a value can
   have, to ask stores about before there is a value. */
enum lks_status generate_sample(const struct config_generate *generate,
				struct lks_buffer **ret_value, struct lks_buffer **ret_public,
				struct lks_error *err) MUST_CHECK;

#endif
