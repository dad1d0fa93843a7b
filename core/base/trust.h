/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this file be believed? A file that decides what runs (config, key,
 * plugin) is opened through its chain of folders, each of which, up to `/`,
 * must belong to root or to the effective user and must not be writable by
 * anybody else. Sticky folders (/tmp) are no exception.
 *
 * Everything is judged on open descriptors, one name at a time and without
 * following symbolic links, so nothing can be swapped between the check and
 * the use. Each refusal names the file or folder, the reason and the fix.
 */
#ifndef BASE_TRUST_H
#define BASE_TRUST_H

#include <sys/stat.h>

#include "base/error.h"

/* The file must not be readable by others either (a key). */
#define TRUST_PRIVATE (1u << 0)
/* The file must have one name only (no hard links). */
#define TRUST_ONE_LINK (1u << 1)

/*
 * Open the folder `path` (relative paths start at the working directory).
 * `what` names its role in messages: "the plugin folder". LKS_NOT_FOUND if it
 * is not there, LKS_DENIED if it cannot be believed. The caller closes
 * `*ret_fd`.
 */
enum lks_status trust_open_folder(const char *path, const char *what, int *ret_fd,
				  struct lks_error *err) MUST_CHECK;
/* The same for a folder that one may enter but not list: the descriptor is
   O_PATH, good for opening names in it and nothing else. */
enum lks_status trust_enter_folder(const char *path, const char *what, int *ret_fd,
				   struct lks_error *err) MUST_CHECK;
/*
 * Open the regular file `path` for reading. Never blocks on a FIFO and never
 * opens a device. `ret_stat` may be NULL.
 */
enum lks_status trust_open_file(const char *path, const char *what, unsigned flags, int *ret_fd,
				struct stat *ret_stat, struct lks_error *err) MUST_CHECK;
/* The same for `name` (without slashes) in a folder that was opened with
   trust_open_folder(); `folder` is its path, for messages. */
enum lks_status trust_open_file_at(int folder_fd, const char *folder, const char *name,
				   const char *what, unsigned flags, int *ret_fd,
				   struct stat *ret_stat, struct lks_error *err) MUST_CHECK;

#endif
