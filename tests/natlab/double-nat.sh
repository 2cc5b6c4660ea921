#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B2 repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office
nat carrier public 203.0.113.1/24 203.0.113.254 100.64.0.1/24
nat flat carrier 100.64.0.2/24 100.64.0.1 10.0.0.1/24
step "the server's provider says that it has no way to private addresses"
provider unreachable
pc home flat 10.0.0.20/24 10.0.0.1 office
await 5 "home: shown Offline; its line is up" looks home Offline online hidden-by-nat
expect "the server's dial of 10.0.0.20 found no way" is home reachability no-route
expect "the server saw the outermost router" is home observed_address 203.0.113.1
shown B2 "behind two routers: Offline, although it works"

run hl group set office privilege.update-now=yes
await 1 "home has the privilege" may home update-now
run hl update-now home --wait
expect "home has the pattern" refuses is home patterns '{}'
shown repaired "privilege and update pass two routers"
