# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/audit.c %D%/audit.h \
	%D%/audit_read.c \
	%D%/audit_spool.c %D%/audit_spool.h \
	%D%/audit_collect.c
