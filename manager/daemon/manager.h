/* The manager: what its parts share.  One loop thread owns all of it.
 *
 * Each part is a file of functions over Manager: line (messages of endpoints), delivery (settings and commands down the
 * line), commands (their life), status (topics for monitoring), calls (admin), enrol and front (HTTPS), broker (the
 * child process), revoke (ending a certificate).  manager.c starts, reloads and stops them. */
#ifndef MANAGER_DAEMON_MANAGER_H
#define MANAGER_DAEMON_MANAGER_H

#include "lib/base/exec.h"
#include "lib/bus/bus.h"
#include "lib/http/serve.h"
#include "manager/core/sight.h"
#include "manager/daemon/fleet.h"
#include "manager/daemon/prober.h"
#include "manager/site/site.h"
#include "proto/topics.h"
#include "proto/wire.h"

typedef struct MgrBroker MgrBroker;
typedef struct MgrRates MgrRates;
typedef struct MgrPatterns MgrPatterns;

/* For metrics and "holdline status". */
typedef struct {
    uint64_t heartbeats, lost_heartbeats, births, stale_messages, reports, repeated_reports, report_gaps;
    uint64_t bad_messages, unknown_senders, settings_sent, commands_sent, refusals, write_failures;
    uint64_t enrolled, enrol_refused, calls, calls_refused;
} MgrCounters;

typedef struct {
    char *dir, *conf_path;
    MgrConf conf;
    int lock;
    GMainLoop *loop;

    HlDb *reader; /* of the loop thread: listings and history */
    HlWriter *writer;
    HlWriteSet *lazy; /* presence and history, flushed once a second */
    MgrFleet fleet;

    MgrAuthority authority;
    HlSigningKey *signing_key;
    MgrBroker *broker; /* NULL: external */
    HlBus *bus;
    HlHttpServer *front;
    MgrRates *rates;

    MgrSight sight;
    MgrSightPolicy sight_policy;
    guint ask_timer;
    HlTime asked_mono;

    MgrUnreachable unreachable;
    MgrDisplayPolicy display_policy;
    HlTlsContext *dial_context;
    MgrProber *prober;
    HlTime clock_ahead;       /* wall minus monotonic clock at the last tick: a change is a clock that was set */
    GPtrArray *verifications; /* calls that wait for dials */
    GHashTable *evictions;    /* names whose sessions are being ended */
    GPtrArray *streams;       /* calls whose long lists are being made: MgrStream * */

    guint second_timer, flush_timer;
    off_t observed_offset; /* in the broker's log */
    bool summary_dirty;
    HlTime summary_mono;
    GPtrArray *watchers; /* calls that wait for a command: MgrWatch * */
    GQueue status_queue; /* MgrEndpoint * whose status topic is to be written */
    GQueue ack_queue;    /* MgrEndpoint * whose reports were committed */
    MgrPatterns *patterns;
    HlTime started_wall, pruned_mono;
    MgrCounters counters;
} Manager;

static inline MgrNow mgr_now(void)
{
    return (MgrNow){ hl_clock_wall(), hl_clock_mono() };
}

/* Builds everything; NULL with a message that names what is missing. */
Manager *mgr_manager_new(const char *conf_path, GError **error);
void mgr_manager_free(Manager *manager);

/* SIGHUP: reads and checks the configuration; swaps what can change at run time, says what cannot. */
bool mgr_manager_reload(Manager *manager, GError **error);

/* Adds a line to an endpoint's history (written within a second). */
void mgr_note(Manager *manager, const char *endpoint, const char *what, const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
