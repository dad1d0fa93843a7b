# SPDX-License-Identifier: Apache-2.0
libsupport_la_SOURCES += %D%/fake_host.c %D%/fake_host.h
