#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The encoding of protocol buffers, by hand: what is said to the programs under test does not come from their code."""


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value
