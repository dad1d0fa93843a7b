/* SPDX-License-Identifier: 0BSD */
/* plugin.h alone, as strict C99, and a plugin made with LKS_PLUGIN. */
#include <lockstep/plugin.h>

static enum lks_status nothing_open(const struct lks_host *host,
				    const struct lks_settings *settings,
				    const struct lks_call *call, void **ret_instance,
				    struct lks_error *err)
{
	(void)settings;
	(void)call;
	(void)ret_instance;
	return host->fail(host, err, LKS_UNSUPPORTED, "%s", "nothing to open");
}

static void nothing_close(void *instance)
{
	(void)instance;
}

static enum lks_status nothing_get(void *instance, const struct lks_call *call, const char *path,
				   const char *version, struct lks_record *record,
				   struct lks_error *err)
{
	(void)instance;
	(void)call;
	(void)path;
	(void)version;
	(void)record;
	(void)err;
	return LKS_NOT_FOUND;
}

static const struct lks_backend backend = {
	.size = sizeof(struct lks_backend),
	.open = nothing_open,
	.close = nothing_close,
	.get = nothing_get,
};

LKS_PLUGIN(nothing_at_all, "nothing-at-all", .version = "1.0", .summary = "holds nothing",
	   .license = "0BSD", .backend = &backend);
