/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/config.md: the table of the config file for people. */
#include <stdio.h>

#include "config/config.h"

static void print_line(void *context, const char *line)
{
	(void)context;
	(void)puts(line);
}

int main(void)
{
	config_markdown(print_line, NULL);
	return fflush(stdout) == 0 ? 0 : 1;
}
