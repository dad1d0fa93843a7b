# SPDX-License-Identifier: Apache-2.0
# The plugin's sources are linked into its tests, with the fake host around.
check_LTLIBRARIES += libenv-file-test.la
libenv_file_test_la_SOURCES = $(env_file_sources) %D%/env_test.c %D%/env_test.h
libenv_file_test_la_CPPFLAGS = $(test_cppflags) -I$(top_srcdir)/plugins
env_file_ldadd = libenv-file-test.la $(test_ldadd)

env_file_tests = %D%/test_env_file
check_PROGRAMS += $(env_file_tests)
TESTS += $(env_file_tests)
%C%_test_env_file_CPPFLAGS = $(test_cppflags)
%C%_test_env_file_LDADD = $(env_file_ldadd)
