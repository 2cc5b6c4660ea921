#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pixmaps.py OUT ICON=FILE.svg[,FILE.svg...]...: the pictures of each icon, one SVG file per frame, as the C source of
tr_pixmaps (endpoint/tray/pixmap.h).  rsvg-convert draws; its PNG files are read here, for there is nothing smaller that does."""
import pathlib
import struct
import subprocess
import sys
import zlib

SIZES = (16, 22, 24, 32, 48)


def predict(kind, left, up, corner):
    """What filter type `kind` of the PNG specification, section 9, adds to a byte."""
    if kind == 4:  # Paeth
        guess = left + up - corner
        return min((left, up, corner), key=lambda near: abs(guess - near))
    return (0, left, up, (left + up) // 2)[kind]


def rgba(png, size):
    """The pixels of a PNG file as rsvg-convert writes it: 8 bits, RGBA, not interlaced."""
    chunks, at = {}, 8
    while at < len(png):
        length, name = struct.unpack_from(">I4s", png, at)
        chunks[name] = chunks.get(name, b"") + png[at + 8:at + 8 + length]
        at += length + 12
    if chunks[b"IHDR"] != struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0):
        sys.exit("pixmaps.py: rsvg-convert wrote another kind of PNG than 8-bit RGBA")
    raw, row = zlib.decompress(chunks[b"IDAT"]), size * 4
    before, pixels = bytearray(row), bytearray()
    for y in range(size):
        kind, line = raw[y * (row + 1)], bytearray(raw[y * (row + 1) + 1:(y + 1) * (row + 1)])
        for x in range(row):
            left, corner = (line[x - 4], before[x - 4]) if x >= 4 else (0, 0)
            line[x] = (line[x] + predict(kind, left, before[x], corner)) & 255
        pixels += line
        before = line
    return pixels


def argb(svg, size):
    png = subprocess.run(["rsvg-convert", "-w", str(size), "-h", str(size), svg], check=True, capture_output=True).stdout
    pixels = rgba(png, size)
    return b"".join(pixels[i + 3:i + 4] + pixels[i:i + 3] for i in range(0, len(pixels), 4))


def main(out, *icons):
    data, table = [], []
    for icon in icons:
        name, _, files = icon.partition("=")
        frames = []
        for svg in files.split(","):
            symbol = pathlib.Path(svg).stem.replace("-", "_")
            data += [f"static const guint8 {symbol}_{size}[] = {{{','.join(map(str, argb(svg, size)))}}};" for size in SIZES]
            frames.append("{" + ", ".join(f"{{ {size}, {symbol}_{size} }}" for size in SIZES) + "}")
        frames = (frames * 4)[:4] if len(frames) == 1 else frames
        table.append(f"    [{name}] = {{\n        " + ",\n        ".join(frames) + "\n    },")
    pathlib.Path(out).write_text("\n".join([
        '#include "endpoint/tray/pixmap.h"\n', *data, "",
        f"static const TrPixmap pixmaps[TR_N_ICONS][TR_FRAMES][{len(SIZES)}] = {{", *table, "};\n",
        "const TrPixmap *tr_pixmaps(TrIcon icon, guint frame, gsize *n)", "{",
        "    *n = G_N_ELEMENTS(pixmaps[icon][frame]);", "    return pixmaps[icon][frame];", "}\n"]), encoding="utf-8")


main(*sys.argv[1:])
