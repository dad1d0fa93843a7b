/* SPDX-License-Identifier: Apache-2.0 */
/* Everything right: a backend, a verifier, options of every type. */
#include "mock.h"

static enum lks_status mock_verify(void *instance, const struct lks_call *call,
				   const struct lks_record *candidate,
				   const struct lks_record *with, struct lks_answer *answer,
				   struct lks_error *err)
{
	(void)instance;
	(void)call;
	(void)candidate;
	(void)with;
	(void)err;
	mock_host->answer_set(mock_host, answer, LKS_VERDICT_VALID, "fine");
	return LKS_OK;
}

static const struct lks_option options[] = {
	{ .name = "path",
	  .type = LKS_OPTION_PATH,
	  .flags = LKS_OPTION_REQUIRED,
	  .help = "where the mock keeps it" },
	{ .name = "dialect",
	  .type = LKS_OPTION_TEXT,
	  .fallback = "strict",
	  .choices = "strict|lenient" },
	{ .name = "retries",
	  .type = LKS_OPTION_NUMBER,
	  .fallback = "3",
	  .minimum = 1,
	  .maximum = 9 },
	{ .name = "timeout",
	  .type = LKS_OPTION_DURATION,
	  .fallback = "5s",
	  .minimum = 100,
	  .maximum = 60000 },
	{ .name = "create", .type = LKS_OPTION_FLAG, .fallback = "false" },
	{ .name = "command", .type = LKS_OPTION_LIST, .fallback = "[ \"a\", \"b c\" ]" },
	{ .name = "auth.method", .type = LKS_OPTION_TEXT, .choices = "token|approle" },
	{ .name = "auth.token", .type = LKS_OPTION_SECRET },
	{ .name = "address", .type = LKS_OPTION_URL },
	{ .name = "env", .type = LKS_OPTION_MAP },
};

static const struct lks_backend backend = { MOCK_BACKEND, .traits = LKS_BINARY,
					    .sides = { .pending = ".pending" }, .value_max = 1000 };

static const struct lks_verifier verifier = {
	.size = sizeof(verifier),
	.propagation_ms = 250,
	.open = mock_open,
	.close = mock_close,
	.verify = mock_verify,
};

MOCK_PLUGIN(MOCK, MOCK_NAME, MOCK_TEXTS, .option_count = sizeof(options) / sizeof(options[0]),
	    .options = options, .backend = &backend, .verifier = &verifier);
