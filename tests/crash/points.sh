#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# N73: kill -9 before and after every durable step, on every pass, forward and
# back; then recovery, killed at each of its own points too. Afterwards every
# target is old or every target is new, and the journal says which.
# Needs a build with --enable-failpoints; skipped elsewhere.
top=${top_builddir:-.}
program=$top/tests/crash/crash_operation
grep -q '^#define ENABLE_FAILPOINTS 1' "$top/config.h" || {
	echo "1..0 # SKIP built without --enable-failpoints"
	exit 0
}
# The trust rules refuse sticky folders: the home's, not /tmp.
work=$(mktemp -d "${HOME:?}/.lockstep-crash-XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
killed=137
number=0
points='begin prepared intent effect done committed final outage
rolling-back undo-intent undo undone'

fail() {
	echo "not ok $number - $1"
	exit 1
}

# recover_and_check FOLDER SCENARIO WHAT
recover_and_check() {
	"$program" recover "$1" "$2" || fail "$3: recovery failed"
	"$program" recover "$1" "$2" || fail "$3: the second recovery failed"
	"$program" check "$1" "$2" >"$work/said" || fail "$3: not whole ($(cat "$work/said"))"
}

# Kill recovery itself at each point it passes; the folder is a copy each time.
recover_killed() {
	for inner in $points; do
		for edge in before after; do
			rm -rf "$work/inner"
			cp -r "$1" "$work/inner"
			LOCKSTEP_FAILPOINT="txn.$inner.$edge:kill" \
				"$program" recover "$work/inner" "$2" 2>/dev/null
			[ $? -eq $killed ] || continue
			kills=$((kills + 1))
			recover_and_check "$work/inner" "$2" "$3, then txn.$inner.$edge"
		done
	done
}

for scenario in forward back retire doubt; do
	number=$((number + 1))
	kills=0
	for point in $points; do
		for edge in before after; do
			pass=1
			while :; do
				rm -rf "$work/at"
				mkdir -m 700 "$work/at"
				LOCKSTEP_FAILPOINT="txn.$point.$edge:kill@$pass" \
					"$program" run "$work/at" $scenario 2>/dev/null
				# The last pass of this point is behind.
				[ $? -eq $killed ] || break
				kills=$((kills + 1))
				what="$scenario killed at txn.$point.$edge, pass $pass"
				recover_killed "$work/at" $scenario "$what"
				recover_and_check "$work/at" $scenario "$what"
				pass=$((pass + 1))
			done
		done
	done
	[ $kills -gt 20 ] || fail "$scenario: only $kills kills, the points are not there"
	echo "ok $number - $scenario: whole after each of $kills kills"
done
echo "1..$number"
