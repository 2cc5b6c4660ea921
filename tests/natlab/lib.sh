# SPDX-License-Identifier: Apache-2.0
# The NAT lab: the real programs over real address translation, on one machine and without touching it.  To be sourced by a scenario
# (bash), which says what it shows in a line "# shows: B2 B7 repaired".
#
# A scenario runs in a world of its own (user, mount, network and process namespaces): root makes it directly, others by way of a
# user namespace where the kernel lets them.  Where neither works it is skipped (exit status 77), never failed.  All files lie on a
# tmpfs of that world, so that nothing is left behind however it ends, Ctrl-C and kill -9 included; and scenarios run beside each
# other without unique names, for nobody sees the other's.
#
# Addresses: 203.0.113.0/24 plays the internet (server .10 and .11, NATs .1 to .9, endpoints without NAT from .20 on; .254 is the
# provider, which drops what goes to private addresses).  A "switch" is a namespace with the bridge "lan"; "public" is one, each NAT
# router is one.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C.UTF-8 # what is compared here is English
unset LANGUAGE
LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_NAME=$(basename "$0" .sh)
LAB_BIN=${HOLDLINE_BIN:-$(cd "$LAB_SOURCE/../.." && pwd)/build/dev/bin}

# ------------------------------------------------------------------------------------------------------- the world

lab_skip() {
    echo "$LAB_NAME: SKIPPED: $*"
    exit 77
}

# What the lab needs of the kernel, tried in the same kind of world.
lab_probe='mount -t tmpfs tmpfs /run && mkdir /run/netns && ip netns add probe && ip netns exec probe true &&
    printf "table ip t {\n chain c {\n type nat hook postrouting priority 100\n masquerade\n }\n chain d {\n numgen random mod 100 < 1 drop\n }\n}\n" | nft -f -'

lab_enter() {
    local world=(setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc) tool why child status=0
    local user=(--user --map-root-user)

    for tool in setpriv unshare nsenter ip nft jq mosquitto mosquitto_sub hostname openssl python3; do
        command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
            lab_skip "$tool is not installed (script/bootstrap installs it)"
    done
    [ -x "$LAB_BIN/holdline-managerd" ] || lab_skip "no programs in $LAB_BIN: build first, or set HOLDLINE_BIN"
    export PATH=$LAB_BIN:$PATH:/usr/sbin:/sbin
    if [ "$(id -u)" = 0 ] && "${world[@]}" sh -c "$lab_probe" >/dev/null 2>&1; then
        user=()
    elif ! why=$("${world[@]}" "${user[@]}" sh -c "$lab_probe" 2>&1); then
        lab_skip "no network namespaces here (${why##*$'\n'}); it needs root, or a kernel that lets users make them"
    fi
    # in the background with a trap, because unshare itself does not react to signals; its death is the death of all inside
    "${world[@]}" "${user[@]}" env HOLDLINE_NATLAB=inside bash "$0" "$@" </dev/null &
    child=$!
    trap 'kill -KILL "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; exit 130' INT TERM HUP
    wait "$child" || status=$?
    exit "$status"
}

[ "${HOLDLINE_NATLAB:-}" = inside ] || lab_enter "$@"

mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/uts /run/lab
LAB=/run/lab
SITE=$LAB/site
export HOLDLINE_CONFIG=$SITE/admins/admin/holdline.conf TMPDIR=$LAB
LAB_START=${EPOCHREALTIME/./}
: "${LAB_PATIENCE:=60}"
exec {LAB_HEARD}>&1 # what fail says is heard from inside a condition as well, whose output goes nowhere
declare -A ID PID SHOWN

# ---------------------------------------------------------------------------------------------------- the timeline

if [ -t 1 ]; then LAB_BOLD=$'\033[1m' LAB_PLAIN=$'\033[0m'; else LAB_BOLD='' LAB_PLAIN=''; fi

# Seconds since the start, with a tenth; in REPLY.
lab_clock() {
    local ms=$(((${EPOCHREALTIME/./} - ${1:-$LAB_START}) / 1000))
    printf -v REPLY '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

lab_line() {
    [ -z "${LAB_QUIET:-}" ] || [ "$1" = FAILED ] || return 0
    lab_clock
    printf '%6s  %-6s %s\n' "$REPLY" "$1" "$2"
}
note() { lab_line lab "$*"; }
# shellcheck disable=SC1010 # "do" is a word here
step() { lab_line do "$*"; }
saw() { lab_line saw "$*"; }

# shown RULE TEXT: what has just been proved, by the name of the documented behaviour, or "repaired".
shown() {
    SHOWN[$1]=1
    lab_line "$LAB_BOLD$1$LAB_PLAIN" "$2"
}

fail() {
    lab_line FAILED "$*" >&"$LAB_HEARD"
    exit 1
}

# lab_pause TIMES SINCE: so many times as long as it took since then, between a twentieth of a second and a half.
lab_pause() {
    local pause=$(($1 * (${EPOCHREALTIME/./} - $2)))
    printf -v pause '0.%06d' $((pause < 50000 ? 50000 : pause < 500000 ? pause : 500000))
    sleep "$pause"
}

# lab_until SECONDS CONDITION...: until the condition holds; how long it took is in TOOK.  SECONDS is enough where nothing else runs;
# LAB_PATIENCE is the shortest deadline, for a machine that does other things too.  In microseconds: bash's SECONDS counts the
# borders between whole seconds, so that "1 s" would be anything from 0 to 1.  After a second what costs much is asked less often: a
# condition is programs, and other tests run beside this one.
lab_until() {
    local limit=$(($1 > LAB_PATIENCE ? $1 : LAB_PATIENCE)) since=${EPOCHREALTIME/./} asked
    shift
    while asked=${EPOCHREALTIME/./} && ! "$@" >/dev/null 2>&1; do
        [ $((${EPOCHREALTIME/./} - since)) -lt $((limit * 1000000)) ] || fail "not within $limit s: ${WHAT:+$WHAT: }$*"
        lab_pause $((asked - since < 1000000 ? 0 : 4)) "$asked"
    done
    lab_clock "$since"
    TOOK=$REPLY
}

# await SECONDS WHAT CONDITION...: the same, and says so.
await() {
    local limit=$1 WHAT=$2
    shift 2
    lab_until "$limit" "$@"
    saw "$WHAT (after $TOOK s)"
}

# still SECONDS WHAT CONDITION...: the condition holds now and all that time.
still() {
    local limit=$1 what=$2 since=${EPOCHREALTIME/./}
    shift 2
    while [ $(((${EPOCHREALTIME/./} - since) / 100000)) -lt $((limit * 10)) ]; do
        "$@" >/dev/null 2>&1 || fail "no more: $what ($*)"
        sleep 0.2
    done
    saw "$what (for $limit s)"
}

# expect WHAT CONDITION...: the condition holds now.
expect() {
    local what=$1
    shift
    "$@" >/dev/null 2>&1 || fail "not so: $what ($*)"
    saw "$what"
}

refuses() { ! "$@"; }

lab_end() {
    local status=$? rule file
    local promised

    trap - EXIT
    exec >&"$LAB_HEARD" 2>&1
    promised=$(sed -n 's/^# shows: //p' "$0")
    if [ "$status" = 0 ]; then
        for rule in $promised; do
            [ -n "${SHOWN[$rule]:-}" ] || { lab_line FAILED "the scenario promises $rule and never showed it"; status=1; }
        done
    fi
    if [ "$status" != 0 ]; then
        hl endpoint list || true
        for file in "$LAB"/*.log "$SITE"/broker/mosquitto.log; do
            [ ! -s "$file" ] || { printf -- '--- the end of %s\n' "${file##*/}" && tail -n 12 "$file"; }
        done
        echo "$LAB_NAME: FAILED"
    else
        lab_line lab "$LAB_NAME: shown: $promised"
    fi
    exit "$status"
}
trap lab_end EXIT
trap 'exit 130' INT TERM

# ------------------------------------------------------------------------------------------------------ the network

in_ns() { local ns=$1; shift; nsenter --net="/run/netns/$ns" --uts="/run/uts/$ns" "$@"; }
launch() { # NAME NAMESPACE OUTPUT COMMAND...: in the background; its process is PID[NAME]
    local name=$1 ns=$2 output=$3
    shift 3
    nsenter --net="/run/netns/$ns" --uts="/run/uts/$ns" "$@" >>"$output" 2>>"$LAB/$name.log" &
    PID[$name]=$!
}
set_sysctl() { in_ns "$1" sh -c "echo $3 >/proc/sys/net/$2"; } # NAMESPACE KEY VALUE

host() { # NAME (at most 10 letters): a network of its own, and a host name
    ip netns add "$1"
    touch "/run/uts/$1"
    unshare --uts="/run/uts/$1" hostname "$1"
    ip -n "$1" link set lo up
}

switch() { # NAME: makes the namespace a switch too
    ip -n "$1" link add lan type bridge
    ip -n "$1" link set lan up
    # a switch is none of the router's business; where the kernel could do otherwise, it must not
    [ ! -e /proc/sys/net/bridge ] || set_sysctl "$1" bridge/bridge-nf-call-iptables 0
}

# plug HOST INTERFACE SWITCH ADDRESS/LENGTH [GATEWAY]
plug() {
    ip link add name "$2" netns "$1" type veth peer name "$1-$2" netns "$3"
    ip -n "$3" link set "$1-$2" master lan up
    ip -n "$1" address add "$4" dev "$2"
    ip -n "$1" link set "$2" up
    [ -z "${5:-}" ] || ip -n "$1" route add default via "$5"
}
unplug() { ip -n "$1" link delete "$2"; } # HOST INTERFACE: the interface goes with the cable
pull() { ip -n "$1" link set "$2" down; } # SWITCH HOST-INTERFACE: the cable is out, the host keeps its address
push() { ip -n "$1" link set "$2" up; }

nat_rules() {
    in_ns "$1" nft -f - <<'NFT'
table ip nat {
    chain out {
        type nat hook postrouting priority 100
        oifname "wan" masquerade
    }
}
table ip filter {
    chain forward {
        type filter hook forward priority 0
        policy drop
        iifname "lan" oifname "wan" ct state new,established accept
        iifname "wan" oifname "lan" ct state established accept
    }
    chain input {
        type filter hook input priority 0
        iifname "wan" ct state new,invalid drop
    }
}
NFT
}

# nat NAME UPSTREAM-SWITCH WAN-ADDRESS/LENGTH GATEWAY LAN-ADDRESS/LENGTH: a router as people have at home.  It translates, lets in
# what belongs to a mapping and nothing else, and takes up no connection of which it did not see the beginning.
nat() {
    host "$1"
    switch "$1"
    plug "$1" wan "$2" "$3" "$4"
    ip -n "$1" address add "$5" dev lan
    set_sysctl "$1" ipv4/ip_forward 1
    nat_rules "$1"
    set_sysctl "$1" netfilter/nf_conntrack_tcp_loose 0
    note "NAT $1: $3 outside, $5 inside"
}

# The router forgets its mappings: neither side is told.  (A masquerading interface that goes down takes them along.)
nat_forgets() { # NAME GATEWAY
    ip -n "$1" link set wan down
    ip -n "$1" link set wan up
    ip -n "$1" route add default via "$2"
}

# --------------------------------------------------------------------------------------------------------- the site

hl() { in_ns server holdline "$@"; }

# What the provider does with packets to private addresses: blackhole (drops them, a dial times out) or unreachable (says so).
provider() {
    local net
    for net in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do ip -n public route replace "$1" "$net"; done
}

# server [MANAGER-CONF-LINE...]: the internet, its provider, and the server with its broker.
server() {
    host public
    switch public
    ip -n public address add 203.0.113.254/24 dev lan
    set_sysctl public ipv4/ip_forward 1
    provider blackhole
    host server
    plug server wan public 203.0.113.10/24 203.0.113.254
    ip -n server address add 203.0.113.11/24 dev wan
    holdline init "$SITE" --no-repo --host 203.0.113.10 --host 203.0.113.11 >/dev/null
    printf '[status]\nprobe-timeout = 1s\n[line]\nreconnect-window = 1s\n' >>"$SITE/manager.conf"
    printf '%s\n' "$@" >>"$SITE/manager.conf"
    start_manager
    await 20 "the server on 203.0.113.10 answers" hl status
}

start_manager() { launch manager server "$LAB/manager.log" holdline-managerd -c "$SITE/manager.conf"; }

# A signed repository with one small pattern; more_patterns publishes the next version.
patterns() {
    holdline-updater repo init "$SITE/repo" --single-host --plain-keys >/dev/null
    more_patterns
}
more_patterns() {
    printf '%032x:%d:Lab.Sample\n' "${EPOCHREALTIME/./}" 64 >>"$LAB/virus.hdb"
    holdline-updater repo add "$SITE/repo" virus "$LAB/virus.hdb" >/dev/null
    holdline-updater repo publish "$SITE/repo" >/dev/null
    note "the server has a new pattern"
}

# group NAME KEY=VALUE...: with a heartbeat of a second and the port of the dial; nothing starts by itself that a scenario does not name.
group() {
    local name=$1
    shift
    hl group create "$name" update.schedule=off update.on-start=no scan.schedule=off line.heartbeat=1s direct.port=61000 "$@" >/dev/null
    hl bundle create --group "$name" --uses 20 --output "$LAB/$name.bundle" >/dev/null
}

run() { # COMMAND...: shown as typed; its output is kept in OUT; taken tells how long ago it was begun, in TOOK
    local text="$*"
    BEGUN=${EPOCHREALTIME/./}
    step "${text/#hl /holdline }"
    OUT=$("$@" 2>&1) || fail "exit status $?: $OUT"
}
# begin COMMAND...: as run, but beside what follows, until finish; so that what it does is timed and not how it ends.
begin() {
    local text="$*"
    step "${text/#hl /holdline }"
    BEGUN=${EPOCHREALTIME/./}
    "$@" >"$LAB/begun" 2>&1 &
    PID[begun]=$!
}
finish() {
    local status=0
    wait "${PID[begun]}" || status=$?
    OUT=$(<"$LAB/begun")
    [ "$status" = 0 ] || fail "exit status $status: $OUT"
}
taken() { lab_clock "$BEGUN" && TOOK=$REPLY; }

# Commands for PCs.  Each has a network namespace, a host name and a state directory of its own name.
start() { launch "$1" "$1" "$LAB/$1.log" holdline-endpointd -c "$LAB/$1/endpoint.conf"; } # NAME
# The shell must not report what the scenario itself ends.
end() { # NAME SIGNAL
    kill "-$2" "${PID[$1]}"
    wait "${PID[$1]}" 2>/dev/null || true
}

# pc NAME SWITCH ADDRESS/LENGTH GATEWAY BUNDLE [ENDPOINT-CONF-LINE...]: a PC with an endpoint on it, enrolled, its line up.
pc() {
    local name=$1 switch=$2 address=$3 gateway=$4 bundle=$5
    shift 5
    host "$name"
    plug "$name" eth "$switch" "$address" "$gateway"
    mkdir -p "$LAB/$name"
    printf '[state]\ndirectory = %s/%s/state\n[identity]\nmachine_id = %s\n[line]\nbackoff-base = 200ms\nbackoff-cap = 1s\n' \
        "$LAB" "$name" "$name" >"$LAB/$name/endpoint.conf"
    printf '%s\n' "$@" >>"$LAB/$name/endpoint.conf"
    start "$name"
    lab_until 10 test -S "$LAB/$name/state/control"
    on "$name" enrol "$LAB/$bundle.bundle" >/dev/null
    ID[$name]=$(local_fact "$name" .id)
    await 20 "$name enrolled from $address and is online" is "$name" actual online
}

on() { local name=$1; shift; in_ns "$name" holdline-endpoint -c "$LAB/$name/endpoint.conf" "$@"; } # NAME COMMAND...
local_fact() { on "$1" status --json | jq -r "$2"; }                                               # NAME FILTER
may() { [ "$(local_fact "$1" ".privileges[\"$2\"]")" = true ]; }                                   # NAME PRIVILEGE
may_not() { [ "$(local_fact "$1" ".privileges[\"$2\"]")" = false ]; }
fact() { hl endpoint show "${ID[$1]}" --json | jq -r ".$2"; } # NAME MEMBER: as the server knows it
is() { [ "$(fact "$1" "$2")" = "$3" ]; }                      # NAME MEMBER VALUE
is_back() { # NAME SESSION: on a line made after that one; "online" alone may be the line before, not yet found dead
    hl endpoint show "${ID[$1]}" --json | jq -e --argjson before "$2" '.session > $before and .actual == "online"'
}
tells() { hl endpoint explain "${ID[$1]}" | grep -qF -- "$2"; } # NAME TEXT
looks() { # NAME DISPLAYED ACTUAL VERDICT, all at one time
    [ "$(hl endpoint show "${ID[$1]}" --json | jq -r '"\(.displayed) \(.actual) \(.verdict)"')" = "$2 $3 $4" ]
}
has_version() { [ "$(local_fact "$1" .settings.version)" = "$2" ]; } # NAME VERSION: on the endpoint itself
# NAME COMMAND-ID STATE
command_is() {
    [ "$(hl command show "$2" --json | jq -r ".targets[] | select(.endpoint == \"${ID[$1]}\") | .state")" = "$3" ]
}

# ---------------------------------------------------------------------------------------------------- the status topics

# Everything that monitoring would see goes to $LAB/topics, one "TOPIC PAYLOAD" a line.  A new monitor's rights are in force when the
# broker has re-read its list; the summary is retained, so it tells when that is so.
monitor() {
    local dir=$LAB/monitor
    hl monitor create eyes --output "$dir" >/dev/null
    until [ -s "$LAB/topics" ]; do
        launch monitor server "$LAB/topics" mosquitto_sub -h 203.0.113.10 -p 8883 -V mqttv5 --cafile "$dir/ca.pem" \
            --cert "$dir/eyes.pem" --key "$dir/eyes.key" -i eyes -v -t 'holdline/v1/status/#'
        for _ in {1..20}; do
            [ -s "$LAB/topics" ] && break
            sleep 0.05
        done
        [ -s "$LAB/topics" ] || end monitor TERM
        [ "$((${EPOCHREALTIME/./} - LAB_START))" -lt 30000000 ] || fail "the status topics say nothing"
    done
    note "a monitor listens to the status topics"
}

# events NAME WHAT: the changes of one endpoint in order, as "from>to from>to ...".
events() {
    sed -n 's,^holdline/v1/status/event ,,p' "$LAB/topics" |
        jq -rs --arg id "${ID[$1]}" --arg what "$2" \
            '[.[] | select(.id == $id and .what == $what) | "\(.from)>\(.to)"] | join(" ")'
}
has_events() { [ "$(events "$1" "$2")" = "$3" ]; } # NAME WHAT EVENTS
topic_is() {                                       # NAME MEMBER VALUE: the last status that the topics told
    [ "$(grep -F "holdline/v1/status/endpoint/${ID[$1]} " "$LAB/topics" | tail -n 1 | cut -d' ' -f2- | jq -r ".$2")" = "$3" ]
}
