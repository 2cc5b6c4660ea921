#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office
await 5 "home: shown Offline; its line is up" looks home Offline online hidden-by-nat

begin hl group set office privilege.update-now=yes
lab_until 1 may home update-now
taken
finish
shown repaired "a saved privilege is in force behind NAT, $TOOK s after the command was given"
await 2 "it came down the line, with a proof of receipt" is home settings.path channel

more_patterns
run hl update-now home --wait
taken
expect "home has the new pattern" refuses is home patterns '{}'
shown repaired "a pushed update behind NAT, with its result, in $TOOK s"
expect "all the same it is shown Offline" looks home Offline online hidden-by-nat

step "a new pattern while home is away; the command waits for it"
end home TERM
await 5 "home said goodbye: both say Offline" looks home Offline offline agree-offline
more_patterns
run hl update-now home
command=$(hl command list --json | jq -r '.commands[0].id')
run hl group set office privilege.scan=no
start home
await 10 "home came back and did it" command_is home "$command" succeeded
expect "it has the settings too" may_not home scan
shown repaired "what was given to an endpoint that is away waits for it, not for its user"
