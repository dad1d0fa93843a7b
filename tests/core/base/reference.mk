# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/core/base/test_reference
TESTS += tests/core/base/test_reference
tests_core_base_test_reference_SOURCES = %D%/test_reference.c
tests_core_base_test_reference_CPPFLAGS = $(test_cppflags)
tests_core_base_test_reference_LDADD = $(test_ldadd)
