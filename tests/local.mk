# SPDX-License-Identifier: Apache-2.0
# Each folder's tests are in its own fragment; support is a library of its own.
check_LTLIBRARIES += libsupport.la
libsupport_la_SOURCES =
libsupport_la_LIBADD = $(CMOCKA_LIBS)
test_cppflags = $(core_cppflags) -I$(top_srcdir)/tests $(CMOCKA_CFLAGS)
test_ldadd = libsupport.la libcore.la $(CMOCKA_LIBS)

include %D%/abi/local.mk
include %D%/support/local.mk
include %D%/core/local.mk
include %D%/plugins/local.mk
include %D%/cli/local.mk
include %D%/layers/local.mk
include %D%/crash/local.mk
