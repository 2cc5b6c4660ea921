#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Watches an endpoint: watch.py SOCKET [CALL...].

Each document is a line on standard output, with the time it came as "seen_ms"; a refusal is a line "refused: CODE MESSAGE".  Ends when the
daemon closes the connection.  Further CALLs are made on the connection that watches.  The encoding is by hand, so what is said to the daemon
does not come from its code, and nothing else is needed: the file may be run from anywhere."""
import json
import socket
import struct
import sys
import time


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    at, found = 0, {}
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value].decode(), at + value
        found[tag >> 3] = value
    return found


def exactly(one, size):
    data = b""
    while len(data) < size:
        part = one.recv(size - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


with socket.socket(socket.AF_UNIX) as control:
    control.connect(sys.argv[1])
    for name in ["watch"] + sys.argv[2:]:
        call = b"\x0a" + bytes([len(name)]) + name.encode()
        control.sendall(struct.pack(">I", len(call)) + call)
    while True:
        reply = fields(exactly(control, struct.unpack(">I", exactly(control, 4))[0]))
        if reply.get(1):
            print("refused:", reply[1], reply.get(2), flush=True)
            continue
        assert reply.get(3) == 1, reply  # there is always more to come
        document = json.loads(reply[4])
        document["seen_ms"] = int(time.time() * 1000)
        print(json.dumps(document), flush=True)
