# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += docs/config.md

# For maintainers: docs/config.md from the table in core/config/schema.c. A test
# compares the two.
.PHONY: update-config-md
update-config-md: tests/core/config/print_config$(EXEEXT)
	$(AM_V_GEN)tests/core/config/print_config$(EXEEXT) > $(srcdir)/docs/config.md.tmp && \
	mv $(srcdir)/docs/config.md.tmp $(srcdir)/docs/config.md
EXTRA_DIST += %D%/schema/audit-tail.json
EXTRA_DIST += %D%/schema/audit-verify.json
EXTRA_DIST += %D%/schema/check-as.json
EXTRA_DIST += %D%/schema/check.json
EXTRA_DIST += %D%/schema/error.json
EXTRA_DIST += %D%/schema/get.json
EXTRA_DIST += %D%/schema/help.json
EXTRA_DIST += %D%/schema/history-reference.json
EXTRA_DIST += %D%/schema/list.json
EXTRA_DIST += %D%/schema/plugins-info.json
EXTRA_DIST += %D%/schema/plugins-list.json
EXTRA_DIST += %D%/schema/verify.json
EXTRA_DIST += %D%/schema/version.json
EXTRA_DIST += %D%/schema/doctor.json
EXTRA_DIST += %D%/schema/init.json
