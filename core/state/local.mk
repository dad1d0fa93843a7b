# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/database.h \
	%D%/key.c %D%/key.h \
	%D%/operations.c \
	%D%/rotations.c \
	%D%/state.c %D%/state.h %D%/state_private.h

state_sqlite_sources = \
	%D%/module-sqlite/database.c \
	%D%/module-sqlite/journal.c \
	%D%/module-sqlite/lock.c \
	%D%/module-sqlite/module.c \
	%D%/module-sqlite/open.c \
	%D%/module-sqlite/read.c \
	%D%/module-sqlite/sqlite.h \
	%D%/module-sqlite/statements.c

module_LTLIBRARIES += %D%/module-sqlite/state-sqlite.la
%C%_module_sqlite_state_sqlite_la_SOURCES = $(state_sqlite_sources)
%C%_module_sqlite_state_sqlite_la_CPPFLAGS = $(core_cppflags) $(SQLITE_CFLAGS)
%C%_module_sqlite_state_sqlite_la_LDFLAGS = $(plugin_ldflags)
%C%_module_sqlite_state_sqlite_la_LIBADD = $(SQLITE_LIBS)
