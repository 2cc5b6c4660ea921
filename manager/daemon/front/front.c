/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/front/front.h"

#include <string.h>
#include <sys/statvfs.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "manager/site/site.h"

#define MAX_PEM_SIZE (64 * 1024)

enum { ROUTE_ENROL, ROUTE_RENEW, ROUTE_METRICS, ROUTE_HEALTH, ROUTE_METADATA, ROUTE_TARGETS, N_ROUTES };

struct MgrFront {
    MgrFrontOptions parts;
    MgrApplicants *applicants;
    MgrEnrol *enrol;
    MgrLateRenewals *late_renewals;
    char *metadata, *targets; /* directories */
    HlHttpRoute routes[N_ROUTES];
    HlHttpServer *server;
};

static void on_enrol(HlHttpRequest *request, gpointer user)
{
    const MgrFront *front = user;

    mgr_enrol_handle(front->enrol, request);
}

static void on_renew(HlHttpRequest *request, gpointer user)
{
    const MgrFront *front = user;

    mgr_late_renewals_handle(front->late_renewals, request);
}

static MgrHealth look_at_health(const MgrFront *front)
{
    const MgrTimestampView timestamp = mgr_timestamp_view(front->parts.metrics.timestamp);
    MgrHealth health = { .broker_up = mgr_down_is_up(front->parts.down),
                         .broker_refused = mgr_down_refused(front->parts.down),
                         .unwritten = mgr_record_unwritten(front->parts.metrics.record),
                         .repository = timestamp.age,
                         .repository_end = timestamp.expires,
                         .roles_ended = timestamp.roles_ended,
                         .repository_problem = mgr_status_view(front->parts.status).problems[MGR_PROBLEM_REPOSITORY] };
    struct statvfs disk;

    if (statvfs(front->parts.dir, &disk) == 0) {
        health.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
        health.disk_size = (uint64_t)disk.f_blocks * disk.f_frsize;
    }
    return health;
}

static void on_metrics(HlHttpRequest *request, gpointer user)
{
    const MgrFront *front = user;
    HlHttpCounts counts = hl_http_server_count(front->server);
    MgrHealth health = look_at_health(front);
    char *text = mgr_metrics_print(&front->parts.metrics, &counts, &health);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));

    hl_http_answer(request, 200, "text/plain; version=0.0.4", body, NULL);
}

static void on_health(HlHttpRequest *request, gpointer user)
{
    const MgrFront *front = user;
    MgrHealth health = look_at_health(front);
    char *text = mgr_health_describe(&health);
    g_autoptr(GBytes) body = g_bytes_new_take(text, strlen(text));

    hl_http_answer(request, mgr_health_is_well(&health) ? 200 : 503, "text/plain", body, NULL);
}

static void set_routes(MgrFront *front)
{
    front->metadata = mgr_site_path(front->parts.dir, "repo/metadata");
    front->targets = mgr_site_path(front->parts.dir, "repo/targets");
    front->routes[ROUTE_ENROL] = (HlHttpRoute){ "POST", "/v1/enrol", on_enrol, NULL };
    front->routes[ROUTE_RENEW] = (HlHttpRoute){ "POST", "/v1/renew", on_renew, NULL };
    front->routes[ROUTE_METRICS] = (HlHttpRoute){ "GET", "/metrics", on_metrics, NULL };
    front->routes[ROUTE_HEALTH] = (HlHttpRoute){ "GET", "/healthz", on_health, NULL };
    /* the repository's own folder holds its keys too: only these two are served */
    front->routes[ROUTE_METADATA] = (HlHttpRoute){ "GET", "/repo/metadata/", NULL, front->metadata };
    front->routes[ROUTE_TARGETS] = (HlHttpRoute){ "GET", "/repo/targets/", NULL, front->targets };
}

static bool read_pair(const MgrFront *front, char **cert, char **key, GError **error)
{
    g_autofree char *cert_path = mgr_site_path(front->parts.dir, "pki/server.pem");
    g_autofree char *key_path = mgr_site_path(front->parts.dir, "pki/server.key");

    *cert = hl_file_read_text(cert_path, MAX_PEM_SIZE, error);
    *key = *cert != NULL ? hl_file_read_text(key_path, MAX_PEM_SIZE, error) : NULL;
    return *key != NULL;
}

static void make_parts(MgrFront *front)
{
    const MgrFrontOptions *parts = &front->parts;

    front->applicants = mgr_applicants_new(parts->conf, &parts->log);
    front->enrol = mgr_enrol_new(&(MgrEnrolOptions){ .conf = parts->conf,
                                                     .applicants = front->applicants,
                                                     .fleet = parts->fleet,
                                                     .record = parts->record,
                                                     .status = parts->status,
                                                     .delivery = parts->delivery,
                                                     .pki = parts->pki });
    front->late_renewals = mgr_late_renewals_new(&(MgrLateRenewalsOptions){ .conf = parts->conf,
                                                                            .applicants = front->applicants,
                                                                            .fleet = parts->fleet,
                                                                            .record = parts->record,
                                                                            .status = parts->status,
                                                                            .pki = parts->pki,
                                                                            .location = parts->location });
    front->parts.metrics.status = parts->status;
    front->parts.metrics.applicants = front->applicants;
    front->parts.metrics.enrol = front->enrol;
    front->parts.metrics.late_renewals = front->late_renewals;
}

MgrFront *mgr_front_new(const MgrFrontOptions *options, GError **error)
{
    g_autoptr(MgrFront) front = g_new0(MgrFront, 1);
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    HlHttpOptions http = { .address = options->conf->http_listen,
                           .port = (uint16_t)options->conf->http_port,
                           .routes = front->routes,
                           .n_routes = N_ROUTES,
                           .max_downloads = (guint)options->conf->http_downloads,
                           .user = front };

    front->parts = *options;
    make_parts(front);
    set_routes(front);
    if (!read_pair(front, &cert, &key, error))
        return NULL;
    http.cert_pem = cert;
    http.key_pem = key;
    front->server = hl_http_server_new(&http, error);
    if (front->server != NULL)
        return g_steal_pointer(&front);
    hl_error_prefix(error, "HTTPS front on port %d", (int)options->conf->http_port);
    return NULL;
}

void mgr_front_free(MgrFront *front)
{
    if (front == NULL)
        return;
    g_clear_pointer(&front->server, hl_http_server_free);
    g_clear_pointer(&front->late_renewals, mgr_late_renewals_free);
    g_clear_pointer(&front->enrol, mgr_enrol_free);
    g_clear_pointer(&front->applicants, mgr_applicants_free);
    g_free(front->metadata);
    g_free(front->targets);
    g_free(front);
}

void mgr_front_reconfigured(const MgrFront *front)
{
    mgr_applicants_reconfigured(front->applicants);
}

HlTlsIdentity *mgr_front_read_identity(const MgrFront *front, GError **error)
{
    g_autofree char *cert = NULL;
    g_autofree char *key = NULL;
    HlTlsIdentity *identity;

    if (!read_pair(front, &cert, &key, error))
        return NULL;
    identity = hl_http_identity_new(cert, key, error);
    if (identity == NULL)
        hl_error_prefix(error, "pki/server.pem, pki/server.key");
    return identity;
}

void mgr_front_set_identity(const MgrFront *front, HlTlsIdentity *identity)
{
    hl_http_server_set_identity(front->server, identity);
}

void mgr_front_renew_identity(const MgrFront *front)
{
    g_autoptr(GError) error = NULL;
    HlTlsIdentity *identity = mgr_front_read_identity(front, &error);

    if (identity != NULL)
        mgr_front_set_identity(front, identity);
    else
        hl_error("ends", "the HTTPS front goes on with the certificate before: %s", error->message);
}
