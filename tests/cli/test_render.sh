#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# render on a real env file, from the installed binary.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'API_KEY=s3cr3t\nDB_PASSWORD="p/s \\"w"\nEMPTY=\n' >app.env
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END

cat >plain.tmpl <<'END'
server { listen 80; } # { } and }} stay
key = {{ app:API_KEY }}; again {{app:API_KEY}} {{secretref://app/API_KEY}}
url = postgres://app:{{ app:DB_PASSWORD | url }}@db
json = "{{app:DB_PASSWORD|json}}"
two = {{ app:API_KEY | hex | base64 }}
go = {{{{ .Value }}
empty = "{{ app:EMPTY }}"
END
cat >wanted <<'END'
server { listen 80; } # { } and }} stay
key = s3cr3t; again s3cr3t s3cr3t
url = postgres://app:p%2Fs%20%22w@db
json = "p/s \"w"
two = NzMzMzYzNzIzMzc0
go = {{ .Value }}
empty = ""
END
it 'fills the places of a text' lockstep render plain.tmpl
same "$out" wanted 'and leaves the rest alone'
it 'takes the text from stdin' sh -c 'lockstep render - <plain.tmpl'
same "$out" wanted 'too'
it 'writes a file' lockstep render plain.tmpl -o out.conf
same out.conf wanted 'with the same text'
is "$(stat -c %a out.conf)" 600 'that only the owner can read'
is "$(wc -c <"$out")" 0 'and prints nothing'
chmod 400 out.conf
it 'replaces it' lockstep render plain.tmpl --output=out.conf
is "$(stat -c %a out.conf)" 400 'keeping a stricter mode'
chmod 644 out.conf
it 'replaces a file that others can read' lockstep render plain.tmpl -o out.conf
is "$(stat -c %a out.conf)" 600 'but not its mode'
ln out.conf other-name
lockstep render plain.tmpl -o out.conf
is "$(stat -c %h out.conf)" 1 'in one step: it is another file then'
ln -s out.conf link.conf
it_exits 2 'a link is not written through' lockstep render plain.tmpl -o link.conf
mkdir folder
it_exits 2 'a folder is no file' lockstep render plain.tmpl -o folder
printf 'no places\n' >none.tmpl
it 'a text without places stays as it is' lockstep render none.tmpl
same "$out" none.tmpl 'byte for byte'
printf '' >empty.tmpl
it 'an empty text is empty' lockstep render empty.tmpl
is "$(wc -c <"$out")" 0 'still'

# --- nothing is written if anything is wrong
rm -f other-name; cp out.conf before
bad() { # STATUS TEXT WORDS...
	printf "$2" >bad.tmpl
	it_exits "$1" "refuses $3" lockstep render bad.tmpl -o out.conf
	says "bad.tmpl:$4" "with its place"
}
bad 3 'a\nb\n  x {{ app:NOTHING }}\n' 'what is not there' 3:5
bad 3 '{{ app:API_KEY }} {{ app:NOTHING }}' 'the second of two' 1:19
bad 2 'line\n{{ app:API_KEY' 'a place without an end' 2:1
bad 2 '{{ app:API_KEY | upper }}' 'an unknown filter' 1:1
says upper 'and names it'
bad 2 '{{ }}' 'an empty place' 1:1
bad 2 '{{ not a reference }}' 'what is no reference' 1:1
bad 2 '{{ app:API_KEY | }}' 'a bar without a filter' 1:1
bad 2 '{{ app:API\nKEY }}' 'a place over two lines' 1:1
bad 2 '\n\n {{ nostore:KEY }}' 'an unknown store' 3:2
fits error 'failures are one error object' lockstep --json render bad.tmpl
same out.conf before 'and the file is as it was'
printf '{{ app:NOTHING }} {{ app:GONE }}' >bad.tmpl
it_exits 3 'several missing ones' lockstep render bad.tmpl
says app:NOTHING 'are all'
says app:GONE 'named'
it_exits 3 'no such template' lockstep render none-such.tmpl
it_exits 1 'n75: a full disk' sh -c 'lockstep render plain.tmpl >/dev/full'
is "$(find . -name '.*.lockstep.*' | wc -l)" 0 'no temporary file is left'
if grep -qE 's3cr3t' audit.jsonl "$err"; then result no 'no value in audit and errors'; else result yes 'no value in audit and errors'; fi
rm -f audit.jsonl*
lockstep render plain.tmpl >/dev/null
is "$(wc -l <audit.jsonl)" 1 'one line in the audit'

finish
