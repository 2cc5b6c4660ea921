/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/integration/endpoint_bench.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "proto/enrolment.h"
#include "proto/envelope.h"
#include "proto/settings.h"

/* Does what the real updater promises: says progress, is idempotent, has its effect once, survives being killed. */
static const char updater[] =
    "#!/bin/sh\n"
    "verb=$1; dir=$3; bench=$(dirname \"$0\")\n"
    "mkdir -p \"$dir\"\n"
    "version() { cat \"$dir/active/version\" 2>/dev/null || echo 0; }\n"
    "last() { echo "
    "\"{\\\"result\\\":\\\"$1\\\",\\\"components\\\":{\\\"virus\\\":$(version)},\\\"source\\\":\\\"server\\\",$2\"; }\n"
    "[ \"$verb\" = show ] && { last current '\"message\":\"\"}'; exit 0; }\n"
    "echo \"$@\" >>\"$bench/calls\"\n"
    "if [ \"$verb\" = rollback ]; then echo 1 >\"$dir/active/version\"; last updated '\"message\":\"rolled back\"}'; "
    "exit 0; fi\n"
    "echo '{\"progress\":40,\"what\":\"downloading virus\"}'\n"
    "while [ -e \"$bench/hold\" ]; do sleep 0.05; done\n"
    "if [ -e \"$bench/fail\" ]; then code=$(cat \"$bench/fail\"); "
    "last failed \"\\\"code\\\":\\\"${code:-untrusted}\\\",\\\"message\\\":\\\"hash of virus\\\"}\"; exit 1; fi\n"
    "if [ \"$(version)\" = 2026112201 ]; then "
    "last current \"\\\"message\\\":\\\"$(cat \"$bench/said\" 2>/dev/null || echo up to date)\\\"}\"; exit 0; fi\n"
    "mkdir -p \"$dir/active\" \"$dir/previous\"; echo \"$BENCH_SIGNATURE\" >\"$dir/active/test.hdb\"\n"
    "echo 2026112201 >\"$dir/active/version\"; echo done >>\"$bench/effects\"\n"
    "last updated '\"message\":\"updated\"}'\n";

void bench_run_clear(BenchRun *run)
{
    g_free(run->output);
    g_free(run->errors);
}

void bench_turn(Bench *bench G_GNUC_UNUSED)
{
    for (int i = 0; i < 50 && g_main_context_iteration(NULL, FALSE); i++)
        continue;
    g_usleep(1000);
}

void bench_pass(Bench *bench, HlTime time)
{
    HlTime end = hl_clock_mono() + time;

    while (hl_clock_mono() < end)
        bench_turn(bench);
}

int bench_free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void write_in(const Bench *bench, const char *name, const char *text, mode_t mode)
{
    g_autofree char *path = g_build_filename(bench->dir, name, NULL);
    g_autoptr(GError) error = NULL;

    if (!hl_file_write_text(path, text, mode, &error))
        g_error("%s", error->message);
}

/* Certificate and key, NAME.pem and NAME.key, signed by the bench's CA. */
static void make_cert(const Bench *bench, const char *name, HlCertKind kind)
{
    static const char *const names[] = { "127.0.0.1", "localhost", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(GBytes) csr = hl_csr_make(key, name, &error);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = name,
                        .kind = kind,
                        .names = kind == HL_CERT_SERVER ? names : NULL,
                        .not_before = now - HL_HOUR,
                        .not_after = now + HL_DAY };
    g_autoptr(HlCert) cert = hl_cert_issue(bench->ca, bench->ca_key, csr, &spec, &error);
    g_autofree char *cert_name = g_strconcat(name, ".pem", NULL);
    g_autofree char *key_name = g_strconcat(name, ".key", NULL);
    g_autofree char *pem = NULL;
    g_autofree char *key_pem = hl_key_print(key);

    g_assert_no_error(error);
    pem = hl_cert_print(cert);
    write_in(bench, cert_name, pem, 0644);
    write_in(bench, key_name, key_pem, 0644); /* the broker drops root */
}

/* ---------------------------------------------------------------------------------------------- broker */

static void on_broker_end(const HlChildEnd *end G_GNUC_UNUSED, gpointer user)
{
    Bench *bench = user;

    bench->broker = NULL;
}

bool bench_answers(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    close(fd);
    return ok;
}

void bench_start_broker(Bench *bench)
{
    g_autofree char *conf = g_strdup_printf(
        "user root\nlistener %d 127.0.0.1\ncafile %s/ca.pem\ncertfile %s/server.pem\n"
        "keyfile %s/server.key\nrequire_certificate true\n"
        "use_identity_as_username true\nuse_username_as_clientid true\n"
        "allow_anonymous false\nacl_file " HOLDLINE_SOURCE_DIR "/broker-config/acl.in\nmax_inflight_messages 1000\n",
        bench->broker_port, bench->dir, bench->dir, bench->dir);
    g_autofree char *path = g_build_filename(bench->dir, "mosquitto.conf", NULL);
    g_autofree char *log = g_build_filename(bench->dir, "mosquitto.log", NULL);
    const char *argv[] = { "/usr/sbin/mosquitto", "-c", path, NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;

    spec.argv = argv;
    spec.log_path = log;
    write_in(bench, "mosquitto.conf", conf, 0644);
    bench->broker = hl_child_start(&spec, NULL, on_broker_end, bench, &error);
    g_assert_no_error(error);
    bench_wait(bench, bench_answers(bench->broker_port));
}

void bench_stop_broker(Bench *bench)
{
    kill(hl_child_pid(bench->broker), SIGKILL);
    bench_wait(bench, bench->broker == NULL);
}

/* ------------------------------------------------------------------------------------------- enrolment */

/* The bench stays valid while the server runs. */
HlMsgEnvelope *bench_signed_settings(Bench *bench, const char *lines, const char *endpoint, uint64_t counter,
                                     HlTime expires)
{
    HlMsgSettingsDocument document = HOLDLINE__V1__SETTINGS_DOCUMENT__INIT;
    g_autoptr(GBytes) digest = NULL;
    g_autofree char *text = NULL;
    HlMsgEnvelope *envelope;

    document.settings = hl_settings_entries(lines, &document.n_settings);
    text = hl_settings_text_of_entries(document.settings, document.n_settings);
    digest = hl_settings_digest(text);
    document.endpoint = hl_unconst(endpoint);
    document.group = (char *)"bench";
    document.version = counter;
    document.counter = counter;
    document.issued_ms = hl_clock_wall();
    document.expires_ms = expires;
    document.digest.data = hl_unconst(g_bytes_get_data(digest, &document.digest.len));
    envelope = hl_envelope_sign(bench->signing_key, HL_ENVELOPE_SETTINGS, &document.base);
    hl_settings_entries_free(document.settings, document.n_settings);
    return envelope;
}

static int check_proof(const Bench *bench, const HlMsgEnrolRequest *ask)
{
    g_autoptr(GBytes) csr = g_bytes_new(ask->csr.data, ask->csr.len);
    g_autoptr(GBytes) proof = g_bytes_new(ask->proof.data, ask->proof.len);
    g_autoptr(HlCert) cert = NULL;

    if (*ask->certificate == '\0')
        return BENCH_NO_PROOF;
    cert = hl_cert_parse("given up", ask->certificate, strlen(ask->certificate), NULL);
    return cert != NULL && hl_cert_is_issued_by(cert, bench->ca) &&
                   hl_cert_verify_signature(cert, HL_ENROL_PROOF, csr, proof)
               ? BENCH_PROOF
               : BENCH_WRONG_PROOF;
}

static void on_enrol(HlHttpRequest *request, gpointer user)
{
    Bench *bench = user;
    g_autoptr(HlMsgEnrolRequest) ask =
        hl_wire_decode_bytes(&holdline__v1__enrol_request__descriptor, request->body, NULL);
    HlMsgEnrolReply reply = HOLDLINE__V1__ENROL_REPLY__INIT;
    g_autoptr(GBytes) body = NULL;
    g_autofree char *pem = NULL;
    HlTime now = hl_clock_wall();

    reply.clock_ms = now + bench->skew;
    if (ask == NULL || bench->enrol_code != NULL || *ask->token == '\0') {
        reply.code = hl_unconst(bench->enrol_code != NULL ? bench->enrol_code : "denied");
        reply.message = (char *)"says the bench";
    } else {
        g_autoptr(GBytes) csr = g_bytes_new(ask->csr.data, ask->csr.len);
        HlCertSpec spec = { .cn = BENCH_ID,
                            .kind = HL_CERT_ENDPOINT,
                            .not_before = now - bench->cert_age,
                            .not_after = now + bench->cert_left };
        g_autoptr(HlCert) cert = hl_cert_issue(bench->ca, bench->ca_key, csr, &spec, NULL);

        g_assert_nonnull(cert);
        pem = hl_cert_print(cert);
        reply.endpoint = (char *)BENCH_ID;
        reply.certificate = pem;
        reply.settings =
            bench_signed_settings(bench, "line.heartbeat=1s\nprivilege.update-now=no\n", BENCH_ID, ++bench->counter, 0);
        bench->proof = check_proof(bench, ask);
        bench->enrolments++;
    }
    body = HL_WIRE_ENCODE(&reply);
    hl_wire_free(reply.settings);
    hl_http_answer(request, *reply.code == '\0' ? 200 : 403, "application/x-protobuf", body, NULL);
}

static const HlHttpRoute routes[] = { { "POST", "/v1/enrol", on_enrol, NULL } };

static void start_http(Bench *bench)
{
    g_autofree char *cert_path = g_build_filename(bench->dir, "server.pem", NULL);
    g_autofree char *key_path = g_build_filename(bench->dir, "server.key", NULL);
    g_autofree char *cert = hl_file_read_text(cert_path, 65536, NULL);
    g_autofree char *key = hl_file_read_text(key_path, 65536, NULL);
    HlHttpOptions options = { .address = "127.0.0.1",
                              .cert_pem = cert,
                              .key_pem = key,
                              .routes = routes,
                              .n_routes = G_N_ELEMENTS(routes),
                              .user = bench };
    g_autoptr(GError) error = NULL;

    bench->http = hl_http_server_new(&options, &error);
    g_assert_no_error(error);
}

char *bench_bundle(Bench *bench, HlTime issued, HlTime expires, const HlCert *ca)
{
    HlMsgBundle bundle = HOLDLINE__V1__BUNDLE__INIT;
    g_autofree char *pem = hl_cert_print(ca);
    g_autofree char *broker = g_strdup_printf("127.0.0.1:%d", bench->broker_port);
    g_autofree char *second = g_strdup_printf("localhost:%d", bench->broker_port);
    char *brokers[] = { broker, second };
    g_autofree char *server = g_strdup_printf("https://127.0.0.1:%d", hl_http_server_port(bench->http));
    GBytes *key = hl_signing_key_public(bench->signing_key);
    g_autoptr(HlMsgEnvelope) envelope = NULL;
    g_autoptr(GBytes) encoded = NULL;
    g_autofree char *base64 = NULL;
    g_autofree char *text = NULL;
    static guint number;
    g_autofree char *name = g_strdup_printf("bundle-%u", ++number);

    bundle.group = (char *)"bench";
    bundle.token = (char *)"token";
    bundle.ca = pem;
    bundle.brokers = brokers;
    bundle.n_brokers = G_N_ELEMENTS(brokers);
    bundle.server = server;
    bundle.signing_key.data = hl_unconst(g_bytes_get_data(key, &bundle.signing_key.len));
    bundle.pattern_root.data = (guint8 *)"{}";
    bundle.pattern_root.len = 2;
    bundle.issued_ms = issued;
    bundle.expires_ms = expires;
    envelope = hl_envelope_sign(bench->signing_key, HL_ENVELOPE_BUNDLE, &bundle.base);
    encoded = HL_WIRE_ENCODE(envelope);
    base64 = g_base64_encode(g_bytes_get_data(encoded, NULL), g_bytes_get_size(encoded));
    text = g_strdup_printf("-----BEGIN HOLDLINE BUNDLE-----\n%s\n-----END HOLDLINE BUNDLE-----\n", base64);
    write_in(bench, name, text, 0600);
    return g_build_filename(bench->dir, name, NULL);
}

/* -------------------------------------------------------------------------------- daemon, command line */

/* A crash, a sanitizer's finding or a leak ends the daemon in a way that no test asks for. */
static void on_daemon_end(const HlChildEnd *end, gpointer user)
{
    Bench *bench = user;
    g_autofree char *path = g_build_filename(bench->dir, "daemon.log", NULL);
    g_autofree char *log = NULL;

    bench->daemon = NULL;
    if (end->exited ? end->status == 0 : end->status == SIGKILL)
        return;
    g_file_get_contents(path, &log, NULL, NULL);
    g_error("the daemon ended with %s %d: %s", end->exited ? "status" : "signal", end->status, log);
}

void bench_start_daemon(Bench *bench)
{
    g_autofree char *log = g_build_filename(bench->dir, "daemon.log", NULL);
    const char *argv[] = { HOLDLINE_BIN_DIR "/holdline-endpointd", "-c", bench->conf, NULL };
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    g_autoptr(GError) error = NULL;

    spec.argv = argv;
    spec.log_path = log;
    bench->daemon = hl_child_start(&spec, NULL, on_daemon_end, bench, &error);
    g_assert_no_error(error);
}

void bench_kill_daemon(Bench *bench, int signal_number)
{
    kill(hl_child_pid(bench->daemon), signal_number);
    bench_wait(bench, bench->daemon == NULL);
}

typedef struct {
    BenchRun run;
    bool over;
} Running;

static void on_cli_end(const HlChildEnd *end, gpointer user)
{
    Running *running = user;

    running->run = (BenchRun){ .status = end->exited ? end->status : -end->status,
                               .output = g_strdup(end->output),
                               .errors = g_strdup(end->errors) };
    running->over = true;
}

BenchRun bench_cli(Bench *bench, const char *const *args)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    HlChildSpec spec = HL_CHILD_SPEC_INIT;
    Running running = { 0 };
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(argv, (gpointer)(HOLDLINE_BIN_DIR "/holdline-endpoint"));
    g_ptr_array_add(argv, (gpointer) "-c");
    g_ptr_array_add(argv, bench->conf);
    for (gsize i = 0; args[i] != NULL; i++)
        g_ptr_array_add(argv, hl_unconst(args[i]));
    g_ptr_array_add(argv, NULL);
    spec.argv = (const char *const *)argv->pdata;
    spec.deadline = BENCH_DEADLINE;
    g_assert_nonnull(hl_child_start(&spec, NULL, on_cli_end, &running, &error));
    g_assert_no_error(error);
    bench_wait(bench, running.over);
    return running.run;
}

void bench_bring_up(Bench *bench)
{
    HlTime now = hl_clock_wall();
    g_autofree char *bundle = bench_bundle(bench, now, now + HL_DAY, bench->ca);
    g_auto(BenchRun) run = bench_cli(bench, (const char *const[]){ "enrol", bundle, NULL });
    guint links = bench->links->len;

    g_assert_cmpstr(run.errors, ==, "");
    g_assert_cmpint(run.status, ==, 0);
    bench_start_daemon(bench);
    bench_wait(bench, bench->links->len > links);
}

/* Until the daemon's control socket answers. */
json_t *bench_status(Bench *bench)
{
    g_auto(BenchRun) run = { 0 };
    json_t *status;

    do {
        bench_run_clear(&run);
        run = bench_cli(bench, ARGS("status", "--json"));
    } while (run.status == 7);
    g_assert_cmpint(run.status, ==, 0);
    status = hl_json_parse("status", run.output, strlen(run.output), NULL);
    g_assert_nonnull(status);
    return status;
}

/* ------------------------------------------------------------------------------------------------ life */

guint bench_lines(const Bench *bench, const char *name)
{
    g_autofree char *path = g_build_filename(bench->dir, name, NULL);
    g_autofree char *text = hl_file_read_text(path, 1 << 20, NULL);
    guint n = 0;

    for (const char *at = text; at != NULL && (at = strchr(at, '\n')) != NULL; at++)
        n++;
    return n;
}

void bench_touch(const Bench *bench, const char *name)
{
    write_in(bench, name, "", 0644);
}

void bench_remove(const Bench *bench, const char *name)
{
    g_autofree char *path = g_build_filename(bench->dir, name, NULL);

    unlink(path);
}

static void write_programs(Bench *bench)
{
    g_autofree char *machine = hl_ident_new("m-");
    g_autofree char *conf = g_strdup_printf(
        "[state]\ndirectory = %s\n[updater]\nprogram = %s/updater\n[line]\nbackoff-base = 20ms\nbackoff-cap = 100ms\n"
        "[identity]\nmachine_id = %s\n[log]\nlevel = debug\n"
        "[scan]\nprogram = " HOLDLINE_BIN_DIR "/holdline-scanner\nuser = nobody\n",
        bench->state, bench->dir, machine);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_MD5, "bench test file", -1);
    g_autofree char *signature = g_strdup_printf("%s:15:Bench.Test", sum);

    g_setenv("BENCH_SIGNATURE", signature, TRUE);
    write_in(bench, "updater", updater, 0755);
    write_in(bench, "endpoint.conf", conf, 0644);
    write_in(bench, "bad-file", "bench test file", 0644);
    write_in(bench, "good-file", "another file", 0644);
}

Bench *bench_new(void)
{
    Bench *bench = g_new0(Bench, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *pem = NULL;
    HlTime now = hl_clock_wall();

    bench->dir = g_dir_make_tmp("holdline-endpoint-XXXXXX", &error);
    g_assert_no_error(error);
    g_assert_cmpint(chmod(bench->dir, 0711), ==, 0); /* the engine's user passes through */
    bench->state = g_build_filename(bench->dir, "state", NULL);
    bench->conf = g_build_filename(bench->dir, "endpoint.conf", NULL);
    bench->id = g_strdup(BENCH_ID);
    bench->reports = g_ptr_array_new_with_free_func(hl_wire_free);
    bench->links = g_ptr_array_new_with_free_func(hl_wire_free);
    bench->cert_age = HL_HOUR;
    bench->cert_left = 2 * HL_DAY; /* in the last one and an hour an authority that signed nothing is taken, too */
    bench->ca_key = hl_key_generate(&error);
    bench->ca = hl_cert_make_ca(bench->ca_key, "Bench CA", now - 30 * HL_DAY, now + 30 * HL_DAY, &error);
    bench->signing_key = hl_signing_key_generate(&error);
    g_assert_no_error(error);
    pem = hl_cert_print(bench->ca);
    write_in(bench, "ca.pem", pem, 0644);
    make_cert(bench, "server", HL_CERT_SERVER);
    make_cert(bench, "manager", HL_CERT_MANAGER);
    write_programs(bench);
    bench->broker_port = bench_free_port();
    bench_start_broker(bench);
    start_http(bench);
    bench_start_manager(bench);
    return bench;
}

void bench_free(Bench *bench)
{
    if (bench->daemon != NULL)
        bench_kill_daemon(bench, SIGTERM); /* so that a leak is found */
    g_clear_pointer(&bench->bus, hl_bus_free);
    g_clear_pointer(&bench->http, hl_http_server_free);
    g_clear_pointer(&bench->broker, hl_child_abandon);
    g_ptr_array_unref(bench->reports);
    g_ptr_array_unref(bench->links);
    g_assert_true(hl_tree_remove(bench->dir, NULL));
    hl_cert_free(bench->ca);
    hl_key_free(bench->ca_key);
    hl_signing_key_free(bench->signing_key);
    g_free(bench->spool);
    g_free(bench->id);
    g_free(bench->dir);
    g_free(bench->state);
    g_free(bench->conf);
    g_free(bench);
}
