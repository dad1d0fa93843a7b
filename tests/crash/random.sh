#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 at random moments of an operation on stores in a file; the loop that
# the suites of the installed binary use too.
top=${top_builddir:-.}
source=${top_srcdir:-.}
program=$top/tests/crash/crash_operation
work=$(mktemp -d "${HOME:?}/.lockstep-crash-XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
export program work
scenario=${CRASH_SCENARIO:-retire}
exec_loop() {
	sh "$source/tests/crash/kill_loop" -n "${CRASH_TIMES:-40}" ${CRASH_SEED:+-s "$CRASH_SEED"} \
		-p 'rm -rf "$work/at"; mkdir -m 700 "$work/at"' \
		-r '"$program" recover "$work/at" '"$scenario" \
		-c '"$program" check "$work/at" '"$scenario"' >/dev/null' \
		-- "$program" run "$work/at" "$scenario"
}
exec_loop
