/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated endpoint's connection: MQTT 5 over mutual TLS (lib/pki/tls.h), one descriptor, no thread.
 *
 * Only what an endpoint of this product says and hears: CONNECT with a will, one SUBSCRIBE, PUBLISH of quality 0 and 1,
 * PUBACK.  Not a client for anything else: no ping (the keepalive is long), nothing is repeated, a packet above
 * FLEET_MAX_PACKET ends the connection.  The owner calls fleet_line_ready for what epoll says, and fleet_line_wants
 * afterwards. */
#ifndef TESTS_BENCH_FLEET_LINE_H
#define TESTS_BENCH_FLEET_LINE_H

#include "lib/pki/tls.h"

#define FLEET_MAX_PACKET (64 * 1024)

typedef enum { FLEET_DOWN, FLEET_CONNECTING, FLEET_SHAKING, FLEET_ASKING, FLEET_UP } FleetPhase;

typedef struct {
    void (*up)(gpointer user); /* connected and subscribed */
    /* topic is not terminated; payload is the callee's to keep only by a reference */
    void (*message)(const char *topic, gsize length, GBytes *payload, bool retained, gpointer user);
    void (*down)(const char *reason, gpointer user);
} FleetLineHandlers;

typedef struct {
    const char *id;             /* client id */
    const char *const *filters; /* ends with NULL */
    const char *will_topic;
    GBytes *will; /* borrowed until fleet_line_open returns */
} FleetLineSpec;

typedef struct {
    FleetPhase phase;
    int fd; /* -1: none */
    HlTls *tls;
    GByteArray *in, *out;
    gsize sent; /* of out */
    bool write_blocked;
    guint16 packet;
    const FleetLineHandlers *handlers;
    gpointer user;
} FleetLine;

void fleet_line_init(FleetLine *line, const FleetLineHandlers *handlers, gpointer user);

/* Begins to connect to 127.0.0.1:port; false: not even that, errno says why. */
bool fleet_line_open(FleetLine *line, HlTlsContext *context, int port, const FleetLineSpec *spec);

/* Without a word to the broker, which sends the will; handlers.down is not called. */
void fleet_line_cut(FleetLine *line);

void fleet_line_publish(FleetLine *line, const char *topic, GBytes *payload, int qos, bool retained);

/* The socket may have become readable or writable; may call any handler. */
void fleet_line_ready(FleetLine *line);

/* Whether it waits for the socket to be writable. */
bool fleet_line_wants_write(const FleetLine *line);

#endif
