# SPDX-License-Identifier: Apache-2.0
# What the system tests share.  Each test is one file: it sources this, gets a directory of its own ($work), starts real servers and
# endpoints on free loopback ports, and leaves no process and no file behind, however it ends.
#
# Nothing here sleeps for a guessed time: wait_for asks again and again until a condition holds or its deadline has passed.
# BUILD_DIR names the build tree (dev, asan, ...); SLOWNESS is the factor that a sanitizer costs it, on every deadline here; PATIENCE is the
# shortest deadline, for a machine that does other things too (0: those that the tests name); KEEP=1 keeps $work for a look after a failure.
# TEST_LIMIT: after so many seconds ctest would end the test without a word.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${BUILD_DIR:=$root/build/dev}"
: "${SLOWNESS:=1}"
: "${PATIENCE:=60}"
exec {heard}>&2 # what fail says is heard from inside a condition as well, whose output goes nowhere
bin=$BUILD_DIR/bin
export PATH=$bin:/usr/sbin:/sbin:$PATH LC_ALL=C TZ=UTC
unset LANGUAGE # or a program would speak it in a test that asks for a UTF-8 locale
work=$(mktemp -d "${TMPDIR:-/tmp}/holdline-test.XXXXXX")
export HOLDLINE_TEST_MARK=$work # every process of this test carries it, also those whose parent was killed
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config
# The slow unwinder sees through libraries without frame pointers: who leaks is known, and what is known of paho is left out.  Twelve frames
# reach from OpenSSL's allocator to paho, at half the time of thirty (system/settings: 37 s of CPU instead of 65).
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1:fast_unwind_on_malloc=0:malloc_context_size=12:log_path=$work/sanitizer}
export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$root/tests/support/lsan.supp:print_suppressions=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:log_path=$work/sanitizer}
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$root/tests/support/tsan.supp}:log_path=$work/sanitizer
# GLib's own allocator hands memory from thread to thread under locks that ThreadSanitizer does not see
export G_SLICE=${G_SLICE:-always-malloc}
mkdir -p "$HOME"
site=$work/site
port_marks=()
mounts=()
undo=() # commands for the end, after the test's processes
step=none
waiting= # for this; empty: for nothing

# ------------------------------------------------------------------------------------------------------------- the end

marked_processes() {
    local entry
    for entry in /proc/[0-9]*; do # what this shell forks without exec does not show the mark
        if tr '\0' '\n' <"$entry/environ" 2>/dev/null | grep -qxF "HOLDLINE_TEST_MARK=$work"; then echo "${entry#/proc/}"; fi
    done 2>/dev/null
}

clean_up() {
    local status=$? pid mount mark command
    trap - EXIT
    set +e
    exec 2>&"$heard"
    if [ "$status" != 0 ]; then
        echo "FAILED in step: $step${waiting:+; it waited for: $waiting}" >&2
        tail -n "${TAIL:-30}" "$work"/*.log >&2 2>/dev/null
    fi
    # our daemons hide their environment from all but root
    for pid in $(jobs -p) $(marked_processes) $(cat "$work.watch" 2>/dev/null); do kill -9 "$pid" 2>/dev/null; done
    wait 2>/dev/null
    # a thread that ends while leaks are looked for is no finding
    if grep -qsv '==Unable to get registers from thread' "$work"/sanitizer*; then
        echo "the sanitizer says:" >&2
        cat "$work"/sanitizer* >&2
        status=1
    fi
    for command in "${undo[@]}"; do "$command"; done
    for mount in "${mounts[@]}"; do umount -l "$mount"; done
    for mark in "${port_marks[@]}"; do rmdir "$mark"; done
    rm -f "$work.watch"
    if [ "${KEEP:-}" = 1 ]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Ends a test that would be ended in a moment, so that it says where it stood: what runs is named, and ended so that the shell can go on.
end_in_time() { # SECONDS
    local pids
    HOLDLINE_TEST_MARK='' sleep "$1" & # it is not a process that a test has left
    echo $! >"$work.watch" # beside: a test may mount something there
    wait $! || return 0 # the test is over: clean_up ended it
    mapfile -t pids < <(marked_processes)
    echo "FAIL: not over after $1 s; at work:" >&"$heard"
    ps -o pid=,ppid=,etimes=,args= -p "$(IFS=, && echo "${pids[*]}")" >&"$heard"
    kill -TERM $$
    kill -9 "${pids[@]}" 2>/dev/null
}
if [ -n "${TEST_LIMIT:-}" ]; then (end_in_time $((TEST_LIMIT - 15)) >/dev/null 2>&1 &); fi

# ------------------------------------------------------------------------------------------------------------ verdicts

fail() {
    echo "FAIL: $*" >&"$heard"
    exit 1
}

step() {
    step=$*
    printf '== %6.1f s  %s\n' "$(seconds_since "$started")" "$*"
}

now() { echo "$EPOCHREALTIME"; }
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }'; }
started=$(now)

# wait_for SECONDS COMMAND...: until the command succeeds; SECONDS is enough where nothing else runs.  What takes long is asked less
# often, and what costs much, too: the command is programs, and other tests run beside this one.
wait_for() {
    local limit=$(($1 > PATIENCE ? $1 : PATIENCE)) begin=$SECONDS pauses=0 asked pause
    shift
    waiting=$*
    while asked=${EPOCHREALTIME/./} && ! "$@" >/dev/null 2>&1; do
        if ((SECONDS - begin > limit * SLOWNESS)); then
            "$@" || true
            fail "not within $limit s: $*"
        fi
        pauses=$((pauses + 1))
        pause=$((pauses <= 15 ? 30000 : pauses <= 50 ? 100000 : 300000))
        if [ $pauses -gt 5 ]; then # a call of holdline is a tenth of a second of a processor: at most a fifth of the time
            asked=$((4 * (${EPOCHREALTIME/./} - asked)))
            pause=$((asked <= pause ? pause : asked < 1000000 ? asked : 1000000))
        fi
        printf -v pause '%d.%06d' $((pause / 1000000)) $((pause % 1000000))
        sleep "$pause"
    done
    waiting=
}

# within SECONDS COMMAND...: the same for what is tried in another way then: its status tells, and nothing is said.
within() (
    exec {heard}>/dev/null
    wait_for "$@"
)

# expect_fail STATUS TEXT COMMAND...: it must end with that status and say that (a fixed text, in what it printed).
expect_fail() {
    local want=$1 text=$2 status=0 output
    shift 2
    output=$("$@" 2>&1) || status=$?
    [ "$status" = "$want" ] || fail "status $status instead of $want: $* :: $output"
    grep -qF -- "$text" <<<"$output" || fail "'$text' is not in what '$*' said: $output"
}

# expect_in TEXT COMMAND...: it succeeds and prints that.
expect_in() {
    local text=$1 output
    shift
    output=$("$@" 2>&1) || fail "failed: $* :: $output"
    grep -qF -- "$text" <<<"$output" || fail "'$text' is not in what '$*' said: $output"
}

says() { # says TEXT COMMAND...: for wait_for
    local text=$1
    shift
    "$@" 2>&1 | grep -F -- "$text" >/dev/null
}

# expect_less SECONDS LIMIT WHAT: the limit tells that it happens by itself, not how fast: promises are measured in tests/bench.
expect_less() {
    awk -v s="$1" -v l="$2" -v f="$SLOWNESS" 'BEGIN { exit !(s < l * f) }' || fail "$3 took $1 s, more than $2 s"
    echo "   $3: $1 s"
}

skip() {
    echo "SKIPPED: $*"
    exit 77
}

# at OFFSET COMMAND...: by another wall clock ("-100d"); what measures durations stays.  After need_faketime.
need_faketime() {
    faketime=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
    [ -f "$faketime" ] || skip "libfaketime is not here"
    [ "$SLOWNESS" = 1 ] || skip "libfaketime and the sanitizers exclude each other"
}
at() {
    local offset=$1
    shift
    set -- env LD_PRELOAD="$faketime" FAKETIME="$offset" FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1 NO_FAKE_STAT=1 "$@"
    if [ "$BASHPID" != "$$" ]; then exec "$@"; fi # in the background: so that $! is the program itself
    "$@"
}

is_gone() { ! kill -0 "$1" 2>/dev/null; }

# field EXPRESSION: of the JSON document on stdin, as a Python expression over d.
field() {
    /usr/bin/python3 -IS -c 'import json, sys
d = json.load(sys.stdin)
v = eval(sys.argv[1])
print(v if isinstance(v, str) else json.dumps(v))' "$1"
}

# ---------------------------------------------------------------------------------------------------------- the server

# A port that nobody listens on; the mark keeps it from another test that runs at the same time.
free_port() {
    local port mark
    while :; do
        port=$((12000 + (RANDOM * 32768 + RANDOM) % 18000))
        mark=/tmp/holdline-port-$port
        mkdir "$mark" 2>/dev/null || continue
        port_marks+=("$mark")
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            REPLY=$port
            return
        fi
    done
}

# Settings of a group that does nothing by itself: a test that counts runs gives the orders.  For 'group create'.
by_hand=(update.schedule=off update.on-start=no scan.schedule=off)

# hush DIR: the same for the group that init made, before a manager runs.  Its version stays 1.
hush() {
    local setting
    for setting in "${by_hand[@]}"; do
        sqlite3 "$1/registry.db" "UPDATE grp SET settings = replace(settings, '$(initial "${setting%%=*}")', '$setting')"
    done
    [ "$(sqlite3 "$1/registry.db" "SELECT count(*) FROM grp WHERE $(printf "instr(settings, '%s') AND " "${by_hand[@]}") 1")" = 1 ] ||
        fail "the group of $1 is not quiet"
}

initial() { holdline settings | grep "^$1="; } # KEY: with the value that a new group has

# How 'holdline init' is called: (faketime -f -700d) makes a site that is as old as its certificates say.
init_clock=()

# make_site [DIR]: holdline init on free ports, with times that suit a test.  Without a repository: what patterns there are is the test's.
make_site() {
    local dir=${1:-$site}
    free_port
    broker_port=$REPLY
    free_port
    http_port=$REPLY
    "${init_clock[@]}" holdline init "$dir" --no-repo --host 127.0.0.1 --host localhost --listen 127.0.0.1 --broker-port "$broker_port" \
        --http-port "$http_port" >"$work/init.out"
    hush "$dir"
    set_conf "$dir/manager.conf" line.reconnect-window 1s
    export HOLDLINE_CONFIG=$dir/admins/admin/holdline.conf
}

# three_brokers: the site that was just made has three, at ports in a row, each marked: $ports, and $addresses as they are told.
three_brokers() {
    local first=$broker_port mark port
    while :; do
        free_port
        broker_port=$REPLY
        for port in $((broker_port + 1)) $((broker_port + 2)); do
            mark=/tmp/holdline-port-$port
            mkdir "$mark" 2>/dev/null || continue 2
            port_marks+=("$mark")
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        break
    done
    ports=("$broker_port" $((broker_port + 1)) $((broker_port + 2)))
    sed -i "s/$first/$broker_port/g" "$site/manager.conf"
    addresses=$(printf '127.0.0.1:%d,' "${ports[@]}")
    addresses=${addresses%,}
    set_conf "$site/manager.conf" broker.count 3
    set_conf "$site/manager.conf" broker.addresses "$addresses"
    sed -i "s/^brokers = .*/brokers = $addresses/" "$site/admins/admin/holdline.conf" "$site/console/console.conf"
}

set_conf() { # FILE SECTION.KEY VALUE
    awk -v section="${2%%.*}" -v key="${2#*.}" -v value="$3" '/^\[/ { now = substr($0, 2, length - 2) }
        now == section && index($0, key " = ") == 1 { print key " = " value; found = 1; next }
        { print }
        END { exit !found }' "$1" >"$1.new" || fail "$1 has no $2"
    mv "$1.new" "$1"
}

# start_server [DIR]: $server_pid.
start_server() {
    local dir=${1:-$site}
    holdline-managerd -c "$dir/manager.conf" >>"$work/manager.log" 2>&1 &
    server_pid=$!
    # by what the daemon says of itself: a client is refused while the broker starts
    wait_for 20 server_answers "$server_pid"
}

# The CLI may meet the broker before the manager has subscribed, and would then wait for its answer for a long time.
server_answers() {
    kill -0 "$1" 2>/dev/null || fail "the manager ended: $(tail -3 "$work/manager.log")"
    curl -sf --max-time 10 --cacert "$site/pki/ca.pem" "https://127.0.0.1:$http_port/healthz"
}

stop_server() {
    kill "$server_pid"
    wait "$server_pid"
}

kill_server() {
    kill -9 "$server_pid"
    wait "$server_pid" 2>/dev/null || true
}

# The managed broker, which outlives a manager that was killed; nothing, and status 1, if none runs.
broker_pid() {
    local pid
    pid=$(sed -n 's/^pid //p' "$site/broker/process" 2>/dev/null)
    [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

# The manager and its broker: what a machine that loses its power does.
kill_both() {
    local broker
    broker=$(broker_pid)
    kill_server
    kill -9 "$broker"
    wait_for 5 is_gone "$broker"
}

registry() { sqlite3 -cmd '.timeout 30000' "$site/registry.db" "$1"; }

metric() { curl -sf --cacert "$site/pki/ca.pem" "https://127.0.0.1:$http_port/metrics" | awk -v n="holdline_$1" '$1 == n { print $2 }'; }

# mosquitto_pub or _sub with a certificate of ours: bus pub manager -t ... -m ...
bus() {
    local tool=mosquitto_$1 name=$2 cert=$site/pki/$2.pem key=$site/pki/$2.key
    shift 2
    if [ -d "$site/admins/$name" ]; then
        cert=$site/admins/$name/$name.pem key=$site/admins/$name/$name.key
    elif [ -f "$work/$name/identity/endpoint.pem" ]; then
        cert=$work/$name/identity/endpoint.pem key=$work/$name/identity/endpoint.pem
    elif [ -f "$work/$name/$name.pem" ]; then
        cert=$work/$name/$name.pem key=$work/$name/$name.key
    fi
    set -- "$tool" -V mqttv5 -h 127.0.0.1 -p "$broker_port" --cafile "$site/pki/ca.pem" --cert "$cert" --key "$key" "$@"
    if [ "$BASHPID" != "$$" ]; then exec "$@"; fi # in the background: so that $! is the tool itself
    "$@"
}

# ------------------------------------------------------------------------------------------------------------ endpoints

# An updater for the daemon's contract: counts its runs and its effects (a run finds the wanted version in force or puts it there).  It is at
# work for updater.sleep seconds, and while updater.hold exists.
# "active" holds every version that was ever put in force, a line each, and is replaced at once: what is done and what is counted
# cannot differ.
make_stub() {
    cat >"$work/updater" <<STUB
#!/bin/bash
verb=\$1
while [ \$# -gt 0 ]; do [ "\$1" = --state-dir ] && state=\$2; shift; done
mkdir -p "\$state"
active=\$(tail -n 1 "\$state/active" 2>/dev/null)
[ -n "\$active" ] || active=2026010101
print() { echo "{\"result\": \"\$1\", \"message\": \"\$2\", \"source\": \"server\", \"components\": {\"virus\": \$3, \"rules\": \$3}}"; }
if [ "\$verb" = show ]; then print shown "" "\$active"; exit 0; fi
echo run >>"\$state/runs"
echo '{"progress": 20, "what": "virus"}'
sleep "\$(cat "$work/updater.sleep")"
while [ -e "$work/updater.hold" ]; do sleep 0.1; done
echo '{"progress": 90, "what": "virus"}'
wanted=\$(cat "$work/updater.version")
if [ "\$wanted" = bad ]; then
    echo '{"result": "failed", "code": "untrusted", "message": "virus: its hash is not the listed one (mix-and-match)"}'
    exit 1
fi
if [ "\$active" = "\$wanted" ]; then print current "already at \$wanted" "\$wanted"; exit 0; fi
{ cat "\$state/active" 2>/dev/null; echo "\$wanted"; } >"\$state/active.new.\$\$"
mv "\$state/active.new.\$\$" "\$state/active"
print updated "now at \$wanted" "\$wanted"
STUB
    chmod 755 "$work/updater"
    echo 0.1 >"$work/updater.sleep"
    echo 2026010102 >"$work/updater.version"
}

# make_endpoint NAME: its directory and configuration.  A pattern root is what lets the daemon call its updater.
make_endpoint() {
    [ -x "$work/updater" ] || make_stub
    mkdir -p "$work/$1"
    cat >"$work/$1.conf" <<CONF
[state]
directory = $work/$1
[updater]
program = $work/updater
[line]
backoff-base = 100ms
backoff-cap = 1s
[identity]
machine_id = test-machine-$1
[scan]
program = $bin/holdline-scanner
user = nobody
[log]
level = debug
CONF
}

make_root() { # the manager puts a repository's root in its bundles; the stub does not read it
    mkdir -p "$site/repo/metadata"
    echo '{}' >"$site/repo/metadata/1.root.json"
}

# make_bundle FILE [ARGUMENT...]: $bundle_id.
make_bundle() {
    local file=$1
    shift
    case " $* " in *" --group "* | *" --for "*) ;; *) set -- --group default "$@" ;; esac
    rm -f "$file" # of an earlier one: none is replaced
    bundle_id=$(holdline bundle create --output "$file" --json "$@" | field 'd["id"]')
}

ep() { # NAME ARGUMENT...
    local name=$1
    shift
    holdline-endpoint -c "$work/$name.conf" "$@"
}

enrol() { # NAME [GROUP]
    make_endpoint "$1"
    make_bundle "$work/$1.bundle" --group "${2:-default}"
    ep "$1" enrol "$work/$1.bundle" >/dev/null
}

declare -A endpoint_pids
start_endpoint() { # NAME
    holdline-endpointd -c "$work/$1.conf" >>"$work/$1.log" 2>&1 &
    endpoint_pids[$1]=$!
}

stop_endpoint() { # NAME
    kill "${endpoint_pids[$1]}"
    wait "${endpoint_pids[$1]}" || fail "the daemon of $1 ended with $?"
}

kill_endpoint() { # NAME
    kill -9 "${endpoint_pids[$1]}"
    wait "${endpoint_pids[$1]}" 2>/dev/null || true
}

id_of() { field 'd["id"]' <"$work/$1/identity/identity.json"; }

is_up() { says '"state":"up"' ep_status "$1"; } # NAME: by the endpoint's own word
ep_status() { ep "$1" status --json | tr -d ' \n'; }

actual() { holdline endpoint show "$(id_of "$1")" --json | field 'd["actual"]'; } # NAME
is_actual() { [ "$(actual "$1")" = "$2" ]; }
has_settings() { [ "$(registry "SELECT applied_version FROM endpoint WHERE id = '$(id_of "$1")'")" = "$2" ]; } # NAME VERSION
in_force() { [ "$(ep "$1" status --json | field 'd["settings"]["version"]')" = "$2" ]; }                    # NAME VERSION

# up NAME [GROUP]: enrolled, running, connected, and the manager knows it.
up() {
    enrol "$@"
    start_endpoint "$1"
    wait_for 10 is_up "$1"
    wait_for 5 is_actual "$1" online
}

lines() { if [ -f "$1" ]; then wc -l <"$1"; else echo 0; fi; }
runs() { lines "$work/$1/patterns/runs"; }       # NAME
effects() { lines "$work/$1/patterns/active"; } # NAME
target_state() { registry "SELECT state FROM target WHERE command = '$1' AND endpoint = '$(id_of "$2")'"; } # COMMAND NAME
is_target() { [ "$(target_state "$1" "$2")" = "$3" ]; }
issue() { holdline update-now --json "$@" | field 'd["id"]'; } # SELECTOR [ARGUMENT...] -> command's id
