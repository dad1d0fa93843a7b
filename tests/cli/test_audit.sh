#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The audit log as a person looks at it, and what `audit verify` finds when
# somebody meddled with it (n88). That a line was rewritten in place, with its
# number kept, is not found by this version: `help audit` says so.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

write_config <<END
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END
printf 'KEY=audit-canary-value\n' >app.env
chmod 600 app.env

for n in 1 2 3; do lockstep get app:KEY >/dev/null; done
printf other-canary-value | lockstep set app:KEY
it 'a log that nobody touched is good' lockstep audit verify
says '0 problems' 'and that is said'
fits audit-verify 'verify --json fits its schema' lockstep audit verify --json
it 'the last lines can be seen' lockstep audit tail -n 2
is "$(wc -l <"$out")" 2 'as many as were asked for'
is "$(grep -c canary audit.jsonl)" 0 'no value is in the log'
cp -p audit.jsonl good && cp -p audit.jsonl.head good.head
lines=$(wc -l <good)

# meddle NAME COMMAND...: its output takes the log's place, in the same file.
meddle() {
	name=$1
	shift
	cp -p good.head audit.jsonl.head
	"$@" >audit.jsonl
	it_exits 6 "n88: $name" lockstep audit verify
}
meddle 'a line that was removed is found' sed 2d good
says '3' 'and the number after the gap is named'
meddle 'two lines that changed places are found' awk 'NR == 2 { held = $0; next } { print } NR == 3 { print held }' good
meddle 'a line that was put in twice is found' sed 2p good
meddle 'a tail that was cut off is found' head -n "$((lines - 1))" good
says 'shorter than it was' 'and that the file is shorter than it was is said'
meddle 'a line that is no JSON any more is found' sed '2s/{/</' good
meddle 'a log that was emptied is found' true
finish
