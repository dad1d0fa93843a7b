# SPDX-License-Identifier: Apache-2.0
# Mock plugins are compiled by the tests themselves, with the compiler that
# built the tests: what is wrong with them is often a flag.
EXTRA_DIST += \
	tests/plugins/mock/good.c \
	tests/plugins/mock/mock.h \
	tests/plugins/mock/program.c \
	tests/plugins/mock/simple.c

mock_cppflags = $(test_cppflags) -DTEST_CC='"$(CC)"'
check_LTLIBRARIES += libmock.la
libmock_la_SOURCES = %D%/mock.c %D%/mock.h
libmock_la_CPPFLAGS = $(mock_cppflags)
mock_ldadd = libmock.la $(test_ldadd)

plugin_tests = \
	tests/core/plugin/test_loader
check_PROGRAMS += $(plugin_tests)
TESTS += $(plugin_tests)

tests_core_plugin_test_loader_SOURCES = %D%/test_loader.c
tests_core_plugin_test_loader_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_loader_LDADD = $(mock_ldadd)
