# SPDX-License-Identifier: Apache-2.0
# Sourced by the suites of the command line, after sandbox.sh: a config with
# one env-file store, and checks of JSON.

# fits SCHEMA NAME COMMAND...: its output is one line that fits docs/schema.
fits() {
	schema=$1 name=$2
	shift 2
	run "$@"
	why=$(python3 "$top_srcdir/tests/cli/fits.py" "$top_srcdir/docs/schema" "$schema" "$out" 2>&1)
	case $? in
	0) result yes "$name" ;;
	77) skip "$name" 'python3-jsonschema is not installed' ;;
	*) result no "$name ($why)" ;;
	esac
}

# member NAME: of the JSON object that was printed last.
member() {
	python3 -c '
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value if isinstance(value, str) else json.dumps(value))' "$out" "$1" 2>/dev/null
}

# A config of one store, app, in app.env; more of it comes from stdin.
write_config() {
	{
		cat <<-END
			state = { url = "sqlite:$sandbox/state.db"; key_file = "$sandbox/state.key"; };
			audit = { path = "$sandbox/audit.jsonl"; };
		END
		cat
	} >lockstep.conf
	chmod 600 lockstep.conf
}
