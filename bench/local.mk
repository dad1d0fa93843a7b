# SPDX-License-Identifier: Apache-2.0
# make bench: nothing here is built or run by any other target.
bench_programs = bench/empty bench/journal bench/redact bench/replace bench/start
EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)
EXTRA_DIST += %D%/run.sh %D%/mapped-libraries.txt

bench_empty_SOURCES = %D%/empty.c
bench_journal_SOURCES = %D%/journal.c
bench_journal_CPPFLAGS = $(test_cppflags) $(SQLITE_CFLAGS)
bench_journal_LDADD = $(rig_ldadd) $(SQLITE_LIBS)
bench_redact_SOURCES = %D%/redact.c
bench_redact_LDADD = libcore.la
bench_replace_SOURCES = %D%/replace.c $(env_file_sources)
bench_replace_CPPFLAGS = $(test_cppflags) -I$(top_srcdir)/plugins
bench_replace_LDADD = $(test_ldadd)
bench_start_SOURCES = %D%/start.c

.PHONY: bench
bench: all $(bench_programs)
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' $(SHELL) $(top_srcdir)/bench/run.sh
