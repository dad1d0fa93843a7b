# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += docs/config.md docs/plugins.md

# For maintainers: docs/config.md from the table in core/config/schema.c. A test
# compares the two.
.PHONY: update-config-md
update-config-md: tests/core/config/print_config$(EXEEXT)
	$(AM_V_GEN)tests/core/config/print_config$(EXEEXT) > $(srcdir)/docs/config.md.tmp && \
	mv $(srcdir)/docs/config.md.tmp $(srcdir)/docs/config.md
EXTRA_DIST += %D%/schema/adopt.json
EXTRA_DIST += %D%/schema/audit-tail.json
EXTRA_DIST += %D%/schema/audit-verify.json
EXTRA_DIST += %D%/schema/check-as.json
EXTRA_DIST += %D%/schema/check.json
EXTRA_DIST += %D%/schema/check-due.json
EXTRA_DIST += %D%/schema/error.json
EXTRA_DIST += %D%/schema/event.json
EXTRA_DIST += %D%/schema/get.json
EXTRA_DIST += %D%/schema/help.json
EXTRA_DIST += %D%/schema/history.json
EXTRA_DIST += %D%/schema/list.json
EXTRA_DIST += %D%/schema/pause.json
EXTRA_DIST += %D%/schema/plan.json
EXTRA_DIST += %D%/schema/plugins-info.json
EXTRA_DIST += %D%/schema/plugins-list.json
EXTRA_DIST += %D%/schema/resume.json
EXTRA_DIST += %D%/schema/rollback.json
EXTRA_DIST += %D%/schema/rotate.json
EXTRA_DIST += %D%/schema/run.json
EXTRA_DIST += %D%/schema/status.json
EXTRA_DIST += %D%/schema/verify.json
EXTRA_DIST += %D%/schema/version.json
EXTRA_DIST += \
	%D%/adr/0001-plugin-abi.md \
	%D%/adr/0002-private-modules.md \
	%D%/adr/0003-plan-and-executor.md
EXTRA_DIST += %D%/schema/delete.json
EXTRA_DIST += %D%/schema/set.json
EXTRA_DIST += %D%/schema/doctor.json
EXTRA_DIST += %D%/schema/init.json
EXTRA_DIST += %D%/performance.md
