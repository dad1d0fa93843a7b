#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# count.sh BUILD_DIR...: adds up the results that Automake's test drivers left,
# lists what was skipped and why, and prints one closing line.
passed=0 failed=0 skipped=0
for build in "$@"; do
	for trs in $(find "$build" -name '*.trs' | sort); do
		p=$(grep -c '^:test-result: *\(PASS\|XFAIL\)' "$trs")
		s=$(grep -c '^:test-result: *SKIP' "$trs")
		f=$(grep -c '^:test-result: *\(FAIL\|ERROR\|XPASS\)' "$trs")
		passed=$((passed + p)) skipped=$((skipped + s)) failed=$((failed + f))
		[ "$s" -eq 0 ] || grep '# SKIP' "${trs%.trs}.log" | grep -v '^SKIP: ' |
			sed "s|^|$(basename "$trs" .trs): |"
	done
done
# What failed, with the lines that say why.
for trs in $(find "$@" -name '*.trs' -exec grep -lE '^:test-result: *(FAIL|ERROR|XPASS)' {} + | sort); do
	echo "--- ${trs%.trs}.log"
	grep -E -A 12 '^(not ok|Bail out)' "${trs%.trs}.log" | head -n 120
	tail -n 5 "${trs%.trs}.log"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
