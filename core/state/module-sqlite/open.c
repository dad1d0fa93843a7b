/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, opening, closing and adopting the database file. A fresh one is made
 * whole under another name and linked into place, so an empty or short file is
 * a damaged one, never a young one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "state/module-sqlite/sqlite.h"

/* Looking at every page is cheap up to here; `doctor` looks at larger ones. */
#define QUICK_CHECK_BYTES (8 << 20)
#define SMALLEST_DATABASE 512

static char *suffixed(const char *path, const char *suffix)
{
	char *name = NULL;

	return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

static enum lks_status open_beside(const char *path, const char *suffix, int *ret_fd,
				   struct lks_error *err)
{
	AUTO(free_ptr) char *name = suffixed(path, suffix);

	if (!name)
		return module_fail(err, LKS_NO_MEMORY, "out of memory: open %s", path);
	*ret_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret_fd >= 0)
		return LKS_OK;
	return module_fail(err, errno == EACCES || errno == EPERM ? LKS_DENIED : LKS_FAILED,
			   "open %s: %s", name, strerror(errno));
}

static enum lks_status execute(struct database *database, const char *sql, const char *doing,
			       struct lks_error *err)
{
	int result = sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? LKS_OK : module_sqlite_fail(database, result, doing, err);
}

static void finalize_all(struct database *database)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(database->statements[i]);
		database->statements[i] = NULL;
	}
}

/* The lock is held (or the file is ours alone). */
static void close_sqlite(struct database *database)
{
	finalize_all(database);
	sqlite3_close(database->sqlite);
	database->sqlite = NULL;
}

static enum lks_status open_sqlite(struct database *database, const char *path, bool create,
				   struct lks_error *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW |
		    SQLITE_OPEN_EXRESCODE | (create ? SQLITE_OPEN_CREATE : 0);
	int result = sqlite3_open_v2(path, &database->sqlite, flags, NULL);

	if (result != SQLITE_OK)
		return module_sqlite_fail(database, result, "open", err);
	sqlite3_busy_timeout(database->sqlite, 5000);
	(void)sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return execute(database,
		       "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
		       "PRAGMA secure_delete=ON; PRAGMA synchronous=FULL;"
		       "PRAGMA temp_store=MEMORY; PRAGMA locking_mode=NORMAL;",
		       "set up", err);
}

static enum lks_status meta_write(struct database *database, const char *name, const char *value,
				  struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *write = statement_get(database, SQL_META_WRITE, err);

	if (!write)
		return err->status;
	bind_text(write, 1, name);
	bind_text(write, 2, value);
	return statement_run(database, write, "write meta", err);
}

static enum lks_status meta_is(struct database *database, const char *name, const char *value,
			       bool *ret_same, struct lks_error *err)
{
	AUTO(statement_done) sqlite3_stmt *select = statement_get(database, SQL_META_READ, err);
	const char *found;
	int result;

	if (!select)
		return err->status;
	bind_text(select, 1, name);
	result = sqlite3_step(select);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return module_sqlite_fail(database, result, "read meta", err);
	found = result == SQLITE_ROW ? column_text(select, 0) : NULL;
	*ret_same = found && !strcmp(found, value);
	return LKS_OK;
}

static enum lks_status fill_fresh(struct database *database,
				  const struct database_identity *identity, struct lks_error *err)
{
	char pragmas[128];
	enum lks_status status;

	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
		 APPLICATION_ID, SCHEMA_VERSION);
	status = execute(database, "BEGIN", "begin", err);
	if (!status)
		status = execute(database, schema_text, "make the schema", err);
	if (!status)
		status = execute(database, pragmas, "mark the file", err);
	if (!status)
		status = meta_write(database, "machine", identity->machine, err);
	if (!status)
		status = meta_write(database, "key", identity->key_check, err);
	if (!status)
		status = execute(database, "COMMIT", "commit", err);
	return status;
}

static enum lks_status sync_folder(const char *path, struct lks_error *err)
{
	AUTO(free_ptr) char *folder = strdup(path);
	AUTO(fd_close) int fd = -1;
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (!slash)
		return module_fail(err, LKS_NO_MEMORY, "out of memory: sync the folder of %s",
				   path);
	slash[slash == folder] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		return module_fail(err, LKS_FAILED, "sync the folder of %s: %s", path,
				   strerror(errno));
	return LKS_OK;
}

static enum lks_status create_database(struct database *database,
				       const struct database_identity *identity,
				       struct lks_error *err)
{
	AUTO(free_ptr) char *fresh = suffixed(database->path, ".new");
	AUTO(fd_close) int fd = -1;
	enum lks_status status;

	if (!fresh)
		return module_fail(err, LKS_NO_MEMORY, "out of memory: make %s", database->path);
	/* A leftover of a crash: nobody else makes one, the lock is held. */
	(void)unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return module_fail(err,
				   errno == EACCES || errno == EPERM || errno == EROFS ? LKS_DENIED
										       : LKS_FAILED,
				   "make %s: %s", fresh, strerror(errno));
	status = open_sqlite(database, fresh, true, err);
	if (!status)
		status = fill_fresh(database, identity, err);
	close_sqlite(database);
	if (!status && link(fresh, database->path) && errno != EEXIST)
		status = module_fail(err, LKS_FAILED, "make %s: %s", database->path,
				     strerror(errno));
	(void)unlink(fresh);
	return status ? status : sync_folder(database->path, err);
}

/* What is wrong with the file, but not with what is in it: a person mends it. */
static enum lks_status judge_mode(const char *path, struct lks_error *err)
{
	struct stat stat;

	if (lstat(path, &stat))
		return errno == ENOENT ? LKS_OK
				       : module_fail(err, errno == EACCES ? LKS_DENIED : LKS_FAILED,
						     "open %s: %s", path, strerror(errno));
	if (!S_ISREG(stat.st_mode)) {
		module_fail(err, LKS_INVALID, "the state %s is not a regular file", path);
		snprintf(err->hint, sizeof(err->hint),
			 "move it away, or name another file as "
			 "state = { url = \"sqlite:/...\"; }");
		return LKS_INVALID;
	}
	if (stat.st_mode & 0077) {
		module_fail(err, LKS_INVALID,
			    "the state %s may be used by others (mode %04o): chmod 600 it", path,
			    (unsigned)(stat.st_mode & 07777));
		snprintf(err->hint, sizeof(err->hint), "chmod 600 %.400s", path);
		return LKS_INVALID;
	}
	return LKS_OK;
}

static enum lks_status judge_file(const char *path, off_t *ret_size, struct lks_error *err)
{
	struct stat stat;

	if (lstat(path, &stat))
		return module_fail(err, errno == EACCES ? LKS_DENIED : LKS_FAILED, "open %s: %s",
				   path, strerror(errno));
	if (stat.st_size < SMALLEST_DATABASE)
		return module_fail(err, LKS_INVALID,
				   "the state %s is corrupt: it is cut off after %lld bytes", path,
				   (long long)stat.st_size);
	*ret_size = stat.st_size;
	return LKS_OK;
}

static enum lks_status read_number(struct database *database, const char *sql, int *ret_number,
				   struct lks_error *err)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*ret_number = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return result == SQLITE_ROW ? LKS_OK : module_sqlite_fail(database, result, "read", err);
}

static enum lks_status judge_version(struct database *database, struct lks_error *err)
{
	int application = 0;
	int version = 0;
	enum lks_status status;

	status = read_number(database, "PRAGMA application_id", &application, err);
	if (!status)
		status = read_number(database, "PRAGMA user_version", &version, err);
	if (status)
		return status;
	if (application != APPLICATION_ID)
		return module_fail(err, LKS_INVALID, "%s is not a state of lockstep",
				   database->path);
	if (version > SCHEMA_VERSION)
		return module_fail(err, LKS_INVALID,
				   "the state %s is of a newer version (%d, this is %d)",
				   database->path, version, SCHEMA_VERSION);
	if (version != SCHEMA_VERSION)
		return module_fail(err, LKS_INVALID, "the state %s is corrupt (version %d)",
				   database->path, version);
	return LKS_OK;
}

static enum lks_status quick_check(struct database *database, struct lks_error *err)
{
	sqlite3_stmt *statement = NULL;
	const char *said = NULL;
	enum lks_status status = LKS_OK;
	int result =
		sqlite3_prepare_v2(database->sqlite, "PRAGMA quick_check(1)", -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		said = column_text(statement, 0);
	if (!said)
		status = module_sqlite_fail(database, result, "check", err);
	else if (strcmp(said, "ok"))
		status = module_fail(err, LKS_INVALID, "the state %s is corrupt (%s)",
				     database->path, said);
	sqlite3_finalize(statement);
	return status;
}

static bool has_write_ahead(const char *path)
{
	AUTO(free_ptr) char *name = suffixed(path, "-wal");
	struct stat stat;

	return name && !lstat(name, &stat) && stat.st_size > 0;
}

/* SQLite takes a last page that is cut off for one with zeros in it. Pages that
   wait in the write-ahead file may still be on their way. */
static enum lks_status judge_size(struct database *database, off_t size, struct lks_error *err)
{
	int page_size = 0;
	enum lks_status status = read_number(database, "PRAGMA page_size", &page_size, err);

	if (status || has_write_ahead(database->path) || (page_size > 0 && size % page_size == 0))
		return status;
	return module_fail(err, LKS_INVALID,
			   "the state %s is corrupt: it is cut off after %lld bytes",
			   database->path, (long long)size);
}

/* All but whose it is. */
static enum lks_status open_believed(struct database *database, struct lks_error *err)
{
	off_t size = 0;
	enum lks_status status = judge_mode(database->path, err);

	if (!status)
		status = judge_file(database->path, &size, err);
	if (!status)
		status = open_sqlite(database, database->path, false, err);
	if (!status)
		status = judge_version(database, err);
	if (!status)
		status = judge_size(database, size, err);
	if (!status && size <= QUICK_CHECK_BYTES)
		status = quick_check(database, err);
	if (!status)
		status = execute(database, "PRAGMA journal_mode=WAL", "set up", err);
	/* While opening, what cannot be read is damage: nothing was written. */
	if (status == LKS_FAILED && database->is_poisoned)
		err->status = status = LKS_INVALID;
	return status;
}

static enum lks_status judge_identity(struct database *database,
				      const struct database_identity *identity,
				      struct lks_error *err)
{
	bool same = false;
	enum lks_status status = meta_is(database, "key", identity->key_check, &same, err);

	if (status)
		return status;
	if (!same)
		return module_fail(err, LKS_INVALID,
				   "the state %s was made with another key than this one",
				   database->path);
	status = meta_is(database, "machine", identity->machine, &same, err);
	if (status)
		return status;
	if (!same)
		return module_fail(err, LKS_INVALID, "the state %s is from another machine",
				   database->path);
	return LKS_OK;
}

/* mkdir -p, private. A folder that is there stays as it is. */
static enum lks_status make_folders(const char *path, struct lks_error *err)
{
	AUTO(free_ptr) char *folder = strdup(path);

	if (!folder)
		return module_fail(err, LKS_NO_MEMORY, "out of memory: make %s", path);
	for (char *at = folder + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (mkdir(folder, 0700) && errno != EEXIST)
			return module_fail(err,
					   errno == EACCES || errno == EPERM || errno == EROFS
						   ? LKS_DENIED
						   : LKS_FAILED,
					   "make the folder %s: %s", folder, strerror(errno));
		*at = '/';
	}
	return LKS_OK;
}

static void database_free(struct database *database)
{
	if (!database)
		return;
	if (database->lock_fd >= 0)
		close(database->lock_fd);
	if (database->ops_fd >= 0)
		close(database->ops_fd);
	free(database->path);
	free(database);
}

static void database_freep(struct database **database)
{
	database_free(*database);
}

/* The handle with its lock files; the lock is held. */
static enum lks_status handle_new(const char *location, int64_t lock_wait_ms,
				  struct database **ret_database, struct lks_error *err)
{
	AUTO(database_freep) struct database *database = calloc(1, sizeof(*database));
	enum lks_status status;

	if (database)
		database->lock_fd = database->ops_fd = -1;
	if (!database || !(database->path = strdup(location)))
		return module_fail(err, LKS_NO_MEMORY, "out of memory: open %s", location);
	database->lock_wait_ms = lock_wait_ms;
	status = make_folders(location, err);
	if (!status)
		status = open_beside(location, ".lock", &database->lock_fd, err);
	if (!status)
		status = open_beside(location, ".ops", &database->ops_fd, err);
	if (!status)
		status = database_lock(database, err);
	if (!status)
		*ret_database = TAKE(database);
	return status;
}

enum lks_status sqlite_open(const char *location, const struct database_identity *identity,
			    struct database **ret_database, struct lks_error *err)
{
	AUTO(database_freep) struct database *database = NULL;
	enum lks_status status;
	bool was_left;

	status = handle_new(location, identity->lock_wait_ms, &database, err);
	if (status)
		return status;
	was_left = has_write_ahead(location);
	if (!sqlite_exists(location))
		status = create_database(database, identity, err);
	if (!status)
		status = open_believed(database, err);
	if (!status)
		status = judge_identity(database, identity, err);
	if (status) {
		close_sqlite(database);
	} else if (was_left) {
		/* Of a crash, or of an end whose checkpoint met a reader: the
		   destroyed keys go now. */
		database_truncate(database);
	}
	database_unlock(database);
	if (!status)
		*ret_database = TAKE(database);
	return status;
}

void sqlite_close(struct database *database)
{
	struct lks_error ignored;
	bool locked = !database_lock(database, &ignored);

	/* The last one to close would checkpoint: not without the lock, and
	   not after a failed sync. */
	if (!locked || database->is_poisoned)
		(void)sqlite3_db_config(database->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
					NULL);
	close_sqlite(database);
	if (locked)
		database_unlock(database);
	database_free(database);
}

bool sqlite_exists(const char *location)
{
	struct stat stat;

	return !lstat(location, &stat) || errno != ENOENT;
}

static enum lks_status set_aside(const char *path, int64_t now_wall_ms, char *ret_note,
				 size_t note_size, struct lks_error *err)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	time_t seconds = (time_t)(now_wall_ms / 1000);
	char stamp[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(stamp, sizeof(stamp), ".aside-%Y%m%dT%H%M%SZ", &tm);
	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		AUTO(free_ptr) char *from = suffixed(path, suffixes[i]);
		AUTO(free_ptr) char *base = suffixed(path, stamp);
		AUTO(free_ptr) char *to = base ? suffixed(base, suffixes[i]) : NULL;

		if (!from || !to)
			return module_fail(err, LKS_NO_MEMORY, "out of memory: set aside %s", path);
		if (rename(from, to) && errno != ENOENT)
			return module_fail(err, LKS_FAILED, "set aside %s: %s", from,
					   strerror(errno));
	}
	snprintf(ret_note, note_size,
		 "the state could not be read: it was set aside as %s%s and a fresh one was begun",
		 path, stamp);
	return sync_folder(path, err);
}

struct adoption {
	const struct database_identity *identity;
	const char *lost;
	int64_t now_wall_ms;
	bool same_key;
	int ended;
};

static enum lks_status end_lost(struct database *database, struct adoption *adoption,
				struct lks_error *err)
{
	static const enum statement statements[] = { SQL_LOST_OPERATIONS, SQL_LOST_VALUES,
						     SQL_LOST_CLAIMS };

	for (size_t i = 0; i < COUNT_OF(statements); i++) {
		AUTO(statement_done)
		sqlite3_stmt *statement = statement_get(database, statements[i], err);
		enum lks_status status;

		if (!statement)
			return err->status;
		if (statements[i] == SQL_LOST_OPERATIONS) {
			bind_text(statement, 1, adoption->lost);
			sqlite3_bind_int64(statement, 2, adoption->now_wall_ms);
		}
		status = statement_run(database, statement, "end what is lost", err);
		if (status)
			return status;
		if (statements[i] == SQL_LOST_OPERATIONS)
			adoption->ended = sqlite3_changes(database->sqlite);
	}
	return LKS_OK;
}

static enum lks_status adopt_body(struct database *database, void *context, struct lks_error *err)
{
	struct adoption *adoption = context;
	enum lks_status status = LKS_OK;

	if (!adoption->same_key)
		status = end_lost(database, adoption, err);
	if (!status)
		status = meta_write(database, "key", adoption->identity->key_check, err);
	return status ? status : meta_write(database, "machine", adoption->identity->machine, err);
}

/* The lock is held. */
static enum lks_status adopt_locked(struct database *database, struct adoption *adoption,
				    char *ret_note, size_t note_size, struct lks_error *err)
{
	enum lks_status status = judge_mode(database->path, err);

	/* A good state with a wrong mode is not to be lost for that. */
	if (status)
		return status;
	status = open_believed(database, err);
	if (status == LKS_INVALID) {
		close_sqlite(database);
		database->is_poisoned = false;
		status = set_aside(database->path, adoption->now_wall_ms, ret_note, note_size, err);
		if (!status)
			status = create_database(database, adoption->identity, err);
		return status;
	}
	if (!status)
		status = meta_is(database, "key", adoption->identity->key_check,
				 &adoption->same_key, err);
	if (!status) {
		/* transaction() takes the lock itself. */
		database_unlock(database);
		status = transaction(database, adopt_body, adoption, true, err);
		if (!status)
			status = database_lock(database, err);
	}
	if (!status)
		snprintf(ret_note, note_size,
			 adoption->same_key ? "the state is now this machine's"
					    : "the state is now this key's; %d unfinished "
					      "operations ended as stuck",
			 adoption->ended);
	close_sqlite(database);
	return status;
}

enum lks_status sqlite_adopt(const char *location, const struct database_identity *identity,
			     const char *lost, int64_t now_wall_ms, char *ret_note,
			     size_t note_size, struct lks_error *err)
{
	AUTO(database_freep) struct database *database = NULL;
	struct adoption adoption = { identity, lost, now_wall_ms, false, 0 };
	enum lks_status status;

	status = handle_new(location, identity->lock_wait_ms, &database, err);
	if (status)
		return status;
	status = adopt_locked(database, &adoption, ret_note, note_size, err);
	database_unlock(database);
	return status;
}
