# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/cleanup.h \
	%D%/crypto.c %D%/crypto.h \
	%D%/error.c %D%/error.h \
	%D%/text.c %D%/text.h
core_sources += \
	%D%/redact.c %D%/redact.h \
	%D%/redact_forms.c %D%/redact_forms.h
