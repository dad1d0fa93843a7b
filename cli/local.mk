# SPDX-License-Identifier: Apache-2.0
# The command line as a library, so that tests can link what they need of it.
noinst_LTLIBRARIES += libcli.la
libcli_la_SOURCES = \
	%D%/change.c %D%/change.h \
	%D%/check_due.c \
	%D%/cli.c %D%/cli.h \
	%D%/commands.c %D%/commands.h \
	%D%/engine.c \
	%D%/help.c \
	%D%/operate.c \
	%D%/options.c \
	%D%/output.c \
	%D%/progress.c
libcli_la_LIBADD = libcore.la

# Programs that we run for the caller.
libcli_la_SOURCES += \
	%D%/child.c %D%/child.h \
	%D%/init.h %D%/init_files.c %D%/init_text.c \
	%D%/presets.c %D%/presets.h \
	%D%/program.c %D%/program.h \
	%D%/replace.c %D%/replace.h \
	%D%/secrets.c %D%/secrets.h \
	%D%/terminal.c %D%/terminal.h

# What the commands about rotations share.
libcli_la_SOURCES += \
	%D%/plan_view.c \
	%D%/rotation.c %D%/rotation.h

# One line a command.
libcli_la_SOURCES += %D%/cmd_adopt.c
libcli_la_SOURCES += %D%/cmd_audit.c
libcli_la_SOURCES += %D%/cmd_check.c
libcli_la_SOURCES += %D%/cmd_delete.c
libcli_la_SOURCES += %D%/cmd_exec.c
libcli_la_SOURCES += %D%/cmd_get.c
libcli_la_SOURCES += %D%/cmd_history.c
libcli_la_SOURCES += %D%/cmd_list.c
libcli_la_SOURCES += %D%/cmd_pause.c
libcli_la_SOURCES += %D%/cmd_plan.c
libcli_la_SOURCES += %D%/cmd_plugins.c
libcli_la_SOURCES += %D%/cmd_rotate.c
libcli_la_SOURCES += %D%/cmd_run.c
libcli_la_SOURCES += %D%/cmd_status.c
libcli_la_SOURCES += %D%/cmd_set.c
libcli_la_SOURCES += %D%/cmd_redact.c
libcli_la_SOURCES += %D%/cmd_verify.c
libcli_la_SOURCES += %D%/cmd_render.c
libcli_la_SOURCES += %D%/cmd_init.c
libcli_la_SOURCES += %D%/cmd_doctor.c
libcli_la_SOURCES += %D%/cmd_completion.c
libcli_la_SOURCES += %D%/cmd_version.c

bin_PROGRAMS += lockstep
lockstep_SOURCES = %D%/main.c
lockstep_LDFLAGS = $(program_ldflags)
lockstep_LDADD = libcli.la

# The man page is made from the table, by a program of the build.
noinst_PROGRAMS += lockstep-man
lockstep_man_SOURCES = %D%/man.c
lockstep_man_LDFLAGS = $(program_ldflags)
lockstep_man_LDADD = libcli.la
nodist_man_MANS = %D%/lockstep.1
CLEANFILES += %D%/lockstep.1
%D%/lockstep.1: lockstep-man$(EXEEXT)
	$(AM_V_GEN)./lockstep-man$(EXEEXT) > $@.tmp && mv $@.tmp $@
