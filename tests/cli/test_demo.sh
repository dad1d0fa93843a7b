#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The quickstart as `./bootstrap demo` runs it: it reaches its end, reads well
# on 80 columns, and shows no value but the one that it starts from.
. "$top_srcdir/tests/support/sandbox.sh"

cp -R "$top_srcdir/examples/quickstart" quickstart
chmod -R u+w,go= quickstart

it 'the demo runs to its end' sh quickstart/demo.sh
says 'hello from the service' 'the service lets the new key in'
says 'the service answers 401' 'the service refuses the old key'
says '(exit 9)' 'a rotation that the service does not take is rolled back'
cat "$out" "$err" >all.txt
is "$(awk 'length($0) > 80' all.txt | head -n 1)" '' 'no line is longer than 80 characters'

# The key that the demo made is nowhere to be seen.
run lockstep -c quickstart/lockstep.conf get app:API_KEY
key=$(cat "$out")
is "${#key}" 32 'the key is one that was generated'
is "$(grep -cF -e "$key" all.txt)" 0 'it is not on the screen'
is "$(find quickstart/state -type f | wc -l | awk '{ print ($1 > 2) }')" 1 'there is a state'
is "$(grep -rlF -e "$key" quickstart/state)" '' 'it is not in the state, the journal or the audit log'
finish
