# SPDX-License-Identifier: Apache-2.0
# The executor on fake stores: in place of core/store, so before libcore.
check_LTLIBRARIES += librig.la
librig_la_SOURCES = \
	tests/support/fake_store.c tests/support/fake_store.h \
	tests/support/rig.c tests/support/rig.h \
	$(state_sqlite_sources)
librig_la_CPPFLAGS = $(test_cppflags) $(SQLITE_CFLAGS)
librig_la_LIBADD = $(SQLITE_LIBS)
rig_ldadd = librig.la $(test_ldadd)

txn_tests = \
	%D%/test_executor \
	%D%/test_faults \
	%D%/test_plan \
	%D%/test_recovery \
	%D%/test_window
check_PROGRAMS += $(txn_tests)
TESTS += $(txn_tests)

%C%_test_executor_SOURCES = %D%/test_executor.c
%C%_test_executor_CPPFLAGS = $(test_cppflags)
%C%_test_executor_LDADD = $(rig_ldadd)

%C%_test_recovery_SOURCES = %D%/test_recovery.c
%C%_test_recovery_CPPFLAGS = $(test_cppflags)
%C%_test_recovery_LDADD = $(rig_ldadd)

%C%_test_plan_SOURCES = %D%/test_plan.c
%C%_test_plan_CPPFLAGS = $(test_cppflags)
%C%_test_plan_LDADD = $(rig_ldadd)

%C%_test_faults_SOURCES = %D%/test_faults.c
%C%_test_faults_CPPFLAGS = $(test_cppflags)
%C%_test_faults_LDADD = $(rig_ldadd)
%C%_test_faults_LDFLAGS = $(alloc_ldflags)

%C%_test_window_SOURCES = %D%/test_window.c
%C%_test_window_CPPFLAGS = $(test_cppflags)
%C%_test_window_LDADD = $(rig_ldadd)
