# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/core/base/test_redact
TESTS += tests/core/base/test_redact
tests_core_base_test_redact_SOURCES = %D%/test_redact.c
tests_core_base_test_redact_CPPFLAGS = $(test_cppflags)
tests_core_base_test_redact_LDFLAGS = $(alloc_ldflags)
tests_core_base_test_redact_LDADD = $(test_ldadd)
