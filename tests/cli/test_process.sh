# SPDX-License-Identifier: Apache-2.0
# The process: its options, output, environment, descriptors and locale.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'API_KEY=hunter2\n' >app.env
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END

it 'prints its version' lockstep version
it 'prints its version as an option' lockstep --version
fits version 'as JSON too' lockstep version --json
it 'explains itself' lockstep help
says 'Commands:' 'with its commands'
is "$(awk 'length > 80' "$out" | wc -l)" 0 'in 80 columns'
for command in $(lockstep help --json | python3 -c '
import json, sys
print(*[c["name"] for c in json.load(sys.stdin)["commands"]])'); do
	it "explains $command" lockstep help "$command"
	is "$(awk 'length > 80' "$out" | wc -l)" 0 "$command: in 80 columns"
	it "explains $command by an option" lockstep "$command" --help
done
fits help 'help fits its schema' lockstep help --json
it 'explains the config' lockstep help config
it 'explains a section' lockstep help stores
it_says 'mode' 'a command that is a section too is explained as both' lockstep help audit
says 'tail prints the last lines' 'the command'
says 'In the config file' 'and the section'
it 'explains the exit codes' lockstep help exit
it_exits 2 'an unknown topic is 2' lockstep help nothing-like-it
says 'nothing-like-it' 'and named'

it_exits 2 'no command is 2' lockstep
it_exits 2 'an unknown command is 2' lockstep gte
says 'did you mean get' 'and the nearest is named'
it_exits 2 'an unknown option is 2' lockstep get --jsno app:API_KEY
says 'did you mean --json' 'and the nearest is named'
it_exits 2 'a missing argument is 2' lockstep get
it_exits 2 'an argument too many is 2' lockstep get app:API_KEY app:API_KEY
it_exits 2 'quiet and verbose exclude each other' lockstep -q -v version
fits error 'a usage error is one object with --json' lockstep get --json
it 'options may follow the command' lockstep get app:API_KEY -c lockstep.conf
it '-- ends the options' lockstep get -- app:API_KEY
it_exits 2 'no config is 2' sh -c 'mkdir none && cd none && lockstep get app:API_KEY'
it_exits 2 'a config that is not there is 2' lockstep -c nothing.conf get app:API_KEY

# n75: whatever is wrong with the standard descriptors, no value goes astray.
it_exits 1 'n75: a full disk behind stdout is 1' sh -c 'lockstep get app:API_KEY >/dev/full'
says 'No space left' 'n75: and is said'
it_exits 1 'n75: the same for text' sh -c 'lockstep list app: >/dev/full'
it_exits 1 'n75: the same for JSON' sh -c 'lockstep list app: --json >/dev/full'
it_exits 1 'n75: a closed stdout is 1' sh -c 'lockstep get app:API_KEY >&-'
it 'n75: a closed stdin is fine' sh -c 'lockstep get app:API_KEY <&-'
it 'n75: a closed stderr is fine' sh -c 'lockstep get app:API_KEY 2>&-'
it_exits 1 'n75: all closed is 1' sh -c 'lockstep get app:API_KEY <&- >&- 2>&-'
if grep -q hunter2 audit.jsonl audit.jsonl.head; then
	result no 'n75: no file of ours became stdout'
else
	result yes 'n75: no file of ours became stdout'
fi
for limit in 3 4 5 6 8 12; do
	run sh -c "ulimit -n $limit && lockstep get app:API_KEY"
	case $status in
	0) is "$(cat "$out")" hunter2 "n75: $limit descriptors are enough" ;;
	*)
		is "$(wc -c <"$out")" 0 "n75: $limit descriptors: nothing printed"
		[ "$status" -lt 128 ]
		is $? 0 "n75: $limit descriptors: no crash"
		;;
	esac
done

# n74: a closed pipe is a quiet failure, not a signal.
python3 - >"$out" 2>"$err" <<'END'
import os, subprocess
read, write = os.pipe()
os.close(read)
for words in (["help"], ["get", "app:API_KEY"]):
    run = subprocess.run(["lockstep", *words], stdout=write, stderr=subprocess.PIPE,
                         restore_signals=True)
    print(run.returncode, len(run.stderr))
END
is "$(cat "$out")" "$(printf '1 0\n1 0')" 'n74: a closed pipe ends quietly with 1'

# n79: nothing of the environment diverts it; hostile places and modes.
cat >evil.c <<'END'
#include <stdio.h>
__attribute__((constructor)) static void evil(void) { fputs("EVIL", stdout); fflush(stdout); }
END
if cc -shared -fPIC -o evil.so evil.c 2>/dev/null; then
	mkdir path && cp evil.so path/env-file.so
	it 'n79: search paths of the environment are not used' \
		env LTDL_LIBRARY_PATH="$sandbox/path" LD_LIBRARY_PATH="$sandbox/path" lockstep get app:API_KEY
	is "$(cat "$out")" hunter2 'n79: and the value is the only output'
else
	skip 'n79: search paths of the environment are not used' 'no compiler'
fi
it 'n79: a umask of 0 makes no open file' sh -c 'rm -f audit.jsonl*; umask 0; lockstep get app:API_KEY'
is "$(stat -c %a audit.jsonl)" 600 'n79: the audit log is 0600'
it_exits 2 'n79: a folder that is gone' sh -c 'mkdir gone && cd gone && rmdir ../gone && lockstep get app:API_KEY'
it 'n79: TMPDIR is not looked at' env TMPDIR=/nonexistent lockstep get app:API_KEY
it 'n79: an empty environment' env -i "$(command -v lockstep)" get app:API_KEY
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	# A set-user-id copy that somebody else may run.
	open=$(mktemp -d /tmp/lockstep-check.XXXXXX)
	cp "$(command -v lockstep)" "$open/lockstep" && chmod 755 "$open" && chmod 4755 "$open/lockstep"
	it_exits 4 'n79: refuses to run set-user-id' \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$open/lockstep" version
	says 'set-user-id' 'n79: and says so'
	rm -rf "$open"
else
	skip 'n79: refuses to run set-user-id' 'needs root and setpriv'
fi

# n80: the locale changes nothing.
lockstep get app:API_KEY --json >plain.json
lockstep help >plain.txt
for locale in tr_TR.UTF-8 ja_JP.eucJP de_DE.UTF-8 C.UTF-8; do
	it "n80: works in $locale" env LC_ALL=$locale LANGUAGE=de lockstep help
	same "$out" plain.txt "n80: help is the same in $locale"
	it "n80: get works in $locale" env LC_ALL=$locale lockstep get app:API_KEY --json
	same "$out" plain.json "n80: JSON is the same in $locale"
done

# n91: what was typed or stored cannot speak to the terminal.
it_exits 2 'n91: format and escape characters in a reference' \
	lockstep get "$(printf 'app:%%n%%s\033[31m')"
if grep -q "$(printf '\033')" "$err"; then
	result no 'n91: no escape reaches the terminal'
else
	result yes 'n91: no escape reaches the terminal'
fi
it_exits 2 'n91: an option of control characters' lockstep "$(printf -- '--a\033[0m\nb')"
is "$(tr -d '\n[:print:]' <"$err" | wc -c)" 0 'n91: is not repeated raw'
is "$(wc -l <"$err")" 2 'n91: nor breaks the line'

# What a plain get does not need is not mapped.
LD_DEBUG=libs lockstep get app:API_KEY >"$out" 2>"$err"
for library in libcurl libssl libcrypto libsqlite3; do
	if grep -q "calling init.*$library" "$err"; then
		result no "get does not map $library"
	else
		result yes "get does not map $library"
	fi
done
grep -q 'calling init.*libjansson' "$err"
is $? 0 'and the check would notice'
if [ -e state.db ]; then result no 'get does not open the state'; else result yes 'get does not open the state'; fi

finish
