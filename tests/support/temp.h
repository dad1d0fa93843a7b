/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fresh folder (0700) for one test, and whole files in it. Everything fails
 * the test on an error, so nothing here returns one.
 *
 *   AUTO(temp_remove) struct temp temp = temp_make();
 *   file_write(temp_path(&temp, "app.env"), "A=1\n", 4, 0600);
 *
 * cmocka fails by longjmp, so a failing test leaves its folder behind: that is
 * what one wants to look at.
 */
#ifndef SUPPORT_TEMP_H
#define SUPPORT_TEMP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"

struct temp {
	char path[256];
	char names[8][512]; /* of temp_path() */
	unsigned int next;
};

/* Under $TMPDIR or /tmp. */
struct temp temp_make(void);
/* Under $HOME, for what the trust rules judge: they refuse sticky folders. */
struct temp temp_make_trusted(void);
/* With all that is in it; follows no link. */
void temp_remove(struct temp *temp);
/* Valid until the eighth call from now. */
const char *temp_path(struct temp *temp, const char *name);

/* Makes or replaces the file; the mode is as given, whatever the umask is. */
void file_write(const char *path, const void *data, size_t len, mode_t mode);
void file_write_text(const char *path, const char *text);
/* The caller frees; NUL-terminated. `ret_len` may be NULL. */
char *file_read(const char *path, size_t *ret_len);
bool file_exists(const char *path);
mode_t file_mode(const char *path);
/* How many entries a folder has, hidden ones too: is anything left behind? */
size_t folder_count(const char *path);

#endif
