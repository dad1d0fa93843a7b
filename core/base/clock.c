/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's clocks, or a test's. */
#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "base/cleanup.h"

static const struct clock_source *replaced;
static char boot_id[37];

static int64_t read_ms(clockid_t id)
{
	struct timespec now = { 0, 0 };

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_boot_ms(void)
{
	if (replaced)
		return replaced->boot_ms(replaced->context);
	return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
	if (replaced)
		return replaced->wall_ms(replaced->context);
	return read_ms(CLOCK_REALTIME);
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec duration;

	if (ms <= 0)
		return;
	if (replaced) {
		replaced->sleep_ms(replaced->context, ms);
		return;
	}
	duration.tv_sec = (time_t)(ms / 1000);
	duration.tv_nsec = (long)(ms % 1000) * 1000000;
	clock_nanosleep(CLOCK_BOOTTIME, 0, &duration, NULL);
}

static void read_boot_id(void)
{
	char buffer[36];
	ssize_t len;
	AUTO(fd_close) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	len = read(fd, buffer, sizeof(buffer));
	if (len != (ssize_t)sizeof(buffer))
		return;
	for (size_t i = 0; i < sizeof(buffer); i++)
		boot_id[i] = buffer[i];
}

const char *clock_boot_id(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_boot_id);
	return boot_id;
}

void clock_use(const struct clock_source *source)
{
	replaced = source;
}
