#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs behind the mask: streams, terminals, signals, exit codes, process 1."""
import fcntl
import os
import pty
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", ".."), "tests", "support"))
import tap  # noqa: E402

# Whoever runs the suite in the background may have had these ignored, and an
# ignored signal is inherited by every program.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP,
               signal.SIGTTIN, signal.SIGTTOU, signal.SIGPIPE):
    signal.signal(number, signal.SIG_DFL)

RUN = tap.build("tests/cli/run_masked")
SECRET = "s3cr3t-value"
LIMIT = 30


def run(*command, secrets=(SECRET,), become=False, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    first = ["--become"] if become else []
    return subprocess.run([RUN, *first, *secrets, "--", *command],
                          stdout=options.pop("stdout", subprocess.PIPE),
                          stderr=options.pop("stderr", subprocess.PIPE), timeout=LIMIT, **options)


def start(*command, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([RUN, SECRET, "--", *command], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, **options)


def read_until(fd, text):
    """All that came up to and with `text`."""
    found = b""
    end = time.monotonic() + LIMIT
    while text not in found:
        left = end - time.monotonic()
        ready = select.select([fd], [], [], max(left, 0))[0]
        assert ready, f"{text!r} did not come, only {found!r}"
        try:
            part = os.read(fd, 4096)
        except OSError:
            part = b""
        assert part, f"{text!r} did not come, only {found!r}"
        found += part
    return found


class Terminal:
    """Somebody at a terminal: `program` runs in it, in its foreground."""

    def __init__(self, *argv, rows=24, columns=80, stdout=None, stderr=None, stdin=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.path = os.ttyname(slave)
        self.before = termios.tcgetattr(slave)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            os.tcsetpgrp(slave, os.getpgrp())

        self.process = subprocess.Popen(argv, stdin=slave if stdin is None else stdin,
                                        stdout=slave if stdout is None else stdout,
                                        stderr=slave if stderr is None else stderr,
                                        preexec_fn=take_terminal)
        self.slave = slave

    def type(self, text):
        os.write(self.master, text)

    def until(self, text):
        return read_until(self.master, text)

    def wait(self):
        code = self.process.wait(LIMIT)
        return code

    def rest(self):
        found = b""
        while select.select([self.master], [], [], 0)[0]:
            part = os.read(self.master, 4096)
            if not part:
                break
            found += part
        return found

    def close(self):
        os.close(self.slave)
        os.close(self.master)


# --- streams ----------------------------------------------------------------

@tap.test
def the_two_streams_are_masked_apart_and_in_order():
    done = run("sh", "-c", f"echo a {SECRET}; echo b {SECRET} >&2; echo c; echo d >&2")
    tap.equal(done.stdout, b"a ***\nc\n")
    tap.equal(done.stderr, b"b ***\nd\n")
    tap.equal(done.returncode, 0)


@tap.test
def a_secret_split_over_writes_is_masked():
    done = run(sys.executable, "-c",
               f"import os\nfor c in {SECRET!r}: os.write(1, c.encode())\n")
    tap.equal(done.stdout, b"***")


@tap.test
def a_held_back_start_comes_out_while_the_program_waits():
    child = start("sh", "-c", "printf 'go s3cr'; read line; echo \"$line\"",
                  stdin=subprocess.PIPE)
    read_until(child.stdout.fileno(), b"go s3cr")
    child.stdin.write(b"on\n")
    child.stdin.close()
    tap.equal(child.stdout.read(), b"on\n")
    tap.equal(child.wait(LIMIT), 0)


@tap.test
def a_held_back_start_comes_out_at_the_end():
    tap.equal(run("printf", "s3cr3t").stdout, b"s3cr3t")


@tap.test
def what_cannot_begin_a_secret_is_not_held_back():
    child = start("sh", "-c", "echo ready; exec sleep 60")
    begun = time.monotonic()
    read_until(child.stdout.fileno(), b"ready\n")
    child.terminate()
    tap.equal(child.wait(LIMIT), 128 + signal.SIGTERM)
    assert time.monotonic() - begun < LIMIT


@tap.test
def a_lot_of_output_comes_through_whole():
    code = "import sys\nfor i in range(60000): sys.stdout.write('%d s3cr3t-value\\n' % i)"
    tap.equal(run(sys.executable, "-c", code).stdout,
              b"".join(b"%d ***\n" % i for i in range(60000)))


@tap.test
def bytes_that_are_no_text_come_through():
    code = "import os; os.write(1, bytes(range(256)) * 64)"
    tap.equal(run(sys.executable, "-c", code).stdout, bytes(range(256)) * 64)


@tap.test
def n74_a_reader_that_goes_away_ends_the_program_with_sigpipe():
    child = start("sh", "-c", "while echo line; do :; done")
    read_until(child.stdout.fileno(), b"line\n")
    child.stdout.close()
    tap.equal(child.wait(LIMIT), 128 + signal.SIGPIPE)


@tap.test
def n75_a_full_disk_is_reported():
    with open("/dev/full", "wb") as full:
        done = run("echo", "text", stdout=full)
    tap.equal(done.returncode, 1)
    tap.contains(done.stderr, b"No space left")


@tap.test
def n75_few_descriptors_are_an_error_or_enough():
    codes = set()
    for limit in range(3, 33):
        done = run("true", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                 (limit, limit)))
        codes.add(done.returncode)
        if done.returncode not in (0, 127):
            assert done.stderr, f"limit {limit}: no word of what is wrong"
    assert 0 in codes and all(0 <= code < 128 for code in codes), codes


@tap.test
def what_is_left_in_the_background_does_not_keep_us():
    done = run("sh", "-c", "echo before; (sleep 60; echo late) & echo after")
    tap.equal(done.stdout, b"before\nafter\n")


# --- the caller's world -----------------------------------------------------

@tap.test
def only_the_standard_files_and_the_callers_are_open():
    here, there = os.pipe()
    done = run("sh", "-c", "ls /proc/self/fd", pass_fds=(there,))
    found = {int(n) for n in done.stdout.split()}
    tap.equal(found - {3}, {0, 1, 2, there} - {3})
    os.close(here)
    os.close(there)


@tap.test
def umask_limit_and_signals_are_the_callers():
    def prepare():
        os.umask(0o027)
        resource.setrlimit(resource.RLIMIT_CORE, (4096, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    code = ("import os,resource,signal\n"
            "m = os.umask(0)\n"
            "print(oct(m), resource.getrlimit(resource.RLIMIT_CORE)[0],"
            " signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,"
            " sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])) == [signal.SIGUSR2])\n")
    # A sanitizer would set the limit to 0 by itself.
    keep = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":disable_coredump=0"}
    for become in (False, True):
        done = run(sys.executable, "-c", code, preexec_fn=prepare, become=become, env=keep)
        tap.equal(done.stdout, b"0o27 4096 True True\n")


# --- exit codes -------------------------------------------------------------

@tap.test
def the_exit_code_is_the_programs():
    for code in (0, 1, 7, 125, 255):
        tap.equal(run("sh", "-c", f"exit {code}").returncode, code)
    tap.equal(run("sh", "-c", "kill -KILL $$").returncode, 137)
    tap.equal(run("sh", "-c", "kill -SEGV $$").returncode, 139)


@tap.test
def a_program_that_is_not_there_is_127_and_one_that_cannot_run_126():
    folder = tempfile.mkdtemp()
    try:
        plain = os.path.join(folder, "plain")
        with open(plain, "w", encoding="ascii") as file:
            file.write("echo from a script without a head\n")
        broken = os.path.join(folder, "broken")
        with open(broken, "w", encoding="ascii") as file:
            file.write("#!/no/such/interpreter\n")
        os.chmod(broken, 0o755)
        for become in (False, True):
            tap.equal(run("no-such-program-here", become=become).returncode, 127)
            tap.equal(run("./no/such", become=become).returncode, 127)
            tap.equal(run(plain, become=become).returncode, 126)
            tap.equal(run(folder, become=become).returncode, 126)
            tap.equal(run(broken, become=become).returncode, 126)
        os.chmod(plain, 0o755)
        for become in (False, True):
            done = run(plain, become=become)
            tap.equal(done.stdout, b"from a script without a head\n")
    finally:
        shutil.rmtree(folder)


@tap.test
def too_large_an_environment_is_126_with_a_hint():
    environment = dict(os.environ, BIG="x" * 130000)
    done = run("true", env={**environment, "BIG": "x" * 131000})
    tap.equal(done.returncode, 0)
    code = ("import os,sys\n"
            "os.execve(sys.argv[1], [sys.argv[1], 'abcdef', '--', 'true'] + ['y' * 100000] * 10,"
            " dict(os.environ))\n")
    done = subprocess.run([sys.executable, "-c", code, RUN], capture_output=True, timeout=LIMIT)
    tap.equal(done.returncode, 0)


# --- signals ----------------------------------------------------------------

@tap.test
def signals_are_passed_on():
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1,
                   signal.SIGUSR2):
        child = start("sh", "-c", f"trap 'echo got; exit 9' {int(number)}; echo up; "
                      "while :; do sleep 0.01; done")
        read_until(child.stdout.fileno(), b"up\n")
        child.send_signal(number)
        tap.equal(child.wait(LIMIT), 9)
        tap.equal(child.stdout.read(), b"got\n")


@tap.test
def a_signal_that_ends_the_program_is_128_and_its_number():
    child = start("sh", "-c", "echo up; exec sleep 60")
    read_until(child.stdout.fileno(), b"up\n")
    child.send_signal(signal.SIGTERM)
    tap.equal(child.wait(LIMIT), 143)


@tap.test
def n74_a_storm_of_signals_loses_no_output():
    code = ("import signal,sys\n"
            "count = 0\n"
            "def on(n, f):\n"
            "    global count\n"
            "    count += 1\n"
            "for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1): signal.signal(n, on)\n"
            "print('up', flush=True)\n"
            "for i in range(200000): sys.stdout.write('%d s3cr3t-value\\n' % i)\n"
            "sys.stdout.flush()\n"
            "sys.stderr.write('%s' % (count > 0))\n")
    child = start(sys.executable, "-c", code)
    out = read_until(child.stdout.fileno(), b"up\n")
    sent = 0
    while True:
        if sent < 3000 and child.poll() is None:
            child.send_signal((signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)[sent % 3])
            sent += 1
        part = os.read(child.stdout.fileno(), 4096)
        if not part:
            break
        out += part
    tap.equal(child.wait(LIMIT), 0)
    tap.equal(child.stderr.read(), b"True")
    assert out == b"up\n" + b"".join(b"%d ***\n" % i for i in range(200000))


@tap.test
def n74_signals_reach_the_program_while_nobody_reads_its_output():
    child = start("sh", "-c", "trap 'echo bye >&2; exit 3' TERM; echo up >&2; "
                  "while :; do echo filling the pipe; done")
    read_until(child.stderr.fileno(), b"up\n")
    child.send_signal(signal.SIGTERM)
    # The shell itself waits in write() until the pipe is read or closed.
    child.stdout.close()
    assert child.wait(LIMIT) in (3, 128 + signal.SIGPIPE)


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def wait_state(pid, states):
    end = time.monotonic() + LIMIT
    while state_of(pid) not in states:
        assert time.monotonic() < end, f"{pid} is {state_of(pid)}"
        time.sleep(0.005)


@tap.test
def stop_and_continue_reach_both():
    child = start("sh", "-c", "echo $$; exec sleep 60", start_new_session=True)
    pid = int(read_until(child.stdout.fileno(), b"\n"))
    child.send_signal(signal.SIGTSTP)
    wait_state(child.pid, "T")
    child.send_signal(signal.SIGCONT)
    wait_state(child.pid, "SR")
    wait_state(pid, "SR")
    child.send_signal(signal.SIGTERM)
    tap.equal(child.wait(LIMIT), 143)


# --- terminals --------------------------------------------------------------

@tap.test
def on_a_terminal_the_program_has_one_of_its_size():
    term = Terminal(RUN, SECRET, "--", "sh", "-c",
                    "test -t 0 && test -t 1 && test -t 2 && stty size && tty && echo done " + SECRET,
                    rows=33, columns=101)
    out = term.until(b"***")
    tap.contains(out, b"33 101\r\n")
    tap.lacks(out, term.path.encode() + b"\r\n")
    tap.contains(out, b"done ***")
    tap.equal(term.wait(), 0)
    tap.equal(termios.tcgetattr(term.slave), term.before)
    term.close()


@tap.test
def keys_reach_the_program_and_ctrl_c_interrupts_it():
    term = Terminal(RUN, SECRET, "--", "sh", "-c",
                    "trap 'echo interrupted; exit 4' INT; echo up; read line; echo \"<$line>\"; "
                    "while :; do sleep 0.01; done")
    term.until(b"up\r\n")
    term.type(b"hello\n")
    term.until(b"<hello>\r\n")
    term.type(b"\x03")
    term.until(b"interrupted")
    tap.equal(term.wait(), 4)
    tap.equal(termios.tcgetattr(term.slave), term.before)
    term.close()


@tap.test
def the_windows_size_is_passed_on():
    term = Terminal(RUN, SECRET, "--", "sh", "-c",
                    "trap 'stty size; exit 0' WINCH; echo up; while :; do sleep 0.01; done")
    term.until(b"up\r\n")
    fcntl.ioctl(term.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
    term.until(b"50 132")
    tap.equal(term.wait(), 0)
    term.close()


@tap.test
def the_terminals_modes_come_back_after_a_signal():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        term = Terminal(RUN, SECRET, "--", "sh", "-c", "echo up; exec sleep 60")
        term.until(b"up\r\n")
        assert termios.tcgetattr(term.slave) != term.before
        term.process.send_signal(number)
        tap.equal(term.wait(), 128 + number)
        tap.equal(termios.tcgetattr(term.slave), term.before)
        term.close()


@tap.test
def stopping_gives_the_terminal_back_and_continuing_takes_it():
    term = Terminal(RUN, SECRET, "--", "sh", "-c", "echo up; read line; echo \"<$line>\"")
    term.until(b"up\r\n")
    term.process.send_signal(signal.SIGTSTP)
    wait_state(term.process.pid, "T")
    tap.equal(termios.tcgetattr(term.slave), term.before)
    term.process.send_signal(signal.SIGCONT)
    wait_state(term.process.pid, "SR")
    term.type(b"again\n")
    term.until(b"<again>")
    tap.equal(term.wait(), 0)
    term.close()


@tap.test
def a_shell_in_the_terminal_has_job_control():
    if not shutil.which("bash"):
        raise tap.Skip("bash is not installed")
    term = Terminal(RUN, SECRET, "--", "bash", "--norc", "--noprofile", "-i")
    # What is typed before the prompt is there would be dropped.
    out = term.until(b"bash-")
    term.type(b"sleep 60 &\n")
    term.type(b"jobs; echo ${NONE:-none}-end\n")
    out += term.until(b"none-end")
    tap.lacks(out, b"no job control")
    tap.contains(out, b"Running")
    term.type(b"kill -KILL %1; wait; exit 6\n")
    tap.equal(term.wait(), 6)
    term.close()


@tap.test
def one_stream_on_the_terminal_is_masked_there_and_the_other_in_its_pipe():
    here, there = os.pipe()
    term = Terminal(RUN, SECRET, "--", "sh", "-c",
                    f"test -t 1 && echo tty 1; test -t 2 && echo tty 2; echo out {SECRET};"
                    f" echo err {SECRET} >&2; echo end >&2", stdout=there)
    os.close(there)
    err = term.until(b"end\r\n")
    tap.contains(err, b"err ***\r\nend\r\n")
    tap.lacks(err, b"\r\r\n")
    tap.equal(term.wait(), 0)
    tap.equal(os.read(here, 4096), b"tty 2\nout ***\n")
    os.close(here)
    term.close()


@tap.test
def input_from_a_pipe_stays_a_pipe_on_a_terminal():
    here, there = os.pipe()
    os.write(there, b"from the pipe\n")
    os.close(there)
    term = Terminal(RUN, SECRET, "--", "sh", "-c",
                    "test -t 0 || echo pipe; test -t 1 && cat; echo end", stdin=here)
    os.close(here)
    out = term.until(b"end\r\n")
    tap.equal(out, b"pipe\r\nfrom the pipe\r\nend\r\n")
    tap.equal(term.wait(), 0)
    term.close()


# --- process 1 --------------------------------------------------------------

@tap.test
def as_process_1_it_buries_orphans_and_passes_signals_on():
    if not shutil.which("unshare"):
        raise tap.Skip("unshare is not installed")
    base = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*base, "true"], capture_output=True, check=False).returncode:
        base.insert(1, "--user")
        base.insert(2, "--map-root-user")
        if subprocess.run([*base, "true"], capture_output=True, check=False).returncode:
            raise tap.Skip("no process namespace can be made here")
    # Orphans whose parent ends first: a zombie would keep its name for ever.
    script = ("for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; "
              "while pgrep -x sleep >/dev/null; do :; done; "
              "trap 'echo term; exit 8' TERM; echo $PPID up; while :; do sleep 0.01; done")
    child = subprocess.Popen([*base, RUN, SECRET, "--", "sh", "-c", script],
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    tap.equal(read_until(child.stdout.fileno(), b"up\n"), b"1 up\n")
    inner = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, check=True)
    os.kill(int(inner.stdout.split()[0]), signal.SIGTERM)
    tap.equal(child.stdout.read(), b"term\n")
    tap.equal(child.wait(LIMIT), 8)


tap.main()
