# SPDX-License-Identifier: Apache-2.0
base_tests = \
	%D%/test_clock \
	%D%/test_crypto \
	%D%/test_error \
	%D%/test_failpoint \
	%D%/test_json \
	%D%/test_log \
	%D%/test_memory \
	%D%/test_module \
	%D%/test_random \
	%D%/test_redact \
	%D%/test_secret \
	%D%/test_secret_lock \
	%D%/test_text \
	%D%/test_time \
	%D%/test_utf8
check_PROGRAMS += $(base_tests)
TESTS += $(base_tests)

%C%_test_clock_SOURCES = %D%/test_clock.c
%C%_test_clock_CPPFLAGS = $(test_cppflags)
%C%_test_clock_LDADD = $(test_ldadd)

%C%_test_crypto_SOURCES = %D%/test_crypto.c
%C%_test_crypto_CPPFLAGS = $(test_cppflags)
%C%_test_crypto_LDADD = $(test_ldadd)

%C%_test_error_SOURCES = %D%/test_error.c
%C%_test_error_CPPFLAGS = $(test_cppflags)
%C%_test_error_LDADD = $(test_ldadd)

%C%_test_failpoint_SOURCES = %D%/test_failpoint.c
%C%_test_failpoint_CPPFLAGS = $(test_cppflags)
%C%_test_failpoint_LDADD = $(test_ldadd)

%C%_test_json_SOURCES = %D%/test_json.c
%C%_test_json_CPPFLAGS = $(test_cppflags)
%C%_test_json_LDADD = $(test_ldadd)
%C%_test_json_LDFLAGS = -Wl,--wrap=free

%C%_test_log_SOURCES = %D%/test_log.c
%C%_test_log_CPPFLAGS = $(test_cppflags)
%C%_test_log_LDADD = $(test_ldadd)

%C%_test_memory_SOURCES = %D%/test_memory.c
%C%_test_memory_CPPFLAGS = $(test_cppflags)
%C%_test_memory_LDADD = $(test_ldadd)
%C%_test_memory_LDFLAGS = $(alloc_ldflags)

%C%_test_module_SOURCES = %D%/test_module.c
%C%_test_module_CPPFLAGS = $(test_cppflags)
%C%_test_module_LDADD = $(test_ldadd)

%C%_test_random_SOURCES = %D%/test_random.c
%C%_test_random_CPPFLAGS = $(test_cppflags)
%C%_test_random_LDADD = $(test_ldadd)

%C%_test_redact_SOURCES = %D%/test_redact.c
%C%_test_redact_CPPFLAGS = $(test_cppflags)
%C%_test_redact_LDADD = $(test_ldadd)
%C%_test_redact_LDFLAGS = $(alloc_ldflags)

%C%_test_secret_SOURCES = %D%/test_secret.c
%C%_test_secret_CPPFLAGS = $(test_cppflags)
%C%_test_secret_LDADD = $(test_ldadd)

%C%_test_secret_lock_SOURCES = %D%/test_secret_lock.c
%C%_test_secret_lock_CPPFLAGS = $(test_cppflags)
%C%_test_secret_lock_LDADD = $(test_ldadd)

%C%_test_text_SOURCES = %D%/test_text.c
%C%_test_text_CPPFLAGS = $(test_cppflags)
%C%_test_text_LDADD = $(test_ldadd)

%C%_test_time_SOURCES = %D%/test_time.c
%C%_test_time_CPPFLAGS = $(test_cppflags)
%C%_test_time_LDADD = $(test_ldadd)

%C%_test_utf8_SOURCES = %D%/test_utf8.c
%C%_test_utf8_CPPFLAGS = $(test_cppflags)
%C%_test_utf8_LDADD = $(test_ldadd)
