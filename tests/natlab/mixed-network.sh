#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B1 B2 B3 B6 B7
. "$(dirname "$0")/lib.sh"

server
patterns
group office delivery.mode=documented
monitor
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc open public 203.0.113.20/24 203.0.113.254 office
pc home home-nat 192.168.1.20/24 192.168.1.1 office

await 5 "open: shown Online, and so it is" looks open Online online agree-online
await 5 "home: shown Offline; its line is up" looks home Offline online hidden-by-nat
expect "home registered the address of its own LAN" is home addresses 192.168.1.20
expect "home registered its own host name" is home host home
expect "the server itself saw home's router, 203.0.113.1" is home observed_address 203.0.113.1
expect "the server dialled 192.168.1.20 and got no answer" tells home "192.168.1.20:61000 did not answer (timeout)"
shown B1 "the endpoint registers its own address and host name; the server dials that address"
shown B2 "the dial fails, the console shows Offline, although the endpoint works"
await 2 "the status topics say the same" topic_is home verdict hidden-by-nat

expect "home was shown Online for a moment after it registered" has_events home displayed "offline>online online>offline"
step "home restarts"
end home TERM
start home
await 15 "home: Online for a moment, then Offline again" \
    has_events home displayed "offline>online online>offline offline>online online>offline"
shown B7 "registration and restart show Online until the server's dial fails"

run hl group set office privilege.update-now=yes
await 3 "open may update by hand" may open update-now
await 2 "open took it by the dial" is open settings.path direct
still 4 "home may not, though it sends heartbeats all the time" may_not home update-now
expect "its user is told so" refuses on home update-now
shown B6 "an endpoint that can be dialled has a saved privilege at once, one behind NAT does not"

run hl update-now all
command=$(hl command list --json | jq -r '.commands[0].id')
await 20 "open updated" command_is open "$command" succeeded
still 3 "the command waits for home" command_is home "$command" queued
expect "home has no pattern" is home patterns '{}'
shown B3 "neither settings nor patterns nor commands can be pushed through NAT"
