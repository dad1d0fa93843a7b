# SPDX-License-Identifier: Apache-2.0
trust_tests = \
	tests/core/base/test_record \
	tests/core/base/test_trust
check_PROGRAMS += $(trust_tests)
TESTS += $(trust_tests)

tests_core_base_test_record_SOURCES = %D%/test_record.c
tests_core_base_test_record_CPPFLAGS = $(test_cppflags)
tests_core_base_test_record_LDFLAGS = $(alloc_ldflags)
tests_core_base_test_record_LDADD = $(test_ldadd)

tests_core_base_test_trust_SOURCES = %D%/test_trust.c
tests_core_base_test_trust_CPPFLAGS = $(test_cppflags)
tests_core_base_test_trust_LDADD = $(test_ldadd)
