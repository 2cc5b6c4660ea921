/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint daemon and updates: what it asks of the updater, in which order, and what it tells of the end. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "tests/integration/endpoint_bench.h"

#define SUCCEEDED   HOLDLINE__V1__COMMAND_STATE__COMMAND_SUCCEEDED
#define UPDATE      HOLDLINE__V1__COMMAND_KIND__KIND_UPDATE_NOW
#define SYNCHRONIZE HOLDLINE__V1__COMMAND_KIND__KIND_SYNCHRONIZE

static const HlMsgAppliedSettings *last_applied(const Bench *bench)
{
    for (guint i = bench->reports->len; i > 0; i--) {
        const HlMsgReport *report = bench->reports->pdata[i - 1];

        if (report->body_case == HOLDLINE__V1__REPORT__BODY_SETTINGS)
            return report->settings;
    }
    return NULL;
}

static char *calls_text(const Bench *bench)
{
    g_autofree char *path = g_build_filename(bench->dir, "calls", NULL);
    char *text = hl_file_read_text(path, 1 << 20, NULL);

    return text != NULL ? text : g_strdup("");
}

/* A command to update, and its success. */
static void update_once(Bench *bench, const char *id)
{
    HlMsgCommand command = bench_command(bench, id, UPDATE);

    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, id, SUCCEEDED) == 1);
}

/* "Synchronize with server" asks the server alone, for exactly what it has (B20); the enrolment's certificate is for
 * the server alone. */
static void test_synchronize(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *update = NULL;
    g_autofree char *both = NULL;
    HlMsgCommand command;

    bench_bring_up(bench);
    bench_send_settings(bench,
                        "line.heartbeat=1s\nupdate.sources=activeupdate,server\n"
                        "update.activeupdate-url=https://patterns.example/\nscan.method=smart\n",
                        bench->id, 10, 0);
    update_once(bench, "c-update");
    update = calls_text(bench);
    g_assert_nonnull(
        strstr(update, "--source activeupdate=https://patterns.example/ --source server=https://127.0.0.1"));
    g_assert_nonnull(strstr(update, "--private-source server"));
    g_assert_nonnull(strstr(update, "--components agent,rules")); /* B19 */
    g_assert_null(strstr(update, "--force"));
    command = bench_command(bench, "c-sync", SYNCHRONIZE);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-sync", SUCCEEDED) == 1);
    both = calls_text(bench);
    g_assert_null(strstr(both + strlen(update), "activeupdate"));
    g_assert_nonnull(strstr(both + strlen(update), "--force"));
}

/* At a start of the machine settings come first, patterns after (B17), and the notification tells of both. */
static void test_start_up(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *calls = NULL;
    const HlMsgUpdateNotification *told = NULL;
    guint reports;

    bench_bring_up(bench);
    bench_send_settings(bench, "line.heartbeat=1s\nupdate.on-start=yes\nupdate.on-start-delay=0s\n", bench->id, 10, 0);
    bench_wait(bench, last_applied(bench) != NULL && last_applied(bench)->counter == 10);
    bench_kill_daemon(bench, SIGTERM);
    bench_send_settings(bench,
                        "line.heartbeat=1s\nscan.method=smart\nupdate.block-program=yes\n"
                        "update.on-start=yes\nupdate.on-start-delay=0s\n",
                        bench->id, 11, 0);
    reports = bench->reports->len;
    bench_start_daemon(bench);
    bench_wait(bench, bench_lines(bench, "calls") == 1);
    g_assert_cmpuint(last_applied(bench)->counter, ==, 11);
    for (; told == NULL; bench_turn(bench))
        for (guint i = reports; i < bench->reports->len; i++)
            if (((HlMsgReport *)bench->reports->pdata[i])->body_case == HOLDLINE__V1__REPORT__BODY_UPDATE)
                told = ((HlMsgReport *)bench->reports->pdata[i])->update;
    calls = calls_text(bench);
    g_assert_nonnull(strstr(calls, "--components agent,rules"));
    g_assert_cmpstr(told->trigger, ==, "start-up");
    g_assert_true(told->succeeded);
    g_assert_true(g_str_has_prefix(told->detail, "settings: version 11 of bench; patterns: updated; program: "));
    g_assert_true(g_str_has_suffix(told->detail, "upgrades are blocked by the settings"));
}

/* status tells of the last update after a restart, too. */
static void test_last_after_restart(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autoptr(json_t) status = NULL;
    const json_t *update;

    bench_bring_up(bench);
    update_once(bench, "c-update");
    bench_kill_daemon(bench, SIGKILL);
    bench_start_daemon(bench);
    status = bench_status(bench);
    update = json_object_get(status, "update");
    g_assert_true(json_is_string(json_object_get(update, "last_at")));
    g_assert_true(json_is_true(json_object_get(update, "last_succeeded")));
    g_assert_cmpstr(json_string_value(json_object_get(update, "last_trigger")), ==, "command");
    g_assert_cmpstr(json_string_value(json_object_get(update, "last_detail")), ==, "updated");
    g_assert_cmpstr(json_string_value(json_object_get(update, "last_source")), ==, "server");
}

/* Words that are cut in the middle of a character lose no result. */
static void test_long_words(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *said = g_build_filename(bench->dir, "said", NULL);
    g_autofree char *long_word = g_strnfill(999, 'a');
    g_autofree char *words = g_strconcat(long_word, "é and more", NULL);
    g_autoptr(json_t) status = NULL;
    const char *detail;

    bench_bring_up(bench);
    update_once(bench, "c-update");
    g_assert_true(hl_file_write_text(said, words, 0644, NULL));
    update_once(bench, "c-again");
    bench_kill_daemon(bench, SIGKILL);
    bench_start_daemon(bench);
    status = bench_status(bench);
    detail = json_string_value(json_object_get(json_object_get(status, "update"), "last_detail"));
    g_assert_cmpstr(detail, ==, long_word);
}

/* A start-up update that failed because nothing was reachable is tried again when the line comes up. */
static void test_retry(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *fail = g_build_filename(bench->dir, "fail", NULL);

    bench_bring_up(bench);
    bench_send_settings(bench, "line.heartbeat=1s\nupdate.on-start=yes\nupdate.on-start-delay=0s\n", bench->id, 10, 0);
    bench_wait(bench, last_applied(bench) != NULL && last_applied(bench)->counter == 10);
    bench_kill_daemon(bench, SIGTERM);
    bench_stop_broker(bench);
    g_assert_true(hl_file_write_text(fail, "unavailable", 0644, NULL));
    bench_start_daemon(bench);
    bench_wait(bench, bench_lines(bench, "calls") == 1);
    bench_pass(bench, 6 * HL_SECOND); /* scheduler.c looks every 5 s: the line is not up */
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 1);
    g_assert_cmpint(unlink(fail), ==, 0);
    bench_start_broker(bench);
    bench_wait(bench, bench_lines(bench, "effects") == 1);
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 2);
}

/* The last update notification among the reports; NULL: none. */
static const HlMsgUpdateNotification *last_notification(const Bench *bench)
{
    for (guint i = bench->reports->len; i > 0; i--) {
        const HlMsgReport *report = bench->reports->pdata[i - 1];

        if (report->body_case == HOLDLINE__V1__REPORT__BODY_UPDATE)
            return report->update;
    }
    return NULL;
}

static void write_script(const Bench *bench, const char *name, const char *script)
{
    g_autofree char *path = g_build_filename(bench->dir, name, NULL);
    g_autofree char *text = g_strconcat("#!/bin/sh\n", script, "\n", NULL);

    g_assert_true(hl_file_write_text(path, text, 0755, NULL));
}

/* An engine that crashes: after the third time, if it would not with the set before, the endpoint goes back by itself,
 * once, and tells so.  What crashes with either set moves nothing. */
static void test_crashing_engine(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *file = g_build_filename(bench->dir, "good-file", NULL);
    g_autofree char *conf = hl_file_read_text(bench->conf, 65536, NULL);
    g_autofree char *more = g_strdup_printf("%sengine = %s/engine\nclamd = %s/clamd\n", conf, bench->dir, bench->dir);
    g_autofree char *calls = NULL;

    g_assert_true(hl_file_write_text(bench->conf, more, 0644, NULL));
    write_script(bench, "clamd", "kill -SEGV $$");
    bench_bring_up(bench);
    update_once(bench, "c-update");
    write_script(bench, "engine", "kill -SEGV $$");
    for (int i = 0; i < 4; i++) {
        g_auto(BenchRun) run = bench_cli(bench, ARGS("scan", file));

        g_assert_cmpint(run.status, ==, 7); /* 1 would say that something was found */
        bench_pass(bench, 100);
    }
    write_script(bench, "engine", "case \"$*\" in *active*) kill -SEGV $$;; esac; cat >/dev/null");
    for (int i = 0; i < 5; i++) {
        g_auto(BenchRun) run = { 0 };

        if (i == 2) { /* a detection in between would start the count over; a restart of the daemon does not end it */
            bench_kill_daemon(bench, SIGTERM);
            bench_start_daemon(bench);
            json_decref(bench_status(bench));
        }
        run = bench_cli(bench, ARGS("scan", file));
        g_assert_cmpint(run.status, ==, 7);
        bench_pass(bench, 100);
    }
    bench_wait(bench, last_notification(bench) != NULL && !last_notification(bench)->succeeded);
    g_assert_cmpstr(last_notification(bench)->trigger, ==, "engine-failure");
    g_assert_nonnull(strstr(last_notification(bench)->detail, "the engine failed 3 times"));
    g_assert_nonnull(strstr(last_notification(bench)->detail, "signal 11: it gave no reason; rolled back"));
    calls = calls_text(bench);
    g_assert_nonnull(strstr(calls, "rollback --state-dir"));
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 2); /* the update, one step back, and no more */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/endpoint/update/synchronize", test_synchronize);
    g_test_add_func("/endpoint/update/start-up", test_start_up);
    g_test_add_func("/endpoint/update/last-after-restart", test_last_after_restart);
    g_test_add_func("/endpoint/update/long-words", test_long_words);
    g_test_add_func("/endpoint/update/retry", test_retry);
    g_test_add_func("/endpoint/update/crashing-engine", test_crashing_engine);
    return g_test_run();
}
