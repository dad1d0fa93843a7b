# SPDX-License-Identifier: Apache-2.0
# check: every error of the config and of its plugins' options, in one go.
. "$top_srcdir/tests/support/sandbox.sh"
. "$top_srcdir/tests/cli/common.sh"

printf 'A=1\n' >app.env
write_config <<'END'
stores = {
  app   = { plugin = "env-file"; pth = "app.env"; };
  color = { plugin = "env-file"; path = "app.env"; dialect = "klingon"; };
  lost  = { plugin = "no-such-plugin"; path = "x"; };
  late  = { plugin = "env-file"; path = "late.env"; timeout = "soon"; };
};
polices = ( );
rotations = {
  hidden = { secret = [ "color:A__PENDING" ]; generate = { kind = "hex"; }; };
};
END
it_exits 2 'a bad config is 2' lockstep check
says 'pth' 'an unknown option is named'
says '"path"' 'with the one that was meant'
says 'klingon' 'a choice that is none is named'
says 'no-such-plugin' 'a plugin that is not there is named'
says 'timeout' "an engine's own key is judged"
says 'polices' 'an unknown section is named'
says 'policies' 'with the one that was meant'
says 'A__PENDING' 'a reserved name in a rotation is named'
is "$(grep -c 'lockstep.conf:[0-9]' "$err")" "$(grep -vc '^  hint' "$err")" 'each with file and line'
fits check 'the JSON fits its schema' lockstep check --json
is "$(member ok)" false 'and says that it is not good'
is "$(member exit)" 2 'and the exit code'
it_exits 2 'any other command says the first and where to look' lockstep get color:A
says 'lockstep check' 'at check'

write_config <<'END'
stores = {
  app = { plugin = "env-file"; path = "app.env"; };
};
END
it 'a good config is good' lockstep check
says 'good: 1 store, 0 verifiers, 0 policies, 0 rotations' 'and says of what, one as one'
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
rotations = {
  key = { secret = [ "app:KEY" ]; strategy = "canary"; generate = { kind = "hex"; };
          require_verification = false; };
  own = { secret = [ "app:OWN" ]; strategy = "immediate"; require_verification = false; };
};
END
it_exits 2 'a strategy that this version does not have is an error' lockstep check
says 'the strategy "canary" is not available in this version' 'and named'
says 'own: a value that a person supplies' 'and so is the next one'
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
END
it 'nothing is due where nothing rotates' lockstep check --due
fits check-due 'and its JSON fits its schema' lockstep check --due --json
write_config <<'END'
stores = { app = { plugin = "env-file"; path = "app.env"; }; };
rotations = {
  a = { secret = [ "app:A" ]; generate = { kind = "hex"; }; every = "30d"; require_verification = false; };
};
END
it 'what is young is not due' lockstep check --due
lockstep adopt a --rotated-at 2020-01-01 >"$out" 2>"$err"
it_exits 8 'what is old is due' lockstep check --due
says 'a: due' 'and named'
it_exits 8 'by its name too' lockstep check --due a
fits check-due 'and its JSON fits its schema' lockstep check --due --json
is "$(member due.0.rotation)" a 'with the name'
it_exits 3 'an unknown rotation is 3' lockstep check --due b
it_exits 2 'two questions at once' lockstep check --due --as user:anna
chmod 622 lockstep.conf
it_exits 2 'n11: a config that others can write is refused' lockstep check
chmod 600 lockstep.conf
mkdir open && chmod 777 open && cp lockstep.conf open/
it_exits 2 'n11: one in a folder that others can write too' lockstep -c open/lockstep.conf check
ln -s lockstep.conf link.conf
it_exits 2 'n11: a symbolic link is refused' lockstep -c link.conf check

finish
