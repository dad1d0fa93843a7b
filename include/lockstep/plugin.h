/* SPDX-License-Identifier: 0BSD */
/*
 * The Lockstep plugin ABI. This is the only header a plugin sees.
 *
 * A plugin is one `.so` file that exports one constant object,
 * `lks_plugin_<name>`, made with LKS_PLUGIN (C) or LKS_PLUGIN_CXX (C++).
 * It offers a backend (holds records), a verifier (proves that a credential
 * works), or both. The engine reads the object from the file without running
 * any code, then loads the file and calls through the tables.
 *
 * Rules for all calls
 *
 * - Ownership: what a plugin is handed is borrowed for the call. What it hands
 *   out through `ret_instance` is its own until `close`. It never frees what
 *   is not its own and never keeps a pointer that it got in a call.
 * - Every operation is plain data in and host objects out: no function
 *   pointers, no shared memory. So the engine may run a plugin in a process of
 *   its own, and no plugin can tell.
 * - Threads: one call at a time per instance, unless the plugin has the trait
 *   LKS_CONCURRENT. Different instances may be called at the same time, so a
 *   plugin has no mutable globals. `open` and `close` never overlap an
 *   operation of their instance. Host functions may be called from any thread,
 *   but only during a call, and never re-enter a store. No thread of the
 *   plugin outlives `close`.
 * - Deadlines: no call blocks past `call->deadline_ms` (see below).
 * - Errors: return a status that tells the caller what to do next and set the
 *   message once, where the failure happens, with host->fail(), which returns
 *   the status it was given. A message names the thing, never a secret. `err`
 *   may be NULL; host->fail() accepts that.
 * - A plugin never writes to stdout or stderr, never changes the working
 *   directory, umask, locale, signal mask or environment of its process, and
 *   never calls exit().
 *
 * Growth: `lks_plugin`, `lks_backend`, `lks_verifier`, `lks_host`, `lks_call`
 * and `lks_http_*` begin with their size. Later minor versions of Lockstep add
 * members at the end only; an older plugin's missing slots read as NULL, and a
 * newer host slot is asked for with LKS_HOST_HAS. Anything else raises
 * LKS_ABI, and plugins of another LKS_ABI are refused.
 *
 * Build: cc $(pkg-config --cflags lockstep) -fPIC -shared x.c -o x.so
 *           $(pkg-config --libs lockstep)
 * The second part carries the link flags that the loader asks for.
 */
#ifndef LOCKSTEP_PLUGIN_H
#define LOCKSTEP_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LKS_ABI 1

/* Limits that the engine enforces on what a plugin returns. */
#define LKS_NAME_MAX 32            /* plugin, store, option names */
#define LKS_PATH_MAX 1024          /* bytes of a record's path */
#define LKS_FIELD_MAX 253          /* bytes of a field's name */
#define LKS_VERSION_MAX 64         /* bytes of a version token */
#define LKS_VALUE_MAX 1048576      /* bytes of one field's value */
#define LKS_RECORD_FIELDS_MAX 1024 /* fields in one record */
#define LKS_PAGE_MAX 1000          /* entries of one page of a list */
#define LKS_CURSOR_MAX 1024        /* bytes of a cursor */
#define LKS_TEXT_MAX 1024          /* bytes of a message */
#define LKS_SPEC_MAX 1048576       /* bytes of a JSON spec for `apply` */

/* What happened, by what the caller does next. */
enum lks_status {
	LKS_OK = 0,
	LKS_FAILED,          /* a bug or an unexpected failure: report it */
	LKS_INVALID,         /* the request or the settings are wrong: mend them */
	LKS_NOT_FOUND,       /* there is no such record, version or resource */
	LKS_DENIED,          /* this identity may not do that: ask for access */
	LKS_UNAUTHENTICATED, /* the store's own credential is refused: the engine
				resolves it anew and opens the store again, once */
	LKS_UNAVAILABLE,     /* not reachable or not ready; nothing was changed */
	LKS_THROTTLED,       /* too many requests; nothing was changed. The plugin
				may say how long to wait: host->retry_after() */
	LKS_UNCERTAIN,       /* the answer was lost: the change may have happened.
				The engine reads back before anything else */
	LKS_CONFLICT,        /* the expected version is not the current one, or
				the thing there is not ours */
	LKS_UNSUPPORTED,     /* this backend cannot do or hold that */
	LKS_NO_MEMORY
};

/* A verifier's answer. Unknown is an outage, not a verdict. */
enum lks_verdict {
	LKS_VERDICT_UNKNOWN = 0, /* could not be asked, throttled, unexpected */
	LKS_VERDICT_VALID,       /* the credential works */
	LKS_VERDICT_INVALID      /* the origin says that it does not */
};

enum lks_level { LKS_LOG_ERROR = 0, LKS_LOG_WARN, LKS_LOG_INFO, LKS_LOG_DEBUG };

/*
 * Host objects, all opaque, all made and released by the host.
 *   lks_error     where a failure's message goes
 *   lks_settings  the checked options of one configured store or verifier
 *   lks_record    named fields of bytes, in wiped memory, and a version
 *   lks_list      one page of results
 *   lks_answer    a verdict and what is known about the identity behind it
 *   lks_buffer    secret bytes of a fixed capacity, wiped on release
 */
struct lks_error;
struct lks_settings;
struct lks_record;
struct lks_list;
struct lks_answer;
struct lks_buffer;
struct lks_host;

/*
 * What every operation is told about itself. Plain data, valid for the call.
 */
struct lks_call {
	size_t size;
	/* Absolute, on the clock of host->now_ms(). At or past it, return
	   LKS_UNAVAILABLE, or LKS_UNCERTAIN if a change may be under way. */
	int64_t deadline_ms;
	/* The operation this call is part of (UUIDv7), its idempotency key: a
	   backend that can, stores it with what it writes and treats a repeat
	   as done. NULL outside an operation. */
	const char *operation;
	/* For the backend's own logs and headers. Never NULL. */
	const char *request;
	/* LKS_CALL_* bits. */
	uint64_t flags;
};

/* The caller will look at the version. Without it, one that costs something
   to compute may be left out. Writes always report the new version if asked. */
#define LKS_CALL_WANT_VERSION (1u << 0)
/* The caller will look at fields' names only: values may be left empty. */
#define LKS_CALL_NAMES_ONLY (1u << 1)

/* ------------------------------------------------------------------------ */
/* HTTP, for plugins with the trait LKS_NEEDS_HTTP                           */

struct lks_http_header {
	const char *name;
	/* Exactly one of the two: plain text, or bytes of a secret. */
	const char *text;
	const struct lks_buffer *secret;
};

struct lks_http_request {
	size_t size;
	const char *method; /* "GET", "POST", ... */
	const char *url;    /* https, or http to loopback where configured */
	const struct lks_http_header *headers;
	size_t header_count;
	const struct lks_buffer *body; /* may be NULL */
	const char *content_type;      /* of the body; NULL without one */
	size_t response_max;           /* bytes; 0 is 1 MiB */
};

struct lks_http_response {
	size_t size;
	int status;              /* 100..599 */
	struct lks_buffer *body; /* the plugin releases it: host->buffer_free */
	int64_t retry_after_ms;  /* from Retry-After; -1 if there was none */
};

/* ------------------------------------------------------------------------ */
/* Services of the host                                                      */

/*
 * Passed to `open`; valid until `close` has returned. Each function's first
 * argument is this table, so that several hosts can live in one process.
 */
struct lks_host {
	size_t size;
	uint32_t abi;
	uint32_t reserved;
	void *context; /* the host's own */

	/* Set the message and return `status`. printf-like, at most LKS_TEXT_MAX
	   bytes; control characters are escaped. Never LKS_OK. */
	enum lks_status (*fail)(const struct lks_host *host, struct lks_error *err,
				enum lks_status status, const char *format, ...)
#if defined(__GNUC__)
		__attribute__((format(printf, 4, 5)))
#endif
		;
	/* What the reader can do about it; added to the error just set. */
	void (*hint)(const struct lks_host *host, struct lks_error *err, const char *text);
	/* Added to an error LKS_THROTTLED or LKS_UNAVAILABLE. */
	void (*retry_after)(const struct lks_host *host, struct lks_error *err, int64_t wait_ms);
	/* For an administrator who asked for it; never for a failure that is
	   also returned. The host adds the store's name. Never a secret. */
	void (*log)(const struct lks_host *host, enum lks_level level, const char *format, ...)
#if defined(__GNUC__)
		__attribute__((format(printf, 3, 4)))
#endif
		;

	/* Milliseconds on a clock that never jumps and counts suspend. */
	int64_t (*now_ms)(const struct lks_host *host);
	/* Milliseconds since 1970 UTC. For stamps, never for durations. */
	int64_t (*wall_ms)(const struct lks_host *host);
	enum lks_status (*random)(const struct lks_host *host, void *data, size_t len,
				  struct lks_error *err);
	/* A keyed digest of `len` bytes as text, at most LKS_VERSION_MAX bytes
	   and a NUL. The key never leaves the host. For versions of backends
	   that have none. LKS_UNAVAILABLE if this caller has no key. */
	enum lks_status (*digest)(const struct lks_host *host, const void *data, size_t len,
				  char ret_text[LKS_VERSION_MAX + 1], struct lks_error *err);

	/* Settings: by the option's name; "auth.method" reaches into groups.
	   Values are checked against the schema before `open` is called and
	   defaults are filled in. A missing optional value is NULL or 0. */
	const char *(*setting_text)(const struct lks_settings *settings, const char *name);
	int64_t (*setting_number)(const struct lks_settings *settings, const char *name);
	int (*setting_flag)(const struct lks_settings *settings, const char *name);
	/* Milliseconds of an LKS_OPTION_DURATION. */
	int64_t (*setting_ms)(const struct lks_settings *settings, const char *name);
	/* Entries of an LKS_OPTION_LIST or a group's members; 0 if missing. */
	size_t (*setting_count)(const struct lks_settings *settings, const char *name);
	const char *(*setting_item)(const struct lks_settings *settings, const char *name,
				    size_t index);
	/* A member's name, for LKS_OPTION_MAP; setting_item is its value. */
	const char *(*setting_key)(const struct lks_settings *settings, const char *name,
				   size_t index);
	/* The value behind an LKS_OPTION_SECRET (the engine resolved the
	   reference). Borrowed until `open` returns: copy it into a buffer.
	   LKS_NOT_FOUND if the option is not set. */
	enum lks_status (*setting_secret)(const struct lks_host *host,
					  const struct lks_settings *settings, const char *name,
					  const void **ret_data, size_t *ret_len,
					  struct lks_error *err);
	/* The configured name of this store or verifier. */
	const char *(*setting_instance)(const struct lks_settings *settings);

	/* Secret bytes: memory that is locked where possible, never dumped and
	   wiped on release. `capacity` is fixed. */
	enum lks_status (*buffer_new)(const struct lks_host *host, size_t capacity,
				      struct lks_buffer **ret_buffer, struct lks_error *err);
	void (*buffer_free)(const struct lks_host *host, struct lks_buffer *buffer);
	unsigned char *(*buffer_data)(struct lks_buffer *buffer);
	size_t (*buffer_len)(const struct lks_buffer *buffer);
	size_t (*buffer_capacity)(const struct lks_buffer *buffer);
	/* `len` at most the capacity, else LKS_FAILED. */
	enum lks_status (*buffer_set_len)(const struct lks_host *host, struct lks_buffer *buffer,
					  size_t len, struct lks_error *err);

	/* Records. Names and bytes are copied. A record handed to `get` is
	   empty; one handed to `set` is read, and gets the new version. */
	enum lks_status (*record_put)(const struct lks_host *host, struct lks_record *record,
				      const char *field, const void *data, size_t len,
				      struct lks_error *err);
	size_t (*record_count)(const struct lks_record *record);
	/* Borrowed until the record changes. Fields are sorted by name. */
	enum lks_status (*record_at)(const struct lks_record *record, size_t index,
				     const char **ret_field, const void **ret_data,
				     size_t *ret_len);
	/* LKS_NOT_FOUND if there is no such field. */
	enum lks_status (*record_find)(const struct lks_record *record, const char *field,
				       const void **ret_data, size_t *ret_len);
	enum lks_status (*record_set_version)(const struct lks_host *host,
					      struct lks_record *record, const char *version,
					      struct lks_error *err);
	const char *(*record_version)(const struct lks_record *record);
	/* When this version was made, in host->wall_ms() terms, if known. */
	void (*record_set_created)(struct lks_record *record, int64_t wall_ms);
	/* Text that the store keeps beside the value (a content type, a tag, a
	   lease). Never secret. Read back by the same plugin and shown. */
	enum lks_status (*record_set_note)(const struct lks_host *host, struct lks_record *record,
					   const char *name, const char *text,
					   struct lks_error *err);
	const char *(*record_note)(const struct lks_record *record, const char *name);

	/* Pages. `list_add` for `list` and `watch`: a record's path;
	   `list_add_version` for `history`. `list_next` says that there is
	   more and where to go on. LKS_PAGE_MAX entries a page. */
	enum lks_status (*list_add)(const struct lks_host *host, struct lks_list *list,
				    const char *path, struct lks_error *err);
	enum lks_status (*list_add_version)(const struct lks_host *host, struct lks_list *list,
					    const char *version, int64_t created_wall_ms,
					    const char *state, struct lks_error *err);
	enum lks_status (*list_next)(const struct lks_host *host, struct lks_list *list,
				     const char *cursor, struct lks_error *err);

	/* A verifier's answer; `message` may be NULL and is never secret. */
	void (*answer_set)(const struct lks_host *host, struct lks_answer *answer,
			   enum lks_verdict verdict, const char *message);
	/* What the origin says about whose credential it is. */
	void (*answer_set_identity)(const struct lks_host *host, struct lks_answer *answer,
				    const char *identity);

	/* One request, synchronous, no redirect followed, response body in
	   secret memory. NULL unless the plugin has LKS_NEEDS_HTTP. */
	enum lks_status (*http)(const struct lks_host *host, const struct lks_call *call,
				const struct lks_http_request *request,
				struct lks_http_response *ret_response, struct lks_error *err);
};

#define LKS_HOST_HAS(host, slot)                                                                   \
	((host)->size >= offsetof(struct lks_host, slot) + sizeof((host)->slot) && (host)->slot)

/* ------------------------------------------------------------------------ */
/* Options                                                                   */

enum lks_option_type {
	LKS_OPTION_TEXT = 1,
	LKS_OPTION_NUMBER,
	LKS_OPTION_FLAG,
	LKS_OPTION_DURATION, /* "5s"; the plugin gets milliseconds */
	LKS_OPTION_LIST,     /* of texts */
	LKS_OPTION_SECRET,   /* a secret reference; the plugin gets the value */
	LKS_OPTION_PATH,     /* an absolute path, or relative to the config file */
	LKS_OPTION_URL,
	LKS_OPTION_MAP /* a group of texts with free names */
};

#define LKS_OPTION_REQUIRED (1u << 0)
/* The text may hold placeholders of the store's layout: "/srv/{namespace}/.env" */
#define LKS_OPTION_LAYOUT (1u << 1)
/* The list is a command: its first item, if it holds a slash, is a path like
   that of an LKS_OPTION_PATH. */
#define LKS_OPTION_COMMAND (1u << 2)

struct lks_option {
	const char *name; /* "auth.method" reaches into a group */
	uint32_t type;    /* enum lks_option_type */
	uint32_t flags;
	const char *fallback; /* as it would be written; NULL: none */
	const char *choices;  /* "strict|lenient"; NULL: anything */
	const char *help;     /* one line */
	int64_t minimum;      /* for NUMBER and DURATION (ms), if maximum > 0 */
	int64_t maximum;
};

/* ------------------------------------------------------------------------ */
/* Backends                                                                  */

/* What a slot's presence cannot say. */
#define LKS_CONCURRENT (1u << 0)  /* calls of one instance may overlap */
#define LKS_VERSIONED (1u << 1)   /* keeps old versions; `get` takes one */
#define LKS_CAS (1u << 2)         /* the store itself compares on `set` */
#define LKS_ATOMIC_MANY (1u << 3) /* `set_many` is all or nothing */
#define LKS_NEEDS_HTTP (1u << 4)
#define LKS_DELETE_RESERVES_NAME (1u << 5) /* a deleted name stays taken a while */
#define LKS_BINARY (1u << 6)               /* values may be any bytes */
#define LKS_FIELDS                                                                                 \
	(1u << 7) /* records may have other fields than                                            \
		     `value`, and more than one */

/*
 * The suffixes under which labels and side records live beside a secret. NULL:
 * this backend has no place for it. They are appended to the path's last
 * segment, and a plain reference that ends in one is refused as reserved.
 */
struct lks_sides {
	const char *pending;
	const char *previous;
	const char *blue;
	const char *green;
	const char *metadata;
};

/* One change of `set_many`. */
struct lks_change {
	const char *path;
	/* NULL: delete the record; deleting what is not there is no error. */
	struct lks_record *record;
	/* NULL: whatever is there. "": nothing may be there. Else: this
	   version must be the current one. */
	const char *expected;
};

/* What `probe` found. */
enum lks_presence { LKS_ABSENT = 0, LKS_PRESENT, LKS_DIFFERENT };

struct lks_backend {
	size_t size;
	uint64_t traits;
	struct lks_sides sides;
	/* Largest value in bytes, 0 for LKS_VALUE_MAX. */
	uint64_t value_max;
	/* The provider's own limits, as defaults of the engine's budget:
	   requests and writes per minute, 0 for none. */
	uint32_t reads_per_minute;
	uint32_t writes_per_minute;

	/*
	 * Make an instance of the configured store. Called once per store,
	 * before anything else, when the store is first used. It may reach the
	 * network; it must not change anything. On failure nothing is left
	 * behind and `*ret_instance` is not looked at. Required.
	 */
	enum lks_status (*open)(const struct lks_host *host, const struct lks_settings *settings,
				const struct lks_call *call, void **ret_instance,
				struct lks_error *err);
	/*
	 * Release the instance and wipe what it held. Called once for each
	 * successful `open`, never during an operation. Required.
	 */
	void (*close)(void *instance);
	/*
	 * Read one record into the empty `record`. `version` is NULL for the
	 * current one, else a token this plugin gave out (only with
	 * LKS_VERSIONED). LKS_NOT_FOUND if there is none. Required.
	 */
	enum lks_status (*get)(void *instance, const struct lks_call *call, const char *path,
			       const char *version, struct lks_record *record,
			       struct lks_error *err);
	/*
	 * Write the whole record at `path`; fields that are not in `record`
	 * are gone afterwards. `expected` as in lks_change; a backend without
	 * LKS_CAS compares as late as it can. On success sets the record's
	 * version where the call wants it. NULL: the store is read-only.
	 */
	enum lks_status (*set)(void *instance, const struct lks_call *call, const char *path,
			       struct lks_record *record, const char *expected,
			       struct lks_error *err);
	/*
	 * Remove the record. LKS_NOT_FOUND if it is not there. `expected` as
	 * in lks_change, never "". NULL: this store cannot delete.
	 */
	enum lks_status (*remove)(void *instance, const struct lks_call *call, const char *path,
				  const char *expected, struct lks_error *err);
	/*
	 * Add one page of the paths that begin with `prefix` (whole segments
	 * or part of one; "" is all), sorted as the backend likes but always
	 * the same, side records included (the engine hides them). `cursor` is
	 * NULL for the first page, else what host->list_next() got. NULL: this
	 * store cannot list.
	 */
	enum lks_status (*list)(void *instance, const struct lks_call *call, const char *prefix,
				const char *cursor, struct lks_list *list, struct lks_error *err);
	/*
	 * Read `count` records in one go. `ret_statuses[i]` says how each went;
	 * `ret_statuses` of LKS_NOT_FOUND leave their record empty. Returns a
	 * failure only if none could be read. NULL: the engine calls `get`.
	 */
	enum lks_status (*get_many)(void *instance, const struct lks_call *call,
				    const char *const *paths, struct lks_record *const *records,
				    size_t count, enum lks_status *ret_statuses,
				    struct lks_error *err);
	/*
	 * Make all `count` changes, in order; with LKS_ATOMIC_MANY all or none,
	 * also to a reader and across a crash. Without that trait a failure may
	 * leave the first ones done. Paths are distinct. NULL: the engine calls
	 * `set` and `remove`.
	 */
	enum lks_status (*set_many)(void *instance, const struct lks_call *call,
				    const struct lks_change *changes, size_t count,
				    struct lks_error *err);
	/*
	 * Would `set` of this record at this path be held as it is? Says why
	 * not with LKS_UNSUPPORTED or LKS_INVALID. Local checks only; called
	 * when planning, so that nothing has been changed yet. NULL: yes.
	 */
	enum lks_status (*accepts)(void *instance, const struct lks_call *call, const char *path,
				   const struct lks_record *record, struct lks_error *err);
	/*
	 * Add one page of the record's versions, newest first. NULL: none kept.
	 */
	enum lks_status (*history)(void *instance, const struct lks_call *call, const char *path,
				   const char *cursor, struct lks_list *list,
				   struct lks_error *err);
	/*
	 * Add the paths under `prefix` that changed since `cursor` (NULL: from
	 * now on), waiting for the first of them until the deadline; an empty
	 * page with a cursor means that nothing happened. A lost cursor is
	 * LKS_CONFLICT: the engine lists anew. NULL: the engine polls.
	 */
	enum lks_status (*watch)(void *instance, const struct lks_call *call, const char *prefix,
				 const char *cursor, struct lks_list *list, struct lks_error *err);
	/*
	 * Is the store there and its credential accepted? Changes nothing,
	 * reads no secret. NULL: the engine does not know until it uses it.
	 */
	enum lks_status (*health)(void *instance, const struct lks_call *call,
				  struct lks_error *err);
	/*
	 * Ensure (`ensure` = 1) or drop (0) the resource `name` of `kind`
	 * ("table", "secret-projection", "rollout-restart", ...) as the JSON
	 * `spec` says. Idempotent. `result` gets what the engine must keep to
	 * take it back (an id, a revision). LKS_UNSUPPORTED for an unknown
	 * kind. NULL: this store has no resources.
	 */
	enum lks_status (*apply)(void *instance, const struct lks_call *call, int ensure,
				 const char *kind, const char *name, const char *spec,
				 struct lks_record *result, struct lks_error *err);
	/*
	 * Is that resource already so? Changes nothing. `state` gets what is
	 * there now. Required with `apply`.
	 */
	enum lks_status (*probe)(void *instance, const struct lks_call *call, const char *kind,
				 const char *name, const char *spec,
				 enum lks_presence *ret_presence, struct lks_record *state,
				 struct lks_error *err);
};

/* ------------------------------------------------------------------------ */
/* Verifiers                                                                 */

/* How `issue` comes by the new credential. */
enum lks_issue_kind {
	LKS_ISSUE_NONE = 0,
	LKS_ISSUE_SET,   /* the engine's value is set at the origin: a repeat with
			    the same value and operation is harmless */
	LKS_ISSUE_CREATE /* the origin makes the value: labelled with the
			    operation id, found again by `find` */
};

struct lks_verifier {
	size_t size;
	uint64_t traits; /* LKS_CONCURRENT, LKS_NEEDS_HTTP */
	/* How many credentials can be valid at the origin at once. 0 without
	   `issue`. A role's password: 1. Alternating roles, API keys: 2. */
	uint32_t slots;
	uint32_t issue_kind; /* enum lks_issue_kind */
	/* How long a new credential may be refused after it was made. */
	int64_t propagation_ms;

	/* As for backends. Required, both. */
	enum lks_status (*open)(const struct lks_host *host, const struct lks_settings *settings,
				const struct lks_call *call, void **ret_instance,
				struct lks_error *err);
	void (*close)(void *instance);
	/*
	 * Does `candidate` work? Uses it once, changes nothing that outlives
	 * the call. `with` holds the further values the configuration names.
	 * Returns LKS_OK with the answer set, also for "invalid"; a failure is
	 * taken as unknown. Required.
	 */
	enum lks_status (*verify)(void *instance, const struct lks_call *call,
				  const struct lks_record *candidate, const struct lks_record *with,
				  struct lks_answer *answer, struct lks_error *err);
	/*
	 * Make a new credential valid at the origin. `admin` holds the
	 * credential that may do so (empty if none is configured), `current`
	 * the one in use. To take a set back where there is one slot, the
	 * engine calls it again with the old value in `fresh`. With LKS_ISSUE_SET `fresh` comes
	 * with the engine's value and the plugin may change fields around it; with LKS_ISSUE_CREATE
	 * it comes empty. `fresh` gets the credential and, as the note "id", what `revoke` needs to
	 * name it. NULL: no issuer.
	 */
	enum lks_status (*issue)(void *instance, const struct lks_call *call,
				 const struct lks_record *admin, const struct lks_record *current,
				 struct lks_record *fresh, struct lks_error *err);
	/*
	 * Make the credential `old` invalid at the origin. Done already is
	 * LKS_OK. LKS_CONFLICT if it is still in use and must not go yet.
	 * Required with `issue`.
	 */
	enum lks_status (*revoke)(void *instance, const struct lks_call *call,
				  const struct lks_record *admin, const struct lks_record *old,
				  struct lks_error *err);
	/*
	 * After a crash: did `issue` of `call->operation` happen? Fills `fresh`
	 * as `issue` would, without the value where the origin does not show
	 * it again. LKS_NOT_FOUND: it did not. Required with LKS_ISSUE_CREATE.
	 */
	enum lks_status (*find)(void *instance, const struct lks_call *call,
				const struct lks_record *admin, struct lks_record *fresh,
				struct lks_error *err);
	/* Consumers seen at the origin with `old` (open sessions), one
	   list_add each. NULL: the origin does not tell. */
	enum lks_status (*users)(void *instance, const struct lks_call *call,
				 const struct lks_record *admin, const struct lks_record *old,
				 const char *cursor, struct lks_list *list, struct lks_error *err);
	/*
	 * Could `issue` work, as far as can be told without changing anything:
	 * may `admin` do it, do the roles exist, is there room for one more?
	 * Called when planning. LKS_DENIED, LKS_INVALID say what is missing and
	 * how to grant it. NULL: not known before.
	 */
	enum lks_status (*check)(void *instance, const struct lks_call *call,
				 const struct lks_record *admin, const struct lks_record *current,
				 struct lks_error *err);
};

/* ------------------------------------------------------------------------ */
/* The descriptor                                                            */

/*
 * Constant data, all of it: the engine reads it from the file before it runs
 * any code of the plugin. `name` is `[a-z][a-z0-9-]{0,31}`, the file is
 * `<name>.so`, the object `lks_plugin_<name>` with dashes as underscores.
 */
struct lks_plugin {
	uint32_t abi;
	uint32_t reserved;
	size_t size;
	const char *name;
	const char *version; /* of the plugin */
	const char *summary; /* one line */
	const char *license; /* SPDX expression */
	size_t option_size;  /* sizeof(struct lks_option) */
	size_t option_count;
	const struct lks_option *options;
	const struct lks_backend *backend;   /* NULL: none */
	const struct lks_verifier *verifier; /* NULL: none */
};

#if defined(__GNUC__)
#define LKS_EXPORT __attribute__((visibility("default")))
#else
#define LKS_EXPORT
#endif

#ifdef __cplusplus
}
#endif

/*
 * LKS_PLUGIN(my_store, "my-store", .version = "1.0", ...): C, designated.
 * `symbol` is the name with dashes as underscores.
 */
#ifndef __cplusplus
#define LKS_PLUGIN(symbol, plugin_name, ...)                                                       \
	extern LKS_EXPORT const struct lks_plugin lks_plugin_##symbol;                             \
	const struct lks_plugin lks_plugin_##symbol = { .abi = LKS_ABI,                            \
							.size = sizeof(struct lks_plugin),         \
							.name = plugin_name,                       \
							.option_size = sizeof(struct lks_option),  \
							__VA_ARGS__ }
#else
/* C++, positional: version, summary, license, options, their count, backend,
   verifier. Designated initialisers are not C++ before C++20, and a plain
   const object would have internal linkage. */
#define LKS_PLUGIN_CXX(symbol, plugin_name, version, summary, license, options, option_count,      \
		       backend, verifier)                                                          \
	extern "C" {                                                                               \
	extern LKS_EXPORT const struct lks_plugin lks_plugin_##symbol;                             \
	const struct lks_plugin lks_plugin_##symbol = {                                            \
		LKS_ABI, 0,       sizeof(struct lks_plugin), plugin_name,  version,                \
		summary, license, sizeof(struct lks_option), option_count, options,                \
		backend, verifier                                                                  \
	};                                                                                         \
	}
#endif

#endif
