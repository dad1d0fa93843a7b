# SPDX-License-Identifier: Apache-2.0
# get, list, check, audit and plugins on a real env file.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'API_KEY=hunter2\nQUOTED="a b"\nEMPTY=\nAPI_KEY__PENDING=next\n' >app.env
mkdir -p srv/web && printf 'TOKEN=t0ken\n' >srv/web/.env
write_config <<'END'
stores = {
  app  = { plugin = "env-file"; path = "app.env"; };
  many = { plugin = "env-file"; path = "srv/{namespace}/.env"; layout = "{namespace}/{name}"; };
  gone = { plugin = "env-file"; path = "gone.env"; };
};
policies = (
  { subject = "user:anna"; secret = "app:*"; allow = [ "get" ]; },
  { subject = "user:anna"; secret = "app:QUOTED"; deny = [ "get" ]; }
);
END

it 'prints a value' lockstep get app:API_KEY
is "$(cat "$out")" hunter2 'and nothing else'
is "$(wc -c <"$out")" 7 'not even a newline'
it 'reads through a layout' lockstep get many:web/TOKEN
it 'takes a full reference' lockstep get secretref://app/QUOTED
is "$(cat "$out")" 'a b' 'and unquotes the value'
it 'reads a label' lockstep get 'secretref://app/API_KEY?label=pending'
is "$(cat "$out")" next 'which is the other value'
it 'prints an empty value' lockstep get app:EMPTY
is "$(wc -c <"$out")" 0 'as nothing'
it 'finds the config by the environment' env LOCKSTEP_CONFIG="$sandbox/lockstep.conf" \
	sh -c 'cd / && lockstep get app:API_KEY'
it 'finds the config by an option' sh -c 'cd / && lockstep -c "$1" get app:API_KEY' - \
	"$sandbox/lockstep.conf"
fits get 'its JSON fits the schema' lockstep get app:API_KEY --json
is "$(member value)" hunter2 'and has the value'
is "$(member stale)" false 'and says whether it is stale'
is "$(member source)" app 'and where it came from'

it_exits 3 'no such key is 3' lockstep get app:NOTHING
says 'app:NOTHING' 'and is named'
fits error 'and is one error object' lockstep --json get app:NOTHING
is "$(member exit)" 3 'with the exit code'
it_exits 3 'no such file is 3' lockstep get gone:X
it_exits 2 'no such store is 2' lockstep get ap:API_KEY
says 'did you mean "app"' 'and the nearest is named'
it_exits 2 'a reserved name is 2' lockstep get app:API_KEY__PENDING
it_exits 2 'a path that does not fit the layout is 2' lockstep get many:TOKEN
it_exits 2 'versions are refused where there are none' lockstep get 'secretref://app/API_KEY?version=1'

# n38, n40: what is no reference never reaches a plugin.
for reference in app:../app.env 'app:%2e%2e%2fx' 'app:..;/x' 'many:a//b' 'many:web/' 'many:./TOKEN' \
	'app:/etc/passwd' 'app:a b' "$(printf 'app:a\nb')" "$(printf 'app:a\tb')" 'app:x?version=../1' \
	'http://app/API_KEY' 'SECRETREF://app/API_KEY' 'app' ':' 'app:'; do
	it_exits 2 "n38: refuses $(printf %s "$reference" | tr '\n\t' '??')" lockstep get "$reference"
done
# n44: nothing is folded to lower case.
it_exits 2 'n44: a store in capitals is no store' lockstep get APP:API_KEY
it_exits 3 'n44: a key in small letters is another key' lockstep get app:api_key

fits list 'list fits its schema' lockstep list app: --json
is "$(member paths)" '["API_KEY", "EMPTY", "QUOTED"]' 'is sorted and without side records'
it 'list takes a prefix' lockstep list app:A
is "$(cat "$out")" app:API_KEY 'and prints references'
it 'list of nothing is no failure' lockstep list app:ZZZ
it_exits 2 'list needs a store' lockstep list nope:

fits check 'check fits its schema' lockstep check --json
it 'check finds the config good' lockstep check
it 'policy lets anna read' lockstep check --as user:anna app:API_KEY get
says "lockstep.conf" 'and the rule is named'
it_exits 4 'a rule denies' lockstep check --as user:anna app:QUOTED get
it_exits 4 'what no rule allows is denied' lockstep check --as user:anna app:API_KEY set
it_exits 4 'a stranger may nothing' lockstep check --as user:mallory app:API_KEY get
fits check-as 'the decision fits its schema' lockstep check --as user:mallory app:API_KEY get --json
it_exits 2 'an unknown action is 2' lockstep check --as user:anna app:API_KEY frobnicate

it 'the audit has the reads' lockstep audit tail -n 200
says 'get app:API_KEY  ok' 'by reference'
says 'not-found' 'with what came of them'
if grep -q -e hunter2 -e t0ken audit.jsonl; then
	result no 'no value is in the audit'
else
	result yes 'no value is in the audit'
fi
fits audit-tail 'audit tail fits its schema' lockstep audit tail -n 5 --json
fits audit-verify 'audit verify fits its schema' lockstep audit verify --json
it 'audit verify finds nothing' lockstep audit verify
sed -i 2d audit.jsonl
it_exits 6 'audit verify finds the missing line' lockstep audit verify
says 'number 3 follows number 1' 'and names it'

fits plugins-list 'plugins list fits its schema' lockstep plugins list --json
fits plugins-info 'plugins info fits its schema' lockstep plugins info env-file --json
it_exits 3 'an unknown plugin is 3' lockstep plugins info nothing-like-it
it 'plugins list needs no config' sh -c 'mkdir empty && cd empty && lockstep plugins list'

# n87: strict, the default: no audit, no secret.
mv audit.jsonl audit.old && ln -s audit.old audit.jsonl
it_exits 11 'n87: no value without the audit' lockstep get app:API_KEY
is "$(wc -c <"$out")" 0 'n87: nothing was printed'
fits error 'n87: and the error says so' lockstep get app:API_KEY --json
rm audit.jsonl && mv audit.old audit.jsonl

finish
