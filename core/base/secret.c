/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: blocks of the arena with a length, and texts built in it. */
#include "base/secret.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"

enum lks_status secret_new(size_t capacity, struct lks_buffer **ret_secret, struct lks_error *err)
{
	AUTO(free_ptr) struct lks_buffer *secret = calloc(1, sizeof(*secret));
	enum lks_status status;

	if (!secret)
		return error_no_memory(err, "secret");
	status = arena_allocate(capacity, &secret->data, err);
	if (status)
		return status;
	secret->capacity = capacity;
	*ret_secret = TAKE(secret);
	return LKS_OK;
}

enum lks_status secret_from(const void *data, size_t len, struct lks_buffer **ret_secret,
			    struct lks_error *err)
{
	struct lks_buffer *secret;
	enum lks_status status = secret_new(len, &secret, err);

	if (status)
		return status;
	if (len > 0)
		memcpy(secret->data, data, len);
	secret->len = len;
	*ret_secret = secret;
	return LKS_OK;
}

void secret_free(struct lks_buffer *secret)
{
	if (!secret)
		return;
	arena_release(secret->data, secret->capacity);
	free(secret);
}

void secret_freep(struct lks_buffer **secret)
{
	secret_free(*secret);
}

bool memory_equal(const void *a, const void *b, size_t len)
{
	const volatile unsigned char *left = a;
	const volatile unsigned char *right = b;
	unsigned char difference = 0;

	for (size_t i = 0; i < len; i++)
		difference = (unsigned char)(difference | (left[i] ^ right[i]));
	return difference == 0;
}

bool secret_equal(const struct lks_buffer *a, const struct lks_buffer *b)
{
	return a->len == b->len && memory_equal(a->data, b->data, a->len);
}

/* A buffer of twice the room with the same bytes, in place of `*secret`. */
static enum lks_status grow(struct lks_buffer **secret, size_t capacity, struct lks_error *err)
{
	struct lks_buffer *larger;
	enum lks_status status = secret_new(capacity, &larger, err);

	if (status)
		return status;
	memcpy(larger->data, (*secret)->data, (*secret)->len);
	larger->len = (*secret)->len;
	secret_free(*secret);
	*secret = larger;
	return LKS_OK;
}

/* How much to expect: a file says so, a pipe does not. */
static size_t first_capacity(int fd, size_t max)
{
	struct stat info;
	size_t expected = 4095;

	if (!fstat(fd, &info) && S_ISREG(info.st_mode) && info.st_size >= 0)
		expected = (size_t)info.st_size;
	/* One more than allowed, so that too much is noticed; and than there
	   is, so that the end is seen without growing. */
	return (expected < max ? expected : max) + 1;
}

/* One read into the free room: bytes read, 0 at the end, -1 with errno. */
static ssize_t read_some(int fd, struct lks_buffer *secret)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };

	for (;;) {
		const ssize_t got =
			read(fd, secret->data + secret->len, secret->capacity - secret->len);

		if (got >= 0)
			return got;
		if (errno == EAGAIN && poll(&waiting, 1, -1) < 0 && errno != EINTR)
			return -1;
		if (errno != EINTR && errno != EAGAIN)
			return -1;
	}
}

enum lks_status secret_read_fd(int fd, size_t max, const char *what, struct lks_buffer **ret_secret,
			       struct lks_error *err)
{
	AUTO(secret_freep) struct lks_buffer *secret = NULL;
	enum lks_status status;
	ssize_t got;

	if (max >= ARENA_BLOCK_MAX)
		return error_set(err, LKS_INVALID, "%s: a secret holds less than %zu bytes", what,
				 ARENA_BLOCK_MAX);
	status = secret_new(first_capacity(fd, max), &secret, err);
	if (status)
		return status;
	for (;;) {
		got = read_some(fd, secret);
		if (got < 0)
			return error_set(err, status_from_errno(errno), "%s: cannot be read: %m",
					 what);
		if (got == 0)
			break;
		secret->len += (size_t)got;
		if (secret->len > max)
			return error_set(err, LKS_INVALID, "%s: larger than %zu bytes", what, max);
		if (secret->len < secret->capacity)
			continue;
		status = grow(&secret, 2 * secret->capacity < max ? 2 * secret->capacity : max + 1,
			      err);
		if (status)
			return status;
	}
	*ret_secret = TAKE(secret);
	return LKS_OK;
}

void secret_text_append(struct secret_text *text, const void *data, size_t len)
{
	size_t needed = len;

	if (text->failed)
		return;
	if (text->buffer && __builtin_add_overflow(text->buffer->len, len, &needed)) {
		text->failed = true;
		return;
	}
	if (!text->buffer) {
		if (secret_new(needed > 64 ? needed : 64, &text->buffer, NULL)) {
			text->failed = true;
			return;
		}
	} else if (needed > text->buffer->capacity) {
		const size_t twice = 2 * text->buffer->capacity;

		if (grow(&text->buffer, needed > twice ? needed : twice, NULL)) {
			text->failed = true;
			return;
		}
	}
	if (len > 0)
		memcpy(text->buffer->data + text->buffer->len, data, len);
	text->buffer->len = needed;
}

void secret_text_add(struct secret_text *text, const char *string)
{
	secret_text_append(text, string, strlen(string));
}

void secret_text_release(struct secret_text *text)
{
	secret_free(text->buffer);
	*text = (struct secret_text)SECRET_TEXT_INIT;
}

enum lks_status secret_text_steal(struct secret_text *text, struct lks_buffer **ret_secret,
				  struct lks_error *err)
{
	if (text->failed)
		return error_no_memory(err, "secret text");
	if (!text->buffer)
		return secret_new(0, ret_secret, err);
	*ret_secret = TAKE(text->buffer);
	return LKS_OK;
}

void secret_require_lock(bool required)
{
	arena_require_lock(required);
}

void secret_stats(size_t *ret_in_use, size_t *ret_reserved, bool *ret_locked)
{
	arena_stats(ret_in_use, ret_reserved, ret_locked);
}
