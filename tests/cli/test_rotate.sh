# SPDX-License-Identifier: Apache-2.0
# plan, run, rotate, rollback, resume, adopt, pause, status and history on real
# files: a program that knows one key (the file `accepted`), a reload that makes
# it take the key of app.env, a verifier that asks it.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

# --- the program and its tools ---
cat >ping <<'END'
#!/bin/sh
# 0: the key on stdin is the program's; 75: it cannot be asked.
[ -e unreachable ] && exit 75
key=$(cat)
[ "$key" = "$(cat accepted)" ] && exit 0
echo "this key is not the one" >&2
exit 1
END
cat >reload <<'END'
#!/bin/sh
[ -e deaf ] && exit 0
# Somebody edits the file while the rotation is under way.
if [ -e meddler ]; then
	rm meddler
	sed -i 's/^API_KEY=.*/API_KEY=foreign/' app.env
	exit 1
fi
sed -n 's/^API_KEY=//p' app.env | tr -d "'\"" >accepted
echo reloaded >>reloads
END
cat >stored <<'END'
#!/bin/sh
# 0: the value on stdin is somewhere in app.env.
key=$(cat)
tr -d "'\"" <app.env | grep -qF -e "=$key"
END
cat >hook <<'END'
#!/bin/sh
cat >>hooked
END
chmod 700 ping reload stored hook

fresh_files() {
	rm -f deaf unreachable meddler hooked reloads
	printf '# a comment\r\nexport OTHER="x y"\nAPI_KEY=first-key\n\nLAST=1' >app.env
	printf 'KEY_COPY=first-key\nURL=https://u:first-key@h/\n' >web.env
	printf 'first-key\n' >accepted
	chmod 600 app.env web.env
}

# config EXTRA-IN-ROTATION: the rotation `key`, and what stdin adds.
config() {
	{
		cat <<-END
			stores = { app = { plugin = "env-file"; path = "app.env"; };
			           web = { plugin = "env-file"; path = "web.env"; }; };
			verifiers = { ping   = { plugin = "exec"; command = [ "./ping" ]; };
			              pong   = { plugin = "exec"; command = [ "./pong" ]; };
			              stored = { plugin = "exec"; command = [ "./stored" ]; }; };
			on_event = ( { command = [ "$sandbox/hook" ]; events = [ "failed", "stuck", "waiting", "overdue" ]; } );
			rotations = { key = {
			  secret = [ "app:API_KEY" ]; generate = { kind = "password"; };
			  copies = ( { to = "web:KEY_COPY"; }, { to = "web:URL"; template = "https://u:{value:url}@h/"; } );
			  reload = ( { consumer = "program"; command = [ "./reload" ]; } );
			  $1 };
		END
		cat
		echo '};'
	} | write_config
	rm -rf state.db* audit.jsonl*
}
value_of() { sed -n "s/^$1=//p" "$2" | tr -d "'\""; }
simple='strategy = "immediate"; verify = [ "ping" ]; every = "90d";'

# --- plan ---
fresh_files
config "$simple" </dev/null
cp app.env before
fits plan 'a plan is one JSON object' lockstep --json plan key
is "$(member rotations.0.steps.0.type)" write 'which begins with writing'
is "$(member rotations.0.steps.0.before_point_of_no_return)" true 'before the point of no return'
it 'a plan can be read' lockstep plan key
says 'write app:API_KEY' 'it names the secret'
says 'write web:KEY_COPY, web:URL' 'and copies of one store as one change'
says 'restarts: program' 'and what it restarts'
says '`rollback` restores everything' 'and how long it can be taken back'
says 'the programs alone decide' 'and who decides about values'
is "$(awk 'length > 80' "$out")" '' 'it fits 80 columns'
same app.env before 'planning changes nothing'
it 'nothing is due yet' lockstep plan
says 'nothing is due' 'and that is said'
it_exits 3 'an unknown name is 3' lockstep plan kee
says 'did you mean "key"' 'and the nearest is named'

# --- rotate ---
it 'rotates' lockstep rotate key
says 'step 1 of 4: write app:API_KEY' 'and says what it does'
new=$(value_of API_KEY app.env)
is "${#new}" 32 'the new value has its length'
sed "s/^API_KEY=.*/$(grep '^API_KEY=' app.env)/" before >expected
same app.env expected 'every other byte is as before'
is "$(value_of KEY_COPY web.env)" "$new" 'the copy follows'
is "$(value_of URL web.env | cut -c1-10)" 'https://u:' 'and the template'
is "$(cat accepted)" "$new" 'and the program has it'
fits rotate 'the report fits its schema' lockstep --json rotate key
is "$(member outcome)" done 'it is done'
is "$(member rollback_performed)" false 'without a rollback'
is "$(member verifications.0.verdict)" valid 'and was verified'
[ "$(member old_version)" != "$(member new_version)" ] && well=yes || well=no
result $well 'the versions differ'
grep -qs "$new" audit.jsonl state.db* && well=no || well=yes
result $well 'no value is in the audit log or the state'
fits status 'status fits its schema' lockstep --json status
is "$(member rotations.0.operation)" null 'nothing is unfinished'
it 'status can be read' lockstep status
is "$(awk 'length > 80' "$out")" '' 'and fits 80 columns'
fits history 'history fits its schema' lockstep --json history key
is "$(member operations.0.state)" done 'and tells how it ended'
it 'history of a secret' lockstep history web:URL
says 'rotate' 'has the operations that changed it'

# --- a failed verification is rolled back ---
fresh_files
config "$simple" </dev/null
cp app.env before && cp web.env web.before
touch deaf
it_exits 9 'a failed verification is 9' lockstep rotate key
says 'rolling back' 'and is said'
says 'this key is not the one' 'with what the verifier said'
same app.env before 'the file is as it was'
same web.env web.before 'and the copies'
is "$(cat accepted)" first-key 'the old key still works'
is "$(wc -l <hooked)" 1 'one hook ran'
cp hooked "$out"
python3 "$top_srcdir/tests/cli/fits.py" "$top_srcdir/docs/schema" event hooked >/dev/null 2>&1
case $? in 0 | 77) result yes 'its input fits the schema' ;; *) result no 'its input fits the schema' ;; esac
grep -q first-key hooked && well=no || well=yes
result $well 'and holds no value'
it 'status shows the failure' lockstep status
says 'failed' 'in one word'
rm deaf
it 'then it works again' lockstep rotate key

# --- proof that the current value works, before anything ---
fresh_files
config "$simple" </dev/null
cp app.env before
echo another >accepted
it_exits 7 'a current value that does not work is 7' lockstep rotate key
says 'the current value does not work' 'which is said'
same app.env before 'nothing was changed'
fresh_files
touch unreachable
it_exits 5 'a verifier that cannot tell is 5' lockstep rotate key
same app.env before 'and nothing was changed'

# --- n92: copies and targets that somebody else writes ---
fresh_files
config "$simple" </dev/null
sed -i 's/^KEY_COPY=.*/KEY_COPY=mine/' web.env
cp app.env before
it_exits 7 'n92: a foreign copy is a conflict when planning' lockstep plan key
it_exits 7 'n92: and when rotating' lockstep rotate key
says 'web:KEY_COPY' 'which is named'
same app.env before 'nothing was changed'
fresh_files
touch meddler
it_exits 10 'n92: a foreign write in the middle is stuck' lockstep rotate key
is "$(value_of API_KEY app.env)" foreign 'and is not overwritten'
it 'status of it' lockstep status key
says 'other' 'says what holds what'
says 'lockstep rollback' 'and what to type'
fits status 'also as JSON' lockstep --json status key
is "$(member rotations.0.operation.outcome)" stuck 'it is stuck'
fits status 'and by its id' lockstep --json status "$(member rotations.0.operation.operation)"
it_exits 7 'a second rotation is refused' lockstep rotate key
it_exits 7 'and so is a set of its secret' sh -c 'printf x | lockstep set app:API_KEY'
sed -i 's/^API_KEY=.*/API_KEY=first-key/' app.env
it 'once the value is put back, a rollback ends it' lockstep rollback key --reason 'mended by hand'
same app.env before 'and all is as before'
it 'then it rotates' lockstep rotate key

# --- pause and window ---
fresh_files
config "$simple" </dev/null
fits pause 'a pause' lockstep --json pause key --for 48h --reason 'audit'
it_exits 7 'holds for rotate' lockstep rotate key
says 'audit' 'which says why'
it 'ends with 0s' lockstep pause key --for 0s --reason 'over'
it 'a pause of all' lockstep pause --all --for 1h --reason 'freeze'
it_exits 7 'holds too' lockstep rotate key
it 'status shows it' lockstep status
says 'freeze' 'with the reason'
it 'ends' lockstep pause --all --for 0s --reason 'thaw'
it 'and it rotates again' lockstep rotate key
it_exits 2 'a pause needs a reason' lockstep pause key --for 1h
it_exits 2 'and a length' lockstep pause key --reason x
it_exits 2 'and one subject' lockstep pause --for 1h --reason x
from=$(date -u -d '+12 hours' +%H:%M) to=$(date -u -d '+13 hours' +%H:%M)
config "$simple window = \"$from-$to\";" </dev/null
it_exits 7 'a closed window holds' lockstep rotate key
says '--outside-window' 'and the way around is named'
it 'which works' lockstep rotate key --outside-window
it 'what is due waits for its window' lockstep adopt key --rotated-at 2020-01-01
lockstep run >"$out" 2>"$err"
is "$(cat "$out")" '' 'a run does not start it'

# --- adopt, run, plan hash ---
fresh_files
config "$simple" </dev/null
cp app.env before
it 'a first look' lockstep status
fits adopt 'adopting a date' lockstep --json adopt key --rotated-at 2020-01-01
it 'makes it due' lockstep plan
says 'due since' 'and plan says so'
fits plan 'as JSON too' lockstep --json plan
hash=$(member plan_hash)
it_exits 7 'another hash is refused' lockstep run --plan "$(printf %064d 0)"
same app.env before 'and nothing is done'
it 'the right hash is done' lockstep run --plan "$hash"
is "$(wc -l <"$out")" 1 'which prints one line'
says 'key: done' 'that says so'
cp app.env before
it 'a second run' lockstep run
is "$(cat "$out" "$err")" '' 'has nothing to do and says nothing'
same app.env before 'and changes nothing'
it_exits 7 'the plan that was carried out is no plan any more' lockstep run --plan "$hash"
printf 'name,rotated_at\nkey,2020-02-02\n' >dates.csv
it 'dates from a file' lockstep adopt --from dates.csv
fits run 'a run as JSON' lockstep --json run
is "$(member operations.0.outcome)" done 'did it'
printf 'key,2020-02-02\nnone,2020-02-02\n' >dates.csv
it_exits 3 'an unknown name in the file is 3' lockstep adopt --from dates.csv
it 'and nothing was adopted' lockstep plan
says 'nothing is due' 'so nothing is due'
printf 'key,yesterday\n' >dates.csv
it_exits 2 'a date that is none is 2' lockstep adopt --from dates.csv
says 'dates.csv:1' 'with its line'
it_exits 2 'a date to come is 2' lockstep adopt key --rotated-at 2999-01-01
config "$simple" </dev/null
it 'an edit of the config' lockstep adopt key --rotated-at 2020-01-01
lockstep --json plan >"$out"
hash=$(member plan_hash)
sed -i 's/90d/80d/' lockstep.conf
it_exits 7 'n101: makes it another plan' lockstep run --plan "$hash"

# --- n100: the same id again ---
fresh_files
config "$simple" </dev/null
id=01900000-0000-7000-8000-00000000abcd
it 'n100: an id of the caller' lockstep rotate key --operation $id
cp app.env before
fits rotate 'n100: a repeat answers the same' lockstep --json rotate key --operation $id
is "$(member operation)" $id 'with that operation'
is "$(member outcome)" done 'which is done'
same app.env before 'n100: and nothing is done twice'
it_exits 2 'an id that is none is 2' lockstep rotate key --operation nonsense

# --- what is not there ---
it_exits 2 'run -- CMD is a usage error' lockstep run -- env
says 'lockstep exec' 'that names exec'
for option in --emergency --drill; do
	it_exits 2 "$option is not there yet" lockstep rotate key $option
	says 'not available in this version' 'which is said'
done
config 'strategy = "dual-write"; verify = [ "ping" ];' </dev/null
it_exits 2 'dual-write is refused when planning' lockstep plan key
says 'not available in this version' 'with the reason'
it_exits 3 'rollback of nothing is 3' lockstep rollback key

# --- staged ---
fresh_files
config 'strategy = "staged"; verify = [ "stored" ]; keep_previous = "24h";' </dev/null
cp app.env before
it 'a staged plan' lockstep plan key
says 'promote app:API_KEY' 'promotes'
says 'tomorrow `rollback` restores everything' 'and keeps the previous value a day'
it 'staged' lockstep rotate key
new=$(value_of API_KEY app.env)
is "$(value_of API_KEY__PREVIOUS app.env)" first-key 'the previous value is kept'
grep -q PENDING app.env && well=no || well=yes
result $well 'nothing is pending any more'
it 'a run leaves it alone' lockstep run
is "$(cat "$out")" '' 'and says nothing'
it 'it can be taken back' lockstep rollback key
same app.env before 'and then all is as it was'
it 'it can be done again' lockstep rotate key
second=$(value_of API_KEY app.env)
it 'and again, which finishes the one before' lockstep rotate key
is "$(value_of API_KEY__PREVIOUS app.env)" "$second" 'whose value is the previous one'
fits status 'the kept one is shown' lockstep --json status
is "$(member rotations.0.operation.waiting_for.for)" keep-previous 'with what it waits for'
printf '\nAPI_KEY__PENDING=left\n' >>app.env
rm -rf state.db*
it_exits 7 'a pending value without its journal stops all' lockstep rotate key

# --- soak in the background ---
fresh_files
config 'strategy = "immediate"; verify = [ "ping" ]; soak = "1s"; poll = "1s";' </dev/null
it 'a detached rotation returns at its soak' lockstep rotate key --detach
it 'status says what it waits for' lockstep status
says 'waits for soak' 'the soak'
it 'it is resumed by name' lockstep resume key
fits status 'and then is done' lockstep --json status
is "$(member rotations.0.operation)" null 'with nothing left'

config 'strategy = "immediate"; verify = [ "ping" ]; soak = "2s"; poll = "1s";' </dev/null
fresh_files
it 'a rotation that stays for its soak' lockstep rotate key
is "$(grep -c 'waiting: soak (until' "$err")" 1 'says once that it waits, however often it looks'

# --- stopped at a safe point, and taken up ---
fresh_files
config 'strategy = "immediate"; verify = [ "ping" ]; soak = "600s"; poll = "1s";' </dev/null
cp app.env before
: >"$err"
lockstep rotate key >"$out" 2>"$err" &
child=$!
while kill -0 $child 2>/dev/null && ! grep -q waiting "$err"; do sleep 0.05; done
kill -TERM $child
status=0
wait $child || status=$?
is "$status" 130 'SIGTERM in a wait is 130'
says 'lockstep resume' 'and says how to go on'
it 'a run while it soaks' lockstep run
is "$(cat "$out")" '' 'has no news'
new=$(value_of API_KEY app.env)
touch deaf
it_exits 10 'a program that does not take the old key back is stuck' lockstep rollback key
says 'this key is not the one' 'with what its verifier said'
same app.env before 'the old value is where it was'
rm deaf
it 'once the program listens, a rollback ends it' lockstep rollback key
same app.env before 'and all is as it was'
is "$(cat accepted)" first-key 'in the program too'

# --- taken back while the previous value is kept ---
cat >pong <<'END'
#!/bin/sh
# 0: the program takes the key, or is about to: it is pending.
key=$(cat)
[ "$key" = "$(cat accepted)" ] && exit 0
tr -d "'\"" <app.env | grep -qxF -e "API_KEY__PENDING=$key" && exit 0
echo "this key is not the one" >&2
exit 1
END
chmod 700 pong
fresh_files
config 'strategy = "staged"; verify = [ "pong" ]; keep_previous = "24h";' </dev/null
cp app.env before && cp web.env web.before
it 'a staged rotation whose previous value is kept' lockstep rotate key
is "$(cat accepted)" "$(value_of API_KEY app.env)" 'only the new key works'
fits rollback 'a rollback' lockstep --json rollback key
is "$status:$(member outcome)" 0:rolled-back 'restores everything'
same app.env before 'the secret'
same web.env web.before 'the copies'
is "$(cat accepted)" first-key 'and the program'
it 'it rotates again' lockstep rotate key
touch deaf
it_exits 10 'a deaf program' lockstep rollback key
it 'can be left with the new key' lockstep resume key
is "$(cat accepted)" "$(value_of API_KEY app.env)" 'which it has'
rm deaf
it 'or be taken back later' lockstep rollback key
same app.env before 'to what was'

# --- overdue ---
fresh_files
config 'strategy = "immediate"; verify = [ "ping" ]; every = "1d";' </dev/null
it 'overdue and paused' lockstep adopt key --rotated-at 2020-01-01
it 'for an hour' lockstep pause key --for 1h --reason 'audit'
it 'a run starts nothing' lockstep run
is "$(grep -c '"event":"overdue"' hooked)" 1 'but tells the hook'

# --- a pair, limits, rights ---
fresh_files
printf '\nUSER_A=a\nPASS_A=b\n' >>app.env
config "$simple" <<'END'
pair = { secret = [ "app:USER_A", "app:PASS_A" ]; generate = { kind = "hex"; };
         strategy = "immediate"; require_verification = false; };
END
it 'a pair' lockstep rotate pair
says 'write app:USER_A, app:PASS_A' 'changes at once'
{
	for i in 1 2 3 4 5 6 7; do
		echo "r$i = { secret = [ \"app:R$i\" ]; generate = { kind = \"hex\"; }; strategy = \"immediate\";"
		echo "       verify = [ \"ping\" ]; every = \"90d\"; };"
	done
} >more
fresh_files
echo >>app.env
for i in 1 2 3 4 5 6 7; do echo "R$i=old$i"; done >>app.env
config 'strategy = "immediate"; verify = [ "ping" ];' <more
for i in 1 2 3 4 5 6 7; do
	echo "r$i,2020-01-0$i"
done >dates.csv
it 'seven that will fail' lockstep adopt --from dates.csv
lockstep --json plan >"$out"
is "$(member left)" 2 'a run plans five at most'
it_exits 7 'the worst exit counts' lockstep run
is "$(grep -c 'not done' "$err")" 3 'and after three failures it stops'
says 'r1: not done' 'oldest first'
config "$simple" </dev/null
cat >>lockstep.conf <<'END'
policies = ( { subject = "*"; secret = "app:API_KEY"; deny = [ "rotate" ]; } );
END
it_exits 4 'a denial is 4' lockstep rotate key
it_exits 4 'for plan too' lockstep plan key

finish
