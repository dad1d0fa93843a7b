# SPDX-License-Identifier: Apache-2.0
# Programs that run with secrets, and what makes a first config.
check_PROGRAMS += tests/cli/run_masked
tests_cli_run_masked_SOURCES = %D%/run_masked.c
tests_cli_run_masked_LDADD = libcli.la $(test_ldadd)
child_suites = %D%/test_child.py %D%/test_exec.sh %D%/test_render.sh %D%/test_init.sh %D%/test_mapped.sh
dist_check_SCRIPTS += $(child_suites)
TESTS += $(child_suites)
EXTRA_DIST += tests/support/tap.py
