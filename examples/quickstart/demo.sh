#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first rotation, step by step. Run it through `./bootstrap demo`, or with
# an installed lockstep in a copy of this folder that is yours alone.
set -eu
cd "$(dirname "$0")"
command -v lockstep >/dev/null || {
	echo "demo: lockstep is not in the PATH" >&2
	exit 1
}

chapter() { printf '\n\n=== %s\n\n' "$*"; }
show() {
	printf '$ %s\n' "$*"
	"$@"
}
# What a command exits with is part of what is shown.
show_exit() {
	printf '$ %s\n' "$*"
	status=0
	"$@" || status=$?
	printf '(exit %d)\n' "$status"
}
fail() {
	echo "demo: $*" >&2
	exit 1
}

chapter 'A service that lets in whoever has its key'
rm -f service.port deaf
./service &
service=$!
trap 'kill $service 2>/dev/null' EXIT
until [ -s service.port ]; do
	kill -0 $service || fail 'the service did not start'
	sleep 0.1
done
show cat app.env
echo
printf '$ lockstep get app:API_KEY | ./ping\n'
lockstep get app:API_KEY | ./ping
first=$(lockstep get app:API_KEY | cksum)

chapter 'The plan: what a rotation would do. Nothing is changed'
show lockstep plan service-key

chapter 'The rotation'
show lockstep rotate service-key

chapter 'The service answers to the new key, and no longer to the old one'
printf '$ lockstep get app:API_KEY | ./ping\n'
lockstep get app:API_KEY | ./ping
second=$(lockstep get app:API_KEY | cksum)
[ "$first" != "$second" ] || fail 'the key is still the old one'
printf '$ printf first-key-0123456789abcdef | ./ping\n'
if printf 'first-key-0123456789abcdef' | ./ping; then
	fail 'the old key still works'
fi
echo
echo 'Everything else in the file is as it was, and the copy has followed:'
printf '$ lockstep redact app:API_KEY < app.env\n'
lockstep redact app:API_KEY <app.env
[ "$(lockstep get web:SERVICE_KEY | cksum)" = "$second" ] || fail 'the copy is another'
printf '$ lockstep redact app:API_KEY < web.env\n'
lockstep redact app:API_KEY <web.env

chapter 'Now the service goes deaf: it ignores the reload'
touch deaf
show_exit lockstep rotate service-key
[ "$status" -eq 9 ] || fail "exit $status instead of 9"

chapter 'Rolled back: the key from before is there, and works'
rm deaf
printf '$ lockstep get app:API_KEY | ./ping\n'
lockstep get app:API_KEY | ./ping
[ "$(lockstep get app:API_KEY | cksum)" = "$second" ] || fail 'the key is not the one from before'
show lockstep history service-key

chapter 'Who did what: the audit trail'
show lockstep audit tail -n 12
