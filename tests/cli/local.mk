# SPDX-License-Identifier: Apache-2.0
include %D%/child.mk
# One line a suite.
cli_suites =
cli_suites += %D%/test_audit.sh
cli_suites += %D%/test_check.sh
cli_suites += %D%/test_demo.sh
cli_suites += %D%/test_exec.sh
cli_suites += %D%/test_get.sh
cli_suites += %D%/test_init.sh
cli_suites += %D%/test_mapped.sh
cli_suites += %D%/test_memory.sh
cli_suites += %D%/test_process.sh
cli_suites += %D%/test_render.sh
cli_suites += %D%/test_rotate.sh
cli_suites += %D%/test_set.sh
cli_suites += %D%/test_spool.sh
cli_suites += %D%/test_verify.sh
cli_suites += %D%/test_reload.sh
cli_suites += %D%/test_window.sh
cli_suites += %D%/test_ways_out.sh
TESTS += $(cli_suites)
dist_check_SCRIPTS += $(cli_suites)
EXTRA_DIST += %D%/common.sh %D%/failing_malloc.c %D%/fits.py \
	%D%/shifted_clock.c
