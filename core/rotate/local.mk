# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/generate.c %D%/generate.h \
	%D%/hooks.c %D%/hooks.h \
	%D%/immediate.c \
	%D%/planner.c %D%/planner.h \
	%D%/prepare.c \
	%D%/rows.c %D%/rows.h \
	%D%/run.c %D%/run.h \
	%D%/schedule.c %D%/schedule.h \
	%D%/shape.c %D%/shape.h \
	%D%/staged.c \
	%D%/steps.c %D%/steps.h
