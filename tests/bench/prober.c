/* SPDX-License-Identifier: Apache-2.0 */
/* Sweep of 10,000 dead addresses, and how long the manager's loop is kept waiting meanwhile.
 *
 *   bench-prober [DIALS]
 *
 * Runs in a network namespace of its own (root, or where user namespaces are allowed).  Two sweeps: the worst case, in
 * which every address swallows the packets without a word, and a mixture with addresses that refuse or have no route.
 * A live endpoint is dialled all along, in the first lane, to show that the dead do not hold it up.  Exit status 1 when
 * a promise is broken: 60 s, 50 ms, the right word for each address. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "endpoint/daemon/link/direct.h"
#include "lib/base/exec.h"
#include "manager/daemon/ground/prober.h"

#define LIVE "e-live"

#define PROMISE_SWEEP (60 * HL_SECOND)
#define PROMISE_STALL 50
#define BEAT          2 /* ms between two beats of the loop */

typedef struct {
    MgrProber *prober;
    EpDirect *direct;
    guint results, wrong, live_results;
    HlTime live_worst, last_beat, worst_stall;
    bool live_pending;
} Bench;

static void must(bool ok, GError *error)
{
    if (ok)
        return;
    fprintf(stderr, "bench-prober: %s\n", error != NULL ? error->message : "failed");
    exit(3);
}

static void run_ip(const char *const *argv)
{
    g_autoptr(GError) error = NULL;

    must(hl_exec(argv, NULL, &error), error);
}

/* 127/8 answers (and refuses), 10.99/16 is routed to nowhere, the rest has no route. */
static void make_namespace(void)
{
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) {
        fprintf(stderr, "bench-prober: skipped: no network namespace here (%s)\n", g_strerror(errno));
        exit(77);
    }
    run_ip((const char *const[]){ "ip", "link", "set", "lo", "up", NULL });
    run_ip((const char *const[]){ "ip", "route", "add", "10.99.0.0/16", "dev", "lo", NULL });
}

static HlTlsContext *make_context(const HlCert *ca, const HlKey *ca_key, HlTlsRole role, const char *cn,
                                  HlCertKind kind)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(GBytes) csr = hl_csr_make(key, cn, &error);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = { .cn = cn, .kind = kind, .not_before = now - HL_MINUTE, .not_after = now + HL_HOUR };
    g_autoptr(HlCert) cert = hl_cert_issue(ca, ca_key, csr, &spec, &error);
    HlTlsContext *context;

    must(cert != NULL, error);
    context = hl_tls_context_new(role, ca, cert, key, &error);
    must(context != NULL, error);
    return context;
}

static void on_notice(EpDirectNotice notice G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static void on_result(const MgrDialResult *result, gpointer user)
{
    Bench *bench = user;

    if (g_str_equal(result->endpoint, LIVE)) {
        bench->live_pending = false;
        bench->live_results++;
        bench->live_worst = MAX(bench->live_worst, result->took);
    } else {
        bench->results++;
    }
    if (result->reach != (MgrReach)result->generation && bench->wrong++ < 5)
        fprintf(stderr, "%s: %s instead of %s (%s)\n", result->endpoint, mgr_reach_name(result->reach),
                mgr_reach_name((MgrReach)result->generation), result->detail);
}

static gboolean on_beat(gpointer user)
{
    Bench *bench = user;
    HlTime now = hl_clock_mono();
    MgrDial live = { .endpoint = LIVE,
                     .address = "127.0.0.1",
                     .port = ep_direct_port(bench->direct),
                     .generation = MGR_REACH_REACHABLE };

    bench->worst_stall = MAX(bench->worst_stall, now - bench->last_beat - BEAT);
    bench->last_beat = now;
    if (!bench->live_pending && now % 200 < BEAT * 2)
        bench->live_pending = mgr_prober_dial(bench->prober, &live);
    return G_SOURCE_CONTINUE;
}

/* The first n_kinds in turn; the generation carries what is expected. */
static void post(Bench *bench, guint i, guint n_kinds)
{
    static const struct {
        const char *net;
        MgrReach expected;
    } kinds[] = { { "10.99", MGR_REACH_TIMEOUT }, { "127.7", MGR_REACH_REFUSED }, { "198.51", MGR_REACH_NO_ROUTE } };
    g_autofree char *id = g_strdup_printf("e-%u", i);
    g_autofree char *address = g_strdup_printf("%s.%u.%u", kinds[i % n_kinds].net, i / 250 % 250, 1 + i % 250);
    MgrDial dial = { .endpoint = id,
                     .address = address,
                     .port = 61000,
                     .lane = MGR_LANE_SWEEP,
                     .generation = kinds[i % n_kinds].expected };

    must(mgr_prober_dial(bench->prober, &dial), NULL);
}

static bool sweep(Bench *bench, const char *name, guint dials, guint n_kinds)
{
    HlTime start = hl_clock_mono();
    HlTime took;

    bench->results = bench->wrong = bench->live_results = 0;
    bench->live_worst = bench->worst_stall = 0;
    bench->last_beat = start;
    for (guint i = 0; i < dials; i++)
        post(bench, i, n_kinds);
    while (bench->results < dials)
        g_main_context_iteration(NULL, TRUE);
    took = hl_clock_mono() - start;
    printf("%s: %u dead addresses in %.1f s (promise: below %.0f s)\n", name, dials, (double)took / 1000,
           (double)PROMISE_SWEEP / 1000);
    printf("  longest stall of the loop: %" G_GINT64_FORMAT " ms (promise: below %d ms)\n", bench->worst_stall,
           PROMISE_STALL);
    printf("  live endpoint meanwhile: %u dials answered, the slowest in %" G_GINT64_FORMAT " ms; wrong words: %u\n",
           bench->live_results, bench->live_worst, bench->wrong);
    fflush(stdout);
    return took < PROMISE_SWEEP && bench->worst_stall < PROMISE_STALL && bench->wrong == 0 && bench->live_results > 0;
}

int main(int argc, char **argv)
{
    guint dials = argc > 1 ? (guint)strtoul(argv[1], NULL, 10) : 10000;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) ca_key = NULL;
    g_autoptr(HlCert) ca = NULL;
    g_autoptr(HlTlsContext) manager = NULL;
    g_autoptr(HlTlsContext) live = NULL;
    MgrProberLimits limits = mgr_prober_limits;
    Bench bench = { 0 };
    bool kept;

    make_namespace();
    ca_key = hl_key_generate(&error);
    ca = hl_cert_make_ca(ca_key, "bench", hl_clock_wall() - HL_HOUR, hl_clock_wall() + HL_DAY, &error);
    must(ca != NULL, error);
    manager = make_context(ca, ca_key, HL_TLS_CLIENT, "manager", HL_CERT_MANAGER);
    live = make_context(ca, ca_key, HL_TLS_SERVER, LIVE, HL_CERT_ENDPOINT);
    bench.direct = ep_direct_new("127.0.0.1", 0, live, on_notice, NULL, &error);
    must(bench.direct != NULL, error);
    limits.trial = true; /* the living one is on this machine */
    bench.prober = mgr_prober_new(&limits, manager, on_result, &bench, &error);
    must(bench.prober != NULL, error);
    g_timeout_add(BEAT, on_beat, &bench);
    kept = sweep(&bench, "all swallowed", dials, 1);
    kept = sweep(&bench, "mixture", dials, 3) && kept;
    mgr_prober_free(bench.prober);
    ep_direct_free(bench.direct);
    return kept ? 0 : 1;
}
