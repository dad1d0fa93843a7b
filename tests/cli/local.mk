# SPDX-License-Identifier: Apache-2.0
include %D%/child.mk
TESTS += %D%/test_check.sh %D%/test_get.sh %D%/test_process.sh %D%/test_set.sh %D%/test_verify.sh
dist_check_SCRIPTS += %D%/test_check.sh %D%/test_get.sh %D%/test_process.sh %D%/test_set.sh %D%/test_verify.sh
EXTRA_DIST += %D%/common.sh %D%/fits.py
