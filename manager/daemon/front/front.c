#include "manager/daemon/front.h"

#include <string.h>

#include "lib/base/file.h"
#include "manager/daemon/enrol.h"

#define MAX_PEM_SIZE (64 * 1024)

typedef struct {
    const char *name, *help;
    uint64_t value;
} Metric;

static void add_metrics(GString *out, const Metric *metrics, gsize n)
{
    for (gsize i = 0; i < n; i++)
        g_string_append_printf(out, "# HELP holdline_%s %s\n# TYPE holdline_%s %s\nholdline_%s %" G_GUINT64_FORMAT "\n",
                               metrics[i].name, metrics[i].help, metrics[i].name,
                               g_str_has_suffix(metrics[i].name, "_total") ? "counter" : "gauge", metrics[i].name,
                               metrics[i].value);
}

/* Prometheus text format. */
static char *print_metrics(Manager *manager)
{
    const MgrCounters *c = &manager->counters;
    HlWriterCounts writer = hl_writer_count(manager->writer);
    HlBusCounts bus = hl_bus_count(manager->bus);
    HlHttpCounts http = hl_http_server_count(manager->front);
    const Metric metrics[] = {
        { "endpoints", "Endpoints in the registry", g_hash_table_size(manager->fleet.endpoints) },
        { "endpoints_online", "Endpoints that are Online or Stale", manager->fleet.online },
        { "server_blind", "1 while the manager cannot hear its endpoints", manager->sight.state == MGR_SIGHT_BLIND },
        { "commands_open", "Commands with an endpoint that is not done", g_hash_table_size(manager->fleet.commands) },
        { "births_total", "Births received", c->births },
        { "heartbeats_total", "Heartbeats received", c->heartbeats },
        { "heartbeats_lost_total", "Gaps in heartbeat numbers", c->lost_heartbeats },
        { "messages_stale_total", "Messages of an older session, ignored", c->stale_messages },
        { "messages_bad_total", "Messages that did not decode, ignored", c->bad_messages },
        { "messages_unknown_total", "Messages of senders that are not in the registry", c->unknown_senders },
        { "reports_total", "Reports received", c->reports },
        { "reports_repeated_total", "Reports received again", c->repeated_reports },
        { "reports_gaps_total", "Gaps in report numbers", c->report_gaps },
        { "refusals_total", "Settings and commands that endpoints refused", c->refusals },
        { "settings_sent_total", "Settings documents sent", c->settings_sent },
        { "commands_sent_total", "Commands sent", c->commands_sent },
        { "enrolled_total", "Enrolments", c->enrolled },
        { "enrol_refused_total", "Enrolment requests refused", c->enrol_refused },
        { "calls_total", "Admin calls", c->calls },
        { "calls_refused_total", "Admin calls refused", c->calls_refused },
        { "registry_transactions_total", "Transactions committed", writer.transactions },
        { "registry_failures_total", "Write sets that failed", writer.failed_sets },
        { "registry_pending", "Write sets waiting", writer.pending },
        { "bus_lost_total", "Lost links to the broker", bus.lost_links },
        { "bus_queued", "Publications waiting for the window", bus.queued },
        { "http_requests_total", "HTTPS requests answered", http.requests },
        { "http_downloads_refused_total", "Downloads told to come back later", http.downloads_refused },
    };
    GString *out = g_string_new(NULL);

    add_metrics(out, metrics, G_N_ELEMENTS(metrics));
    return g_string_free(out, FALSE);
}

static void on_metrics(HlHttpRequest *request, gpointer user)
{
    char *text = print_metrics(user);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));

    hl_http_answer(request, 200, "text/plain; version=0.0.4", body, NULL);
}

static void on_health(HlHttpRequest *request, gpointer user)
{
    Manager *manager = user;
    bool well = hl_bus_state(manager->bus) == HL_BUS_UP;
    const char *text = well ? "ok\n" : "no broker\n";
    g_autoptr(GBytes) body = g_bytes_new_static(text, strlen(text));

    hl_http_answer(request, well ? 200 : 503, "text/plain", body, NULL);
}

static bool read_pair(Manager *manager, char **cert, char **key, GError **error)
{
    g_autofree char *cert_path = mgr_site_path(manager->dir, "pki/server.pem");
    g_autofree char *key_path = mgr_site_path(manager->dir, "pki/server.key");

    *cert = hl_file_read_text(cert_path, MAX_PEM_SIZE, error);
    *key = *cert != NULL ? hl_file_read_text(key_path, MAX_PEM_SIZE, error) : NULL;
    return *key != NULL;
}

bool mgr_front_start(Manager *manager, GError **error)
{
    static HlHttpRoute routes[] = {
        { "POST", "/v1/enrol", mgr_enrol_handle, NULL },
        { "GET", "/metrics", on_metrics, NULL },
        { "GET", "/healthz", on_health, NULL },
        /* the repository's own folder holds its keys too: only these two are anybody's business */
        { "GET", "/repo/metadata/", NULL, NULL },
        { "GET", "/repo/targets/", NULL, NULL },
    };
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    HlHttpOptions options = { .address = manager->conf.http_listen,
                              .port = (uint16_t)manager->conf.http_port,
                              .routes = routes,
                              .n_routes = G_N_ELEMENTS(routes),
                              .max_downloads = (guint)manager->conf.http_downloads,
                              .user = manager };

    if (!read_pair(manager, &cert, &key, error))
        return false;
    g_free((char *)routes[3].directory);
    g_free((char *)routes[4].directory);
    routes[3].directory = mgr_site_path(manager->dir, "repo/metadata");
    routes[4].directory = mgr_site_path(manager->dir, "repo/targets");
    options.cert_pem = cert;
    options.key_pem = key;
    manager->front = hl_http_server_new(&options, error);
    return manager->front != NULL || hl_error_prefix(error, "HTTPS front on port %d", (int)manager->conf.http_port);
}

bool mgr_front_reload(Manager *manager, GError **error)
{
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;

    return read_pair(manager, &cert, &key, error) && hl_http_server_reload(manager->front, cert, key, error);
}
