#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the installed `lockstep rotate` at random moments, on a real env
# file with a copy in another: then `lockstep run`, and both files hold the old
# or the new value, the same, and every other byte is as before.
# What had only been planned is reported as rolled back (9).
# CRASH_TIMES rounds of each strategy (default 15; the crash job runs 200).
. "$top_srcdir/tests/support/sandbox.sh"

cat >verifier <<'END'
#!/bin/sh
cat >/dev/null
END
chmod 700 verifier
write() {
	cat >"$sandbox/lockstep.conf" <<-END
		state = { url = "sqlite:$sandbox/s/state.db"; key_file = "$sandbox/s/state.key"; };
		audit = { path = "$sandbox/s/audit.jsonl"; };
		stores = { app = { plugin = "env-file"; path = "$sandbox/app.env"; };
		           web = { plugin = "env-file"; path = "$sandbox/web.env"; }; };
		verifiers = { any = { plugin = "exec"; command = [ "$sandbox/verifier" ]; }; };
		rotations = { key = {
		  secret = [ "app:API_KEY" ]; strategy = "$1"; verify = [ "any" ];
		  generate = { kind = "hex"; length = 16; };
		  copies = ( { to = "web:KEY_COPY"; } ); }; };
	END
}
fresh='rm -rf "$sandbox/s"; mkdir -m 700 "$sandbox/s"
printf "# a comment\r\nexport OTHER=\"x y\"\nAPI_KEY=first-key\n\nLAST=1" >"$sandbox/app.env"
printf "KEY_COPY=first-key\nB=2\n" >"$sandbox/web.env"
chmod 600 "$sandbox/app.env" "$sandbox/web.env"'

cat >whole.py <<'END'
import re, sys, os, glob
here = sys.argv[1]
app = open(here + "/app.env", "rb").read()
web = open(here + "/web.env", "rb").read()
found = re.fullmatch(rb'# a comment\r\nexport OTHER="x y"\n((?:API_KEY__PREVIOUS=\S+\n)?)'
                     rb'API_KEY=(\S+)\n\nLAST=1', app)
copy = re.fullmatch(rb"KEY_COPY=(\S+)\nB=2\n", web)
assert found and copy, (app, web)
assert found[2] == copy[1], "the copy is another: %r %r" % (app, web)
assert found[2] == b"first-key" or re.fullmatch(rb"[0-9a-f]{32}", found[2]), app
assert not (found[1] and found[2] == b"first-key"), app
END

crash() {
	write "$1"
	echo "# $1"
	sh "$top_srcdir/tests/crash/kill_loop" -n "${CRASH_TIMES:-15}" \
		${CRASH_SEED:+-s "$CRASH_SEED"} -p "$fresh" \
		-r 'lockstep -c "$sandbox/lockstep.conf" run || [ $? -eq 9 ]' \
		-c 'python3 "$sandbox/whole.py" "$sandbox"' \
		-- lockstep -c "$sandbox/lockstep.conf" rotate key >"$sandbox/said" 2>&1
	status=$?
	sed '/^ok\|^not ok\|^1\.\./d' "$sandbox/said"
	number=$((number + 1))
	line=$(grep '^ok\|^not ok' "$sandbox/said")
	case $status:$line in
	0:ok*) echo "ok $number - $1: ${line#ok 1 - }" ;;
	*)
		echo "not ok $number - $1: ${line#not ok 1 - }"
		failures=$((failures + 1))
		;;
	esac
}
export sandbox
crash immediate
crash staged
finish
