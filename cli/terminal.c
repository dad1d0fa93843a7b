/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals and raw mode. SIGTTOU must be blocked. */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

void terminal_copy_size(int from, int to)
{
	struct winsize size;

	if (ioctl(from, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to, TIOCSWINSZ, &size);
}

enum lks_status terminal_make(int like, bool plain, int *ret_master, char *ret_slave, size_t size,
			      struct lks_error *err)
{
	AUTO(fd_close) int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	struct termios modes;

	if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, ret_slave, size))
		return error_set(err, LKS_UNAVAILABLE, "a pseudo-terminal: %m");
	if (tcgetattr(like, &modes) == 0) {
		if (plain)
			modes.c_oflag &= ~(tcflag_t)OPOST;
		(void)tcsetattr(master, TCSANOW, &modes);
	}
	terminal_copy_size(like, master);
	*ret_master = master;
	master = -1;
	return LKS_OK;
}

bool terminal_is_ours(int fd)
{
	return isatty(fd) == 1 && tcgetpgrp(fd) == getpgrp();
}

bool terminal_is_same(int a, int b)
{
	struct stat left, right;

	return isatty(a) == 1 && isatty(b) == 1 && fstat(a, &left) == 0 && fstat(b, &right) == 0 &&
	       left.st_rdev == right.st_rdev;
}

void terminal_enter_raw(struct terminal_mode *mode)
{
	struct termios raw;

	if (mode->fd < 0 || mode->is_raw || !terminal_is_ours(mode->fd) ||
	    tcgetattr(mode->fd, &mode->before))
		return;
	raw = mode->before;
	cfmakeraw(&raw);
	mode->is_raw = tcsetattr(mode->fd, TCSANOW, &raw) == 0;
}

void terminal_leave_raw(struct terminal_mode *mode)
{
	if (mode->fd < 0 || !mode->is_raw)
		return;
	mode->is_raw = false;
	if (terminal_is_ours(mode->fd))
		(void)tcsetattr(mode->fd, TCSANOW, &mode->before);
}
