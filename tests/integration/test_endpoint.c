/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint daemon and its command line tool against a real broker and a scripted manager. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/ctl/client.h"
#include "proto/envelope.h"
#include "proto/settings.h"
#include "tests/integration/endpoint_bench.h"

/* -------------------------------------------------------------------------------------------- settings */

static void test_settings_and_privileges(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_auto(BenchRun) refused = { 0 };
    g_auto(BenchRun) allowed = { 0 };

    bench_bring_up(bench);
    refused = bench_cli(bench, ARGS("update-now"));
    g_assert_cmpint(refused.status, ==, 6);
    g_assert_nonnull(strstr(refused.errors, "privilege.update-now"));
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 0);
    bench_send_settings(bench, "privilege.update-now=yes\nline.heartbeat=1s\nfuture.key=whatever\n", bench->id, 10, 0);
    bench_wait(bench, bench_last_applied(bench) != NULL && bench_last_applied(bench)->counter == 10);
    g_assert_cmpstr(bench_last_applied(bench)->path, ==, "channel");
    allowed = bench_cli(bench, ARGS("update-now"));
    g_assert_cmpstr(allowed.errors, ==, "");
    g_assert_cmpint(allowed.status, ==, 0);
    g_assert_nonnull(strstr(allowed.output, "virus=2026112201"));
    g_assert_cmpuint(bench_lines(bench, "effects"), ==, 1);
    bench_kill_daemon(bench, SIGKILL);
    bench_start_daemon(bench);
    bench_wait(bench, bench_last_link(bench)->online && bench_last_link(bench)->applied->counter == 10); /* kept */
}

static const HlMsgUpdateNotification *notification(const Bench *bench, const char *trigger)
{
    for (guint i = 0; i < bench->reports->len; i++) {
        const HlMsgReport *report = bench->reports->pdata[i];

        if (report->body_case == HOLDLINE__V1__REPORT__BODY_UPDATE && strcmp(report->update->trigger, trigger) == 0)
            return report->update;
    }
    return NULL;
}

/* The update when the machine starts, the other privileges, and a stop by the user that is announced as one. */
static void test_start_up_and_stop(void)
{
    static const char lines[] = "privilege.stop=yes\nprivilege.toggle-schedule=yes\nline.heartbeat=1s\n"
                                "update.on-start=yes\nupdate.on-start-delay=0s\nupdate.schedule=daily 12:30\n";
    g_autoptr(Bench) bench = bench_new();
    g_auto(BenchRun) early = { 0 };
    g_auto(BenchRun) off = { 0 };
    g_auto(BenchRun) skip = { 0 };
    g_auto(BenchRun) stop = { 0 };
    g_autoptr(json_t) status = NULL;
    g_autoptr(json_t) later = NULL;

    bench_bring_up(bench);
    early = bench_cli(bench, ARGS("schedule", "off"));
    g_assert_cmpint(early.status, ==, 6);
    bench_send_settings(bench, lines, bench->id, 10, 0);
    bench_wait(bench, bench_last_applied(bench) != NULL && bench_last_applied(bench)->counter == 10);
    off = bench_cli(bench, ARGS("schedule", "off"));
    g_assert_cmpint(off.status, ==, 0);
    skip = bench_cli(bench, ARGS("skip-scan"));
    g_assert_cmpint(skip.status, ==, 6);
    bench_kill_daemon(bench, SIGKILL);
    g_assert_null(notification(bench, "start-up")); /* a setting that comes later is not a start */
    bench_start_daemon(bench);
    bench_wait(bench, notification(bench, "start-up") != NULL);
    g_assert_true(notification(bench, "start-up")->succeeded);
    g_assert_cmpuint(notification(bench, "start-up")->n_patterns, ==, 1);
    status = bench_status(bench);
    g_assert_true(json_is_true(json_object_get(json_object_get(status, "update"), "schedule_off_by_user")));
    g_assert_true(json_is_null(json_object_get(json_object_get(status, "update"), "next_scheduled")));
    /* the privilege is taken away: so is what the user did with it */
    bench_send_settings(bench, "privilege.stop=yes\nline.heartbeat=1s\nupdate.schedule=daily 12:30\n", bench->id, 11,
                        0);
    bench_wait(bench, bench_last_applied(bench)->counter == 11);
    later = bench_status(bench);
    g_assert_true(json_is_false(json_object_get(json_object_get(later, "update"), "schedule_off_by_user")));
    g_assert_true(json_is_string(json_object_get(json_object_get(later, "update"), "next_scheduled")));
    stop = bench_cli(bench, ARGS("stop"));
    g_assert_cmpint(stop.status, ==, 0);
    bench_wait(bench, bench->daemon == NULL);
    bench_wait(bench, !bench_last_link(bench)->online);
    g_assert_cmpstr(bench_last_link(bench)->reason, ==, "clean-stop");
}

static void test_scan(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *bad = g_build_filename(bench->dir, "bad-file", NULL);
    g_autofree char *good = g_build_filename(bench->dir, "good-file", NULL);
    g_auto(BenchRun) early = { 0 };
    g_auto(BenchRun) found = { 0 };
    g_auto(BenchRun) clean = { 0 };
    g_auto(BenchRun) missing = { 0 };
    HlMsgCommand command;

    bench_bring_up(bench);
    bench_wait(bench, bench->reports->len > 0);
    early = bench_cli(bench, ARGS("scan", bad));
    g_assert_cmpint(early.status, ==, 7);
    g_assert_nonnull(strstr(early.errors, "no pattern set"));
    command = bench_command(bench, "c-1", UPDATE);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-1", SUCCEEDED) == 1);
    found = bench_cli(bench, ARGS("scan", good, bad));
    g_assert_cmpstr(found.errors, ==, "");
    g_assert_cmpint(found.status, ==, 1);
    g_assert_nonnull(strstr(found.output, "bad-file: Bench.Test"));
    g_assert_nonnull(strstr(found.output, "good-file: OK"));
    clean = bench_cli(bench, ARGS("scan", good));
    g_assert_cmpint(clean.status, ==, 0);
    missing = bench_cli(bench, ARGS("scan", "/nonexistent/file"));
    g_assert_cmpint(missing.status, ==, 4);
}

/* Anyone who owns the broker owns the topics, not the endpoint. */
static void test_forged(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autoptr(HlSigningKey) stranger = hl_signing_key_generate(NULL);
    HlSigningKey *own = bench->signing_key;
    g_autoptr(GBytes) rubbish = g_bytes_new_static("rubbish", 7);
    g_autoptr(json_t) status = NULL;
    HlMsgCommand command;
    HlMsgCommand other;

    bench_bring_up(bench);
    bench_send_settings(bench, "privilege.update-now=no\nline.heartbeat=1s\n", bench->id, 10, 0);
    bench_wait(bench, bench_last_applied(bench) != NULL && bench_last_applied(bench)->counter == 10);

    bench->signing_key = stranger;
    bench_send_settings(bench, "privilege.update-now=yes\n", bench->id, 11, 0);
    command = bench_command(bench, "c-stranger", UPDATE);
    bench_send_command(bench, &command);
    bench->signing_key = own;
    bench_send_settings(bench, "privilege.update-now=yes\n", bench->id, 9, 0);
    bench_send_settings(bench, "privilege.update-now=yes\n", "e-another", 12, 0);
    bench_send_settings(bench, "privilege.update-now=yes\n", bench->id, 13, hl_clock_wall() - 1);
    bench_send_settings(bench, "privilege.update-now=perhaps\n", bench->id, 14, 0);
    bench_publish(bench, "endpoint/" BENCH_ID "/settings", rubbish, false);
    bench_publish(bench, "endpoint/" BENCH_ID "/command", rubbish, false);
    bench_publish(bench, "endpoint/" BENCH_ID "/ack", rubbish, false);
    bench_publish(bench, "endpoint/" BENCH_ID "/probe", rubbish, false);
    other = bench_command(bench, "c-other", UPDATE);
    other.endpoint = (char *)"e-another";
    bench_send_command(bench, &other);
    command = bench_command(bench, "c-late", UPDATE);
    command.expires_ms = hl_clock_wall() - 1;
    bench_send_command(bench, &command);

    bench_wait(bench, bench_refusal(bench, "settings", "untrusted") != NULL);
    bench_wait(bench, bench_refusal(bench, "settings", "replayed") != NULL);
    bench_wait(bench, bench_refusal(bench, "settings", "wrong-endpoint") != NULL);
    bench_wait(bench, bench_refusal(bench, "settings", "expired") != NULL);
    bench_wait(bench, bench_refusal(bench, "settings", "invalid") != NULL);
    bench_wait(bench, bench_refusal(bench, "command", "untrusted") != NULL);
    bench_wait(bench, bench_refusal(bench, "command", "wrong-endpoint") != NULL);
    bench_wait(bench, bench_refusal(bench, "command", "expired") != NULL);
    bench_wait(bench, bench_refusal(bench, "command", "invalid") != NULL);
    bench_wait(bench, bench->refused == 10); /* two settings are invalid: a value, rubbish */
    status = bench_status(bench);
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(status, "refused"), "total")), ==, 10);
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(status, "settings"), "counter")), ==, 10);
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 0);
}

/* A settings document signed as such must not pass as a command, nor the other way. */
static void test_context(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgCommand command;
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) payload = NULL;

    bench_bring_up(bench);
    command = bench_command(bench, "c-context", UPDATE);
    envelope = hl_envelope_sign(bench->signing_key, HL_ENVELOPE_SETTINGS, &command.base);
    payload = HL_WIRE_ENCODE(envelope);
    bench_publish(bench, "endpoint/" BENCH_ID "/command", payload, false);
    bench_wait(bench, bench_refusal(bench, "command", "untrusted") != NULL);
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 0);
}

/* -------------------------------------------------------------------------------------------- commands */

static void test_update_now(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgCommand command;
    guint notifications = 0;
    guint order[3] = { 0 };

    bench_bring_up(bench);
    command = bench_command(bench, "c-1", UPDATE);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-1", SUCCEEDED) == 1);
    for (guint i = 0; i < bench->reports->len; i++) {
        const HlMsgReport *report = bench->reports->pdata[i];

        g_assert_cmpuint(report->seq, ==, i + 1);
        notifications += report->body_case == HOLDLINE__V1__REPORT__BODY_UPDATE;
        if (report->body_case != HOLDLINE__V1__REPORT__BODY_COMMAND || report->command->percent > 0)
            continue;
        order[report->command->state == RECEIVED ? 0 : report->command->state == STARTED ? 1 : 2] = i + 1;
    }
    g_assert_true(order[0] > 0 && order[0] < order[1] && order[1] < order[2]);
    g_assert_cmpuint(notifications, ==, 1);
    bench_send_command(bench, &command); /* delivered twice: one effect, the last report again */
    bench_wait(bench, bench_count_states(bench, "c-1", SUCCEEDED) == 2);
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 1);
    bench_touch(bench, "fail");
    command = bench_command(bench, "c-2", UPDATE);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-2", FAILED) == 1);
    g_assert_cmpstr(((HlMsgReport *)bench->reports->pdata[bench->reports->len - 1])->command->code, ==, "untrusted");
    bench_remove(bench, "fail");
    command = bench_command(bench, "c-3", ROLLBACK);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-3", SUCCEEDED) == 1);
    command = bench_command(bench, "c-4", 99);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-4", REJECTED) == 1);
}

static void test_join_and_cancel(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgCommand command;

    bench_bring_up(bench);
    bench_touch(bench, "hold");
    command = bench_command(bench, "c-1", UPDATE);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_lines(bench, "calls") == 1);
    command = bench_command(bench, "c-2", UPDATE);
    bench_send_command(bench, &command);
    command = bench_command(bench, "c-later", UPDATE);
    command.window_ms = 3000000;
    bench_send_command(bench, &command);
    command = bench_command(bench, "c-cancel", CANCEL);
    command.subject = (char *)"c-later";
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-later", CANCELLED) == 1);
    bench_wait(bench, bench_count_states(bench, "c-cancel", SUCCEEDED) == 1);
    command = bench_command(bench, "c-cancel-2", CANCEL);
    command.subject = (char *)"c-1";
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-cancel-2", FAILED) == 1);
    bench_remove(bench, "hold");
    bench_wait(bench,
               bench_count_states(bench, "c-1", SUCCEEDED) == 1 && bench_count_states(bench, "c-2", SUCCEEDED) == 1);
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 1); /* joined */
}

/* Killed at each stage of a command, the endpoint has one effect and tells the end. */
static void test_killed_in_mid_command(void)
{
    g_autoptr(Bench) bench = bench_new();
    HlMsgCommand command;

    bench_bring_up(bench);
    bench_touch(bench, "hold");
    command = bench_command(bench, "c-kill", UPDATE);
    bench_send_command(bench, &command);
    for (guint round = 1; round <= 3; round++) {
        bench_wait(bench, bench_lines(bench, "calls") == round);
        bench_kill_daemon(bench, SIGKILL);
        bench_start_daemon(bench);
    }
    bench_wait(bench, bench_lines(bench, "calls") == 4);
    bench_remove(bench, "hold");
    bench_wait(bench, bench_count_states(bench, "c-kill", SUCCEEDED) == 1);
    g_assert_cmpuint(bench_lines(bench, "effects"), ==, 1);
    bench_pass(bench, 300);
    g_assert_cmpuint(bench_count_states(bench, "c-kill", SUCCEEDED), ==, 1);
}

/* --------------------------------------------------------------------------------------------- renewal */

static const HlMsgCertificateRequest *find_request(const Bench *bench)
{
    for (guint i = 0; i < bench->reports->len; i++) {
        const HlMsgReport *report = bench->reports->pdata[i];

        if (report->body_case == HOLDLINE__V1__REPORT__BODY_CERTIFICATE)
            return report->certificate;
    }
    return NULL;
}

static void send_certificate(Bench *bench, const char *id, const char *cn)
{
    const HlMsgCertificateRequest *request = find_request(bench);
    g_autoptr(GBytes) csr = g_bytes_new(request->csr.data, request->csr.len);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = cn, .kind = HL_CERT_ENDPOINT, .not_before = now - HL_HOUR, .not_after = now + HL_DAY };
    g_autoptr(HlCert) cert = hl_cert_issue(bench->ca, bench->ca_key, csr, &spec, NULL);
    g_autofree char *pem = hl_cert_print(cert);
    HlMsgCommand command = bench_command(bench, id, RENEW);

    command.certificate.data = (guint8 *)pem;
    command.certificate.len = strlen(pem);
    bench_send_command(bench, &command);
}

static void test_renewal(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autoptr(json_t) before = NULL;
    g_autoptr(json_t) after = NULL;
    guint links;

    bench->cert_age = 10 * HL_HOUR;
    bench->cert_left = HL_HOUR;
    bench_bring_up(bench);
    bench_wait(bench, find_request(bench) != NULL);
    before = bench_status(bench);
    send_certificate(bench, "c-wrong", "e-another");
    bench_wait(bench, bench_count_states(bench, "c-wrong", FAILED) == 1);
    bench_wait(bench, bench_refusal(bench, "certificate", "untrusted") != NULL);
    links = bench->links->len;
    send_certificate(bench, "c-right", bench->id);
    bench_wait(bench, bench_count_states(bench, "c-right", SUCCEEDED) == 1);
    bench_wait(bench,
               bench->links->len > links && bench_last_link(bench)->online); /* connected again, with the new one */
    after = bench_status(bench);
    g_assert_cmpstr(json_string_value(json_object_get(after, "certificate_ends")), >,
                    json_string_value(json_object_get(before, "certificate_ends")));
}

/* ---------------------------------------------------------------------------------------------- bounds */

static void fill(const char *path)
{
    g_autofree char *filler = g_build_filename(path, "filler", NULL);
    FILE *file = fopen(filler, "w");
    static const char block[4096];

    g_assert_nonnull(file);
    setvbuf(file, NULL, _IONBF, 0);
    while (fwrite(block, sizeof block, 1, file) == 1)
        continue;
    fclose(file);
}

/* A full disk: the line stays up, the status says what is wrong, nothing is acknowledged that is not stored, and once
 * there is room everything works as if nothing had been. */
static void test_disk_full(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *filler = g_build_filename(bench->state, "filler", NULL);
    g_autoptr(json_t) full = NULL;
    g_autoptr(json_t) free_again = NULL;
    HlMsgCommand command;
    guint beats;

    g_assert_true(hl_dir_make(bench->state, 0711, NULL));
    if (!hl_exec(ARGS("mount", "-t", "tmpfs", "-o", "size=2m", "holdline-test", bench->state), NULL, NULL)) {
        g_test_skip("no right to mount a small file system");
        return;
    }
    bench_bring_up(bench);
    bench_wait(bench, bench->reports->len == 1);
    fill(bench->state);
    bench_send_settings(bench, "line.heartbeat=1s\nprivilege.update-now=yes\n", bench->id, 10, 0);
    command = bench_command(bench, "c-full", UPDATE);
    bench_send_command(bench, &command);
    beats = bench->heartbeats;
    bench_wait(bench, bench->heartbeats >= beats + 3);
    full = bench_status(bench);
    g_assert_nonnull(strstr(json_string_value(json_object_get(full, "problem")), "cannot store"));
    g_assert_cmpstr(json_string_value(json_object_get(json_object_get(full, "line"), "state")), ==, "up");
    g_assert_cmpuint(bench->reports->len, ==, 1);
    g_assert_cmpuint(bench_lines(bench, "calls"), ==, 0); /* not in the journal, so not begun */
    unlink(filler);
    bench_send_settings(bench, "line.heartbeat=1s\nprivilege.update-now=yes\n", bench->id, 10, 0);
    bench_send_command(bench, &command);
    bench_wait(bench, bench_count_states(bench, "c-full", SUCCEEDED) == 1);
    g_assert_cmpuint(bench_last_applied(bench)->counter, ==, 10);
    free_again = bench_status(bench);
    g_assert_true(json_is_null(json_object_get(free_again, "problem")));
    bench_kill_daemon(bench, SIGTERM);
    g_assert_true(hl_exec(ARGS("umount", bench->state), NULL, NULL));
}

/* Whatever bytes come over the control socket, the daemon answers or closes, and goes on. */
static void test_control_garbage(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *path = g_build_filename(bench->state, "control", NULL);
    g_autoptr(json_t) status = NULL;
    guint8 bytes[64];

    bench_bring_up(bench);
    for (int round = 0; round < 50; round++) {
        g_autoptr(HlCtlClient) client = hl_ctl_connect(path, "", HL_MINUTE, NULL);
        g_autoptr(GBytes) frame = NULL;
        g_autoptr(GBytes) answer = NULL;

        hl_random_bytes(bytes, sizeof bytes);
        frame = g_bytes_new(bytes, sizeof bytes);
        g_assert_true(hl_ctl_client_send(client, frame, -1, HL_MINUTE, NULL));
        answer = hl_ctl_client_receive(client, HL_MINUTE, NULL);
        g_assert_nonnull(answer);
    }
    status = bench_status(bench);
    g_assert_nonnull(status);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/endpoint/settings", test_settings_and_privileges);
    g_test_add_func("/endpoint/start-up-and-stop", test_start_up_and_stop);
    g_test_add_func("/endpoint/scan", test_scan);
    g_test_add_func("/endpoint/forged", test_forged);
    g_test_add_func("/endpoint/context", test_context);
    g_test_add_func("/endpoint/update-now", test_update_now);
    g_test_add_func("/endpoint/join-and-cancel", test_join_and_cancel);
    g_test_add_func("/endpoint/killed-in-mid-command", test_killed_in_mid_command);
    g_test_add_func("/endpoint/renewal", test_renewal);
    g_test_add_func("/endpoint/disk-full", test_disk_full);
    g_test_add_func("/endpoint/control-garbage", test_control_garbage);
    return g_test_run();
}
