#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user under root's config: what he reads is recorded through the
# spool, and he does no harm there. Root only, in a folder that all can enter.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

if [ "$(id -u)" -ne 0 ]; then
	skip 'an ordinary user under the config of root' 'only root can be two users'
	finish
fi
if ! setpriv --reuid="$(id -u nobody)" --regid="$(id -u nobody)" --clear-groups true 2>/dev/null; then
	skip 'an ordinary user under the config of root' 'setpriv cannot become nobody'
	finish
fi
if ! world=$(mktemp -d /srv/lockstep-check.XXXXXX); then
	skip 'an ordinary user under the config of root' '/srv cannot be written'
	finish
fi
at_end() { rm -rf "$world"; }
nobody=$(id -u nobody)
spool=$world/log/audit.jsonl.spool

cp -a "$installed/usr" "$world/usr"
mkdir "$world/log"
printf 'API_KEY=hunter2\nOTHER=x\n' >"$world/app.env"
cat >"$world/lockstep.conf" <<END
state = { url = "sqlite:$world/state.db"; key_file = "$world/state.key"; };
audit = { path = "$world/log/audit.jsonl"; };
stores = { app = { plugin = "env-file"; path = "$world/app.env"; }; };
policies = ( { subject = "user:nobody"; secret = "app:API_KEY"; allow = [ "get", "set" ]; } );
END
chmod -R go+rX "$world/usr"
chmod 755 "$world"
chmod 644 "$world/app.env" "$world/lockstep.conf"
PATH=$world/usr/bin:$PATH
LOCKSTEP_CONFIG=$world/lockstep.conf
export LOCKSTEP_CONFIG
cd "$world" || exit 1

as_nobody() { setpriv --reuid="$nobody" --regid="$nobody" --clear-groups "$@"; }
lines() { wc -l <"$world/log/audit.jsonl"; }
# A shell, as nobody, which has the spool's path as $1.
meddle() { as_nobody sh -c "$1" meddle "$spool"; }
id=0190a5c4-7b7d-7000-8000-00000000000

it_exits 11 'without a spool a read is refused' as_nobody lockstep get app:API_KEY
says_not hunter2 'and gives nothing away'
says 'chmod go+x' 'and the way out is named'
it 'root reads' lockstep get app:OTHER
if [ -e "$spool" ]; then result no 'a closed folder gets no spool'; else result yes 'a closed folder gets no spool'; fi
chmod 711 "$world/log"
it_says '0 entries wait' 'doctor makes the spool' lockstep doctor
is "$(stat -c '%a %u' "$spool")" '1733 0' 'for all to add to, with the sticky bit'

it 'an allowed read works' as_nobody lockstep get app:API_KEY
is "$(cat "$out")" hunter2 'and prints the value'
it_exits 4 'a denied one is 4' as_nobody lockstep get app:OTHER
is "$(find "$spool" -name '*.json' -user nobody -perm 600 | wc -l)" 2 'both wait, a private file each'
if grep -rqs hunter2 "$spool"; then result no 'without the value'; else result yes 'without the value'; fi
it_says '2 entries wait' 'doctor counts them' lockstep doctor
it 'several at once work' as_nobody lockstep exec --env A=app:API_KEY -- true
printf new | as_nobody lockstep set app:API_KEY >"$out" 2>"$err" && echo changed >>"$world/app.env"
is "$(tr '\n' ' ' <"$world/app.env")" 'API_KEY=hunter2 OTHER=x ' 'a change is not made'

fits audit-tail "root's audit tail fits its schema" lockstep audit tail --json
lockstep audit tail --json >"$out"
is "$(python3 -c '
import json, sys
entries = [e for e in json.load(open(sys.argv[1]))["entries"] if "spool_id" in e]
print(sorted((e["subject"], e["action"], e["outcome"]) for e in entries if e["action"] == "get"))
' "$out")" "[('user:nobody', 'get', 'denied'), ('user:nobody', 'get', 'ok'), ('user:nobody', 'get', 'ok')]" 'and has the lines of nobody'
is "$(find "$spool" -mindepth 1 | wc -l)" 0 'and nothing waits any more'
it_exits 4 'who may not read the log may not tail it' as_nobody lockstep audit tail

meddle "cat >\"\$1/${id}1.json\"" <<'END'
{"time":"2026-01-01T00:00:00Z","phase":"read","action":"get","subject":"user:root","reference":"app:OTHER"}
END
before=$(lines)
fits audit-verify 'verify fits its schema and is content' lockstep audit verify --json
is "$(lines)" $((before + 1)) 'it took in what waited'
is "$(tail -n 1 "$world/log/audit.jsonl" | grep -c '"subject":"user:nobody"')" 1 'a forged subject is corrected'
is "$(member waiting)" 0 'nothing waits'

meddle "cd \"\$1\" && ln -s /etc/shadow ${id}2.json && mkfifo ${id}3.json && echo evil >${id}4.json &&
	truncate -s 1G ${id}4.json && mkdir ${id}5.json && : >evil"
is $? 0 'nobody fills the spool'
before=$(lines)
it 'links, fifos and huge files do no harm' timeout 20 lockstep audit tail
is "$(lines)" $((before + 3)) 'each is a line'
is "$(tail -n 3 "$world/log/audit.jsonl" | grep -c '"action":"spool","subject":"user:nobody"')" 3 'that names who put it there'
if grep -q evil "$world/log/audit.jsonl"; then result no 'without its content'; else result yes 'without its content'; fi
it 'and verify is content' lockstep audit verify
rm -rf "$spool/evil" "$spool/${id}5.json"

printf '{}\n' >"$spool/${id}6.json"
chmod 600 "$spool/${id}6.json"
meddle "cd \"\$1\" && for work in 'ls .' 'cat ${id}6.json' 'truncate -s 0 ${id}6.json' 'rm -f ${id}6.json' \
	'mv ${id}6.json x'; do \$work >/dev/null 2>&1 </dev/null && echo \"\$work: harm\"; done; :" \
	>"$out" 2>"$err"
is "$(cat "$out" "$err")" '' 'nobody can list, read, change, rename or remove what others put there'
is "$(cat "$spool/${id}6.json")" '{}' 'and it is as it was'
rm -f "$spool/${id}6.json"

chmod 1777 "$spool"
it_exits 11 'a spool with another mode is not used' as_nobody lockstep get app:API_KEY
it_says 'warn' 'and doctor says so' lockstep doctor
rm -rf "$spool"
it_exits 11 'without the spool it fails closed' as_nobody lockstep get app:API_KEY
says_not hunter2 'and gives nothing away'
it_exits 11 'a denial too' as_nobody lockstep get app:OTHER
it 'the next command of root that writes makes it anew' lockstep get app:OTHER
it 'and reads go on' as_nobody lockstep get app:API_KEY

finish
