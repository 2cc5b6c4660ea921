#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP proxy that knows CONNECT: connect_proxy.py PORT LOG [user:password] [NAME=ADDRESS...] [silent].

Each request is a line in LOG: "STATUS TARGET".  NAME=ADDRESS is its own idea of who that is: nobody else need resolve the name.  silent: it
takes connections and never answers.
"""
import base64
import socket
import sys
import threading
import time

PORT, LOG = int(sys.argv[1]), open(sys.argv[2], "a", buffering=1)
HOSTS = dict(word.split("=") for word in sys.argv[3:] if "=" in word)
CREDENTIALS = next((word for word in sys.argv[3:] if ":" in word), None)
SILENT = "silent" in sys.argv[3:]


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def connect(target):
    host, _, port = target.rpartition(":")
    host = host.strip("[]")
    return socket.create_connection((HOSTS.get(host, host), int(port)), 10)


def serve(client):
    if SILENT:
        time.sleep(3600)
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    lines = head.decode("latin-1").split("\r\n")
    method, target = lines[0].split()[:2]
    sent = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    wanted = "Basic " + base64.b64encode((CREDENTIALS or "").encode()).decode()
    server, status = None, "405 Method Not Allowed"
    if CREDENTIALS is not None and sent.get("proxy-authorization") != wanted:
        status = "407 Proxy Authentication Required"
    elif method == "CONNECT":
        try:
            server, status = connect(target), "200 Connection established"
        except OSError:
            status = "502 Bad Gateway"
    LOG.write(f"{status.split()[0]} {target}\n")
    client.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
    if server is None:
        client.close()
        return
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)


with socket.create_server(("127.0.0.1", PORT)) as listener:
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
