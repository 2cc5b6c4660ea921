#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file system that hangs, as a network file system does whose server is gone: hung_fs.py DIRECTORY DEVICE

    well    a file of harmless text
    slow    a file: every read of it is taken, and never answered
    mute    another one like it: a file whose read hangs cannot even be opened by others
    dead    a directory that is never listed

Speaks the kernel's FUSE protocol itself (version 7.26), so that no library is needed.  Prints "ready", and "holds NAME" for each request that
it does not answer.  It ends with its process: then the kernel answers what was left open with an error."""
import ctypes
import errno
import os
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 17, 18, 25, 26
OPENDIR, READDIR, RELEASEDIR, ACCESS, INTERRUPT, BATCH_FORGET = 27, 28, 29, 34, 36, 42
TEXT = b"all is well\n"
NODES = {1: (stat.S_IFDIR | 0o755, 0), 2: (stat.S_IFREG | 0o644, len(TEXT)), 3: (stat.S_IFREG | 0o644, 1 << 16), 4: (stat.S_IFDIR | 0o755, 0)}
NODES[5] = NODES[3]
NAMES = {b"well": 2, b"slow": 3, b"dead": 4, b"mute": 5}
LONG = 1 << 20  # seconds that the kernel may remember an answer


def attributes(node):
    mode, size = NODES[node]
    return struct.pack("<6Q10I", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def listing():
    out = b""
    for at, (name, node) in enumerate(NAMES.items(), 1):
        row = struct.pack("<2Q2I", node, at, len(name), NODES[node][0] >> 12) + name
        out += row + bytes(-len(row) % 8)
    return out


def answer(opcode, node, body):
    """What to say; None: nothing, ever."""
    if opcode == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 26, 1 << 16, 0, 16, 12, 1 << 16, 1, 0, 0, *[0] * 8)
    if opcode == LOOKUP:
        found = NAMES.get(body.rstrip(b"\0")) if node == 1 else None
        return -errno.ENOENT if found is None else struct.pack("<4Q2I", found, 0, LONG, LONG, 0, 0) + attributes(found)
    if opcode == GETATTR:
        return struct.pack("<Q2I", LONG, 0, 0) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 0, 0, 0)
    if opcode == READ:
        offset = struct.unpack_from("<Q", body, 8)[0]
        return TEXT[offset:] if node == 2 else None
    if opcode == READDIR:
        offset = struct.unpack_from("<Q", body, 8)[0]
        return None if node == 4 else listing() if offset == 0 else b""
    if opcode == STATFS:
        return bytes(40) + struct.pack("<2I", 4096, 255) + bytes(32)
    return b"" if opcode in (RELEASE, RELEASEDIR, FLUSH, ACCESS) else -errno.ENOSYS


def main():
    device = os.open(sys.argv[2], os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40755,user_id=0,group_id=0,allow_other"
    if libc.mount(b"hung", os.fsencode(sys.argv[1]), b"fuse.hung", 0, options.encode()) != 0:
        sys.exit(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    print("ready", flush=True)
    while True:
        try:
            request = os.read(device, 1 << 18)
        except OSError as error:
            if error.errno == errno.ENODEV:  # unmounted
                return
            if error.errno in (errno.EINTR, errno.ENOENT):
                continue
            raise
        _, opcode, unique, node = struct.unpack_from("<2I2Q", request)
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):  # they expect no answer
            continue
        said = answer(opcode, node, request[40:])
        if said is None:
            print("holds", next(name.decode() for name in NAMES if NAMES[name] == node), flush=True)
            continue
        failed, data = (said, b"") if isinstance(said, int) else (0, said)
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(data), failed, unique) + data)
        except OSError as error:
            if error.errno != errno.ENOENT:  # nobody waits for it any longer
                raise


main()
