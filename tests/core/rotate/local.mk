# SPDX-License-Identifier: Apache-2.0
rotate_tests = \
	%D%/test_generate \
	%D%/test_planner \
	%D%/test_run \
	%D%/test_schedule \
	%D%/test_template
check_PROGRAMS += $(rotate_tests)
TESTS += $(rotate_tests)

%C%_test_generate_SOURCES = %D%/test_generate.c
%C%_test_generate_CPPFLAGS = $(test_cppflags)
%C%_test_generate_LDADD = $(test_ldadd)
# Its stores stand in front of libcore, so the real ones are not linked.
%C%_test_planner_SOURCES = %D%/test_planner.c %D%/fake_stores.c %D%/fake_stores.h
%C%_test_planner_CPPFLAGS = $(test_cppflags)
%C%_test_planner_LDADD = $(test_ldadd)
%C%_test_schedule_SOURCES = %D%/test_schedule.c
%C%_test_schedule_CPPFLAGS = $(test_cppflags)
%C%_test_schedule_LDADD = $(test_ldadd)
%C%_test_template_SOURCES = tests/core/base/test_template.c
%C%_test_template_CPPFLAGS = $(test_cppflags)
%C%_test_template_LDADD = $(test_ldadd)
%C%_test_run_SOURCES = %D%/test_run.c %D%/fake_planning.c
%C%_test_run_CPPFLAGS = $(test_cppflags)
%C%_test_run_LDADD = $(rig_ldadd)
