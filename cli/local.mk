# SPDX-License-Identifier: Apache-2.0
bin_PROGRAMS += lockstep
lockstep_SOURCES = %D%/main.c
lockstep_LDFLAGS = $(program_ldflags)
lockstep_LDADD = libcore.la
