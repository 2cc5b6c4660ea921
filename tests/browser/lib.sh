# SPDX-License-Identifier: Apache-2.0
# What the tests in a browser share, beside ../system/lib.sh: a site with a console and two endpoints, and a browser as an ordinary user,
# with its sandbox.  Pictures of the pages stay in BUILD_DIR/browser.
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../system/lib.sh"
. "$root/tests/browser/modules.sh"

shots=$BUILD_DIR/browser
stage=$work/browser # that the other user may read and write
password="correct horse battery"
as_user() { runuser -u nobody -- env -i PATH="$PATH" HOME="$stage/home" LANG=C.UTF-8 "$@"; }

# need_browser TOOL PROBE...: skips the test, loudly, where the tool is missing or its probe fails.
need_browser() {
    local tool
    for tool in "$1" node npm; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done # npm is not in script/bootstrap: Debian's brings 430 packages
    [ "$(id -u)" = 0 ] || skip "only root can start the browser as another user"
    mkdir -p "$stage/home" "$shots"
    install_modules "$BUILD_DIR" "$stage" || skip "npm cannot install puppeteer-core and axe-core: $(tail -3 "$stage/npm.log")"
    chmod 755 "$work"
    chown -R nobody "$stage"
    as_user timeout 120 "$@" >"$work/probe.log" 2>&1 || skip "$1 does not start here: $(tail -3 "$work/probe.log")"
}

need_chromium() { need_browser chromium --headless --disable-gpu --dump-dom about:blank; }

# make_console_site [COMMAND...]: a site with an owner "admin" who has a password, and a group "office" that tells fast.  The command runs
# before the server does.
make_console_site() {
    make_site
    [ $# = 0 ] || "$@"
    free_port
    console=127.0.0.1:$REPLY
    sed -i "s/^listen = .*/listen = $console/" "$site/console/console.conf"
    start_server
    echo "$password" >"$work/password"
    holdline account password admin --password-file "$work/password" >/dev/null
    holdline group create office "${by_hand[@]}" line.heartbeat=1s >/dev/null
}

# start_console [PROGRAM]: $console_pid; it knows the manager.
start_console() {
    "${1:-holdline-console}" -c "$site/console/console.conf" >>"$work/console.log" 2>&1 &
    console_pid=$!
    wait_for 20 console_is_well
}
console_is_well() { curl -s --max-time 10 --cacert "$site/pki/ca.pem" "https://$console/api/v1/health" | grep '"status":"ok"'; }
kill_console() {
    kill -9 "$console_pid"
    wait "$console_pid" 2>/dev/null || true
}

are_online() { [ "$(holdline status --json | field 'd["summary"]["online"]')" = "$1" ]; } # NUMBER

# browse SCRIPT [ARGUMENT...]: runs it.  A line "order: FUNCTION ARGUMENT..." of it calls order_FUNCTION here, and it waits for the answer,
# a line of what that printed; other lines are shown.
browse() {
    local line status=0 reply
    coproc browser { as_user node "$stage/$1" "https://$console" admin "$password" "$stage" "${@:2}" 2>&1; }
    local browser_process=$! out=${browser[0]} in=${browser[1]}
    while read -r line <&"$out"; do
        if [[ $line != "order: "* ]]; then
            echo "$line"
            continue
        fi
        local words
        read -ra words <<<"${line#order: }"
        "order_${words[0]}" "${words[@]:1}" >"$work/reply" || fail "$line"
        reply=$(tr '\n' ' ' <"$work/reply")
        echo "$reply" >&"$in"
    done
    wait "$browser_process" || status=$?
    cp "$stage"/*.png "$shots" 2>/dev/null || true
    [ "$status" = 0 ] || fail "the browser's steps: $1"
}
