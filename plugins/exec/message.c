/* SPDX-License-Identifier: Apache-2.0 */
/* The last line, redacted. The host escapes control characters. */
#include "exec/message.h"

#include <string.h>

/* A secret shorter than this is part of ordinary words. */
#define SHORTEST 4
#define MASK "***"

struct line {
	const unsigned char *data;
	size_t len;
};

static int is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0';
}

static struct line last_line(const unsigned char *data, size_t len, int is_cut)
{
	struct line line = { data, 0 };
	size_t start;

	while (len > 0 && is_blank(data[len - 1]))
		len--;
	for (start = len; start > 0 && data[start - 1] != '\n' && data[start - 1] != '\r';)
		start--;
	/* Half a line may begin with half a secret. */
	if (start == 0 && is_cut)
		return line;
	while (start < len && is_blank(data[start]))
		start++;
	line.data = data + start;
	line.len = len - start;
	return line;
}

/* As it would stand within a line: programs cut line ends off. */
static size_t shown_len(const struct message_secret *secret)
{
	const unsigned char *data = secret->data;
	size_t len = secret->len;

	while (len > 0 && is_blank(data[len - 1]))
		len--;
	return len;
}

/* The longest secret that begins here; 0 if none. */
static size_t secret_at(const struct line *line, size_t position,
			const struct message_secret *secrets, size_t secret_count)
{
	size_t longest = 0;

	for (size_t i = 0; i < secret_count; i++) {
		size_t len = shown_len(&secrets[i]);

		if (len > longest && len <= line->len - position &&
		    memcmp(line->data + position, secrets[i].data, len) == 0)
			longest = len;
	}
	return longest;
}

/* A secret of several lines: the last line may show one of them. */
static int is_line_of_secret(const struct line *line, const struct message_secret *secrets,
			     size_t secret_count)
{
	for (size_t i = 0; i < secret_count; i++) {
		const unsigned char *data = secrets[i].data;
		const unsigned char *end = data + secrets[i].len;

		while (line->len && data < end) {
			const unsigned char *stop = memchr(data, '\n', (size_t)(end - data));
			size_t len = (size_t)((stop ? stop : end) - data);

			if (len >= SHORTEST && len <= line->len &&
			    memmem(line->data, line->len, data, len))
				return 1;
			data += len + 1;
		}
	}
	return 0;
}

void message_from(const unsigned char *complaint, size_t len, int is_cut,
		  const struct message_secret *secrets, size_t secret_count, char *buffer)
{
	struct line line = last_line(complaint, len, is_cut);
	size_t used = 0;
	size_t at = 0;

	buffer[0] = '\0';
	while (at < line.len && used + sizeof(MASK) <= MESSAGE_MAX) {
		size_t width = secret_at(&line, at, secrets, secret_count);

		if (width == 0) {
			buffer[used++] = (char)line.data[at++];
			continue;
		}
		if (width < SHORTEST) {
			used = 0;
			break;
		}
		memcpy(buffer + used, MASK, strlen(MASK));
		used += strlen(MASK);
		at += width;
	}
	/* Half a word may be half a secret, in an encoding that is looked for
	   only where it is whole. */
	while (at < line.len && used > 0 && !is_blank((unsigned char)buffer[used - 1]))
		used--;
	buffer[used] = '\0';
	line.data = (const unsigned char *)buffer;
	line.len = used;
	if (is_line_of_secret(&line, secrets, secret_count))
		buffer[0] = '\0';
}
