# SPDX-License-Identifier: Apache-2.0
"""Every call of the manager over MQTT under every kind of account: roles.py PORT CA.pem WORLD.json

WORLD.json: {"accounts": {NAME: {"role", "limited", "state", "directory"}}, "machines": {NAME: {"kind", "directory"}}, "calls": [NAME...],
"in": {...}, "out": {...}, "none": {...}}.
"in" and "out" are things that are there, within and outside the groups of the accounts that are limited; "none" are things that are not.  Who
may make which call is in roles_table.py."""
import json
import pathlib
import socket
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from roles_table import CALLS, CHANGES, LETTERS, LISTS, MACHINES  # noqa: E402
from wire import field, varint  # noqa: E402


def text(value):
    return len(value).to_bytes(2, "big") + value.encode()


def fields(data):
    """-> {number: [value...]}, of a message with numbers and texts alone"""
    at, found = 0, {}

    def number():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                return value
    while at < len(data):
        tag, value = number(), number()
        if tag & 7 == 2:
            value, at = data[at:at + value].decode(), at + value
        found.setdefault(tag >> 3, []).append(value)
    return found


class Line:
    """An MQTT 5 session that asks one thing after the other; everything at QoS 0, as there is one answer to wait for."""

    def __init__(self, port, ca, name, directory):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(ca)
        context.load_cert_chain(f"{directory}/{name}.pem", f"{directory}/{name}.key")
        self.name, self.asked = name, 0
        self.line = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 60))
        self.send(0x10, text("MQTT") + bytes([5, 2]) + (0).to_bytes(2, "big") + b"\0" + text(name))
        kind, body = self.receive()
        if kind != 0x20 or body[1] != 0:
            raise PermissionError(f"{name} is refused")
        self.reply = f"holdline/v1/admin/reply/{name}"
        self.send(0x82, (1).to_bytes(2, "big") + b"\0" + text(self.reply) + b"\0")
        kind, body = self.receive()
        if kind != 0x90 or body[-1] > 2:
            raise PermissionError(f"{name} may not read answers")

    def send(self, kind, body):
        self.line.sendall(bytes([kind]) + varint(len(body)) + body)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.line.recv(size - len(data))
            if not part:
                raise PermissionError(f"the session of {self.name} has ended")
            data += part
        return data

    def receive(self):
        kind, size, shift = self.exactly(1)[0], 0, 0
        while True:
            byte = self.exactly(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind, self.exactly(size)

    def replies(self, correlation):
        """Replies to the last call, up to the first that ends it."""
        while True:
            kind, body = self.receive()
            if kind & 0xf0 != 0x30:
                continue
            at = 2 + int.from_bytes(body[:2], "big") + (2 if kind & 6 else 0)
            size = body[at]  # of properties: the correlation is short
            if correlation in body[at + 1:at + 1 + size]:
                return fields(body[at + 1 + size:])

    def ask(self, call, arguments):
        """-> code, message, document's text; of a watch: as it begins"""
        self.asked += 1
        correlation = f"roles-{self.asked:06}".encode()
        properties = b"\x08" + text(self.reply) + b"\x09" + len(correlation).to_bytes(2, "big") + correlation
        message = field(1, call) + b"".join(field(2, field(1, name) + field(2, value)) for name, value in arguments.items())
        self.send(0x30, text(f"holdline/v1/admin/request/{self.name}") + varint(len(properties)) + properties + message)
        found = self.replies(correlation)
        return tuple(found.get(number, [""])[0] for number in (1, 2, 4))


class Walk:
    def __init__(self, port, ca, world):
        self.world, self.bad, self.asked = world, [], 0
        self.lines = {name: Line(port, ca, name, account["directory"]) for name, account in world["accounts"].items()
                      if account["state"] != "revoked"}

    def expect(self, name, call, arguments, where, expected, hidden=()):
        told = {key: value.format(me=name, **self.world[where]) for key, value in arguments.items()}
        code, message, document = self.lines[name].ask(call, told)
        self.asked += 1
        if code != expected:
            self.bad.append(f"{name}: '{call}' {told} ({where}): '{code}' instead of '{expected}': {message}")
        if not hidden and code == "" and call in LISTS and self.world["out"][LISTS[call]] not in document:
            self.bad.append(f"{name}: '{call}' does not list {self.world['out'][LISTS[call]]}: {document[:300]}")
        if code:  # the document of a refusal is the sentence's arguments, which may repeat what was asked for
            message, document = f"{message} {document}", ""
        for word in hidden:
            if word in document or word in message and word not in told.values():
                self.bad.append(f"{name}: '{call}' {told} tells of '{word}': {message} {document[:300]}")
        for key, value in told.items():
            message = message.replace(value, f"<{key}>")
        return message

    def one(self, name, account, row):
        call, may, arguments, code = row[:4]
        hidden = self.world["out"].values() if account["limited"] else ()
        is_of_something = any("{" in value and "{me}" not in value for value in arguments.values())
        places = ("none", "out", "in") if is_of_something else ("none",)
        absent = None  # what is said of something that is not there
        for where in places:
            if account["state"] != "enabled" or LETTERS[account["role"]] not in may:
                self.expect(name, call, arguments, where, "denied", hidden)
            elif is_of_something and (where == "none" or where == "out" and account["limited"]):
                message = self.expect(name, call, arguments, where, "not-found", hidden)
                absent = absent or message
                if message != absent:
                    self.bad.append(f"{name}: '{call}' tells what is elsewhere ({message}) from what is nowhere ({absent})")
            elif code is not CHANGES:
                self.expect(name, call, arguments, where, row[4] if account["limited"] and len(row) > 4 else code, hidden)

    def across(self, name):
        """To move takes both: where from and where to."""
        inside, outside = self.world["in"], self.world["out"]
        for endpoint, group in ((inside, outside), (outside, inside)):
            self.expect(name, "endpoint move", {"selector": endpoint["endpoint"], "group": group["group"]}, "in", "not-found")

    def machine(self, port, ca, name, machine):
        """A monitor's and a console's certificate, on things that are there; and a list is of all groups."""
        may = MACHINES[machine["kind"]]
        self.lines[name] = Line(port, ca, name, machine["directory"])
        for call, _, arguments, *_ in CALLS:
            self.expect(name, call, arguments, "in", may.get(call, may[""]))
        self.bad += [f"{call} is no call" for call in may if call and call not in {row[0] for row in CALLS}]

    def refused(self, port, ca, name, directory):
        """A revoked certificate comes to nothing, whatever it would call."""
        try:
            Line(port, ca, name, directory)
        except (PermissionError, OSError):
            return
        self.bad.append(f"{name} is revoked, and has a session")

    def all(self, port, ca):
        for name, machine in self.world["machines"].items():
            self.machine(port, ca, name, machine)
        for name, account in self.world["accounts"].items():
            if account["state"] == "revoked":
                self.refused(port, ca, name, account["directory"])
                continue
            for row in CALLS:
                self.one(name, account, row)
            if account["limited"] and account["role"] == "administrator":
                self.across(name)


def main():
    port, ca = int(sys.argv[1]), sys.argv[2]
    with open(sys.argv[3]) as file:
        world = json.load(file)
    walk = Walk(port, ca, world)
    known, written = set(world["calls"]), {row[0] for row in CALLS}
    walk.bad += [f"'{name}' is not in roles_table.py" for name in sorted(known - written)]
    walk.bad += [f"the manager has no call '{name}'" for name in sorted(written - known)]
    walk.all(port, ca)
    print(f"   {walk.asked} calls by {len(world['accounts'])} accounts and {len(world['machines'])} machines, {len(walk.bad)} not as designed")
    sys.exit("\n".join(walk.bad) if walk.bad else 0)


main()
