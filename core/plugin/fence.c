/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin must leave as it was, and what its answer may be. */
#include "plugin/fence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define SAID_MAX 64

/* What is right for the process. Written once, by fence_setup(). */
static struct {
	bool is_set;
	int folder; /* -1: there is none that could be entered again */
	dev_t folder_device;
	ino_t folder_inode;
	mode_t mask;
	char locale[256];
} right = { .folder = -1 };

/* Which warnings were said. */
static struct {
	pthread_mutex_t lock;
	size_t count;
	struct {
		char plugin[LKS_NAME_MAX + 1];
		unsigned bits;
	} entries[SAID_MAX];
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

enum lks_status fence_setup(struct lks_error *err)
{
	const char *locale = setlocale(LC_ALL, NULL);
	struct stat st;

	if (right.folder >= 0)
		close(right.folder);
	right.folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (right.folder >= 0 && fstat(right.folder, &st) == 0) {
		right.folder_device = st.st_dev;
		right.folder_inode = st.st_ino;
	}
	right.mask = umask(077);
	umask(right.mask);
	if (!locale || strlen(locale) >= sizeof(right.locale))
		return error_set(err, LKS_FAILED, "the locale cannot be read");
	string_copy(right.locale, sizeof(right.locale), locale);
	right.is_set = true;
	return LKS_OK;
}

void fence_enter(struct fence *fence)
{
	fence->environment = environ;
	pthread_sigmask(SIG_SETMASK, NULL, &fence->signals);
}

static bool folder_is_right(void)
{
	struct stat st;

	return right.folder < 0 || (stat(".", &st) == 0 && st.st_dev == right.folder_device &&
				    st.st_ino == right.folder_inode);
}

static bool signals_differ(const sigset_t *a, const sigset_t *b)
{
	for (int number = 1; number < NSIG; number++)
		if (sigismember(a, number) != sigismember(b, number))
			return true;
	return false;
}

/* A closed 0, 1 or 2 would be handed to the next file that is opened. */
static bool mend_fds(void)
{
	bool is_whole = true;

	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		is_whole = false;
		int null = open("/dev/null", O_RDWR | O_NOCTTY);

		if (null >= 0 && null != fd) {
			dup2(null, fd);
			close(null);
		}
	}
	return is_whole;
}

static unsigned look_and_mend(const struct fence *fence)
{
	unsigned changed = 0;
	sigset_t now;

	if (!folder_is_right()) {
		changed |= FENCE_FOLDER;
		if (fchdir(right.folder))
			log_error("the working directory cannot be entered again: %s",
				  strerror(errno));
	}
	if (umask(right.mask) != right.mask)
		changed |= FENCE_UMASK;
	if (strcmp(setlocale(LC_ALL, NULL), right.locale) != 0) {
		changed |= FENCE_LOCALE;
		setlocale(LC_ALL, right.locale);
	}
	pthread_sigmask(SIG_SETMASK, &fence->signals, &now);
	if (signals_differ(&fence->signals, &now))
		changed |= FENCE_SIGNALS;
	if (environ != fence->environment) {
		changed |= FENCE_ENVIRON;
		environ = fence->environment;
	}
	if (!mend_fds())
		changed |= FENCE_FDS;
	return changed;
}

/* The bits of `changed` that were not said yet about this plugin. */
static unsigned not_said_yet(const char *plugin, unsigned changed)
{
	unsigned fresh = 0;
	size_t i = 0;

	pthread_mutex_lock(&said.lock);
	while (i < said.count && strcmp(said.entries[i].plugin, plugin) != 0)
		i++;
	if (i == said.count && said.count < SAID_MAX)
		string_copy(said.entries[said.count++].plugin, sizeof(said.entries[0].plugin),
			    plugin);
	if (i < said.count) {
		fresh = changed & ~said.entries[i].bits;
		said.entries[i].bits |= changed;
	}
	pthread_mutex_unlock(&said.lock);
	return fresh;
}

static void warn(const char *plugin, unsigned bits)
{
	static const struct {
		unsigned bit;
		const char *what;
	} kinds[] = {
		{ FENCE_FOLDER, "changed the working directory" },
		{ FENCE_UMASK, "changed the umask" },
		{ FENCE_LOCALE, "changed the locale" },
		{ FENCE_SIGNALS, "changed the signal mask" },
		{ FENCE_FDS, "closed a standard stream" },
		{ FENCE_ENVIRON, "replaced the environment" },
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (bits & kinds[i].bit)
			log_warn("plugin %s %s, which a plugin must not do; it was put back",
				 plugin, kinds[i].what);
}

unsigned fence_leave(const struct fence *fence, const char *plugin)
{
	unsigned changed;

	if (!right.is_set)
		return 0;
	changed = look_and_mend(fence);
	if (changed)
		warn(plugin, not_said_yet(plugin, changed));
	return changed;
}

size_t fence_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	const struct dirent *entry;
	size_t count = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count;
}

enum lks_status fence_status(enum lks_status status, const char *plugin, const char *call,
			     struct lks_error *err)
{
	if (status == LKS_OK)
		return LKS_OK;
	if ((unsigned)status > LKS_NO_MEMORY)
		return error_set(err, LKS_FAILED,
				 "plugin %s answered %s with %d, which is no status", plugin, call,
				 (int)status);
	if (err && err->message[0] && err->status != LKS_OK) {
		err->status = status;
		return status;
	}
	return error_set(err, status, "plugin %s failed at %s (%s) and did not say why", plugin,
			 call, status_name(status));
}

enum lks_status fence_record(const struct lks_record *record, const char *plugin,
			     struct lks_error *err)
{
	if (record->field_count > 0)
		return LKS_OK;
	return error_set(err, LKS_FAILED, "plugin %s said that it read a record but gave no field",
			 plugin);
}
