/* SPDX-License-Identifier: Apache-2.0 */
/* fleet-load bare|manager|fan PORT COUNT ROUNDS DIGEST: the heartbeats of COUNT endpoints (e-bench-N), ROUNDS each, as
 * fast as the broker takes them, over one plain connection that may write every topic.
 *
 *   bare      a second connection subscribes and counts: what broker and network give
 *   fan       no heartbeats: ROUNDS messages to each endpoint's command topic, which fleet-sim counts as "raw"
 *   manager   births first; the end is the status topic of the last endpoint, whose Link follows its heartbeats
 *
 * Prints JSON: messages sent, received (bare), seconds.  After a manager's flood one slow round follows, so that every
 * gap in the numbers shows. */
#include <mosquitto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/ident.h"
#include "lib/base/unconst.h"
#include "proto/topics.h"
#include "proto/wire.h"

#define PATIENCE (30 * HL_SECOND)
#define QUIET    HL_SECOND /* the bare subscriber is done when nothing came for so long */

static atomic_uint received;
static atomic_llong last_mono;
static atomic_bool ended;
static atomic_uint acknowledged;

static void fail(const char *what, int rc)
{
    fprintf(stderr, "fleet-load: %s: %s\n", what, mosquitto_strerror(rc));
    exit(EXIT_FAILURE);
}

static void on_message(struct mosquitto *client G_GNUC_UNUSED, void *user, const struct mosquitto_message *message)
{
    const char *marker = user;

    atomic_fetch_add(&received, 1);
    atomic_store(&last_mono, hl_clock_mono());
    if (marker != NULL && message->payloadlen > 0) {
        g_autofree char *text = g_strndup(message->payload, (gsize)message->payloadlen);

        if (strstr(text, marker) != NULL)
            atomic_store(&ended, true);
    }
}

static void on_publish(struct mosquitto *client G_GNUC_UNUSED, void *user G_GNUC_UNUSED, int id G_GNUC_UNUSED)
{
    atomic_fetch_add(&acknowledged, 1);
}

static struct mosquitto *open_client(int port, const char *filter, void *user)
{
    struct mosquitto *client = mosquitto_new(NULL, true, user);
    int rc;

    mosquitto_message_callback_set(client, on_message);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_max_inflight_messages_set(client, 1000);
    rc = mosquitto_connect(client, "127.0.0.1", port, 60);
    if (rc == MOSQ_ERR_SUCCESS && filter != NULL)
        rc = mosquitto_subscribe(client, NULL, filter, 0);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_loop_start(client);
    if (rc != MOSQ_ERR_SUCCESS)
        fail("connect", rc);
    g_usleep(300 * 1000); /* the subscription stands */
    return client;
}

static void send(struct mosquitto *client, HlTopic topic, int endpoint, const ProtobufCMessage *message, int qos)
{
    g_autofree char *id = g_strdup_printf("e-bench-%d", endpoint);
    g_autofree char *name = hl_topic_name(topic, id);
    g_autoptr(GBytes) bytes = hl_wire_encode(message);
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    int rc = mosquitto_publish(client, NULL, name, (int)size, data, qos, false);

    if (rc != MOSQ_ERR_SUCCESS)
        fail("publish", rc);
}

static void send_link(struct mosquitto *client, int endpoint, uint64_t session, bool online, GBytes *digest)
{
    HlMsgLink link = HOLDLINE__V1__LINK__INIT;
    HlMsgAppliedSettings applied = HOLDLINE__V1__APPLIED_SETTINGS__INIT;

    applied.group = (char *)"default";
    applied.version = applied.counter = 1;
    applied.digest.data = hl_unconst(g_bytes_get_data(digest, &applied.digest.len));
    link.session = session;
    link.online = online;
    link.reason = (char *)(online ? "" : "clean-stop");
    link.boot_id = (char *)"bench";
    link.clock_ms = hl_clock_wall();
    link.heartbeat_ms = (uint32_t)HL_HOUR;
    link.applied = &applied;
    send(client, HL_TOPIC_LINK, endpoint, &link.base, 1);
}

static void send_round(struct mosquitto *client, int count, uint64_t session, uint64_t seq, GBytes *digest,
                       gulong pause)
{
    HlMsgHeartbeat beat = HOLDLINE__V1__HEARTBEAT__INIT;

    beat.session = session;
    beat.seq = seq;
    beat.settings_counter = 1;
    beat.settings_digest.data = hl_unconst(g_bytes_get_data(digest, &beat.settings_digest.len));
    beat.address = (char *)"192.168.1.10";
    beat.clock_ms = hl_clock_wall();
    for (int i = 0; i < count; i++) {
        send(client, HL_TOPIC_HEARTBEAT, i, &beat.base, 0);
        if (pause > 0 && i % 100 == 99)
            g_usleep(pause);
        while (mosquitto_want_write(client) && i % 500 == 499) /* the library queues without bound */
            g_usleep(200);
    }
}

static void wait_for(bool (*done)(int), int target, const char *what)
{
    HlTime end = hl_clock_mono() + PATIENCE;

    while (!done(target)) {
        if (hl_clock_mono() > end) {
            fprintf(stderr, "fleet-load: waited in vain for %s\n", what);
            exit(EXIT_FAILURE);
        }
        g_usleep(1000);
    }
}

static bool all_acknowledged(int count)
{
    return atomic_load(&acknowledged) >= (guint)count;
}

static bool is_quiet(int count)
{
    return atomic_load(&received) >= (guint)count ||
           (atomic_load(&received) > 0 && hl_clock_mono() - atomic_load(&last_mono) > QUIET);
}

static bool has_ended(int unused G_GNUC_UNUSED)
{
    return atomic_load(&ended);
}

static void run_bare(int port, int count, int rounds, uint64_t session, GBytes *digest)
{
    struct mosquitto *watcher = open_client(port, HL_TOPIC_ROOT "endpoint/+/heartbeat", NULL);
    struct mosquitto *sender = open_client(port, NULL, NULL);
    HlTime start = hl_clock_mono();

    for (int r = 1; r <= rounds; r++)
        send_round(sender, count, session, (uint64_t)r, digest, 0);
    wait_for(is_quiet, count * rounds, "the subscriber");
    printf("{\"sent\": %d, \"received\": %u, \"seconds\": %.3f}\n", count * rounds, atomic_load(&received),
           (double)(atomic_load(&last_mono) - start) / 1000);
    mosquitto_disconnect(watcher);
    mosquitto_disconnect(sender);
}

static void run_manager(int port, int count, int rounds, uint64_t session, GBytes *digest)
{
    g_autofree char *filter = g_strdup_printf(HL_TOPIC_ROOT "status/endpoint/e-bench-%d", count - 1);
    struct mosquitto *sender = open_client(port, NULL, NULL);
    struct mosquitto *watcher;
    HlTime start;

    for (int i = 0; i < count; i++)
        send_link(sender, i, session, true, digest);
    wait_for(all_acknowledged, count, "the births");
    g_usleep(3 * G_USEC_PER_SEC); /* what births cause is over */
    watcher = open_client(port, filter, (void *)"\"clean-stop\"");
    start = hl_clock_mono();
    for (int r = 1; r <= rounds; r++)
        send_round(sender, count, session, (uint64_t)r, digest, 0);
    send_link(sender, count - 1, session, false, digest);
    wait_for(has_ended, 0, "the last endpoint's status");
    printf("{\"sent\": %d, \"seconds\": %.3f}\n", count * rounds, (double)(hl_clock_mono() - start) / 1000);
    send_round(sender, count, session, (uint64_t)rounds + 1, digest, 20000);
    g_usleep(2 * G_USEC_PER_SEC);
    mosquitto_disconnect(watcher);
    mosquitto_disconnect(sender);
}

/* As large as a signed command. */
static void run_fan(int port, int count, int rounds)
{
    static const char payload[300] = "raw";
    struct mosquitto *sender = open_client(port, NULL, NULL);
    HlTime start = hl_clock_mono();

    for (int i = 0; i < count * rounds; i++) {
        g_autofree char *id = g_strdup_printf("e-bench-%d", i % count);
        g_autofree char *name = hl_topic_name(HL_TOPIC_COMMAND, id);
        int rc = mosquitto_publish(sender, NULL, name, (int)sizeof payload, payload, 1, false);

        if (rc != MOSQ_ERR_SUCCESS)
            fail("publish", rc);
    }
    wait_for(all_acknowledged, count * rounds, "the broker");
    printf("{\"sent\": %d, \"seconds\": %.3f}\n", count * rounds, (double)(hl_clock_mono() - start) / 1000);
    mosquitto_disconnect(sender);
}

int main(int argc, char **argv)
{
    g_autoptr(GBytes) digest = argc == 6 ? hl_unhex(argv[5]) : NULL;
    uint64_t session = (uint64_t)hl_clock_wall();

    if (digest == NULL) {
        fprintf(stderr, "usage: fleet-load bare|manager|fan PORT COUNT ROUNDS DIGEST\n");
        return EXIT_FAILURE;
    }
    mosquitto_lib_init();
    if (strcmp(argv[1], "bare") == 0)
        run_bare(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), session, digest);
    else if (strcmp(argv[1], "fan") == 0)
        run_fan(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
    else
        run_manager(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), session, digest);
    return EXIT_SUCCESS;
}
