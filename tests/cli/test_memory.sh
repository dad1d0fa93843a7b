# SPDX-License-Identifier: Apache-2.0
# n76: each allocation of a command fails once. What it prints is all or
# nothing, and the audit log stays whole. libconfig, glibc's user lookup and
# OpenSSL's start crash without memory: that is before any effect of ours.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

if nm -D "$(command -v lockstep)" | grep -q __asan_init; then
	skip 'n76: allocations that fail' 'the sanitizers have an allocator of their own'
	finish
fi
if ! cc -shared -fPIC -O1 -o failing.so "$top_srcdir/tests/cli/failing_malloc.c" 2>"$err"; then
	skip 'n76: allocations that fail' 'no compiler'
	finish
fi
printf 'API_KEY=hunter2\n' >app.env
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END

# each EXPECTED COMMAND...: until 60 runs in a row had no failure left to meet.
each() {
	expected=$1 at=0 well=0 bad=
	shift
	while [ "$well" -lt 60 ] && [ "$at" -lt 5000 ]; do
		status=0
		(FAIL_AT=$at LD_PRELOAD=$sandbox/failing.so exec "$@" >"$out" 2>"$err") || status=$?
		if [ "$status" -eq 0 ]; then
			well=$((well + 1))
			[ "$(cat "$out")" = "$expected" ] || bad="$bad $at"
		else
			well=0
			[ ! -s "$out" ] || bad="$bad $at"
		fi
		at=$((at + 1))
	done
	is "$bad" '' "n76: $* prints all or nothing ($at allocations)"
} 2>/dev/null

each hunter2 lockstep get app:API_KEY
each app:API_KEY lockstep list app:

# set: the value is the old one or the new one, and 0 means the new one.
at=0 well=0 bad= before=hunter2
while [ "$well" -lt 60 ] && [ "$at" -lt 5000 ]; do
	status=0
	printf %s "v$at" |
		FAIL_AT=$at LD_PRELOAD=$sandbox/failing.so lockstep set app:API_KEY >"$out" 2>"$err" ||
		status=$?
	now=$(lockstep get app:API_KEY)
	case $status:$now in
	"0:v$at") well=$((well + 1)) ;;
	0:*) bad="$bad $at" ;;
	*:"v$at" | *:"$before") well=0 ;;
	*) bad="$bad $at" ;;
	esac
	before=$now at=$((at + 1))
done 2>/dev/null
is "$bad" '' "n76: set leaves the old or the new value ($at allocations)"
it 'n76: and the next one works' sh -c 'printf %s last | lockstep set app:API_KEY'
is "$(lockstep get app:API_KEY)" last 'n76: as if nothing had been'
it 'n76: the audit log is whole' lockstep audit verify
finish
