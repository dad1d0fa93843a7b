# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/config.h \
	%D%/include.c %D%/include.h \
	%D%/parse.c \
	%D%/scan.c \
	%D%/setting.c %D%/setting.h \
	%D%/source.c \
	%D%/token.c %D%/token.h \
	%D%/tree.h
