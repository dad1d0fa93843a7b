# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/check.c \
	%D%/config.h \
	%D%/help.c \
	%D%/include.c %D%/include.h \
	%D%/load.c \
	%D%/parse.c \
	%D%/reader.c \
	%D%/rotation_json.c \
	%D%/scan.c \
	%D%/schema.c %D%/schema.h \
	%D%/setting.c %D%/setting.h \
	%D%/source.c \
	%D%/targets.c \
	%D%/token.c %D%/token.h \
	%D%/tree.h \
	%D%/value.c \
	%D%/window.c \
	%D%/zone.c %D%/zone.h \
	%D%/zone_rule.c %D%/zone_rule.h
