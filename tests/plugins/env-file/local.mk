# SPDX-License-Identifier: Apache-2.0
# The plugin's sources are linked into its tests, with the fake host around.
check_LTLIBRARIES += libenv-file-test.la
env_file_cppflags = $(test_cppflags) -I$(top_srcdir)/plugins
libenv_file_test_la_SOURCES = $(env_file_sources) %D%/env_test.c %D%/env_test.h
libenv_file_test_la_CPPFLAGS = $(env_file_cppflags)
env_file_ldadd = libenv-file-test.la $(test_ldadd)

env_file_tests = %D%/test_env_file %D%/test_grammar %D%/test_memory %D%/test_oracle %D%/test_race \
	%D%/test_target %D%/test_writer
check_PROGRAMS += $(env_file_tests)
TESTS += $(env_file_tests)
%C%_test_env_file_CPPFLAGS = $(env_file_cppflags)
%C%_test_env_file_LDADD = $(env_file_ldadd)
%C%_test_grammar_CPPFLAGS = $(env_file_cppflags)
%C%_test_grammar_LDADD = $(env_file_ldadd)
%C%_test_writer_CPPFLAGS = $(env_file_cppflags)
%C%_test_writer_LDADD = $(env_file_ldadd)
%C%_test_target_CPPFLAGS = $(env_file_cppflags)
%C%_test_target_LDADD = $(env_file_ldadd)
%C%_test_target_LDFLAGS = -Wl,--wrap=fsync -Wl,--wrap=fallocate -Wl,--wrap=fchmod \
	-Wl,--wrap=fchown -Wl,--wrap=renameat -Wl,--wrap=fstat -Wl,--wrap=pwrite \
	-Wl,--wrap=pread -Wl,--wrap=flistxattr -Wl,--wrap=close -Wl,--wrap=openat
%C%_test_oracle_CPPFLAGS = $(env_file_cppflags)
%C%_test_oracle_LDADD = $(env_file_ldadd)
%C%_test_race_CPPFLAGS = $(env_file_cppflags)
%C%_test_race_LDADD = $(env_file_ldadd)
%C%_test_memory_CPPFLAGS = $(env_file_cppflags)
%C%_test_memory_LDADD = $(env_file_ldadd)
%C%_test_memory_LDFLAGS = $(alloc_ldflags) -Wl,--wrap=reallocarray
