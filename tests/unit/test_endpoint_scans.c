/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint/daemon/work/scans by command and schedule: joined, reported, stopped, interrupted, and how each ends. */
#include <string.h>

#include "endpoint/daemon/work/scheduler.h"
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/store/db.h"
#include "lib/store/stmt.h"
#include "tests/support/child_fake.h"
#include "tests/support/clock_fake.h"
#include "tests/support/endpoint_parts.h"
#include "tests/support/timer_fake.h"

/* What a scan by command needs beside the fakes: a pattern set, and a user that exists. */
static void make_set(EndpointParts *parts)
{
    g_autofree char *set = g_build_filename(parts->dir, "patterns/active", NULL);

    g_assert_true(hl_options_set(ep_conf_table(), &parts->conf, "scan.user", "nobody", NULL));
    g_assert_true(hl_dir_make(set, 0755, NULL));
}

static void test_scan(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *scanner;
    guint started;

    parts_line_up(parts);
    parts_order(parts, "c-early", HL_KIND_SCAN);
    parts_check_last(parts, "c-early", HL_STATE_FAILED, "unavailable",
                     "there is no pattern set on this machine yet: update it first");
    make_set(parts);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    scanner = child_fake_last();
    g_assert_cmpstr(child_fake_argv(scanner)[1], ==, "walk");
    started = child_fake_started();
    parts_order(parts, "c-2", HL_KIND_SCAN); /* joins */
    g_assert_cmpuint(child_fake_started(), ==, started);
    child_fake_say(scanner, "{\"found\":{\"path\":\"/home/x\",\"size\":3,\"uid\":0,\"signature\":\"S\","
                            "\"component\":\"virus\",\"action\":\"quarantined\",\"detail\":\"q-1\"}}");
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_DETECTION)->detection->path, ==, "/home/x");
    child_fake_say(scanner, "{\"end\":{\"files\":3,\"bytes\":9,\"found\":1,\"gaps\":{\"time\":2}}}");
    child_fake_exit(scanner, 0, "", "");
    g_assert_cmpuint(parts_last(parts, HOLDLINE__V1__REPORT__BODY_SCAN)->scan->found, ==, 1);
    parts_check_last(parts, "c-2", HL_STATE_SUCCEEDED, "",
                     "3 files looked at, 1 found, 2 not looked at (2 took too long)");
    g_assert_cmpuint(ep_finds_count(parts->finds), ==, 1);
}

static void test_scan_stopped(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *scanner;

    parts_line_up(parts);
    make_set(parts);
    parts_order(parts, "c-none", HL_KIND_STOP_SCAN);
    parts_check_last(parts, "c-none", HL_STATE_SUCCEEDED, "", "no scan was running");
    parts_order(parts, "c-1", HL_KIND_SCAN);
    scanner = child_fake_last();
    parts_order(parts, "c-stop", HL_KIND_STOP_SCAN);
    parts_check_last(parts, "c-stop", HL_STATE_SUCCEEDED, "", "the scan is stopped");
    g_assert_true(child_fake_is_stopped(scanner));
    child_fake_die(scanner, 15);
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_SCAN)->scan->end, ==, "stopped");
    parts_check_last(parts, "c-1", HL_STATE_FAILED, "conflict",
                     "stopped by the administrator: 0 files looked at, 0 found, 0 not looked at");
    parts_order(parts, "c-killed", HL_KIND_SCAN); /* a scanner that dies has not scanned */
    child_fake_die(child_fake_last(), 9);
    parts_check_last(parts, "c-killed", HL_STATE_FAILED, "unavailable", "the scanner ended with signal 9");
}

static void end_scan(HlChild *scanner)
{
    child_fake_say(scanner, "{\"end\":{\"files\":1,\"bytes\":1,\"found\":0,\"gaps\":{}}}");
    child_fake_exit(scanner, 0, "", "");
}

static const char *last_path(void)
{
    const char *const *argv = child_fake_argv(child_fake_last());
    const char *path = NULL;

    for (gsize i = 0; argv[i] != NULL; i++)
        path = argv[i];
    return path;
}

/* Orders for the same paths are one walk; others wait their turn, the scheduled scan too. */
static void test_paths(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    guint started;

    parts_line_up(parts);
    make_set(parts);
    parts_order_of(parts, "c-bad", HL_KIND_SCAN, "tmp");
    parts_check_last(
        parts, "c-bad", HL_STATE_FAILED, "invalid",
        "'tmp' is not an absolute path as reports show it: begin with '/', and write a backslash as \\\\, a "
        "comma as \\x2c, and any other byte as \\xNN");
    parts_order_of(parts, "c-1", HL_KIND_SCAN, "/srv/a\\x2cb");
    g_assert_cmpstr(last_path(), ==, "/srv/a,b");
    started = child_fake_started();
    parts_order_of(parts, "c-2", HL_KIND_SCAN, "/opt");
    parts_order_of(parts, "c-3", HL_KIND_SCAN, "/opt");
    ep_orders_scheduled(parts->orders);
    g_assert_cmpuint(child_fake_started(), ==, started);
    end_scan(child_fake_last());
    parts_check_last(parts, "c-1", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
    g_assert_true(ep_orders_is_scheduled_running(parts->orders)); /* first, because it cannot be asked for again */
    g_assert_cmpstr(last_path(), ==, "/home");
    end_scan(child_fake_last());
    g_assert_cmpstr(last_path(), ==, "/opt");
    end_scan(child_fake_last());
    parts_check_last(parts, "c-3", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
    g_assert_cmpuint(child_fake_started(), ==, started + 2);
    g_assert_cmpuint(child_fake_running(), ==, 1); /* the engine */
}

static void test_stopped_waiting(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *scanner;

    parts_line_up(parts);
    make_set(parts);
    parts_order_of(parts, "c-1", HL_KIND_SCAN, "/srv");
    scanner = child_fake_last();
    parts_order_of(parts, "c-2", HL_KIND_SCAN, "/opt");
    ep_orders_scheduled(parts->orders);
    parts_order(parts, "c-stop", HL_KIND_STOP_SCAN);
    child_fake_die(scanner, 15);
    parts_check_last(parts, "c-1", HL_STATE_FAILED, "conflict",
                     "stopped by the administrator: 0 files looked at, 0 found, 0 not looked at");
    g_assert_cmpuint(child_fake_running(), ==, 1); /* the engine; neither the one that waited, nor the scheduled one */
}

static void offer_cancel(EndpointParts *parts, const char *id, const char *subject)
{
    HlMsgCommand command = parts_command(id, HL_KIND_CANCEL);

    command.subject = hl_unconst(subject);
    parts_offer(parts, &command);
}

/* One that waits in the queue can still be cancelled, though "started" was said of it; one that runs cannot. */
static void test_cancelled_waiting(void)
{
    g_autoptr(EndpointParts) parts = parts_new();

    parts_line_up(parts);
    make_set(parts);
    parts_order_of(parts, "c-1", HL_KIND_SCAN, "/srv");
    parts_order_of(parts, "c-2", HL_KIND_SCAN, "/opt");
    offer_cancel(parts, "c-cancel-1", "c-1");
    parts_check_last(parts, "c-cancel-1", HL_STATE_FAILED, "conflict", "the command has started already");
    offer_cancel(parts, "c-cancel-2", "c-2");
    parts_check_last(parts, "c-cancel-2", HL_STATE_SUCCEEDED, "", "cancelled");
    g_assert_cmpuint(parts_count(parts, "c-2", HL_STATE_FAILED), ==, 1);
    end_scan(child_fake_last());
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
    g_assert_cmpuint(child_fake_running(), ==, 1); /* the engine */
}

/* A walk that was stopped examines nothing any longer, though it takes its time to die: what is asked for meanwhile,
 * or falls due, comes after it. */
static void test_while_stopping(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *scanner;
    guint started;

    parts_line_up(parts);
    make_set(parts);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    scanner = child_fake_last();
    started = child_fake_started();
    parts_order(parts, "c-stop", HL_KIND_STOP_SCAN);
    parts_order(parts, "c-2", HL_KIND_SCAN);
    ep_orders_scheduled(parts->orders);
    g_assert_cmpuint(child_fake_started(), ==, started);
    child_fake_die(scanner, 15);
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_FAILED), ==, 1);
    g_assert_cmpuint(parts_count(parts, "c-2", HL_STATE_FAILED), ==, 0);
    g_assert_cmpuint(child_fake_started(), ==, started + 1); /* both are this one */
    g_assert_true(ep_orders_is_scheduled_running(parts->orders));
    end_scan(child_fake_last());
    parts_check_last(parts, "c-2", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
}

static void change_settings(EndpointParts *parts, const char *lines, uint64_t counter)
{
    g_autoptr(GBytes) settings = parts_settings(parts, (PartsSettings){ .lines = lines, .counter = counter });

    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
}

/* The same order means another walk once the settings for scans are others; when scans begin is none of these. */
static void test_settings_changed(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    guint started;

    parts_line_up(parts);
    make_set(parts);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    started = child_fake_started();
    change_settings(parts, "scan.schedule=weekly wed 12:00\n", 5);
    parts_order(parts, "c-2", HL_KIND_SCAN); /* joins */
    change_settings(parts, "scan.paths=/srv\n", 6);
    parts_order(parts, "c-3", HL_KIND_SCAN);
    change_settings(parts, "scan.paths=/srv\nscan.exclude=*.iso\n", 7);
    end_scan(child_fake_last());
    g_assert_cmpuint(parts_count(parts, "c-1", HL_STATE_SUCCEEDED), ==, 1);
    g_assert_cmpuint(parts_count(parts, "c-2", HL_STATE_SUCCEEDED), ==, 1);
    g_assert_cmpuint(parts_count(parts, "c-3", HL_STATE_SUCCEEDED), ==, 0);
    g_assert_cmpuint(child_fake_started(), ==, started + 1);
    g_assert_cmpstr(last_path(), ==, "/srv");
    g_assert_cmpstr(child_fake_option(child_fake_last(), "--exclude"), ==, "*.iso");
    end_scan(child_fake_last());
    parts_check_last(parts, "c-3", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
}

typedef struct {
    EndpointParts *parts;
    guint ends;
    bool repeats;
} Asker;

static void on_asker_done(const EpScanEnd *end, gpointer user);

static bool ask(Asker *asker)
{
    return ep_orders_scan(asker->parts->orders, &(EpOrder){ "", NULL, on_asker_done, asker }, NULL);
}

static void on_asker_done(const EpScanEnd *end G_GNUC_UNUSED, gpointer user)
{
    Asker *asker = user;

    asker->ends++;
    if (asker->repeats)
        g_assert_true(ask(asker));
}

/* An order that is given when a walk ends is for the next walk, and is not told of that end. */
static void test_asked_at_end(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    Asker one = { parts, 0, true };
    Asker two = { parts, 0, false };

    make_set(parts);
    g_assert_true(ask(&one) && ask(&two));
    end_scan(child_fake_last());
    g_assert_cmpuint(one.ends, ==, 1);
    g_assert_cmpuint(two.ends, ==, 1);
    one.repeats = false;
    end_scan(child_fake_last());
    g_assert_cmpuint(one.ends, ==, 2);
    g_assert_cmpuint(two.ends, ==, 1);
}

/* A process in the middle of a disk's answer is not even killed: the scan is told of as failed, and others go on. */
static void test_scan_stuck(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    const HlMsgScanResult *told;
    HlChild *stuck;

    parts_line_up(parts);
    make_set(parts);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    stuck = child_fake_last();
    child_fake_say(stuck, "{\"progress\":{\"files\":3,\"bytes\":9,\"path\":\"/mnt/gone\"}}");
    timer_fake_advance(20 * HL_MINUTE);
    g_assert_true(child_fake_is_stopped(stuck));
    parts_check_last(parts, "c-1", HL_STATE_FAILED, "unavailable",
                     "nothing was heard of it any longer: a file or a file system hangs");
    told = parts_last(parts, HOLDLINE__V1__REPORT__BODY_SCAN)->scan;
    g_assert_cmpstr(told->end, ==, "failed");
    g_assert_cmpuint(told->files, ==, 3);
    g_assert_cmpstr(told->gaps[0]->reason, ==, "time");
    parts_order(parts, "c-2", HL_KIND_SCAN);
    g_assert_true(child_fake_last() != stuck);
    child_fake_say(child_fake_last(), "{\"end\":{\"files\":1}}");
    child_fake_exit(child_fake_last(), 0, "", "");
    parts_check_last(parts, "c-2", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
    for (int i = 0; i < 3; i++) { /* but not for ever */
        g_autofree char *id = g_strdup_printf("c-hangs-%d", i);

        parts_order(parts, id, HL_KIND_SCAN);
        timer_fake_advance(20 * HL_MINUTE);
    }
    parts_order(parts, "c-last", HL_KIND_SCAN);
    g_assert_nonnull(strstr(parts_last_command(parts)->detail, "4 earlier scans hang"));
    child_fake_die(stuck, 9); /* the disk is back: nothing more is told of it */
    parts_check_last(parts, "c-last", HL_STATE_FAILED, "unavailable", parts_last_command(parts)->detail);
    parts_order(parts, "c-again", HL_KIND_SCAN);
    child_fake_say(child_fake_last(), "{\"end\":{\"files\":1}}");
    child_fake_exit(child_fake_last(), 0, "", "");
    parts_check_last(parts, "c-again", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
}

/* Bounds that are changed while somebody scans are in force at their next look, not when all have gone. */
static void test_engine_bounds(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) settings = parts_settings(parts, (PartsSettings){ .lines = "scan.max-depth=5\n", .counter = 2 });
    g_autofree char *path = g_build_filename(parts->dir, "engine/clamd.conf", NULL);
    g_autofree char *conf = NULL;
    EpEngine *engine = ep_engine_new(
        &(EpEngineOptions){ .conf = &parts->conf, .settings = parts->settings, .updates = parts->updates });
    HlChild *clamd;

    make_set(parts);
    g_assert_true(ep_engine_hold(engine, NULL));
    clamd = child_fake_last();
    ep_engine_settings_changed(engine);
    g_assert_false(child_fake_is_stopped(clamd)); /* nothing that concerns it */
    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    ep_engine_settings_changed(engine);
    g_assert_true(child_fake_is_stopped(clamd));
    child_fake_exit(clamd, 0, "", "");
    g_assert_cmpuint(child_fake_running(), ==, 1); /* it is held */
    conf = hl_file_read_text(path, 10000, NULL);
    g_assert_nonnull(strstr(conf, "\nMaxRecursion 5\n"));
    ep_engine_drop(engine);
    ep_engine_free(engine);
}

/* On a file of a file system that is gone: it cannot even be killed. */
static void test_engine_hangs(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *engine;
    guint started;

    parts_line_up(parts);
    make_set(parts);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    engine = child_fake_find("engine");
    started = child_fake_started();
    child_fake_say(child_fake_find("walk"), "{\"hung\":true}");
    g_assert_true(child_fake_is_stopped(engine));
    child_fake_lose(engine);
    g_assert_cmpuint(child_fake_started(), ==, started + 1);
    g_assert_false(child_fake_is_stopped(child_fake_find("engine")));
    child_fake_say(child_fake_find("walk"), "{\"end\":{\"files\":1,\"bytes\":9,\"gaps\":{\"time\":1}}}");
    child_fake_exit(child_fake_find("walk"), 0, "", "");
    parts_check_last(parts, "c-1", HL_STATE_SUCCEEDED, "",
                     "1 file looked at, 0 found, 1 not looked at (1 took too long)");
}

/* A walk that has failed, or is through, is joined by nobody while its process ends. */
static void test_ending(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    HlChild *failed;

    parts_line_up(parts);
    make_set(parts);
    parts_order(parts, "c-1", HL_KIND_SCAN);
    failed = child_fake_last();
    child_fake_say(failed, "{\"end\":{\"files\":0,\"failed\":\"the engine is gone\"}}");
    parts_order(parts, "c-2", HL_KIND_SCAN);
    g_assert_true(child_fake_last() == failed);
    child_fake_exit(failed, 0, "", "");
    g_assert_true(child_fake_last() != failed);
    end_scan(child_fake_last());
    parts_check_last(parts, "c-2", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
}

static EpScheduler *start_scheduler(EndpointParts *parts)
{
    return ep_scheduler_new(&(EpSchedulerOptions){ parts->db, parts->trouble, parts->settings, parts->updates,
                                                   parts->orders, parts->pulse });
}

static int64_t scheduled_scans(const EndpointParts *parts)
{
    int64_t n = -1;

    g_assert_true(hl_db_query_int(parts->db, 0, &n, NULL,
                                  "SELECT count(*) FROM event WHERE what = 'scan' AND detail LIKE 'schedule%'", ""));
    return n;
}

/* A machine that was off for three weeks scans once when it is back, and then at the next slot. */
static void test_missed(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    g_autoptr(GBytes) settings = NULL;
    EpScheduler *scheduler;

    parts_line_up(parts);
    make_set(parts);
    settings = parts_settings(
        parts, (PartsSettings){ .lines = "scan.schedule=weekly wed 12:00\nscan.period=0s\n", .counter = 5 });
    g_assert_cmpint(ep_intake_offer(parts->intake, settings, "channel", 0), ==, EP_INTAKE_IN_FORCE);
    scheduler = start_scheduler(parts);
    timer_fake_advance(HL_MINUTE);
    ep_scheduler_free(scheduler);
    clock_fake_jump_wall(21 * HL_DAY); /* off */
    scheduler = start_scheduler(parts);
    timer_fake_advance(HL_MINUTE);
    g_assert_true(ep_orders_is_scheduled_running(parts->orders));
    end_scan(child_fake_last());
    timer_fake_advance(HL_HOUR);
    g_assert_cmpint(scheduled_scans(parts), ==, 1);
    clock_fake_jump_wall(7 * HL_DAY);
    timer_fake_advance(HL_MINUTE);
    end_scan(child_fake_last());
    g_assert_cmpint(scheduled_scans(parts), ==, 2);
    ep_scheduler_free(scheduler);
}

/* A machine whose scheduled scan has just fallen due. */
static EpScheduler *fall_due(EndpointParts *parts)
{
    EpScheduler *scheduler;

    parts_line_up(parts);
    make_set(parts);
    change_settings(parts, "scan.schedule=weekly wed 12:00\nscan.period=0s\n", 5);
    scheduler = start_scheduler(parts);
    timer_fake_advance(HL_MINUTE);
    clock_fake_jump_wall(7 * HL_DAY);
    timer_fake_advance(HL_MINUTE);
    return scheduler;
}

static EpScheduler *start_again(EndpointParts *parts, EpScheduler *scheduler)
{
    ep_scheduler_free(scheduler);
    parts_restart(parts);
    parts_line_up(parts);
    return start_scheduler(parts);
}

/* A scheduled scan that was interrupted is told, and begun once more, but not for ever: it may be what brings the
 * daemon down. */
static void test_interrupted(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpScheduler *scheduler = fall_due(parts);

    g_assert_true(ep_orders_is_scheduled_running(parts->orders));
    scheduler = start_again(parts, scheduler);
    g_assert_cmpstr(parts_last(parts, HOLDLINE__V1__REPORT__BODY_SCAN)->scan->end, ==, "stopped");
    g_assert_cmpint(scheduled_scans(parts), ==, 1);
    g_assert_true(ep_orders_is_scheduled_running(parts->orders));
    g_assert_nonnull(child_fake_find("walk"));
    scheduler = start_again(parts, scheduler);
    g_assert_cmpint(scheduled_scans(parts), ==, 2);
    g_assert_false(ep_orders_is_scheduled_running(parts->orders));
    scheduler = start_again(parts, scheduler);
    g_assert_cmpint(scheduled_scans(parts), ==, 2);
    clock_fake_jump_wall(7 * HL_DAY); /* the next one has its own second try */
    timer_fake_advance(HL_MINUTE);
    scheduler = start_again(parts, scheduler);
    g_assert_true(ep_orders_is_scheduled_running(parts->orders));
    end_scan(child_fake_last());
    g_assert_cmpint(scheduled_scans(parts), ==, 4);
    scheduler = start_again(parts, scheduler);
    g_assert_false(ep_orders_is_scheduled_running(parts->orders));
    g_assert_cmpint(scheduled_scans(parts), ==, 4);
    ep_scheduler_free(scheduler);
}

/* The same for one that waits for another walk; but not for one that somebody has stopped, or wants no longer. */
static void test_interrupted_waiting(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpScheduler *scheduler = fall_due(parts);

    end_scan(child_fake_last());
    parts_order_of(parts, "c-1", HL_KIND_SCAN, "/srv");
    ep_orders_scheduled(parts->orders);
    scheduler = start_again(parts, scheduler);
    g_assert_cmpstr(last_path(), ==, "/srv"); /* resumed */
    end_scan(child_fake_last());
    g_assert_true(ep_orders_is_scheduled_running(parts->orders));
    parts_order(parts, "c-stop", HL_KIND_STOP_SCAN);
    scheduler = start_again(parts, scheduler);
    g_assert_false(ep_orders_is_scheduled_running(parts->orders));
    ep_orders_scheduled(parts->orders);
    change_settings(parts, "scan.schedule=off\n", 6);
    scheduler = start_again(parts, scheduler);
    g_assert_false(ep_orders_is_scheduled_running(parts->orders));
    ep_scheduler_free(scheduler);
}

/* The user skips the schedule's scan, not the administrator's. */
static void test_skipped(void)
{
    g_autoptr(EndpointParts) parts = parts_new();
    EpScheduler *scheduler = fall_due(parts);
    HlChild *scanner = child_fake_last();

    parts_order(parts, "c-1", HL_KIND_SCAN);
    g_assert_cmpstr(ep_orders_skip(parts->orders), ==,
                    "the scan goes on, because the administrator has ordered it as well");
    g_assert_false(child_fake_is_stopped(scanner));
    end_scan(scanner);
    parts_check_last(parts, "c-1", HL_STATE_SUCCEEDED, "", "1 file looked at, 0 found, 0 not looked at");
    ep_orders_scheduled(parts->orders);
    g_assert_cmpstr(ep_orders_skip(parts->orders), ==, "the scheduled scan that runs is stopped");
    g_assert_true(child_fake_is_stopped(child_fake_last()));
    child_fake_die(child_fake_last(), 15);
    g_assert_cmpstr(ep_orders_skip(parts->orders), ==, "the next scheduled scan is skipped");
    scheduler = start_again(parts, scheduler);
    ep_orders_scheduled(parts->orders);
    g_assert_false(ep_orders_is_scheduled_running(parts->orders));
    scheduler = start_again(parts, scheduler);
    ep_orders_scheduled(parts->orders);
    g_assert_true(ep_orders_is_scheduled_running(parts->orders)); /* it was the one after that */
    ep_scheduler_free(scheduler);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/endpoint/scans/command", test_scan);
    g_test_add_func("/endpoint/scans/stopped", test_scan_stopped);
    g_test_add_func("/endpoint/scans/paths", test_paths);
    g_test_add_func("/endpoint/scans/stopped-waiting", test_stopped_waiting);
    g_test_add_func("/endpoint/scans/cancelled-waiting", test_cancelled_waiting);
    g_test_add_func("/endpoint/scans/while-stopping", test_while_stopping);
    g_test_add_func("/endpoint/scans/settings-changed", test_settings_changed);
    g_test_add_func("/endpoint/scans/asked-at-end", test_asked_at_end);
    g_test_add_func("/endpoint/scans/stuck", test_scan_stuck);
    g_test_add_func("/endpoint/scans/engine-bounds", test_engine_bounds);
    g_test_add_func("/endpoint/scans/engine-hangs", test_engine_hangs);
    g_test_add_func("/endpoint/scans/ending", test_ending);
    g_test_add_func("/endpoint/scans/missed", test_missed);
    g_test_add_func("/endpoint/scans/interrupted", test_interrupted);
    g_test_add_func("/endpoint/scans/interrupted-waiting", test_interrupted_waiting);
    g_test_add_func("/endpoint/scans/skipped", test_skipped);
    return g_test_run();
}
