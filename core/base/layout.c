/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: which parts of a store's paths are tenant and namespace. */
#include "base/reference.h"

#include <string.h>

#include "base/text.h"

enum part { PART_LITERAL = 0, PART_TENANT, PART_NAMESPACE, PART_NAME, PART_BAD };

static enum part part_of(const char *at, size_t len)
{
	static const char *const names[] = { "", "{tenant}", "{namespace}", "{name}" };

	for (size_t i = 1; i < COUNT_OF(names); i++) {
		if (strlen(names[i]) == len && memcmp(at, names[i], len) == 0)
			return (enum part)i;
	}
	if (!len || len > 255 || (len <= 2 && at[0] == '.' && at[len - 1] == '.'))
		return PART_BAD;
	for (size_t i = 0; i < len; i++) {
		if (!ascii_is_alnum(at[i]) && at[i] != '.' && at[i] != '_' && at[i] != '-')
			return PART_BAD;
	}
	return PART_LITERAL;
}

static enum lks_status refuse(struct lks_error *err, const char *layout, const char *what)
{
	error_set(err, LKS_INVALID, "layout \"%.200s\": %s", layout, what);
	error_hint(err, "write parts joined by '/', each plain text or one of {tenant}, "
			"{namespace}, {name}; {name} comes last");
	return LKS_INVALID;
}

enum lks_status layout_check(const char *layout, struct lks_error *err)
{
	unsigned seen = 0;
	const char *at = layout;
	size_t len;

	if (strnlen(layout, LKS_PATH_MAX + 1) > LKS_PATH_MAX)
		return refuse(err, layout, "it is too long");
	for (;;) {
		enum part part;

		len = strcspn(at, "/");
		part = part_of(at, len);
		if (part == PART_BAD)
			return refuse(err, layout,
				      "a part is neither plain text nor a known placeholder");
		if (part != PART_LITERAL && (seen & (1u << part)))
			return refuse(err, layout, "a placeholder stands twice");
		seen |= 1u << part;
		if (!at[len])
			return part == PART_NAME ? LKS_OK
						 : refuse(err, layout, "{name} must come last");
		at += len + 1;
	}
}

static void keep(char *buffer, const char *at, size_t len)
{
	memcpy(buffer, at, len);
	buffer[len] = '\0';
}

/* Walks both. `*ret_rest` is what of the path the layout's last placeholder
   takes, NULL where the path ended before it. False: a literal differs. */
static bool walk(const char *layout, const char *path, bool is_prefix, char ret_tenant[256],
		 char ret_namespace[256], const char **ret_rest)
{
	ret_tenant[0] = '\0';
	ret_namespace[0] = '\0';
	*ret_rest = NULL;
	for (;;) {
		size_t layout_len = strcspn(layout, "/");
		size_t path_len = strcspn(path, "/");
		enum part part = part_of(layout, layout_len);

		if (!layout[layout_len]) {
			*ret_rest = path;
			return true;
		}
		/* The last piece of a prefix may go on: it says nothing yet. */
		if (!path[path_len])
			return is_prefix;
		if (!path_len || path_len > 255)
			return false;
		if (part == PART_TENANT)
			keep(ret_tenant, path, path_len);
		else if (part == PART_NAMESPACE)
			keep(ret_namespace, path, path_len);
		else if (path_len != layout_len || memcmp(path, layout, path_len) != 0)
			return false;
		layout += layout_len + 1;
		path += path_len + 1;
	}
}

static enum lks_status refuse_path(struct lks_error *err, const char *layout, const char *path)
{
	error_set(err, LKS_INVALID, "path '%s' does not fit the store's layout \"%s\"", path,
		  layout);
	return LKS_INVALID;
}

enum lks_status layout_match(const char *layout, const char *path, char ret_tenant[256],
			     char ret_namespace[256], struct lks_error *err)
{
	char tenant[256];
	char namespace[256];
	const char *rest;

	if (!walk(layout, path, false, tenant, namespace, &rest) || !*rest)
		return refuse_path(err, layout, path);
	memcpy(ret_tenant, tenant, sizeof(tenant));
	memcpy(ret_namespace, namespace, sizeof(namespace));
	return LKS_OK;
}

enum lks_status layout_match_prefix(const char *layout, const char *prefix, char ret_tenant[256],
				    char ret_namespace[256], struct lks_error *err)
{
	char tenant[256];
	char namespace[256];
	const char *rest;

	if (!walk(layout, prefix, true, tenant, namespace, &rest))
		return refuse_path(err, layout, prefix);
	memcpy(ret_tenant, tenant, sizeof(tenant));
	memcpy(ret_namespace, namespace, sizeof(namespace));
	return LKS_OK;
}
