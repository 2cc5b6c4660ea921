#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
# A server gets another address, another name, another certificate authority and another sealing key, one after the other.  A PC on line, one
# that sleeps through each step, and one that was away for half a year follow, and nobody visits them.
. "$(dirname "$0")/lib.sh"

faketime=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
[ -f "$faketime" ] || lab_skip "libfaketime is not installed (script/bootstrap installs it)"
old_url=https://203.0.113.10:8843
line_at() { [ "$(local_fact "$1" .line.state)" = up ] && [ "$(local_fact "$1" .line.broker)" = "$2" ]; } # NAME BROKER
obeys() { # NAME...: a setting that is changed now reaches them, signed by a key that they know
    local version name
    run hl group set office "line.heartbeat=$((beat = 3 - beat))s"
    version=$(hl group show office --json | jq -r .version)
    for name in "$@"; do await 15 "$name has the new settings" has_version "$name" "$version"; done
}
# The broker reads its files a moment after the command; who is sent there before that goes back, and tries again in ten minutes.
shows() { # ADDRESS-OR-NAME: the broker's certificate is for that too
    in_ns server openssl s_client -connect 203.0.113.10:8883 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName | grep -F "$1"
}
beat=1

step "half a year ago: the site is made, and a laptop enrols"
export LD_PRELOAD=$faketime FAKETIME=-183d FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1 NO_FAKE_STAT=1
server '[enrolment]' 'grace = 120d'
group office
pc away public 203.0.113.20/24 203.0.113.254 office
end away TERM
end manager TERM
unset LD_PRELOAD FAKETIME

step "today"
start_manager
await 20 "the server answers" hl status
hl bundle create --group office --uses 20 --output "$LAB/office2.bundle" >/dev/null
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc home home-nat 192.168.1.20/24 192.168.1.1 office2
pc sleeper public 203.0.113.21/24 203.0.113.254 office2

step "another address"
end sleeper TERM
ip -n server address add 203.0.113.12/24 dev wan
run hl server certificate --host 203.0.113.10 --host 203.0.113.11 --host 203.0.113.12
await 30 "the broker shows the new certificate" shows 203.0.113.12
run hl server set --broker 203.0.113.12:8883 --url https://203.0.113.12:8843 --url "$old_url"
await 60 "home is at the new address" line_at home 203.0.113.12:8883
start sleeper
await 60 "sleeper, which slept, is there too" line_at sleeper 203.0.113.12:8883

step "another name"
end sleeper TERM
cp /etc/hosts "$LAB/hosts"
echo "203.0.113.12 av.example.lab" >>"$LAB/hosts"
mount --bind "$LAB/hosts" /etc/hosts
run hl server certificate --host 203.0.113.10 --host 203.0.113.11 --host 203.0.113.12 --host av.example.lab
await 30 "the broker shows the new certificate" shows av.example.lab
run hl server set --broker av.example.lab:8883 --url https://av.example.lab:8843 --url "$old_url"
await 60 "home is at the new name" line_at home av.example.lab:8883
start sleeper
await 60 "sleeper is there too" line_at sleeper av.example.lab:8883

step "another authority"
end sleeper TERM
hl console revoke console >/dev/null # there is none in this world
run hl server rollover start ca
authority() { [ "$(hl server rollover status ca --json | jq -r ".$1")" = "$2" ]; } # MEMBER VALUE
trusts() { [ "$(grep -c BEGIN "$LAB/$1/state/identity/ca.pem")" = "$2" ]; }        # NAME NUMBER
await 60 "home has a certificate of the new authority" authority through 1
expect "it trusts both" trusts home 2
start sleeper
await 60 "so has sleeper" authority through 2
hl status >/dev/null # the administrator comes with the new one
expect "the old one counts still: one is away" authority state announced

step "another sealing key"
end sleeper TERM
run hl server rollover start
holding() { [ "$(hl server rollover status --json | jq -r .holding)" = "$1" ]; }
await 60 "home holds both keys" holding 1
start sleeper
await 60 "so does sleeper" holding 2
obeys home sleeper
expect "the old key still signs: one is away" [ "$(hl server rollover status --json | jq -r .state)" = announced ]

step "the laptop comes back after half a year, to the old address, with a certificate that has ended"
start away
await 60 "away is on line, at the new name" line_at away av.example.lab:8883
came_back() { on away history | grep -F "and the server gave another one"; }
expect "it came back by proof of its old key" came_back # of the certificate; by now it may have the next authority's
is_over() { [ "$(hl server rollover status --json | jq -r .state)" = none ]; }
await 60 "the new key signs by itself: the last one holds it" is_over
await 90 "the old authority has ended: the last one has a certificate of the new one" authority state none
for name in home sleeper away; do await 60 "$name trusts the new authority alone" trusts "$name" 1; done
obeys home sleeper away

step "the old addresses are given up"
set_sysctl server ipv4/conf/wan/promote_secondaries 1 # the new one stays
ip -n server address delete 203.0.113.10/24 dev wan
ip -n server address delete 203.0.113.11/24 dev wan
for name in home sleeper away; do
    end "$name" TERM
    start "$name"
    await 60 "$name finds the server" line_at "$name" av.example.lab:8883
    [ "$(local_fact "$name" '.refused.total')" = 0 ] || fail "$name refused something: $(local_fact "$name" .refused)"
done
shown repaired "a server with another address, name, authority and sealing key: all follow, also after half a year, and none is visited"
