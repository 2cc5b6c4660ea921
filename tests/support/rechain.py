#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rewrites the audit log of a registry as somebody does who knows how its chain is made: rechain.py REGISTRY swap|cut|insert.  Two rows in the
middle change places, three go, or one is told twice; whatever follows is numbered and hashed again, so that the chain is whole."""
import hashlib
import sqlite3
import struct
import sys

COLUMNS = "number, at, account, certificate, call, arguments, code, text"


def chain(before, fields):
    digest = hashlib.sha256()
    for data in [before] + [str(field).encode() for field in fields]:
        digest.update(struct.pack(">Q", len(data)) + data)
    return digest.digest()


registry = sqlite3.connect(sys.argv[1], timeout=30)
rows = [row[1:] for row in registry.execute(f"SELECT {COLUMNS} FROM audit ORDER BY number")]
rows = {
    "swap": rows[:2] + [rows[3], rows[2]] + rows[4:],
    "cut": rows[:2] + rows[5:],
    "insert": rows[:3] + rows[2:],
}[sys.argv[2]]
registry.execute("DELETE FROM audit")
last = b""
for number, row in enumerate(rows, 1):
    last = chain(last, (number, *row))
    registry.execute(f"INSERT INTO audit ({COLUMNS}, hash) VALUES ({', '.join('?' * 9)})", (number, *row, last))
registry.commit()
