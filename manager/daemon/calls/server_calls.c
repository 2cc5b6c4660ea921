/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/server_calls.h"

#include "lib/base/log.h"
#include "manager/site/names.h"

struct MgrServerCalls {
    MgrServerCallsOptions parts;
};

static json_t *texts(const char *const *list)
{
    json_t *array = json_array();

    for (gsize i = 0; list[i] != NULL; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

/* -------------------------------------------------------------------------------------------------------------- show
 */

static json_t *certificate_document(const HlCert *cert)
{
    const HlCertInfo *info = hl_cert_info(cert);
    g_auto(GStrv) names = hl_cert_names(cert);
    g_autofree char *expires = hl_time_format(info->not_after);

    return json_pack("{s:s, s:s, s:o}", "serial", info->serial, "expires", expires, "names",
                     texts((const char *const *)names));
}

/* What does not depend on the certificate's file, which may be damaged: that is a reason to look. */
static json_t *server_document(const MgrServerCalls *calls, const HlCert *cert)
{
    const MgrConf *conf = calls->parts.conf;
    const char *const urls[] = { conf->http_url, NULL };
    g_autofree char *authority = hl_time_format(hl_cert_info(mgr_pki_authority(calls->parts.pki))->not_after);
    json_t *document = json_pack("{s:o, s:o, s:s}", "brokers", texts((const char *const *)conf->broker_addresses),
                                 "servers", texts(urls), "authority_expires", authority);

    if (cert != NULL) {
        g_auto(GStrv) uncovered = mgr_server_uncovered(cert, conf);

        json_object_set_new(document, "certificate", certificate_document(cert));
        json_object_set_new(document, "uncovered", texts((const char *const *)uncovered));
    }
    return document;
}

static void call_show(MgrCall *call, gpointer user)
{
    const MgrServerCalls *calls = user;
    g_autoptr(GError) error = NULL;
    g_autoptr(HlCert) cert = mgr_own_server(calls->parts.own, &error);
    json_t *document = server_document(calls, cert);

    if (cert == NULL)
        json_object_set_new(document, "certificate_error", json_string(error->message));
    mgr_call_done(call, document);
}

/* ------------------------------------------------------------------------------------------------------- certificate
 */

/* On its way through the registry: in force only afterwards, so that there is none that nobody could revoke. */
typedef struct {
    const MgrServerCalls *calls;
    MgrCall *call;
    HlCert *cert;
    MgrCertificateRecord record;
} Replacement;

static void replacement_free(gpointer change)
{
    Replacement *replacement = change;

    hl_cert_free(replacement->cert);
    mgr_certificate_record_clear(&replacement->record);
    g_free(replacement);
}

static void fail_replacement(gpointer change, const GError *error)
{
    mgr_call_fail(((const Replacement *)change)->call, error);
}

static void fold_replacement(gpointer change)
{
    Replacement *replacement = change;
    const MgrServerCallsOptions *parts = &replacement->calls->parts;
    g_autoptr(GError) error = NULL;

    mgr_fleet_add_certificate(parts->fleet, &replacement->record);
    if (!mgr_own_install_server(parts->own, replacement->cert, &error)) {
        hl_error_prefix(&error, "the certificate before stays in force");
        mgr_call_fail(replacement->call, error);
        return;
    }
    hl_info("server", "the server has the certificate %s, by %s", hl_cert_info(replacement->cert)->serial,
            mgr_call_admin(replacement->call));
    mgr_call_done(replacement->call, server_document(replacement->calls, replacement->cert));
}

/* Whoever is told a name that the certificate does not have could not come back. */
static bool check_covers(const MgrServerCalls *calls, const HlCert *cert, GError **error)
{
    g_auto(GStrv) uncovered = mgr_server_uncovered(cert, calls->parts.conf);
    g_autofree char *list = g_strjoinv(", ", uncovered);

    return uncovered[0] == NULL ||
           hl_fail(
               error, HL_ERROR_CONFLICT,
               "a certificate with these names does not cover %s, where endpoints are told to find the server: give "
               "--host for each, take them out of manager.conf and reload it, or say --force",
               list);
}

static void call_certificate(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_replacement, fail_replacement, replacement_free };
    const MgrServerCalls *calls = user;
    g_auto(GStrv) hosts = g_strsplit(mgr_call_argument(call, "hosts"), ",", -1);
    g_auto(GStrv) names = mgr_server_names((const char *const *)hosts, calls->parts.conf);
    Replacement *replacement = g_new0(Replacement, 1);
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;

    *replacement = (Replacement){ .calls = calls, .call = call };
    if (hosts[0] == NULL)
        hl_fail(&error, HL_ERROR_INVALID, "a server certificate needs a host name or an IP address");
    else
        replacement->cert =
            mgr_own_issue_server(calls->parts.own, (const char *const *)names, &replacement->record, &error);
    if (replacement->cert == NULL ||
        (mgr_call_argument(call, "force") == NULL && !check_covers(calls, replacement->cert, &error))) {
        mgr_call_fail(call, error);
        replacement_free(replacement);
        return;
    }
    set = hl_write_set_new();
    mgr_write_certificate(set, &replacement->record);
    mgr_call_commit(call, calls->parts.record, set, &kind, replacement);
}

static const MgrCallRow rows[] = {
    { "server show", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, call_show },
    { "server certificate", "hosts", "force", MGR_NEED_OWN, MGR_SCOPE_NONE, call_certificate },
    { .name = NULL },
};

MgrServerCalls *mgr_server_calls_new(const MgrServerCallsOptions *options, MgrDispatch *dispatch)
{
    MgrServerCalls *calls = g_new0(MgrServerCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_server_calls_free(MgrServerCalls *calls)
{
    g_free(calls);
}
