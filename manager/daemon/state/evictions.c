/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/evictions.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/bus/bus.h"
#include "manager/daemon/ground/broker.h"

#define BACKDATE         (5 * HL_MINUTE)
#define CERTIFICATE_LIFE (5 * HL_MINUTE)
#define ATTEMPT_LIFE_MS  (4 * 60 * 1000)  /* then with a new certificate */
#define PATIENCE_MS      3000             /* of who waits; the broker is near */
#define RETRY_MS         5000             /* after what failed here, such as a full disk */
#define KEEP_MS          10000            /* how long the name is kept; a client comes back within seconds */
#define LOG_LAG          (10 * HL_SECOND) /* a line of the broker's log is read by then */

struct MgrEvictions {
    MgrEvictionsOptions options;
    GHashTable *running; /* name -> Eviction * */
    GHashTable *own;     /* name -> Own * */
};

/* Connections of the manager under a name whose lines in the broker's log have not been seen yet. */
typedef struct {
    guint lines;
    HlTime last_mono;
} Own;

typedef struct {
    MgrEvictions *evictions;
    char *name, *cert_path, *key_path;
    HlBus *bus;      /* NULL between attempts */
    GArray *waiters; /* of MgrEvictionWaiter */
    guint patience;  /* timer: the waiters have waited long enough */
    guint next;      /* timer: the next attempt, or the end */
    guint over;      /* idle: the bus may not be freed inside its own handler */
} Eviction;

static bool is_in_force(const Eviction *eviction)
{
    return mgr_fleet_has_live_name(eviction->evictions->options.fleet, eviction->name, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- waiters */

static void clear_waiter(gpointer data)
{
    MgrEvictionWaiter *waiter = data;

    if (waiter->destroy != NULL)
        waiter->destroy(waiter->user);
}

static GArray *waiters_new(void)
{
    GArray *waiters = g_array_new(FALSE, FALSE, sizeof(MgrEvictionWaiter));

    g_array_set_clear_func(waiters, clear_waiter);
    return waiters;
}

/* Each once: whoever asks again from inside waits for the next end. */
static void tell(Eviction *eviction, const GError *problem)
{
    GArray *waiters = eviction->waiters;

    g_clear_handle_id(&eviction->patience, g_source_remove);
    eviction->waiters = waiters_new();
    for (guint i = 0; i < waiters->len; i++) {
        const MgrEvictionWaiter *waiter = &g_array_index(waiters, MgrEvictionWaiter, i);

        waiter->done(problem, waiter->user);
    }
    g_array_unref(waiters);
}

static gboolean on_patience(gpointer user)
{
    Eviction *eviction = user;
    g_autoptr(GError) problem = NULL;

    eviction->patience = 0;
    hl_fail(&problem, HL_ERROR_UNAVAILABLE,
            "its session may still be up: the broker did not let the manager in under its name yet");
    hl_log_limited(HL_LOG_WARN, "revoke", eviction->name, "%s: %s", eviction->name, problem->message);
    tell(eviction, problem);
    return G_SOURCE_REMOVE;
}

/* --------------------------------------------------------------------------------------------------------- the end */

static void eviction_free(gpointer item)
{
    Eviction *eviction = item;

    g_clear_handle_id(&eviction->patience, g_source_remove);
    g_clear_handle_id(&eviction->next, g_source_remove);
    g_clear_handle_id(&eviction->over, g_source_remove);
    g_clear_pointer(&eviction->bus, hl_bus_free);
    g_array_unref(eviction->waiters);
    unlink(eviction->cert_path);
    unlink(eviction->key_path);
    g_free(eviction->cert_path);
    g_free(eviction->key_path);
    g_free(eviction->name);
    g_free(eviction);
}

static gboolean on_over(gpointer user)
{
    Eviction *eviction = user;

    eviction->over = 0;
    g_hash_table_remove(eviction->evictions->running, eviction->name);
    return G_SOURCE_REMOVE;
}

static void end_soon(Eviction *eviction)
{
    if (eviction->over == 0)
        eviction->over = g_idle_add(on_over, eviction);
}

static gboolean on_kept(gpointer user)
{
    Eviction *eviction = user;

    eviction->next = 0;
    return on_over(eviction);
}

/* ---------------------------------------------------------------------------------------------------------- attempts
 */

static void attempt(Eviction *eviction);

static gboolean on_next(gpointer user)
{
    Eviction *eviction = user;

    eviction->next = 0;
    g_clear_pointer(&eviction->bus, hl_bus_free);
    attempt(eviction);
    return G_SOURCE_REMOVE;
}

static void set_next(Eviction *eviction, guint ms, GSourceFunc function)
{
    g_clear_handle_id(&eviction->next, g_source_remove);
    eviction->next = g_timeout_add(ms, function, eviction);
}

static gboolean is_stale(gpointer key G_GNUC_UNUSED, gpointer value, gpointer user)
{
    return *(const HlTime *)user - ((const Own *)value)->last_mono > LOG_LAG;
}

static void note_own(Eviction *eviction)
{
    GHashTable *all = eviction->evictions->own;
    HlTime now = hl_clock_mono();
    Own *own;

    g_hash_table_foreach_remove(all, is_stale, &now); /* an external broker's log is not read */
    own = g_hash_table_lookup(all, eviction->name);
    if (own == NULL) {
        own = g_new0(Own, 1);
        g_hash_table_insert(all, g_strdup(eviction->name), own);
    }
    own->lines++;
    own->last_mono = now;
}

static void on_taken(gpointer user)
{
    Eviction *eviction = user;

    note_own(eviction);
    hl_log_limited(HL_LOG_INFO, "revoke", eviction->name, "the session of %s was ended", eviction->name);
    tell(eviction, NULL);
    if (is_in_force(eviction))
        end_soon(eviction);
    else
        set_next(eviction, KEEP_MS, on_kept);
}

/* Somebody took the name back, or the broker went: the bus connects again, and takes it once more. */
static void on_lost(const char *reason G_GNUC_UNUSED, gpointer user)
{
    Eviction *eviction = user;

    if (is_in_force(eviction))
        end_soon(eviction);
    else
        set_next(eviction, ATTEMPT_LIFE_MS, on_next);
}

static void ignore_message(const HlBusMessage *message G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* It ends by itself within minutes: not worth a row in the registry. */
static bool issue_files(const Eviction *eviction, GError **error)
{
    const MgrEvictionsOptions *options = &eviction->evictions->options;
    g_autofree char *cert_name = g_strdup_printf("pki/evict-%s.pem", eviction->name);
    g_autofree char *key_name = g_strdup_printf("pki/evict-%s.key", eviction->name);
    HlTime now = hl_clock_wall();
    HlCertSpec spec = {
        .cn = eviction->name, .kind = HL_CERT_MANAGER, .not_before = now - BACKDATE, .not_after = now + CERTIFICATE_LIFE
    };
    g_auto(MgrCertificateRecord) record = { 0 };

    return mgr_authority_issue_files(options->authority, options->dir, cert_name, key_name, &spec, &record, error);
}

static bool connect_as(Eviction *eviction, GError **error)
{
    const MgrEvictionsOptions *options = &eviction->evictions->options;
    g_autofree char *ca = mgr_site_path(options->dir, "pki/ca.pem");
    g_auto(GStrv) brokers = mgr_broker_own_addresses(options->conf);
    HlBusOptions bus = { .client_id = eviction->name,
                         .brokers = (const char *const *)brokers,
                         .ca_path = ca,
                         .cert_path = eviction->cert_path,
                         .key_path = eviction->key_path,
                         .backoff_base = 100,
                         .backoff_cap = 2000,
                         .handlers = { .up = on_taken, .down = on_lost, .message = ignore_message },
                         .user = eviction };

    eviction->bus = hl_bus_new(&bus, error);
    return eviction->bus != NULL;
}

static void attempt(Eviction *eviction)
{
    g_autoptr(GError) error = NULL;

    if (issue_files(eviction, &error) && connect_as(eviction, &error)) {
        set_next(eviction, ATTEMPT_LIFE_MS, on_next);
        return;
    }
    hl_error_prefix(&error, "its session cannot be ended yet");
    hl_log_limited(HL_LOG_ERROR, "revoke", eviction->name, "%s: %s", eviction->name, error->message);
    set_next(eviction, RETRY_MS, on_next);
    tell(eviction, error);
}

/* ---------------------------------------------------------------------------------------------------------- the part
 */

MgrEvictions *mgr_evictions_new(const MgrEvictionsOptions *options)
{
    MgrEvictions *evictions = g_new0(MgrEvictions, 1);

    evictions->options = *options;
    evictions->running = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, eviction_free);
    evictions->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return evictions;
}

void mgr_evictions_free(MgrEvictions *evictions)
{
    if (evictions == NULL)
        return;
    g_hash_table_unref(evictions->running);
    g_hash_table_unref(evictions->own);
    g_free(evictions);
}

static Eviction *eviction_new(MgrEvictions *evictions, const char *name)
{
    g_autofree char *cert_name = g_strdup_printf("pki/evict-%s.pem", name);
    g_autofree char *key_name = g_strdup_printf("pki/evict-%s.key", name);
    Eviction *eviction = g_new0(Eviction, 1);

    eviction->evictions = evictions;
    eviction->name = g_strdup(name);
    eviction->cert_path = mgr_site_path(evictions->options.dir, cert_name);
    eviction->key_path = mgr_site_path(evictions->options.dir, key_name);
    eviction->waiters = waiters_new();
    return eviction;
}

void mgr_evictions_start(MgrEvictions *evictions, const char *name, const MgrEvictionWaiter *waiter)
{
    Eviction *eviction = g_hash_table_lookup(evictions->running, name);
    bool fresh = eviction == NULL;

    if (fresh) {
        eviction = eviction_new(evictions, name);
        g_hash_table_insert(evictions->running, eviction->name, eviction);
    }
    if (waiter != NULL) {
        g_array_append_val(eviction->waiters, *waiter);
        if (eviction->patience == 0)
            eviction->patience = g_timeout_add(PATIENCE_MS, on_patience, eviction);
    }
    if (fresh)
        attempt(eviction);
    else if (eviction->bus != NULL && hl_bus_state(eviction->bus) == HL_BUS_UP)
        tell(eviction, NULL); /* the manager has the name, so nobody else has */
}

bool mgr_evictions_was_own(MgrEvictions *evictions, const char *name)
{
    Own *own = g_hash_table_lookup(evictions->own, name);
    bool was = own != NULL && own->lines > 0 && hl_clock_mono() - own->last_mono <= LOG_LAG;

    if (own != NULL && (!was || --own->lines == 0))
        g_hash_table_remove(evictions->own, name);
    return was;
}
