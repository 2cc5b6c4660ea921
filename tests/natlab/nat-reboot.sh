#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office 'keepalive = 3s'
pc desk home-nat 192.168.1.21/24 192.168.1.1 office 'keepalive = 3s'
for name in home desk; do await 5 "$name: its line is up" looks $name Offline online hidden-by-nat; done

step "the router reboots: links, rules and mappings are gone"
in_ns home-nat nft flush ruleset
ip -n home-nat link set wan down
ip -n home-nat link set lan down
for name in home desk; do await 6 "$name: Offline for the server, too" looks $name Offline offline agree-offline; done
run hl group set office privilege.update-now=yes
run hl update-now all
command=$(hl command list --json | jq -r '.commands[0].id')
step "the router is back"
nat_rules home-nat
ip -n home-nat link set lan up
ip -n home-nat link set wan up
ip -n home-nat route add default via 203.0.113.254
for name in home desk; do
    await 15 "$name is back" is $name actual online
    await 5 "$name has the settings" may $name update-now
    await 10 "$name did the update" command_is $name "$command" succeeded
done
shown repaired "after a reboot of the router everybody comes back unaided and gets what was waiting"
