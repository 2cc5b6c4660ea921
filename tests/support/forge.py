#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes signed messages of the wire as somebody would who owns the broker and not the key - or, for what only a right signature can
show, with the site's own key.  Encodes by hand: nothing here comes from the code under test.

forge.py command|settings ENDPOINT [key=FILE.pem] [key_id=HEX] [id=C-ID] [kind=N] [expires=MS] [counter=N] [context=NAME] > payload
Without key the message is not signed at all.
forge.py link|heartbeat ENDPOINT session=N [boot=ID] [seq=N] [reason=TEXT] [host=NAME] [announces=1] [patterns=N] > payload
What an endpoint says of itself, which nobody signs; without reason a link is a birth.
forge.py ack ENDPOINT [spool=ID] [seq=N] [fence=N] [hold_off=MS] [boot=ID] [session=N key=FILE.pem] > payload
An acknowledgement; with key also as a notice that is signed with it, and answers that session."""
import hashlib
import subprocess
import sys
import tempfile
import time

from wire import field


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, check=True).stdout


def sign(key, data):
    with tempfile.NamedTemporaryFile() as message:  # Ed25519 signs at one go: openssl wants a file of known size
        message.write(data)
        message.flush()
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", message.name)


def component(version):
    return field(1, "virus") + field(2, int(version))


def link(options, now):
    reason = options.get("reason", "")
    registration = field(1, options.get("host", "forged")) + field(2, "192.0.2.66") + field(6, "f" * 64)
    return (field(1, int(options["session"])) + field(2, 0 if reason else 1) + field(3, reason) + field(4, options.get("boot", "b-x"))
            + field(5, now) + field(6, 60000) + field(7, registration) + field(10, int(options.get("announces", 0))))


def heartbeat(options, now):
    return (field(1, int(options["session"])) + field(2, int(options.get("seq", 1))) + field(5, component(options["patterns"]))
            + field(7, now))


def envelope_of(options, context, payload):
    envelope = field(2, payload)
    if "key" in options:
        public = openssl("pkey", "-in", options["key"], "-pubout", "-outform", "DER")[-32:]
        key_id = options.get("key_id", hashlib.sha256(public).hexdigest()[:16])
        data = b"holdline-v1\0" + options.get("context", context).encode() + b"\0" + payload
        envelope = field(1, key_id) + envelope + field(3, sign(options["key"], data))
    return envelope


def ack(options, endpoint, now):
    spool, boot = options.get("spool", ""), options.get("boot", "")
    seq, fence, hold_off = (int(options.get(name, 0)) for name in ("seq", "fence", "hold_off"))
    plain = field(1, spool) + field(2, seq) + field(3, fence) + field(5, hold_off) + field(6, boot)
    if "key" not in options:
        return plain
    notice = (field(1, endpoint) + field(2, int(options["session"])) + field(3, now) + field(4, spool) + field(5, seq) + field(7, fence)
              + field(9, hold_off) + field(10, boot))
    return plain + field(7, envelope_of(options, "line", notice))


def main():
    what, endpoint = sys.argv[1:3]
    options = dict(word.split("=", 1) for word in sys.argv[3:])
    now = int(time.time() * 1000)
    if what in ("link", "heartbeat"):
        sys.stdout.buffer.write((link if what == "link" else heartbeat)(options, now))
        return
    if what == "ack":
        sys.stdout.buffer.write(ack(options, endpoint, now))
        return
    if what == "command":
        payload = (field(1, endpoint) + field(2, options.get("id", "c-forged")) + field(3, int(options.get("kind", 1)))
                   + field(4, now) + field(5, int(options.get("expires", now + 3600000))) + field(9, 60000))
    else:
        settings = field(1, "privilege.update-now") + field(2, "yes")
        digest = hashlib.sha256(b"privilege.update-now=yes\n").digest()
        payload = (field(1, endpoint) + field(2, "default") + field(3, 99) + field(4, int(options.get("counter", 999999)))
                   + field(5, now) + field(7, digest) + field(8, settings))
    sys.stdout.buffer.write(envelope_of(options, what, payload))


main()
