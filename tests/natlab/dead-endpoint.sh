#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B16
. "$(dirname "$0")/lib.sh"

server
group office delivery.mode=documented
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc dead1 public 203.0.113.21/24 203.0.113.254 office
pc home home-nat 192.168.1.20/24 192.168.1.1 office
pc dead2 public 203.0.113.22/24 203.0.113.254 office
pc open public 203.0.113.20/24 203.0.113.254 office
for name in dead1 dead2 open; do await 5 "$name: shown Online, and so it is" looks $name Online online agree-online; done
step "dead1 is killed, dead2's cable is pulled"
end dead1 KILL
pull public dead2-eth

run hl group set office privilege.update-now=yes
await 1 "open has the privilege at once" may open update-now
await 5 "dead1 refused the server's dial" is dead1 reachability refused
await 5 "dead2 did not answer" is dead2 reachability timeout
expect "home did not answer" is home reachability timeout
run hl group set office privilege.scan=no
await 1 "the next change is at open at once, too" may_not open scan
shown B16 "an endpoint that does not answer holds up nobody"
note "the five more attempts, every 15 minutes, are shown in virtual time (test-documented: /documented/B16)"
