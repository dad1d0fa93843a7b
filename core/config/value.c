/* SPDX-License-Identifier: Apache-2.0 */
/* Judges single values of the config: what each kind may look like. */
#include <stdio.h>
#include <string.h>

#include "base/reference.h"
#include "base/template.h"
#include "base/text.h"
#include "config/schema.h"

static void refuse(struct reader *reader, const struct key *key, const struct setting *where,
		   const char *hint, const char *text, enum key_value value)
{
	report_error_hint(reader->report, where, hint, "'%s': found \"%.64s\", expected %s",
			  key->name, text, value_expected(value));
}

/* For texts that may be a pasted secret: only what the parser says of them. */
static bool refuse_quietly(struct reader *reader, const struct key *key,
			   const struct setting *where, enum key_value value,
			   const struct lks_error *err)
{
	report_error_hint(reader->report, where,
			  err->hint[0] ? err->hint : "a secret itself never stands in the config",
			  "'%s': expected %s, found: %s", key->name, value_expected(value),
			  err->message);
	return false;
}

static bool check_choice(struct reader *reader, const struct key *key, const struct setting *where,
			 const char *text)
{
	const char *words[16];
	char room[16][24];
	char hint[128];
	const char *near;
	size_t count = 0;

	if (choice_find(key->choices, text) >= 0)
		return true;
	while (count < COUNT_OF(words) &&
	       choice_get(key->choices, (int)count, room[count], sizeof(room[count]))) {
		words[count] = room[count];
		count++;
	}
	near = nearest(text, words, count);
	(void)snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near ? near : words[0]);
	report_error_hint(reader->report, where, near ? hint : NULL,
			  "'%s': found \"%.64s\", expected one of: %s", key->name, text,
			  key->choices);
	return false;
}

static bool check_reference(struct reader *reader, const struct key *key,
			    const struct setting *where, enum key_value value, const char *text)
{
	struct reference reference;
	struct lks_error err = { 0 };

	if (reference_parse(text, &reference, &err))
		return refuse_quietly(reader, key, where, value, &err);
	if (value == VALUE_TARGET && (reference.version[0] || reference.label)) {
		report_error(reader->report, where,
			     "'%s': found a reference with a version or label, expected one "
			     "without: it is written",
			     key->name);
		return false;
	}
	return true;
}

static bool is_word_char(char c)
{
	return ascii_is_alnum(c) || (c && strchr("._@+#$-", c));
}

/* KIND:NAME with a kind of "a|b"; the name is 1 to 100 characters. */
static bool is_subject(const char *text, const char *kinds)
{
	char kind[16];
	size_t len = strcspn(text, ":");

	if (!text[len] || len >= sizeof(kind))
		return false;
	memcpy(kind, text, len);
	kind[len] = '\0';
	if (choice_find(kinds, kind) < 0)
		return false;
	text += len + 1;
	if (!*text || strlen(text) > 100)
		return false;
	while (is_word_char(*text))
		text++;
	return !*text;
}

bool subject_is_valid(const char *text)
{
	return is_subject(text, "user|group|tenant|role|engine");
}

static bool check_action(struct reader *reader, const struct key *key, const struct setting *where,
			 const char *text)
{
	static const char actions[] = "get|list|set|delete|verify|rotate|rollback|adopt|pause|"
				      "history|reveal|*";
	struct key choices = *key;

	choices.choices = actions;
	return check_choice(reader, &choices, where, text);
}

static bool is_field(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (!ascii_is_alnum(text[i]) && !strchr("._-", text[i]))
			return false;
	}
	return len > 0 && len <= LKS_FIELD_MAX;
}

static bool is_alphabet(const char *text)
{
	bool seen[128] = { false };

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= 0x20 || c >= 0x7f || seen[c])
			return false;
		seen[c] = true;
	}
	return true;
}

static enum lks_status count_field(void *context, const char *name, struct lks_error *err)
{
	(void)name, (void)err;
	++*(size_t *)context;
	return LKS_OK;
}

static bool check_template(struct reader *reader, const struct key *key,
			   const struct setting *where, const char *text)
{
	struct lks_error err = { 0 };
	size_t fields = 0;

	if (template_walk(text, strlen(text), TEMPLATE_FIELDS, count_field, &fields, &err)) {
		report_error_hint(reader->report, where, err.hint[0] ? err.hint : NULL, "'%s': %s",
				  key->name, err.message);
		return false;
	}
	if (!fields)
		report_error(reader->report, where,
			     "'%s': found no {field}, expected at least one: this text would be "
			     "the same for every value",
			     key->name);
	return fields > 0;
}

static bool is_sha256(const char *text)
{
	unsigned char digest[32];

	return strlen(text) == 64 && hex_parse(text, digest, sizeof(digest));
}

/* The message if `check` refused. */
static bool check_with(struct reader *reader, const struct key *key, const struct setting *where,
		       enum key_value value, const char *text,
		       enum lks_status (*check)(const char *, struct lks_error *))
{
	struct lks_error err = { 0 };

	return !check(text, &err) || refuse_quietly(reader, key, where, value, &err);
}

static bool check_state_url(struct reader *reader, const struct key *key,
			    const struct setting *where, const char *text)
{
	if (string_starts(text, "sqlite:") && text[7] && text[7] != ':')
		return true;
	report_error_hint(reader->report, where,
			  string_starts(text, "postgres")
				  ? "PostgreSQL as state is not available in this version"
				  : NULL,
			  "'%s': found another kind of address, expected \"sqlite:PATH\"",
			  key->name);
	return false;
}

/* True for a good value; else it is reported. */
static bool value_check(struct reader *reader, const struct key *key, enum key_value value,
			const struct setting *where, const char *text)
{
	bool good = true;

	if (key->choices)
		return check_choice(reader, key, where, text);
	switch (value) {
	case VALUE_REFERENCE:
	case VALUE_TARGET:
		return check_reference(reader, key, where, value, text);
	case VALUE_PATTERN:
		return check_with(reader, key, where, value, text, pattern_check);
	case VALUE_LAYOUT:
		return check_with(reader, key, where, value, text, layout_check);
	case VALUE_TEMPLATE:
		return check_template(reader, key, where, text);
	case VALUE_ACTION:
		return check_action(reader, key, where, text);
	case VALUE_STATE_URL:
		return check_state_url(reader, key, where, text);
	case VALUE_NAME:
	case VALUE_STORE:
	case VALUE_VERIFIER:
		good = name_is_valid(text);
		break;
	case VALUE_FIELD:
		good = is_field(text);
		break;
	case VALUE_SUBJECT:
		good = strcmp(text, "*") == 0 || subject_is_valid(text);
		break;
	case VALUE_MEMBER:
		good = is_subject(text, "user|group");
		break;
	case VALUE_ALPHABET:
		good = is_alphabet(text);
		break;
	case VALUE_SHA256:
		good = is_sha256(text);
		break;
	case VALUE_PATH:
		good = *text != '\0';
		break;
	default:
		break;
	}
	if (!good)
		refuse(reader, key, where, NULL, text, value);
	return good;
}

static void mention(struct reader *reader, enum key_value value, const char *text,
		    const struct setting *where)
{
	size_t count = reader->mention_count;
	struct mention *mentions = reader->mentions;

	if (!where || !text)
		return;
	if (!(count & (count - 1))) {
		mentions = realloc(mentions, (count ? count * 2 : 1) * sizeof(*mentions));
		if (!mentions) {
			reader->no_memory = true;
			return;
		}
		reader->mentions = mentions;
	}
	mentions[reader->mention_count++] = (struct mention){ value, text, where };
}

/* Relative paths start at the config's folder. */
static char *absolute(const struct reader *reader, const char *prefix, const char *path)
{
	struct text text = TEXT_INIT;

	if (*path == '/' || !reader->folder)
		text_printf(&text, "%s%s", prefix, path);
	else
		text_printf(&text, "%s%s/%s", prefix,
			    strcmp(reader->folder, "/") == 0 ? "" : reader->folder, path);
	return text_steal(&text);
}

char *value_text(struct reader *reader, const struct key *key, enum key_value value,
		 const struct setting *where, const char *text)
{
	char *copy;

	if (!value_check(reader, key, value, where, text))
		return NULL;
	if (value == VALUE_PATH)
		copy = absolute(reader, "", text);
	else if (value == VALUE_STATE_URL)
		copy = absolute(reader, "sqlite:", text + strlen("sqlite:"));
	else
		copy = strdup(text);
	if (!copy)
		reader->no_memory = true;
	if (value == VALUE_STORE || value == VALUE_VERIFIER || value == VALUE_REFERENCE ||
	    value == VALUE_TARGET || value == VALUE_PATTERN)
		mention(reader, value, copy, where);
	return copy;
}

static void read_duration(struct reader *reader, const struct key *key, const struct setting *where,
			  const char *text, int64_t *slot)
{
	char least[32], most[32];
	int64_t ms;

	if (!duration_parse(text, &ms)) {
		refuse(reader, key, where, NULL, text, VALUE_DURATION);
		return;
	}
	if (ms < key->minimum || (key->maximum > 0 && ms > key->maximum)) {
		duration_print(key->minimum, least, sizeof(least));
		duration_print(key->maximum, most, sizeof(most));
		report_error(reader->report, where,
			     "'%s': found \"%.64s\", expected a duration from %s to %s", key->name,
			     text, least, most);
		return;
	}
	*slot = ms;
}

static void read_window(struct reader *reader, const struct key *key, const struct setting *where,
			const char *text, struct config_window *slot)
{
	struct lks_error err = { 0 };
	enum lks_status status = window_parse(text, slot, &err);

	if (status == LKS_NO_MEMORY)
		reader->no_memory = true;
	else if (status)
		report_error_hint(reader->report, where, err.hint[0] ? err.hint : NULL,
				  "'%s': found \"%.64s\": %s", key->name, text, err.message);
}

void value_read(struct reader *reader, const struct key *key, const struct setting *where,
		const char *text, void *slot)
{
	switch (key->value) {
	case VALUE_NUMBER: /* of a fallback */
		*(int64_t *)slot = strtoll(text, NULL, 10);
		break;
	case VALUE_FLAG:
		*(bool *)slot = strcmp(text, "true") == 0;
		break;
	case VALUE_DURATION:
		read_duration(reader, key, where, text, slot);
		break;
	case VALUE_WORD:
		if (check_choice(reader, key, where, text))
			*(int *)slot = (int)key->minimum + choice_find(key->choices, text);
		break;
	case VALUE_SWITCH:
		if (check_choice(reader, key, where, text))
			*(bool *)slot = choice_find(key->choices, text) == 1;
		break;
	case VALUE_WINDOW:
		read_window(reader, key, where, text, slot);
		break;
	default:
		*(char **)slot = value_text(reader, key, key->value, where, text);
		break;
	}
}
