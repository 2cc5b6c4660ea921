#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An enrolled endpoint that was taken over, as fast as it can, written from docs/protocol.md alone: it sends one kind of message over
and over, and comes back at once whenever its session is ended.

flood.py KIND PORT IDENTITY-DIRECTORY [seconds=N] [messages=N] [qos=0|1] [pace=N]
Prints one line of JSON: how many it sent, in how many sessions.  pace: messages a second; without it, all that the line takes."""
import json
import os
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from wire import field, varint

CHUNK = 500  # messages that are made at a time


def text(value):
    return len(value).to_bytes(2, "big") + value


def packet(kind, body):
    return bytes([kind]) + varint(len(body)) + body


def now_ms():
    return int(time.time() * 1000)


class Kinds:
    """What is sent: a function for each kind gives the n-th payload."""

    def __init__(self, identity):
        self.session = now_ms() + 1000
        self.identity = identity
        self.padding = field(5, field(1, "x" * 226000))
        self.csr = b""

    def make_csr(self):
        with tempfile.TemporaryDirectory() as top:
            subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-keyout", f"{top}/key", "-subj", f"/CN={self.identity}", "-outform", "DER", "-out", f"{top}/csr"],
                           check=True, capture_output=True)
            with open(f"{top}/csr", "rb") as file:
                self.csr = file.read()

    def report(self, spool, seq, number, body):
        return field(1, spool) + field(2, seq) + field(3, now_ms()) + field(4, self.session) + field(5, 1) + field(number, body)

    def certificates(self, n):
        if not self.csr:
            self.make_csr()
        return self.report("flood", n + 1, 14, field(1, self.csr))

    def counters(self, n):
        return field(1, self.session) + field(2, n + 1) + field(3, n + 2) + field(4, b"d" * 32) + field(7, now_ms())

    def heartbeats(self, n):
        return field(1, self.session) + field(2, n + 1) + field(7, now_ms())

    def large(self, n):
        return field(1, self.session) + field(2, n + 1) + self.padding

    def properties(self, n):
        return self.heartbeats(n)

    def births(self, n):
        registration = field(1, f"host-{n}") + field(2, "192.0.2.66") + field(6, "f" * 64)
        return (field(1, self.session) + field(2, 1) + field(4, "b-flood") + field(5, now_ms()) + field(6, 60000)
                + field(7, registration) + field(10, 1))

    def flaps(self, n):
        return self.births(n) if n % 2 == 0 else field(1, self.session + n) + field(3, "line-lost") + field(4, "b-flood")

    def spools(self, n):
        return self.report(f"spool-{n}", 1, 11, field(1, "manual") + field(2, 1) + field(3, "x" * 900))

    def refusals(self, n):
        return self.report("flood", n + 1, 13, field(1, "settings") + field(2, "invalid") + field(3, "x" * 900))

    def finds(self, n):
        """Always the same reports: of 60 infected files, each found three times in 200, and after each nine the end of a scan."""
        if n % 10 == 9:
            body = (field(1, f"scan-{n}") + field(2, "schedule") + field(3, now_ms() - 1000) + field(4, now_ms())
                    + field(5, "failed" if n % 20 == 9 else "completed") + field(6, "the engine was killed" if n % 20 == 9 else "")
                    + field(7, 1000 + n) + field(9, 9) + field(10, 1) + field(11, field(1, "unreadable") + field(2, 1)))
            return self.report("finds", n + 1, 18, body)
        find = n - n // 10
        body = (field(1, f"/home/u/infected-{find % 60}") + field(2, 68) + field(3, b"h" * 32) + field(4, "u")
                + field(5, "Eicar-Test-Signature") + field(6, "virus") + field(7, 1) + field(8, "schedule") + field(9, "reported")
                + field(11, now_ms()) + field(12, f"scan-{n}"))
        return self.report("finds", n + 1, 17, body)

    def echoes(self, n):
        return field(1, n + 1) + field(2, self.session)


TOPICS = {"certificates": "report", "spools": "report", "refusals": "report", "finds": "report", "counters": "heartbeat",
          "heartbeats": "heartbeat", "large": "heartbeat", "properties": "heartbeat",
          "births": "link", "flaps": "link", "echoes": "echo", "connects": "",
          "subscriptions": ""}
EXTRA = {"properties": b"".join(b"\x26" + text(b"k") + text(b"v" * 60000) for _ in range(4))}  # beside the payload
CROWD = 20  # of those who only connect, side by side


class Flood:
    def __init__(self, kind, port, directory, options):
        with open(f"{directory}/identity/identity.json") as file:
            self.id = json.load(file)["id"]
        self.kind, self.port = kind, int(port)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname = False
        self.context.load_verify_locations(f"{directory}/identity/ca.pem")
        self.context.load_cert_chain(f"{directory}/identity/endpoint.pem")
        self.payload = getattr(Kinds(self.id), kind, None)
        self.qos = int(options.get("qos", 0 if TOPICS[kind] in ("heartbeat", "echo") else 1))
        self.pace = float(options.get("pace", 0))
        self.limit = int(options.get("messages", 0))
        self.end = time.monotonic() + float(options.get("seconds", 60))
        self.sent, self.sessions, self.made, self.line = 0, 0, 0, None
        self.inbox, self.answered = b"", False

    def over(self):
        return time.monotonic() >= self.end or 0 < self.limit <= self.sent

    def greeting(self):
        return packet(0x10, text(b"MQTT") + bytes([5, 2]) + (300).to_bytes(2, "big") + b"\0" + text(self.id.encode()))

    def connect(self):
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        self.line = self.context.wrap_socket(raw)
        self.line.sendall(self.greeting())
        self.inbox = self.line.recv(1)
        if self.inbox[0] != 0x20:
            raise OSError("refused")
        self.line.setblocking(False)
        self.sessions += 1

    def knock(self):
        while not self.over():
            try:
                with self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 10)) as line:
                    line.sendall(self.greeting())
                    line.recv(1)
                    self.sent += 1
            except OSError:
                time.sleep(0.01)

    def knock_together(self):
        threads = [threading.Thread(target=self.knock) for _ in range(CROWD)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def subscribe(self):
        """As many filters as a packet of 290 kB holds, each of its own and of 150 levels, which is what costs a broker memory."""
        filters = b"".join(text(b"%x" % (self.made * 1000 + i) + b"/x" * 150) + b"\0" for i in range(940))
        self.made += 1
        return packet(0x82, (self.made % 65000 + 1).to_bytes(2, "big") + b"\0" + filters)

    def chunk(self, size):
        if self.kind == "subscriptions":
            return b"".join(self.subscribe() for _ in range(size))
        topic = text(f"holdline/v1/endpoint/{self.id}/{TOPICS[self.kind]}".encode())
        extra = EXTRA.get(self.kind, b"")
        out = []
        for _ in range(size):
            number = (self.made % 65000 + 1).to_bytes(2, "big") if self.qos else b""
            out.append(packet(0x30 | self.qos << 1, topic + number + varint(len(extra)) + extra + self.payload(self.made)))
            self.made += 1
        return b"".join(out)

    def read(self):
        """What has come; of it, only whether the answer to a ping is there is of interest."""
        try:
            data = self.line.recv(65536)
        except ssl.SSLWantReadError:
            return
        if not data:
            raise OSError("closed")
        self.inbox += data
        while len(self.inbox) >= 2 and len(self.inbox) >= 2 + self.inbox[1]:  # all are shorter than 128 bytes
            self.answered = self.answered or self.inbox[0] == 0xD0
            self.inbox = self.inbox[2 + self.inbox[1]:]

    def write(self, data):
        view = memoryview(data)
        while view and time.monotonic() < self.end:
            ready = select.select([self.line], [self.line], [], 0.2)
            if ready[0]:
                self.read()
            if ready[1]:
                try:
                    view = view[self.line.send(view):]
                except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    pass

    def see_off(self):
        """Until the broker has all that was sent: it answers in order.  A line that is closed before takes with it what is not read yet."""
        try:
            self.write(packet(0xC0, b""))
            while not self.answered and time.monotonic() < self.end:
                if select.select([self.line], [], [], 0.2)[0]:
                    self.read()
        except OSError:
            pass

    def run(self):
        if self.kind == "connects":
            self.knock_together()
        else:
            self.send_all()
        print(json.dumps({"kind": self.kind, "qos": self.qos, "sent": self.sent, "sessions": self.sessions}))

    def send_all(self):
        size = {"large": 8, "subscriptions": 1}.get(self.kind, CHUNK)
        if self.pace:
            size = 1
        if self.limit:
            size = min(size, self.limit)
        while not self.over():
            try:
                if self.line is None:
                    self.connect()
                self.write(self.chunk(size))
                self.sent += size
                if self.pace:
                    time.sleep(1 / self.pace)
            except OSError:
                self.line = None
                time.sleep(0.01)
        if self.line is not None and self.limit:
            self.see_off()


def main():
    kind, port, directory = sys.argv[1:4]
    if kind not in TOPICS:
        sys.exit(f"flood.py: no kind '{kind}'; one of {' '.join(sorted(TOPICS))}")
    Flood(kind, port, os.path.abspath(directory), dict(word.split("=", 1) for word in sys.argv[4:])).run()


main()
