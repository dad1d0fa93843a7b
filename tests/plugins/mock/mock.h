/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every mock plugin shares. The tests compile each of them with
 * -DMOCK=symbol -DMOCK_NAME="name" and the flags that make it right or wrong.
 */
#ifndef MOCK_H
#define MOCK_H

#include <string.h>

#include <lockstep/plugin.h>

#ifndef MOCK
#define MOCK good
#endif
#ifndef MOCK_NAME
#define MOCK_NAME "good"
#endif

#define MOCK_PLUGIN(symbol, name, ...) LKS_PLUGIN(symbol, name, __VA_ARGS__)
#define MOCK_TEXTS .version = "1.0", .summary = "a mock", .license = "Apache-2.0"

/* A store that holds one value, the same for every path. */
static const struct lks_host *mock_host;

static inline enum lks_status mock_open(const struct lks_host *host,
					const struct lks_settings *settings,
					const struct lks_call *call, void **ret_instance,
					struct lks_error *err)
{
	(void)settings;
	(void)call;
	(void)err;
	mock_host = host;
	*ret_instance = (void *)&mock_host;
	return LKS_OK;
}

static inline void mock_close(void *instance)
{
	(void)instance;
}

static inline enum lks_status mock_get(void *instance, const struct lks_call *call,
				       const char *path, const char *version,
				       struct lks_record *record, struct lks_error *err)
{
	(void)instance;
	(void)call;
	(void)path;
	(void)version;
	return mock_host->record_put(mock_host, record, "value", "mock", 4, err);
}

#define MOCK_BACKEND                                                                               \
	.size = sizeof(struct lks_backend), .open = mock_open, .close = mock_close, .get = mock_get

#endif
