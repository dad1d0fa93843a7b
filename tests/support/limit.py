#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""limit.py COMMAND [ARGUMENT...]: one suite, which cannot hang, and leaves nothing running.

It gets an empty standard input, a session without a terminal, and the default
signals: however `make check` was started (in the background, under nohup, from
an editor), the suite sees the same. After TEST_LIMIT_S seconds (600: some take
minutes on a machine that is busy) it and all
that it started are killed, also what took a session of its own, and the TAP
says so. The exit code is the command's; 128 and the number after a signal.
"""
import ctypes
import os
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 5
STOPPING = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}


def descendants():
    """{pid: argv} of everything below this process."""
    children, commands = {}, {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                commands[int(name)] = file.read().replace("\0", " ").strip()
        except OSError:  # it has ended meanwhile
            continue
        children.setdefault(parent, []).append(int(name))
    found, left = {}, list(children.get(os.getpid(), []))
    while left:
        pid = left.pop()
        found[pid] = commands[pid]
        left += children.get(pid, [])
    return found


class Suite:
    def __init__(self, argv):
        self.code = None
        self.pid = os.posix_spawnp(
            argv[0], argv, os.environ, setsid=True, setsigmask=[],
            setsigdef=STOPPING | {signal.SIGPIPE},
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)])

    def reap(self):
        """Buries what has ended; False when nothing is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.pid:
                code = os.waitstatus_to_exitcode(status)
                self.code = code if code >= 0 else 128 - code

    def wait(self, seconds):
        """Until the suite ends: None; until the time is up: 0; until a signal: its number."""
        end = time.monotonic() + seconds
        while self.code is None:
            left = end - time.monotonic()
            if left <= 0:
                return 0
            got = signal.sigtimedwait(STOPPING | {signal.SIGCHLD}, left)
            self.reap()
            if got and got.si_signo in STOPPING and self.code is None:
                return got.si_signo
        return None

    def kill(self):
        """First the suite, which may clean up after itself; then whatever is there."""
        if self.code is None:
            os.killpg(self.pid, signal.SIGTERM)
            self.wait(GRACE_S)
        end = time.monotonic() + GRACE_S
        while self.reap() and time.monotonic() < end:
            for pid in descendants():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:  # ended, or not ours to kill
                    pass
            signal.sigtimedwait({signal.SIGCHLD}, 0.05)


def main():
    limit = float(os.environ.get("TEST_LIMIT_S", "600"))
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING | {signal.SIGCHLD})
    suite = Suite(sys.argv[1:])
    why = suite.wait(limit)
    running = descendants() if why == 0 else {}
    suite.kill()
    if why == 0:
        print(f"\nBail out! not at its end after {limit:g} s (TEST_LIMIT_S), killed", flush=True)
        for pid, command in sorted(running.items()):
            print(f"# was running: {pid} {command[:200]}", flush=True)
        sys.exit(1)
    sys.exit(128 + why if why else suite.code)


main()
