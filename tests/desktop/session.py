#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of a tray on a session bus: a host, a notification service, and questions to the item.

  session.py host              owns org.kde.StatusNotifierWatcher until it is killed
  session.py notifications FILE   owns org.freedesktop.Notifications; each notification becomes a line of JSON in FILE
  session.py owner NAME        who owns that name; status 1: nobody
  session.py items             the items of the watcher, a line each
  session.py property NAME     of the first item, as JSON
  session.py menu              the visible entries of the first item's menu, as JSON: [{"id", "label", "enabled"}]; no separators
  session.py click LABEL       what a panel sends for a click on it
  session.py count SECONDS     messages on the bus within that time, and those of the item's owner: {"all", "owner"}
"""
import json
import signal
import sys

from gi.repository import Gio, GLib

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_XML = """<node><interface name="org.kde.StatusNotifierWatcher">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
<property name="RegisteredStatusNotifierItems" type="as" access="read"/>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
<property name="ProtocolVersion" type="i" access="read"/>
<signal name="StatusNotifierItemRegistered"><arg type="s"/></signal>
<signal name="StatusNotifierItemUnregistered"><arg type="s"/></signal>
<signal name="StatusNotifierHostRegistered"/>
</interface></node>"""
NOTIFICATIONS_XML = """<node><interface name="org.freedesktop.Notifications">
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
<arg type="s" direction="out"/><arg type="s" direction="out"/></method>
<method name="CloseNotification"><arg type="u" direction="in"/></method>
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/>
<arg type="i" direction="in"/><arg type="u" direction="out"/></method>
<signal name="NotificationClosed"><arg type="u"/><arg type="u"/></signal>
<signal name="ActionInvoked"><arg type="u"/><arg type="s"/></signal>
</interface></node>"""


def session():
    return Gio.bus_get_sync(Gio.BusType.SESSION)


def serve(bus, name, path, xml, method, get=None):
    """Answers as NAME until it is killed."""
    interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
    bus.register_object(path, interface, method, get, None)
    loop = GLib.MainLoop()
    Gio.bus_own_name_on_connection(bus, name, Gio.BusNameOwnerFlags.DO_NOT_QUEUE, None, lambda *_: sys.exit(f"{name} is taken"))
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()


def host(bus):
    items = {}  # as the watcher names it -> its owner

    def gone(_bus, _sender, _path, _interface, _signal, parameters):
        name, _old, new = parameters.unpack()
        for item in [i for i, owner in items.items() if owner == name and not new]:
            del items[item]
            bus.emit_signal(None, "/StatusNotifierWatcher", WATCHER, "StatusNotifierItemUnregistered", GLib.Variant("(s)", (item,)))

    def call(_bus, sender, _path, _interface, method, parameters, invocation):
        if method == "RegisterStatusNotifierItem":
            service = parameters.unpack()[0]
            item = sender + service if service.startswith("/") else service + "/StatusNotifierItem"
            items[item] = sender
            bus.emit_signal(None, "/StatusNotifierWatcher", WATCHER, "StatusNotifierItemRegistered", GLib.Variant("(s)", (item,)))
        invocation.return_value(None)

    def get(_bus, _sender, _path, _interface, name):
        return {"RegisteredStatusNotifierItems": GLib.Variant("as", list(items)),
                "IsStatusNotifierHostRegistered": GLib.Variant("b", True), "ProtocolVersion": GLib.Variant("i", 0)}[name]

    bus.signal_subscribe("org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged", None, None, 0, gone)
    serve(bus, WATCHER, "/StatusNotifierWatcher", WATCHER_XML, call, get)


def notifications(bus, path):
    last = [0]

    def call(_bus, _sender, _path, _interface, method, parameters, invocation):
        if method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (["body", "body-markup"],)))
        elif method == "GetServerInformation":
            invocation.return_value(GLib.Variant("(ssss)", ("sink", "holdline", "1", "1.2")))
        elif method == "Notify":
            application, replaces, icon, title, body, actions, hints, timeout = parameters.unpack()
            last[0] += 1
            number = replaces or last[0]
            with open(path, "a", encoding="utf-8") as out:
                print(json.dumps({"id": number, "replaces": replaces, "application": application, "icon": icon, "title": title, "body": body,
                                  "actions": actions, "urgency": hints.get("urgency"), "timeout": timeout}, ensure_ascii=False), file=out)
            invocation.return_value(GLib.Variant("(u)", (number,)))
        else:
            invocation.return_value(None)

    serve(bus, "org.freedesktop.Notifications", "/org/freedesktop/Notifications", NOTIFICATIONS_XML, call)


def ask(bus, name, path, interface, method, parameters=None):
    return bus.call_sync(name, path, interface, method, parameters, None, Gio.DBusCallFlags.NO_AUTO_START, 5000, None).unpack()


def get_property(bus, name, path, interface, key):
    return ask(bus, name, path, "org.freedesktop.DBus.Properties", "Get", GLib.Variant("(ss)", (interface, key)))[0]


def items(bus):
    return get_property(bus, WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems")


def owner_of(bus, name):
    return ask(bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner", GLib.Variant("(s)", (name,)))[0]


def item(bus):
    """(bus name, path) of the first item; watchers differ in how they write it."""
    found = items(bus)
    if not found:
        sys.exit("the watcher knows no item")
    name, slash, path = found[0].partition("/")
    return name, slash + path if slash else "/StatusNotifierItem"


def get(bus, key):
    return get_property(bus, *item(bus), "org.kde.StatusNotifierItem", key)


def menu(bus):
    name, _ = item(bus)
    _, (_, _, children) = ask(bus, name, get(bus, "Menu"), "com.canonical.dbusmenu", "GetLayout", GLib.Variant("(iias)", (0, -1, [])))
    for number, properties, _ in children:
        if properties.get("visible", True) and properties.get("type") != "separator":
            # a single underscore marks the key, two are one
            label = properties["label"].replace("__", "\0").replace("_", "").replace("\0", "_")
            yield {"id": number, "label": label, "enabled": properties.get("enabled", True)}


def click(bus, label):
    entry = next((e for e in menu(bus) if e["label"] == label), None)
    if not entry:
        sys.exit(f"no entry {label}")
    name, _ = item(bus)
    ask(bus, name, get(bus, "Menu"), "com.canonical.dbusmenu", "Event",
        GLib.Variant("(isvu)", (entry["id"], "clicked", GLib.Variant("i", 0), 0)))


def count(bus, seconds):
    """A connection of its own becomes a monitor."""
    owner = owner_of(bus, item(bus)[0])
    monitor = Gio.DBusConnection.new_for_address_sync(
        Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION),
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None)
    counts = {"all": 0, "owner": 0}

    def seen(_connection, message, incoming):
        if incoming:  # in GDBus's thread, which alone touches the counts
            counts["all"] += 1
            counts["owner"] += message.get_sender() == owner
        return None  # not for this side to answer

    ask(monitor, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Monitoring", "BecomeMonitor",
        GLib.Variant("(asu)", ([], 0)))
    monitor.add_filter(seen)
    print("counting", file=sys.stderr, flush=True)
    loop = GLib.MainLoop()
    GLib.timeout_add(int(float(seconds) * 1000), loop.quit)
    loop.run()
    return counts


def main():
    commands = {
        "host": lambda bus: host(bus),
        "notifications": notifications,
        "owner": lambda bus, name: print(owner_of(bus, name)),
        "items": lambda bus: print("\n".join(items(bus))),
        "property": lambda bus, key: print(json.dumps(get(bus, key), ensure_ascii=False)),
        "menu": lambda bus: print(json.dumps(list(menu(bus)), ensure_ascii=False)),
        "click": click,
        "count": lambda bus, seconds: print(json.dumps(count(bus, seconds))),
    }
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    try:
        commands[sys.argv[1]](session(), *sys.argv[2:])
    except GLib.Error as error:
        sys.exit(f"session.py: {error.message}")


main()
