# SPDX-License-Identifier: Apache-2.0
core_sources += \
	%D%/descriptor.c %D%/descriptor.h \
	%D%/elf.c %D%/elf.h \
	%D%/elf_parts.h \
	%D%/elf_read.c \
	%D%/fence.c %D%/fence.h \
	%D%/host.c %D%/host.h \
	%D%/loader.c %D%/loader.h \
	%D%/registry.c %D%/registry.h \
	%D%/schema.c %D%/schema.h \
	%D%/settings.c %D%/settings.h
