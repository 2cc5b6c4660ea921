#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B5 repaired
. "$(dirname "$0")/lib.sh"

server
patterns
group office delivery.mode=documented
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc first home-nat 192.168.1.20/24 192.168.1.1 office
await 5 "first: shown Offline; its line is up" looks first Offline online hidden-by-nat

run hl group set office privilege.update-now=yes
run hl bundle create --group office --output "$LAB/new.bundle"
pc second home-nat 192.168.1.21/24 192.168.1.1 new
expect "second, installed after the change, may update by hand" may second update-now
expect "the privilege was in its bundle" is second settings.path bundle
still 3 "first, installed before, may not" may_not first update-now
expect "so its user cannot make the update that would bring the privilege" refuses on first update-now
shown B5 "privileges travel in the bundle, and cannot be pushed to an endpoint that lacks them"

begin hl group set office delivery.mode=channel
await 1 "first has the privilege" may first update-now
taken
finish
shown repaired "the way out of the deadlock: delivery down the line, what waited came at once ($TOOK s)"
