#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B10 B11 B12
. "$(dirname "$0")/lib.sh"

server '[status]' 'verification = 1m'
group office delivery.mode=documented
monitor
pc cable public 203.0.113.20/24 203.0.113.254 office 'keepalive = 2s'
pc victim public 203.0.113.21/24 203.0.113.254 office
pc polite public 203.0.113.22/24 203.0.113.254 office
for name in cable victim polite; do
    await 5 "$name: shown Online, and so it is" looks $name Online online agree-online
done

# a branch with a router that does not translate yet: the server has a route to it
host branch
switch branch
plug branch wan public 203.0.113.1/24 203.0.113.254
ip -n branch address add 192.168.7.1/24 dev lan
set_sysctl branch ipv4/ip_forward 1
ip -n server route add 192.168.7.0/24 via 203.0.113.1
pc clerk branch 192.168.7.20/24 192.168.7.1 office
await 5 "clerk, behind a plain router: shown Online, and so it is" looks clerk Online online agree-online

step "victim is killed, cable's cable is pulled, polite is stopped cleanly"
end victim KILL
pull public cable-eth
end polite TERM
await 2 "polite is shown Offline at once" looks polite Offline offline agree-offline
await 5 "victim is a ghost: shown Online, its line is lost" looks victim Online offline ghost-online
await 6 "cable is a ghost: shown Online, its line is silent" looks cable Online offline ghost-online
await 2 "the status topics say the same" topic_is cable verdict ghost-online
run hl verify cable
expect "verification by hand: cable is shown Offline" looks cable Offline offline agree-offline

step "cable's cable is back: the same process, as after hibernation"
push public cable-eth
await 15 "its line is up again by itself" is cable actual online
still 2 "nothing was announced, so it is shown Offline" is cable displayed Offline
shown B12 "an endpoint that resumes sends no notice of being online"

step "the branch gets a router that translates"
before=$(fact clerk session)
nat_rules branch
await 10 "clerk's line found its way through" is_back clerk "$before"
still 3 "clerk: shown Online, and so it is: a line that comes back announces nothing" looks clerk Online online agree-online
expect "victim is still a ghost" looks victim Online offline ghost-online
note "waiting for the scheduled verification, once a minute here"
await 60 "the verification finds victim dead" looks victim Offline offline agree-offline
shown B10 "ghost Online until the next verification; a clean stop shows at once"
await 5 "the same verification puts clerk Offline, which works as before" looks clerk Offline online hidden-by-nat
await 5 "and it puts cable Online" looks cable Online online agree-online
shown B11 "the verification is itself a cause of false Offline"
