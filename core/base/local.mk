# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/arena.c %D%/arena.h \
	%D%/cleanup.h \
	%D%/clock.c %D%/clock.h \
	%D%/crypto.c %D%/crypto.h \
	%D%/error.c %D%/error.h \
	%D%/failpoint.c %D%/failpoint.h \
	%D%/json.c %D%/json.h \
	%D%/layout.c \
	%D%/log.c %D%/log.h \
	%D%/module.c %D%/module.h \
	%D%/pattern.c \
	%D%/random.c %D%/random.h \
	%D%/record.c %D%/record.h \
	%D%/redact.c %D%/redact.h \
	%D%/redact_forms.c %D%/redact_forms.h \
	%D%/redact_stream.c %D%/redact_tables.h \
	%D%/reference.c %D%/reference.h \
	%D%/secret.c %D%/secret.h \
	%D%/template.c %D%/template.h \
	%D%/text.c %D%/text.h \
	%D%/time.c \
	%D%/trust.c %D%/trust.h \
	%D%/utf8.c

module_LTLIBRARIES += %D%/module-crypto/crypto.la
%C%_module_crypto_crypto_la_SOURCES = %D%/module-crypto/module.c
%C%_module_crypto_crypto_la_CPPFLAGS = $(core_cppflags) $(OPENSSL_CFLAGS)
%C%_module_crypto_crypto_la_LDFLAGS = $(plugin_ldflags)
%C%_module_crypto_crypto_la_LIBADD = $(OPENSSL_LIBS)
