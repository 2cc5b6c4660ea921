# SPDX-License-Identifier: Apache-2.0
"""Runs a program in a terminal of its own and says what became of both: terminal.py COLUMNS ROWS STEP... -- COMMAND...

A step is text that is typed, "wait:TEXT" (until it was shown), "size:COLUMNSxROWS", "touch:FILE" (tells others how far it is), or
"kill:SIGNAL".  All that was shown goes to standard output.  Exit status: that of the command, 128 + N after signal N; 99 if the terminal is not as it was, 98 if a text did not come.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

PATIENCE = 60
END = b"\0end\0"  # behind all that the program wrote


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


def main(columns, rows, steps, command):
    master, slave = pty.openpty()
    resize(master, columns, rows)
    before = termios.tcgetattr(slave)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.closerange(3, 256)
        os.execvp(command[0], command)
    shown = b""
    mark = 0

    def read(until):
        """Whether it came; without a text: until the program has ended."""
        nonlocal shown, mark
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if until is not None and until in shown[mark:]:
                if until is END:
                    shown = shown.replace(END, b"")
                mark = len(shown)
                return True
            if until is None and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                os.set_blocking(slave, False)
                try:
                    os.write(slave, END)
                    until = END
                except BlockingIOError:  # there is more to read first
                    pass
            if select.select([master], [], [], 0.05)[0]:
                shown += os.read(master, 65536)
        return False

    for step in steps:
        kind, _, rest = step.partition(":")
        if kind == "wait":
            if not read(rest.encode()):
                os.kill(pid, signal.SIGKILL)
                sys.stdout.buffer.write(shown)
                print(f"'{rest}' did not come", file=sys.stderr)
                return 98
        elif kind == "size":
            resize(master, *rest.split("x"))
        elif kind == "touch":
            open(rest, "w").close()
        elif kind == "kill":
            os.kill(pid, getattr(signal, rest))
        else:
            os.write(master, step.encode())
    ended = read(None)
    if not ended:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.buffer.write(shown)
    if termios.tcgetattr(slave) != before or shown.count(b"\033[?1049h") != shown.count(b"\033[?1049l"):
        return 99
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    split = sys.argv.index("--")
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:split], sys.argv[split + 1 :]))
