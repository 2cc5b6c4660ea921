#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a console has to carry.

console_load.py changes PORT PKI-DIRECTORY COUNT RATE SECONDS   statuses of the endpoints e-bench-0... on their topics, as the manager that was there
console_load.py streams HOST:PORT CA.pem TOKEN COUNT SECONDS    readers of /events, compressed as browsers take it; prints how many bytes they got together"""
import selectors
import socket
import ssl
import sys
import time

sys.path.insert(0, __file__.rpartition("/bench/")[0] + "/support")
from wire import varint  # noqa: E402  pylint: disable=wrong-import-position

TICK = 0.05  # s
EPOCH = 9_000_000_000_000 + int(time.time())  # of each run a later one: what is no newer than what it heard the console leaves aside


def text(value):
    return len(value).to_bytes(2, "big") + value


def packet(kind, body):
    return bytes([kind]) + varint(len(body)) + body


def status(number, revision):
    actual = ("online", "offline")[revision % 2]
    return (f'{{"id":"e-bench-{number}","host":"pc-{number}","group":"default","actual":"{actual}","reason":"birth","since":"2026-11-27T10:00:00Z",'
            f'"last_seen":"2026-11-27T10:00:{revision % 60:02d}Z","settings":{{"desired":1,"applied":1,"current":true,"path":"bundle"}},'
            f'"patterns":{{"virus":2026112600,"rules":2026112600}},"outdated":false,"displayed":"Online","verdict":"agree-online",'
            f'"reachability":"reachable","epoch":{EPOCH},"revision":{revision}}}').encode()


def changes(port, pki, count, rate, seconds):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(f"{pki}/ca.pem")
    context.load_cert_chain(f"{pki}/manager.pem", f"{pki}/manager.key")
    line = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))))
    line.sendall(packet(0x10, text(b"MQTT") + bytes([5, 2]) + (300).to_bytes(2, "big") + b"\0" + text(b"manager")))
    if line.recv(1)[0] != 0x20:
        sys.exit("console_load: the broker refuses the manager's certificate")
    begin, sent = time.monotonic(), 0
    while time.monotonic() - begin < float(seconds):
        due = int((time.monotonic() - begin) * float(rate))
        out = []
        for revision in range(sent, due):
            number = revision % int(count)
            out.append(packet(0x30, text(f"holdline/v1/status/endpoint/e-bench-{number}".encode()) + b"\0" + status(number, revision + 1)))
        line.sendall(b"".join(out))
        sent = due
        time.sleep(TICK)
    print(f"{sent / float(seconds):.0f}")


def streams(place, ca, token, count, seconds):
    host, _, port = place.rpartition(":")
    context = ssl.create_default_context(cafile=ca)
    waiting = selectors.DefaultSelector()
    for _ in range(int(count)):
        line = context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host)
        line.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {place}\r\nAccept-Encoding: gzip\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        head = line.recv(4096)
        if b" 200 " not in head.partition(b"\r\n")[0]:
            sys.exit(f"console_load: {head[:200]}")
        line.setblocking(False)
        waiting.register(line, selectors.EVENT_READ)
    print("open", flush=True)
    end, got = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        for key, _ in waiting.select(0.5):
            try:
                while data := key.fileobj.recv(262144):
                    got += len(data)
            except (ssl.SSLWantReadError, BlockingIOError):
                pass
    print(got)


{"changes": changes, "streams": streams}[sys.argv[1]](*sys.argv[2:])
