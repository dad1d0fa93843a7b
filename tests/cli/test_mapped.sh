#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a plain read maps must not grow unnoticed: bench/mapped-libraries.txt.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'API_KEY=hunter2\n' >app.env
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END

# Names without version, folder and loader; what was vetted comes as a descriptor.
mapped() {
	LD_DEBUG=libs "$@" 2>&1 >/dev/null | sed -n 's/.*calling init: //p' |
		sed 's#^/proc/self/fd/.*#plugin#; s#.*/##; s#\.so.*##; s#-[0-9.]*$##' |
		grep -vxE 'ld|ld-linux.*|libc|linux-vdso.*' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

if lockstep version >/dev/null && mapped lockstep version | grep -qE 'lib[atu]san|libubsan'; then
	skip 'mapped libraries' 'a sanitizer maps its own'
	finish
fi
mapped lockstep version | grep -q libjansson
is $? 0 'the dynamic loader says what it maps'
while IFS=: read -r command wanted; do
	case $command in
	'' | '#'*) continue ;;
	version) set -- version ;;
	get) set -- get app:API_KEY ;;
	list) set -- list app: ;;
	exec) set -- exec --env KEY=app:API_KEY -- true ;;
	*) set -- "$command" ;;
	esac
	# `true` maps its own; they are libc alone.
	is "$(mapped lockstep "$@")" "${wanted# }" "$command maps what bench/mapped-libraries.txt says"
done <"$top_srcdir/bench/mapped-libraries.txt"
if grep -q . state.db 2>/dev/null; then result no 'and no state is opened'; else result yes 'and no state is opened'; fi

finish
