# SPDX-License-Identifier: Apache-2.0
libsupport_la_SOURCES += \
	%D%/alloc.c %D%/alloc.h \
	%D%/fake_host.c %D%/fake_host.h \
	%D%/modules.c %D%/modules.h \
	%D%/run.c %D%/run.h \
	%D%/temp.c %D%/temp.h \
	%D%/test.h \
	core/base/module-crypto/module.c
libsupport_la_CPPFLAGS = $(test_cppflags) $(OPENSSL_CFLAGS)
libsupport_la_LIBADD += $(OPENSSL_LIBS)

# For programs that use support/alloc.h.
alloc_ldflags = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=strdup -Wl,--wrap=strndup

dist_check_SCRIPTS += %D%/test_limit.sh
TESTS += %D%/test_limit.sh
