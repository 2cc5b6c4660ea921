# SPDX-License-Identifier: Apache-2.0
# What the desktop tests share, on top of tests/system/lib.sh: a screen (Xvfb), session buses, panels, pictures, a mouse.
#
# The screen has no window manager: panels and menus place themselves.  Everything runs below $work, carries the mark of the test, and
# ends with it; the machine's own session, if there is one, is not touched.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../system/lib.sh"

panel_height=32
screens=$BUILD_DIR/tests/desktop/screenshots
mkdir -p "$screens"
export LC_ALL=C.UTF-8 XDG_RUNTIME_DIR=$work/run XDG_CACHE_HOME=$HOME/.cache XDG_DATA_HOME=$HOME/.local/share
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS SESSION_MANAGER LANGUAGE XDG_CURRENT_DESKTOP XDG_SESSION_TYPE
# No helpers that nobody needs here: accessibility, GVfs, a GPU, dconf's daemon.
export NO_AT_BRIDGE=1 GTK_A11Y=none GIO_USE_VFS=local GIO_USE_VOLUME_MONITOR=unix LIBGL_ALWAYS_SOFTWARE=1 GSETTINGS_BACKEND=keyfile
export GDK_BACKEND=x11 QT_QPA_PLATFORM=xcb
mkdir -p "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME" "$XDG_DATA_HOME"
mkdir -m 700 "$XDG_RUNTIME_DIR"

# needs PROGRAM...: skipped loudly without one of them.
needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed: script/bootstrap installs all that the tests need"
    done
    /usr/bin/python3 -c 'import gi' 2>/dev/null || skip "python3-gi is not installed"
}

session=(/usr/bin/python3 "$here/session.py") # in the background; so that $! is python's
session() { "${session[@]}" "$@"; }
look() { /usr/bin/python3 "$here/look.py" "$@"; }

# privileges KEY=VALUE...: of the group office, and in force on the PC.
privileges() {
    holdline group set office "$@" >/dev/null
    wait_for 10 in_force pc "$(registry "SELECT version FROM grp WHERE name = 'office'")"
}

# ---------------------------------------------------------------------------------------------------- screen and buses

start_display() {
    Xvfb -displayfd 3 -screen 0 1024x600x24 -nolisten tcp -noreset 3>"$work/display" >"$work/xvfb.log" 2>&1 &
    wait_for 30 grep . "$work/display"
    display=$(cat "$work/display")
    undo+=(forget_display)
    export DISPLAY=:$display
    convert -size 1024x600 "xc:#35506b" png:- | display -window root png:- || true # it ends with 1 when all is well
}

# It was killed, and left its socket (with -displayfd there is no lock); another one may have the number by now.
forget_display() { grep "/tmp/.X11-unix/X$display\$" /proc/net/unix >/dev/null || rm -f "/tmp/.X11-unix/X$display"; }

# start_bus DIR [COMMAND...]: a session bus in DIR, run by COMMAND (setpriv, for another user); sets its address.
start_bus() {
    local dir=$1
    shift
    DBUS_SESSION_BUS_ADDRESS=unix:path=$dir/bus
    export DBUS_SESSION_BUS_ADDRESS
    "$@" dbus-daemon --session --nofork --nopidfile --address="$DBUS_SESSION_BUS_ADDRESS" >>"$work/dbus.log" 2>&1 &
    wait_for 20 test -S "$dir/bus"
}

# Every call of org.freedesktop.Notifications, no matter who serves it.
spy_notifications() {
    dbus-monitor --session "interface='org.freedesktop.Notifications',member='Notify'" >"$work/notify.log" 2>&1 &
    wait_for 20 grep NameAcquired "$work/notify.log"
}

# dunst, which shows them; a font that has Japanese, and nothing that fades.
start_notifications() {
    mkdir -p "$XDG_CONFIG_HOME/dunst"
    cat >"$XDG_CONFIG_HOME/dunst/dunstrc" <<CONF
[global]
    font = Sans 11
    width = 360
    offset = 8x48
    idle_threshold = 0
    enable_recursive_icon_lookup = true
[urgency_low]
    timeout = 0
[urgency_normal]
    timeout = 0
[urgency_critical]
    timeout = 0
CONF
    dunst >"$work/dunst.log" 2>&1 &
    wait_for 20 session owner org.freedesktop.Notifications
}

notified() { [ "$(grep -c 'member=Notify$' "$work/notify.log")" -gt "${1:-0}" ]; } # MORE THAN

# -------------------------------------------------------------------------------------------------------------- panels
# Each panel lies along the upper edge and has nothing but a tray at its right end.

configure_xfce4_panel() {
    mkdir -p "$XDG_CONFIG_HOME/xfce4/xfconf/xfce-perchannel-xml"
    cat >"$XDG_CONFIG_HOME/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="$panel_height"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray"/>
  </property>
</channel>
XML
    panel=(xfce4-panel --disable-wm-check)
}

configure_lxqt_panel() {
    mkdir -p "$XDG_CONFIG_HOME/lxqt"
    cat >"$XDG_CONFIG_HOME/lxqt/panel.conf" <<CONF
[General]
__userfile__=true
panels=panel1
[panel1]
plugins=spacer,statusnotifier
position=Top
desktop=0
panelSize=$panel_height
iconSize=22
[spacer]
type=spacer
expandable=true
[statusnotifier]
alignment=Right
type=statusnotifier
CONF
    panel=(lxqt-panel)
}

configure_mate_panel() {
    mkdir -p "$XDG_CONFIG_HOME/glib-2.0/settings"
    cat >"$XDG_CONFIG_HOME/glib-2.0/settings/keyfile" <<CONF
[org/mate/panel/general]
toplevel-id-list=['top']
object-id-list=['tray']
[org/mate/panel/toplevels/top]
expand=true
orientation='top'
size=$panel_height
[org/mate/panel/objects/tray]
object-type='applet'
applet-iid='NotificationAreaAppletFactory::NotificationArea'
toplevel-id='top'
position=0
panel-right-stick=true
locked=true
CONF
    panel=(mate-panel)
}

# start_panel NAME: on the screen and the bus that are there.
start_panel() {
    "configure_${1//-/_}"
    picture "$work/bare.png"
    "${panel[@]}" >"$work/panel.log" 2>&1 &
    wait_for 60 differs "$work/bare.png" 0 "$panel_height"
    wait_for 60 session items # its watcher answers
}

# ---------------------------------------------------------------------------------------------------- pictures, mouse

picture() { import -silent -window root "$1"; }

# still FILE: the picture of the screen when two in a row are the same.
still() {
    picture "$1"
    wait_for 30 is_still "$1"
}

is_still() {
    mv "$1" "$1.before"
    sleep 0.2
    picture "$1"
    ! look changed "$1.before" "$1" >/dev/null
}

# shot STEP: the screen as it is now becomes PANEL-LANGUAGE-STEP.png, and $shot.
shot() {
    shot=$screens/$name-$language-$1.png
    still "$shot"
    rm -f "$shot.before"
}

# appears BEFORE [TOP [BOTTOM]]: something that was not on BEFORE is there, and stands still: $shot, and its box in $box.
appears() {
    wait_for 30 differs "$@"
    shot "$shot_as"
    box=$(look changed "$1" "$shot" "${@:2}") || fail "it went again: $shot"
}

differs() {
    picture "$work/now.png"
    look changed "$1" "$work/now.png" "${@:2}"
}

# click_at BUTTON X Y: with the mouse.
click_at() { xdotool mousemove "$2" "$3" click "$1"; }

middle() { # BOX: X Y
    local w h x y
    read -r w h x y <<<"$1"
    echo $((x + w / 2)) $((y + h / 2))
}

# The mouse away from panel and menus, so that nothing is lit up.
park_mouse() { xdotool mousemove 200 550; }
