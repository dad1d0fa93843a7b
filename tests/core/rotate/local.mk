# SPDX-License-Identifier: Apache-2.0
rotate_tests = \
	%D%/test_generate \
	%D%/test_schedule \
	%D%/test_template
check_PROGRAMS += $(rotate_tests)
TESTS += $(rotate_tests)

%C%_test_generate_SOURCES = %D%/test_generate.c
%C%_test_generate_CPPFLAGS = $(test_cppflags)
%C%_test_generate_LDADD = $(test_ldadd)
%C%_test_schedule_SOURCES = %D%/test_schedule.c
%C%_test_schedule_CPPFLAGS = $(test_cppflags)
%C%_test_schedule_LDADD = $(test_ldadd)
%C%_test_template_SOURCES = %D%/../base/test_template.c
%C%_test_template_CPPFLAGS = $(test_cppflags)
%C%_test_template_LDADD = $(test_ldadd)
