# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += docs/config.md

# For maintainers: docs/config.md from the table in core/config/schema.c. A test
# compares the two.
.PHONY: update-config-md
update-config-md: tests/core/config/print_config$(EXEEXT)
	$(AM_V_GEN)tests/core/config/print_config$(EXEEXT) > $(srcdir)/docs/config.md.tmp && \
	mv $(srcdir)/docs/config.md.tmp $(srcdir)/docs/config.md
