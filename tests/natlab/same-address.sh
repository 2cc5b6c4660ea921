#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired B2
. "$(dirname "$0")/lib.sh"

server
patterns
group office
nat nat-a public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
nat nat-b public 203.0.113.2/24 203.0.113.254 192.168.1.1/24
pc anna nat-a 192.168.1.20/24 192.168.1.1 office
pc bert nat-b 192.168.1.20/24 192.168.1.1 office
for name in anna bert; do await 5 "$name: shown Offline; its line is up" looks $name Offline online hidden-by-nat; done
expect "anna registered 192.168.1.20" is anna addresses 192.168.1.20
expect "bert did so, too" is bert addresses 192.168.1.20
shown B2 "both dials fail, both are shown Offline"

note "a printer at 192.168.1.20 in the server's own LAN; it answers on port 61000, in plain HTTP"
host server-lan
switch server-lan
plug server lan server-lan 192.168.1.10/24
host printer
plug printer eth server-lan 192.168.1.20/24
launch printer printer "$LAB/printer.log" python3 -m http.server 61000 --bind 192.168.1.20 --directory "$LAB/anna"
lab_until 10 in_ns server bash -c 'exec 3<>/dev/tcp/192.168.1.20/61000'
run hl verify all
for name in anna bert; do expect "$name is not mistaken for it" looks $name Offline online wrong-host; done
expect "the explanation says so" tells anna "192.168.1.20:61000 belongs to another machine as seen from the server (wrong-host)"
end printer TERM

note "a printer that takes the connection and says nothing"
launch printer printer "$LAB/printer.log" python3 -c '
import socket, time
listener = socket.create_server(("192.168.1.20", 61000))
time.sleep(100)'
lab_until 10 in_ns server bash -c 'exec 3<>/dev/tcp/192.168.1.20/61000'
run hl verify all
for name in anna bert; do expect "$name is not mistaken for it" looks $name Offline online wrong-host; done
end printer KILL

note "a printer that speaks TLS, with a certificate of its own"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=printer \
    -keyout "$LAB/printer.key" -out "$LAB/printer.pem" 2>/dev/null
launch printer printer "$LAB/printer.log" openssl s_server -accept 192.168.1.20:61000 -cert "$LAB/printer.pem" \
    -key "$LAB/printer.key" -quiet
lab_until 10 in_ns server bash -c 'exec 3<>/dev/tcp/192.168.1.20/61000'
run hl verify all
for name in anna bert; do expect "$name is not mistaken for it" looks $name Offline online wrong-host; done
end printer KILL
ip netns del printer

note "a third endpoint of this very server at that address, in the server's LAN"
pc carl server-lan 192.168.1.20/24 192.168.1.10 office
await 5 "carl: shown Online, and so it is" looks carl Online online agree-online
run hl verify all
for name in anna bert; do expect "$name is not mistaken for carl" looks $name Offline online wrong-host; done
expect "carl is carl" looks carl Online online agree-online
shown repaired "only the certificate of this very endpoint counts as reachable"

run hl update-now bert --wait
expect "bert has the pattern" refuses is bert patterns '{}'
expect "anna has not" is anna patterns '{}'
expect "carl has not" is carl patterns '{}'
run hl group set office privilege.update-now=yes
for name in anna bert carl; do await 2 "$name has the privilege" may $name update-now; done
shown repaired "one address three times, and each is reached as itself"

step "an endpoint on the server itself registers the server's address"
mkdir -p "$LAB/inside"
printf '[state]\ndirectory = %s/inside/state\n[identity]\nmachine_id = inside\n' "$LAB" >"$LAB/inside/endpoint.conf"
launch inside server "$LAB/inside.log" holdline-endpointd -c "$LAB/inside/endpoint.conf"
inside() { in_ns server holdline-endpoint -c "$LAB/inside/endpoint.conf" "$@"; }
lab_until 10 test -S "$LAB/inside/state/control"
inside enrol "$LAB/office.bundle" >/dev/null
ID[inside]=$(inside status --json | jq -r .id)
await 10 "it is online" is inside actual online
await 5 "and the manager does not dial itself" is inside reachability no-route
expect "which the explanation says" tells inside "it is the server's own address"
