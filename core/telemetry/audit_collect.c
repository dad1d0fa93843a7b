/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking the spool's files into the log, as root. Everybody can put anything
 * there: nothing is believed but who owns a file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/trust.h"
#include "telemetry/audit_spool.h"

#define ID_LEN 36
#define LISTED_MAX 100000 /* names that are sorted */
#define TAKEN_MAX 10000   /* files in one pass */
#define BATCH_MAX 64      /* files under one lock */
#define PASSWD_MAX 65536

struct item {
	const char *id;
	json_t *entry; /* NULL: it is none */
	const char *fault;
	bool is_owned; /* `uid` is who put it there */
	uid_t uid;
};

struct spool {
	int fd;
	char (*ids)[ID_LEN + 1];
	size_t count, capacity, next, taken;
	struct item items[BATCH_MAX];
	size_t item_count;
};

/* --- the folder ------------------------------------------------------------ */

static bool is_entry_name(const char *name)
{
	if (strlen(name) != ID_LEN + strlen(".json") || strcmp(name + ID_LEN, ".json") != 0)
		return false;
	for (size_t i = 0; i < ID_LEN; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? name[i] != '-' : !strchr("0123456789abcdef", name[i]))
			return false;
	}
	return true;
}

static bool add_id(struct spool *spool, const char *name)
{
	if (spool->count == spool->capacity) {
		size_t capacity = spool->capacity ? spool->capacity * 2 : 64;
		void *larger = reallocarray(spool->ids, capacity, sizeof(*spool->ids));

		if (!larger)
			return false;
		spool->ids = larger;
		spool->capacity = capacity;
	}
	memcpy(spool->ids[spool->count], name, ID_LEN);
	spool->ids[spool->count++][ID_LEN] = '\0';
	return true;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void dir_close(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* What may be an entry. Folders are nobody's entries: they stay. */
static bool read_names(struct spool *spool)
{
	AUTO(dir_close) DIR *dir = NULL;
	const struct dirent *found;
	int fd = fcntl(spool->fd, F_DUPFD_CLOEXEC, 3);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return false;
	while (spool->count < LISTED_MAX && (found = readdir(dir))) {
		if (is_entry_name(found->d_name) && found->d_type != DT_DIR &&
		    !add_id(spool, found->d_name))
			return false;
	}
	if (spool->count)
		qsort(spool->ids, spool->count, sizeof(*spool->ids), compare_ids);
	return true;
}

static int open_spool(int folder, const char *log_name, struct stat *ret_stat)
{
	AUTO(text_release) struct text name = TEXT_INIT;
	int fd;

	text_printf(&name, "%s.spool", log_name);
	if (!text_ok(&name)) {
		errno = ENOMEM;
		return -1;
	}
	fd = openat(folder, name.data, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, ret_stat)) {
		close(fd);
		return -1;
	}
	return fd;
}

struct spool *spool_list(int folder, const char *log_name)
{
	AUTO(spool_release) struct spool *spool = NULL;
	AUTO(fd_close) int fd = -1;
	struct stat st;

	fd = open_spool(folder, log_name, &st);
	if (fd < 0 || st.st_uid != geteuid())
		return NULL;
	spool = calloc(1, sizeof(*spool));
	if (!spool)
		return NULL;
	spool->fd = fd;
	fd = -1;
	return read_names(spool) && spool->count ? TAKE(spool) : NULL;
}

static void forget_items(struct spool *spool)
{
	for (size_t i = 0; i < spool->item_count; i++)
		json_decref(spool->items[i].entry);
	spool->item_count = 0;
}

void spool_release(struct spool **spool)
{
	if (!*spool)
		return;
	forget_items(*spool);
	fd_close(&(*spool)->fd);
	free((*spool)->ids);
	free(*spool);
}

enum lks_status audit_waiting(const char *path, size_t *ret_count, struct lks_error *err)
{
	AUTO(spool_release) struct spool *spool = NULL;
	AUTO(free_ptr) char *folder = strdup(path);
	AUTO(fd_close) int folder_fd = -1;
	enum lks_status status;
	struct stat st;
	char *slash = folder ? strrchr(folder, '/') : NULL;

	spool = slash ? calloc(1, sizeof(*spool)) : NULL;
	if (!spool)
		return error_no_memory(err, "reading the audit log's spool");
	spool->fd = -1;
	*slash = '\0';
	status = trust_enter_folder(folder[0] ? folder : "/", "the audit log's folder", &folder_fd,
				    err);
	if (status)
		return status;
	spool->fd = open_spool(folder_fd, slash + 1, &st);
	if (spool->fd < 0 || !read_names(spool)) {
		error_set(err, status_from_errno(errno), "the audit log's spool: %s",
			  strerror(errno));
		error_where(err, "%s.spool", path);
		return status_from_errno(errno);
	}
	*ret_count = spool->count;
	if (!st.st_uid && (st.st_mode & 07777) == SPOOL_MODE)
		return LKS_OK;
	error_set(err, LKS_DENIED, "others cannot use the audit log's spool (mode %04o)",
		  (unsigned)st.st_mode & 07777u);
	error_where(err, "%s.spool", path);
	error_hint(err, "chown root it and chmod 1733 it");
	return LKS_DENIED;
}

/* --- a batch --------------------------------------------------------------- */

static void print_name(const struct item *item, char name[ID_LEN + sizeof(".json")])
{
	snprintf(name, ID_LEN + sizeof(".json"), "%s.json", item->id);
}

/* Why a file is not read, or NULL. */
static const char *find_fault(const struct stat *st)
{
	if (st->st_nlink > 1)
		return "a file with several names";
	if (S_ISLNK(st->st_mode))
		return "a symbolic link";
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	return st->st_size > SPOOL_FILE_MAX ? "a file that is too large" : NULL;
}

/* False: leave it where it is. */
static bool read_content(struct item *item, int fd, const struct stat *st)
{
	char text[SPOOL_FILE_MAX + 1];
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, text + len, sizeof(text) - len);
		if (got < 0 && errno != EINTR)
			return false;
		len += got > 0 ? (size_t)got : 0;
	} while (got && len < sizeof(text));
	if (len > SPOOL_FILE_MAX) {
		item->fault = "a file that is too large";
		return true;
	}
	if ((!len || text[len - 1] != '\n') &&
	    clock_wall_ms() - (int64_t)st->st_ctim.tv_sec * 1000 < SPOOL_UNFINISHED_MS)
		return false; /* perhaps it is being written */
	item->entry = spool_parse(text, len);
	if (!item->entry)
		item->fault = "not an entry";
	return true;
}

/* False: it is gone, not finished, or a folder. */
static bool read_item(struct spool *spool, struct item *item)
{
	char name[ID_LEN + sizeof(".json")];
	AUTO(fd_close) int fd = -1;
	struct stat st;

	print_name(item, name);
	/* Looked at before it is opened: opening a device can have effects. */
	if (fstatat(spool->fd, name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode))
		return false;
	item->fault = find_fault(&st);
	if (!item->fault) {
		fd = openat(spool->fd, name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st))
			return false;
		item->fault = find_fault(&st);
	}
	/* Anybody may give another's file one more name. */
	item->is_owned = st.st_nlink == 1;
	item->uid = st.st_uid;
	return item->fault || read_content(item, fd, &st);
}

bool spool_has_more(const struct spool *spool)
{
	return spool->next < spool->count && spool->taken < TAKEN_MAX;
}

size_t spool_read(struct spool *spool)
{
	forget_items(spool);
	while (spool_has_more(spool) && spool->item_count < BATCH_MAX) {
		struct item *item = &spool->items[spool->item_count];

		*item = (struct item){ .id = spool->ids[spool->next++] };
		if (!read_item(spool, item))
			continue;
		spool->item_count++;
		spool->taken++;
	}
	return spool->item_count;
}

static void print_subject(const struct item *item, char *buffer, size_t size)
{
	AUTO(free_ptr) char *room = malloc(PASSWD_MAX);
	struct passwd entry, *found = NULL;

	if (!item->is_owned)
		snprintf(buffer, size, "engine:spool");
	else if (room && !getpwuid_r(item->uid, &entry, room, PASSWD_MAX, &found) && found &&
		 found->pw_name[0] && strlen(found->pw_name) <= 100)
		snprintf(buffer, size, "user:%s", found->pw_name);
	else
		snprintf(buffer, size, "user:#%u", (unsigned)item->uid);
}

static void add_known(struct text *line, const json_t *entry, const char *key)
{
	const char *value = json_text(entry, key);

	audit_add_member(line, key, value[0] ? value : NULL);
}

void spool_body(struct text *line, const void *spool, size_t index, int64_t wall_ms)
{
	static const char *const rest[] = { "reference", "outcome", "request",
					    "version",   "reason",  "rule" };
	const struct item *item = &((const struct spool *)spool)->items[index];
	int64_t then_ms = wall_ms;
	char subject[128], reason[128], time[32];

	if (item->entry && !time_parse(json_text(item->entry, "time"), &then_ms))
		then_ms = wall_ms;
	time_print(then_ms, time);
	print_subject(item, subject, sizeof(subject));
	text_printf(line, "\"time\":\"%s\"", time);
	audit_add_member(line, "phase", item->entry ? "read" : "note");
	audit_add_member(line, "action", item->entry ? json_text(item->entry, "action") : "spool");
	audit_add_member(line, "subject", subject);
	for (size_t i = 0; item->entry && i < COUNT_OF(rest); i++)
		add_known(line, item->entry, rest[i]);
	if (!item->entry) {
		snprintf(reason, sizeof(reason), "removed from the spool: %s", item->fault);
		audit_add_member(line, "outcome", status_name(LKS_INVALID));
		audit_add_member(line, "reason", reason);
	}
	audit_add_member(line, "spool_id", item->id);
	if (item->is_owned)
		text_printf(line, ",\"spooled_by\":%u", (unsigned)item->uid);
	time_print(wall_ms, time);
	audit_add_member(line, "collected", time);
	text_add_char(line, '}');
}

enum lks_status spool_remove(struct spool *spool, const char *log_path, struct lks_error *err)
{
	for (size_t i = 0; i < spool->item_count; i++) {
		char name[ID_LEN + sizeof(".json")];

		print_name(&spool->items[i], name);
		if (!unlinkat(spool->fd, name, 0) || errno == ENOENT)
			continue;
		error_set(err, LKS_UNAVAILABLE, "a file cannot be removed: %s", strerror(errno));
		error_where(err, "%s.spool/%s", log_path, name);
		return LKS_UNAVAILABLE;
	}
	return LKS_OK;
}
