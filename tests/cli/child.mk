# SPDX-License-Identifier: Apache-2.0
# Programs behind the mask, without stores.
check_PROGRAMS += tests/cli/run_masked
tests_cli_run_masked_SOURCES = %D%/run_masked.c
tests_cli_run_masked_LDADD = libcli.la $(test_ldadd)
dist_check_SCRIPTS += %D%/test_child.py
TESTS += %D%/test_child.py
EXTRA_DIST += tests/support/tap.py
