#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is left when somebody else writes, when a program cannot be reloaded,
# and when two configs share one state: nothing is overwritten, and there is
# always a line to type.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

fresh() {
	rm -f app.env web.env broken
	printf 'KEY=first-value\n' >app.env
	printf 'COPY=first-value\n' >web.env
	chmod 600 app.env web.env
}
script() {
	cat >"$1"
	chmod 700 "$1"
}
value() { sed -n "s/^$2=//p" "$1"; }

# The verifier is where the other writer comes in.
script meddle <<'END'
#!/bin/sh
cat >/dev/null
[ ! -e meddling ] || { rm meddling; printf 'COPY=foreign\n' >web.env; }
END
script reload <<'END'
#!/bin/sh
[ ! -e broken ]
END
rotation='
stores = { app = { plugin = "env-file"; path = "app.env"; };
           web = { plugin = "env-file"; path = "web.env"; }; };
verifiers = { ok = { plugin = "exec"; command = [ "./meddle" ]; }; };
rotations = { key = { secret = [ "app:KEY" ]; strategy = "immediate";
  generate = { kind = "hex"; length = 16; }; copies = ( { to = "web:COPY"; } );
  reload = ( { consumer = "web"; command = [ "./reload" ]; timeout = "2s"; } );
  verify = [ "ok" ]; }; };'
echo "$rotation" | write_config

# --- a copy that somebody changes while the new value is verified
fresh
# The proof of the current value asks too; the second question is the one.
script meddle <<'END'
#!/bin/sh
cat >/dev/null
if [ -e armed ]; then rm armed; printf 'COPY=foreign\n' >web.env; fi
[ ! -e arm ] || mv arm armed
END
touch arm
it_exits 10 'a copy that was changed meanwhile is not taken for ours' lockstep rotate key
says 'web:COPY' 'it is named'
is "$(value web.env COPY)" foreign 'and left as it is'
operation=$(lockstep --json status | python3 -c '
import json, re, sys
print(re.search("[0-9a-f]{8}-[0-9a-f-]{27}", sys.stdin.read()).group(0))')

# --- another config on the same state, with the same names for other files
mkdir other
printf 'KEY=theirs\n' >other/app.env
printf 'COPY=theirs\n' >other/web.env
chmod 600 other/app.env other/web.env
cp meddle reload other
cp lockstep.conf other/lockstep.conf
it_exits 7 'an operation of another config is not taken up' \
	lockstep -c other/lockstep.conf resume "$operation"
says "$sandbox/lockstep.conf" 'and its own is named'
it_exits 7 'nor taken back' lockstep -c other/lockstep.conf rollback "$operation"
run lockstep -c other/lockstep.conf run
is "$(cat other/app.env other/web.env | tr '\n' ' ')" 'KEY=theirs COPY=theirs ' 'nothing of the other is touched'

# The foreign copy is put right by hand, and the operation goes on.
new=$(value app.env KEY)
printf 'COPY=%s\n' "$new" >web.env
it 'what was put right can go on' lockstep resume "$operation"
is "$(value app.env KEY)" "$new" 'with the new value'

# --- a program that cannot be reloaded any more
fresh
touch broken
it_exits 10 'a reload that always fails is for a person' lockstep rotate key
says 'rollback --skip-reload' 'and the way out is said'
is "$(cat app.env web.env | tr '\n' ' ')" 'KEY=first-value COPY=first-value ' 'the values are the old ones'
it_exits 10 'taking it back asks the program again' lockstep rollback key
it 'without the program it ends' lockstep rollback key --skip-reload --reason 'it is gone'
is "$(cat app.env web.env | tr '\n' ' ')" 'KEY=first-value COPY=first-value ' 'with the old values'
rm broken
it 'and the secret is free again' lockstep rotate key
finish
