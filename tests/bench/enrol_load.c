/* SPDX-License-Identifier: Apache-2.0 */
/* enrol-load BUNDLE CLIENTS COUNT [bare]: for tests/bench/fleet, what enrolments cost who waits for them.
 *
 * CLIENTS machines at a time, COUNT in all, each with a key, a fingerprint and a TLS connection of its own, as real
 * ones have them; keys and requests are made before the clock runs.  bare: the same connections ask for nothing but the
 * server's time (GET /v1/renew), which is what the machine and the libraries give.  Prints one line of JSON:
 * {"enrolled", "failed", "seconds", "p50", "p99"}, the last two in milliseconds. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/identity/bundle.h"
#include "endpoint/identity/machine.h"
#include "lib/base/file.h"
#include "lib/base/unconst.h"
#include "lib/http/fetch.h"
#include "lib/pki/cert.h"
#include "proto/wire.h"

#define MAX_CLIENTS 64
#define MAX_COUNT   20000
#define DEADLINE    (60 * HL_SECOND)

typedef struct {
    const HlMsgBundle *bundle;
    const char *ca_path;
    bool bare;
    guint count;
    GBytes **bodies;
    gint64 *took_us;
    gint next, enrolled; /* atomic */
} Load;

static void die(const char *what, const GError *error)
{
    fprintf(stderr, "enrol-load: %s: %s\n", what, error != NULL ? error->message : "out of range");
    exit(EXIT_FAILURE);
}

static GBytes *body_of(const HlMsgBundle *bundle, guint i)
{
    HlMsgEnrolRequest request = HOLDLINE__V1__ENROL_REQUEST__INIT;
    g_autofree char *name = g_strdup_printf("bench %u %" G_GINT64_FORMAT, i, g_get_real_time());
    g_autofree char *fingerprint = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
    g_autoptr(HlMsgRegistration) registration = ep_machine_registration(fingerprint, bundle->brokers[0], 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(HlKey) key = hl_key_generate(&error);
    g_autoptr(GBytes) csr = key != NULL ? hl_csr_make(key, "new", &error) : NULL;

    if (csr == NULL)
        die("a request", error);
    request.token = bundle->token;
    request.csr.data = hl_unconst(g_bytes_get_data(csr, &request.csr.len));
    request.registration = registration;
    request.clock_ms = hl_clock_wall();
    return HL_WIRE_ENCODE(&request);
}

static bool is_enrolled(const HlFetchResult *result)
{
    g_autoptr(HlMsgEnrolReply) reply = hl_wire_decode_bytes(&holdline__v1__enrol_reply__descriptor, result->body, NULL);

    return result->status == 200 && reply != NULL && *reply->code == '\0';
}

static bool run(const Load *load, guint i)
{
    g_autoptr(HlFetch) fetch = hl_fetch_new(&(HlFetchOptions){ .ca_file = load->ca_path, .proxy = "" });
    g_autofree char *url = g_strconcat(load->bundle->server, load->bare ? "/v1/renew" : "/v1/enrol", NULL);
    g_auto(HlFetchResult) result = { 0 };
    HlFetchRequest call = { .url = url, .max_size = HL_WIRE_MAX_SIZE, .deadline = DEADLINE };

    if (!load->bare) {
        call.content_type = "application/x-protobuf";
        call.body = g_bytes_get_data(load->bodies[i], &call.body_size);
    }
    return hl_fetch_run(fetch, &call, &result, NULL) && (load->bare || is_enrolled(&result));
}

static void *run_client(void *user)
{
    Load *load = user;
    guint i;

    while ((i = (guint)g_atomic_int_add(&load->next, 1)) < load->count) {
        gint64 begin = g_get_monotonic_time();

        g_atomic_int_add(&load->enrolled, run(load, i) ? 1 : 0);
        load->took_us[i] = g_get_monotonic_time() - begin;
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    gint64 x = *(const gint64 *)a;
    gint64 y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static void run_all(Load *load, guint clients)
{
    pthread_t threads[MAX_CLIENTS];
    gint64 begin = g_get_monotonic_time();
    gint64 end;

    for (guint i = 0; i < clients; i++)
        if (pthread_create(&threads[i], NULL, run_client, load) != 0)
            die("a thread", NULL);
    for (guint i = 0; i < clients; i++)
        pthread_join(threads[i], NULL);
    end = g_get_monotonic_time();
    qsort(load->took_us, load->count, sizeof *load->took_us, compare);
    printf("{\"enrolled\": %d, \"failed\": %d, \"seconds\": %.3f, \"p50\": %.3f, \"p99\": %.3f}\n", load->enrolled,
           (int)load->count - load->enrolled, (double)(end - begin) / 1e6, (double)load->took_us[load->count / 2] / 1e3,
           (double)load->took_us[load->count * 99 / 100] / 1e3);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *ca_path = argc > 1 ? g_strconcat(argv[1], ".ca.pem", NULL) : NULL;
    guint clients = argc > 3 ? (guint)g_ascii_strtoull(argv[2], NULL, 10) : 0;
    Load load = { .ca_path = ca_path,
                  .count = argc > 3 ? (guint)g_ascii_strtoull(argv[3], NULL, 10) : 0,
                  .bare = argc > 4 && strcmp(argv[4], "bare") == 0 };
    g_autoptr(HlMsgBundle) bundle = NULL;

    if (clients < 1 || clients > MAX_CLIENTS || load.count < 1 || load.count > MAX_COUNT)
        die("CLIENTS or COUNT", NULL);
    signal(SIGPIPE, SIG_IGN);
    load.bundle = bundle = ep_bundle_load(argv[1], &error);
    if (bundle == NULL || !hl_file_write(ca_path, bundle->ca, strlen(bundle->ca), 0600, &error))
        die(argv[1], error);
    load.bodies = g_new0(GBytes *, load.count);
    load.took_us = g_new0(gint64, load.count);
    for (guint i = 0; i < load.count && !load.bare; i++)
        load.bodies[i] = body_of(bundle, i);
    hl_fetch_free(hl_fetch_new(&(HlFetchOptions){ .ca_file = ca_path, .proxy = "" })); /* what all share, once */
    run_all(&load, clients);
    for (guint i = 0; i < load.count && !load.bare; i++)
        g_bytes_unref(load.bodies[i]);
    g_free(load.bodies);
    g_free(load.took_us);
    return EXIT_SUCCESS;
}
