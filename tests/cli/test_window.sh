# SPDX-License-Identifier: Apache-2.0
# A staged value is promoted while the window is open: what is held up until the
# window has closed waits for the next one.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

if nm -D "$(command -v lockstep)" | grep -q __asan_init; then
	skip 'another time of day' 'the sanitizers cannot be preloaded behind'
	finish
fi
if ! cc -shared -fPIC -O1 -o shifted.so "$top_srcdir/tests/cli/shifted_clock.c" 2>"$err"; then
	skip 'another time of day' 'no compiler'
	finish
fi
# after HOURS COMMAND...: as if so many had passed.
after() {
	hours=$1
	shift
	SHIFT_CLOCK=$((hours * 3600)) LD_PRELOAD=$sandbox/shifted.so "$@"
}

cat >stored <<'END'
#!/bin/sh
# 0: the value on stdin is somewhere in app.env; 75: what is pending cannot be asked about.
key=$(cat)
[ -e busy ] && tr -d "'\"" <app.env | grep -qxF -e "API_KEY__PENDING=$key" && exit 75
tr -d "'\"" <app.env | grep -qF -e "=$key"
END
chmod 700 stored
now=$(date -u -d '-1 hour' +%H:%M)-$(date -u -d '+2 hours' +%H:%M)
later=$(date -u -d '+12 hours' +%H:%M)-$(date -u -d '+13 hours' +%H:%M)

# begin WINDOW: fresh files, and one rotation.
begin() {
	printf 'API_KEY=first-key\n' >app.env
	chmod 600 app.env
	cp app.env before
	rm -rf state.db* audit.jsonl* busy
	write_config <<-END
		stores = { app = { plugin = "env-file"; path = "app.env"; }; };
		verifiers = { stored = { plugin = "exec"; command = [ "./stored" ]; }; };
		rotations = { key = { secret = [ "app:API_KEY" ]; generate = { kind = "password"; };
		  strategy = "staged"; verify = [ "stored" ]; window = "$1"; give_up = "2d"; }; };
	END
}
value_of() { sed -n "s/^$1=//p" app.env | tr -d "'\""; }

begin "$now"
it 'a plan with a window' lockstep plan key
says "go on while its window is open ($now UTC)" 'has it before the promotion'
is "$(awk 'length > 80' "$out")" '' 'and fits 80 columns'
it 'in an open window' lockstep rotate key
is "$(grep -c waiting "$err")" 0 'nothing waits'
[ "$(value_of API_KEY)" = first-key ] && well=no || well=yes
result $well 'and the value is new'

begin "$now"
touch busy
it 'one that is held up after its start' lockstep rotate key --detach
rm busy
it 'when the window has closed' after 3 lockstep run
is "$(value_of API_KEY)" first-key 'is not promoted'
it 'and says so' after 3 lockstep status key
says 'waits for window, until' 'with the time at which it opens'
fits status 'as JSON too' after 3 lockstep --json status key
is "$(member rotations.0.operation.waiting_for.for)" window 'what it waits for'
it 'a run leaves it' after 4 lockstep run
is "$(cat "$out")" '' 'and has no news'
it 'once the window is open again' after 24 lockstep run
says 'key: done' 'a run goes on'
[ "$(value_of API_KEY)" = first-key ] && well=no || well=yes
result $well 'and the value is new'

begin "$now"
touch busy
it 'held up again' lockstep rotate key --detach
rm busy
it 'and waiting for the window' after 3 lockstep run
it 'it can be taken back at any time' after 4 lockstep rollback key
same app.env before 'and all is as it was'

begin "$later"
it_exits 7 'outside its window nothing starts' lockstep rotate key
it 'unless it is set aside' lockstep rotate key --outside-window
is "$(grep -c 'window' "$err")" 0 'and then nothing waits for it'
finish
