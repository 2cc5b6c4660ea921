#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office
monitor
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office 'keepalive = 3s'
await 5 "home: its line is up" looks home Offline online hidden-by-nat
session=$(fact home session)

step "the router forgets its mappings and tells nobody"
nat_forgets home-nat 203.0.113.254
run hl group set office privilege.update-now=yes
run hl update-now home
command=$(hl command list --json | jq -r '.commands[0].id')
await 3 "the server doubts: Stale" is home actual stale
expect "and has no verdict" is home verdict unverified
await 15 "home noticed by itself and has a new line" is home actual online
expect "with a higher session number" test "$(fact home session)" -gt "$session"
await 3 "the settings saved meanwhile are there" may home update-now
await 5 "the command given meanwhile is done" command_is home "$command" succeeded
expect "once" test "$(on home history --json | jq '[.commands[] | select(.kind == "update-now")] | length')" = 1
shown repaired "a mapping that dies silently costs a few seconds and no work"

note "the broker now finds the old connection dead; its late will must change nothing"
still 8 "home stays online" is home actual online
shown repaired "the late will of an old session does not put a newer one offline"
