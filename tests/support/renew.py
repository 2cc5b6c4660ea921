#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client of POST /v1/renew that shares no code with the programs under test: encoding by hand (wire.py), key, request and proof by
openssl.

    renew.py make FILE --certificate PEM --key PEM --new-key PEM [--proof-of FILE] [--clock-ms N]    writes the request's bytes
    renew.py post FILE --url URL --ca PEM [--output PEM]              sends them; prints "STATUS RETRY-AFTER CODE: MESSAGE"

--proof-of: the proof is over that file instead of the signing request."""
import argparse
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from wire import field

CONTEXT = b"holdline-v1\0renew\0"


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def make(args):
    with open(args.certificate, encoding="ascii") as file:
        text = file.read()
    certificate = text[: text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")]
    csr = openssl("req", "-new", "-key", args.new_key, "-subj", "/CN=x", "-outform", "DER")
    signed = csr
    if args.proof_of:
        with open(args.proof_of, "rb") as file:
            signed = file.read()
    proof = openssl("dgst", "-sha256", "-sign", args.key, data=CONTEXT + signed)
    clock = args.clock_ms if args.clock_ms is not None else int(time.time() * 1000)
    with open(args.file, "wb") as file:
        file.write(field(1, certificate) + field(2, csr) + field(3, proof) + field(4, clock))


def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def decode(data):
    """field number -> bytes or number, the last of each."""
    fields, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            fields[key >> 3] = data[at : at + value]
            at += value
        else:
            fields[key >> 3] = value
    return fields


def post(args):
    with open(args.file, "rb") as file:
        body = file.read()
    request = urllib.request.Request(args.url, data=body, headers={"Content-Type": "application/x-protobuf"})
    context = ssl.create_default_context(cafile=args.ca)
    try:
        answer = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)).open(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    content = answer.read()
    fields = decode(content) if answer.headers.get("Content-Type") == "application/x-protobuf" else {}
    if args.output and 4 in fields:
        with open(args.output, "wb") as file:
            file.write(fields[4])
    print(f"{answer.status} {answer.headers.get('Retry-After', '-')} {fields.get(1, b'').decode()}: {fields.get(2, b'').decode()}")


parser = argparse.ArgumentParser()
commands = parser.add_subparsers(required=True)
command = commands.add_parser("make")
command.add_argument("file")
for name in ("--certificate", "--key", "--new-key"):
    command.add_argument(name, required=True)
command.add_argument("--proof-of")
command.add_argument("--clock-ms", type=int)
command.set_defaults(run=make)
command = commands.add_parser("post")
command.add_argument("file")
command.add_argument("--url", required=True)
command.add_argument("--ca", required=True)
command.add_argument("--output")
command.set_defaults(run=post)
arguments = parser.parse_args()
arguments.run(arguments)
