/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of known keys. A service is asked with one request that changes
   nothing. */
#include "cli/presets.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

static const struct preset_service services[] = {
	{ "ANTHROPIC_API_KEY", "anthropic", "x-api-key: %s\\nanthropic-version: 2023-06-01",
	  "https://api.anthropic.com/v1/models?limit=1" },
	{ "CLOUDFLARE_API_TOKEN CF_API_TOKEN", "cloudflare", "Authorization: Bearer %s",
	  "https://api.cloudflare.com/client/v4/user/tokens/verify" },
	{ "DIGITALOCEAN_TOKEN DIGITALOCEAN_ACCESS_TOKEN", "digitalocean",
	  "Authorization: Bearer %s", "https://api.digitalocean.com/v2/account" },
	{ "GITHUB_TOKEN GH_TOKEN", "github", "Authorization: Bearer %s",
	  "https://api.github.com/user" },
	{ "GITLAB_TOKEN", "gitlab", "PRIVATE-TOKEN: %s", "https://gitlab.com/api/v4/user" },
	{ "NPM_TOKEN", "npm", "Authorization: Bearer %s", "https://registry.npmjs.org/-/whoami" },
	{ "OPENAI_API_KEY", "openai", "Authorization: Bearer %s",
	  "https://api.openai.com/v1/models" },
	{ "SENDGRID_API_KEY", "sendgrid", "Authorization: Bearer %s",
	  "https://api.sendgrid.com/v3/scopes" },
	{ "STRIPE_SECRET_KEY STRIPE_API_KEY", "stripe", "Authorization: Bearer %s",
	  "https://api.stripe.com/v1/balance" },
};

static const struct preset_own own[] = {
	{ "JWT_SECRET JWT_SIGNING_KEY", "jwt-secret", "kind = \"base64\"; length = 48;" },
	{ "SESSION_SECRET COOKIE_SECRET NEXTAUTH_SECRET AUTH_SECRET", "session-secret",
	  "kind = \"base64\"; length = 48;" },
	{ "SECRET_KEY DJANGO_SECRET_KEY FLASK_SECRET_KEY", "secret-key",
	  "kind = \"password\"; length = 50;" },
	{ "SECRET_KEY_BASE", "secret-key-base", "kind = \"hex\"; length = 64;" },
	{ "API_KEY INTERNAL_API_KEY SERVICE_KEY", "api-key", "kind = \"password\"; length = 40;" },
	{ "WEBHOOK_SECRET", "webhook-secret", "kind = \"hex\"; length = 32;" },
};

static bool is_among(const char *keys, const char *key)
{
	const size_t len = strlen(key);

	for (const char *at = keys; *at; at += *at == ' ') {
		const size_t word = strcspn(at, " ");

		if (word == len && strncmp(at, key, len) == 0)
			return true;
		at += word;
	}
	return false;
}

const struct preset_service *preset_service(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(services); i++)
		if (is_among(services[i].keys, key))
			return &services[i];
	return NULL;
}

const struct preset_own *preset_own(const char *key)
{
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (is_among(own[i].keys, key))
			return &own[i];
	return NULL;
}
