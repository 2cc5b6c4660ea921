#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B14
. "$(dirname "$0")/lib.sh"

server
patterns
group office delivery.mode=documented privilege.update-now=yes
pc open public 203.0.113.20/24 203.0.113.254 office
await 5 "open: shown Online, and so it is" looks open Online online agree-online

run hl group set office mode.independent=yes
await 5 "open is shown Independent" is open displayed Independent
await 2 "its direct port is closed" refuses in_ns server bash -c 'exec 3<>/dev/tcp/203.0.113.20/61000'
run hl group set office mode.independent=yes privilege.toggle-schedule=yes
still 3 "it takes no settings" may_not open toggle-schedule
run hl update-now open
command=$(hl command list --json | jq -r '.commands[0].id')
still 3 "it takes no commands" command_is open "$command" queued
run on open update-now
await 10 "its own update works" refuses is open patterns '{}'
still 2 "even so it takes no settings" may_not open toggle-schedule
expect "nor the command" command_is open "$command" queued
expect "all that time its line was up" looks open Independent online agree-online
shown B14 "independent: connects, takes nothing, updates itself"
