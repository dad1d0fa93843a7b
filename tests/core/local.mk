# SPDX-License-Identifier: Apache-2.0
include %D%/telemetry/local.mk
include %D%/base/local.mk
