# SPDX-License-Identifier: Apache-2.0
include %D%/env-file/local.mk
include %D%/exec/local.mk
include %D%/outside/local.mk
