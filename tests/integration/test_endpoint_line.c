/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint's line: births and wills, coming back, reports until they are acknowledged, a server that is never
 * there. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "proto/wire.h"
#include "tests/integration/endpoint_bench.h"

static void test_line(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgProbe probe = HOLDLINE__V1__PROBE__INIT;
    g_autoptr(GBytes) payload = NULL;
    uint64_t session;

    bench_bring_up(bench);
    g_assert_true(bench_last_link(bench)->announces);
    g_assert_cmpuint(bench_last_link(bench)->registration->n_addresses, >, 0);
    g_assert_cmpstr(bench_last_link(bench)->registration->addresses[0], ==, "127.0.0.1");
    bench_wait(bench, bench_last_applied(bench) != NULL);
    g_assert_cmpstr(bench_last_applied(bench)->path, ==, "bundle");
    bench_wait(bench, bench->heartbeats >= 2);
    probe.nonce = 4711;
    payload = HL_WIRE_ENCODE(&probe);
    bench_publish(bench, "endpoint/" BENCH_ID "/probe", payload, false);
    bench_wait(bench, bench->echoes == 1);
    g_assert_cmpuint(bench->last_echo, ==, 4711);
    session = bench_last_link(bench)->session;
    bench_kill_daemon(bench, SIGKILL);
    bench_wait(bench, !bench_last_link(bench)->online);
    g_assert_cmpstr(bench_last_link(bench)->reason, ==, "line-lost");
    g_assert_cmpuint(bench_last_link(bench)->session, ==, session);
    bench_start_daemon(bench);
    bench_wait(bench, bench_last_link(bench)->online);
    g_assert_cmpuint(bench_last_link(bench)->session, >, session);
    bench_kill_daemon(bench, SIGTERM);
    bench_wait(bench, !bench_last_link(bench)->online);
    g_assert_cmpstr(bench_last_link(bench)->reason, ==, "clean-stop");
}

static void test_second_daemon(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autoptr(GError) error = NULL;

    bench_bring_up(bench);
    g_assert_false(hl_exec(ARGS(HOLDLINE_BIN_DIR "/holdline-endpointd", "-c", bench->conf), NULL, &error));
    g_assert_nonnull(strstr(error->message, "is held by process"));
}

/* The manager has acknowledged the reports, and before them the broker the birth: the next one announces no start. */
static void wait_for_delivery(Bench *bench)
{
    json_int_t waiting;

    bench_wait(bench, bench->reports->len > 0);
    do {
        g_autoptr(json_t) status = bench_status(bench);

        waiting = json_integer_value(json_object_get(status, "reports_waiting"));
    } while (waiting > 0);
}

/* A broker that dies, a manager that starts again, a registry that knows a higher session. */
static void test_comes_back(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    HlMsgLineNotice fence;
    g_autoptr(GBytes) online = NULL;
    guint links;

    bench_bring_up(bench);
    wait_for_delivery(bench);
    bench_stop_broker(bench);
    bench_wait(bench, hl_bus_state(bench->bus) != HL_BUS_UP);
    links = bench->links->len;
    bench_start_broker(bench);
    bench_wait(bench, bench->links->len > links && bench_last_link(bench)->online);
    g_assert_false(bench_last_link(bench)->announces); /* a resume is no start (B12) */
    state.online = true;
    state.epoch = 7;
    state.reconnect_window_ms = 200;
    online = HL_WIRE_ENCODE(&state);
    links = bench->links->len;
    bench_publish(bench, "manager/state", online, true);
    bench_wait(bench, bench->links->len > links);
    fence = bench_notice(bench);
    fence.fence_session = fence.session + 1000000;
    bench_send_notice(bench, &fence);
    bench_wait(bench, bench_last_link(bench)->online && bench_last_link(bench)->session > fence.fence_session);
}

/* The server says that this identity is used twice: it stays away for that time, and only the machine that is meant. */
static void test_hold_off(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgLineNotice order;
    g_autofree char *boot = NULL;
    g_autoptr(json_t) status = NULL;
    HlTime told;
    guint links;

    bench_bring_up(bench);
    order = bench_notice(bench);
    order.hold_off_ms = 2000;
    order.hold_off_boot = (char *)"b-another";
    links = bench->links->len;
    bench_send_notice(bench, &order);
    bench_pass(bench, 300);
    g_assert_cmpuint(bench->links->len, ==, links);
    boot = g_strdup(bench_last_link(bench)->boot_id);
    order.hold_off_boot = boot;
    told = hl_clock_mono();
    bench_send_notice(bench, &order);
    bench_pass(bench, 500);
    status = bench_status(bench);
    g_assert_nonnull(strstr(json_string_value(json_object_get(json_object_get(status, "line"), "last_error")),
                            "another machine uses this identity"));
    bench_wait(bench, bench->links->len > links && bench_last_link(bench)->online);
    g_assert_cmpint(hl_clock_mono() - told, >=, 2000);
}

/* The direct port is open while the settings want one, and registered. */
static void test_direct_port(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *lines = NULL;
    int port = bench_free_port();

    bench_bring_up(bench);
    g_assert_cmpuint(bench_last_link(bench)->registration->direct_port, ==, 0);
    lines = g_strdup_printf("direct.port=%d\nline.heartbeat=1s\n", port);
    bench_send_settings(bench, lines, bench->id, 10, 0);
    bench_wait(bench, bench_last_applied(bench) != NULL && bench_last_applied(bench)->counter == 10);
    bench_wait(bench, bench_answers(port));
    bench_wait(bench, (int)bench_last_link(bench)->registration->direct_port == port); /* registered afresh */
    bench_send_settings(bench, "mode.independent=yes\nline.heartbeat=1s\n", bench->id, 11, 0);
    bench_wait(bench, bench_last_applied(bench)->counter == 11);
    bench_wait(bench, !bench_answers(port));
}

/* What is not acknowledged is sent again, in order, and once it is, forgotten. */
static void test_reports_until_acknowledged(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgManagerState state = HOLDLINE__V1__MANAGER_STATE__INIT;
    g_autoptr(GBytes) online = NULL;
    HlMsgCommand command;
    g_autoptr(json_t) status = NULL;

    bench_bring_up(bench);
    bench_wait(bench, bench->reports->len == 1);
    bench->mute = true;
    command = bench_command(bench, "c-mute", UPDATE);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_lines(bench, "effects") == 1);
    bench_pass(bench, 300);
    g_assert_cmpuint(bench->reports->len, ==, 1);
    bench_kill_daemon(bench, SIGKILL);
    bench->mute = false;
    bench_start_daemon(bench);
    bench_wait(bench, bench_count_states(bench, "c-mute", SUCCEEDED) == 1);
    g_assert_cmpuint(bench_count_states(bench, "c-mute", RECEIVED), ==, 1);
    g_assert_cmpuint(bench_count_states(bench, "c-mute", STARTED), ==, 1);
    bench_pass(bench, 200);
    status = bench_status(bench);
    g_assert_cmpint(json_integer_value(json_object_get(status, "reports_waiting")), ==, 0);
    state.online = true;
    state.epoch = 9;
    online = HL_WIRE_ENCODE(&state);
    bench_publish(bench, "manager/state", online, false);
    bench_pass(bench, 300);
    g_assert_cmpuint(bench->repeats, ==, 0); /* nothing is left to repeat */
}

static glong resident_kib(const Bench *bench)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", (int)hl_child_pid(bench->daemon));
    g_autofree char *text = NULL;
    glong pages = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    pages = strtol(strchr(text, ' '), NULL, 10);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static json_int_t failed_attempts(Bench *bench)
{
    g_autoptr(json_t) status = bench_status(bench);

    return json_integer_value(json_object_get(json_object_get(status, "line"), "failed_attempts"));
}

/* A server that is never there: it says so, keeps trying, and its memory stays flat. */
static void test_unreachable(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlTime now = hl_clock_wall();
    g_autofree char *bundle = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_auto(BenchRun) run = { 0 };
    g_autoptr(json_t) status = NULL;
    const json_t *line;
    glong before;
    glong after;

    run = bench_cli(bench, ARGS("enrol", bundle));
    g_assert_cmpint(run.status, ==, 0);
    bench_stop_broker(bench);
    bench_start_daemon(bench);
    while (failed_attempts(bench) < 60)
        bench_pass(bench, 100);
    before = resident_kib(bench);
    while (failed_attempts(bench) < 180)
        bench_pass(bench, 100);
    after = resident_kib(bench);
    g_test_message("resident after 60 attempts %ld KiB, after 180 %ld KiB", before, after);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed for a while */
    g_assert_cmpint(after - before, <, 300);
#endif
    status = bench_status(bench);
    line = json_object_get(status, "line");
    g_assert_true(json_is_false(json_object_get(line, "ever_up")));
    g_assert_nonnull(json_string_value(json_object_get(line, "last_error")));
    bench_start_broker(bench);
    bench_wait(bench, bench->links->len > 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/endpoint/line", test_line);
    g_test_add_func("/endpoint/second-daemon", test_second_daemon);
    g_test_add_func("/endpoint/comes-back", test_comes_back);
    g_test_add_func("/endpoint/hold-off", test_hold_off);
    g_test_add_func("/endpoint/direct-port", test_direct_port);
    g_test_add_func("/endpoint/reports", test_reports_until_acknowledged);
    g_test_add_func("/endpoint/unreachable", test_unreachable);
    return g_test_run();
}
