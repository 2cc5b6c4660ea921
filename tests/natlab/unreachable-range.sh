#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B13
. "$(dirname "$0")/lib.sh"

server '[status]' 'unreachable = 192.168.1.0/24' 'unreachable-heartbeat = 1m' 'unreachable-poll = 3m' 'unreachable-offline = 2m'
patterns
group office delivery.mode=documented privilege.update-now=yes
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
nat hotel-nat public 203.0.113.2/24 203.0.113.254 192.168.2.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office
pc hotel hotel-nat 192.168.2.20/24 192.168.2.1 office
await 5 "home, in the unreachable network: Unreachable/Online" looks home Unreachable/Online online agree-online
await 5 "hotel, in none: Offline" looks hotel Offline online hidden-by-nat
expect "home was never dialled" is home reachability not-probed
run hl verify all
expect "not even by a verification" is home reachability not-probed

run hl group set office privilege.toggle-schedule=yes
still 4 "the heartbeats of its line bring it nothing" may_not home toggle-schedule
expect "the server did not notify it" is home reachability not-probed
run on home update-now
await 3 "its update notification does" is home settings.path update-notification
step "home is killed"
end home KILL
await 5 "its line is lost" is home actual offline
still 3 "it is shown Unreachable/Online until k minutes are over" looks home Unreachable/Online offline ghost-online
shown B13 "Unreachable/Online by the endpoint's own address, not dialled, not notified; a heartbeat carries no work"
note "offline after k minutes and work at the poll take minutes: test-documented shows them in virtual time (/documented/B13)"
