/* SPDX-License-Identifier: 0BSD */
/* plugin.h from C++11, and a plugin made with LKS_PLUGIN_CXX. */
#include <lockstep/plugin.h>

static const struct lks_option options[] = {
	{ "path", LKS_OPTION_PATH, LKS_OPTION_REQUIRED, nullptr, nullptr, "a file", 0, 0 },
};

LKS_PLUGIN_CXX(nothing_cxx, "nothing-cxx", "1.0", "holds nothing", "0BSD", options, 1, nullptr,
	       nullptr);
