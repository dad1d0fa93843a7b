# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += tests/core/telemetry/test_audit
TESTS += tests/core/telemetry/test_audit
tests_core_telemetry_test_audit_SOURCES = %D%/test_audit.c
tests_core_telemetry_test_audit_CPPFLAGS = $(test_cppflags)
tests_core_telemetry_test_audit_LDADD = $(test_ldadd)

check_PROGRAMS += tests/core/telemetry/test_audit_spool
TESTS += tests/core/telemetry/test_audit_spool
tests_core_telemetry_test_audit_spool_SOURCES = %D%/test_audit_spool.c
tests_core_telemetry_test_audit_spool_CPPFLAGS = $(test_cppflags)
tests_core_telemetry_test_audit_spool_LDADD = $(test_ldadd)
