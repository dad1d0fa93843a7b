#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What was built is what the design says: hardened, with one symbol to the
# outside, and without the libraries that a plain `get` does not need.
top=${top_builddir:-.}
program=$top/lockstep
number=0

has() { grep -q "^#define $1 1" "$top/config.h"; }

# result NAME PROBLEMS: a test, failed if there are problems.
result() {
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

skip() {
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

needed() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
exported() { nm -D --defined-only "$1" | awk '$2 ~ /[A-Z]/ && $3 !~ /^_(init|fini|edata|end|_bss_start)$/ { print $3 }'; }

# The shared objects that are installed: plugins and private modules. What is
# under tests/ is misbuilt on purpose.
objects() {
	find "$top" -path "$top/tests" -prune -o -path '*/.libs/*.so' -type f -print | sort
}

hardened() {
	readelf -lW "$1" | grep -q GNU_RELRO || echo "$1: no RELRO"
	readelf -dW "$1" | grep -Eq 'BIND_NOW|FLAGS_1.*NOW' || echo "$1: binds lazily"
	readelf -lW "$1" | grep GNU_STACK | grep -q 'RWE' && echo "$1: executable stack"
	readelf -lW "$1" | grep LOAD | grep -q 'RWE' && echo "$1: writable code"
	readelf -dW "$1" | grep -Eq 'RPATH|RUNPATH' && echo "$1: a search path of its own"
	readelf -dW "$1" | grep -q TEXTREL && echo "$1: relocated code"
	:
}

problems_of_program() {
	hardened "$program"
	readelf -hW "$program" | grep -q 'Type:.*DYN' || echo "$program: not position independent"
}

problems_of_needs() {
	needed "$program" | grep -Ev '^(libc|libm|libjansson|libconfig|libltdl|libdl|libpthread|ld-linux.*)\.so' |
		sed 's/^/needs /'
}

problems_of_objects() {
	[ -n "$(objects)" ] || echo "no shared object was found in $top"
	objects | while read -r object; do
		hardened "$object"
		symbols=$(exported "$object")
		case $symbols in
		*"
"*) echo "$object exports more than one symbol:" $symbols ;;
		lockstep_module_*) ;;
		lks_plugin_*) ;;
		*) echo "$object exports \"$symbols\"" ;;
		esac
	done
}

problems_of_crypto() {
	object=$(objects | grep '/crypto\.so$')
	[ -n "$object" ] || { echo "crypto.so was not built"; return; }
	needed "$object" | grep -q '^libcrypto\.so' || echo "$object does not need libcrypto"
	needed "$object" | grep -Ev '^(libc|libcrypto|ld-linux.*)\.so' | sed 's/^/crypto.so needs /'
}

echo 1..5
# A sanitizer or a coverage run adds libraries and symbols of its own.
if has SANITIZED || nm "$program" | grep -q '__gcov_'; then
	for name in program needs objects crypto; do
		skip "$name" "this build is instrumented"
	done
else
	result "the program is hardened" "$(problems_of_program)"
	result "the program needs no library that a get does not need" "$(problems_of_needs)"
	result "plugins and modules are hardened and export one symbol" "$(problems_of_objects)"
	result "libcrypto belongs to its module" "$(problems_of_crypto)"
fi
if has ENABLE_FAILPOINTS; then
	skip "no failpoint is in the program" "built with --enable-failpoints"
else
	result "no failpoint is in the program" "$(grep -c LOCKSTEP_FAILPOINT "$program" | grep -v '^0$')"
fi
