#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office line.heartbeat=3s
nat far-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
step "a relay in the router holds every byte back for 300 ms, in both directions"
for port in 8883 8843; do launch relay$port far-nat "$LAB/relay.log" natlab-relay $port 203.0.113.10 $port 300; done
in_ns far-nat nft -f - <<'NFT'
table ip relay {
    chain in {
        type nat hook prerouting priority -100
        iifname "lan" tcp dport { 8883, 8843 } redirect
    }
}
NFT
pc far far-nat 192.168.1.20/24 192.168.1.1 office
begin hl group set office privilege.update-now=yes
await 3 "far has the privilege" may far update-now
taken
finish
shown repaired "300 ms of delay: a privilege after $TOOK s"

step "and three packets in ten are lost, in both directions"
in_ns far-nat nft -f - <<'NFT'
table ip loss {
    chain in {
        type filter hook prerouting priority -300
        iifname "wan" numgen random mod 100 < 30 drop
    }
    chain out {
        type filter hook postrouting priority 300
        oifname "wan" numgen random mod 100 < 30 drop
    }
}
NFT
for value in no yes no yes; do
    begin hl group set office privilege.scan=$value
    if [ $value = no ]; then check=may_not; else check=may; fi
    await 60 "far has it" $check far scan
    finish
done
run hl update-now far
command=$(hl command list --json | jq -r '.commands[0].id')
await 90 "far updated, and the server knows" command_is far "$command" succeeded
expect "once" test "$(on far history --json | jq '[.commands[] | select(.kind == "update-now")] | length')" = 1
expect "no false Offline on the way" test -z "$(hl endpoint history far --json | jq -r '.history[] | select(.what == "status" and (.detail | test("> offline"))) | .detail')"
shown repaired "300 ms and 30 % loss: everything arrives, once"
