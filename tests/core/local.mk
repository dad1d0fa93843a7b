# SPDX-License-Identifier: Apache-2.0
include %D%/plugin/local.mk
