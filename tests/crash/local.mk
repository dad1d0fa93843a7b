# SPDX-License-Identifier: Apache-2.0
check_PROGRAMS += %D%/crash_operation
%C%_crash_operation_SOURCES = %D%/crash_operation.c
%C%_crash_operation_CPPFLAGS = $(test_cppflags)
%C%_crash_operation_LDADD = $(rig_ldadd)

crash_scripts = %D%/points.sh %D%/random.sh %D%/rotate.sh
dist_check_SCRIPTS += $(crash_scripts) %D%/kill_loop
TESTS += $(crash_scripts)
