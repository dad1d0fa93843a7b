/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One edit: find the place, encode the value, splice, read back.
 */
#include "env-file/writer.h"

#include <stdint.h>

struct splice {
	size_t from; /* [from, to) of the old text goes */
	size_t to;
	const struct bytes *insert;
};

size_t writer_label_base(const char *key, size_t key_len)
{
	static const char *const suffixes[] = { SUFFIX_PENDING, SUFFIX_PREVIOUS, SUFFIX_BLUE,
						SUFFIX_GREEN, SUFFIX_METADATA };
	size_t i;

	for (i = 0; i < COUNT_OF(suffixes); i++) {
		size_t len = strlen(suffixes[i]);

		if (key_len > len && memcmp(key + key_len - len, suffixes[i], len) == 0)
			return key_len - len;
	}
	return 0;
}

static enum lks_status report(const struct lks_host *host, const char *name,
			      enum grammar_result result, const struct remark *remark,
			      struct lks_error *err)
{
	if (result == GRAMMAR_NO_MEMORY)
		return host->fail(host, err, LKS_NO_MEMORY, "%s: out of memory", name);
	if (remark->other_line)
		return host->fail(host, err, LKS_INVALID, "%s:%u:%u: %s (first in line %u)", name,
				  remark->line, remark->column, remark->text, remark->other_line);
	return host->fail(host, err, LKS_INVALID, "%s:%u:%u: %s", name, remark->line,
			  remark->column, remark->text);
}

enum lks_status writer_parse(const struct lks_host *host, const struct grammar *grammar,
			     const char *name, const struct bytes *text, struct entries *entries,
			     struct lks_error *err)
{
	struct remark remark = { 0 };
	enum grammar_result result;
	enum lks_status status;

	result = grammar_parse(grammar, text->data, text->len, entries, &remark);
	if (result == GRAMMAR_OK)
		return LKS_OK;
	status = report(host, name, result, &remark, err);
	if (result == GRAMMAR_BAD)
		host->hint(host, err,
			   "mend the line, or name the parser that reads this file "
			   "(dialect = \"...\"), or set lenient = true");
	return status;
}

/* The line end in use around `at`: of the line before, else of the first one. */
static const char *eol_near(const struct bytes *text, size_t at)
{
	size_t i = at;

	while (i > 0 && text->data[i - 1] != '\n' && text->data[i - 1] != '\r')
		i--;
	if (i == 0) {
		while (i < text->len && text->data[i] != '\n' && text->data[i] != '\r')
			i++;
		i++;
	}
	if (i > text->len)
		return "\n";
	if (text->data[i - 1] == '\r')
		return i < text->len && text->data[i] == '\n' ? "\r\n" : "\r";
	return i >= 2 && text->data[i - 2] == '\r' ? "\r\n" : "\n";
}

static bool ends_with_eol(const struct bytes *text)
{
	return text->len == 0 || text->data[text->len - 1] == '\n' ||
	       text->data[text->len - 1] == '\r' ||
	       (text->len == 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0);
}

static enum lks_status splice(const struct lks_host *host, struct bytes *text,
			      const struct splice *cut, struct lks_error *err)
{
	AUTO(bytes_release) struct bytes made = { 0 };
	size_t insert_len = cut->insert ? cut->insert->len : 0;
	enum lks_status status;

	status = bytes_new(&made, host, text->len - (cut->to - cut->from) + insert_len, err);
	if (status)
		return status;
	bytes_add(&made, text->data, cut->from);
	if (cut->insert)
		bytes_add(&made, cut->insert->data, insert_len);
	bytes_add(&made, text->data + cut->to, text->len - cut->to);
	bytes_move(text, &made);
	return LKS_OK;
}

static enum lks_status encode(const struct lks_host *host, const struct grammar *grammar,
			      const struct edit *edit, struct bytes *ret_encoded,
			      struct lks_error *err)
{
	AUTO(bytes_release) struct bytes scratch = { 0 };
	const char *why = NULL;
	enum lks_status status;
	size_t len;

	status = bytes_new(ret_encoded, host, encoded_max(edit->len), err);
	if (!status)
		status = bytes_new(&scratch, host, encoded_max(edit->len), err);
	if (status)
		return status;
	len = dialect_encode(grammar->dialect, edit->value, edit->len, ret_encoded->data,
			     scratch.data, &why);
	if (len == SIZE_MAX) {
		status = host->fail(host, err, LKS_UNSUPPORTED,
				    "%s: the value holds %s, which the %s dialect of env files "
				    "cannot write so that it reads back the same",
				    edit->key, why, grammar->dialect->name);
		host->hint(host, err,
			   "use a generator without such characters, store it as base64, or "
			   "name the one parser that reads the file (dialect = \"...\")");
		return status;
	}
	ret_encoded->len = len;
	return LKS_OK;
}

/* Is the entry's value already this one? */
static enum lks_status is_same(const struct lks_host *host, const struct grammar *grammar,
			       const struct entries *entries, const struct entry *entry,
			       const struct edit *edit, bool *ret_same, struct lks_error *err)
{
	AUTO(bytes_release) struct bytes value = { 0 };
	enum lks_status status;

	*ret_same = false;
	if (entry->trouble || entry->bare || entry->value_len != edit->len)
		return LKS_OK;
	status = bytes_new(&value, host, entry->line_end - entry->value_start, err);
	if (status)
		return status;
	grammar_decode(grammar, entries, entry, value.data);
	*ret_same = edit->len == 0 || memcmp(value.data, edit->value, edit->len) == 0;
	return LKS_OK;
}

/*
 * Where a new line goes. A label: directly above its key. A key whose labels
 * are there: directly below the last of them. Else the end.
 */
static size_t place_of_new(const struct entries *entries, const char *key)
{
	size_t key_len = strlen(key);
	size_t base_len = writer_label_base(key, key_len);
	size_t found = SIZE_MAX;
	size_t i;

	for (i = 0; i < entries->count; i++) {
		const struct entry *entry = &entries->list[i];
		const char *name = (const char *)entries->text + entry->key_start;

		if (base_len && entry_is(entries, entry, key, base_len))
			found = entry->line_start;
		if (!base_len && writer_label_base(name, entry->key_len) == key_len &&
		    memcmp(name, key, key_len) == 0)
			found = entry->line_end;
	}
	return found == SIZE_MAX ? entries->len : found;
}

/* The byte order mark stays in front. */
static size_t after_bom(const struct bytes *text, size_t at)
{
	return at == 0 && text->len >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0 ? 3 : at;
}

/* systemd before 254 takes the line behind a comment that ends in a backslash
   for a part of the comment. */
static bool below_open_comment(const struct grammar *grammar, const struct bytes *text, size_t at)
{
	size_t end = at;
	size_t start;

	if (!(grammar->dialect->flags & LINE_SEMICOLON))
		return false;
	if (end > 0 && text->data[end - 1] == '\n')
		end--;
	if (end > 0 && text->data[end - 1] == '\r')
		end--;
	for (start = end; start > 0 && text->data[start - 1] != '\n'; start--)
		;
	while (start < end && is_blank(text->data[start]))
		start++;
	return end > start && text->data[end - 1] == '\\' &&
	       (text->data[start] == '#' || text->data[start] == ';');
}

static enum lks_status insert_line(const struct lks_host *host, const struct edit *edit,
				   const struct bytes *encoded, size_t at, struct bytes *text,
				   struct lks_error *err)
{
	AUTO(bytes_release) struct bytes line = { 0 };
	const char *eol = eol_near(text, at);
	/* A file without a last line end stays one: the new last line has none,
	   and taking it away takes the line end in front of it too. */
	bool behind_open_end = at == text->len && !ends_with_eol(text);
	struct splice cut = { .insert = &line };
	enum lks_status status;

	status = bytes_new(&line, host, strlen(edit->key) + encoded->len + 4, err);
	if (status)
		return status;
	if (behind_open_end)
		bytes_add(&line, eol, strlen(eol));
	bytes_add(&line, edit->key, strlen(edit->key));
	bytes_add(&line, "=", 1);
	bytes_add(&line, encoded->data, encoded->len);
	if (!behind_open_end)
		bytes_add(&line, eol, strlen(eol));
	cut.from = cut.to = after_bom(text, at);
	return splice(host, text, &cut, err);
}

static enum lks_status replace_value(const struct lks_host *host, const struct entry *entry,
				     const struct bytes *encoded, struct bytes *text,
				     struct lks_error *err)
{
	AUTO(bytes_release) struct bytes value = { 0 };
	struct splice cut = { entry->value_start, entry->value_end, &value };
	enum lks_status status = bytes_new(&value, host, encoded->len + 1, err);

	if (status)
		return status;
	if (entry->bare)
		bytes_add(&value, "=", 1);
	bytes_add(&value, encoded->data, encoded->len);
	return splice(host, text, &cut, err);
}

/* Take the whole line; of the last line without an end, the end before it. */
static enum lks_status remove_line(const struct lks_host *host, const struct entry *entry,
				   struct bytes *text, struct lks_error *err)
{
	size_t from = after_bom(text, entry->line_start);
	struct splice cut = { from, entry->line_end, NULL };

	if (cut.to == text->len && !ends_with_eol(text) && cut.from > 0) {
		if (text->data[cut.from - 1] == '\n')
			cut.from--;
		if (cut.from > 0 && text->data[cut.from - 1] == '\r')
			cut.from--;
	}
	return splice(host, text, &cut, err);
}

/* Every other key has the same bytes as before, in the same order. */
static bool others_unchanged(const struct entries *before, const struct entries *after,
			     const char *key)
{
	size_t key_len = strlen(key);
	size_t i = 0;
	size_t k = 0;

	for (;;) {
		const struct entry *old;
		const struct entry *new;
		size_t len;

		while (i < before->count && entry_is(before, &before->list[i], key, key_len))
			i++;
		while (k < after->count && entry_is(after, &after->list[k], key, key_len))
			k++;
		if (i == before->count || k == after->count)
			return i == before->count && k == after->count;
		old = &before->list[i++];
		new = &after->list[k++];
		len = old->value_end - old->key_start;
		if (len != new->value_end - new->key_start || old->value_len != new->value_len ||
		    old->trouble != new->trouble ||
		    memcmp(before->text + old->key_start, after->text + new->key_start, len) != 0)
			return false;
	}
}

/* Read our own output as the dialect does, before anyone else sees it. */
static enum lks_status verify(const struct lks_host *host, const struct grammar *grammar,
			      const char *name, const struct edit *edit,
			      const struct entries *before, const struct bytes *made,
			      struct lks_error *err)
{
	AUTO(entries_release) struct entries after = { 0 };
	struct remark remark = { 0 };
	const struct entry *entry;
	enum grammar_result result;
	enum lks_status status;
	bool same = false;

	result = grammar_parse(grammar, made->data, made->len, &after, &remark);
	if (result == GRAMMAR_NO_MEMORY)
		return report(host, name, result, &remark, err);
	if (result)
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "%s: with the new value of %s the file would not be readable: "
				  "line %u: %s",
				  name, edit->key, remark.line, remark.text);
	entry = entries_find(&after, edit->key);
	if (edit->value && entry) {
		status = is_same(host, grammar, &after, entry, edit, &same, err);
		if (status)
			return status;
	} else {
		same = !edit->value && !entry;
	}
	if (!same || !others_unchanged(before, &after, edit->key))
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "%s: the change of %s would not read back as it is written in "
				  "the %s dialect",
				  name, edit->key, grammar->dialect->name);
	return LKS_OK;
}

static enum lks_status apply_remove(const struct lks_host *host, const struct grammar *grammar,
				    const char *name, const struct edit *edit, struct bytes *text,
				    struct lks_error *err)
{
	enum lks_status status = LKS_OK;

	/* Shadowed assignments would come to light: all of them go. */
	while (!status) {
		AUTO(entries_release) struct entries entries = { 0 };
		const struct entry *entry;

		status = writer_parse(host, grammar, name, text, &entries, err);
		if (status)
			return status;
		entry = entries_find(&entries, edit->key);
		if (!entry)
			return LKS_OK;
		status = remove_line(host, entry, text, err);
	}
	return status;
}

static enum lks_status apply_set(const struct lks_host *host, const struct grammar *grammar,
				 const char *name, const struct entries *entries,
				 const struct edit *edit, struct bytes *text, struct lks_error *err)
{
	AUTO(bytes_release) struct bytes encoded = { 0 };
	const struct entry *entry = entries_find(entries, edit->key);
	enum lks_status status;
	size_t at;
	bool same;

	if (entry) {
		status = is_same(host, grammar, entries, entry, edit, &same, err);
		if (status || same)
			return status;
	}
	status = encode(host, grammar, edit, &encoded, err);
	if (status)
		return status;
	if (entry)
		return replace_value(host, entry, &encoded, text, err);
	at = place_of_new(entries, edit->key);
	if (below_open_comment(grammar, text, at))
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "%s: %s would stand below a comment that ends in a backslash, "
				  "which older versions of systemd read as one line",
				  name, edit->key);
	return insert_line(host, edit, &encoded, at, text, err);
}

enum lks_status writer_apply(const struct lks_host *host, const struct grammar *grammar,
			     const char *name, const struct edit *edit, struct bytes *text,
			     struct lks_error *err)
{
	AUTO(entries_release) struct entries before = { 0 };
	AUTO(bytes_release) struct bytes made = { 0 };
	enum lks_status status;

	status = writer_parse(host, grammar, name, text, &before, err);
	if (!status)
		status = bytes_new(&made, host, text->len, err);
	if (status)
		return status;
	bytes_add(&made, text->data, text->len);
	status = edit->value ? apply_set(host, grammar, name, &before, edit, &made, err)
			     : apply_remove(host, grammar, name, edit, &made, err);
	if (status)
		return status;
	if (made.len > GRAMMAR_FILE_MAX)
		return host->fail(host, err, LKS_UNSUPPORTED,
				  "%s: with %s the file would be larger than 1 MiB", name,
				  edit->key);
	status = verify(host, grammar, name, edit, &before, &made, err);
	if (status)
		return status;
	bytes_move(text, &made);
	return LKS_OK;
}

enum lks_status writer_accepts(const struct lks_host *host, const struct grammar *grammar,
			       const struct edit *edit, struct lks_error *err)
{
	AUTO(bytes_release) struct bytes encoded = { 0 };
	const char *problem = grammar_key_problem(grammar, edit->key);

	if (problem)
		return host->fail(host, err, LKS_INVALID, "%s is no key of an env file: %s",
				  edit->key, problem);
	if (grammar_key_denied(edit->key))
		return host->fail(host, err, LKS_DENIED,
				  "%s is never written: it makes programs load or run something",
				  edit->key);
	if (!edit->value)
		return LKS_OK;
	if (edit->len > GRAMMAR_VALUE_MAX)
		return host->fail(host, err, LKS_UNSUPPORTED, "%s: the value is larger than 64 KiB",
				  edit->key);
	if (!grammar_is_text(edit->value, edit->len))
		return host->fail(
			host, err, LKS_UNSUPPORTED,
			"%s: the value is not text (valid UTF-8 without NUL bytes), which "
			"an env file cannot hold: store it as base64",
			edit->key);
	return encode(host, grammar, edit, &encoded, err);
}
