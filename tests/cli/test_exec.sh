#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# exec and redact on a real env file, from the installed binary.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

mkdir -p srv/web srv/api
printf 'API_KEY=s3cr3t-k3y\nDB_PASSWORD="p/ss w\\"rd?"\nPORT=8080\nPIN=abc\nEMPTY=\n' >app.env
printf 'TOKEN=web-t0ken\nAPI_KEY=other-k3y-1\n' >srv/web/.env
printf 'TOKEN=api-t0ken\n' >srv/api/.env
printf 'LD_PRELOAD=/tmp/evil.so\nPATH=/tmp/evil\n' >evil.env
printf 'GOOD=a-g00d-one\nnot.good=value1234\n' >dotted.env
write_config <<'END'
stores = {
  app    = { plugin = "env-file"; path = "app.env"; };
  many   = { plugin = "env-file"; path = "srv/{namespace}/.env"; layout = "{namespace}/{name}"; };
  evil   = { plugin = "env-file"; path = "evil.env"; };
  dotted = { plugin = "env-file"; path = "dotted.env"; allow_dotted_keys = true; };
};
END

# --- what the program gets
it 'puts a secret into a variable' lockstep exec --env KEY=app:API_KEY --no-mask -- sh -c 'printf %s "$KEY"'
is "$(cat "$out")" s3cr3t-k3y 'as it is'
it 'takes several, and -e' lockstep exec -e A=app:API_KEY -e B=app:DB_PASSWORD --no-mask -- sh -c 'echo "$A/$B"'
is "$(cat "$out")" 's3cr3t-k3y/p/ss w"rd?' 'each with its own value'
it '--all names them after the last part' lockstep exec --all many:api --no-mask -- sh -c 'echo "$TOKEN"'
is "$(cat "$out")" api-t0ken 'of their path'
it '--all takes a whole store' lockstep exec --all app: --no-mask -- sh -c 'echo "$API_KEY $PORT $PIN[$EMPTY]"'
is "$(cat "$out")" 's3cr3t-k3y 8080 abc[]' 'with every value in it'
it_exits 2 'two that collide are refused' lockstep exec --all many: -- echo started
says 'many:api/TOKEN and many:web/TOKEN' 'and both are named'
says_not started 'before the program starts'
it 'but --env wins over a listed name' lockstep exec --env TOKEN=app:API_KEY --all many:api -- \
	sh -c 'test "$TOKEN" = s3cr3t-k3y'
it_exits 2 'a name twice is refused' lockstep exec --env A=app:API_KEY --env A=app:PORT -- echo started
it_exits 2 'a name that changes what is loaded is refused' lockstep exec --all evil: -- echo started
says LD_PRELOAD 'and named'
it_exits 2 'a name that is none is refused' lockstep exec --all dotted: -- echo started
says 'dotted:not.good' 'and named'
it_exits 2 'as is one on the command line' lockstep exec --env 'A-B=app:API_KEY' -- echo started
it_exits 2 '--env without a reference' lockstep exec --env A -- echo started
it_exits 2 'no command' lockstep exec --env A=app:API_KEY --
it 'our environment is the program s' env MARK=mine LD_BIND_NOW=1 lockstep exec --env A=app:API_KEY -- \
	sh -c 'test "$MARK$LD_BIND_NOW" = mine1'
it '--pristine keeps the six and the secrets' env MARK=mine TZ=UTC lockstep exec --pristine \
	--env A=app:API_KEY -- env
is "$(cut -d= -f1 "$out" | grep -vxE 'PATH|HOME|USER|LANG|TERM|TZ|A|PWD|SHLVL|_')" '' 'and nothing else'
says 'TZ=UTC' 'with their values'
it 'replaces a variable that is there' env KEY=old lockstep exec --env KEY=app:API_KEY --no-mask -- env
is "$(grep -c '^KEY=' "$out")" 1 'so that it is there once'

# --- what is missing
it_exits 3 'a missing secret is 3' lockstep exec --env A=app:NOTHING -- echo started
says_not started 'before the program starts'
it_exits 3 'several too' lockstep exec --env A=app:NOTHING --env B=app:API_KEY --env C=many:web/GONE -- echo started
says 'app:NOTHING' 'and all'
says 'many:web/GONE' 'are named'
fits error 'as one error object' lockstep exec --json --env A=app:NOTHING -- echo started
it_exits 3 'a prefix with nothing below' lockstep exec --all app:NO -- echo started
it_exits 2 '--watch is not there yet' lockstep exec --watch --env A=app:API_KEY -- echo started
says 'not available in this version' 'and says so'
it_exits 2 '--consumer is not there yet' lockstep exec --consumer me --env A=app:API_KEY -- echo started

# --- masks
it 'masks what the program prints' lockstep exec --all app: -- sh -c 'echo "<$API_KEY> <$DB_PASSWORD>"; echo "$API_KEY" >&2'
is "$(cat "$out")" '<***> <***>' 'on stdout'
says '***' 'and stderr'
says 'app:PIN' 'and says what it does not mask'
says 'app:PORT' 'because it is too short or common'
is "$(grep -c 'not masked' "$err")" 1 'once'
it 'n89: short and common values spoil nothing' lockstep -q exec --all app: -- echo 'abc on port 8080'
is "$(cat "$out")" 'abc on port 8080' 'n89: of the output'
is "$(wc -c <"$err")" 0 'n89: and -q does not speak of them'
# n90: forms, and what a store says itself.
it 'n90: masks base64, hex, URL and JSON' lockstep exec --env P=app:DB_PASSWORD -- python3 -c '
import base64, json, os, urllib.parse
p = os.environ["P"]
print(base64.b64encode(p.encode()).decode().rstrip("="), p.encode().hex(), json.dumps(p), urllib.parse.quote(p, safe=""))'
is "$(cat "$out")" '*** *** "***" ***' 'n90: in one line'
it '--no-mask does not' lockstep exec --env A=app:API_KEY --no-mask -- sh -c 'echo "$A"'
is "$(cat "$out")" s3cr3t-k3y 'and then the program takes our place'

# --- exit codes, descriptors, world
it_exits 7 'the exit code is the program s' lockstep exec --env A=app:API_KEY -- sh -c 'exit 7'
it_exits 143 '128 and the signal' lockstep exec --env A=app:API_KEY -- sh -c 'kill -TERM $$'
it_exits 127 'no such program is 127' lockstep exec --env A=app:API_KEY -- no-such-program
it_exits 126 'one that cannot run is 126' lockstep exec --env A=app:API_KEY -- ./app.env
it_exits 127 'also without a mask' lockstep exec --env A=app:API_KEY --no-mask -- no-such-program
it 'options of the program are its own' lockstep exec --env A=app:API_KEY -- sh -c 'test "$1" = --json' - --json
it 'the umask is the caller s' sh -c 'umask 026; lockstep exec --env A=app:API_KEY -- sh -c "umask" | grep -q 0026'
list='import os; print(sorted(os.listdir("/proc/self/fd")))'
it 'the program starts' lockstep exec --all app: -- python3 -c "$list"
is "$(cat "$out")" "$(python3 -c "$list" 2>"$err")" 'with no descriptor of ours'
it 'the program may be traced, unlike us' lockstep exec --env A=app:API_KEY -- sh -c 'test -r /proc/$$/environ'
it 'n75: a closed stdin' sh -c 'lockstep exec --env A=app:API_KEY -- echo fine <&-'
it_exits 1 'n75: a closed stdout loses output' sh -c 'lockstep exec --env A=app:API_KEY -- echo fine >&-'
it 'n75: a closed stderr' sh -c 'lockstep exec --env A=app:API_KEY -- echo fine 2>&-'
for limit in 3 5 8 12 16; do
	run sh -c "ulimit -n $limit && lockstep exec --env A=app:API_KEY -- echo fine"
	[ "$status" -lt 128 ]
	is $? 0 "n75: $limit descriptors: no crash"
	case $status in 0) is "$(cat "$out")" fine "n75: $limit are enough" ;; esac
done
it_exits 2 'n91: escapes in a name do not reach the terminal' lockstep exec --env "$(printf 'A\033[31m=app:X')" -- true
is "$(tr -d '\n[:print:]' <"$err" | wc -c)" 0 'n91: raw'

# --- what it leaves
if grep -qE 's3cr3t|w..rd' audit.jsonl; then result no 'the audit has no value'; else result yes 'the audit has no value'; fi
rm -f audit.jsonl*
lockstep exec --env A=app:API_KEY --env B=app:PORT -- true
is "$(wc -l <audit.jsonl)" 1 'one line in the audit'
grep -q 'app:API_KEY app:PORT' audit.jsonl
is $? 0 'that lists the references'
if [ -e state.db ]; then result no 'the state is not opened'; else result yes 'the state is not opened'; fi

# --- redact
printf 'a s3cr3t-k3y b\np/ss w"rd?\n' >plain.txt
it 'redact masks what it is named' sh -c 'lockstep redact app:API_KEY app:DB_PASSWORD <plain.txt'
is "$(cat "$out")" "$(printf 'a *** b\n***')" 'and nothing else'
it 'redact takes a prefix' sh -c 'lockstep -q redact --all app: <plain.txt'
is "$(cat "$out")" "$(printf 'a *** b\n***')" 'too'
it_exits 2 'redact needs a secret' sh -c 'lockstep redact <plain.txt'
it_exits 3 'redact reports what is missing' sh -c 'lockstep redact app:NOTHING <plain.txt'
is "$(wc -c <"$out")" 0 'and prints nothing then'
head -c 3000000 /dev/urandom >bytes
it 'redact leaves other bytes alone' sh -c 'lockstep redact app:API_KEY <bytes >copy'
same bytes copy 'all of them'
it_exits 1 'n75: redact to a full disk is 1' sh -c 'lockstep redact app:API_KEY <bytes >/dev/full'
python3 - >"$out" 2>"$err" <<'END'
import subprocess
run = subprocess.Popen(["lockstep", "redact", "app:API_KEY"], stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE, bufsize=0)
run.stdin.write(b"s3cr")
found = b""
while found != b"s3cr":
    part = run.stdout.read(1)
    if not part:
        break
    found += part
run.stdin.write(b"x s3c")
run.stdin.write(b"r3t-k3y")
run.stdin.close()
print((found + run.stdout.read()).decode())
END
is "$(cat "$out")" 's3crx ***' 'redact lets go of what it held while nothing comes'

finish
