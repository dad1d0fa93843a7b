/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: the calling process or a named subject, with groups and roles. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/text.h"
#include "config/schema.h"
#include "guard/policy.h"

#define ENTRY_MAX 65536

static void free_group(gid_t **groups)
{
	free(*groups);
}

/* "user:NAME", or "user:#1000" where nothing knows a name. */
static enum lks_status print_user(uid_t uid, char *buffer, size_t size, gid_t *ret_gid,
				  bool *ret_is_known, struct lks_error *err)
{
	AUTO(free_ptr) char *room = malloc(ENTRY_MAX);
	struct passwd entry, *found = NULL;

	if (!room)
		return error_no_memory(err, "looking up the user");
	if (getpwuid_r(uid, &entry, room, ENTRY_MAX, &found) != 0)
		found = NULL;
	*ret_is_known = found && *found->pw_name && strlen(found->pw_name) <= 100;
	if (*ret_is_known) {
		(void)snprintf(buffer, size, "user:%s", found->pw_name);
		*ret_gid = found->pw_gid;
	} else {
		(void)snprintf(buffer, size, "user:#%u", (unsigned)uid);
	}
	return LKS_OK;
}

static bool has(const struct subject *subject, const char *name)
{
	if (strcmp(subject->name, name) == 0)
		return true;
	for (size_t i = 0; i < subject->also.count; i++) {
		if (strcmp(subject->also.items[i], name) == 0)
			return true;
	}
	return false;
}

static enum lks_status add(struct subject *subject, const char *name, struct lks_error *err)
{
	if (has(subject, name) || strings_add(&subject->also, name))
		return LKS_OK;
	return error_no_memory(err, "looking up the groups");
}

static enum lks_status add_group(struct subject *subject, gid_t gid, struct lks_error *err)
{
	AUTO(free_ptr) char *room = malloc(ENTRY_MAX);
	struct group entry, *found = NULL;
	char name[128];

	if (!room)
		return error_no_memory(err, "looking up the groups");
	/* The number always works too: a rule may name "group:#100". */
	(void)snprintf(name, sizeof(name), "group:#%u", (unsigned)gid);
	if (add(subject, name, err))
		return LKS_NO_MEMORY;
	if (getgrgid_r(gid, &entry, room, ENTRY_MAX, &found) != 0 || !found || !*found->gr_name ||
	    strlen(found->gr_name) > 100)
		return LKS_OK;
	(void)snprintf(name, sizeof(name), "group:%s", found->gr_name);
	return add(subject, name, err);
}

static enum lks_status add_groups(struct subject *subject, const gid_t *groups, size_t count,
				  struct lks_error *err)
{
	for (size_t i = 0; i < count; i++) {
		enum lks_status status = add_group(subject, groups[i], err);

		if (status)
			return status;
	}
	return LKS_OK;
}

/* The groups of this process, as it has them now. */
static enum lks_status add_own_groups(struct subject *subject, struct lks_error *err)
{
	AUTO(free_group) gid_t *groups = NULL;
	int count = getgroups(0, NULL);
	enum lks_status status = add_group(subject, getegid(), err);

	if (status)
		return status;
	if (count <= 0)
		return LKS_OK;
	groups = calloc((size_t)count, sizeof(*groups));
	if (!groups)
		return error_no_memory(err, "looking up the groups");
	count = getgroups(count, groups);
	if (count < 0)
		return error_set(err, LKS_FAILED, "cannot read the groups of this process: %s",
				 strerror(errno));
	return add_groups(subject, groups, (size_t)count, err);
}

/* Of a user that is only named: what the system's lists say. */
static enum lks_status add_groups_of(struct subject *subject, const char *user, gid_t gid,
				     struct lks_error *err)
{
	AUTO(free_group) gid_t *groups = NULL;
	int count = 0;

	(void)getgrouplist(user, gid, NULL, &count);
	if (count <= 0 || count > 65536)
		return add_group(subject, gid, err);
	groups = calloc((size_t)count, sizeof(*groups));
	if (!groups)
		return error_no_memory(err, "looking up the groups");
	if (getgrouplist(user, gid, groups, &count) < 0)
		return add_group(subject, gid, err);
	return add_groups(subject, groups, (size_t)count, err);
}

static enum lks_status add_roles(const struct config *config, struct subject *subject,
				 struct lks_error *err)
{
	for (size_t i = 0; i < config->role_count; i++) {
		const struct config_role *role = &config->roles[i];
		bool is_member = false;
		char name[LKS_NAME_MAX + 8];

		for (size_t k = 0; k < role->members.count && !is_member; k++)
			is_member = has(subject, role->members.items[k]);
		(void)snprintf(name, sizeof(name), "role:%s", role->name);
		if (is_member && add(subject, name, err))
			return LKS_NO_MEMORY;
	}
	return LKS_OK;
}

enum lks_status subject_of_caller(const struct config *config, struct subject *ret_subject,
				  struct lks_error *err)
{
	AUTO(subject_release) struct subject subject = { 0 };
	uid_t uid = geteuid();
	enum lks_status status;
	char number[32];
	bool is_known;
	gid_t gid;

	status = print_user(uid, subject.name, sizeof(subject.name), &gid, &is_known, err);
	if (status)
		return status;
	subject.is_owner = uid == 0 || uid == config->owner_uid;
	(void)snprintf(number, sizeof(number), "user:#%u", (unsigned)uid);
	status = add(&subject, number, err);
	/* Names of groups cost more than the rest of a `get`: only where a rule
	   or a role could ask for them. */
	if (!status && (config->policy_count > 0 || config->role_count > 0))
		status = add_own_groups(&subject, err);
	if (!status)
		status = add_roles(config, &subject, err);
	if (status)
		return status;
	*ret_subject = subject;
	subject = (struct subject){ 0 };
	return LKS_OK;
}

/* A user's number, groups and whether the config is theirs. */
static enum lks_status complete_user(const struct config *config, struct subject *subject,
				     struct lks_error *err)
{
	const char *user = subject->name + strlen("user:");
	AUTO(free_ptr) char *room = malloc(ENTRY_MAX);
	struct passwd entry, *found = NULL;
	char number[32], owner[128];
	bool is_known;
	gid_t gid;

	if (!room)
		return error_no_memory(err, "looking up the user");
	if (print_user(config->owner_uid, owner, sizeof(owner), &gid, &is_known, err))
		return LKS_NO_MEMORY;
	subject->is_owner =
		strcmp(subject->name, owner) == 0 || strcmp(subject->name, "user:root") == 0;
	if (getpwnam_r(user, &entry, room, ENTRY_MAX, &found) != 0 || !found)
		return LKS_OK;
	subject->is_owner |= found->pw_uid == config->owner_uid || found->pw_uid == 0;
	(void)snprintf(number, sizeof(number), "user:#%u", (unsigned)found->pw_uid);
	if (add(subject, number, err))
		return LKS_NO_MEMORY;
	return add_groups_of(subject, user, found->pw_gid, err);
}

enum lks_status subject_named(const struct config *config, const char *name,
			      struct subject *ret_subject, struct lks_error *err)
{
	AUTO(subject_release) struct subject subject = { 0 };
	enum lks_status status = LKS_OK;

	if (!subject_is_valid(name)) {
		error_set(err, LKS_INVALID, "\"%.64s\" is no subject", name);
		error_hint(err, "write user:NAME, group:NAME, tenant:NAME, role:NAME or "
				"engine:STORE");
		return LKS_INVALID;
	}
	string_copy(subject.name, sizeof(subject.name), name);
	if (string_starts(name, "user:"))
		status = complete_user(config, &subject, err);
	if (!status)
		status = add_roles(config, &subject, err);
	if (status)
		return status;
	*ret_subject = subject;
	subject = (struct subject){ 0 };
	return LKS_OK;
}

void subject_release(struct subject *subject)
{
	strings_release(&subject->also);
	*subject = (struct subject){ 0 };
}
