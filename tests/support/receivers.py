#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receivers of notifications on loopback: a mail server (SMTP with STARTTLS and AUTH PLAIN), a webhook, syslog over TCP, TLS and UDP.

    receivers.py DIRECTORY CERTIFICATE KEY

Writes DIRECTORY/ports.json when all listen, and appends what comes to DIRECTORY/mail, hooks and syslog: JSON, a line for each.  While
DIRECTORY/away exists, mail is refused with 451 and webhooks with 503; gone@ is a recipient that is refused, later@ one that is put off while DIRECTORY/later exists; /slow never answers, /elsewhere redirects."""
import base64
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time

directory, certificate, key = sys.argv[1:]
lock = threading.Lock()
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)


def is_away():
    return os.path.exists(os.path.join(directory, "away"))


def note(name, item):
    with lock, open(os.path.join(directory, name), "a", encoding="utf-8") as out:
        out.write(json.dumps(item) + "\n")


class Mail(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
        self.wfile.flush()

    def start_tls(self):
        self.say("220 go")
        self.connection = tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")

    def data(self):
        self.say("354 go")
        lines = []
        while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
            lines.append(line[1:] if line.startswith("..") else line)
        return "".join(lines)

    def handle(self):
        mail = {"to": [], "tls": False, "user": None}
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word.startswith("EHLO"):
                self.say("250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS" if not mail["tls"] else "250-test\r\n250 AUTH PLAIN")
            elif word == "STARTTLS":
                self.start_tls()
                mail["tls"] = True
            elif word.startswith("AUTH PLAIN"):
                text = line.split()[2] if len(line.split()) > 2 else (self.say("334 "), self.rfile.readline().decode())[1]
                _, mail["user"], password = base64.b64decode(text).decode().split("\0")
                self.say("235 ok" if password == "geheim" else "535 wrong password")
            elif word.startswith("MAIL FROM"):
                mail["from"] = line[10:]
                self.say("451 come back later" if is_away() else "250 ok")
            elif word.startswith("RCPT TO"):
                if "<gone@" in line:
                    self.say("550 5.1.1 nobody of that name")
                    continue
                if "<later@" in line and os.path.exists(os.path.join(directory, "later")):
                    self.say("450 4.2.0 greylisted")
                    continue
                mail["to"].append(line[8:])
                self.say("250 ok")
            elif word == "DATA":
                mail["text"] = self.data()
                note("mail", mail)
                self.say("250 2.0.0 queued as TEST1")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("500 what?")


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/slow":
            time.sleep(600)
        note("hooks", {"path": self.path, "headers": dict(self.headers.items()), "body": body})
        if self.path == "/elsewhere":
            self.send_response(307)
            self.send_header("Location", "/landed")
        else:
            self.send_response(503 if is_away() else 200)
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *arguments):
        pass


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            length = b""
            while (byte := self.rfile.read(1)) not in (b" ", b""):
                length += byte
            if not byte:
                return
            note("syslog", {"way": self.server.way, "record": self.rfile.read(int(length)).decode()})


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class TlsServer(Server):
    def get_request(self):
        connection, address = super().get_request()
        return tls.wrap_socket(connection, server_side=True), address

    def handle_error(self, request, client_address):
        pass


class Datagrams(socketserver.BaseRequestHandler):
    def handle(self):
        note("syslog", {"way": "udp", "record": self.request[0].decode()})


def serve(name, kind, handler):
    server = kind(("127.0.0.1", 0), handler)
    server.way = name
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


ports = {
    "mail": serve("mail", Server, Mail),
    "hook": serve("hook", Server, Hook),
    "hooks": serve("hooks", TlsServer, Hook),
    "tcp": serve("tcp", Server, Stream),
    "tls": serve("tls", TlsServer, Stream),
    "udp": serve("udp", socketserver.UDPServer, Datagrams),
}
with open(os.path.join(directory, "ports.partial"), "w", encoding="utf-8") as out:
    json.dump(ports, out)
os.rename(os.path.join(directory, "ports.partial"), os.path.join(directory, "ports.json"))
threading.Event().wait()
