# SPDX-License-Identifier: Apache-2.0
# Sourced by the shell suites: an installed Lockstep, a private folder, and TAP.
#
#   . "$top_srcdir/tests/support/sandbox.sh"
#   it 'prints the version' lockstep version
#   it_exits 3 'says that there is no such key' lockstep get app:NOTHING
#   it_says 'not found' 'names the reason' lockstep get app:NOTHING
#   finish
#
# $sandbox is a fresh folder under $HOME (the trust rules refuse what others can
# write above it), the working directory, and gone at the end. $installed holds
# the tree that `make install` made of this build, shared by all suites of it.
# After each check, $out and $err hold what the command printed, $status its
# exit code. own_state CONFIG keeps the state of a config in the sandbox; finish
# fails a suite that touched the state of the system.
set -u

: "${top_srcdir:?run by make check}" "${top_builddir:?}"
HOME=$(cd ~ && pwd -P)
umask 077
installed=$HOME/.cache/lockstep-check/$(printf '%s' "$top_builddir" | cksum | tr ' ' '-')
mkdir -p "$installed"
chmod 700 "$HOME/.cache/lockstep-check" "$installed"

# Installs anew if anything that is installed is younger than the last time.
install_once() {
	(
		flock 9
		if [ ! -f "$installed/done" ] ||
			[ -n "$(find "$top_builddir" -maxdepth 1 \( -name lockstep -o -name '*.la' \) \
				-newer "$installed/done")" ]; then
			rm -rf "$installed/usr"
			env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -C "$top_builddir" install \
				prefix="$installed/usr" exec_prefix="$installed/usr" \
				>"$installed/log" 2>&1 || exit 1
			touch "$installed/done"
		fi
	) 9>"$installed/lock"
}
if ! install_once; then
	tail -n 20 "$installed/log" | sed 's/^/# /'
	echo 'Bail out! make install failed'
	exit 1
fi

sandbox=$(mktemp -d "$HOME/.lockstep-check.XXXXXX")
at_end() { :; }
trap 'at_end; rm -rf "$sandbox"' EXIT
trap 'exit 130' INT TERM
cd "$sandbox" || exit 1
PATH=$installed/usr/bin:$PATH
XDG_STATE_HOME=$sandbox/state
export PATH XDG_STATE_HOME
unset LOCKSTEP_CONFIG
out=$sandbox/.out err=$sandbox/.err status=0 number=0 failures=0

# What root's Lockstep keeps when its config does not say where: no test may
# touch it, it may be in use. Of each file the name, the inode, the times.
system_state() { find /var/lib/lockstep /var/log/lockstep -printf '%p %i %s %T@ %C@\n' 2>/dev/null | sort; }
system_before=$(system_state)

# own_state CONFIG: appends a state and an audit inside of the sandbox, for a
# config that another program wrote.
own_state() {
	mkdir -p "$sandbox/own"
	cat >>"$1" <<-END
		state = { url = "sqlite:$sandbox/own/state.db";
		          key_file = "$sandbox/own/state.key"; };
		audit = { path = "$sandbox/own/audit.jsonl"; };
	END
}

# result WELL NAME: one line of TAP, and what was printed if it is bad.
result() {
	number=$((number + 1))
	if [ "$1" = yes ]; then
		echo "ok $number - $2"
	else
		failures=$((failures + 1))
		echo "not ok $number - $2"
		echo "# exit $status"
		sed 's/^/# out: /' "$out" | head -n 40
		sed 's/^/# err: /' "$err" | head -n 40
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

run() {
	status=0
	"$@" >"$out" 2>"$err" || status=$?
}

# Standard input reaches the command in all of these.
it() {
	name=$1
	shift
	run "$@"
	if [ "$status" -eq 0 ]; then result yes "$name"; else result no "$name"; fi
}

it_exits() {
	wanted=$1 name=$2
	shift 2
	run "$@"
	if [ "$status" -eq "$wanted" ]; then result yes "$name"; else result no "$name (exit $status, expected $wanted)"; fi
}

# TEXT is in what was printed, on either stream.
it_says() {
	text=$1 name=$2
	shift 2
	run "$@"
	if cat "$out" "$err" | grep -qF -e "$text"; then result yes "$name"; else result no "$name (does not say: $text)"; fi
}

# Checks about what the last command left behind.
says() { if cat "$out" "$err" | grep -qF -e "$1"; then result yes "$2"; else result no "$2 (does not say: $1)"; fi; }
says_not() { if cat "$out" "$err" | grep -qF -e "$1"; then result no "$2 (says: $1)"; else result yes "$2"; fi; }
is() { if [ "$1" = "$2" ]; then result yes "$3"; else result no "$3 ($1 is not $2)"; fi; }
# same FILE FILE NAME: byte for byte.
same() { if cmp -s "$1" "$2"; then result yes "$3"; else result no "$3 ($(cmp "$1" "$2" 2>&1))"; fi; }

finish() {
	system_after=$(system_state)
	if [ "$system_before" != "$system_after" ]; then
		printf '%s\n' "$system_before" >"$out"
		printf '%s\n' "$system_after" >"$err"
		result no 'the state of the system is as it was before (this suite, or one that ran beside it)'
	fi
	echo "1..$number"
	[ "$failures" -eq 0 ]
	exit
}
