#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B1 repaired
. "$(dirname "$0")/lib.sh"

server
group office
nat nat-a public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
nat nat-b public 203.0.113.2/24 203.0.113.254 192.168.1.1/24
nat nat-c public 203.0.113.3/24 203.0.113.254 172.20.0.1/24
pc laptop nat-a 192.168.1.20/24 192.168.1.1 office 'keepalive = 3s'
await 5 "laptop: its line is up" looks laptop Offline online hidden-by-nat
expect "the server sees router a" is laptop observed_address 203.0.113.1
id=${ID[laptop]}
session=$(fact laptop session)

step "laptop moves to network b, where it has the same address"
unplug laptop eth
plug laptop eth nat-b 192.168.1.20/24 192.168.1.1
run hl group set office privilege.update-now=yes
await 20 "it is back" is_back laptop "$session"
await 3 "by router b" is laptop observed_address 203.0.113.2
await 2 "and has the settings" may laptop update-now
shown repaired "another router, the same address: the line comes back by itself"

step "laptop moves to network c, where it has another address"
unplug laptop eth
plug laptop eth nat-c 172.20.0.20/24 172.20.0.1
await 15 "it registered the new address" is laptop addresses 172.20.0.20
await 5 "and the server dials that one" tells laptop "172.20.0.20:61000 did not answer (timeout)"
shown B1 "an endpoint with another address registers it"

step "laptop comes to the public network"
unplug laptop eth
plug laptop eth public 203.0.113.30/24 203.0.113.254
await 15 "it registered the public address, is dialled and shown Online" looks laptop Online online agree-online
expect "there is one record of it" test "$(hl endpoint list --json | jq -r '[.endpoints[].id] | join(" ")')" = "$id"
shown repaired "four networks, one record, the right verdict in each"
