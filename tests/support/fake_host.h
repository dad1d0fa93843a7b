/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A complete `struct lks_host` for the unit tests of plugins, with nothing of
 * core behind it: settings from an array, records, lists, errors, a keyed
 * digest, a clock that a test may set. Host objects are this file's own, so a
 * test that includes this header hands none of core's to a plugin.
 *
 * A host counts what a plugin holds: fake_host_free() aborts the test when a
 * buffer was not released or was written over its end.
 */
#ifndef SUPPORT_FAKE_HOST_H
#define SUPPORT_FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lockstep/plugin.h>

struct fake_host;

struct fake_host *fake_host_new(void);
void fake_host_free(struct fake_host *fake);
const struct lks_host *fake_host_table(struct fake_host *fake);
/* Buffers that are not released yet. */
size_t fake_host_buffers(const struct fake_host *fake);
/* All that was logged, one line each: "warn: text\n". Never NULL. */
const char *fake_host_log(const struct fake_host *fake);
void fake_host_log_clear(struct fake_host *fake);
/* The `nth` call of buffer_new from now fails, 1 is the next; 0 is never. */
void fake_host_fail_buffer(struct fake_host *fake, unsigned nth);
/* Without a key, digest() answers LKS_UNAVAILABLE. */
void fake_host_set_key(struct fake_host *fake, bool has_key);
/* From now on the clock stands at `now_ms`; negative: the real one. */
void fake_host_set_now(struct fake_host *fake, int64_t now_ms);
/* A deadline `after_ms` from now, no operation, a request id, `flags`. */
struct lks_call fake_call(struct fake_host *fake, int64_t after_ms, uint64_t flags);

struct lks_error *fake_error_new(void);
void fake_error_free(struct lks_error *err);
enum lks_status fake_error_status(const struct lks_error *err);
const char *fake_error_text(const struct lks_error *err);
const char *fake_error_hint(const struct lks_error *err);
int64_t fake_error_retry_after(const struct lks_error *err);
void fake_error_clear(struct lks_error *err);

/* One `name = value`. A list has one entry for each item; a map's member is
   "name.member"; a secret option's value is the secret itself. */
struct fake_setting {
	const char *name;
	const char *value;
};

/* Options that are not among `settings` get the fallback of the schema. */
struct lks_settings *fake_settings_new(const struct lks_plugin *plugin,
				       const struct fake_setting *settings, size_t count);
void fake_settings_free(struct lks_settings *settings);

struct lks_record *fake_record_new(void);
/* A record with the one field `value`; `len` of SIZE_MAX takes strlen(). */
struct lks_record *fake_record_of(const void *value, size_t len);
void fake_record_free(struct lks_record *record);
/* The field `value`, NUL-terminated beyond its length; NULL without one. */
const char *fake_record_value(const struct lks_record *record, size_t *ret_len);
const char *fake_record_version(const struct lks_record *record);
void fake_record_put(struct lks_record *record, const char *field, const void *data, size_t len);

struct lks_list *fake_list_new(void);
void fake_list_free(struct lks_list *list);
void fake_list_clear(struct lks_list *list);
size_t fake_list_count(const struct lks_list *list);
const char *fake_list_at(const struct lks_list *list, size_t index);
/* NULL: this was the last page. */
const char *fake_list_cursor(const struct lks_list *list);

struct lks_answer *fake_answer_new(void);
void fake_answer_free(struct lks_answer *answer);
enum lks_verdict fake_answer_verdict(const struct lks_answer *answer);
const char *fake_answer_message(const struct lks_answer *answer);
const char *fake_answer_identity(const struct lks_answer *answer);

#endif
