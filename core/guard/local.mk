# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/policy.c %D%/policy.h \
	%D%/subject.c
