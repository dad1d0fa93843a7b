# SPDX-License-Identifier: Apache-2.0
include %D%/base/reference.mk
include %D%/config/local.mk
include %D%/guard/local.mk
include %D%/telemetry/local.mk
include %D%/store/local.mk
include %D%/base/local.mk
include %D%/rotate/local.mk
include %D%/base/trust.mk
include %D%/plugin/local.mk
include %D%/state/local.mk
include %D%/txn/local.mk
