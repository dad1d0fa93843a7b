/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the one error object; nothing here allocates. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Long enough for every member; what is longer is cut before it is escaped. */
#define RAW_SIZE 4096

static void store(char *member, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void store(char *member, size_t size, const char *format, va_list arguments)
{
	char raw[RAW_SIZE];

	if (vsnprintf(raw, sizeof(raw), format, arguments) < 0)
		string_copy(raw, sizeof(raw), format);
	string_escape(member, size, raw, strlen(raw));
}

enum lks_status error_set(struct lks_error *err, enum lks_status status, const char *format, ...)
{
	va_list arguments;
	char message[sizeof(err->message)];

	if (status == LKS_OK)
		status = LKS_FAILED;
	if (!err)
		return status;
	/* The arguments may point into *err. */
	va_start(arguments, format);
	store(message, sizeof(message), format, arguments);
	va_end(arguments);
	error_clear(err);
	err->status = status;
	memcpy(err->message, message, sizeof(message));
	return status;
}

void error_where(struct lks_error *err, const char *format, ...)
{
	va_list arguments;

	if (!err)
		return;
	va_start(arguments, format);
	store(err->where, sizeof(err->where), format, arguments);
	va_end(arguments);
}

void error_hint(struct lks_error *err, const char *format, ...)
{
	va_list arguments;

	if (!err)
		return;
	va_start(arguments, format);
	store(err->hint, sizeof(err->hint), format, arguments);
	va_end(arguments);
}

void error_reference(struct lks_error *err, const char *reference)
{
	if (err)
		string_escape(err->reference, sizeof(err->reference), reference, strlen(reference));
}

void error_operation(struct lks_error *err, const char *operation)
{
	if (err)
		string_escape(err->operation, sizeof(err->operation), operation, strlen(operation));
}

void error_exit(struct lks_error *err, enum exit_code code)
{
	if (err)
		err->exit_code = (int)code;
}

enum lks_status error_no_memory(struct lks_error *err, const char *what)
{
	return error_set(err, LKS_NO_MEMORY, "%s: out of memory", what);
}

void error_prefix(struct lks_error *err, const char *format, ...)
{
	va_list arguments;
	char message[sizeof(err->message)];
	char prefix[sizeof(err->message)];
	size_t len;

	if (!err)
		return;
	va_start(arguments, format);
	store(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	string_copy(message, sizeof(message), err->message);
	string_copy(err->message, sizeof(err->message), prefix);
	len = strlen(err->message);
	string_copy(err->message + len, sizeof(err->message) - len, message);
}

void error_clear(struct lks_error *err)
{
	if (!err)
		return;
	err->status = LKS_OK;
	err->exit_code = 0;
	err->retry_after_ms = 0;
	err->message[0] = '\0';
	err->where[0] = '\0';
	err->reference[0] = '\0';
	err->hint[0] = '\0';
	err->operation[0] = '\0';
}

enum exit_code error_exit_code(const struct lks_error *err)
{
	if (!err)
		return EXIT_INTERNAL;
	if (err->exit_code)
		return (enum exit_code)err->exit_code;
	return status_exit_code(err->status);
}

enum exit_code status_exit_code(enum lks_status status)
{
	switch (status) {
	case LKS_OK:
		return EXIT_DONE;
	case LKS_INVALID:
	case LKS_UNSUPPORTED:
		return EXIT_USAGE;
	case LKS_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case LKS_DENIED:
	case LKS_UNAUTHENTICATED:
		return EXIT_DENIED;
	case LKS_UNAVAILABLE:
	case LKS_THROTTLED:
	case LKS_UNCERTAIN:
		return EXIT_UNAVAILABLE;
	case LKS_CONFLICT:
		return EXIT_CONFLICT;
	case LKS_FAILED:
	case LKS_NO_MEMORY:
		break;
	}
	return EXIT_INTERNAL;
}

const char *status_name(enum lks_status status)
{
	static const char *const names[] = {
		[LKS_OK] = "ok",
		[LKS_FAILED] = "failed",
		[LKS_INVALID] = "invalid",
		[LKS_NOT_FOUND] = "not-found",
		[LKS_DENIED] = "denied",
		[LKS_UNAUTHENTICATED] = "unauthenticated",
		[LKS_UNAVAILABLE] = "unavailable",
		[LKS_THROTTLED] = "throttled",
		[LKS_UNCERTAIN] = "uncertain",
		[LKS_CONFLICT] = "conflict",
		[LKS_UNSUPPORTED] = "unsupported",
		[LKS_NO_MEMORY] = "no-memory",
	};

	/* The value may come from a plugin, so it may be anything. */
	if ((unsigned int)status >= COUNT_OF(names))
		return "failed";
	return names[status];
}

enum lks_status status_from_errno(int error_number)
{
	switch (error_number) {
	case ENOENT:
	case ENOTDIR:
		return LKS_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return LKS_DENIED;
	case ENOMEM:
		return LKS_NO_MEMORY;
	case EEXIST:
	case ENOTEMPTY:
		return LKS_CONFLICT;
	case EINVAL:
	case ENAMETOOLONG:
	case ELOOP:
	case EISDIR:
		return LKS_INVALID;
	case EOPNOTSUPP:
	case ENOSYS:
	case EXDEV:
		return LKS_UNSUPPORTED;
	case EAGAIN:
	case EBUSY:
	case EINTR:
	case ETXTBSY:
	case EMFILE:
	case ENFILE:
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case ETIMEDOUT:
	case ECONNREFUSED:
	case ECONNRESET:
	case EPIPE:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return LKS_UNAVAILABLE;
	default:
		return LKS_FAILED;
	}
}
