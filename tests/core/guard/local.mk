# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/core/guard/test_policy
TESTS += tests/core/guard/test_policy
tests_core_guard_test_policy_SOURCES = %D%/test_policy.c
tests_core_guard_test_policy_CPPFLAGS = $(test_cppflags)
tests_core_guard_test_policy_LDADD = $(test_ldadd)
