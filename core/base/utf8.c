/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8, what in it cannot be seen, and the escaping of text for people. */
#include "base/text.h"

#include <string.h>

/*
 * Decode the character at `bytes`: its length, or 0 if it is not UTF-8
 * (overlong forms, surrogates and numbers above U+10FFFF are not).
 */
static size_t decode(const unsigned char *bytes, size_t len, uint32_t *ret_character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t character;
	size_t count;

	if (bytes[0] < 0x80) {
		*ret_character = bytes[0];
		return 1;
	}
	if ((bytes[0] & 0xe0) == 0xc0)
		count = 2;
	else if ((bytes[0] & 0xf0) == 0xe0)
		count = 3;
	else if ((bytes[0] & 0xf8) == 0xf0)
		count = 4;
	else
		return 0;
	if (count > len)
		return 0;
	character = bytes[0] & (0x7fU >> count);
	for (size_t i = 1; i < count; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = (character << 6) | (bytes[i] & 0x3f);
	}
	if (character < smallest[count] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return count;
}

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

static bool is_invisible(uint32_t character)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{ 0x00ad, 0x00ad },   /* soft hyphen */
		{ 0x034f, 0x034f },   /* grapheme joiner */
		{ 0x061c, 0x061c },   /* Arabic letter mark */
		{ 0x115f, 0x1160 },   /* Hangul fillers */
		{ 0x17b4, 0x17b5 },   /* Khmer inherent vowels */
		{ 0x180b, 0x180f },   /* Mongolian selectors */
		{ 0x200b, 0x200f },   /* zero width, left and right marks */
		{ 0x2028, 0x202e },   /* separators, embeddings, overrides */
		{ 0x2060, 0x206f },   /* joiner, isolates, deprecated */
		{ 0x3164, 0x3164 },   /* Hangul filler */
		{ 0xfe00, 0xfe0f },   /* variation selectors */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xffa0, 0xffa0 },   /* half-width filler */
		{ 0xfff0, 0xfffb },   /* specials */
		{ 0x1bca0, 0x1bca3 }, /* shorthand format */
		{ 0x1d173, 0x1d17a }, /* musical format */
		{ 0xe0000, 0xe0fff }, /* tags, more selectors */
	};

	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	}
	return false;
}

bool utf8_is_valid(const void *data, size_t len)
{
	const unsigned char *bytes = data;

	while (len > 0) {
		uint32_t character;
		const size_t used = decode(bytes, len, &character);

		if (!used)
			return false;
		bytes += used;
		len -= used;
	}
	return true;
}

bool utf8_has_invisible(const void *data, size_t len)
{
	const unsigned char *bytes = data;

	while (len > 0) {
		uint32_t character = 0;
		size_t used = decode(bytes, len, &character);

		if (used && is_invisible(character))
			return true;
		if (!used)
			used = 1;
		bytes += used;
		len -= used;
	}
	return false;
}

/* "\xNN", "\uNNNN" or "\UNNNNNNNN" */
static size_t escape_number(char kind, uint32_t number, unsigned int digits, char *buffer)
{
	static const char hex[] = "0123456789abcdef";

	buffer[0] = '\\';
	buffer[1] = kind;
	for (unsigned int i = 0; i < digits; i++)
		buffer[2 + i] = hex[(number >> (4 * (digits - 1 - i))) & 0x0f];
	return 2 + digits;
}

/*
 * Escape the first character of `bytes` into `piece`; how many bytes it was,
 * and how long the piece is.
 */
static size_t escape_one(const unsigned char *bytes, size_t len, char piece[10],
			 size_t *ret_piece_len)
{
	uint32_t character = 0;
	const size_t used = decode(bytes, len, &character);

	if (!used) {
		*ret_piece_len = escape_number('x', bytes[0], 2, piece);
		return 1;
	}
	if (character == '\n' || character == '\t' || character == '\r') {
		piece[0] = '\\';
		piece[1] = character == '\n' ? 'n' : character == '\t' ? 't' : 'r';
		*ret_piece_len = 2;
	} else if (is_control(character) && character < 0x80) {
		*ret_piece_len = escape_number('x', character, 2, piece);
	} else if (is_control(character) || is_invisible(character)) {
		*ret_piece_len = character > 0xffff ? escape_number('U', character, 8, piece)
						    : escape_number('u', character, 4, piece);
	} else {
		memcpy(piece, bytes, used);
		*ret_piece_len = used;
	}
	return used;
}

void string_escape(char *buffer, size_t size, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	if (size == 0)
		return;
	while (len > 0) {
		char piece[10];
		size_t piece_len;
		const size_t used = escape_one(bytes, len, piece, &piece_len);

		if (piece_len >= size)
			break;
		memcpy(buffer, piece, piece_len);
		buffer += piece_len;
		size -= piece_len;
		bytes += used;
		len -= used;
	}
	*buffer = '\0';
}

void text_add_escaped(struct text *text, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	while (len > 0) {
		char piece[10];
		size_t piece_len;
		const size_t used = escape_one(bytes, len, piece, &piece_len);

		text_append(text, piece, piece_len);
		bytes += used;
		len -= used;
	}
}

void string_copy(char *buffer, size_t size, const char *string)
{
	size_t len;

	if (size == 0)
		return;
	len = strnlen(string, size);
	if (len == size) {
		len--;
		/* Back to the start of a character that would be cut. */
		while (len > 0 && ((unsigned char)string[len] & 0xc0) == 0x80)
			len--;
	}
	memmove(buffer, string, len);
	buffer[len] = '\0';
}
