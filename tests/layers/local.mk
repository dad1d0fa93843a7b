# SPDX-License-Identifier: Apache-2.0
dist_check_SCRIPTS += %D%/binaries.sh %D%/layers.py
TESTS += %D%/binaries.sh %D%/layers.py
