/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: lines for people on stderr, text or JSON, at a level. Library code
 * does not log the failures it returns. Every line carries the operation and
 * request id of the thread's current context. Control characters are escaped.
 * Never a secret.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

enum log_format { LOG_TEXT = 0, LOG_JSON };

/* `fd` receives the lines; level starts at LKS_LOG_WARN. */
void log_setup(enum lks_level level, enum log_format format, int fd);
enum lks_level log_level(void);

void log_line(enum lks_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_error(...) log_line(LKS_LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LKS_LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LKS_LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LKS_LOG_DEBUG, __VA_ARGS__)

/* The ids that the following lines of this thread carry; NULL clears one.
   Copied. */
void log_operation(const char *operation);
void log_request(const char *request);
const char *log_current_request(void);

#endif
