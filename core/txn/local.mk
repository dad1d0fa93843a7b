# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/child.c \
	%D%/event.c %D%/event.h \
	%D%/execute.c \
	%D%/executor.c %D%/executor.h \
	%D%/operation.c %D%/operation.h \
	%D%/plan.c %D%/plan.h \
	%D%/plan_json.c \
	%D%/recovery.c \
	%D%/report.c \
	%D%/step.c \
	%D%/step_change.c \
	%D%/step_reload.c \
	%D%/step_verify.c \
	%D%/step_wait.c \
	%D%/undo.c \
	%D%/values.c
