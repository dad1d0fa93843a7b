# SPDX-License-Identifier: Apache-2.0
plugin_LTLIBRARIES += exec.la
exec_sources = \
	%D%/candidate.c %D%/candidate.h \
	%D%/exec.c \
	%D%/message.c %D%/message.h \
	%D%/run.c %D%/run.h
exec_la_SOURCES = $(exec_sources)
exec_la_CPPFLAGS = $(base_cppflags) -I$(top_srcdir)/plugins
exec_la_LDFLAGS = $(plugin_ldflags)
EXTRA_DIST += %D%/README.md
