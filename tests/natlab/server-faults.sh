#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office
monitor
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc open public 203.0.113.20/24 203.0.113.254 office 'keepalive = 3s'
pc home home-nat 192.168.1.20/24 192.168.1.1 office 'keepalive = 3s'
await 5 "home: shown Offline; its line is up" looks home Offline online hidden-by-nat
await 5 "open: shown Online, and so it is" looks open Online online agree-online
broker() { sed -n 's/^pid //p' "$SITE/broker/process"; }
both_back() {
    for name in home open; do await 30 "$name is online" is $name actual online; done
    await 5 "home looks as before" looks home Offline online hidden-by-nat
    await 5 "open looks as before" looks open Online online agree-online
}
never_offline() { # NAME: as far as its history tells
    [ "$(hl endpoint history "${ID[$1]}" --json | jq '[.history[] | select(.what == "status" and (.detail | test("> offline")))] | length')" = 0 ]
}

step "the broker is killed (kill -9), and all that it kept is lost"
kill -KILL "$(broker)"
both_back
step "the manager is killed, and its broker with it"
child=$(broker)
end manager KILL
kill -KILL "$child" # which outlives it
sleep 3
start_manager
both_back
run hl group set office privilege.update-now=yes
for name in home open; do await 3 "$name has the new settings" may $name update-now; done
expect "home was never said to be offline" never_offline home
expect "nor was open" never_offline open
expect "home was shown Online once, when it registered" has_events home displayed "offline>online online>offline"
shown repaired "faults of the server put nobody offline, and nobody's displayed status moves"

step "the server's own cable is pulled until nobody is heard"
pull public server-wan
for name in home open; do await 8 "$name is offline: the server cannot hear it" is $name actual offline; done
push public server-wan
both_back
shown repaired "and when the lines were really cut, they come back by themselves"
