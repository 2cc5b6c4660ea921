#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: repaired
# The server gets another address, another name, another authority and another sealing key, one after the other: with an endpoint on line,
# one that sleeps through some of it, and one that is away until its certificate has ended.  Nobody is visited.
. "$(dirname "$0")/lib.sh"

server '[enrolment]' 'certificate-lifetime = 1m'
patterns
group office
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
pc open public 203.0.113.20/24 203.0.113.254 office 'keepalive = 3s'
pc home home-nat 192.168.1.20/24 192.168.1.1 office 'keepalive = 3s'
pc away public 203.0.113.22/24 203.0.113.254 office 'keepalive = 3s'
hl console revoke console >/dev/null # there is none in this world

ended() { ! openssl x509 -in "$LAB/$1/state/identity/endpoint.pem" -noout -checkend 0 >/dev/null; } # NAME
follow() { [ "$(hl server show --json | jq -r '.announced.following')" = "$1" ]; }
through() { [ "$(hl server rollover status ca --json | jq -r '.through')" = "$1" ]; }
hold() { [ "$(hl server rollover status --json | jq -r '.holding')" = "$1" ]; }
is_done() { [ "$(hl server rollover status --json | jq -r '"\(.state) \(.authority.state)"')" = "none none" ]; }
is_at() { [ "$(local_fact "$1" .line.broker)" = "$2" ]; } # NAME BROKER
trusts() { [ "$(grep -c BEGIN "$LAB/$1/state/identity/ca.pem")" = "$2" ]; }
obeys() { # NAME
    local id
    id=$(hl update-now "${ID[$1]}" --json | jq -r .id)
    await 20 "$1 does what it is told" command_is "$1" "$id" succeeded
}

step "away is switched off until its certificate has ended; home loses its network"
end away TERM
pull home-nat home-eth

step "another address, and a certificate for another name too"
run hl server certificate --host 203.0.113.10 --host 203.0.113.11 --host server.example --host localhost --host 127.0.0.1
run hl server set --broker 203.0.113.11:8883 --url https://203.0.113.11:8843
await 20 "one of three follows" follow 1
await 10 "open is at the new address" is_at open 203.0.113.11:8883

step "home wakes up, and follows"
push home-nat home-eth
await 40 "two of three follow" follow 2

step "another authority; home sleeps through the beginning"
pull home-nat home-eth
run hl server rollover start ca
await 30 "one of three is through" through 1
expect "open trusts both" trusts open 2
push home-nat home-eth
await 40 "two of three are through" through 2

step "away comes back, and its certificate has ended"
await 90 "it has ended" ended away
start away
await 60 "the old authority has ended" is_done
await 20 "away is online" is away actual online
for name in open home away; do
    await 20 "$name trusts the new one alone" trusts "$name" 1
    await 20 "$name is at the new address" is_at "$name" 203.0.113.11:8883
done

step "the old address is no more"
ip -n server address del 203.0.113.10/24 dev wan
ip -n server address add 203.0.113.11/24 dev wan 2>/dev/null || true
ip -n server route replace default via 203.0.113.254
sed -i 's/203\.0\.113\.10:/203.0.113.11:/' "$SITE/admins/admin/holdline.conf" # a person tells the administrators
for name in open home away; do await 40 "$name is online" is "$name" actual online; done

step "another sealing key; home sleeps through the beginning"
pull home-nat home-eth
run hl server rollover start
await 20 "two of three hold it" hold 2
push home-nat home-eth
await 60 "the new key signs" is_done
for name in open home away; do
    await 20 "$name is online" is "$name" actual online
    obeys "$name"
done
shown repaired "the server is another in address, name, authority and sealing key, and each endpoint has followed by itself"
