# SPDX-License-Identifier: Apache-2.0
config_tests = \
	tests/core/config/test_check \
	tests/core/config/test_config \
	tests/core/config/test_memory \
	tests/core/config/test_rotation_json \
	tests/core/config/test_setting \
	tests/core/config/test_source \
	tests/core/config/test_window
check_PROGRAMS += $(config_tests)
TESTS += $(config_tests)

tests_core_config_test_check_SOURCES = %D%/test_check.c %D%/collect.c %D%/collect.h
tests_core_config_test_check_CPPFLAGS = $(test_cppflags)
tests_core_config_test_check_LDADD = $(test_ldadd)
tests_core_config_test_config_SOURCES = %D%/test_config.c %D%/collect.c %D%/collect.h
tests_core_config_test_config_CPPFLAGS = $(test_cppflags)
tests_core_config_test_config_LDADD = $(test_ldadd)
tests_core_config_test_memory_SOURCES = %D%/test_memory.c
tests_core_config_test_memory_CPPFLAGS = $(test_cppflags)
tests_core_config_test_memory_LDFLAGS = $(alloc_ldflags)
tests_core_config_test_memory_LDADD = $(test_ldadd)
tests_core_config_test_rotation_json_SOURCES = \
	%D%/test_rotation_json.c %D%/collect.c %D%/collect.h
tests_core_config_test_rotation_json_CPPFLAGS = $(test_cppflags)
tests_core_config_test_rotation_json_LDADD = $(test_ldadd)
tests_core_config_test_setting_SOURCES = %D%/test_setting.c %D%/collect.c %D%/collect.h
tests_core_config_test_setting_CPPFLAGS = $(test_cppflags)
tests_core_config_test_setting_LDADD = $(test_ldadd)
tests_core_config_test_source_SOURCES = %D%/test_source.c
tests_core_config_test_source_CPPFLAGS = $(test_cppflags)
tests_core_config_test_source_LDADD = $(test_ldadd)
tests_core_config_test_window_SOURCES = %D%/test_window.c
tests_core_config_test_window_CPPFLAGS = $(test_cppflags)
tests_core_config_test_window_LDADD = $(test_ldadd)

# Made on demand, for docs/config.md.
EXTRA_PROGRAMS = tests/core/config/print_config
CLEANFILES += tests/core/config/print_config
tests_core_config_print_config_SOURCES = %D%/print_config.c
tests_core_config_print_config_CPPFLAGS = $(test_cppflags)
tests_core_config_print_config_LDADD = libcore.la
