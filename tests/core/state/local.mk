# SPDX-License-Identifier: Apache-2.0
state_tests = %D%/test_state
check_PROGRAMS += $(state_tests)
TESTS += $(state_tests)

%C%_test_state_SOURCES = %D%/test_state.c
%C%_test_state_CPPFLAGS = $(test_cppflags) $(SQLITE_CFLAGS)
%C%_test_state_LDADD = $(rig_ldadd) $(SQLITE_LIBS)
