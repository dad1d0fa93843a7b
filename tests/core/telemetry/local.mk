# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/core/telemetry/test_audit
TESTS += tests/core/telemetry/test_audit
tests_core_telemetry_test_audit_SOURCES = %D%/test_audit.c
tests_core_telemetry_test_audit_CPPFLAGS = $(test_cppflags)
tests_core_telemetry_test_audit_LDADD = $(test_ldadd)
