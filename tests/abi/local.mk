# SPDX-License-Identifier: Apache-2.0
# The ABI header: strict C99, C++11, and the frozen layout.
check_LTLIBRARIES += libheader.la
libheader_la_SOURCES = %D%/header_c99.c %D%/header_cxx.cc
libheader_la_CPPFLAGS = -I$(top_srcdir)/include
libheader_la_CFLAGS = -std=c99 -pedantic -Wall -Wextra -Werror
libheader_la_CXXFLAGS = -std=c++11 -pedantic -Wall -Wextra -Werror

check_PROGRAMS += tests/abi/offsets
tests_abi_offsets_SOURCES = %D%/offsets.c
tests_abi_offsets_CPPFLAGS = -I$(top_srcdir)/include
TESTS += tests/abi/offsets
