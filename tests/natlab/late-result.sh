#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

# drop HOST CHAIN RULE: what goes out of a host, or comes to it, is lost from here on.
drop() { in_ns "$1" nft "table inet cut-$2 { chain c { type filter hook $2 priority -10; $3 \"eth\" drop; }; }"; }
mend() { in_ns "$1" nft delete table inet "cut-$2"; }

server
patterns
group office
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office
run hl update-now home --wait
more_patterns
run hl update-now home --wait
second=$(local_fact home '.patterns.virus')

step "what home sends is lost from here on; it still hears"
drop home output oifname
run hl rollback home --expires 5s
command=$(hl command list --json | jq -r '.commands[0].id')
went_back() { [ "$(local_fact home '.patterns.virus')" != "$second" ]; }
await 10 "home did what it was told, and cannot say so" went_back
drop home input iifname
await 90 "the command's time is over, and nothing was heard" command_is home "$command" expired
mend home output
mend home input
await 90 "home's report arrives late, and corrects that" command_is home "$command" succeeded
says_late() { hl command show "$command" | grep -F "reported late: it had been taken for expired"; }
expect "the command says that it came late" says_late
in_history() { hl endpoint history "${ID[home]}" | grep -F "rollback" | grep -F "succeeded (reported late"; }
expect "so does the endpoint's history" in_history
shown repaired "a command that was done ends as done, however late its report comes"
