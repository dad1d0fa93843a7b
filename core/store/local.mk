# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/change.c \
	%D%/internal.h \
	%D%/many.c \
	%D%/mask.c \
	%D%/open.c \
	%D%/read.c \
	%D%/sides.c \
	%D%/store.c %D%/store.h \
	%D%/verifier.c
