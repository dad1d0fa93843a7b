// SPDX-License-Identifier: Apache-2.0
// A plugin in C++, with the weak symbols that templates leave behind.
#include <string>
#include <vector>

#include <lockstep/plugin.h>

#ifdef MOCK_BY_CODE
static const char *version()
{
	return std::getenv("HOME") ? "1.0" : "2.0";
}
#define MOCK_VERSION version()
#else
#define MOCK_VERSION "1.0"
#endif

static enum lks_status mock_open(const struct lks_host *, const struct lks_settings *,
				 const struct lks_call *, void **instance, struct lks_error *)
{
	*instance = new std::vector<std::string>{ "a", "b" };
	return LKS_OK;
}

static void mock_close(void *instance)
{
	delete static_cast<std::vector<std::string> *>(instance);
}

static enum lks_status mock_get(void *instance, const struct lks_call *, const char *path,
				const char *, struct lks_record *, struct lks_error *)
{
	static_cast<std::vector<std::string> *>(instance)->push_back(path);
	return LKS_NOT_FOUND;
}

static const struct lks_backend backend = { sizeof(struct lks_backend),
					    LKS_BINARY,
					    { 0, 0, 0, 0, 0 },
					    0,
					    0,
					    0,
					    mock_open,
					    mock_close,
					    mock_get,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0,
					    0 };

LKS_PLUGIN_CXX(cxx, "cxx", MOCK_VERSION, "a mock", "Apache-2.0", 0, 0, &backend, 0)
