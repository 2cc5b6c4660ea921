#include "manager/daemon/revoke.h"

#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "manager/daemon/broker.h"

#define EVICTION_LIFETIME (5 * HL_MINUTE)
#define EVICTION_PATIENCE 3000 /* ms; the broker is local */

bool mgr_revoke_publish(Manager *manager, GError **error)
{
    manager->fleet.crl++;
    mgr_write_counter(manager->lazy, "crl", manager->fleet.crl);
    if (!mgr_authority_write_crl(&manager->authority, manager->dir, manager->fleet.certificates, manager->fleet.crl,
                                 error) ||
        !mgr_site_write_acl(manager->dir, manager->fleet.certificates, error))
        return false;
    if (manager->broker != NULL)
        mgr_broker_reload(manager->broker);
    return true;
}

typedef struct {
    Manager *manager;
    char *name, *cert_path, *key_path;
    HlBus *bus;
    guint timer;
} Eviction;

static void free_files(Eviction *eviction)
{
    g_hash_table_remove(eviction->manager->evictions, eviction->name);
    unlink(eviction->cert_path);
    unlink(eviction->key_path);
    g_free(eviction->cert_path);
    g_free(eviction->key_path);
    g_free(eviction->name);
    g_free(eviction);
}

static gboolean on_eviction_over(gpointer user)
{
    Eviction *eviction = user;

    if (eviction->timer != 0)
        g_source_remove(eviction->timer);
    hl_bus_free(eviction->bus);
    free_files(eviction);
    return G_SOURCE_REMOVE;
}

static void on_evicted(gpointer user)
{
    Eviction *eviction = user;

    hl_info("revoke", "the session of %s was ended", eviction->name);
    g_source_remove(eviction->timer);
    eviction->timer = 0;
    g_idle_add(on_eviction_over, eviction); /* not inside the bus's own callback */
}

static gboolean on_eviction_late(gpointer user)
{
    Eviction *eviction = user;

    hl_warn("revoke", "the session of %s could not be ended: the broker did not let the manager in under its name",
            eviction->name);
    eviction->timer = 0;
    return on_eviction_over(eviction);
}

static void ignore_message(const HlBusMessage *message G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
}

static bool issue_files(Manager *manager, const char *name, const char *cert_name, const char *key_name, GError **error)
{
    HlTime now = hl_clock_wall();
    HlCertSpec spec = {
        .cn = name, .kind = HL_CERT_MANAGER, .not_before = now - 5 * HL_MINUTE, .not_after = now + EVICTION_LIFETIME
    };
    MgrCertificateRecord record = { 0 };
    bool ok = mgr_authority_issue_files(&manager->authority, manager->dir, cert_name, key_name, &spec, &record, error);

    mgr_certificate_record_clear(&record); /* ends by itself within minutes: not worth a row */
    return ok;
}

void mgr_revoke_evict(Manager *manager, const char *name)
{
    g_autofree char *cert_name = g_strdup_printf("pki/evict-%s.pem", name);
    g_autofree char *key_name = g_strdup_printf("pki/evict-%s.key", name);
    g_autofree char *ca = mgr_site_path(manager->dir, "pki/ca.pem");
    g_autofree char *own = mgr_broker_local_address(&manager->conf);
    const char *managed[] = { own, NULL };
    g_autoptr(GError) error = NULL;
    Eviction *eviction;
    HlBusOptions options;

    if (!g_hash_table_add(manager->evictions, g_strdup(name)))
        return; /* under way */
    if (!issue_files(manager, name, cert_name, key_name, &error)) {
        hl_error("revoke", "ending the session of %s: %s", name, error->message);
        g_hash_table_remove(manager->evictions, name);
        return;
    }
    eviction = g_new0(Eviction, 1);
    eviction->manager = manager;
    eviction->name = g_strdup(name);
    eviction->cert_path = mgr_site_path(manager->dir, cert_name);
    eviction->key_path = mgr_site_path(manager->dir, key_name);
    options = (HlBusOptions){ .client_id = name,
                              .brokers = manager->broker != NULL ? managed
                                                                 : (const char *const *)manager->conf.broker_addresses,
                              .ca_path = ca,
                              .cert_path = eviction->cert_path,
                              .key_path = eviction->key_path,
                              .backoff_base = 100,
                              .backoff_cap = 500,
                              .handlers = { .up = on_evicted, .message = ignore_message },
                              .user = eviction };
    eviction->bus = hl_bus_new(&options, &error);
    if (eviction->bus == NULL) {
        hl_error("revoke", "ending the session of %s: %s", name, error->message);
        free_files(eviction);
        return;
    }
    eviction->timer = g_timeout_add(EVICTION_PATIENCE, on_eviction_late, eviction);
}

void mgr_revoke_evict_all(Manager *manager)
{
    GHashTableIter iter;
    gpointer value;

    if (manager->broker != NULL)
        return; /* the managed broker reads the list at its own start */
    g_hash_table_iter_init(&iter, manager->fleet.endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->record.revoked_at > 0 && mgr_endpoint_is_up(endpoint))
            mgr_revoke_evict(manager, endpoint->record.id);
    }
}

void mgr_revoke_certificates(Manager *manager, HlWriteSet *set, const char *name, const char *but_serial, HlTime at)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, manager->fleet.certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrCertificateRecord *record = value;

        if (strcmp(record->name, name) != 0 || record->revoked_at > 0 || g_strcmp0(record->serial, but_serial) == 0)
            continue;
        if (set != NULL)
            mgr_write_certificate_revocation(set, record->serial, at);
        else
            record->revoked_at = at;
    }
}
