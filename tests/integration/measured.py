# SPDX-License-Identifier: Apache-2.0
"""What a program costs: for tests that hold a refusal against another."""
import subprocess

# A process of its own, small: the peak of a child counts from that of the process that forks it.
MEASURE = """
import os, sys
_, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measured(*command, environment):
    """What became of it, its seconds of CPU and its KiB of memory."""
    done = subprocess.run(["/usr/bin/python3", "-S", "-c", MEASURE, *command], capture_output=True, text=True, timeout=120,
                          env=environment)
    cpu, memory = done.stdout.splitlines()[-1].split()
    return done, float(cpu), int(memory)


def sanitized(program):
    """Whether its figures are the sanitizer's."""
    with open(program, "rb") as f:
        content = f.read()
    return b"__asan_init" in content or b"__tsan_init" in content
