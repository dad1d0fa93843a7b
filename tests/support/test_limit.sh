#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit.py: a suite that hangs is ended with all that it started, and says so.
. "$top_srcdir/tests/support/sandbox.sh"

limit() { python3 "$top_srcdir/tests/support/limit.py" "$@"; }
# gone PID: within some seconds there is no such process, or only its remains.
gone() {
	timeout 20 sh -c 'while [ -e "/proc/$0" ] && ! grep -q "^State:.Z" "/proc/$0/status"; do :; done' "$1"
}

cat >hangs <<'END'
echo 'ok 1 - begins'
trap 'echo "# cleaned up"' EXIT
trap 'exit 130' TERM
setsid sh -c 'trap "" TERM; echo $$ >far; while :; do sleep 60; done' &
echo $$ >near
until [ -s far ]; do :; done
sleep 60
END
TEST_LIMIT_S=3
export TEST_LIMIT_S
it_exits 1 'a suite that hangs fails' limit sh hangs
says 'Bail out! not at its end after 3 s' 'and says so'
says 'ok 1 - begins' 'after what it had said'
says 'sleep 60' 'with what was running'
says '# cleaned up' 'and could clean up'
it 'it is gone' gone "$(cat near)"
it 'and so is what took a session of its own and ignores SIGTERM' gone "$(cat far)"
TEST_LIMIT_S=300

it 'a suite has an empty input and no terminal' limit sh -c '! read line && ! (: </dev/tty)'
it_exits 7 'the exit code is the suite'\''s' limit sh -c 'exit 7'
it_exits 137 'or its signal' limit sh -c 'kill -9 $$'
it 'the signals are the usual ones, also in the background' \
	sh -c 'trap "" INT QUIT HUP; exec "$@"' - python3 "$top_srcdir/tests/support/limit.py" \
	sh -c 'trap "exit 0" INT; kill -INT $$; exit 1'
it 'a suite that leaves something running ends' limit sh -c 'setsid sleep 60 & echo $! >left'
it 'and that is gone' gone "$(cat left)"
finish
