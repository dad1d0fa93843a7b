#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include of the tree and refuses those that break the layers.

The floors are those of HACKING.md. The rules are tried out on made-up lines
first, so that a rule that no longer sees anything fails here too.
"""
import os
import re
import sys

FLOORS = [
    {"base"},
    {"config", "state", "telemetry"},
    {"flag", "plugin", "http"},
    {"guard"},
    {"store"},
    {"txn"},
    {"rotate", "sync", "migrate", "provision"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
TOP = len(FLOORS)  # cli and daemon

# Libraries that have one place each. A private module is a folder module-*.
PLACES = [
    (re.compile(r"^ltdl\.h$|^libltdl/"), "core/plugin/loader.c",
     lambda path: path == "core/plugin/loader.c"),
    (re.compile(r"^libconfig\.h"), "core/config/",
     lambda path: path.startswith("core/config/")),
    (re.compile(r"^(sqlite3|libpq-fe)\.h$|^(openssl|curl|postgresql)/"),
     "a private module (core/*/module-*/)",
     lambda path: re.match(r"core/[a-z]+/module-[a-z-]+/", path) or path.startswith("tests/")),
]

LIBC = set("""
aio alloca assert byteswap complex ctype dirent dlfcn elf endian err errno fcntl features fenv
fnmatch fts ftw getopt glob grp iconv ifaddrs inttypes langinfo libgen limits link locale malloc
math mntent netdb poll pthread pwd regex resolv sched search semaphore setjmp shadow signal spawn
stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings syslog
termios threads time uchar unistd utime utmp wchar wctype wordexp
""".split())
LIBC_FOLDERS = ("sys/", "linux/", "netinet/", "arpa/", "net/", "asm/")

INCLUDE = re.compile(r'^\s*#\s*include(?:_next)?\s*(?:"([^"]*)"|<([^>]*)>|(.*))')


def is_libc(name):
    return name.endswith(".h") and (name[:-2] in LIBC or name.startswith(LIBC_FOLDERS))


def judge_quoted(path, name, parts):
    """Why this file may not include our header `name`; None if it may."""
    target = name.split("/")[0]
    if parts[0] == "tests":
        return None
    if "/" not in name:
        return "is not written folder/file.h"
    if parts[0] == "plugins":
        return None if target == parts[1] else "a plugin sees lockstep/plugin.h and its own folder"
    if target not in FLOOR:
        if parts[0] in ("cli", "daemon") and target == parts[0]:
            return None
        return "is in no folder that this file may see"
    own = FLOOR[parts[1]] if parts[0] == "core" else TOP
    if parts[0] == "core" and target == parts[1]:
        return None
    if FLOOR[target] >= own:
        return "is on floor %d, this file is on floor %d" % (FLOOR[target], own)
    return None


def judge(path, quoted, angled, other):
    """Why the include is refused; None if it is fine."""
    parts = path.split("/")
    name = quoted if quoted is not None else angled
    if name is None:
        return "is not a plain name: " + (other or "").strip()
    if ".." in name.split("/") or name.startswith("/"):
        return "leaves its folder"
    if not re.search(r"\.(h|hpp)$", name) and quoted is not None:
        return "is not a header"
    for pattern, place, is_allowed in PLACES:
        if pattern.search(name) and not is_allowed(path):
            return "belongs in " + place
    if name == "lockstep/plugin.h":
        return None
    if parts[0] == "include":
        return None if name in ("stddef.h", "stdint.h") else "the ABI has standard types only"
    if parts[0] == "core" and (len(parts) < 3 or parts[1] not in FLOOR):
        return "%s has no floor: name it in tests/layers and HACKING.md" % path
    if quoted is not None:
        return judge_quoted(path, name, parts)
    if parts[0] == "plugins" and not is_libc(name):
        return "a plugin uses libc and lockstep/plugin.h only"
    if name.split("/")[0] in FLOOR and "/" in name and not os.path.exists("/usr/include/" + name):
        return "is ours: write it in quotes"
    return None


def judge_line(path, line):
    match = INCLUDE.match(line)
    return judge(path, *match.groups()) if match else None


def judge_build(line):
    """A folder of its own on the include path shadows <config.h>, <error.h>."""
    if line.startswith("ACLOCAL_AMFLAGS"):
        return None
    for where in re.findall(r"-I\s*(\S+)", line.split("#")[0]):
        if not re.match(r"\$\((abs_)?top_(src|build)dir\)(/include|/core|/plugins|/tests)?$", where):
            return "-I%s: the include path ends at core/, plugins/, tests/" % where
    return None


def sources(top, names):
    for folder in names:
        for where, folders, files in os.walk(os.path.join(top, folder)):
            folders.sort()
            for name in sorted(files):
                yield os.path.relpath(os.path.join(where, name), top)


def read_lines(top, path):
    with open(os.path.join(top, path), encoding="utf-8", errors="replace") as file:
        # A continued line is one line.
        return file.read().replace("\\\n", "").split("\n")


def check_tree(top):
    refused, seen = [], 0
    for path in sources(top, ("include", "core", "cli", "daemon", "plugins", "tests", "bench",
                              "examples")):
        if not re.search(r"\.(c|h|cc|cpp|hpp)$", path):
            continue
        if path.startswith("bench/") or path.startswith("examples/"):
            continue
        for number, line in enumerate(read_lines(top, path), 1):
            seen += bool(INCLUDE.match(line))
            reason = judge_line(path, line)
            if reason:
                refused.append("%s:%d: %s: %s" % (path, number, line.strip(), reason))
    return refused, seen


def check_build(top):
    refused = []
    fragments = [path for path in sources(top, ("core", "cli", "daemon", "plugins", "tests"))
                 if path.endswith(".mk")]
    for path in ["Makefile.am"] + fragments:
        for number, line in enumerate(read_lines(top, path), 1):
            reason = judge_build(line)
            if reason:
                refused.append("%s:%d: %s" % (path, number, reason))
    return refused


REFUSED = [
    ("core/base/text.c", '#include "../config/config.h"'),
    ("core/base/text.c", '#include "base/../config/config.h"'),
    ("core/base/text.c", '#include "config/config.h"'),
    ("core/base/text.c", '#include "text.h"'),
    ("core/base/text.c", '#include "base/time.c"'),
    ("core/base/text.c", '#  include  "store/store.h"'),
    ("core/base/text.c", "#include <store/store.h>"),
    ("core/base/text.c", "#include HEADER"),
    ("core/base/text.c", '#include "/etc/x.h"'),
    ("core/base/text.c", '#include "cli/cli.h"'),
    ("core/base/text.c", '#include "support/temp.h"'),
    ("core/config/read.c", '#include "state/state.h"'),
    ("core/plugin/host.c", '#include "store/store.h"'),
    ("core/txn/plan.c", '#include "rotate/rotate.h"'),
    ("core/rotate/plan.c", '#include "sync/sync.h"'),
    ("core/attic/x.c", '#include "base/text.h"'),
    ("core/plugin/host.c", "#include <ltdl.h>"),
    ("tests/core/plugin/test_host.c", "#include <ltdl.h>"),
    ("core/store/store.c", "#include <libconfig.h>"),
    ("core/state/state.c", "#include <sqlite3.h>"),
    ("core/base/crypto.c", "#include <openssl/evp.h>"),
    ("cli/main.c", "#include <curl/curl.h>"),
    ("cli/main.c", '#include "daemon/daemon.h"'),
    ("plugins/exec/exec.c", '#include "base/text.h"'),
    ("plugins/exec/exec.c", '#include "env-file/bytes.h"'),
    ("plugins/exec/exec.c", "#include <jansson.h>"),
    ("plugins/exec/exec.c", "#include <openssl/evp.h>"),
    ("include/lockstep/plugin.h", "#include <stdio.h>"),
    ("include/lockstep/plugin.h", '#include "base/text.h"'),
]
TAKEN = [
    ("core/base/text.c", '#include "base/text.h"'),
    ("core/base/error.h", "#include <lockstep/plugin.h>"),
    ("core/store/store.c", '#include "plugin/host.h"'),
    ("core/rotate/plan.c", '#include "config/config.h"'),
    ("core/plugin/loader.c", "#include <ltdl.h>"),
    ("core/config/read.c", "#include <libconfig.h>"),
    ("core/base/module-crypto/module.c", "#include <openssl/evp.h>"),
    ("core/state/module-sqlite/module.c", "#include <sqlite3.h>"),
    ("cli/main.c", '#include "rotate/rotate.h"'),
    ("cli/main.c", '#include "cli/cli.h"'),
    ("plugins/exec/exec.c", "#include <lockstep/plugin.h>"),
    ("plugins/env-file/file.c", '#include "env-file/bytes.h"'),
    ("plugins/env-file/file.c", "#include <sys/xattr.h>"),
    ("tests/core/base/test_text.c", '#include "support/test.h"'),
    ("core/base/text.c", "int include;"),
]


def main():
    top = os.environ.get("top_srcdir", ".")
    refused, seen = check_tree(top)
    results = [
        ("every rule sees what it is for",
         ["taken: %s: %s" % case for case in REFUSED if not judge_line(*case)] +
         ["refused: %s: %s" % case for case in TAKEN if judge_line(*case)]),
        ("the includes of the tree keep to the floors",
         refused + (["only %d includes were seen" % seen] if seen < 100 else [])),
        ("every folder of core has a floor",
         [name for name in sorted(os.listdir(os.path.join(top, "core")))
          if os.path.isdir(os.path.join(top, "core", name)) and name not in FLOOR]),
        ("no single folder is on the include path",
         check_build(top) + [line for line in ("-I$(top_srcdir)/core/base", "-I%D%", "-I.")
                             if not judge_build(line)]),
    ]
    print("1..%d" % len(results))
    for number, (name, problems) in enumerate(results, 1):
        print("%s %d - %s" % ("not ok" if problems else "ok", number, name))
        for problem in problems:
            print("# " + problem)
    return 1 if any(problems for _, problems in results) else 0


sys.exit(main())
