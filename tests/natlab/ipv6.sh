#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B2 B6 repaired
[ -e /proc/net/if_inet6 ] || { echo "ipv6: SKIPPED: no IPv6 here" && exit 77; }
. "$(dirname "$0")/lib.sh"

# No NAT here: a home has addresses of its own, and a router that lets nobody in who was not asked.
eval "$(declare -f host | sed '1s/host/any_host/')"
host() { # NAME: its addresses can be used at once
    any_host "$1"
    set_sysctl "$1" ipv6/conf/all/accept_dad 0
    set_sysctl "$1" ipv6/conf/default/accept_dad 0
}
eval "$(declare -f switch | sed '1s/switch/any_switch/')"
switch() { # NAME: neighbours are asked for by multicast, which a bridge without a querier may keep to itself
    any_switch "$1"
    ip -n "$1" link set lan type bridge mcast_snooping 0
}
set_up_server() {
    host public
    switch public
    ip -n public address add 2001:db8:0:1::fe/64 dev lan
    set_sysctl public ipv6/conf/all/forwarding 1
    host server
    plug server wan public 2001:db8:0:1::10/64 2001:db8:0:1::fe
    holdline init "$SITE" --no-repo --host 2001:db8:0:1::10 --listen :: >/dev/null
    printf '[status]\nprobe-timeout = 1s\n[line]\nreconnect-window = 1s\n' >>"$SITE/manager.conf"
    start_manager
    await 20 "the server on 2001:db8:0:1::10 answers" hl status
}
firewall() { # NAME WAN-ADDRESS LAN-NETWORK
    host "$1"
    switch "$1"
    plug "$1" wan public "$2/64" 2001:db8:0:1::fe
    ip -n "$1" address add "${3}1/64" dev lan
    ip -n public route add "${3}/64" via "$2"
    set_sysctl "$1" ipv6/conf/all/forwarding 1
    in_ns "$1" nft -f - <<'NFT'
table ip6 filter {
    chain forward {
        type filter hook forward priority 0
        policy drop
        iifname "lan" oifname "wan" accept
        iifname "wan" oifname "lan" ct state established,related accept
    }
}
NFT
    note "router $1: $2 outside, ${3}/64 inside; nobody comes in unasked"
}

set_up_server
patterns
group office delivery.mode=documented
group repaired
firewall home-fw 2001:db8:0:1::1 2001:db8:0:2::
pc open public 2001:db8:0:1::20/64 2001:db8:0:1::fe office
pc home home-fw 2001:db8:0:2::20/64 2001:db8:0:2::1 office
await 5 "open: shown Online, and so it is" looks open Online online agree-online
await 5 "home: shown Offline, although its line is up" looks home Offline online hidden-by-nat
expect "the explanation names the address as one writes it" tells home "[2001:db8:0:2::20]:61000 did not answer"
shown B2 "the dial of its own address fails at the router, the console shows Offline"

run hl group set office privilege.update-now=yes
await 2 "open has the privilege at once" may open update-now
still 2 "home has not" may_not home update-now
shown B6 "who can be dialled has settings at once, the other waits for its next occasion"

run hl endpoint move home repaired
run hl group set repaired privilege.update-now=yes
await 3 "home has the privilege" may home update-now
run hl update-now home --wait
expect "and the new pattern, fetched from https://[2001:db8:0:1::10]" refuses is home patterns '{}'
shown repaired "settings, commands and patterns go over the line, IPv6 or not"
