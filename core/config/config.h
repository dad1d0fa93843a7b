/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config file as checked structs. One table (config/schema.c) knows every
 * section and key with type, default and help: it drives the reading, the
 * suggestions, `lockstep help SECTION` and docs/config.md.
 *
 * config_load() judges all that can be judged without plugins and reports all
 * errors. What a plugin's options may be is judged by plugin/schema on the
 * `settings` kept here.
 *
 * Everything in here lives as long as the config. Paths are absolute.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <jansson.h>

#include "base/log.h"
#include "config/setting.h"

struct strings {
	char **items;
	size_t count;
};

struct zone;

struct config_pin {
	char *plugin;
	char *sha256; /* 64 hex digits */
};

struct config_store {
	char *name;
	char *plugin;
	char *layout;       /* "{name}" by default */
	char *labels;       /* another store that keeps the labels; NULL: this one */
	int64_t timeout_ms; /* per call, default 30 s */
	bool read_only;
	const struct setting *settings; /* the whole group, for the plugin */
};

struct config_verifier {
	char *name;
	char *plugin;
	int64_t timeout_ms;     /* per call, default 15 s */
	int64_t propagation_ms; /* -1: the plugin's own */
	/* name -> reference, handed to the verifier beside the candidate */
	struct strings with_names, with_references;
	char *admin; /* reference, for issuers; NULL */
	const struct setting *settings;
};

struct config_policy {
	/* "user:NAME" "group:NAME" "tenant:NAME" "role:NAME" "engine:NAME" "*" */
	char *subject;
	struct strings secrets; /* patterns */
	struct strings allow, deny;
	const struct setting *where;
};

/* Who is in a role: `roles = { ops = [ "user:anna", "group:admins" ]; }`. */
struct config_role {
	char *name;
	struct strings members;
};

enum strategy {
	STRATEGY_IMMEDIATE = 1,
	STRATEGY_STAGED,
	STRATEGY_DUAL_WRITE,
	STRATEGY_BLUE_GREEN,
	STRATEGY_CANARY
};

enum generator_kind {
	GENERATOR_NONE = 0,
	GENERATOR_PASSWORD,
	GENERATOR_HEX,
	GENERATOR_BASE64,
	GENERATOR_UUID,
	GENERATOR_ED25519,
	GENERATOR_RSA,
	GENERATOR_EC
};

struct config_generate {
	enum generator_kind kind;
	int64_t length; /* characters (password) or random bytes (hex, base64); defaults 32 */
	char *alphabet; /* password; NULL: letters, digits and -_.~ */
	int64_t bits;   /* rsa */
	char *curve;    /* ec */
	char *public_reference; /* key pairs: where the public half goes; NULL */
};

struct config_copy {
	char *to;            /* reference */
	char *template_text; /* "postgres://{username:url}:{password:url}@db/app"; NULL */
	char *field;         /* of the source; NULL: the only one */
	char *group;
	bool adopt; /* take over what differs beforehand */
	const struct setting *where;
};

struct config_reload {
	char *consumer;
	struct strings command;
	struct strings healthy; /* argv; empty: no check */
	int64_t timeout_ms;     /* default 60 s */
};

struct config_event_hook {
	struct strings command;
	struct strings events; /* "failed" "stuck" "waiting" "overdue" */
};

/* A weekly or daily time span. */
struct config_window {
	bool is_set;
	unsigned days;      /* bit 0 is Sunday; 127: every day */
	int start_minute;   /* of the day */
	int end_minute;     /* may be before start: over midnight */
	char *zone;         /* "UTC" */
	struct zone *rules; /* of that zone, read from the system's tzdata */
};

struct config_rotation {
	char *name;
	struct strings secrets; /* references */
	bool shared;            /* one value for all */
	enum strategy strategy;
	bool has_generate;
	struct config_generate generate;
	char *issue;        /* verifier that issues; NULL */
	char *instructions; /* for a person who supplies the value; NULL */
	struct config_copy *copies;
	size_t copy_count;
	struct strings verify;
	bool require_verification; /* default true */
	bool auto_rollback;        /* default true */
	struct config_reload *reloads;
	size_t reload_count;
	int64_t every_ms; /* 0: only when asked */
	struct config_window window;
	int64_t soak_ms;          /* 0 */
	int64_t poll_ms;          /* 10 s; how often a soak or wait looks again */
	int64_t keep_previous_ms; /* 0 */
	int64_t give_up_ms;       /* 1 h */
	const struct setting *where;
};

struct config_limits {
	int64_t per_run;             /* 5 */
	int64_t parallel;            /* 4 */
	int64_t stop_after_failures; /* 3 */
};

struct config {
	struct setting_tree *tree;
	char *path;   /* of the file; NULL for the built-in defaults */
	char *folder; /* its folder; the working directory without a file */
	char *environment;
	struct strings module_path; /* empty: the installation's */
	struct config_pin *pins;
	size_t pin_count;
	char *state_url; /* "sqlite:/..." */
	char *state_key_file;
	char *audit_path;
	bool audit_strict; /* default true */
	enum lks_level log_level;
	enum log_format log_format;
	bool memory_require_lock;
	struct config_store *stores;
	size_t store_count;
	struct config_verifier *verifiers;
	size_t verifier_count;
	struct config_policy *policies;
	size_t policy_count;
	struct config_role *roles;
	size_t role_count;
	struct config_rotation *rotations;
	size_t rotation_count;
	struct config_event_hook *hooks;
	size_t hook_count;
	struct config_limits limits;
	uint32_t owner_uid; /* of the file: has every right */
};

/*
 * Find, read and judge the config. `path` NULL: $LOCKSTEP_CONFIG (given as
 * `environment_path`), ./lockstep.conf, /etc/lockstep/lockstep.conf. All
 * errors go to `report`; returns LKS_INVALID if there was any (`err` then has
 * the first), LKS_NOT_FOUND if there is no file. `environment` replaces the
 * file's (NULL: keep it). HOME and XDG_STATE_HOME are looked at for the
 * defaults of state and audit, but never by root.
 */
enum lks_status config_load(const char *path, const char *environment_path, const char *environment,
			    struct report *report, struct config **ret_config,
			    struct lks_error *err) MUST_CHECK;
/*
 * The same for those who go on judging: with LKS_INVALID `*ret_config` is what
 * could be read of a file that has errors (names and texts may be NULL, paths
 * missing), or NULL if it could not be parsed at all. Not for use.
 */
enum lks_status config_inspect(const char *path, const char *environment_path,
			       const char *environment, struct report *report,
			       struct config **ret_config, struct lks_error *err) MUST_CHECK;
/* Judge text in memory, called `name` in messages; paths start at `folder`. */
enum lks_status config_parse(const void *data, size_t len, const char *name, const char *folder,
			     struct report *report, struct config **ret_config,
			     struct lks_error *err) MUST_CHECK;
/* What holds where there is no config file: no stores, the defaults. */
enum lks_status config_defaults(const char *environment, struct config **ret_config,
				struct lks_error *err) MUST_CHECK;
void config_free(struct config *config);
void config_freep(struct config **config);

const struct config_store *config_store(const struct config *config, const char *name);
const struct config_verifier *config_verifier(const struct config *config, const char *name);
const struct config_rotation *config_rotation(const struct config *config, const char *name);
const char *strategy_name(enum strategy strategy);

/* "user:NAME", "group:", "tenant:", "role:" or "engine:"; not "*". */
bool subject_is_valid(const char *text);

/* The members that the engine itself reads in a group of "stores" or
   "verifiers"; all others are the plugin's options. */
const char *const *config_engine_keys(const char *section, size_t *ret_count);

/*
 * `from` needs `to` (a store's credential lies in another store). The edges
 * come from those who know which options are references; names are borrowed.
 */
struct config_edge {
	const char *from;
	const char *to;
	const struct setting *where; /* of the reference */
};
/* Reports one error per circle ("a needs b needs a"); true if there is none. */
bool config_find_cycle(const struct config_edge *edges, size_t count, struct report *report);

/* One rotation, canonical: for plans, their hash, and operations that go on
   under the config they were planned with. No secrets are in it. NULL: no
   memory. */
json_t *config_rotation_json(const struct config_rotation *rotation);
enum lks_status config_rotation_from_json(const json_t *json, struct config_rotation **ret_rotation,
					  struct lks_error *err) MUST_CHECK;
void config_rotation_free(struct config_rotation *rotation);

/* "Sat 02:00-04:00 Europe/Berlin"; says what is wrong. */
enum lks_status window_parse(const char *text, struct config_window *ret_window,
			     struct lks_error *err) MUST_CHECK;
/* The form that window_parse() reads. */
void window_print(const struct config_window *window, char *buffer, size_t size);
void window_release(struct config_window *window);

/* Is the window open at this moment? An unset one always is. */
bool window_is_open(const struct config_window *window, int64_t wall_ms);
/* The first moment (wall ms) at or after this one at which it is open. In the
   night when clocks go forward a window that falls into the gap opens when the
   gap is over; when they go back, it opens at the first of the two times. So
   every night has it once. */
int64_t window_next(const struct config_window *window, int64_t wall_ms);

/* The table, for help: prints the section (NULL: the list of them). Returns
   -1 if there is no such section. */
int config_help(const char *section, void (*line)(void *context, const char *text), void *context);
/* The whole of it as docs/config.md. */
void config_markdown(void (*line)(void *context, const char *text), void *context);

#endif
