/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and making the key file. */
#include "state/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/random.h"
#include "base/text.h"
#include "base/trust.h"

/* A name that is removed when the function is left. */
static void unlink_text(struct text *name)
{
	if (name->len)
		(void)unlink(text_string(name));
	text_release(name);
}

static enum lks_status make_folder(const char *path, struct lks_error *err)
{
	AUTO(free_ptr) char *folder = strdup(path);

	if (!folder)
		return error_no_memory(err, "make the folder of the state key");
	for (char *at = folder + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (mkdir(folder, 0700) && errno != EEXIST)
			return error_set(err, status_from_errno(errno), "make the folder %s: %s",
					 folder, strerror(errno));
		*at = '/';
	}
	return LKS_OK;
}

static enum lks_status sync_folder(const char *path, struct lks_error *err)
{
	AUTO(free_ptr) char *folder = strdup(path);
	AUTO(fd_close) int fd = -1;
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!slash)
		return error_no_memory(err, "sync the folder of the state key");
	slash[slash == folder] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		return error_set(err, LKS_FAILED, "sync %s: %s", folder, strerror(errno));
	return LKS_OK;
}

static enum lks_status write_key(int fd, const char *path, struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	enum lks_status status = secret_new(CRYPTO_KEY_SIZE, &key, err);
	size_t done = 0;

	if (status)
		return status;
	status = random_bytes(key->data, CRYPTO_KEY_SIZE, err);
	if (status)
		return status;
	while (done < CRYPTO_KEY_SIZE) {
		ssize_t wrote = write(fd, key->data + done, CRYPTO_KEY_SIZE - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return error_set(err, LKS_FAILED, "write %s: %s", path, strerror(errno));
		done += (size_t)wrote;
	}
	if (fsync(fd))
		return error_set(err, LKS_FAILED, "sync %s: %s", path, strerror(errno));
	return LKS_OK;
}

/*
 * Whole under another name, then linked: of two processes that begin at once
 * one wins, the other finds EEXIST and reads the winner's.
 */
static enum lks_status make_key(const char *path, struct lks_error *err)
{
	AUTO(unlink_text) struct text fresh = TEXT_INIT;
	AUTO(fd_close) int fd = -1;
	unsigned char nonce[8];
	char hex[17];
	enum lks_status status = make_folder(path, err);

	if (!status)
		status = random_bytes(nonce, sizeof(nonce), err);
	if (status)
		return status;
	hex_print(nonce, sizeof(nonce), hex);
	text_printf(&fresh, "%s.%s", path, hex);
	if (!text_ok(&fresh))
		return error_no_memory(err, "make the state key");
	fd = open(text_string(&fresh), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set(err, status_from_errno(errno), "make %s: %s", text_string(&fresh),
				 strerror(errno));
	status = write_key(fd, text_string(&fresh), err);
	if (status)
		return status;
	if (link(text_string(&fresh), path) && errno != EEXIST)
		return error_set(err, status_from_errno(errno), "make the state key %s: %s", path,
				 strerror(errno));
	return sync_folder(path, err);
}

static enum lks_status read_key(const char *path, struct lks_buffer **ret_key,
				struct lks_error *err)
{
	AUTO(fd_close) int fd = -1;
	AUTO(secret_freep) struct lks_buffer *key = NULL;
	struct stat stat;
	enum lks_status status;

	status = trust_open_file(path, "the state key", TRUST_PRIVATE, &fd, &stat, err);
	/* "May not read" and "cannot be believed" are different ways out. */
	if (status == LKS_DENIED && (!access(path, R_OK) || errno != EACCES)) {
		if (err)
			err->status = LKS_INVALID;
		return LKS_INVALID;
	}
	if (status)
		return status;
	if (stat.st_size == CRYPTO_KEY_SIZE)
		status = secret_read_fd(fd, CRYPTO_KEY_SIZE, path, &key, err);
	if (status)
		return status;
	if (!key || key->len != CRYPTO_KEY_SIZE)
		return error_set(err, LKS_INVALID,
				 "the state key %s has %lld bytes, a key has %d: it is damaged",
				 path, (long long)stat.st_size, CRYPTO_KEY_SIZE);
	*ret_key = TAKE(key);
	return LKS_OK;
}

enum lks_status key_read(const char *path, bool create, struct lks_buffer **ret_key,
			 struct lks_error *err)
{
	enum lks_status status = read_key(path, ret_key, err);

	if (status != LKS_NOT_FOUND || !create)
		return status;
	status = make_key(path, err);
	return status ? status : read_key(path, ret_key, err);
}
