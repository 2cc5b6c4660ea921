#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
. "$(dirname "$0")/lib.sh"

server
group office
nat nat-a public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
nat nat-b public 203.0.113.2/24 203.0.113.254 192.168.1.1/24
pc master nat-a 192.168.1.20/24 192.168.1.1 office
pc bystander nat-a 192.168.1.21/24 192.168.1.1 office
await 5 "master: its line is up" looks master Offline online hidden-by-nat

step "master's disk is copied to another PC, behind another router, at the same address"
end master TERM
host copy
plug copy eth nat-b 192.168.1.20/24 192.168.1.1
cp -r "$LAB/master" "$LAB/copy"
sed -i "s,$LAB/master,$LAB/copy,; s,machine_id = master,machine_id = copy," "$LAB/copy/endpoint.conf"
ID[copy]=${ID[master]}
start master
start copy
await 30 "the clone is noticed" is master clone_suspected true
expect "and told with both fingerprints" tells master "two machines use this identity: fingerprints"
stays_away() { grep -q "another machine uses this identity" "$LAB/master.log" "$LAB/copy.log"; }
await 10 "one of the two was asked to stay away, or each of them" stays_away
sleep 1
session=$(fact master session)
still 5 "they do not evict each other in a loop" is master session "$session"
expect "bystander, behind the same router and at no time a clone, is online" looks bystander Offline online hidden-by-nat

step "copy tries to enrol again under master's machine id"
sed "s,machine_id = copy,machine_id = master," "$LAB/copy/endpoint.conf" >"$LAB/copy/twin.conf"
told() { # TEXT ARGUMENT...: it is refused, and that is what it is told
    local text=$1
    shift
    ! in_ns copy holdline-endpoint -c "$LAB/copy/twin.conf" enrol "$LAB/office.bundle" "$@" >"$LAB/told" 2>&1 &&
        grep -qF "$text" "$LAB/told"
}
expect "it is told that this would put the other one out" told "put the other one out" --replace
expect "and to give itself a machine id of its own first" told "a machine id of its own first"

step "copy gets an identity of its own, and the administrator says so"
on copy enrol "$LAB/office.bundle" --replace >/dev/null
ID[copy]=$(local_fact copy .id)
await 10 "copy is online under another identity" is copy actual online
expect "really another" test "${ID[copy]}" != "${ID[master]}"
expect "which answers as docs/json.md says" in_ns server python3 "$LAB_SOURCE/../support/json_documents.py" "$LAB_SOURCE/../../docs/json.md" \
    "$LAB_SOURCE/../../manager/console/core/schemas.json" "only:holdline endpoint clone" ENDPOINT="${ID[master]}"
step "master restarts"
end master TERM
start master
await 15 "master is online" is master actual online
both() { is master actual online && is copy actual online && is master clone_suspected false; }
still 5 "both are, and no clone is suspected" both
shown repaired "cloned identities are noticed, kept from a quarrel, reported and settled"
