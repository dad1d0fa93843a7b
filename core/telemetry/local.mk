# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/audit.c %D%/audit.h \
	%D%/audit_read.c
