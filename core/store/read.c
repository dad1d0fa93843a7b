/* SPDX-License-Identifier: Apache-2.0 */
/* The reading calls: one record, a store's health, its paths, versions. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/internal.h"

/* --- one record ----------------------------------------------------------- */

struct get {
	const struct place *place;
	struct lks_record *record;
};

static enum lks_status do_get(struct instance *instance, const struct lks_call *call, void *context,
			      struct lks_error *err)
{
	const struct get *get = context;
	const struct reference *reference = &get->place->reference;

	record_clear(get->record);
	return instance->plugin->backend->get(instance->handle, call, reference->path,
					      reference->version[0] ? reference->version : NULL,
					      get->record, err);
}

static bool is_version(const char *version)
{
	for (; *version; version++) {
		if (!ascii_is_alnum(*version) && !strchr("._-", *version))
			return false;
	}
	return true;
}

/* What no plugin may hand out, whatever it says about itself. */
static enum lks_status check_record(const struct instance *instance,
				    const struct lks_record *record, struct lks_error *err)
{
	uint64_t traits = instance->descriptor->backend_traits;
	enum lks_status status = fence_record(record, instance->plugin_name, err);

	if (status)
		return status;
	if (!is_version(record->version))
		return error_set(err, LKS_FAILED, "the plugin %s returned a version that is none",
				 instance->plugin_name);
	if (!(traits & LKS_FIELDS) &&
	    (record->field_count != 1 || strcmp(record->fields[0].name, "value")))
		return error_set(err, LKS_FAILED,
				 "the plugin %s returned fields, but says that it has none",
				 instance->plugin_name);
	for (size_t i = 0; i < record->field_count; i++) {
		const struct lks_buffer *value = record->fields[i].value;

		if (!(traits & LKS_BINARY) && memchr(value->data, 0, value->len))
			return error_set(err, LKS_FAILED,
					 "the plugin %s returned a NUL, but says that it holds "
					 "text only",
					 instance->plugin_name);
	}
	return LKS_OK;
}

static enum lks_status check_versioned(const struct place *place, struct lks_error *err)
{
	if (!place->reference.version[0] ||
	    (place->instance->descriptor->backend_traits & LKS_VERSIONED))
		return LKS_OK;
	error_set(err, LKS_UNSUPPORTED, "the store %s keeps no versions", place->instance->name);
	error_reference(err, place->text);
	return LKS_UNSUPPORTED;
}

enum lks_status read_place(struct stores *stores, const struct access *access, struct place *place,
			   bool want_version, struct lks_record *record, struct lks_error *err)
{
	struct get get = { place, record };
	struct lks_error own;
	enum lks_status status;

	if (!err)
		err = &own;
	record_clear(record);
	status = check_versioned(place, err);
	if (!status)
		status = instance_call(stores, access, place->instance, "get",
				       want_version ? LKS_CALL_WANT_VERSION : 0, do_get, &get, err);
	if (!status)
		status = check_record(place->instance, record, err);
	if (status) {
		record_clear(record);
		if (!err->reference[0])
			error_reference(err, place->text);
	}
	return status;
}

enum lks_status read_record(struct stores *stores, const struct access *access,
			    const struct reference *reference, bool want_version, const char *grant,
			    struct lks_record *record, struct lks_error *err)
{
	struct place place;
	enum lks_status status, audited;

	record_clear(record);
	status = place_find(stores, reference, &place, err);
	if (!status)
		status = place_admit(stores, access, &place, grant, err);
	if (status)
		return status;
	status = place_open(stores, access, &place, err);
	if (!status)
		status = read_place(stores, access, &place, want_version, record, err);
	audited = place_audit_read(stores, access, &place, status, record->version, err);
	if (audited)
		record_clear(record);
	return audited ? audited : status;
}

enum lks_status store_get(struct stores *stores, const struct access *access,
			  const struct reference *reference, bool want_version,
			  struct lks_record *record, struct lks_error *err)
{
	return read_record(stores, access, reference, want_version, NULL, record, err);
}

/* --- paths ----------------------------------------------------------------- */

#define LIST_MAX 1000000 /* entries that a store may return in all */

/* One page of `list` or `history`; the page is the plugin's to fill. */
struct page {
	const char *path; /* or prefix */
	const char *cursor;
	struct lks_list list;
};

static enum lks_status do_list(struct instance *instance, const struct lks_call *call,
			       void *context, struct lks_error *err)
{
	struct page *page = context;

	list_release(&page->list);
	return instance->plugin->backend->list(instance->handle, call, page->path, page->cursor,
					       &page->list, err);
}

static enum lks_status do_history(struct instance *instance, const struct lks_call *call,
				  void *context, struct lks_error *err)
{
	struct page *page = context;

	list_release(&page->list);
	return instance->plugin->backend->history(instance->handle, call, page->path, page->cursor,
						  &page->list, err);
}

/* Append a page's entries to `all`. */
static enum lks_status take_page(const struct page *page, struct lks_list *all,
				 struct lks_error *err)
{
	for (size_t i = 0; i < page->list.count; i++) {
		const struct list_entry *entry = &page->list.entries[i];
		enum lks_status status =
			list_add(all, entry->path, entry->created_wall_ms, entry->state, err);

		if (status)
			return status;
	}
	return LKS_OK;
}

/* All pages of `work`, in the plugin's order. */
static enum lks_status read_pages(struct stores *stores, const struct access *access,
				  struct instance *instance, const char *what, instance_work work,
				  const char *path, struct lks_list *all, struct lks_error *err)
{
	struct page page = { .path = path };
	AUTO(free_ptr) char *cursor = NULL;
	enum lks_status status;

	for (;;) {
		page.cursor = cursor;
		status = instance_call(stores, access, instance, what, 0, work, &page, err);
		if (!status)
			status = take_page(&page, all, err);
		if (!status && cursor && page.list.cursor && !strcmp(cursor, page.list.cursor))
			status = error_set(err, LKS_FAILED,
					   "the plugin %s gives the same cursor again and again",
					   instance->plugin_name);
		if (!status && all->count > LIST_MAX)
			status = error_set(err, LKS_FAILED, "the store %s has more than %d entries",
					   instance->name, LIST_MAX);
		if (status || !page.list.cursor)
			break;
		free(cursor);
		cursor = TAKE(page.list.cursor);
	}
	list_release(&page.list);
	return status;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct list_entry *)a)->path, ((const struct list_entry *)b)->path);
}

static void entry_release(struct list_entry *entry)
{
	free(entry->path);
	free(entry->state);
}

/* May this caller see it, and could it be asked for? */
static bool is_shown(struct stores *stores, const struct access *access, const struct place *prefix,
		     const char *path)
{
	struct reference reference = { .label = LABEL_NONE };
	char text[REFERENCE_MAX * 2];
	struct decision decision;
	struct place place;

	if (strncmp(path, prefix->record.path, strlen(prefix->record.path)))
		return false;
	snprintf(text, sizeof(text), "%s:%s", prefix->record.store, path);
	if (reference_parse(text, &reference, NULL) ||
	    place_find(stores, &reference, &place, NULL)) {
		log_debug("%s: the store lists a name that no reference can name",
			  prefix->record.store);
		return false;
	}
	if (access->is_engine)
		return true;
	if (side_is_reserved(place.instance->descriptor, path))
		return false;
	policy_decide(stores->config, access->subject, access->action, reference.store, path,
		      place.tenant, &decision);
	return decision.allowed;
}

/* Sort, and leave out what is not to be seen and what comes twice. Returns how
   many entries policy and names left out. */
static void filter(struct stores *stores, const struct access *access, const struct place *prefix,
		   struct lks_list *list)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->entries, list->count, sizeof(*list->entries), compare_entries);
	for (size_t i = 0; i < list->count; i++) {
		struct list_entry *entry = &list->entries[i];
		bool is_twice = kept && !strcmp(list->entries[kept - 1].path, entry->path);

		if (is_twice || !is_shown(stores, access, prefix, entry->path))
			entry_release(entry);
		else
			list->entries[kept++] = *entry;
	}
	list->count = kept;
}

/* Nobody is told that a store is empty who may not list anything in it. */
static enum lks_status admit_empty(struct stores *stores, const struct access *access,
				   struct place *place, struct lks_error *err)
{
	struct place probe = *place;
	struct decision decision;
	size_t len = strlen(probe.record.path);

	if (access->is_engine)
		return LKS_OK;
	/* Is there a name under the prefix that this caller could list? */
	snprintf(probe.record.path + len, sizeof(probe.record.path) - len, "x");
	if (layout_match(place->instance->store->layout, probe.record.path, probe.tenant,
			 (char[256]){ 0 }, NULL))
		probe.tenant[0] = '\0';
	policy_decide(stores->config, access->subject, access->action, probe.record.store,
		      probe.record.path, probe.tenant, &decision);
	if (decision.allowed)
		return LKS_OK;
	return place_admit(stores, access, place, NULL, err);
}

static enum lks_status find_prefix(struct stores *stores, const struct reference *prefix,
				   struct place *ret_place, struct lks_error *err)
{
	struct reference any = *prefix;

	memset(ret_place, 0, sizeof(*ret_place));
	ret_place->instance = stores_find(stores, prefix->store);
	if (!ret_place->instance) {
		/* For its message. */
		string_copy(any.path, sizeof(any.path), "x");
		return place_find(stores, &any, ret_place, err);
	}
	ret_place->record = *prefix;
	ret_place->reference = *prefix;
	snprintf(ret_place->text, sizeof(ret_place->text), "%s:%s", prefix->store, prefix->path);
	return LKS_OK;
}

enum lks_status store_list(struct stores *stores, const struct access *access,
			   const struct reference *prefix, struct lks_list *ret_list,
			   struct lks_error *err)
{
	struct lks_list all = { 0 };
	struct place place;
	enum lks_status status, audited;

	status = find_prefix(stores, prefix, &place, err);
	if (!status)
		status = instance_open(stores, access, place.instance, err);
	if (status)
		return status;
	if (!place.instance->plugin->backend->list)
		return error_set(err, LKS_UNSUPPORTED, "the store %s cannot list its names",
				 prefix->store);
	status = read_pages(stores, access, place.instance, "list", do_list, prefix->path, &all,
			    err);
	if (!status) {
		filter(stores, access, &place, &all);
		if (!all.count)
			status = admit_empty(stores, access, &place, err);
		if (status == LKS_DENIED) {
			list_release(&all);
			return status; /* audited already */
		}
	}
	audited = place_audit_read(stores, access, &place, status, NULL, err);
	if (audited || status) {
		list_release(&all);
		return audited ? audited : status;
	}
	*ret_list = all;
	return LKS_OK;
}

enum lks_status store_history(struct stores *stores, const struct access *access,
			      const struct reference *reference, struct lks_list *ret_list,
			      struct lks_error *err)
{
	struct lks_list all = { 0 };
	struct place place;
	enum lks_status status, audited;

	status = place_find(stores, reference, &place, err);
	if (!status)
		status = place_admit(stores, access, &place, NULL, err);
	if (!status)
		status = place_open(stores, access, &place, err);
	if (status)
		return status;
	if (!place.instance->plugin->backend->history)
		return error_set(err, LKS_UNSUPPORTED, "the store %s keeps no versions",
				 place.instance->name);
	status = read_pages(stores, access, place.instance, "history", do_history,
			    place.reference.path, &all, err);
	audited = place_audit_read(stores, access, &place, status, NULL, err);
	if (audited || status) {
		list_release(&all);
		return audited ? audited : status;
	}
	*ret_list = all;
	return LKS_OK;
}

/* --- health ---------------------------------------------------------------- */

static enum lks_status do_health(struct instance *instance, const struct lks_call *call,
				 void *context, struct lks_error *err)
{
	(void)context;
	return instance->plugin->backend->health(instance->handle, call, err);
}

enum lks_status store_health(struct stores *stores, const char *name, struct lks_error *err)
{
	struct instance *store = stores_find(stores, name);
	struct subject nobody = { .name = "engine:health" };
	struct access access = { .subject = &nobody, .action = ACTION_LIST };
	enum lks_status status;

	if (!store)
		return error_set(err, LKS_INVALID, "there is no store \"%s\"", name);
	status = instance_open(stores, &access, store, err);
	if (status)
		return status;
	if (!store->plugin->backend->health)
		return error_set(err, LKS_UNSUPPORTED, "the store %s cannot tell", name);
	return instance_call(stores, &access, store, "health", 0, do_health, NULL, err);
}
