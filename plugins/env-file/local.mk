# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += env-file.la
env_file_sources = \
	%D%/bytes.h \
	%D%/change.c \
	%D%/dialect.c %D%/dialect.h \
	%D%/target.c %D%/target.h \
	%D%/grammar.c %D%/grammar.h \
	%D%/place.c %D%/place.h \
	%D%/replace.c \
	%D%/rules.c \
	%D%/values.c %D%/values.h \
	%D%/values_go.c \
	%D%/values_shell.c \
	%D%/writer.c %D%/writer.h \
	%D%/env_file.c %D%/env_file.h
env_file_la_SOURCES = $(env_file_sources)
env_file_la_CPPFLAGS = $(base_cppflags) -I$(top_srcdir)/plugins
env_file_la_LDFLAGS = $(plugin_ldflags)
EXTRA_DIST += %D%/README.md
