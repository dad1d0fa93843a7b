#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# init, doctor and completion, from the installed binary.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

# Takes away the # of what init wrote as a comment.
uncomment() { sed 's/^#\([^ ]\)/\1/' lockstep.conf >all.conf && chmod 600 all.conf; }

# --- an empty folder
it 'init writes a config' lockstep init
is "$(stat -c %a lockstep.conf)" 600 'that only the owner can read'
it 'which passes check' lockstep check
own_state lockstep.conf
it 'doctor finds nothing wrong' lockstep doctor
it_exits 7 'init does not touch one that is there' lockstep init
says 'there already' 'and says so'
it 'the first value makes the env file' sh -c 'printf v1 | lockstep set app:FIRST'
it 'that can be read' lockstep get app:FIRST
rm -rf lockstep.conf .env own

# --- env files of all sorts
printf 'GITHUB_TOKEN=a\nJWT_SECRET=b\nANTHROPIC_API_KEY=k\nDATABASE_URL=c\nexport API_KEY=d\n' >.env
printf 'GITHUB_TOKEN=a\nSESSION_SECRET=b\n' >.env.staging
printf 'with.dots=1\nA=2\n' >web.env
printf 'this line makes no sense\nKEY=1\n' >odd.env
printf 'API_KEY=\n' >.env.example
mkdir shared && printf 'S=1\n' >shared/real.env && ln -s shared/real.env 9linked.env
rm -rf 9linked.env
fits init 'init --json fits its schema' lockstep init --json
is "$(member path)" lockstep.conf 'and names the config'
it 'the config passes check' lockstep check
says_not warn 'without a word'
is "$(awk 'length > 110' lockstep.conf | wc -l)" 0 'lines are not too long'
own_state lockstep.conf
for ref in app:GITHUB_TOKEN staging:SESSION_SECRET web:with.dots odd:KEY; do
	it "$ref can be read" lockstep get "$ref"
done
if grep -q 'env.example' lockstep.conf; then result no 'an example is no store'; else result yes 'an example is no store'; fi
it 'no rotation is active' sh -c '! grep -q "^rotations" lockstep.conf'
it 'known keys get a verifier, commented' grep -q '^#.*github = ' lockstep.conf
it 'and a rotation, commented' grep -q '^#.*jwt-secret = ' lockstep.conf
uncomment
it 'everything that is commented passes check when it is not' lockstep -c all.conf check
it 'doctor looks at all of it' lockstep doctor
for word in config 'plugin env-file' 'store staging' 'state key' audit 'secret memory' leftovers libraries; do
	says "$word" "at $word"
done
fits doctor 'doctor --json fits its schema' lockstep doctor --json
is "$(member ok)" true 'and says that it is well'

# A verifier of init asks the service: here a curl that knows one key.
mkdir bin && cat >bin/curl <<'END'
#!/bin/sh
head=$(cat)
case $* in *good.example*|*github*) ;; *) exit 9 ;; esac
case $head in
'Authorization: Bearer a') printf 200 ;;
'Authorization: Bearer down') printf 503 ;;
*) printf 401 ;;
esac
END
chmod 755 bin/curl
sed "s#\"sh\", \"-c\",#\"env\", \"PATH=$sandbox/bin:/usr/bin:/bin\", \"sh\", \"-c\",#" all.conf >with.conf
chmod 600 with.conf
it 'its verifier says yes to a key that works' lockstep -c with.conf verify github app:GITHUB_TOKEN
printf 'GITHUB_TOKEN=wrong\n' >.env.staging
it_exits 6 'no to one that does not' lockstep -c with.conf verify github staging:GITHUB_TOKEN
printf 'GITHUB_TOKEN=down\n' >.env.staging
it_exits 5 'and cannot tell while the service is down' lockstep -c with.conf verify github staging:GITHUB_TOKEN

# --- other ways to call it
rm -f lockstep.conf
it 'init takes the files it is told' lockstep init --from shared/real.env
is "$(grep -c 'plugin = "env-file"' lockstep.conf)" 1 'and no other'
own_state lockstep.conf
it 'they can be read' lockstep get real:S
rm -f lockstep.conf
it_exits 3 'a file that is not there is 3' lockstep init --from none.env
it 'then nothing is written' test ! -e lockstep.conf
mkdir conf && it 'init writes where -c says' lockstep -c conf/my.conf init --from web.env
own_state conf/my.conf
it 'with paths that work there' lockstep -c conf/my.conf get web:A
if [ "$(id -u)" -eq 0 ]; then mode=0777; else mode=0777; fi
mkdir open && chmod $mode open
it_exits 4 'not in a folder that others can write' lockstep -c open/my.conf init --from web.env
it 'then nothing is written' test ! -e open/my.conf
is "$(grep -c s3cr3t lockstep.conf 2>/dev/null)" '' 'no value is in a config'

# --- doctor with something wrong
rm -f lockstep.conf
write_config <<'END'
stores = {
  app   = { plugin = "env-file"; path = "web.env"; allow_dotted_keys = true; };
  ghost = { plugin = "no-such-plugin"; };
};
END
it_exits 1 'doctor fails on a missing plugin' lockstep doctor
says 'no-such-plugin' 'and names it'
fits doctor 'as JSON too' lockstep doctor --json
is "$(member ok)" false 'which says that something is wrong'
: >.web.env.lockstep.0123456789abcdef
it_exits 1 'doctor sees what a crash left' lockstep doctor
says '.web.env.lockstep.0123456789abcdef' 'and names it'
rm -f .web.env.lockstep.*
printf 'stores = {' >lockstep.conf
it_exits 1 'doctor goes on without a config' lockstep doctor
says 'secret memory' 'with what it can look at'
rm -f lockstep.conf && write_config <<'END'
stores = { app = { plugin = "env-file"; path = "web.env"; allow_dotted_keys = true; }; };
END
: >state.key && chmod 644 state.key
it_exits 1 'doctor fails on a key that others can read' lockstep doctor
says 'state.key' 'and names it'
rm -f state.key
if [ "$(ulimit -H -l)" != 0 ] && sh -c 'ulimit -l 0' 2>/dev/null && [ "$(id -u)" -ne 0 ]; then
	it_says 'cannot be locked' 'doctor warns of memory that cannot be locked' sh -c 'ulimit -l 0; lockstep doctor'
else
	skip 'doctor warns of memory that cannot be locked' 'root is not bound by the limit'
fi

# --- doctor and the state
it 'a change makes the state' sh -c 'printf v | lockstep set app:A'
it 'doctor is content with it' lockstep doctor
says 'unfinished' 'and counts what is unfinished'
printf 'this is no database, and long enough to be none' >state.db
rm -f state.db-wal state.db-shm
it_exits 1 'doctor fails on a state that is broken' lockstep doctor
says '--adopt-state' 'and says what to do'
it 'doctor --adopt-state does it' lockstep doctor --adopt-state
says 'adopt state' 'and says what it did'
it 'doctor is content again' lockstep doctor
it 'and so is a change' sh -c 'printf w | lockstep set app:A'

# --- completion
it_exits 2 'an unknown shell is 2' lockstep completion tcsh
cat >complete.bash <<'END'
eval "$(lockstep completion bash)" || exit 1
words() {
	COMP_WORDS=(lockstep "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_lockstep
	printf '%s\n' "${COMPREPLY[@]}"
}
words "$@"
END
completes() { # NAME WANTED WORDS...
	name=$1 wanted=$2
	shift 2
	run bash complete.bash "$@"
	if grep -qxF -e "$wanted" "$out"; then result yes "bash: $name"; else result no "bash: $name"; fi
}
if command -v bash >/dev/null; then
	it 'bash: the script parses' sh -c 'lockstep completion bash | bash -n'
	for command in $(lockstep help --json | python3 -c 'import json, sys
print(*[c["name"] for c in json.load(sys.stdin)["commands"]])'); do
		completes "$command is completed" "$command" "$(printf %.2s "$command")"
	done
	completes 'an option' --all exec --a
	completes 'a global option first' --json --js
	completes 'after a global option with its argument' get -c lockstep.conf ge
	completes 'a fixed word' verify audit v
	completes 'a file name' lockstep.conf -c lockst
	completes 'a program after --' true exec --all app: -- tru
	completes 'an option of get after its argument' --json get app:A --j
	if command -v shellcheck >/dev/null; then
		it 'bash: shellcheck agrees' sh -c 'lockstep completion bash | shellcheck -s bash -'
	else
		skip 'bash: shellcheck agrees' 'shellcheck is not installed'
	fi
else
	skip 'bash' 'bash is not installed'
fi
if command -v zsh >/dev/null; then
	it 'zsh: the script parses' sh -c 'lockstep completion zsh >_lockstep && zsh -n _lockstep'
	it 'zsh: it defines the completion' zsh -fc 'autoload -U compinit && compinit -D -u && . ./_lockstep && test "$_comps[lockstep]" = _lockstep'
else
	skip 'zsh: the script parses' 'zsh is not installed'
fi
if command -v fish >/dev/null; then
	it 'fish: the script parses' sh -c 'lockstep completion fish >lockstep.fish && fish -n lockstep.fish'
	it_says exec 'fish: it completes a command' fish -c 'source lockstep.fish; complete -C "lockstep ex"'
else
	skip 'fish: the script parses' 'fish is not installed'
fi

finish
