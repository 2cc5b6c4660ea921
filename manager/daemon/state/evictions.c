/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/state/evictions.h"

#include <unistd.h>

#include "lib/base/log.h"
#include "lib/bus/bus.h"
#include "manager/daemon/ground/broker.h"

#define BACKDATE         (5 * HL_MINUTE)
#define CERTIFICATE_LIFE (5 * HL_MINUTE)
#define PATIENCE         3000 /* ms; the broker is near */

struct MgrEvictions {
    MgrEvictionsOptions options;
    GHashTable *running; /* name -> Eviction * */
};

typedef struct {
    MgrEvictions *evictions;
    char *name, *cert_path, *key_path;
    HlBus *bus;
    guint timer;
} Eviction;

static void eviction_free(gpointer item)
{
    Eviction *eviction = item;

    g_clear_handle_id(&eviction->timer, g_source_remove);
    g_clear_pointer(&eviction->bus, hl_bus_free);
    unlink(eviction->cert_path);
    unlink(eviction->key_path);
    g_free(eviction->cert_path);
    g_free(eviction->key_path);
    g_free(eviction->name);
    g_free(eviction);
}

MgrEvictions *mgr_evictions_new(const MgrEvictionsOptions *options)
{
    MgrEvictions *evictions = g_new0(MgrEvictions, 1);

    evictions->options = *options;
    evictions->running = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, eviction_free);
    return evictions;
}

void mgr_evictions_free(MgrEvictions *evictions)
{
    if (evictions == NULL)
        return;
    g_hash_table_unref(evictions->running);
    g_free(evictions);
}

static gboolean on_over(gpointer user)
{
    Eviction *eviction = user;

    eviction->timer = 0;
    g_hash_table_remove(eviction->evictions->running, eviction->name);
    return G_SOURCE_REMOVE;
}

static void on_evicted(gpointer user)
{
    Eviction *eviction = user;

    hl_info("revoke", "the session of %s was ended", eviction->name);
    g_source_remove(eviction->timer);
    eviction->timer = g_idle_add(on_over, eviction); /* the bus may not be freed inside its own callback */
}

static gboolean on_late(gpointer user)
{
    Eviction *eviction = user;

    hl_warn("revoke", "the session of %s could not be ended: the broker did not let the manager in under its name",
            eviction->name);
    return on_over(eviction);
}

static void ignore_message(const HlBusMessage *message G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

/* It ends by itself within minutes: not worth a row in the registry. */
static bool issue_files(const MgrEvictions *evictions, const char *name, const char *cert_name, const char *key_name,
                        GError **error)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = {
        .cn = name, .kind = HL_CERT_MANAGER, .not_before = now - BACKDATE, .not_after = now + CERTIFICATE_LIFE
    };
    g_auto(MgrCertificateRecord) record = { 0 };

    return mgr_authority_issue_files(evictions->options.authority, evictions->options.dir, cert_name, key_name, &spec,
                                     &record, error);
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
                         .backoff_cap = 500,
                         .handlers = { .up = on_evicted, .message = ignore_message },
                         .user = eviction };

    eviction->bus = hl_bus_new(&bus, error);
    return eviction->bus != NULL;
}

void mgr_evictions_start(MgrEvictions *evictions, const char *name)
{
    g_autofree char *cert_name = g_strdup_printf("pki/evict-%s.pem", name);
    g_autofree char *key_name = g_strdup_printf("pki/evict-%s.key", name);
    g_autoptr(GError) error = NULL;
    Eviction *eviction;

    if (g_hash_table_contains(evictions->running, name))
        return;
    eviction = g_new0(Eviction, 1);
    eviction->evictions = evictions;
    eviction->name = g_strdup(name);
    eviction->cert_path = mgr_site_path(evictions->options.dir, cert_name);
    eviction->key_path = mgr_site_path(evictions->options.dir, key_name);
    if (!issue_files(evictions, name, cert_name, key_name, &error) || !connect_as(eviction, &error)) {
        hl_error("revoke", "cannot end the session of %s: %s", name, error->message);
        eviction_free(eviction);
        return;
    }
    eviction->timer = g_timeout_add(PATIENCE, on_late, eviction);
    g_hash_table_insert(evictions->running, eviction->name, eviction);
}
