#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the files of a web page into C: pages.py OUT.c FILE...  Each is compressed once, here, and tagged by its content.

As this is done once and loaded often, zopfli does it: 4 % fewer bytes than gzip -9 for any browser.  The same files give the same bytes on
every machine: no time and no name is in them.  pages.py --sizes FILE... prints how many bytes of each are sent."""
import hashlib
import pathlib
import subprocess
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/vnd.microsoft.icon",
         ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}


def array(name, data):
    return f"static const unsigned char {name}[] = {{{','.join(str(byte) for byte in data)}}};\n"


def pack(path):
    try:
        return subprocess.run(["zopfli", "-c", "--i60", path], capture_output=True, check=True).stdout
    except FileNotFoundError:
        sys.exit("pages: zopfli is not installed: script/bootstrap installs it")


def print_sizes(names):
    for name in names:
        print(f"{len(pack(name)):7}  {pathlib.Path(name).name}")


def write_c(target, names):
    out = ['#include "manager/console/pages.h"\n']
    rows = []
    for number, name in enumerate(names):
        path = pathlib.Path(name)
        plain = path.read_bytes()
        packed = pack(name)
        tag = hashlib.sha256(plain).hexdigest()[:32]
        out.append(array(f"plain_{number}", plain or b"\n"))
        out.append(array(f"packed_{number}", packed))
        address = "/" if path.name == "index.html" else "/" + path.name
        rows.append(f'    {{ "{address}", "{TYPES[path.suffix]}", "\\"{tag}\\"", plain_{number}, sizeof plain_{number}, '
                    f"packed_{number}, sizeof packed_{number} }},\n")
    out.append("const ConPage con_pages[] = {\n" + "".join(rows) + "    { 0 },\n};\n")
    pathlib.Path(target).write_text("".join(out), encoding="utf-8")


if sys.argv[1] == "--sizes":
    print_sizes(sys.argv[2:])
else:
    write_c(sys.argv[1], sys.argv[2:])
