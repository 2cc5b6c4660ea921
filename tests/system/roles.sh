# SPDX-License-Identifier: Apache-2.0
# What there is to call about, in two groups: $within for those who are limited to office, $outside in warehouse, and $nowhere, each a JSON object.
# Sourced after lib.sh, with a server that runs.
# shellcheck shell=bash disable=SC2154,SC2034 # of lib.sh, for the one that sources this

step "what there is to call about, in two groups"
declare -A bundles
for group in office warehouse; do
    holdline group create "$group" "${by_hand[@]}" >/dev/null
    enrol "pc-$group" "$group"
    bundles[$group]=$(holdline bundle create --group "$group" --output "$work/of-$group.bundle" --json | field 'd["id"]')
    "$root/tests/support/flood.py" finds "$broker_port" "$work/pc-$group" messages=20 pace=100 >/dev/null
done
found() { [ "$(registry "SELECT count(DISTINCT endpoint) FROM detection")" = 2 ]; }
wait_for 20 found
thing() { # GROUP -> what calls name, of that group
    local id rollout
    id=$(id_of "pc-$1")
    rollout=$(holdline rollout start "$id" --json | field 'd["id"]')
    holdline rollout pause "$rollout" >/dev/null # its only endpoint is away: it would end by itself
    printf '{"group": "%s", "endpoint": "%s", "bundle": "%s", "command": "%s", "rollout": "%s", "detection": "%s"}' "$1" "$id" "${bundles[$1]}" \
        "$(issue "$id")" "$rollout" \
        "$(holdline detection list --json | field "[r['id'] for r in d['detections'] if r['endpoint'] == '$id'][0]")"
}
within=$(thing office)
outside=$(thing warehouse)
nowhere='{"group": "nowhere", "endpoint": "e-none", "bundle": "b-none", "command": "c-none", "rollout": "r-none", "detection": "d-999999"}'

step "an announcement that neither has followed"
holdline server set --broker "127.0.0.1:$broker_port" >/dev/null
