# SPDX-License-Identifier: Apache-2.0
"""Ports to listen at."""
import contextlib
import random
import socket


def free_ports(n):
    """n in a row that nobody has now, below those that the kernel gives to connections: one of thousands of endpoints could get
    the port of a broker that was killed, and keep that broker from it."""
    while True:
        first = random.randrange(12000, 30000)
        with contextlib.ExitStack() as open_ones:
            try:
                for port in range(first, first + n):
                    open_ones.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return list(range(first, first + n))
