/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns over references: checks them, and matches segment by segment with
   one point to fall back to, so that no pattern costs more than its length
   times the path's. */
#include "base/reference.h"

#include <string.h>

#include "base/text.h"

/* The segment that starts at `at`: its length, up to '/' or the end. */
static size_t segment_len(const char *at)
{
	return strcspn(at, "/");
}

static const char *segment_next(const char *at)
{
	at += segment_len(at);
	return *at ? at + 1 : at;
}

static bool segment_is(const char *at, const char *word)
{
	size_t len = strlen(word);

	return segment_len(at) == len && memcmp(at, word, len) == 0;
}

static enum lks_status refuse(struct lks_error *err, const char *pattern, const char *at,
			      const char *what)
{
	error_set(err, LKS_INVALID, "pattern: %s (at character %zu)", what,
		  (size_t)(at - pattern) + 1);
	error_hint(err, "write STORE:PATH with * for one part and ** for any number of them, "
			"as in \"vault:acme/**\"");
	return LKS_INVALID;
}

static enum lks_status check_segment(const char *pattern, const char *at, struct lks_error *err)
{
	size_t len = segment_len(at);

	if (segment_is(at, "*") || segment_is(at, "**"))
		return LKS_OK;
	if (!len)
		return refuse(err, pattern, at, "a part of the path is empty");
	if (len > 255)
		return refuse(err, pattern, at, "a part of the path has at most 255 characters");
	if (segment_is(at, ".") || segment_is(at, ".."))
		return refuse(err, pattern, at, "'.' and '..' are not allowed");
	for (size_t i = 0; i < len; i++) {
		if (at[i] == '*')
			return refuse(err, pattern, at + i,
				      "a star stands for whole parts between slashes, not inside "
				      "one");
		if (!ascii_is_alnum(at[i]) && at[i] != '.' && at[i] != '_' && at[i] != '-')
			return refuse(err, pattern, at + i,
				      "a character that no reference can have");
	}
	return LKS_OK;
}

enum lks_status pattern_check(const char *pattern, struct lks_error *err)
{
	char store[LKS_NAME_MAX + 1];
	const char *at;
	size_t len;
	enum lks_status status;

	if (strnlen(pattern, REFERENCE_MAX + 1) > REFERENCE_MAX)
		return refuse(err, pattern, pattern + REFERENCE_MAX,
			      "at most 1024 characters are allowed");
	if (strcmp(pattern, "**") == 0)
		return LKS_OK;
	len = strcspn(pattern, ":");
	if (!pattern[len])
		return refuse(err, pattern, pattern + len, "expected STORE:PATH, there is no ':'");
	if (len > LKS_NAME_MAX)
		return refuse(err, pattern, pattern, "a store's name has at most 32 characters");
	memcpy(store, pattern, len);
	store[len] = '\0';
	if (strcmp(store, "*") != 0 && !name_is_valid(store))
		return refuse(err, pattern, pattern, "expected a store's name or * before the ':'");
	at = pattern + len + 1;
	do {
		status = check_segment(pattern, at, err);
		if (status)
			return status;
		at += segment_len(at);
	} while (*at++);
	return LKS_OK;
}

/* The star rule of file globs, over segments: on a mismatch only the last `**`
   takes one segment more. Earlier ones never need to. */
static bool path_matches(const char *pattern, const char *path)
{
	const char *retry_pattern = NULL;
	const char *retry_path = NULL;

	while (*path) {
		if (*pattern && segment_is(pattern, "**")) {
			pattern = segment_next(pattern);
			retry_pattern = pattern;
			retry_path = path;
			continue;
		}
		if (*pattern &&
		    (segment_is(pattern, "*") || (segment_len(pattern) == segment_len(path) &&
						  memcmp(pattern, path, segment_len(path)) == 0))) {
			pattern = segment_next(pattern);
			path = segment_next(path);
			continue;
		}
		if (!retry_pattern)
			return false;
		retry_path = segment_next(retry_path);
		path = retry_path;
		pattern = retry_pattern;
	}
	while (*pattern && segment_is(pattern, "**"))
		pattern = segment_next(pattern);
	return !*pattern;
}

bool pattern_matches(const char *pattern, const struct reference *reference)
{
	size_t len = strcspn(pattern, ":");

	if (strcmp(pattern, "**") == 0)
		return true;
	if (!pattern[len])
		return false;
	if (!(len == 1 && pattern[0] == '*') &&
	    (strlen(reference->store) != len || memcmp(pattern, reference->store, len) != 0))
		return false;
	return path_matches(pattern + len + 1, reference->path);
}

bool pattern_store(const char *pattern, char store[LKS_NAME_MAX + 1])
{
	size_t len = strcspn(pattern, ":");

	if (!pattern[len] || !len || len > LKS_NAME_MAX || pattern[0] == '*')
		return false;
	memcpy(store, pattern, len);
	store[len] = '\0';
	return true;
}
