#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make bench: each figure beside a floor that was measured in the same run.
. "$top_srcdir/tests/support/sandbox.sh"

printf 'API_KEY=hunter2\nOTHER=value\n' >app.env
cat >lockstep.conf <<END
state = { url = "sqlite:$sandbox/state.db"; key_file = "$sandbox/state.key"; };
audit = { path = "$sandbox/audit.jsonl"; };
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END
chmod 600 app.env lockstep.conf
lockstep get app:API_KEY >/dev/null || exit 1

bench=$top_builddir/bench
echo "# $(uname -srm), $(nproc) processors"
"$bench/start" "$bench/empty" "$(command -v lockstep)" lockstep.conf app:API_KEY || exit 1
echo
mkdir replace
"$bench/replace" "$sandbox/replace" || exit 1
echo
"$bench/redact"
"$bench/journal"
