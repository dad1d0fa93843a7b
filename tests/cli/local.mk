# SPDX-License-Identifier: Apache-2.0
include %D%/child.mk
TESTS += %D%/test_get.sh %D%/test_process.sh
TESTS += %D%/test_exec.sh %D%/test_render.sh %D%/test_init.sh %D%/test_mapped.sh
dist_check_SCRIPTS += %D%/test_get.sh %D%/test_process.sh
dist_check_SCRIPTS += %D%/test_exec.sh %D%/test_render.sh %D%/test_init.sh %D%/test_mapped.sh
EXTRA_DIST += %D%/common.sh %D%/fits.py
