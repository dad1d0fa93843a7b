/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret bytes of the host with an owner, and the idiom of owned locals.
 *
 *   AUTO(bytes_release) struct bytes text = { 0 };
 *
 * The content of an env file lives in these and nowhere else: no stdio, no
 * malloc ever sees it.
 */
#ifndef ENV_FILE_BYTES_H
#define ENV_FILE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lockstep/plugin.h>

#define AUTO(function) __attribute__((cleanup(function)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define TAKE(pointer)                                                                              \
	__extension__({                                                                            \
		__typeof__(pointer) taken_ = (pointer);                                            \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

static inline void owned_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void owned_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct bytes {
	const struct lks_host *host;
	struct lks_buffer *buffer; /* NULL: nothing yet */
	unsigned char *data;
	size_t len;
	size_t capacity;
};

static inline enum lks_status bytes_new(struct bytes *bytes, const struct lks_host *host,
					size_t capacity, struct lks_error *err)
{
	enum lks_status status = host->buffer_new(host, capacity, &bytes->buffer, err);

	if (status)
		return status;
	bytes->host = host;
	bytes->data = host->buffer_data(bytes->buffer);
	bytes->len = 0;
	bytes->capacity = capacity;
	return LKS_OK;
}

static inline void bytes_release(struct bytes *bytes)
{
	if (bytes->buffer)
		bytes->host->buffer_free(bytes->host, bytes->buffer);
	memset(bytes, 0, sizeof(*bytes));
}

/* `to` releases what it had and takes over what `from` has. */
static inline void bytes_move(struct bytes *to, struct bytes *from)
{
	bytes_release(to);
	*to = *from;
	memset(from, 0, sizeof(*from));
}

/* The caller made the buffer large enough. */
static inline void bytes_add(struct bytes *bytes, const void *data, size_t len)
{
	if (len)
		memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

static inline bool bytes_equal(const struct bytes *a, const struct bytes *b)
{
	return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

#endif
