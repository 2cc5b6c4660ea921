#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B4 B8 B9
. "$(dirname "$0")/lib.sh"

server
patterns
group office delivery.mode=documented privilege.update-now=yes
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office
await 5 "home: shown Offline; its line is up" looks home Offline online hidden-by-nat
since=$(fact home displayed_since)

run hl group set office privilege.toggle-schedule=yes
still 4 "home does not have it, though its line is up" may_not home toggle-schedule
run on home update-now
await 3 "home has it now" may home toggle-schedule
await 3 "it came with the update notification" is home settings.path update-notification
shown B4 "settings come with the next update notification, not before"

expect "home has the new pattern" refuses is home patterns '{}'
expect "it is shown Offline as before" is home displayed Offline
expect "since the same time as before" is home displayed_since "$since"
shown B8 "an update by hand and what it reports do not refresh the displayed status"

more_patterns
run hl update-now home
command=$(hl command list --json | jq -r '.commands[0].id')
still 3 "the command waits, through heartbeat after heartbeat" command_is home "$command" queued
run on home update-now
await 5 "the update notification is an occasion" command_is home "$command" succeeded
run hl update-now home
command=$(hl command list --json | jq -r '.commands[0].id')
still 2 "the next command waits again" command_is home "$command" queued
step "home restarts"
end home TERM
start home
await 15 "the restart is an occasion" command_is home "$command" succeeded
run hl update-now home
command=$(hl command list --json | jq -r '.commands[0].id')
still 2 "the next one waits again" command_is home "$command" queued
step "home reloads its configuration (SIGHUP)"
kill -HUP "${PID[home]}"
await 15 "the reload is an occasion" command_is home "$command" succeeded
shown B9 "queued work is done at update, restart and reload only"
