/* SPDX-License-Identifier: Apache-2.0 */
/* The config that `init` writes, with what can be added as comments. */
#include <string.h>

#include "cli/init.h"
#include "cli/presets.h"

static void add_stores(const struct init *init, struct text *text)
{
	text_add(text, "# Where secrets are. STORE:KEY names one: lockstep get app:API_KEY\n"
		       "stores = {\n");
	for (size_t i = 0; i < init->count; i++) {
		const struct env_store *store = &init->stores[i];

		text_printf(text, "\t%s = { plugin = \"env-file\"; path = \"%s\";", store->name,
			    store->path);
		if (store->is_dotted)
			text_add(text, " allow_dotted_keys = true;");
		if (store->is_link)
			text_add(text, " follow_symlink = true;");
		if (store->is_lenient)
			text_add(text, " lenient = true;");
		text_add(text, " };\n");
	}
	if (init->count == 0)
		text_add(text,
			 "\t# No env file was here. The first value that is set makes one.\n"
			 "\tapp = { plugin = \"env-file\"; path = \".env\"; create = true; };\n");
	text_add(text, "};\n");
}

static bool was_added(const char *name, const char *const *added, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(added[i], name) == 0)
			return true;
	return false;
}

static void add_verifier(const struct preset_service *service, const struct env_store *store,
			 const char *key, struct text *text)
{
	text_printf(text, "#\t# lockstep verify %s %s:%s\n", service->name, store->name, key);
	text_printf(text,
		    "#\t%s = { plugin = \"exec\"; timeout = \"15s\"; command = [ \"sh\", \"-c\",\n"
		    "#\t\t\"printf '%s' \\\"$(cat)\\\" |\"\n"
		    "#\t\t\" curl -sS -m 10 -o /dev/null -w '%%{http_code}' -A lockstep -H @-\"\n"
		    "#\t\t\" '%s' |\"\n"
		    "#\t\t\" { read code; case $code in 2*) exit 0;; 401) exit 1;; *) exit 75;; "
		    "esac; }\""
		    " ]; };\n",
		    service->name, service->header, service->url);
}

/* How to ask the services whose keys are here. */
static void add_verifiers(const struct init *init, struct text *text)
{
	const char *added[64];
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		for (size_t j = 0; j < init->stores[i].key_count; j++) {
			const char *key = init->stores[i].keys[j];
			const struct preset_service *service = preset_service(key);

			if (!service || count == COUNT_OF(added) ||
			    was_added(service->name, added, count))
				continue;
			if (count == 0)
				text_add(text,
					 "\n# How to find out whether a key works: a program gets "
					 "it "
					 "on stdin. Exit 0: it\n# works, 75: cannot tell, anything "
					 "else: it does not. Take the # away to use it.\n"
					 "#verifiers = {\n");
			added[count++] = service->name;
			add_verifier(service, &init->stores[i], key, text);
		}
	}
	text_add(text, count ? "#};\n" : "");
}

/* Keys that nobody but these programs knows. */
static void add_rotations(const struct init *init, struct text *text)
{
	const char *added[64];
	size_t count = 0;

	for (size_t i = 0; i < init->count; i++) {
		const struct env_store *store = &init->stores[i];

		for (size_t j = 0; j < store->key_count; j++) {
			const struct preset_own *own = preset_own(store->keys[j]);

			if (!own || count == COUNT_OF(added) ||
			    was_added(own->rotation, added, count))
				continue;
			if (count == 0)
				text_add(text,
					 "\n# What changes, and how often. Without a verifier the "
					 "programs alone decide which\n# values work: add reload, "
					 "and copies where another file has the same key.\n"
					 "#rotations = {\n");
			added[count++] = own->rotation;
			text_printf(text,
				    "#\t%s = {\n"
				    "#\t\tsecret = [ \"%s:%s\" ];\n"
				    "#\t\tstrategy = \"immediate\";\n"
				    "#\t\tgenerate = { %s };\n"
				    "#\t\trequire_verification = false;\n"
				    "#\t\tevery = \"90d\";\n"
				    "#\t};\n",
				    own->rotation, store->name, store->keys[j], own->generate);
		}
	}
	text_add(text, count ? "#};\n" : "");
}

void init_print(const struct init *init, struct text *text)
{
	text_clear(text);
	text_add(text,
		 "# Lockstep's config. `lockstep check` finds mistakes in it, `lockstep help "
		 "stores`\n# (and the name of any other section) explains what can stand here.\n"
		 "# Nothing rotates until a rotation is here.\n\n");
	add_stores(init, text);
	add_verifiers(init, text);
	add_rotations(init, text);
	text_add(text, "\n# Who may do what; the owner of this file may do everything.\n"
		       "#policies = (\n"
		       "#\t{ subject = \"group:deploy\"; secret = \"**\"; allow = [ \"get\", "
		       "\"list\" ]; }\n"
		       "#);\n");
}
