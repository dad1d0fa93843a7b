#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A stranger's plugin: built outside the tree with pkg-config against what was
# installed, dropped into a folder, used.
. "$top_srcdir/tests/support/sandbox.sh"

PKG_CONFIG_PATH=$installed/usr/lib/pkgconfig
export PKG_CONFIG_PATH
cflags=$(pkg-config --define-prefix --cflags lockstep)
libs=$(pkg-config --define-prefix --libs lockstep)
source=$top_srcdir/tests/plugins/outside/memo.c
is "$(pkg-config --define-prefix --variable=plugindir lockstep)" "$installed/usr/lib/lockstep" \
	'lockstep.pc names the folder of plugins'

mkdir plugins
# shellcheck disable=SC2086 # lists of words
it 'it builds with what lockstep.pc says' \
	cc $cflags -Wall -Wextra -Werror -fPIC -shared "$source" -o plugins/memo.so $libs
cat >lockstep.conf <<TXT
module_path = [ "$sandbox/plugins" ];
stores = { note = { plugin = "memo"; word = "sesame"; }; };
TXT
own_state lockstep.conf
it_says 'memo' 'it is listed once it is in the folder' lockstep plugins list
it_says 'the word' 'its options are printed' lockstep plugins info memo
it 'the config is right' lockstep check
it 'it serves a get' lockstep get note:word
is "$(cat "$out")" sesame 'with the value that it was configured with'
it_exits 3 'what it does not have is not found' lockstep get note:other
says 'there is only one' 'in its own words'
printf 'x' >value
it_exits 2 'a store that cannot write says so' lockstep set note:word @value
says 'note' 'and is named'

# What the loader asks for comes from lockstep.pc: without it, a refusal.
# shellcheck disable=SC2086
cc $cflags -fPIC -shared "$source" -o plugins/memo.so -Wl,-z,lazy
it_exits 2 'a plugin that is bound lazily is refused' lockstep get note:word
says '-z,now' 'and the message says which flag it lacks'
# shellcheck disable=SC2086
cc $cflags -fPIC -shared "$source" -o plugins/memo.so $libs

sed 's/word = "sesame"/wrod = "sesame"/' lockstep.conf >typo.conf
it_exits 2 'a slip in an option is an error' lockstep -c typo.conf check
says 'typo.conf:2' 'with its line'
says '"word"' 'and what was probably meant'
finish
