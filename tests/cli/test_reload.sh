# SPDX-License-Identifier: Apache-2.0
# reload: a program that cannot be started is found before anything changes.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'KEY=first-value-0123456789\n' >app.env
cp app.env before.env
for part in 'command = [ "no-such-program-here" ];' \
	'command = [ "true" ]; healthy = [ "/no/such/program" ];'; do
	write_config <<END
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
rotations = {
  key = { secret = [ "app:KEY" ]; strategy = "immediate"; generate = { kind = "hex"; };
          require_verification = false; reload = ( { consumer = "web"; $part } ); };
};
END
	it_exits 2 "a reload that cannot be started: $part" lockstep rotate key
	says 'No such file or directory' 'and says why'
	same app.env before.env 'nothing was changed'
	is "$(lockstep status | grep -c stuck)" 0 'and nothing is stuck'
	it 'the secret is free' sh -c 'printf first-value-0123456789 | lockstep set app:KEY'
done
finish
