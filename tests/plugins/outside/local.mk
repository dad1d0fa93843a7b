# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/test_outside.sh
EXTRA_DIST += %D%/test_outside.sh %D%/memo.c
