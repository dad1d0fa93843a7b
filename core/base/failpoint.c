/* SPDX-License-Identifier: Apache-2.0 */
/* Named points of a test build; this file is empty in every other build. */
#include "base/failpoint.h"

#ifdef ENABLE_FAILPOINTS

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define POINTS_MAX 32

enum effect { KILL, FAIL, DELAY };

struct point {
	char name[64];
	enum effect effect;
	uint32_t pass; /* the pass that counts; 0: every one */
	uint32_t passed;
	uint32_t delay_ms;
};

static struct {
	pthread_mutex_t lock;
	struct point points[POINTS_MAX];
	size_t count;
} failpoints = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A misspelt failpoint would make a test pass for the wrong reason. */
static void refuse(const char *entry)
{
	fprintf(stderr, "LOCKSTEP_FAILPOINT: \"%s\" is not NAME:kill|error|delay=MS[@N]\n", entry);
	abort();
}

static uint32_t number(const char *digits, const char *entry)
{
	uint32_t value = 0;

	if (!*digits)
		refuse(entry);
	for (; *digits; digits++) {
		if (!ascii_is_digit(*digits) || value > 100000000)
			refuse(entry);
		value = value * 10 + (uint32_t)(*digits - '0');
	}
	return value;
}

static void add_point(const char *entry)
{
	char copy[128];
	char *effect;
	char *pass;
	struct point *point = &failpoints.points[failpoints.count];

	if (failpoints.count == POINTS_MAX || strlen(entry) >= sizeof(copy))
		refuse(entry);
	string_copy(copy, sizeof(copy), entry);
	effect = strchr(copy, ':');
	if (!effect || effect == copy || (size_t)(effect - copy) >= sizeof(point->name))
		refuse(entry);
	*effect++ = '\0';
	memset(point, 0, sizeof(*point));
	string_copy(point->name, sizeof(point->name), copy);
	point->pass = 1;
	pass = strchr(effect, '@');
	if (pass) {
		*pass++ = '\0';
		point->pass = !strcmp(pass, "*") ? 0 : number(pass, entry);
	}
	if (!strcmp(effect, "kill"))
		point->effect = KILL;
	else if (!strcmp(effect, "error"))
		point->effect = FAIL;
	else if (string_starts(effect, "delay="))
		point->delay_ms = number(effect + strlen("delay="), entry);
	else
		refuse(entry);
	if (point->delay_ms)
		point->effect = DELAY;
	failpoints.count++;
}

void failpoint_use(const char *points)
{
	char copy[2048];
	char *rest = NULL;

	pthread_mutex_lock(&failpoints.lock);
	failpoints.count = 0;
	if (points) {
		string_copy(copy, sizeof(copy), points);
		for (char *entry = strtok_r(copy, ",", &rest); entry;
		     entry = strtok_r(NULL, ",", &rest))
			add_point(entry);
	}
	pthread_mutex_unlock(&failpoints.lock);
}

/* Before main(), because main() scrubs the environment. */
__attribute__((constructor)) static void read_environment(void)
{
	failpoint_use(getenv("LOCKSTEP_FAILPOINT"));
}

/* Is it the point's turn? Fills `ret_delay_ms` for a delay. */
static bool is_due(struct point *point, const char *name)
{
	if (strcmp(point->name, name) != 0)
		return false;
	point->passed++;
	return !point->pass || point->pass == point->passed;
}

int failpoint_hit(const char *name)
{
	bool fails = false;
	uint32_t delay_ms = 0;

	pthread_mutex_lock(&failpoints.lock);
	for (size_t i = 0; i < failpoints.count; i++) {
		struct point *point = &failpoints.points[i];

		if (!is_due(point, name))
			continue;
		if (point->effect == KILL)
			kill(getpid(), SIGKILL);
		fails |= point->effect == FAIL;
		delay_ms += point->delay_ms;
	}
	pthread_mutex_unlock(&failpoints.lock);
	clock_sleep_ms(delay_ms);
	return fails;
}

#else

/* ISO C wants a declaration in every file. */
typedef int failpoint_none;

#endif
