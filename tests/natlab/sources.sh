#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shows: B15 B18
. "$(dirname "$0")/lib.sh"

# A web server as a public source has it: static files, and a log of who asked for what.
WEB='
import functools, http.server, socketserver, ssl, sys
directory, address, port, *tls = sys.argv[1:]
class Web(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
web = Web((address, int(port)), functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory))
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    web.socket = context.wrap_socket(web.socket, server_side=True)
web.serve_forever()
'
web() { # NAME HOST ADDRESS PORT [CERTIFICATE KEY]: serves $LAB/www/NAME
    local name=$1 host=$2
    mkdir -p "$LAB/www/$name"
    launch "$name" "$host" "$LAB/$name.log" python3 -c "$WEB" "$LAB/www/$name" "${@:3}"
    lab_until 10 in_ns "$host" bash -c "exec 3<>/dev/tcp/$3/$4"
}
# copy NAME...: what the server publishes, the timestamp last, for somebody may be reading.
copy() {
    local name part to
    for name in "$@"; do
        to=$LAB/www/$name
        mkdir -p "$to/metadata"
        cp -a "$SITE/repo/targets" "$to"
        for part in "$SITE"/repo/metadata/*; do
            [ "${part##*/}" = timestamp.json ] || cp -a "$part" "$to/metadata"
        done
        cp -a "$SITE/repo/metadata/timestamp.json" "$to/metadata/new"
        mv "$to/metadata/new" "$to/metadata/timestamp.json"
    done
}
# One byte of every file of the newest release is another one; lengths stay.
tamper() { # NAME
    local file
    while read -r file; do
        python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    last = f.read()[-1]
    f.seek(-1, 2)
    f.write(bytes([last ^ 1]))' "$file"
    done < <(find "$LAB/www/$1/targets" -type f -newer "$LAB/before")
}
# news [NAME...]: the next version, on the server and in these copies.
news() {
    touch "$LAB/before"
    sleep 0.02
    LAB_QUIET=1 more_patterns
    WANTED=$(holdline-updater repo versions "$SITE/repo" | sed -n 's/.*virus=\([0-9]*\).*/\1/p')
    copy "$@"
    note "virus $WANTED is published${*:+, and copied to: $*}"
}

asked() { grep -q "^$2 .*\"GET /$3" "$LAB/$1.log"; } # NAME ADDRESS PATH: in a web server's log
report() { hl endpoint history "${ID[$1]}" --json | jq -r '[.history[] | select(.what == "update")] | last | .detail'; }
# shellcheck disable=SC2053 # it is meant to be a pattern
reports() { [[ "$(report "$1")" == $2 ]]; } # NAME PATTERN
# The list is newest first; its times are whole seconds, and two updates may share one.
own_update() { on "$1" history --json | jq -r "first(.events[] | select(.what == \"update\"))$2"; } # NAME FIELD
# came NAME TRIGGER SOURCE: an update to WANTED or newer, as its notification, the registry and the endpoint itself tell.
came() {
    local version
    version=$(fact "$1" patterns.virus)
    [ "$version" -ge "$WANTED" ] && is "$1" last_update_result "$(report "$1")" &&
        reports "$1" "succeeded ($2, from $3): settings: version * patterns: updated from $3: virus $version*" &&
        [[ "$(own_update "$1" .detail)" == "$2, updated from $3: virus $version"* ]]
}
all_came() { came anna "$1" server && came bert "$1" activeupdate && came carl "$1" source-1; } # TRIGGER
line_is_not_up() { [ "$(local_fact "$1" .line.state)" != up ]; } # NAME
in_first_seconds() { # NAME: of a minute, its last update; the endpoint looks at the clock every five seconds
    local at
    at=$(own_update "$1" .at)
    [ "$(date -d "$at" +%-S)" -le 15 ]
}
tell() { lab_line '' "  $1: $(report "$1")"; }

server
patterns
host public-web && plug public-web wan public 203.0.113.30/24
host other-web && plug other-web wan public 203.0.113.40/24
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=activeupdate \
    -addext subjectAltName=IP:203.0.113.30 -keyout "$LAB/web.key" -out "$LAB/web.pem" 2>/dev/null
web activeupdate public-web 203.0.113.30 443 "$LAB/web.pem" "$LAB/web.key"
web other other-web 203.0.113.40 80
# copies of dora's own, which come to harm
web activeupdate-2 public-web 203.0.113.30 8443 "$LAB/web.pem" "$LAB/web.key"
web other-2 other-web 203.0.113.40 8080
note "ActiveUpdate on https://203.0.113.30, another source on http://203.0.113.40"
public=update.activeupdate-url=https://203.0.113.30/ other=http://203.0.113.40/
start_up=(update.on-start=yes update.on-start-delay=0s update.period=0s privilege.update-now=yes)
group company "${start_up[@]}" "$public" "update.sources=10.9.0.0/16=$other,server,activeupdate"
group public "${start_up[@]}" "$public" "update.sources=activeupdate,server,$other"
# by the endpoint's own address, in front of its NAT: for carl it counts, the one above for nobody here
group branch "${start_up[@]}" "$public" "update.sources=192.168.1.0/24=$other,activeupdate,server"
group trouble update.activeupdate-url=https://203.0.113.30:8443/ "update.sources=server,activeupdate,http://203.0.113.40:8080/"
nat home-nat public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
nat dora-nat public 203.0.113.2/24 203.0.113.254 192.168.1.1/24
ca=$'[update]\nca-file = '$LAB/web.pem
pc anna home-nat 192.168.1.20/24 192.168.1.1 company "$ca"
pc bert home-nat 192.168.1.21/24 192.168.1.1 public "$ca"
pc carl home-nat 192.168.1.22/24 192.168.1.1 branch "$ca"
pc dora dora-nat 192.168.1.20/24 192.168.1.1 trouble "$ca"

news activeupdate other activeupdate-2 other-2
step "anna (server first), bert (ActiveUpdate first) and carl (the other first) restart"
for name in anna bert carl; do end "$name" TERM && start "$name"; done
await 20 "each updated at start-up, from its first source" all_came start-up
for name in anna bert carl; do tell "$name"; done
expect "ActiveUpdate was asked by the router of the three" asked activeupdate 203.0.113.1 metadata/timestamp.json
expect "so was the other" asked other 203.0.113.1 targets/

news activeupdate other
expect "dora may not update by hand" refuses on dora update-now
for name in anna bert carl; do run on "$name" update-now; done
await 20 "each updated by hand, from its first source" all_came manual

news activeupdate other
for name in anna bert carl; do run hl update-now "$name"; done
await 10 "each updated by update-now, from its first source" all_came command

news activeupdate other
step "the server goes away altogether"
end manager TERM
await 10 "anna has no line" line_is_not_up anna
run on anna update-now
step "it comes back"
start_manager
await 20 "anna had updated from ActiveUpdate and says so now" came anna manual activeupdate
expect "and why: it was away" reports anna "*the server was not reached*; server: *onnect*"
tell anna

news activeupdate other
# all three must begin in the same minute
while [ $((EPOCHSECONDS % 60)) -ge 55 ]; do sleep 0.2; done
step "an update every minute for the three: holdline group set NAME 'update.schedule=every 1m'"
for name in company public branch; do hl group set "$name" 'update.schedule=every 1m' >/dev/null; done
scheduled=$EPOCHSECONDS wanted=$WANTED


# the minute passes while dora, behind another router, meets with all that may happen to a source
run hl group set trouble privilege.update-now=yes
await 5 "dora may now update by hand" may dora update-now
run on dora update-now
await 20 "dora: from the server" came dora manual server
expect "the second source was not even asked" refuses asked activeupdate-2 203.0.113.2 metadata/

news activeupdate-2 other-2
step "the server's HTTPS port is closed to dora's router"
in_ns server nft -f - <<'NFT'
table ip closed {
    chain input {
        type filter hook input priority 0
        ip saddr 203.0.113.2 tcp dport 8843 reject with tcp reset
    }
}
NFT
run on dora update-now
await 20 "dora: from ActiveUpdate, for the server was down" came dora manual activeupdate
expect "the report says why" reports dora "*; server: https://203.0.113.10:8843/repo/*onnect*"
tell dora

news activeupdate-2 other-2
step "somebody changed files of ActiveUpdate"
tamper activeupdate-2
run on dora update-now
await 20 "dora: from the third source" came dora manual source-3
expect "the report says why, of both" reports dora "*; server: *onnect*; activeupdate: *hash*"
tell dora

step "the third source is down too"
had=$WANTED
news activeupdate-2
tamper activeupdate-2
end other-2 KILL
expect "dora's user is told that it failed" refuses on dora update-now
await 5 "dora: failed, the report says why, of all three" \
    reports dora "failed (manual): *server: *onnect*; activeupdate: *hash*; source-3: *onnect*"
expect "it has what it had" is dora patterns.virus "$had"
expect "the endpoint itself says so" [ "$(local_fact dora .patterns.virus)" = "$had" ]
tell dora

step "the timestamp of ActiveUpdate is forged, and it is the first source now"
sed -i 's/"expires":"20/"expires":"21/' "$LAB/www/activeupdate-2/metadata/timestamp.json"
in_ns server nft delete table ip closed
hl group set trouble update.sources=activeupdate,server >/dev/null
await 5 "dora has these settings" has_version dora 3
run hl update-now dora
await 30 "dora: from the server" came dora command server
expect "the report says why" reports dora "*; activeupdate: timestamp.json: *signed by 0*"
tell dora

step "the other source fell behind, and it is the first one now"
hl group set trouble update.sources=http://203.0.113.40:8080/,server >/dev/null
await 5 "dora has these settings" has_version dora 4
web other-2 other-web 203.0.113.40 8080
news
run hl update-now dora
await 30 "dora: from the server" came dora command server
expect "the report says why" reports dora "*; source-1: it offers virus $had, *"
tell dora
shown B15 "the group's order holds; what is down, tampered with, forged or old is left for the next, and the report says why"

WANTED=$wanted
await 75 "each of the three updated by schedule, from its first source" all_came schedule
for name in anna bert carl; do
    expect "$name began when the minute did" in_first_seconds "$name"
    tell "$name"
done
shown B18 "the schedule runs on the endpoint itself: NAT does not hinder it (set $((EPOCHSECONDS - scheduled)) s ago)"
