# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += tests/plugins/mock/store.c
check_LTLIBRARIES += libworld.la
libworld_la_SOURCES = %D%/world.c %D%/world.h
libworld_la_CPPFLAGS = $(test_cppflags)

store_tests = \
	tests/core/store/test_change \
	tests/core/store/test_read
check_PROGRAMS += $(store_tests)
TESTS += $(store_tests)

tests_core_store_test_change_SOURCES = %D%/test_change.c
tests_core_store_test_change_CPPFLAGS = $(test_cppflags)
tests_core_store_test_change_LDADD = libworld.la libmock.la $(test_ldadd)
tests_core_store_test_read_SOURCES = %D%/test_read.c
tests_core_store_test_read_CPPFLAGS = $(test_cppflags)
tests_core_store_test_read_LDADD = libworld.la libmock.la $(test_ldadd)
