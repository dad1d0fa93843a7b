# SPDX-License-Identifier: Apache-2.0
"""Tests in Python that report in TAP.

    import tap

    @tap.test
    def a_sentence_that_says_what_holds():
        tap.equal(run(...).returncode, 0)

    tap.main()
"""
import os
import sys
import traceback

_tests = []


class Skip(Exception):
    """The test cannot run here; its text says why."""


def test(function):
    _tests.append(function)
    return function


def equal(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def contains(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def lacks(text, part):
    assert part not in text, f"{part!r} is in {text!r}"


def build(path):
    """The path of something that make built."""
    return os.path.join(os.environ.get("top_builddir", "."), path)


def source(path):
    return os.path.join(os.environ.get("top_srcdir", ".."), path)


def main():
    only = sys.argv[1:]
    tests = [t for t in _tests if not only or any(o in t.__name__ for o in only)]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, function in enumerate(tests, 1):
        try:
            function()
            print(f"ok {number} - {function.__name__}", flush=True)
        except Skip as skip:
            print(f"ok {number} - {function.__name__} # SKIP {skip}", flush=True)
        except Exception:  # the report of a test, whatever went wrong in it
            failed += 1
            print(f"not ok {number} - {function.__name__}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    sys.exit(1 if failed else 0)
