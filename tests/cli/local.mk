# SPDX-License-Identifier: Apache-2.0
include %D%/child.mk
cli_suites = \
	%D%/test_check.sh \
	%D%/test_get.sh \
	%D%/test_process.sh \
	%D%/test_rotate.sh \
	%D%/test_set.sh \
	%D%/test_verify.sh
TESTS += $(cli_suites)
dist_check_SCRIPTS += $(cli_suites)
TESTS += %D%/test_get.sh %D%/test_process.sh
TESTS += %D%/test_exec.sh %D%/test_render.sh %D%/test_init.sh
dist_check_SCRIPTS += %D%/test_get.sh %D%/test_process.sh
dist_check_SCRIPTS += %D%/test_exec.sh %D%/test_render.sh %D%/test_init.sh
EXTRA_DIST += %D%/common.sh %D%/fits.py
