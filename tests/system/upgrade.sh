# SPDX-License-Identifier: Apache-2.0
# A booted machine with a server that offers versions of the program, and a PC that upgrades itself.  Source it after lib.sh and boot.sh.
#
# The server on this machine is that of the build tree, below /usr/local: on one with the server's packages nothing is upgraded.
# shellcheck shell=bash

base=0.2.1~a1 # the version of package-build, which the PC has first
offered=("$base")
site=/var/lib/holdline-server

m() { in_machine "$@"; }
admin() { m env HOLDLINE_CONFIG=/var/lib/holdline-server/admins/admin/holdline.conf holdline "$@"; }
pc() { m holdline-endpoint "$@"; }
repo() { m runuser -u holdline -- holdline-updater repo "$@"; }

machine_for_upgrades() {
    local tool
    for tool in dh git clamscan; do
        command -v "$tool" >/dev/null || skip "$tool is not installed (script/bootstrap installs it)"
    done
    boot
    m rm -f /usr/sbin/policy-rc.d # of the image that this machine was made from: no service would be started
    m journalctl --follow --no-pager >"$work/journal.log" 2>&1 &
    cp -r "$BUILD_DIR/tests/system/packages" "$work/$base" || fail "no packages: package-build makes them"
}

# Another version is the same under another number of the same length, also inside the programs, and with what $2, a shell's text, does to
# an unpacked package ($1: its directory, $2: its name).
make_version() { # VERSION [TEXT]
    local deb name
    printf '#!/bin/sh\nset -e\n%s\n' "${2:-:}" >"$work/change"
    chmod +x "$work/change"
    mkdir "$work/$1"
    for name in common updater endpoint tray; do
        deb=$(echo "$work/$base/holdline-${name}"_*.deb)
        dpkg-deb -R "$deb" "$work/unpacked"
        find "$work/unpacked" -type f -exec sed -i "s/$base/$1/g" {} +
        "$work/change" "$work/unpacked" "$name"
        dpkg-deb -Zgzip -z1 -b "$work/unpacked" "$work/$1" >/dev/null
        rm -r "$work/unpacked"
    done
    offered+=("$1")
}

offer() { # VERSION OPTION...
    m sh -c "rm -rf /tmp/offer && cp -r '/root/$1' /tmp/offer && chmod -R a+rX /tmp/offer"
    repo publish "$site/repo" --component program --from /tmp/offer "${@:2}" >"$work/publish.out" 2>&1 || fail "$(cat "$work/publish.out")"
}

upgrade_server() { # with a group 'office', and the packages of all versions in /root
    tar -C "$work" -cf - "${offered[@]}" | m tar -C /root -xf -
    DESTDIR=$work/installed cmake --install "$BUILD_DIR" >"$work/install.out"
    find "$work/installed" \( -name 'holdline-endpoint*' -o -name 'holdline-scanner' -o -name 'holdline-tray*' -o -name 'holdline-upgrade*' \
        -o -name 'holdline-updater' \) \( -path '*/bin/*' -o -path '*/lib/*' \) -delete
    tar -C "$work/installed" -cf - . | m tar -C / --no-same-owner -xf -
    m systemctl daemon-reload
    m systemd-sysusers
    m sh -c "DEBIAN_FRONTEND=noninteractive dpkg -i /root/$base/holdline-common_*.deb /root/$base/holdline-updater_*.deb /root/$base/holdline-endpoint_*.deb" \
        >"$work/dpkg.log" 2>&1 || fail "dpkg: $(cat "$work/dpkg.log")"
    m systemctl is-active holdline-upgrade.path >/dev/null || fail "nobody waits for requests"
    m install -d -o holdline -g holdline -m 700 "$site"
    m runuser -u holdline -- holdline init "$site" --host 127.0.0.1 --host localhost >/dev/null
    printf 'Case.Mark:0:*:%s\n' 484f4c444c494e45 | m runuser -u holdline -- tee /tmp/v.ndb >/dev/null
    repo add "$site/repo" virus /tmp/v.ndb >/dev/null
    repo publish "$site/repo" >/dev/null
    repo role add "$site/repo" program >/dev/null
    offer "$base"
    m systemctl enable --now holdline-managerd 2>/dev/null
    wait_for 30 m curl -sf --cacert "$site/pki/ca.pem" https://127.0.0.1:8843/healthz
    admin group create office "${by_hand[@]}" scan.period=0s line.heartbeat=1s "$@" >/dev/null
}

upgrade_pc() {
    admin bundle create --group office --output /root/pc.bundle >/dev/null
    pc enrol /root/pc.bundle >/dev/null
    m systemctl enable --now holdline-endpointd 2>/dev/null
    wait_for 60 runs "$base"
}

runs() { # VERSION: as the server sees it, with its line up
    [ "$(admin endpoint list --json | field 'd["endpoints"][0]["program"]')" = "$1" ] && says '"state":"up"' pc status --json
}
upgrade() { pc status --json | field "d[\"upgrade\"][\"$1\"]"; }
ended() { [ "$(upgrade state) $(upgrade to)" = "$1 $2" ]; } # END VERSION
update() { admin update-now all --wait >"$work/update.out" 2>&1 || fail "$(cat "$work/update.out")"; }
reported() { [ "$(pc status --json | field 'd["reports_waiting"]')" = 0 ]; }
