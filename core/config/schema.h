/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of all sections and keys. Readers, suggestions, JSON, release,
 * help and docs/config.md walk it; nothing else knows the keys.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/config.h"

enum key_shape {
	SHAPE_ONE = 0,
	SHAPE_MANY,        /* an array of texts -> struct strings */
	SHAPE_ONE_OR_MANY, /* one text will do -> struct strings */
	SHAPE_MAP,         /* a group of texts with free names -> two struct strings */
	SHAPE_GROUP,       /* members of the same struct, read by `inner` */
	SHAPE_LIST,        /* a list of groups -> pointer and count */
	SHAPE_NAMED,       /* a group of named groups -> pointer and count; each
			      struct begins with its name */
	SHAPE_LATER        /* known, but not in this version */
};

enum key_value {
	VALUE_TEXT = 0,  /* char * */
	VALUE_NUMBER,    /* int64_t */
	VALUE_FLAG,      /* bool */
	VALUE_DURATION,  /* int64_t, ms */
	VALUE_WORD,      /* one of `choices`; int: `minimum` is the first one's number */
	VALUE_SWITCH,    /* two `choices`, false and true; bool */
	VALUE_PATH,      /* made absolute */
	VALUE_STATE_URL, /* sqlite:PATH, made absolute */
	VALUE_NAME,      /* of a plugin */
	VALUE_STORE,     /* must exist */
	VALUE_VERIFIER,  /* must exist */
	VALUE_REFERENCE, /* to be read */
	VALUE_TARGET,    /* to be written: no version, no label */
	VALUE_FIELD,     /* of a record */
	VALUE_PATTERN,   /* of references */
	VALUE_SUBJECT,   /* of a rule */
	VALUE_MEMBER,    /* of a role: user or group */
	VALUE_ACTION,    /* of a rule */
	VALUE_TEMPLATE,  /* text with {field:filter} */
	VALUE_LAYOUT,    /* of paths */
	VALUE_ALPHABET,  /* printable ASCII, none twice */
	VALUE_WINDOW,    /* struct config_window */
	VALUE_SHA256,    /* 64 hex digits */
	VALUE_COUNT
};

struct section;

struct key {
	const char *name;
	enum key_shape shape;
	enum key_value value;
	size_t offset;
	size_t second;         /* LIST, NAMED: of the count; MAP: of the values */
	size_t present_offset; /* GROUP: a bool that says that it is there; 0: none */
	bool is_required;
	const char *fallback;     /* as written, without quotes; NULL: none */
	const char *shown;        /* default as help says it, if not the fallback */
	const char *choices;      /* "a|b" */
	int64_t minimum, maximum; /* NUMBER, DURATION if maximum > 0 */
	const struct section *inner;
	const char *help;
};

#define SECTION_NOWHERE ((size_t)-1)

struct section {
	const char *name;
	const char *summary;
	const char *example; /* lines, for help; NULL */
	size_t size;         /* of its struct */
	size_t where;        /* offset of its `const struct setting *`, or SECTION_NOWHERE */
	const struct key *keys;
	size_t key_count;
	bool is_direct; /* the entry's value itself is keys[0] */
	bool is_open;   /* unknown keys are the plugin's */
};

extern const struct section schema_root, schema_rotation;
/* How a value of that kind is written: "a duration like \"90d\"". */
const char *value_expected(enum key_value value);
/* The number of `text` in "a|b|c", or -1. */
int choice_find(const char *choices, const char *text);
/* The `index`th of "a|b|c" into `buffer`; false if there are not so many. */
bool choice_get(const char *choices, int index, char *buffer, size_t size);

/* A name that must exist, found while reading, to be looked up at the end. */
struct mention {
	enum key_value value;
	const char *text; /* lives in the config */
	const struct setting *where;
};

/* Reads groups into structs by the table. */
struct reader {
	struct report *report;
	const char *folder; /* where relative paths start */
	struct mention *mentions;
	size_t mention_count;
	bool no_memory;
};

/* Reads `group` into `object`, zeroed; every error goes to the report. */
void section_read(struct reader *reader, const struct section *section, const struct setting *group,
		  void *object);
void section_release(const struct section *section, void *object);
void reader_release(struct reader *reader);

/* One value, judged; `where` NULL for fallbacks. */
void value_read(struct reader *reader, const struct key *key, const struct setting *where,
		const char *text, void *slot);
/* A copy of the text if it is good, else NULL and a report. */
char *value_text(struct reader *reader, const struct key *key, enum key_value value,
		 const struct setting *where, const char *text);

/* What cannot be judged key by key: names that must exist, targets written
   twice, keys that exclude each other. */
void config_check(const struct config *config, struct reader *reader);
/* Of it: two writers of one place. */
void config_check_targets(const struct config *config, struct reader *reader);

bool strings_add(struct strings *strings, const char *text);
void strings_release(struct strings *strings);

#endif
