/* SPDX-License-Identifier: Apache-2.0 */
/* What a program said at last, fit to be shown: without the values it got. */
#ifndef EXEC_MESSAGE_H
#define EXEC_MESSAGE_H

#include <lockstep/plugin.h>

#define MESSAGE_MAX 400

/* Secret bytes that must not be shown. */
struct message_secret {
	const void *data;
	size_t len;
};

/*
 * The last line of `complaint` that holds anything, in `buffer` (at least
 * MESSAGE_MAX + 1 bytes): each secret replaced by ***, bounded. "" if there is
 * none, or if it cannot be shown: its beginning is missing (`is_cut`), or it
 * holds a secret so short that any word might be it.
 */
void message_from(const unsigned char *complaint, size_t len, int is_cut,
		  const struct message_secret *secrets, size_t secret_count, char *buffer);

#endif
