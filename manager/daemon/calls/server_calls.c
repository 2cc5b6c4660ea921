/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/server_calls.h"

#include "lib/base/log.h"
#include "lib/base/network.h"
#include "lib/base/unconst.h"
#include "lib/pki/trust.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/listings.h"
#include "manager/daemon/calls/rollover_calls.h"
#include "manager/daemon/calls/succession_calls.h"
#include "manager/site/names.h"
#include "proto/server.h"

typedef MgrConf ScratchConf;

static void scratch_conf_clear(ScratchConf *conf)
{
    hl_options_clear(mgr_conf_table(), conf);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScratchConf, scratch_conf_clear)

struct MgrServerCalls {
    MgrServerCallsOptions parts;
    MgrListings *listings;
    MgrRolloverCalls *rollover;
    MgrSuccessionCalls *succession;
};

static json_t *texts(const char *const *list)
{
    json_t *array = json_array();

    for (gsize i = 0; list[i] != NULL; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

/* ------------------------------------------------------------------------------------------------------------- show */

static json_t *certificate_document(const HlCert *cert)
{
    const HlCertInfo *info = hl_cert_info(cert);
    g_auto(GStrv) names = hl_cert_names(cert);
    g_autofree char *expires = hl_time_format(info->not_after);

    return json_pack("{s:s, s:s, s:o}", "serial", info->serial, "expires", expires, "names",
                     texts((const char *const *)names));
}

static GStrv uncovered_now(const MgrServerCalls *calls, const HlCert *cert)
{
    return mgr_server_uncovered(cert, mgr_location_brokers(calls->parts.location),
                                mgr_location_urls(calls->parts.location));
}

/* What does not depend on the certificate's file, which may be damaged: that is a reason to look. */
static json_t *server_document(const MgrServerCalls *calls, const MgrCaller *caller, const HlCert *cert)
{
    const HlCert *authority = mgr_pki_authority(calls->parts.pki);
    g_autofree char *id = hl_trust_id(authority);
    g_autofree char *end = hl_time_format(hl_cert_info(authority)->not_after);
    json_t *document =
        json_pack("{s:o, s:o, s:s, s:s}", "brokers", texts(mgr_location_brokers(calls->parts.location)), "servers",
                  texts(mgr_location_urls(calls->parts.location)), "authority", id, "authority_expires", end);
    json_t *announced = mgr_location_document(calls->parts.location, caller);

    if (announced != NULL)
        json_object_set_new(document, "announced", announced);
    if (cert != NULL) {
        g_auto(GStrv) uncovered = uncovered_now(calls, cert);

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
    json_t *document = server_document(calls, mgr_call_caller(call), cert);

    if (cert == NULL)
        json_object_set_new(document, "certificate_error", json_string(error->message));
    json_object_set_new(document, "ends", mgr_ends_own(calls->parts.ends));
    mgr_call_done(call, document);
}

/* ------------------------------------------------------------------------------------------------------ certificate */

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
    g_autoptr(GError) told = NULL;

    mgr_fleet_add_certificate(parts->fleet, &replacement->record);
    if (!mgr_own_install_server(parts->own, replacement->cert, &error)) {
        mgr_refuse(&told, MGR_REFUSE_SERVER_CERTIFICATE_UNUSED, error->message, NULL);
        told->code = (int)hl_error_code(error);
        mgr_call_fail(replacement->call, told);
        return;
    }
    hl_info("server", "the server has the certificate %s, by %s", hl_cert_info(replacement->cert)->serial,
            mgr_call_admin(replacement->call));
    /* an endpoint that is told to move before the broker shows the new names would find the old ones, and go back */
    mgr_listings_answer(replacement->calls->listings, replacement->call,
                        server_document(replacement->calls, mgr_call_caller(replacement->call), replacement->cert));
}

/* Anyone who is told a name that the certificate does not have could not come back. */
static bool check_covers(const MgrServerCalls *calls, const HlCert *cert, GError **error)
{
    g_auto(GStrv) uncovered = uncovered_now(calls, cert);
    g_autofree char *list = g_strjoinv(", ", uncovered);

    return uncovered[0] == NULL || mgr_refuse(error, MGR_REFUSE_SERVER_NAMES, list, NULL);
}

/* The names of the one that is in force, as far as it can be read, that this one does not have; free with g_strfreev.
 */
static GStrv dropped_names(const MgrServerCalls *calls, const HlCert *cert)
{
    g_autoptr(HlCert) present = mgr_own_server(calls->parts.own, NULL);
    g_auto(GStrv) names = present != NULL ? hl_cert_names(present) : NULL;
    g_autoptr(GStrvBuilder) dropped = g_strv_builder_new();

    for (gsize i = 0; names != NULL && names[i] != NULL; i++)
        if (!hl_cert_covers(cert, names[i]))
            g_strv_builder_add(dropped, names[i]);
    return g_strv_builder_end(dropped);
}

/* An endpoint that is away knows the server by what it was told before, and could not come back either. */
static bool check_known(const MgrServerCalls *calls, const HlCert *cert, GError **error)
{
    g_auto(GStrv) dropped = dropped_names(calls, cert);
    g_autofree char *list = g_strjoinv(", ", dropped);
    guint of;
    guint left = mgr_location_left(calls->parts.location, &of);

    return dropped[0] == NULL || left == 0 ||
           mgr_refuse(error, MGR_REFUSE_SERVER_NAMES_KNOWN, list, HL_NUMBER(left), HL_NUMBER(of), NULL);
}

#define WILDCARD "*." /* of one label: RFC 6125, 6.4.3 */

static bool check_hosts(const char *const *hosts, GError **error)
{
    if (hosts[0] == NULL)
        return mgr_refuse(error, MGR_REFUSE_SERVER_CERTIFICATE_HOST, NULL);
    for (gsize i = 0; hosts[i] != NULL; i++)
        if (!hl_host_is_valid(hosts[i] + (g_str_has_prefix(hosts[i], WILDCARD) ? strlen(WILDCARD) : 0)))
            return mgr_refuse(error, MGR_REFUSE_SERVER_CERTIFICATE_NAME, hosts[i], NULL);
    return true;
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
    if (check_hosts((const char *const *)hosts, &error))
        replacement->cert =
            mgr_own_issue_server(calls->parts.own, (const char *const *)names, &replacement->record, &error);
    if (replacement->cert == NULL ||
        (mgr_call_argument(call, "force") == NULL &&
         !(check_covers(calls, replacement->cert, &error) && check_known(calls, replacement->cert, &error)))) {
        mgr_call_fail(call, error);
        replacement_free(replacement);
        return;
    }
    set = hl_write_set_new();
    mgr_write_certificate(set, &replacement->record);
    mgr_call_commit(call, calls->parts.record, set, &kind, replacement);
}

/* -------------------------------------------------------------------------------------------------------------- set */

/* An announcement on its way through the registry. */
typedef struct {
    const MgrServerCalls *calls;
    MgrCall *call;
    MgrPlaceRecord record;
} Announcement;

static void announcement_free(gpointer change)
{
    Announcement *announcement = change;

    mgr_place_record_clear(&announcement->record);
    g_free(announcement);
}

static void fail_announcement(gpointer change, const GError *error)
{
    const Announcement *announcement = change;
    g_autoptr(GError) conflict = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&conflict, MGR_REFUSE_SERVER_CHANGED, NULL);
    mgr_call_fail(announcement->call, conflict != NULL ? conflict : error);
}

static void fold_announcement(gpointer change)
{
    Announcement *announcement = change;
    const MgrServerCalls *calls = announcement->calls;
    g_autoptr(HlCert) cert = mgr_own_server(calls->parts.own, NULL);

    hl_info("server", "endpoints are told where the server is (counter %" G_GUINT64_FORMAT "), by %s",
            announcement->record.counter, mgr_call_admin(announcement->call));
    mgr_location_announce(calls->parts.location, &announcement->record);
    mgr_call_done(announcement->call, server_document(calls, mgr_call_caller(announcement->call), cert));
}

/* What is given, by the rules of manager.conf, and of the rest what is told now. */
static bool read_lists(const MgrCall *call, MgrPlaceRecord *record, GError **error)
{
    const char *brokers = mgr_call_argument(call, "brokers");
    const char *servers = mgr_call_argument(call, "servers");
    HlOptionTable table = mgr_conf_table();
    g_auto(ScratchConf) given = { 0 };

    if (brokers == NULL && servers == NULL)
        return mgr_refuse(error, MGR_REFUSE_SERVER_NOTHING, NULL);
    hl_options_init(table, &given);
    if ((brokers != NULL && !hl_options_set(table, &given, "broker.addresses", brokers, error)) ||
        (servers != NULL && !hl_options_set(table, &given, "http.urls", servers, error)))
        return false;
    if (brokers != NULL) {
        g_strfreev(record->brokers);
        record->brokers = g_steal_pointer(&given.broker_addresses);
    }
    if (servers != NULL) {
        g_strfreev(record->servers);
        record->servers = g_steal_pointer(&given.http_urls);
    }
    for (gsize i = 0; record->servers[i] != NULL; i++)
        if (!hl_server_is_url(record->servers[i])) /* endpoints are stricter than the file */
            return mgr_refuse(error, MGR_REFUSE_SERVER_URL, record->servers[i], NULL);
    return true;
}

static bool check_reachable(const MgrServerCalls *calls, const MgrPlaceRecord *record, GError **error)
{
    g_autoptr(HlCert) cert = mgr_own_server(calls->parts.own, error);
    g_auto(GStrv) uncovered = NULL;
    g_autofree char *list = NULL;

    if (cert == NULL)
        return false;
    uncovered = mgr_server_uncovered(cert, (const char *const *)record->brokers, (const char *const *)record->servers);
    list = g_strjoinv(", ", uncovered);
    return uncovered[0] == NULL || mgr_refuse(error, MGR_REFUSE_SERVER_NOT_COVERED, list, NULL);
}

static void call_set(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_announcement, fail_announcement, announcement_free };
    const MgrServerCalls *calls = user;
    Announcement *announcement = g_new0(Announcement, 1);
    MgrPlaceRecord *record = &announcement->record;
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;

    *announcement = (Announcement){ .calls = calls, .call = call };
    *record = mgr_location_next(calls->parts.location, mgr_call_admin(call));
    if (!read_lists(call, record, &error) ||
        (mgr_call_argument(call, "force") == NULL && !check_reachable(calls, record, &error))) {
        mgr_call_fail(call, error);
        announcement_free(announcement);
        return;
    }
    set = hl_write_set_new();
    mgr_write_place(set, record);
    mgr_call_commit(call, calls->parts.record, set, &kind, announcement);
}

static const MgrCallRow rows[] = {
    { "server show", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_show },
    { "server set", "", "brokers servers force", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_set },
    { "server certificate", "hosts", "force", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_certificate },
    { .name = NULL },
};

MgrServerCalls *mgr_server_calls_new(const MgrServerCallsOptions *options, MgrDispatch *dispatch)
{
    MgrServerCalls *calls = g_new0(MgrServerCalls, 1);

    calls->parts = *options;
    calls->listings = mgr_listings_new(options->pki);
    mgr_dispatch_add(dispatch, rows, calls);
    calls->rollover = mgr_rollover_calls_new(&(MgrRolloverCallsOptions){ .fleet = options->fleet,
                                                                         .record = options->record,
                                                                         .sealer = options->sealer,
                                                                         .delivery = options->delivery,
                                                                         .down = options->down,
                                                                         .location = options->location,
                                                                         .calls = options->calls },
                                             dispatch);
    calls->succession = mgr_succession_calls_new(&(MgrSuccessionCallsOptions){ .fleet = options->fleet,
                                                                               .record = options->record,
                                                                               .pki = options->pki,
                                                                               .own = options->own,
                                                                               .location = options->location,
                                                                               .calls = options->calls,
                                                                               .changed = options->authorities_changed,
                                                                               .user = options->user },
                                                 dispatch);
    return calls;
}

void mgr_server_calls_free(MgrServerCalls *calls)
{
    if (calls == NULL)
        return;
    mgr_succession_calls_free(calls->succession);
    mgr_rollover_calls_free(calls->rollover);
    mgr_listings_free(calls->listings);
    g_free(calls);
}
