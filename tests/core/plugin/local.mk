# SPDX-License-Identifier: Apache-2.0
# Mock plugins are compiled by the tests themselves, with the compiler that
# built the tests: what is wrong with them is often a flag.
EXTRA_DIST += \
	tests/plugins/mock/absolute.c \
	tests/plugins/mock/good.c \
	tests/plugins/mock/mock.cc \
	tests/plugins/mock/mock.h \
	tests/plugins/mock/module.c \
	tests/plugins/mock/program.c \
	tests/plugins/mock/rude.c \
	tests/plugins/mock/simple.c

mock_cppflags = $(test_cppflags) -DTEST_CC='"$(CC)"' -DTEST_CXX='"$(CXX)"'
check_LTLIBRARIES += libmock.la
libmock_la_SOURCES = %D%/mock.c %D%/mock.h
libmock_la_CPPFLAGS = $(mock_cppflags)
mock_ldadd = libmock.la $(test_ldadd)

plugin_tests = \
	tests/core/plugin/test_descriptor \
	tests/core/plugin/test_fence \
	tests/core/plugin/test_host \
	tests/core/plugin/test_loader \
	tests/core/plugin/test_registry \
	tests/core/plugin/test_rude \
	tests/core/plugin/test_schema
check_PROGRAMS += $(plugin_tests)
TESTS += $(plugin_tests)

tests_core_plugin_test_descriptor_SOURCES = %D%/test_descriptor.c
tests_core_plugin_test_descriptor_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_descriptor_LDADD = $(mock_ldadd)
tests_core_plugin_test_descriptor_LDFLAGS = $(alloc_ldflags)
tests_core_plugin_test_fence_SOURCES = %D%/test_fence.c
tests_core_plugin_test_fence_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_fence_LDADD = $(mock_ldadd)
tests_core_plugin_test_host_SOURCES = %D%/test_host.c
tests_core_plugin_test_host_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_host_LDADD = $(mock_ldadd)
tests_core_plugin_test_host_LDFLAGS = $(alloc_ldflags)
tests_core_plugin_test_loader_SOURCES = %D%/test_loader.c
tests_core_plugin_test_loader_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_loader_LDADD = $(mock_ldadd)
tests_core_plugin_test_registry_SOURCES = %D%/test_registry.c
tests_core_plugin_test_registry_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_registry_LDADD = $(mock_ldadd)
tests_core_plugin_test_registry_LDFLAGS = $(alloc_ldflags)
tests_core_plugin_test_schema_SOURCES = %D%/test_schema.c
tests_core_plugin_test_schema_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_schema_LDADD = $(mock_ldadd)
tests_core_plugin_test_schema_LDFLAGS = $(alloc_ldflags)
tests_core_plugin_test_rude_SOURCES = %D%/test_rude.c
tests_core_plugin_test_rude_CPPFLAGS = $(mock_cppflags)
tests_core_plugin_test_rude_LDADD = $(mock_ldadd)
