# SPDX-License-Identifier: Apache-2.0
"""Reads until a file is there: reads.py https://HOST:PORT CA.pem FILE, with $TOKEN.

A line for each answer.  Anything but 200 is wrong, unless no manager came in the ten seconds for which the console waits: then it is a 503
that says so, and that late."""
import json
import os
import pathlib
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

address, ca, stop = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
PATHS = ["/groups", "/commands", "/audit", "/me", "/accounts"]
PATIENCE = 10
PAUSE = 0.1  # s: four readers stay below the 900 calls in 10 s that a manager takes from a console, however fast the machine is
context = ssl.create_default_context(cafile=ca)
problems = []
longest = 0.0
count = 0
lock = threading.Lock()


def read(path):
    """-> status, headers, body"""
    request = urllib.request.Request(address + "/api/v1" + path, headers={"Authorization": "Bearer " + os.environ["TOKEN"]})
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def is_late(status, headers, body, took):
    return (status == 503 and took >= PATIENCE - 1 and int(headers["Retry-After"]) > 0
            and "no manager" in json.loads(body)["detail"])


def run(first):
    global longest, count
    for n in range(first, 1000000):
        if stop.exists():
            return
        path = PATHS[n % len(PATHS)]
        began = time.monotonic()
        try:
            status, headers, body = read(path)
        except OSError as error:  # no answer at all
            status, headers, body = 0, {}, str(error).encode()
        took = time.monotonic() - began
        with lock:
            count += 1
            longest = max(longest, took)
            if status != 200 and not is_late(status, headers, body, took):
                problems.append(f"GET {path}: {status} after {took:.1f} s: {body[:300]!r}")
            print(path, status, f"{took:.2f}", flush=True)
        time.sleep(PAUSE)


readers = [threading.Thread(target=run, args=(n,)) for n in range(4)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
print("\n".join(problems[:10]))
print(f"{count} reads, {len(problems)} problems, the longest took {longest:.1f} s")
sys.exit(1 if problems else 0)
