#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A desktop and an endpoint daemon that a test drives, all on one GLib loop: session bus, watcher of icons, notification server,
a host that looks at the icon, and the daemon's control socket.  Needs python3-gi and dbus-daemon."""
import json
import os
import socket
import struct
import subprocess
import time

from gi.repository import Gio, GLib

from wire import field

WATCHER = "org.kde.StatusNotifierWatcher"
NOTIFICATIONS = "org.freedesktop.Notifications"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PATIENCE = 60  # seconds; for what happens within one


def pump(condition, what, patience=PATIENCE):
    """Runs the loop until condition() is true."""
    context = GLib.MainContext.default()
    until = time.monotonic() + patience
    ticks = GLib.timeout_add(20, lambda: True)
    try:
        while not condition():
            if time.monotonic() > until:
                raise AssertionError(f"waited in vain for: {what}")
            context.iteration(True)
    finally:
        GLib.source_remove(ticks)


def pump_for(seconds):
    until = time.monotonic() + seconds
    pump(lambda: time.monotonic() > until, "the end of a pause", seconds + PATIENCE)


class Bus:
    """A session bus of its own, which starts none of the services that are installed on this machine."""

    CONFIG = """<busconfig><type>session</type><listen>{address}</listen>
      <policy context='default'><allow send_destination='*' eavesdrop='true'/><allow eavesdrop='true'/><allow own='*'/></policy>
      </busconfig>"""

    def __init__(self, folder):
        self.address = f"unix:path={folder}/bus"
        config = f"{folder}/bus.conf"
        with open(config, "w", encoding="utf-8") as file:
            file.write(self.CONFIG.format(address=self.address))
        self.process = subprocess.Popen(["dbus-daemon", "--nofork", f"--config-file={config}", "--print-address"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()

    def connect(self):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        connection = Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        connection.set_exit_on_close(False)
        return connection

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Service:
    """An object with a name on a connection of its own; gone with stop()."""

    def __init__(self, bus, name, path, xml):
        self.connection = bus.connect()
        self.name = name
        self.path = path
        node = Gio.DBusNodeInfo.new_for_xml(xml)
        self.connection.register_object(path, node.interfaces[0], self.on_call, self.on_get, None)
        self.connection.call_sync("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                                  GLib.Variant("(su)", (name, 4)), None, 0, -1, None)

    def on_get(self, *_):
        return None

    def stop(self):
        self.connection.close_sync(None)


class Watcher(Service):
    XML = f"""<node><interface name='{WATCHER}'>
      <method name='RegisterStatusNotifierItem'><arg type='s' direction='in'/></method>
      <property name='IsStatusNotifierHostRegistered' type='b' access='read'/>
      <signal name='StatusNotifierHostRegistered'/></interface></node>"""

    def __init__(self, bus, hosted=True):
        self.items = []
        self.hosted = hosted
        super().__init__(bus, WATCHER, "/StatusNotifierWatcher", self.XML)

    def on_call(self, _connection, _sender, _path, _interface, _method, parameters, invocation):
        self.items.append(parameters.unpack()[0])
        invocation.return_value(None)

    def on_get(self, *_):
        return GLib.Variant("b", self.hosted)


class Notifications(Service):
    XML = f"""<node><interface name='{NOTIFICATIONS}'>
      <method name='GetCapabilities'><arg type='as' direction='out'/></method>
      <method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
        <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/>
        <arg type='a{{sv}}' direction='in'/><arg type='i' direction='in'/><arg type='u' direction='out'/></method>
      </interface></node>"""

    def __init__(self, bus, capabilities=("body", "body-markup")):
        self.shown = []  # as told: {"title", "body", "replaces", "id", "urgency"}
        self.asked = 0
        self.hangs = False
        self.capabilities = list(capabilities)
        super().__init__(bus, NOTIFICATIONS, "/org/freedesktop/Notifications", self.XML)

    def on_call(self, _connection, _sender, _path, _interface, method, parameters, invocation):
        self.asked += 1
        if self.hangs:
            return
        if method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (self.capabilities,)))
            return
        _, replaces, _, title, body, _, hints, _ = parameters.unpack()
        number = replaces or len(self.shown) + 1
        self.shown.append({"title": title, "body": body, "replaces": replaces, "id": number, "urgency": hints["urgency"]})
        invocation.return_value(GLib.Variant("(u)", (number,)))

    def titles(self):
        return [one["title"] for one in self.shown]


class Portal(Service):
    """The dialog for files; answers at once with the addresses that the test gave it, or that the user closed it."""

    XML = """<node><interface name='org.freedesktop.portal.FileChooser'>
      <method name='OpenFile'><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='a{sv}' direction='in'/>
        <arg type='o' direction='out'/></method></interface></node>"""

    def __init__(self, bus, uris):
        self.uris = uris
        self.asked = 0
        self.options = {}
        super().__init__(bus, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", self.XML)

    def on_call(self, connection, sender, path, _interface, _method, parameters, invocation):
        self.options = parameters.unpack()[2]
        handle = f"{path}/request/{sender[1:].replace('.', '_')}/{self.options['handle_token']}"
        self.asked += 1
        answer = GLib.Variant("(ua{sv})", (0 if self.uris else 1, {"uris": GLib.Variant("as", self.uris)}))
        connection.emit_signal(sender, handle, "org.freedesktop.portal.Request", "Response", answer)
        invocation.return_value(GLib.Variant("(o)", (handle,)))


class Host:
    """What a panel does with an icon: reads it, opens its menu, clicks; and counts the signals that it gets."""

    def __init__(self, bus, name):
        self.connection = bus.connect()
        self.name = name
        self.signals = []
        self.connection.signal_subscribe(None, None, None, None, None, 0, self.on_signal)

    def on_signal(self, _connection, _sender, _path, interface, signal, parameters):
        if interface in (ITEM, MENU):
            self.signals.append((signal, parameters.unpack()))

    def call(self, path, interface, method, parameters=None):
        """The loop runs meanwhile, so that what the tray asks us for is answered."""
        answers = []
        self.connection.call(self.name, path, interface, method, parameters, None, 0, -1, None,
                             lambda connection, result: answers.append((connection, result)))
        pump(lambda: answers, f"an answer to {method}")
        return answers[0][0].call_finish(answers[0][1]).unpack()

    def properties(self):
        return self.call("/StatusNotifierItem", "org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", (ITEM,)))[0]

    def property(self, name):
        return self.call("/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (ITEM, name)))[0]

    def tooltip(self):
        return "\n".join(filter(None, self.property("ToolTip")[2:]))

    def menu(self):
        """Labels by id, in order, of what is seen; None for separators."""
        path = self.property("Menu")
        _, (_, _, children) = self.call(path, MENU, "GetLayout", GLib.Variant("(iias)", (0, -1, [])))
        return {number: properties.get("label") for number, properties, _ in children if properties["visible"]}

    def click(self, number):
        path = self.property("Menu")
        self.call(path, MENU, "Event", GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("s", ""), 0)))


def fields_of(data):
    """The fields of a protobuf message that are bytes: (number, value)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        size = varint()
        if key & 7 == 2:
            yield key >> 3, data[at:at + size]
            at += size


def reply(code="", message="", more=False, document=None):
    text = "" if document is None else json.dumps(document)
    payload = field(1, code) if code else b""
    payload += (field(2, message) if message else b"") + field(3, int(more)) + (field(4, text) if text else b"")
    return struct.pack(">I", len(payload)) + payload


class Daemon:
    """The endpoint daemon's control socket.  Calls other than `watch` are noted, and answered by the test."""

    def __init__(self, path, document):
        self.path = path
        self.document = document
        self.calls = []  # (name, {argument: value}, peer)
        self.peers = {}  # socket -> [source, received]
        self.watching = []
        self.server = None
        self.start()

    def start(self):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(16)
        self.source = GLib.unix_fd_add_full(0, self.server.fileno(), GLib.IOCondition.IN, self.on_peer)

    def stop(self):
        """As if it were killed: the socket stays."""
        if self.server.fileno() < 0:
            return
        GLib.source_remove(self.source)
        self.server.close()
        for peer in list(self.peers):
            self.drop(peer)

    def come_back(self):
        os.unlink(self.path)
        self.start()

    def on_peer(self, *_):
        peer, _ = self.server.accept()
        self.peers[peer] = [GLib.unix_fd_add_full(0, peer.fileno(), GLib.IOCondition.IN | GLib.IOCondition.HUP,
                                                  lambda *_: self.on_data(peer)), b""]
        return True

    def drop(self, peer):
        GLib.source_remove(self.peers.pop(peer)[0])
        if peer in self.watching:
            self.watching.remove(peer)
        peer.close()

    def on_data(self, peer):
        data = peer.recv(65536)
        if not data:
            self.drop(peer)
            return False
        self.peers[peer][1] += data
        while len(self.peers[peer][1]) >= 4:
            received = self.peers[peer][1]
            size = struct.unpack(">I", received[:4])[0] & 0x7fffffff  # the top bit: a descriptor comes with it
            if len(received) < 4 + size:
                break
            self.peers[peer][1] = received[4 + size:]
            self.on_call(received[4:4 + size], peer)
        return True

    def on_call(self, payload, peer):
        parts = list(fields_of(payload))
        name = next(value.decode() for number, value in parts if number == 1)
        arguments = {}
        for number, value in parts:
            if number == 2:
                words = dict(fields_of(value))
                arguments[words[1].decode()] = words[2].decode()
        if name == "watch":
            self.watching.append(peer)
            peer.sendall(reply(more=True, document=self.document))
        else:
            self.calls.append((name, arguments, peer))

    def tell(self, **changes):
        self.document.update(changes)
        for peer in self.watching:
            peer.sendall(reply(more=True, document=self.document))

    def names(self):
        return [name for name, _, _ in self.calls]


def document(**changes):
    """What a daemon tells that is well."""
    nothing = {"update-now": False, "toggle-schedule": False, "scan": False, "skip-scan": False, "stop": False}
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    update = {"running": False, "percent": 0, "what": None, "trigger": None, "last_at": now, "last_succeeded": True,
              "last_trigger": "schedule", "last_detail": "now at 2026112702", "succeeded_at": now, "schedule": "daily 12:00",
              "schedule_off_by_user": False}
    return {"enrolled": True, "line": "up", "independent": False, "may": nothing, "patterns": {"virus": 2026112702},
            "patterns_since": now, "update": update, "scan": {"running": False, "last": None},
            "finds": {"total": 0, "count": 0, "last": None}, "problem": None, **changes}
