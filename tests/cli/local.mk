# SPDX-License-Identifier: Apache-2.0
TESTS += %D%/test_demo.sh
EXTRA_DIST += %D%/test_demo.sh
