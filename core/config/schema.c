/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the config file: every section, key, default and help text. */
#include "config/schema.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define LONG_TIME (36500 * DAY)
#define ENTRIES_MAX 10000

#define AT(type, member) .offset = offsetof(struct type, member)
#define KEYS(array) .keys = (array), .key_count = COUNT_OF(array)

static const struct key store_keys[] = {
	{ "plugin", SHAPE_ONE, VALUE_NAME, AT(config_store, plugin), .is_required = true,
	  .help = "the plugin that holds the records" },
	{ "layout", SHAPE_ONE, VALUE_LAYOUT, AT(config_store, layout), .fallback = "{name}",
	  .help = "which parts of a path are {tenant} and {namespace}; {name} takes the rest" },
	{ "labels", SHAPE_ONE, VALUE_STORE, AT(config_store, labels), .shown = "this store",
	  .help = "another store that keeps pending and previous values" },
	{ "timeout", SHAPE_ONE, VALUE_DURATION, AT(config_store, timeout_ms), .fallback = "30s",
	  .minimum = 1, .maximum = DAY, .help = "for one call of the plugin" },
	{ "read_only", SHAPE_ONE, VALUE_FLAG, AT(config_store, read_only), .fallback = "false",
	  .help = "refuse every change" },
};
static const struct section store_section = {
	.name = "stores",
	.summary = "Configured backends by name. Other keys are the plugin's own options: "
		   "`lockstep plugins info PLUGIN` lists them. A plugin's own credentials are "
		   "references to other stores, never values.",
	.example = "stores = {\n"
		   "  app = { plugin = \"env-file\"; path = \"/srv/app/.env\"; };\n"
		   "};",
	.size = sizeof(struct config_store),
	.where = offsetof(struct config_store, settings),
	KEYS(store_keys),
	.is_open = true,
};

static const struct key verifier_keys[] = {
	{ "plugin", SHAPE_ONE, VALUE_NAME, AT(config_verifier, plugin), .is_required = true,
	  .help = "the plugin that asks" },
	{ "timeout", SHAPE_ONE, VALUE_DURATION, AT(config_verifier, timeout_ms), .fallback = "15s",
	  .minimum = 1, .maximum = DAY, .help = "for one call of the plugin" },
	{ "propagation", SHAPE_ONE, VALUE_DURATION, AT(config_verifier, propagation_ms),
	  .shown = "the plugin's own", .minimum = 0, .maximum = DAY,
	  .help = "how long a refusal of a new credential is asked again before it counts" },
	{ "with", SHAPE_MAP, VALUE_REFERENCE, AT(config_verifier, with_names),
	  .second = offsetof(struct config_verifier, with_references),
	  .help = "further values for the verifier: name = \"reference\"" },
	{ "admin", SHAPE_ONE, VALUE_REFERENCE, AT(config_verifier, admin),
	  .help = "the credential that may issue and revoke at the origin" },
};
static const struct section verifier_section = {
	.name = "verifiers",
	.summary = "What proves that a credential works, by name. Other keys are the plugin's own "
		   "options.",
	.example = "verifiers = {\n"
		   "  ping = { plugin = \"exec\"; command = [ \"/srv/app/ping\" ]; };\n"
		   "};",
	.size = sizeof(struct config_verifier),
	.where = offsetof(struct config_verifier, settings),
	KEYS(verifier_keys),
	.is_open = true,
};

static const struct key policy_keys[] = {
	{ "subject", SHAPE_ONE, VALUE_SUBJECT, AT(config_policy, subject), .is_required = true,
	  .help = "who: user:NAME group:NAME tenant:NAME role:NAME engine:STORE or *" },
	{ "secret", SHAPE_ONE_OR_MANY, VALUE_PATTERN, AT(config_policy, secrets),
	  .is_required = true, .help = "which: STORE:PATH, * is one part, ** any number of them" },
	{ "allow", SHAPE_ONE_OR_MANY, VALUE_ACTION, AT(config_policy, allow),
	  .help = "what the subject may do" },
	{ "deny", SHAPE_ONE_OR_MANY, VALUE_ACTION, AT(config_policy, deny),
	  .help = "what it may not do, whatever else allows it" },
};
static const struct section policy_section = {
	.name = "policies",
	.summary = "Who may do what to which references. Nothing is allowed by default, except to "
		   "the owner of the config and root; a deny wins over every allow. Actions: get "
		   "list set delete verify rotate rollback adopt pause history reveal, or *.",
	.example = "policies = (\n"
		   "  { subject = \"group:web\"; secret = \"app:**\"; allow = [ \"get\", \"list\" "
		   "]; },\n"
		   "  { subject = \"*\"; secret = \"app:ROOT_KEY\"; deny = \"*\"; }\n"
		   ");",
	.size = sizeof(struct config_policy),
	.where = offsetof(struct config_policy, where),
	KEYS(policy_keys),
};

static const struct key role_keys[] = {
	{ "members", SHAPE_MANY, VALUE_MEMBER, AT(config_role, members), .is_required = true,
	  .help = "user:NAME or group:NAME" },
};
static const struct section role_section = {
	.name = "roles",
	.summary = "Names for groups of people, for policies: role = [ members ].",
	.example = "roles = { ops = [ \"user:anna\", \"group:admins\" ]; };",
	.size = sizeof(struct config_role),
	.where = SECTION_NOWHERE,
	KEYS(role_keys),
	.is_direct = true,
};

static const struct key pin_keys[] = {
	{ "sha256", SHAPE_ONE, VALUE_SHA256, AT(config_pin, sha256), .is_required = true,
	  .help = "of the plugin's file" },
};
static const struct section pin_section = {
	.name = "plugin_pins",
	.summary = "SHA-256 of plugins: plugin = \"64 hex digits\". When there is any pin, plugins "
		   "without one are refused.",
	.size = sizeof(struct config_pin),
	.where = SECTION_NOWHERE,
	KEYS(pin_keys),
	.is_direct = true,
};

static const struct key generate_keys[] = {
	{ "kind", SHAPE_ONE, VALUE_WORD, AT(config_generate, kind), .is_required = true,
	  .choices = "password|hex|base64|uuid|ed25519|rsa|ec", .minimum = GENERATOR_PASSWORD,
	  .help = "what to make; key pairs are PEM" },
	{ "length", SHAPE_ONE, VALUE_NUMBER, AT(config_generate, length), .fallback = "32",
	  .minimum = 8, .maximum = 4096,
	  .help = "characters of a password, random bytes of hex and base64" },
	{ "alphabet", SHAPE_ONE, VALUE_ALPHABET, AT(config_generate, alphabet),
	  .shown = "letters, digits and -_.~", .help = "characters of a password" },
	{ "bits", SHAPE_ONE, VALUE_NUMBER, AT(config_generate, bits), .fallback = "3072",
	  .minimum = 2048, .maximum = 8192, .help = "of an RSA key" },
	{ "curve", SHAPE_ONE, VALUE_TEXT, AT(config_generate, curve), .fallback = "P-256",
	  .choices = "P-256|P-384|P-521", .help = "of an EC key" },
	{ "public", SHAPE_ONE, VALUE_TARGET, AT(config_generate, public_reference),
	  .help = "where the public half of a key pair goes" },
};
static const struct section generate_section = {
	.name = "rotations.NAME.generate",
	.summary = "How the new value is made.",
	.size = sizeof(struct config_generate),
	.where = SECTION_NOWHERE,
	KEYS(generate_keys),
};

static const struct key copy_keys[] = {
	{ "to", SHAPE_ONE, VALUE_TARGET, AT(config_copy, to), .is_required = true,
	  .help = "the record to write" },
	{ "template", SHAPE_ONE, VALUE_TEMPLATE, AT(config_copy, template_text),
	  .help = "text with {field} or {field:filter}; filters: url json shell base64 hex" },
	{ "field", SHAPE_ONE, VALUE_FIELD, AT(config_copy, field), .shown = "the only one",
	  .help = "which field of the secret to copy" },
	{ "group", SHAPE_ONE, VALUE_TEXT, AT(config_copy, group),
	  .help = "consumers that are changed together" },
	{ "adopt", SHAPE_ONE, VALUE_FLAG, AT(config_copy, adopt), .fallback = "false",
	  .help = "take over a target whose value differs beforehand" },
};
static const struct section copy_section = {
	.name = "rotations.NAME.copies",
	.summary = "Other records that carry the same credential: written, read back and undone "
		   "with it.",
	.size = sizeof(struct config_copy),
	.where = offsetof(struct config_copy, where),
	KEYS(copy_keys),
};

static const struct key reload_keys[] = {
	{ "consumer", SHAPE_ONE, VALUE_TEXT, AT(config_reload, consumer), .is_required = true,
	  .help = "the program's name, for reports" },
	{ "command", SHAPE_MANY, VALUE_TEXT, AT(config_reload, command), .is_required = true,
	  .help = "makes the program take the new value: program and arguments" },
	{ "healthy", SHAPE_MANY, VALUE_TEXT, AT(config_reload, healthy),
	  .help = "asked until it exits with 0: the program works again" },
	{ "timeout", SHAPE_ONE, VALUE_DURATION, AT(config_reload, timeout_ms), .fallback = "60s",
	  .minimum = 1, .maximum = DAY, .help = "until it must be healthy" },
};
static const struct section reload_section = {
	.name = "rotations.NAME.reload",
	.summary = "Programs that are told after promotion, in order, one at a time.",
	.size = sizeof(struct config_reload),
	.where = SECTION_NOWHERE,
	KEYS(reload_keys),
};

#define LATER(key_name)                                                                            \
	{                                                                                          \
		.name = key_name, .shape = SHAPE_LATER                                             \
	}

static const struct key rotation_keys[] = {
	{ "secret", SHAPE_ONE_OR_MANY, VALUE_TARGET, AT(config_rotation, secrets),
	  .is_required = true, .help = "the references that rotate, in one transaction" },
	{ "shared", SHAPE_ONE, VALUE_FLAG, AT(config_rotation, shared), .fallback = "false",
	  .help = "one value for all of them, instead of one each" },
	{ "strategy", SHAPE_ONE, VALUE_WORD, AT(config_rotation, strategy), .fallback = "staged",
	  .choices = "immediate|staged|dual-write|blue-green|canary", .minimum = STRATEGY_IMMEDIATE,
	  .help = "how the new value takes over; this version does immediate and staged" },
	{ "generate", SHAPE_GROUP, VALUE_TEXT, AT(config_rotation, generate),
	  .present_offset = offsetof(struct config_rotation, has_generate),
	  .inner = &generate_section, .help = "the engine makes the value" },
	{ "issue", SHAPE_ONE, VALUE_VERIFIER, AT(config_rotation, issue),
	  .help = "the origin makes or takes the value, through this verifier" },
	{ "instructions", SHAPE_ONE, VALUE_TEXT, AT(config_rotation, instructions),
	  .help = "for the person who supplies the value, without generate and issue" },
	{ "copies", SHAPE_LIST, VALUE_TEXT, AT(config_rotation, copies),
	  .second = offsetof(struct config_rotation, copy_count), .inner = &copy_section,
	  .help = "other records that carry the same credential" },
	{ "verify", SHAPE_ONE_OR_MANY, VALUE_VERIFIER, AT(config_rotation, verify),
	  .help = "what must call the new value valid" },
	{ "require_verification", SHAPE_ONE, VALUE_FLAG, AT(config_rotation, require_verification),
	  .fallback = "true", .help = "refuse to rotate without a verifier" },
	{ "auto_rollback", SHAPE_ONE, VALUE_FLAG, AT(config_rotation, auto_rollback),
	  .fallback = "true", .help = "undo by itself when a step fails" },
	{ "reload", SHAPE_LIST, VALUE_TEXT, AT(config_rotation, reloads),
	  .second = offsetof(struct config_rotation, reload_count), .inner = &reload_section,
	  .help = "programs to tell after promotion" },
	{ "every", SHAPE_ONE, VALUE_DURATION, AT(config_rotation, every_ms), .shown = "when asked",
	  .minimum = MINUTE, .maximum = LONG_TIME, .help = "how old a value may become" },
	{ "window", SHAPE_ONE, VALUE_WINDOW, AT(config_rotation, window), .shown = "always",
	  .help = "when it may start and promote; zone UTC unless one is named" },
	{ "soak", SHAPE_ONE, VALUE_DURATION, AT(config_rotation, soak_ms), .fallback = "0s",
	  .minimum = 0, .maximum = LONG_TIME,
	  .help = "how long the verifiers go on asking before it counts as done" },
	{ "poll", SHAPE_ONE, VALUE_DURATION, AT(config_rotation, poll_ms), .fallback = "10s",
	  .minimum = 10, .maximum = DAY, .help = "how often a soak or wait looks again" },
	{ "keep_previous", SHAPE_ONE, VALUE_DURATION, AT(config_rotation, keep_previous_ms),
	  .fallback = "0s", .minimum = 0, .maximum = LONG_TIME,
	  .help = "how long the old value stays stored and valid" },
	{ "give_up", SHAPE_ONE, VALUE_DURATION, AT(config_rotation, give_up_ms), .fallback = "1h",
	  .minimum = 0, .maximum = LONG_TIME,
	  .help = "how long an outage is retried before the rotation is rolled back" },
	LATER("consumers"),
	LATER("role"),
	LATER("self"),
	LATER("groups"),
};
const struct section schema_rotation = {
	.name = "rotations",
	.summary = "What changes a credential: where it lives, how it is made, what proves it and "
		   "who is told.",
	.example = "rotations = {\n"
		   "  api-key = {\n"
		   "    secret = \"app:API_KEY\";  strategy = \"staged\";\n"
		   "    generate = { kind = \"password\"; length = 40; };\n"
		   "    copies = ( { to = \"web:KEY\"; template = \"k={value:url}\"; } );\n"
		   "    verify = [ \"ping\" ];\n"
		   "    every = \"90d\";  window = \"Sat 02:00-04:00 Europe/Berlin\";\n"
		   "  };\n"
		   "};",
	.size = sizeof(struct config_rotation),
	.where = offsetof(struct config_rotation, where),
	KEYS(rotation_keys),
};

static const struct key hook_keys[] = {
	{ "command", SHAPE_MANY, VALUE_TEXT, AT(config_event_hook, command), .is_required = true,
	  .help = "program and arguments" },
	{ "events", SHAPE_MANY, VALUE_TEXT, AT(config_event_hook, events), .is_required = true,
	  .choices = "failed|stuck|waiting|overdue", .help = "when to run it" },
};
static const struct section hook_section = {
	.name = "on_event",
	.summary = "Programs that are run when an operation needs attention.",
	.example =
		"on_event = (\n"
		"  { command = [ \"/usr/local/bin/page\" ]; events = [ \"failed\", \"stuck\" ]; }\n"
		");",
	.size = sizeof(struct config_event_hook),
	.where = SECTION_NOWHERE,
	KEYS(hook_keys),
};

static const struct key state_keys[] = {
	{ "url", SHAPE_ONE, VALUE_STATE_URL, AT(config, state_url),
	  .shown = "a folder of this config's own in $XDG_STATE_HOME/lockstep; root: in "
		   "/var/lib/lockstep",
	  .help = "where operations and their journal are kept" },
	{ "key_file", SHAPE_ONE, VALUE_PATH, AT(config, state_key_file),
	  .shown = "state.key beside the state",
	  .help = "seals values in the journal; made on "
		  "first use" },
};
static const struct section state_section = {
	.name = "state",
	.summary = "The state database.",
	.example = "state = { url = \"sqlite:/var/lib/lockstep/state.db\"; };",
	.size = sizeof(struct config),
	.where = SECTION_NOWHERE,
	KEYS(state_keys),
};

static const struct key audit_keys[] = {
	{ "path", SHAPE_ONE, VALUE_PATH, AT(config, audit_path),
	  .shown = "audit.jsonl in $XDG_STATE_HOME/lockstep; root: /var/log/lockstep",
	  .help = "the file of JSON lines. Under root's config other users' reads go to "
		  "PATH.spool, "
		  "one file each, until root's next command takes them in (chmod go+x the log's "
		  "folder, lockstep doctor makes it); they can change nothing" },
	{ "mode", SHAPE_ONE, VALUE_SWITCH, AT(config, audit_strict), .fallback = "strict",
	  .choices = "best-effort|strict",
	  .help = "strict: nothing is done that cannot be recorded" },
};
static const struct section audit_section = {
	.name = "audit",
	.summary = "The record of who did what.",
	.example = "audit = { path = \"/var/log/lockstep/audit.jsonl\"; mode = \"strict\"; };",
	.size = sizeof(struct config),
	.where = SECTION_NOWHERE,
	KEYS(audit_keys),
};

static const struct key log_keys[] = {
	{ "level", SHAPE_ONE, VALUE_WORD, AT(config, log_level), .fallback = "warn",
	  .choices = "error|warn|info|debug", .minimum = LKS_LOG_ERROR,
	  .help = "least important lines to write" },
	{ "format", SHAPE_ONE, VALUE_WORD, AT(config, log_format), .fallback = "text",
	  .choices = "text|json", .minimum = LOG_TEXT, .help = "for people or for machines" },
};
static const struct section log_section = {
	.name = "log",
	.summary = "Lines on stderr.",
	.example = "log = { level = \"info\"; format = \"json\"; };",
	.size = sizeof(struct config),
	.where = SECTION_NOWHERE,
	KEYS(log_keys),
};

static const struct key memory_keys[] = {
	{ "require_lock", SHAPE_ONE, VALUE_FLAG, AT(config, memory_require_lock),
	  .fallback = "false", .help = "refuse to run if secrets could be swapped out" },
};
static const struct section memory_section = {
	.name = "memory",
	.summary = "How secrets are kept in memory.",
	.example = "memory = { require_lock = true; };",
	.size = sizeof(struct config),
	.where = SECTION_NOWHERE,
	KEYS(memory_keys),
};

static const struct key limit_keys[] = {
	{ "per_run", SHAPE_ONE, VALUE_NUMBER, AT(config, limits.per_run), .fallback = "5",
	  .minimum = 1, .maximum = ENTRIES_MAX, .help = "rotations that one run starts" },
	{ "parallel", SHAPE_ONE, VALUE_NUMBER, AT(config, limits.parallel), .fallback = "4",
	  .minimum = 1, .maximum = 64,
	  .help = "most rotations at the same time; this version does them one after the other, "
		  "whatever is said here" },
	{ "stop_after_failures", SHAPE_ONE, VALUE_NUMBER, AT(config, limits.stop_after_failures),
	  .fallback = "3", .minimum = 1, .maximum = ENTRIES_MAX,
	  .help = "failed rotations after which a run starts no more" },
};
static const struct section limit_section = {
	.name = "limits",
	.summary = "How much one run does.",
	.example = "limits = { per_run = 5; parallel = 4; stop_after_failures = 3; };",
	.size = sizeof(struct config),
	.where = SECTION_NOWHERE,
	KEYS(limit_keys),
};

static const struct key root_keys[] = {
	{ "environment", SHAPE_ONE, VALUE_TEXT, AT(config, environment), .fallback = "production",
	  .help = "the name of this installation's environment" },
	{ "module_path", SHAPE_MANY, VALUE_PATH, AT(config, module_path),
	  .shown = "the installation's", .help = "folders with plugins" },
	{ "plugin_pins", SHAPE_NAMED, VALUE_NAME, AT(config, pins),
	  .second = offsetof(struct config, pin_count), .inner = &pin_section,
	  .help = "SHA-256 of plugins" },
	{ "state", SHAPE_GROUP, .inner = &state_section, .help = "the state database" },
	{ "audit", SHAPE_GROUP, .inner = &audit_section, .help = "the record of who did what" },
	{ "log", SHAPE_GROUP, .inner = &log_section, .help = "lines on stderr" },
	{ "memory", SHAPE_GROUP, .inner = &memory_section, .help = "how secrets are kept" },
	{ "limits", SHAPE_GROUP, .inner = &limit_section, .help = "how much one run does" },
	{ "stores", SHAPE_NAMED, VALUE_NAME, AT(config, stores),
	  .second = offsetof(struct config, store_count), .inner = &store_section,
	  .help = "what holds records" },
	{ "verifiers", SHAPE_NAMED, VALUE_NAME, AT(config, verifiers),
	  .second = offsetof(struct config, verifier_count), .inner = &verifier_section,
	  .help = "what proves that a credential works" },
	{ "roles", SHAPE_NAMED, VALUE_NAME, AT(config, roles),
	  .second = offsetof(struct config, role_count), .inner = &role_section,
	  .help = "names for groups of people" },
	{ "policies", SHAPE_LIST, VALUE_TEXT, AT(config, policies),
	  .second = offsetof(struct config, policy_count), .inner = &policy_section,
	  .help = "who may do what" },
	{ "rotations", SHAPE_NAMED, VALUE_NAME, AT(config, rotations),
	  .second = offsetof(struct config, rotation_count), .inner = &schema_rotation,
	  .help = "what changes credentials" },
	{ "on_event", SHAPE_LIST, VALUE_TEXT, AT(config, hooks),
	  .second = offsetof(struct config, hook_count), .inner = &hook_section,
	  .help = "programs to run on events" },
	LATER("routes"),
	LATER("syncs"),
	LATER("flags"),
	LATER("templates"),
	LATER("daemon"),
	LATER("alerts"),
	LATER("rotation_policies"),
};
const struct section schema_root = {
	.name = "config",
	.summary = "The whole file.",
	.size = sizeof(struct config),
	.where = SECTION_NOWHERE,
	KEYS(root_keys),
};

const char *value_expected(enum key_value value)
{
	static const char *const texts[VALUE_COUNT] = {
		[VALUE_TEXT] = "a text in quotes",
		[VALUE_NUMBER] = "a whole number",
		[VALUE_FLAG] = "true or false",
		[VALUE_DURATION] = "a duration like \"90d\" (ms s m h d w)",
		[VALUE_WORD] = "a word",
		[VALUE_SWITCH] = "a word",
		[VALUE_PATH] = "a path",
		[VALUE_STATE_URL] = "\"sqlite:PATH\"",
		[VALUE_NAME] = "a name (a-z, then a-z 0-9 -, at most 32)",
		[VALUE_STORE] = "the name of a store",
		[VALUE_VERIFIER] = "the name of a verifier",
		[VALUE_REFERENCE] = "a reference STORE:PATH[#FIELD]",
		[VALUE_TARGET] = "a reference STORE:PATH[#FIELD]",
		[VALUE_FIELD] = "the name of a field",
		[VALUE_PATTERN] = "a pattern like \"vault:acme/**\"",
		[VALUE_SUBJECT] =
			"a subject like \"user:anna\" (user group tenant role engine) or \"*\"",
		[VALUE_MEMBER] = "\"user:NAME\" or \"group:NAME\"",
		[VALUE_ACTION] = "an action",
		[VALUE_TEMPLATE] = "a text with {field} or {field:filter}",
		[VALUE_LAYOUT] = "a layout like \"{tenant}/{namespace}/{name}\"",
		[VALUE_ALPHABET] = "printable ASCII characters, none of them twice",
		[VALUE_WINDOW] = "a window like \"Sat 02:00-04:00 Europe/Berlin\"",
		[VALUE_SHA256] = "64 hex digits",
	};

	return texts[value];
}

int choice_find(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (int index = 0;; index++) {
		size_t choice = strcspn(choices, "|");

		if (choice == len && memcmp(choices, text, len) == 0)
			return index;
		if (!choices[choice])
			return -1;
		choices += choice + 1;
	}
}

bool choice_get(const char *choices, int index, char *buffer, size_t size)
{
	size_t len;

	for (; index > 0; index--) {
		choices += strcspn(choices, "|");
		if (!*choices++)
			return false;
	}
	len = strcspn(choices, "|");
	(void)snprintf(buffer, size, "%.*s", (int)len, choices);
	return true;
}
