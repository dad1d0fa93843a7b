# SPDX-License-Identifier: Apache-2.0
# set, delete and verify: one step, audited, read back; and what is refused.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf '# kept\nAPI_KEY=hunter2\r\nOTHER=x' >app.env
cp app.env before.env
write_config <<'END'
stores = {
  app    = { plugin = "env-file"; path = "app.env"; };
  frozen = { plugin = "env-file"; path = "app.env"; read_only = true; };
  fresh  = { plugin = "env-file"; path = "fresh.env"; create = true; };
};
END

# give VALUE COMMAND...: VALUE on standard input, byte for byte.
give() {
	input=$1
	shift
	printf %s "$input" | "$@"
}

it 'sets a value' give 'new value' lockstep set app:OTHER
is "$(cat "$out" "$err")" '' 'and says nothing'
is "$(lockstep get app:OTHER)" 'new value' 'which is there'
is "$(sed 1,2d app.env | wc -l)" 0 'the last line still has no end'
head -n 2 app.env >now.txt && head -n 2 before.env >was.txt
same now.txt was.txt 'and every other byte is as it was'
fits set 'the JSON fits its schema' give third lockstep set app:OTHER --json
is "$(member outcome)" done 'and says done'
is "$(member new_version)" "$(lockstep get app:OTHER --json >"$out" && member version)" \
	'and names the version there is'
printf 'line\n' >value.txt
it 'reads a file' lockstep set app:OTHER @value.txt
lockstep get app:OTHER >now.txt
same now.txt value.txt 'with its last newline'
it_exits 3 'no such file is 3' lockstep set app:OTHER @nothing.txt
it 'makes a missing file where it may' give x lockstep set fresh:KEY
is "$(stat -c %a fresh.env)" 600 'for the owner alone'

it_exits 2 'a value as an argument is refused' lockstep set app:OTHER s3cr3t
says 'every user of this machine' 'with the reason'
says_not s3cr3t 'and not repeated'
it_exits 2 'nor with --' lockstep set app:OTHER -- s3cr3t
it_exits 2 'nor in JSON' lockstep set --json app:OTHER s3cr3t
says_not s3cr3t 'and not repeated in JSON'
cp app.env before.env
it_exits 2 'a NUL is refused before anything begins' sh -c 'printf "a\0b" | lockstep set app:OTHER'
it_exits 2 'a store that is read-only' give x lockstep set frozen:OTHER
it_exits 2 'a field where there are none' give x lockstep set app:OTHER#user
it_exits 2 'a label' give x lockstep set 'secretref://app/OTHER?label=pending'
it_exits 2 'a reserved name' give x lockstep set app:OTHER__PENDING
it_exits 2 'a version' give x lockstep set 'secretref://app/OTHER?version=1'
it_exits 2 'more than a value may hold' sh -c 'head -c 1100000 /dev/zero | tr "\0" x | lockstep set app:OTHER'
same app.env before.env 'nothing of that changed the file'

lockstep get app:API_KEY --json >"$out"
version=$(member version)
it 'the right version lets it through' give one lockstep set app:API_KEY --if-version "$version"
it_exits 7 'an old version is a conflict' give two lockstep set app:API_KEY --if-version "$version"
says 'lockstep get --json app:API_KEY' 'with what to do: read it again'
is "$(lockstep get app:API_KEY)" one 'and changes nothing'
fits error 'as JSON: one error object' give two lockstep set --json app:API_KEY --if-version "$version"
it_exits 7 'a name that must be new is not' give x lockstep set app:API_KEY --if-version ''
says 'it is there already' 'and says why'
it 'a new name may be made' give x lockstep set app:FRESH --if-version ''
it_exits 7 'delete takes a version too' lockstep delete app:FRESH --if-version nonsense
fits delete 'delete fits its schema' lockstep delete app:FRESH --json
it_exits 3 'what is gone is gone' lockstep get app:FRESH
it_exits 3 'and cannot be deleted again' lockstep delete app:FRESH

# A value that is typed: not shown, and without its newline. What is typed as
# soon as the prompt is there must count; what waits for more is killed.
python3 - >"$out" 2>"$err" <<'END'
import os, pty, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execlp("lockstep", "lockstep", "set", "app:TYPED")
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(60)
shown, typed = b"", False
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:  # the other end is closed
        break
    if not part:
        break
    shown += part
    if not typed and b"Ctrl-D): " in shown:
        os.write(fd, b"typed-in\n\x04")
        typed = True
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), b"typed-in" in shown)
print(shown, file=sys.stderr)
END
is "$(cat "$out")" '0 False' 'a typed value is not shown'
lockstep get app:TYPED >now.txt
is "$(wc -c <now.txt)" 8 'and is stored without its newline'

it 'the audit has a line before and one after' lockstep audit tail -n 400
says 'before  user:' 'before'
says 'set app:API_KEY  ok' 'after'
it 'and hangs together' lockstep audit verify
if grep -qrF -e 'new value' -e typed-in audit.jsonl state.db; then
	result no 'no value is in the audit or the state'
else
	result yes 'no value is in the audit or the state'
fi
mv audit.jsonl audit.old && mkdir audit.jsonl
cp app.env before.env
it_exits 11 'n87: no audit, no change' give x lockstep set app:OTHER
same app.env before.env 'n87: the file is as it was'
rmdir audit.jsonl && mv audit.old audit.jsonl

# What is being changed by an operation that has not ended stays as it is.
cat >yes.sh <<'END'
#!/bin/sh
exec cat >/dev/null
END
chmod 700 yes.sh
write_config <<END
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
verifiers = { yes = { plugin = "exec"; command = [ "$sandbox/yes.sh" ]; }; };
rotations = {
  key = { secret = [ "app:OTHER" ]; generate = { kind = "hex"; }; strategy = "immediate";
          verify = [ "yes" ]; every = "90d"; soak = "1h"; };
};
END
run lockstep rotate key --detach --json
operation=$(member operation)
is "${#operation}" 36 'a rotation is under way'
cp app.env before.env
it_exits 7 'what it changes cannot be set' give x lockstep set app:OTHER
says "$operation" 'and its operation is named'
it_exits 7 'nor deleted' lockstep delete app:OTHER --json
is "$(member operation)" "$operation" 'and JSON has the operation'
same app.env before.env 'the file is as it was'
it 'another secret can' give x lockstep set app:API_KEY

# --- nothing came through the pipe
before=$(cksum <app.env)
it_exits 2 'an empty standard input is no value' sh -c 'false | lockstep set app:API_KEY'
says '@/dev/null' 'and how to store an empty one is said'
is "$(cksum <app.env)" "$before" 'the file is as it was'

# --- Ctrl-C at the prompt
cat >interrupt.py <<'END'
import os, pty, signal, sys, termios, time
child, fd = pty.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execvp("lockstep", ["lockstep", "set", "app:API_KEY"])
seen = b""
while b"value" not in seen:
    seen += os.read(fd, 1000)
assert not termios.tcgetattr(fd)[3] & termios.ECHO
os.kill(child, signal.SIGINT)
_, status = os.waitpid(child, 0)
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
assert termios.tcgetattr(fd)[3] & termios.ECHO, "the terminal does not echo any more"
END
it 'an interrupt at the prompt leaves the terminal as it was' timeout 60 python3 interrupt.py
finish
