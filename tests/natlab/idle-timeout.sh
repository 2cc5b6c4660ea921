#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
group office
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
step "the router forgets what is silent for 4 s: 240 s and the heartbeat of 60 s, sixty times as fast"
set_sysctl home-nat netfilter/nf_conntrack_tcp_timeout_established 4
pc home home-nat 192.168.1.20/24 192.168.1.1 office 'keepalive = 1s'
session=$(fact home session)
still 12 "home is online, three time-outs long" is home actual online
expect "on one and the same line" is home session "$session"
shown repaired "the heartbeat keeps the mapping of the router alive"

step "the counter-test: a heartbeat of 20 s and a keepalive of 6 s are slower than the router's memory"
run hl group set office line.heartbeat=20s
lab_until 5 has_version home 2
printf '[line]\nkeepalive = 6s\n' >>"$LAB/home/endpoint.conf"
end home TERM
start home
await 10 "home is back" is home actual online
session=$(fact home session)
lost() { [ "$(fact home session)" -gt "$session" ]; }
await 40 "the line was lost and came back" lost
shown repaired "without it the line dies, is noticed and comes back by itself"
