/* SPDX-License-Identifier: 0BSD */
/* A stranger's backend, built with pkg-config alone: one configured word. */
#include <lockstep/plugin.h>

#include <stdlib.h>
#include <string.h>

struct memo {
	const struct lks_host *host;
	char word[256];
};

static enum lks_status memo_open(const struct lks_host *host, const struct lks_settings *settings,
				 const struct lks_call *call, void **ret_instance,
				 struct lks_error *err)
{
	struct memo *memo = calloc(1, sizeof(*memo));

	(void)call;
	if (!memo)
		return host->fail(host, err, LKS_NO_MEMORY, "out of memory");
	memo->host = host;
	strncpy(memo->word, host->setting_text(settings, "word"), sizeof(memo->word) - 1);
	*ret_instance = memo;
	return LKS_OK;
}

static void memo_close(void *instance)
{
	free(instance);
}

static enum lks_status memo_get(void *instance, const struct lks_call *call, const char *path,
				const char *version, struct lks_record *record,
				struct lks_error *err)
{
	struct memo *memo = instance;

	(void)call;
	(void)version;
	if (strcmp(path, "word") != 0)
		return memo->host->fail(memo->host, err, LKS_NOT_FOUND,
					"%s is not the word: there is only one", path);
	return memo->host->record_put(memo->host, record, "value", memo->word, strlen(memo->word),
				      err);
}

static const struct lks_option options[] = {
	{ .name = "word",
	  .type = LKS_OPTION_TEXT,
	  .flags = LKS_OPTION_REQUIRED,
	  .help = "the word" },
};

static const struct lks_backend backend = {
	.size = sizeof(struct lks_backend),
	.open = memo_open,
	.close = memo_close,
	.get = memo_get,
};

LKS_PLUGIN(memo, "memo", .version = "1.0", .summary = "one word", .license = "0BSD",
	   .options = options, .option_count = 1, .backend = &backend);
