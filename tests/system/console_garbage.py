# SPDX-License-Identifier: Apache-2.0
"""What is no request, or not one that the console reads: console_garbage.py PORT CA.pem

libmicrohttpd answers some of it by itself, before the console hears of it and without the console's headers; it has no option for them.
Such an answer is a fixed text of the library with nothing of the request in it, and the last of its connection.  Every other one has all
headers."""
import re
import socket
import ssl
import sys

MARK = b"<script>mark"  # must come back in no answer
HOST = b"Host: 127.0.0.1\r\n"
LONG = b"a" * 40000
POST = b"POST /api/v1/session HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
LIBRARY = {400, 413, 414, 431, 500, 505}
CASES = [
    MARK + b"\r\n\r\n",
    bytes(range(1, 256)) + b"\r\n\r\n",
    b"GET /" + MARK + b"\r\n\r\n",
    b"GET /" + MARK + b" HTTP/1.0\r\n\r\n",
    b"GET /" + MARK + b" HTTP/0.9\r\n\r\n",
    b"GET /" + MARK + b" HTTP/3.0\r\n" + HOST + b"\r\n",
    b"GET / HTTP/" + MARK + b"\r\n" + HOST + b"\r\n",
    b"GET /" + MARK + b" HTTP/1.1\r\n\r\n",
    b"GET /" + MARK + b" HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    MARK + b" /" + MARK + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT " + MARK + b":443 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    b"TRACE /" + MARK + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET http://" + MARK + b"/ HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /" + MARK + LONG + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    LONG + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X: " + MARK + LONG + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 8000 + b"\r\n",
    b"GET /?" + b"a&" * 8000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a=b; " * 3000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + MARK + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n " + MARK + b"\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"X: y\0" + MARK + b"\r\n\r\n",
    b"GET /\0" + MARK + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r" + HOST + b"\r\r",
    POST + b"Content-Length: " + MARK + b"\r\n\r\n",
    POST + b"Content-Length : 2\r\n\r\n{}",
    POST + b"Transfer-Encoding\t: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Content-Length: 1000000000\r\n\r\n",
    POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: " + MARK + b"\r\n\r\n",
    POST + b"Expect: " + MARK + b"\r\nContent-Length: 2\r\n\r\n{}",
    CHUNKED + MARK + b"\r\n",
    CHUNKED + b"ffffffffffffffffff\r\n",
    CHUNKED + b"2;" + LONG + b"\r\n{}\r\n0\r\n\r\n",
    CHUNKED + b"2\r\n{}\r\n0\r\nX: " + LONG + b"\r\n\r\n",
    POST + b"Content-Type: application/json\r\nContent-Length: 20000\r\n\r\n" + b"[" * 20000,
    POST + b"Content-Type: application/json\r\nContent-Length: 23\r\n\r\n{\"name\": 1, \"name\": 2 }",
    POST + b"Content-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"name\": \"\\u0000\"}",
    POST + b"Content-Type: application/json\r\nContent-Length: 18\r\n\r\n{\"name\": \"\\ud800\"}",
]
HEADERS = (b"content-security-policy: default-src 'none'", b"strict-transport-security: ", b"x-content-type-options: nosniff",
           b"x-frame-options: deny")


def answer(port, context, data):
    """All that comes until the console ends the connection, or has answered and waits."""
    line = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 60), server_hostname="127.0.0.1")
    got = b""
    try:
        line.sendall(data)
    except OSError:
        pass  # it has answered before all was there
    try:
        while True:
            part = line.recv(65536)
            if not part:
                return got, True
            got += part
            head, _, body = got.partition(b"\r\n\r\n")
            length = re.search(rb"\r\nContent-Length: (\d+)", head)
            if length and len(body) >= int(length[1]) and b"Connection: close" not in head:
                return got, False
    except OSError:  # reset: what was sent is not read
        return got, True
    finally:
        line.close()


def problem(got, is_last):
    head, _, _ = got.partition(b"\r\n\r\n")
    if MARK in got:
        return "has something of the request in it"
    if not got or all(header in head.lower() for header in HEADERS):
        return None
    if not got.startswith(b"HTTP/1.1 ") or int(got[9:12]) not in LIBRARY:
        return "lacks headers"
    return None if is_last and b"Set-Cookie" not in head else "goes on after an answer of the library's"


def main():
    port, context = int(sys.argv[1]), ssl.create_default_context(cafile=sys.argv[2])
    bad = 0
    for data in CASES:
        got, is_last = answer(port, context, data)
        found = problem(got, is_last)
        if found:
            bad += 1
            print(f"{data[:80]!r}: {got[:400]!r} {found}")
    sys.exit(f"{bad} of {len(CASES)} answers" if bad else 0)


main()
