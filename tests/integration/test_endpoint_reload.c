/* SPDX-License-Identifier: Apache-2.0 */
/* A reload of the endpoint daemon: everything that was read is in use, or nothing has changed and the message says what
 * cannot be used.  Both ways to ask for it, each file that is read. */
#include <signal.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/ctl/client.h"
#include "proto/wire.h"
#include "tests/integration/endpoint_bench.h"

/* The answer to a call; not by the command line tool, which reads the configuration too. */
static HlMsgCallReply *call_daemon(const Bench *bench, const char *name)
{
    g_autofree char *path = g_build_filename(bench->state, "control", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCtlClient) client = hl_ctl_connect(path, "", HL_MINUTE, &error);
    HlMsgCall call = HOLDLINE__V1__CALL__INIT;
    g_autoptr(GBytes) frame = NULL;
    g_autoptr(GBytes) answer = NULL;
    HlMsgCallReply *reply;

    g_assert_no_error(error);
    call.name = hl_unconst(name);
    frame = HL_WIRE_ENCODE(&call);
    g_assert_true(hl_ctl_client_send(client, frame, -1, HL_MINUTE, &error));
    answer = hl_ctl_client_receive(client, BENCH_DEADLINE, &error);
    g_assert_no_error(error);
    reply = hl_wire_decode_bytes(&holdline__v1__call_reply__descriptor, answer, &error);
    g_assert_no_error(error);
    return reply;
}

static HlMsgCallReply *call_reload(const Bench *bench)
{
    return call_daemon(bench, "reload");
}

static guint count_log(const Bench *bench, const char *text)
{
    g_autofree char *path = g_build_filename(bench->dir, "daemon.log", NULL);
    g_autofree char *log = hl_file_read_text(path, 1 << 22, NULL);
    guint n = 0;

    for (const char *at = log; at != NULL && (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

/* Nothing happened to the line: no message on the link topic since, the same session, heartbeats go on. */
static void check_undisturbed(Bench *bench, guint links)
{
    guint beats = bench->heartbeats;
    g_autoptr(HlMsgCallReply) reply = NULL;
    g_autoptr(json_t) status = NULL;
    const json_t *line;

    bench_wait(bench, bench->heartbeats >= beats + 2);
    g_assert_cmpuint(bench->links->len, ==, links);
    reply = call_daemon(bench, "status");
    status = hl_json_parse("status", reply->json, strlen(reply->json), NULL);
    line = json_object_get(status, "line");
    g_assert_true(json_is_true(json_object_get(status, "enrolled")));
    g_assert_cmpstr(json_string_value(json_object_get(line, "state")), ==, "up");
    g_assert_cmpint(json_integer_value(json_object_get(line, "session")), ==,
                    (json_int_t)bench_last_link(bench)->session);
}

static void check_refused(Bench *bench, const char *named)
{
    guint links = bench->links->len;
    guint logged = count_log(bench, "nothing was changed");
    g_autoptr(HlMsgCallReply) reply = call_reload(bench);

    g_test_message("%s", reply->message);
    g_assert_cmpstr(reply->code, !=, "");
    g_assert_true(g_str_has_prefix(reply->message, "nothing was changed: "));
    g_assert_nonnull(strstr(reply->message, named));
    kill(hl_child_pid(bench->daemon), SIGHUP);
    bench_wait(bench, count_log(bench, "nothing was changed") > logged);
    check_undisturbed(bench, links);
}

/* Every part is made again: the line too, which announces it. */
static void check_accepted(Bench *bench)
{
    guint links = bench->links->len;
    g_autoptr(HlMsgCallReply) reply = call_reload(bench);

    g_assert_cmpstr(reply->code, ==, "");
    bench_wait(bench, bench->links->len > links && bench_last_link(bench)->online);
    g_assert_true(bench_last_link(bench)->announces);
    links = bench->links->len;
    kill(hl_child_pid(bench->daemon), SIGHUP);
    bench_wait(bench, bench->links->len > links && bench_last_link(bench)->online);
}

typedef struct {
    const char *file;  /* below the state directory; NULL: the configuration */
    const char *text;  /* that it holds then; NULL: it is gone */
    const char *named; /* by the message */
} Damage;

static const Damage damages[] = {
    { "identity/endpoint.pem", "garbage", "endpoint.pem" },
    { "identity/ca.pem", "garbage", "ca.pem" },
    { "identity/ca.pem", NULL, "ca.pem" },
    { "identity/identity.json", "garbage", "identity.json" },
    { "identity/identity.json", "{}", "identity.json" },
    { "identity/identity.json", NULL, "/identity is gone" },
    { NULL, "garbage", "endpoint.conf" },
    { NULL, "[line]\nkeepalive = a while\n", "endpoint.conf" },
    { NULL, "[state]\ndirectory = /nonexistent\n", "needs a restart" },
};

static void test_damage(gconstpointer data)
{
    const Damage *damage = data;
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *path =
        damage->file == NULL ? g_strdup(bench->conf) : g_build_filename(bench->state, damage->file, NULL);
    g_autofree char *aside = g_strconcat(path, ".aside", NULL);
    g_autoptr(GError) error = NULL;

    bench_bring_up(bench);
    g_assert_cmpint(rename(path, aside), ==, 0);
    if (damage->text != NULL)
        g_assert_true(hl_file_write_text(path, damage->text, 0600, &error));
    check_refused(bench, damage->named);
    g_assert_cmpint(rename(aside, path), ==, 0);
    check_accepted(bench);
}

/* Two authorities with the same form: the certificate of the endpoint does not belong to the second. */
static void test_foreign_ca(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *path = g_build_filename(bench->state, "identity/ca.pem", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    HlTime now = hl_clock_wall();
    g_autoptr(HlCert) foreign = hl_cert_make_ca(key, "Bench CA", now - HL_DAY, now + HL_DAY, &error);

    bench_bring_up(bench);
    g_assert_true(hl_cert_save(foreign, path, &error));
    check_refused(bench, "ca.pem");
    g_assert_true(hl_cert_save(bench->ca, path, &error));
    check_accepted(bench);
}

/* What the new configuration says is in use after a reload: the engine of the next scan. */
static void test_configuration(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_auto(BenchRun) run = { 0 };
    g_autoptr(GError) error = NULL;

    bench_bring_up(bench);
    before = hl_file_read_text(bench->conf, 65536, &error);
    after = g_strconcat(before, "clamd = /nonexistent/engine\n", NULL);
    g_assert_true(hl_file_write_text(bench->conf, after, 0644, &error));
    check_accepted(bench);
    bench_send_settings(bench, "line.heartbeat=1s\nprivilege.scan=yes\nprivilege.update-now=yes\n", bench->id, 10, 0);
    bench_wait(bench, bench_last_applied(bench) != NULL && bench_last_applied(bench)->counter == 10);
    run = bench_cli(bench, ARGS("update-now"));
    g_assert_cmpint(run.status, ==, 0);
    bench_run_clear(&run);
    run = bench_cli(bench, ARGS("scan", bench->conf));
    g_assert_nonnull(strstr(run.errors, "/nonexistent/engine"));
}

/* An identity that cannot be used at the start: shown until a reload finds it mended. */
static void test_mended(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_autofree char *path = g_build_filename(bench->state, "identity/ca.pem", NULL);
    g_autoptr(json_t) broken = NULL;
    g_autoptr(json_t) mended = NULL;
    g_autoptr(HlMsgCallReply) still = NULL;
    g_autoptr(GError) error = NULL;

    bench_bring_up(bench);
    bench_kill_daemon(bench, SIGTERM);
    g_assert_true(hl_file_write_text(path, "garbage", 0644, &error));
    bench_start_daemon(bench);
    broken = bench_status(bench);
    g_assert_false(json_is_true(json_object_get(broken, "enrolled")));
    g_assert_nonnull(strstr(json_string_value(json_object_get(broken, "problem")), "ca.pem"));
    still = call_reload(bench);
    g_assert_nonnull(strstr(still->message, "ca.pem"));
    g_assert_true(hl_cert_save(bench->ca, path, &error));
    check_accepted(bench);
    mended = bench_status(bench);
    g_assert_true(json_is_null(json_object_get(mended, "problem")));
}

/* After 'leave' nothing of the enrolment is in force, not even after a restart. */
static void test_leave(void)
{
    g_autoptr(Bench) bench = bench_new();
    g_auto(BenchRun) run = { 0 };
    g_autoptr(json_t) status = NULL;

    bench_bring_up(bench);
    run = bench_cli(bench, ARGS("leave"));
    g_assert_cmpint(run.status, ==, 0);
    bench_wait(bench, !bench_last_link(bench)->online);
    g_assert_cmpstr(bench_last_link(bench)->reason, ==, "uninstalled");
    bench_kill_daemon(bench, SIGTERM);
    bench_start_daemon(bench);
    status = bench_status(bench);
    g_assert_false(json_is_true(json_object_get(status, "enrolled")));
    g_assert_true(json_is_null(json_object_get(status, "settings")));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (gsize i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autofree char *name = g_strdup_printf("/endpoint/reload/damage-%" G_GSIZE_FORMAT, i + 1);

        g_test_add_data_func(name, &damages[i], test_damage);
    }
    g_test_add_func("/endpoint/reload/foreign-ca", test_foreign_ca);
    g_test_add_func("/endpoint/reload/configuration", test_configuration);
    g_test_add_func("/endpoint/reload/mended", test_mended);
    g_test_add_func("/endpoint/reload/leave", test_leave);
    return g_test_run();
}
