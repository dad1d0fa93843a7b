# SPDX-License-Identifier: Apache-2.0
config_tests = \
	tests/core/config/test_setting
check_PROGRAMS += $(config_tests)
TESTS += $(config_tests)

tests_core_config_test_setting_SOURCES = %D%/test_setting.c %D%/collect.c %D%/collect.h
tests_core_config_test_setting_CPPFLAGS = $(test_cppflags)
tests_core_config_test_setting_LDADD = $(test_ldadd)
