#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The documented behaviours and their repair as an administrator sees them: a browser at the console, and PCs with and without address
# translation before them.  The pictures of the manual are made here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ "${HOLDLINE_NATLAB:-}" != inside ]; then
    . "$here/../browser/modules.sh"
    skip() {
        echo "console: SKIPPED: $*"
        exit 77
    }
    for tool in chromium node npm; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
    [ "$(id -u)" = 0 ] || skip "only root can start the browser as another user"
    STAGE=$(mktemp -d "${TMPDIR:-/tmp}/holdline-natlab.XXXXXX")
    trap 'rm -rf "$STAGE"' EXIT
    SHOTS=${HOLDLINE_BIN:-$here/../../build/dev/bin}/../browser
    export STAGE SHOTS
    install_modules "$SHOTS/.." "$STAGE" || skip "npm cannot install puppeteer-core and axe-core: $(tail -3 "$STAGE/npm.log")"
    mkdir "$STAGE/home"
    chown -R nobody "$STAGE"
    runuser -u nobody -- env -i PATH="$PATH" HOME="$STAGE/home" timeout 120 chromium --headless --disable-gpu --dump-dom about:blank >/dev/null 2>"$STAGE/probe" ||
        skip "chromium does not start here: $(tail -3 "$STAGE/probe")"
fi
. "$here/lib.sh"

server
patterns
group office delivery.mode=documented
group home delivery.mode=channel
nat router-1 public 203.0.113.1/24 203.0.113.254 192.168.1.1/24
nat router-2 public 203.0.113.2/24 203.0.113.254 192.168.1.1/24
pc front-desk public 203.0.113.20/24 203.0.113.254 office
pc archive public 203.0.113.21/24 203.0.113.254 office
pc accounts public 203.0.113.22/24 203.0.113.254 office
pc laptop-ann router-1 192.168.1.20/24 192.168.1.1 office
pc laptop-bob router-2 192.168.1.20/24 192.168.1.1 office
pc laptop-cho router-2 192.168.1.21/24 192.168.1.1 home
await 5 "a PC at home is shown Offline; its line is up" looks laptop-ann Offline online hidden-by-nat
end accounts TERM
await 20 "a PC that is off" is accounts actual offline
# of the days before this one
(cd "$SITE" && sqlite3 registry.db "INSERT INTO trend SELECT date('now', 'localtime', '-' || value || ' days'), '', 6, CASE WHEN value % 7 IN (2, 3) THEN 2 ELSE 5 + value % 2 END,
    CASE value % 6 WHEN 0 THEN 4 WHEN 5 THEN 2 ELSE 0 END, 0, 0,
    CASE WHEN value BETWEEN 9 AND 12 THEN 1 ELSE 0 END FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]')")
echo "correct horse battery" >"$LAB/password"
hl account password admin --password-file "$LAB/password" >/dev/null
launch console server "$LAB/console.log" holdline-console -c "$SITE/console/console.conf"
await 20 "the console is well" in_ns server curl -sf --cacert "$SITE/pki/ca.pem" https://127.0.0.1:8844/api/v1/health

step "in the browser"
in_ns server runuser -u nobody -- env -i PATH="$PATH" HOME="$STAGE/home" LANG=C.UTF-8 \
    node "$STAGE/nat.mjs" https://127.0.0.1:8844 admin "correct horse battery" "$STAGE" "${ID[laptop-ann]}" ||
    { cp "$STAGE"/*.png "$SHOTS"; fail "the browser's steps"; }
cp "$STAGE"/*.png "$SHOTS"
expect "who can be dialled may update by hand" may front-desk update-now
expect "the laptop at home may not, as documented" may_not laptop-ann update-now
