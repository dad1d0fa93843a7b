#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the installed `lockstep rotate` at random moments, on a real env
# file with a copy in another: then `lockstep run`, and both files hold exactly
# the old or the new value, the same, every other byte is as before, and the
# report says which. What had only been planned is rolled back (exit 9).
# CRASH_TIMES rounds of each strategy (default 20; .ci/run does 200) from
# CRASH_SEED (default: a new one, printed).
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

# After recovery: what the report says, held against the bytes of the files.
cat >whole.py <<'END'
import json, re, subprocess, sys
here = sys.argv[1]

def ask(*words):
    done = subprocess.run(["lockstep", "-c", here + "/lockstep.conf", "--json", *words],
                          stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)

operations = ask("history", "key")["operations"]
assert len(operations) <= 1, operations
state = operations[0]["state"] if operations else None  # None: it had not begun
assert state in (None, "done", "rolled-back"), operations
is_new = state == "done"

app = open(here + "/app.env", "rb").read()
web = open(here + "/web.env", "rb").read()
found = re.fullmatch(rb'# a comment\r\nexport OTHER="x y"\nAPI_KEY=(\S+)\n\nLAST=1', app)
copy = re.fullmatch(rb"KEY_COPY=(\S+)\nB=2\n", web)
assert found and copy, (app, web)
value = found[1].decode()
assert copy[1] == found[1], "the copy is another: %r %r" % (app, web)
if is_new:
    assert re.fullmatch("[0-9a-f]{32}", value), "new is said, there is %r" % value
else:
    assert value == "first-key", "%s is said, there is %r" % (state, value)

now = ask("get", "app:API_KEY")
assert now["value"] == value, now
if operations:
    report = ask("status", operations[0]["operation"])["operation"]
    assert report["outcome"] == state, report
    said = report["new_version" if is_new else "old_version"]
    # What had only been planned had read no version yet.
    untouched = all(step["phase"] in ("todo", "skipped") for step in report["steps"])
    assert said == now["version"] or (said is None and untouched and not is_new), \
        "the report names %s, there is %s" % (said, report)
    wanted = "new" if is_new else "old"
    assert all(target["holds"] == wanted for target in report["targets"]), report["targets"]
with open(here + "/outcomes", "a") as file:
    print(state or "not begun", file=file)
END

crash() {
	write "$1"
	rm -f outcomes
	echo "# $1"
	sh "$top_srcdir/tests/crash/kill_loop" -n "${CRASH_TIMES:-20}" \
		${CRASH_SEED:+-s "$CRASH_SEED"} -p "$fresh" \
		-r 'lockstep -c "$sandbox/lockstep.conf" run || [ $? -eq 9 ]' \
		-c 'python3 "$sandbox/whole.py" "$sandbox"' \
		-- lockstep -c "$sandbox/lockstep.conf" rotate key >"$sandbox/said" 2>&1
	status=$?
	sed '/^ok\|^not ok\|^1\.\./d' "$sandbox/said"
	echo "# reported: $(sort outcomes 2>/dev/null | uniq -c | tr -s ' \n' ' ')"
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
