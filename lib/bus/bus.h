/* SPDX-License-Identifier: Apache-2.0 */
/* The bus: one MQTT 5 link, as events on the loop thread.
 *
 * Keeps the link up by itself: connects to the first broker address that answers, and after any loss tries again with
 * full jitter (lib/base/backoff.h), the next address each time, forever, in constant memory.  Delivers what arrives, in
 * order, but for HL_BUS_ADMITTED_FIRST. It promises nothing across a loss: a publication is accepted only while the
 * link is up, and the caller keeps what must not be lost until the other side itself acknowledges it.
 * tests/support/bus_fake.h has the same functions in memory.
 *
 * Everything is called, and calls back, on the thread of the GMainContext given; handlers may call back into the bus.
 */
#ifndef LIB_BUS_BUS_H
#define LIB_BUS_BUS_H

#include "lib/base/clock.h"
#include "lib/bus/cause.h"

typedef struct HlBus HlBus;

/* The reason for the end of a link when somebody else connected under the same name. */
#define HL_BUS_TAKEN_OVER "session taken over"

/* Borrowed by callbacks; strings NULL when absent. */
typedef struct {
    const char *topic;
    GBytes *payload; /* never NULL; at most HL_BUS_MAX_SIZE */
    int qos;         /* 0 or 1 */
    bool retained;
    bool urgent;   /* before others that wait, if they are not: to be sent (lib/bus/outbox.h), or arrived and
                      HL_BUS_ADMITTED_FIRST */
    HlTime expiry; /* message expiry interval; 0: none.  Whole seconds on the wire, rounded up. */
    const char *response_topic; /* request/response */
    GBytes *correlation;
} HlBusMessage;

#define HL_BUS_MAX_SIZE (256 * 1024)

typedef enum { HL_BUS_DOWN, HL_BUS_CONNECTING, HL_BUS_UP } HlBusState;

typedef struct {
    /* Just before each attempt: the will to leave with the broker, or NULL.  Copied. */
    const HlBusMessage *(*will)(gpointer user);
    /* Connected and subscribed. */
    void (*up)(gpointer user);
    /* Was up and no longer is.  reason is for people. */
    void (*down)(const char *reason, gpointer user);
    /* An attempt failed; the next comes after delay.  When the library gave no reason that helps, a second look has
     * been taken in between, for some seconds at most: reason tells apart who does not listen, whose certificate is
     * wrong, ... (the sentences in cause.c). */
    void (*failed)(const char *broker, const char *reason, HlTime delay, gpointer user);
    void (*message)(const HlBusMessage *message, gpointer user);
    /* Behind up: the broker let this client subscribe to less than it asked for; problem names the first filter and
     * the broker's reason.  Not of filters that begin with '$', which a broker need not have.  The CLI's bus does not
     * call it. */
    void (*refused)(const char *problem, gpointer user);
} HlBusHandlers; /* any may be NULL but message */

typedef enum {
    HL_BUS_DROPPED,
    HL_BUS_ADMITTED,
    HL_BUS_ADMITTED_FIRST, /* before others that wait to be handled, if they are not, and behind those that are */
} HlBusAdmission;

/* Asked for each message that arrives, before it is copied.  On a thread of the library, whatever the others do: only
 * what has a lock of its own may be touched.  topic is borrowed. */
typedef struct {
    HlBusAdmission (*admit)(const char *topic, gsize size, gpointer user); /* NULL: all are admitted */
    gpointer user;
} HlBusEntrance;

/* What starts the delays between attempts over.  A broker can let in whom the other side has no use for, and
 * end the link again at once: who needs an answer to be of use waits for it. */
typedef enum {
    HL_BUS_PROVED_BY_CONNECT,
    HL_BUS_PROVED_BY_WORD, /* hl_bus_prove; or a link that held for longer than backoff_cap */
} HlBusProof;

typedef struct {
    const char *client_id;
    const char *const *brokers;                 /* host:port, ends with NULL; at least one */
    const char *ca_path, *cert_path, *key_path; /* ca_path NULL: plain TCP, for tests */
    const char *proxy;                          /* http://[user:password@]host:port, asked to CONNECT; NULL or "": none,
                                                   whatever the environment says */
    const char *const *subscriptions;           /* filters, subscribed to at every connect; ends with NULL */
    guint n_live; /* so many of them, the last ones, get nothing retained: only what is published from then on */
    int subscription_qos;             /* 0 or 1: the maximum asked for */
    HlTime keepalive;                 /* 0: 60 s */
    HlTime connect_timeout;           /* whole seconds; 0: 15 s */
    HlTime backoff_base, backoff_cap; /* 0: 1 s and 300 s */
    HlBusProof proof;
    HlTime first_delay;    /* the first attempt is made at a random moment within it; 0: at once */
    guint receive_maximum; /* 0: 65535 */
    GMainContext *context; /* NULL: the default context */
    HlBusHandlers handlers;
    gpointer user;
    HlBusEntrance entrance;
} HlBusOptions;

/* Starts to connect.  Options are copied.  NULL only for invalid options (no broker address). */
HlBus *hl_bus_new(const HlBusOptions *options, GError **error);

/* Sends DISCONNECT (so that the broker drops the will) and waits at most a second for it.  What is under way is
 * done(false); no callback comes after it returns.  Not from inside a handler. */
void hl_bus_free(HlBus *bus);

/* The same for a program that ends now: what the library's threads still hold is left to the end of the process.  To
 * free it takes up to a second, until a thread of the library wakes up. */
void hl_bus_leave(HlBus *bus);

/* Whether the broker tells others that this client was away while it connected again. */
typedef enum { HL_BUS_KEEP_WILL, HL_BUS_DROP_WILL } HlBusWill;

/* Sends DISCONNECT and connects again at once: for a new session number, certificate or broker list. */
void hl_bus_reconnect(HlBus *bus, HlBusWill will);

/* No attempt begins until hl_bus_release, which begins one at once: for who looks round first.  Neither ends a link or
 * an attempt under way. */
void hl_bus_hold(HlBus *bus);
void hl_bus_release(HlBus *bus);

/* The link that is up is of use: when it ends, the delays between attempts start over.  Otherwise no effect. */
void hl_bus_prove(HlBus *bus);

/* When a link that was up ends without hl_bus_reconnect, the first attempt after it comes at a random moment within
 * window, or after the usual delay if that is longer: for one of many that lose the same broker.  0: the usual delay.
 */
void hl_bus_spread(HlBus *bus, HlTime window);

/* How long the next attempt was put off when the last link or attempt ended, or the first one at the start, in
 * milliseconds. */
HlTime hl_bus_delay(const HlBus *bus);

/* Uses other addresses from the next attempt on. */
void hl_bus_set_brokers(HlBus *bus, const char *const *brokers);

HlBusState hl_bus_state(const HlBus *bus);

/* The address of the link or attempt. */
const char *hl_bus_broker(const HlBus *bus);

/* Inside failed(): why the attempt failed, as far as is known; else HL_CAUSE_NONE. */
HlCause hl_bus_cause(const HlBus *bus);

/* Inside failed(): when the certificate ends that the broker showed, good or not; 0: it showed none. */
HlTime hl_bus_shown_end(const HlBus *bus);

/* Called exactly once: true when the broker has the message (QoS 0: when it was handed over), false when the link broke
 * first (the state is no longer HL_BUS_UP), or when nobody is subscribed to a request, a message with a
 * response_topic. */
typedef void (*HlBusPublished)(bool acknowledged, gpointer user);

/* false if the link is not up or too much is under way (up to HL_BUS_WINDOW QoS 1 messages are unacknowledged, up to
 * HL_BUS_QUEUE more wait in memory); done is then never called.  done may be NULL. */
bool hl_bus_publish(HlBus *bus, const HlBusMessage *message, HlBusPublished done, gpointer user);

/* Below the broker's max_inflight_messages, so that the window of the library below, which may stall when full (paho's
 * does), never fills up. */
#define HL_BUS_WINDOW 500
#define HL_BUS_QUEUE  200000

/* What has arrived and not been handled: 200,000 messages (a fleet of 100,000 that comes back at once), and 64 MiB,
 * which are that many of 330 bytes.  What is more is refused and counted. */
#define HL_BUS_INBOX       200000
#define HL_BUS_INBOX_BYTES ((gsize)64 * 1024 * 1024)

typedef struct {
    uint64_t sent, acknowledged, received, refused, lost_links;
    guint in_flight, queued;
} HlBusCounts;

HlBusCounts hl_bus_count(const HlBus *bus);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(HlBus, hl_bus_free)

#endif
