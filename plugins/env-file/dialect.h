/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs that read env files understand, one row each.
 *
 * A dialect says how a line is taken apart, how a value is read and in which
 * forms it may be written. `strict` accepts what all the common parsers agree
 * on and writes what they all read back.
 */
#ifndef ENV_FILE_DIALECT_H
#define ENV_FILE_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

/* How lines are taken apart. */
#define LINE_EXPORT (1u << 0)         /* `export KEY=` */
#define LINE_COLON (1u << 1)          /* `KEY: value` */
#define LINE_CR_ENDS (1u << 2)        /* a lone CR ends a line */
#define LINE_SEMICOLON (1u << 3)      /* `;` begins a comment too */
#define LINE_NO_SPACE (1u << 4)       /* no blanks around `=` */
#define LINE_BARE_KEY (1u << 5)       /* `KEY` alone is a line of its own right */
#define LINE_BAD_SKIPPED (1u << 6)    /* a line that makes no sense is passed over */
#define LINE_LAST_WINS (1u << 7)      /* a key may be assigned twice */
#define LINE_KEY_DOTS (1u << 8)       /* `.` in keys, and a leading digit */
#define LINE_KEY_DASHES (1u << 9)     /* `-` in keys */
#define LINE_KEY_ANYTHING (1u << 10)  /* up to `=`: odd keys are passed over */
#define LINE_KEY_BLANKS (1u << 11)    /* also blanks up to `=`: `export A` is a key */
#define LINE_EMPTY_UNCLEAR (1u << 12) /* `KEY= # c`: nobody knows what it means */

#define LINE_KEY_QUOTED (1u << 13) /* a key may stand in single quotes */
#define LINE_CR_KEPT (1u << 14)    /* a CR is a character like others */

/* A value being read: `text[at]` is the first byte behind `=` and its blanks. */
struct scan {
	const unsigned char *text;
	size_t len;
	size_t at;
	unsigned char *out; /* NULL: the value is only measured */

	size_t end;        /* behind the value's last byte, quotes included */
	size_t out_len;    /* of the value */
	const char *error; /* the line makes no sense; it was found at `error_at` */
	size_t error_at;
	const char *trouble; /* the line stands, but its value cannot be told */
	const char *warning; /* other parsers read it differently */
};

/* One way of writing a value. */
struct form {
	char quote;          /* 0: as it is */
	const char *escaped; /* these get a backslash in front */
	bool cr_escaped;     /* CR is written as \r */
};

#define FORMS_MAX 4

struct dialect {
	const char *name;
	unsigned flags; /* LINE_* */
	void (*scan)(struct scan *scan);
	/* Its own quoting, tried in order where no portable form holds the value. */
	struct form forms[FORMS_MAX];
	unsigned form_count;
};

/* NULL: there is no such dialect. */
const struct dialect *dialect_find(const char *name);

#define DIALECT_NAMES "strict|node|python|ruby|godotenv|compose|compose-raw|systemd|posix"

/* Room that dialect_encode() needs for a value of `len` bytes. */
static inline size_t encoded_max(size_t len)
{
	return 2 * len + 2;
}

/*
 * Write `value` so that `dialect` reads it back byte for byte, in the first
 * form that does: the portable ones come first. `out` and `scratch` have room
 * for encoded_max(). Returns the length, or SIZE_MAX and in `*ret_why` a
 * sentence part about the value when no form holds it.
 */
size_t dialect_encode(const struct dialect *dialect, const unsigned char *value, size_t len,
		      unsigned char *out, unsigned char *scratch, const char **ret_why);

/* Blanks within a line. */
static inline bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* Value scanners, in values.c. */
void scan_strict(struct scan *scan);
void scan_node(struct scan *scan);
void scan_ruby(struct scan *scan);
void scan_python(struct scan *scan);
void scan_godotenv(struct scan *scan);
void scan_compose(struct scan *scan);
void scan_raw(struct scan *scan);
void scan_systemd(struct scan *scan);
void scan_posix(struct scan *scan);

#endif
