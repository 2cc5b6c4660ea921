/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated endpoint: the product's messages (proto) and decisions (endpoint/core) over a FleetLine, with reports
 * that are kept until they are acknowledged.  Nothing is stored: the process is the machine.
 *
 * It does what docs/protocol.md asks of an endpoint: a new session for each connect, the birth first, reports repeated
 * until the manager committed them, a command that comes again answered with its last report.  An update takes no time
 * and always succeeds. */
#ifndef TESTS_BENCH_FLEET_ENDPOINT_H
#define TESTS_BENCH_FLEET_ENDPOINT_H

#include "endpoint/core/link.h"
#include "lib/base/backoff.h"
#include "tests/bench/fleet_line.h"

/* One kind of thing that happens to the fleet: how often since the last mark, and when first and last (mono). */
typedef struct {
    guint n;
    HlTime first, last;
} FleetTally;

typedef enum {
    FLEET_UPS,      /* lines that came up */
    FLEET_DOWNS,    /* lines that were lost, or never came up */
    FLEET_TIMEOUTS, /* of those: gave up after the patience of one attempt */
    FLEET_ANSWERS,  /* births that were answered by a notice */
    FLEET_COMMANDS, /* commands that came, each the first time */
    FLEET_AGAIN,    /* commands that came again */
    FLEET_RESULTS,  /* results whose commit was acknowledged */
    FLEET_SETTINGS, /* documents that were put in force */
    FLEET_APPLIED,  /* of those, the reports whose commit was acknowledged */
    FLEET_RAW,      /* messages of the bare fan-out */
    FLEET_REFUSED,  /* what failed a check */
    FLEET_N_TALLIES,
} FleetWhat;

#define FLEET_PORTS 8

/* What all of them share. */
typedef struct {
    int ports[FLEET_PORTS]; /* of the brokers */
    guint n_ports;
    HlCert *ca;
    GBytes *signing_key; /* public */
    GBytes *digest;      /* of the settings that all begin with, counter 1 */
    FleetTally tallies[FLEET_N_TALLIES];
    guint up;
    uint64_t heartbeats;
    guint checked; /* every FLEET_CHECKED-th envelope is verified: it is the manager's cost that is measured */
    bool bare;     /* connect and subscribe, and nothing else */
} Fleet;

#define FLEET_CHECKED 50

/* What an endpoint is.  Only the honest ones are counted. */
typedef enum {
    FLEET_HONEST,
    FLEET_SLOW,  /* reads every two seconds alone */
    FLEET_DEAD,  /* its line stands, and it neither reads nor says anything */
    FLEET_CLONE, /* another machine with the identity of an honest one, which is then no longer counted either */
    FLEET_LIAR,  /* tells settings that it does not have, another's fingerprint, results of commands that nobody gave */
    FLEET_FLAPPER, /* drops its line every two seconds, and dials again */
    FLEET_N_KINDS,
} FleetKind;

void fleet_count(Fleet *fleet, FleetWhat what);

typedef struct {
    Fleet *fleet;
    FleetKind kind;
    bool borrows; /* certificate, key and context are another's: FLEET_CLONE */
    char *id, *fingerprint;
    HlCert *cert;
    HlKey *key;
    HlTlsContext *context;
    FleetLine line;
    HlBackoff backoff;
    uint64_t session, beats;
    HlTime begun; /* mono: this attempt */
    bool answered, reconnects;
    guint place;     /* how many ports it has lost */
    HlTime due;      /* mono: the next attempt; 0: none */
    HlTime beat_due; /* mono; 0: no heartbeats */
    HlTime interval;
    EpManager manager;
    HlTime window;    /* for the first attempt after a loss */
    HlTime whim_due;  /* mono: of one that is not honest */
    HlTime birth_due; /* mono: the birth is repeated, for a manager that has not heard it; 0: no */

    char *spool;
    GQueue reports;      /* Report *, the oldest first: those that are not acknowledged */
    uint64_t seq, first; /* the last number given; the oldest that waits */
    uint64_t mark;       /* of the last one */

    char *command; /* the last one's id */
    uint64_t counter, version;
    char *group;
    GBytes *digest;
} FleetEndpoint;

/* Makes its key and certificate by the site's authority.  NULL with error. */
FleetEndpoint *fleet_endpoint_new(Fleet *fleet, int number, const HlKey *ca_key, GError **error);
void fleet_endpoint_free(FleetEndpoint *endpoint);

void fleet_endpoint_connect(FleetEndpoint *endpoint);
void fleet_endpoint_beat(FleetEndpoint *endpoint);
void fleet_endpoint_repeat_birth(FleetEndpoint *endpoint);

/* The line is down.  other: whose identity a clone has. */
void fleet_endpoint_become(FleetEndpoint *endpoint, FleetKind kind, const FleetEndpoint *other);

/* The connection is gone, by the endpoint's own doing or not: when it tries again. */
void fleet_endpoint_schedule(FleetEndpoint *endpoint);

#endif
