#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tap.sh PROGRAM [ARGUMENT...]: cmocka calls a skipped test "not ok # SKIP",
# which every reader of TAP takes for a failure, and has no place for a reason:
# that stands in a line "# skipped: WHY" before. The exit code is the program's.
exec 3>&1
code=$({ { "$@" 3>&- 4>&-; echo $? >&4; } | awk '
	/^# skipped: / { why = substr($0, 12) }
	/^(not )?ok [0-9]+ .*# SKIP/ {
		sub(/^not /, "")
		if (why != "" && match($0, /# SKIP /)) {
			name = substr($0, RSTART + RLENGTH)
			print $1, $2, "-", name, "# SKIP", why
		} else
			print
		why = ""
		fflush()
		next
	}
	/^(not )?ok / { why = "" }
	{ print; fflush() }' >&3; } 4>&1)
exit "$code"
