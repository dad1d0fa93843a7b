# SPDX-License-Identifier: Apache-2.0
# The plugin is linked in; tests run real programs.
check_PROGRAMS += tests/plugins/exec/test_exec
TESTS += tests/plugins/exec/test_exec
tests_plugins_exec_test_exec_SOURCES = %D%/test_exec.c $(exec_sources)
tests_plugins_exec_test_exec_CPPFLAGS = $(test_cppflags) -I$(top_srcdir)/plugins
tests_plugins_exec_test_exec_LDADD = $(test_ldadd)
