# SPDX-License-Identifier: Apache-2.0
# verify: three answers and three exit codes; the value is never printed.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'GOOD=right\nBAD=wrong\nODD=nobody\nTALK=talkative-0123456789-values\nLONG=longish-0123456789-value\n' >app.env
cat >ping.sh <<'END'
#!/bin/sh
read -r value
case $value in
right) exit 0 ;;
wrong) echo "key not accepted" >&2; exit 1 ;;
talkative*)
	echo "no key $value, $(printf %s "$value" | base64)," \
		"$(printf %s "$value" | od -An -tx1 | tr -d ' \n') here" >&2
	exit 1 ;;
longish*) printf '%0388d %s\n' 0 "$(printf %s "$value" | base64)" >&2; exit 1 ;;
*) echo "no answer from the service" >&2; exit 75 ;;
esac
END
chmod 700 ping.sh
write_config <<END
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
verifiers = {
  ping = { plugin = "exec"; command = [ "$sandbox/ping.sh" ]; timeout = "20s"; };
};
END

it 'what works is 0' lockstep verify ping app:GOOD
says valid 'and said'
it_exits 6 'what does not is 6' lockstep verify ping app:BAD
says 'key not accepted' 'with what the verifier says'
it_exits 5 'an outage is 5' lockstep verify ping app:ODD
says unknown 'and no verdict'
fits verify 'valid fits its schema' lockstep verify ping app:GOOD --json
is "$(member verdict)" valid 'and says so'
fits verify 'invalid fits its schema' lockstep verify ping app:BAD --json
is "$(member exit)" 6 'and says so'
fits verify 'unknown fits its schema' lockstep --json verify ping app:ODD
it_exits 3 'no such secret is 3' lockstep verify ping app:NOTHING
it_exits 2 'no such verifier is 2' lockstep verify pong app:GOOD
lockstep verify ping app:BAD >all.txt 2>&1
lockstep -vv verify ping app:BAD --json >>all.txt 2>&1
is "$(grep -c wrong all.txt audit.jsonl | tr '\n' ' ')" 'all.txt:0 audit.jsonl:0 ' 'the value is nowhere'
it_exits 6 'a verifier may repeat the key' lockstep verify ping app:TALK
says 'no key ***, ***, *** here' 'raw or encoded, it is masked'
lockstep verify ping app:LONG >all.txt 2>&1
is "$(grep -c bG9uZ2 all.txt)" 0 'an encoded key that is cut in two is left out'
it 'the audit names the verifier and the answer' lockstep audit tail
says 'verify ping  invalid' 'with the verdict'
finish
