#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""relay.py PORT FILE: carries TCP connections from 127.0.0.1:PORT to the port that FILE names at that moment; an empty file: nowhere.

A name that leads to another machine by now, and, when it is killed, a network that is cut."""
import select
import socket
import sys
import threading


def carry(near, path):
    with near:
        try:
            with open(path, encoding="ascii") as file:
                far = socket.create_connection(("127.0.0.1", int(file.read())))
        except (OSError, ValueError):
            return
        with far:
            other = {near: far, far: near}
            while True:
                for side in select.select([near, far], [], [])[0]:
                    try:
                        data = side.recv(65536)
                        if not data:
                            return
                        other[side].sendall(data)
                    except OSError:
                        return


def main():
    with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
        while True:
            near, _ = listener.accept()
            threading.Thread(target=carry, args=(near, sys.argv[2]), daemon=True).start()


main()
