/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/succession_calls.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/succession.h"
#include "manager/daemon/ground/accounts.h"
#include "manager/daemon/work/withdrawal.h"

#define LOOK_EVERY 5  /* s; a walk over the endpoints, while a succession is on */
#define MAX_NAMED  50 /* of those who are left, in one document */

struct MgrSuccessionCalls {
    MgrSuccessionCallsOptions parts;
    guint timer;
    bool is_writing; /* one announcement at a time: each is made of the one before it */
};

static bool is_on(const MgrSuccessionCalls *calls)
{
    return mgr_pki_next(calls->parts.pki) != NULL;
}

/* ------------------------------------------------------------------------------------------------------ who is left */

/* Caller frees. */
static char *next_id(const MgrSuccessionCalls *calls)
{
    return hl_trust_id(mgr_pki_next(calls->parts.pki));
}

static bool is_of(const MgrCertificateRecord *record, const char *authority)
{
    return record != NULL && strcmp(mgr_certificate_authority(record), authority) == 0;
}

static MgrHolder holder_of(const MgrSuccessionCalls *calls, const MgrEndpoint *endpoint, const char *next)
{
    const char *serial = mgr_location_serial(calls->parts.location, endpoint);

    return mgr_succession_holder(mgr_location_holds(calls->parts.location, endpoint),
                                 is_of(g_hash_table_lookup(calls->parts.fleet->certificates, serial), next));
}

static bool is_live(const MgrCertificateRecord *record)
{
    return record->revoked_at == 0 && record->expires_at > hl_clock_wall();
}

static bool is_kind(const MgrCertificateRecord *record, HlCertKind kind)
{
    return strcmp(record->kind, hl_cert_kind_name(kind)) == 0;
}

/* Of accounts, monitors and consoles.  Who is disabled cannot call anyway. */
static bool is_of_people(const MgrSuccessionCalls *calls, const MgrCertificateRecord *record)
{
    const MgrAccountRecord *account;

    if ((!is_kind(record, HL_CERT_ADMIN) && !is_kind(record, HL_CERT_MONITOR) && !is_kind(record, HL_CERT_CONSOLE)) ||
        !is_live(record))
        return false;
    account = mgr_accounts_get(calls->parts.fleet->accounts, record->name);
    return account == NULL || account->disabled_at == 0;
}

/* A monitor's is made for a person, who takes it along: nothing asks for it. */
static bool is_through(const MgrSuccessionCalls *calls, const MgrCertificateRecord *record, const char *next)
{
    const MgrGiven given = mgr_pki_given(calls->parts.pki, next, record->name);

    return is_kind(record, HL_CERT_MONITOR) ? given.live > 0 : mgr_given_is_through(&given, hl_clock_wall());
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MgrCertificateRecord *const *)a)->name, (*(const MgrCertificateRecord *const *)b)->name);
}

/* A certificate of each name that is left, at most max of them, in no order.  Caller frees. */
static GPtrArray *people_left(const MgrSuccessionCalls *calls, const char *next, guint max)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *left = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, calls->parts.fleet->certificates);
    while (left->len < max && g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrCertificateRecord *record = value;

        if (is_of_people(calls, record) && g_hash_table_add(seen, record->name) && !is_through(calls, record, next))
            g_ptr_array_add(left, record);
    }
    return left;
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
    return strcmp((*(const MgrEndpoint *const *)a)->record.id, (*(const MgrEndpoint *const *)b)->record.id);
}

/* At most max of them, in no order; *of: how many there are that are not revoked, if it went through all.  Caller
 * frees. */
static GPtrArray *endpoints_left(const MgrSuccessionCalls *calls, const char *next, guint max, guint *of)
{
    GPtrArray *left = g_ptr_array_new();
    GHashTableIter iter;
    gpointer value;

    *of = 0;
    g_hash_table_iter_init(&iter, calls->parts.fleet->endpoints);
    while (left->len < max && g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        if (endpoint->record.revoked_at > 0)
            continue;
        (*of)++;
        if (holder_of(calls, endpoint, next) != MGR_HOLDER_THROUGH)
            g_ptr_array_add(left, value);
    }
    return left;
}

/* An external broker that nobody can tell has it when the owner says so. */
static bool is_told(const MgrPki *pki, bool is_forced)
{
    return mgr_pki_tells_broker(pki) ? mgr_pki_is_next_ready(pki) : is_forced;
}

static MgrSuccessionStep step_of(const MgrSuccessionCalls *calls, guint endpoints, guint people, bool is_forced)
{
    return mgr_succession_step(&(MgrSuccessionView){ .is_on = true,
                                                     .endpoints = endpoints,
                                                     .people = people,
                                                     .is_own_new = mgr_own_is_of_next(calls->parts.own),
                                                     .is_managed = mgr_pki_manages_broker(calls->parts.pki),
                                                     .is_told = is_told(calls->parts.pki, is_forced),
                                                     .is_forced = is_forced });
}

/* For as long as a succession lasts this is asked every few seconds: one who is left is enough. */
static MgrSuccessionStep find_step(const MgrSuccessionCalls *calls, bool is_forced)
{
    g_autoptr(GPtrArray) endpoints = NULL;
    g_autoptr(GPtrArray) people = NULL;
    g_autofree char *next = NULL;
    guint of;

    if (!is_on(calls))
        return MGR_SUCCESSION_NONE;
    if (is_forced)
        return step_of(calls, 0, 0, true);
    next = next_id(calls);
    endpoints = endpoints_left(calls, next, 1, &of);
    if (endpoints->len > 0)
        return MGR_SUCCESSION_WAIT;
    people = people_left(calls, next, 1);
    return step_of(calls, 0, people->len, false);
}

/* --------------------------------------------------------------------------------------------------------- documents
 */

static void add_authority(json_t *array, const HlCert *cert, const char *role)
{
    g_autofree char *id = hl_trust_id(cert);
    g_autofree char *expires = hl_time_format(hl_cert_info(cert)->not_after);

    json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "id", id, "expires", expires, "role", role));
}

static json_t *endpoints_document(const MgrSuccessionCalls *calls, const GPtrArray *left, const char *next)
{
    json_t *array = json_array();

    for (guint i = 0; i < MIN(left->len, MAX_NAMED); i++) {
        const MgrEndpoint *endpoint = left->pdata[i];

        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s}", "id", endpoint->record.id, "host", endpoint->record.host,
                                        "state", mgr_holder_name(holder_of(calls, endpoint, next))));
    }
    return array;
}

static json_t *people_document(const GPtrArray *left)
{
    json_t *array = json_array();

    for (guint i = 0; i < MIN(left->len, MAX_NAMED); i++) {
        const MgrCertificateRecord *record = left->pdata[i];

        json_array_append_new(array, json_pack("{s:s, s:s}", "name", record->name, "kind", record->kind));
    }
    return array;
}

/* Of one that is on. */
static void add_left(const MgrSuccessionCalls *calls, json_t *document)
{
    g_autofree char *next = next_id(calls);
    guint of;
    g_autoptr(GPtrArray) endpoints = endpoints_left(calls, next, G_MAXUINT, &of);
    g_autoptr(GPtrArray) people = people_left(calls, next, G_MAXUINT);
    guint more = endpoints->len - MIN(endpoints->len, MAX_NAMED) + people->len - MIN(people->len, MAX_NAMED);
    MgrSuccessionStep step = step_of(calls, endpoints->len, people->len, false);
    g_autofree char *since = hl_time_format(calls->parts.fleet->places.announced.changed_at);

    g_ptr_array_sort(endpoints, compare_ids);
    g_ptr_array_sort(people, compare_names);
    json_object_set_new(document, "state", json_string(mgr_succession_name(step)));
    json_object_set_new(document, "since", json_string(since));
    json_object_set_new(document, "through", json_integer(of - endpoints->len));
    json_object_set_new(document, "of", json_integer(of));
    json_object_set_new(document, "left", endpoints_document(calls, endpoints, next));
    json_object_set_new(document, "people", people_document(people));
    json_object_set_new(document, "more", json_integer(more));
}

/* "state": none, announced or broker; "authorities" that count; while it is on also how many endpoints are "through",
 * "of" how many, "left": some of the others with "state" (untold, old-certificate), "people" who are left, and "more":
 * how many are named in neither. */
static json_t *status_document(const MgrSuccessionCalls *calls)
{
    json_t *authorities = json_array();
    json_t *document =
        json_pack("{s:s, s:o}", "state", mgr_succession_name(MGR_SUCCESSION_NONE), "authorities", authorities);

    if (is_on(calls))
        add_authority(authorities, mgr_pki_next(calls->parts.pki), "next");
    add_authority(authorities, mgr_pki_authority(calls->parts.pki), "present");
    if (is_on(calls))
        add_left(calls, document);
    return document;
}

/* ------------------------------------------------------------------------------------------------- the announcement */

typedef struct {
    MgrSuccessionCalls *calls;
    MgrCall *call; /* NULL: by itself */
    const char *what;
    MgrPlaceRecord record;
    GPtrArray *bundles; /* ids of those that it withdraws; NULL: none */
} Step;

static void step_free(gpointer item)
{
    Step *step = item;

    step->calls->is_writing = false;
    mgr_place_record_clear(&step->record);
    g_clear_pointer(&step->bundles, g_ptr_array_unref);
    g_free(step);
}

static void fold_step(gpointer change)
{
    Step *step = change;
    const MgrSuccessionCallsOptions *parts = &step->calls->parts;
    json_t *document;

    mgr_bundles_fold_withdrawal(parts->fleet, step->bundles, step->record.changed_at);
    hl_info("authority", "%s, by %s", step->what, step->record.changed_by);
    mgr_location_announce(parts->location, &step->record);
    parts->changed(parts->user);
    if (step->call == NULL)
        return;
    document = status_document(step->calls);
    json_object_set_new(document, "bundles_withdrawn", json_integer(step->bundles != NULL ? step->bundles->len : 0));
    mgr_call_done(step->call, document);
}

static void fail_step(gpointer change, const GError *error)
{
    const Step *step = change;
    g_autoptr(GError) told = g_error_copy(error);

    hl_error_prefix(&told, "%s, and is announced in a moment", step->what);
    if (step->call != NULL)
        mgr_call_fail(step->call, told);
    else
        hl_warn("authority", "%s", told->message);
}

static void note(const Step *step, HlWriteSet *set)
{
    mgr_calls_note(set,
                   &(MgrAuditRecord){ .at = step->record.changed_at,
                                      .account = hl_unconst(MGR_AUDIT_SITE),
                                      .certificate = hl_unconst(""),
                                      .call = hl_unconst("server authority"),
                                      .arguments = hl_unconst(""),
                                      .code = hl_unconst(""),
                                      .text = hl_unconst(step->what) },
                   step->calls->parts.calls);
}

typedef enum { KEEP_BUNDLES, WITHDRAW_BUNDLES } Bundles;

/* What counts on disk now.  Whether the call may change anything was asked before the disk was. */
static void announce(MgrSuccessionCalls *calls, MgrCall *call, const char *what, Bundles bundles)
{
    static const MgrChangeKind kind = { fold_step, fail_step, step_free };
    HlWriteSet *set = hl_write_set_new();
    Step *step = g_new0(Step, 1);

    calls->is_writing = true;
    *step = (Step){ .calls = calls, .call = call, .what = what };
    step->record = mgr_location_next(calls->parts.location, call != NULL ? mgr_call_admin(call) : MGR_AUDIT_SITE);
    if (bundles == WITHDRAW_BUNDLES)
        step->bundles = mgr_bundles_write_withdrawal(calls->parts.fleet, set, step->record.changed_at);
    mgr_write_place(set, &step->record);
    if (call != NULL)
        mgr_call_note(call, set);
    else
        note(step, set);
    mgr_record_commit(calls->parts.record, set, &kind, step);
}

/* ------------------------------------------------------------------------------------------------------------- steps
 */

#define ANNOUNCED "a new authority is announced"
#define ENDED     "the new authority is the only one"
#define CANCELLED "the new authority is no longer announced"

/* The server's own certificates first: while they are of the old one, that one must count. */
static bool end_old(MgrSuccessionCalls *calls, MgrCall *call, GError **error)
{
    if ((call != NULL && !mgr_call_may_change(call, error)) || !mgr_own_follow(calls->parts.own, error) ||
        !mgr_pki_end_present(calls->parts.pki, error))
        return false;
    announce(calls, call, ENDED, WITHDRAW_BUNDLES);
    return true;
}

static bool check_free(const MgrSuccessionCalls *calls, GError **error)
{
    return !calls->is_writing ||
           hl_fail(error, HL_ERROR_CONFLICT, "another step of the rollover is being written: try again in a moment");
}

static bool check_start(const MgrSuccessionCalls *calls, GError **error)
{
    g_auto(MgrPlaceRecord) now = mgr_location_next(calls->parts.location, "");

    if (!check_free(calls, error))
        return false;
    if (is_on(calls))
        return hl_fail(error, HL_ERROR_EXISTS,
                       "a new authority is announced already: 'holdline server rollover status' says who is left");
    if (g_strv_length(now.keys) > 1)
        return hl_fail(error, HL_ERROR_CONFLICT,
                       "a new sealing key is announced: wait until all endpoints hold it ('holdline server rollover "
                       "status'), or cancel that");
    return mgr_pki_tells_broker(calls->parts.pki) ||
           hl_fail(error, HL_ERROR_INVALID,
                   "the broker is external, and would refuse certificates of another authority: set "
                   "broker.reload-command, by which it reads pki/ca.pem and pki/crl.pem, and reload the manager");
}

static void call_start(MgrCall *call, gpointer user)
{
    MgrSuccessionCalls *calls = user;
    g_autoptr(GError) error = NULL;

    if (check_start(calls, &error) && mgr_call_may_change(call, &error) && mgr_pki_begin_next(calls->parts.pki, &error))
        announce(calls, call, ANNOUNCED, KEEP_BUNDLES);
    else
        mgr_call_fail(call, error);
}

/* Not by an owner who would be the first to be shut out.  A console calls for people by its own certificate. */
static bool check_caller(const MgrSuccessionCalls *calls, const MgrCall *call, GError **error)
{
    g_autofree char *next = is_on(calls) ? next_id(calls) : NULL;

    return next == NULL || mgr_call_console(call) != NULL ||
           mgr_pki_given(calls->parts.pki, next, mgr_call_admin(call)).live > 0 ||
           hl_fail(error, HL_ERROR_CONFLICT,
                   "your own certificate is of the old authority, and you would be shut out: any call of 'holdline' of "
                   "this version replaces it");
}

static void call_finish(MgrCall *call, gpointer user)
{
    MgrSuccessionCalls *calls = user;
    bool is_forced = mgr_call_argument(call, "force") != NULL;
    g_autoptr(GError) error = NULL;

    if (!check_free(calls, &error) || (is_forced && !check_caller(calls, call, &error))) {
        mgr_call_fail(call, error);
        return;
    }
    switch (find_step(calls, is_forced)) {
    case MGR_SUCCESSION_NONE:
        hl_fail(&error, HL_ERROR_INVALID,
                "no new authority is announced: 'holdline server rollover start ca' does that");
        break;
    case MGR_SUCCESSION_WAIT:
        hl_fail(&error, HL_ERROR_CONFLICT,
                "not all have a certificate of the new authority yet ('holdline server rollover status'), and those "
                "would be shut out: wait for them, revoke those that are gone, or say --force");
        break;
    case MGR_SUCCESSION_SIGN:
        if (mgr_own_follow(calls->parts.own, &error))
            hl_fail(&error, HL_ERROR_UNAVAILABLE,
                    "the server has a certificate of the new authority now, which the broker has to read first: try "
                    "again in a moment");
        break;
    case MGR_SUCCESSION_BROKER:
        hl_fail(&error, HL_ERROR_UNAVAILABLE,
                "the broker has not read the server's certificate of the new authority yet: give it pki/server.pem, "
                "pki/ca.pem and pki/crl.pem ('holdline status' says what is wrong), and try again");
        break;
    case MGR_SUCCESSION_END:
        if (end_old(calls, call, &error))
            return;
        break;
    }
    mgr_call_fail(call, error);
}

/* Certificates of the new one are out, in use or on their way. */
static bool is_used(const MgrSuccessionCalls *calls)
{
    g_autofree char *next = next_id(calls);
    GHashTableIter iter;
    gpointer value;

    if (mgr_own_is_of_next(calls->parts.own))
        return true;
    g_hash_table_iter_init(&iter, calls->parts.fleet->certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrCertificateRecord *record = value;

        if (is_live(record) && is_of(record, next))
            return true;
    }
    return false;
}

static void call_cancel(MgrCall *call, gpointer user)
{
    MgrSuccessionCalls *calls = user;
    g_autoptr(GError) error = NULL;

    if (!check_free(calls, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    if (!is_on(calls))
        hl_fail(&error, HL_ERROR_INVALID, "no new authority is announced");
    else if (is_used(calls))
        hl_fail(&error, HL_ERROR_CONFLICT,
                "certificates of the new authority are in use, and their holders would be shut out: let it come to "
                "its end, after which another one can follow");
    else if (mgr_call_may_change(call, &error) && mgr_pki_cancel_next(calls->parts.pki, &error)) {
        announce(calls, call, CANCELLED, KEEP_BUNDLES);
        return;
    }
    mgr_call_fail(call, error);
}

static void call_status(MgrCall *call, gpointer user)
{
    mgr_call_done(call, status_document(user));
}

/* -------------------------------------------------------------------------------------------------------------- life
 */

/* Killed between a step and its announcement; or the registry is of another day than the keys. */
static void catch_up(MgrSuccessionCalls *calls)
{
    g_auto(MgrPlaceRecord) now = mgr_location_next(calls->parts.location, MGR_AUDIT_SITE);
    char *const *told = calls->parts.fleet->places.announced.authorities;

    switch (mgr_authorities_change((const char *const *)told, (const char *const *)now.authorities)) {
    case MGR_AUTHORITIES_ANNOUNCE:
        announce(calls, NULL, ANNOUNCED, KEEP_BUNDLES);
        break;
    case MGR_AUTHORITIES_ENDED:
        announce(calls, NULL, ENDED, WITHDRAW_BUNDLES);
        break;
    case MGR_AUTHORITIES_CANCELLED:
        announce(calls, NULL, CANCELLED, KEEP_BUNDLES);
        break;
    case MGR_AUTHORITIES_OTHER: /* none of the bundles knows it */
        announce(calls, NULL, "another authority counts than was announced", WITHDRAW_BUNDLES);
        break;
    }
}

static gboolean on_look(gpointer user)
{
    MgrSuccessionCalls *calls = user;
    g_autoptr(GError) error = NULL;
    MgrSuccessionStep step;

    if (calls->is_writing)
        return G_SOURCE_CONTINUE;
    if (mgr_location_is_behind(calls->parts.location)) {
        catch_up(calls);
        return G_SOURCE_CONTINUE;
    }
    step = find_step(calls, false);
    if ((step == MGR_SUCCESSION_SIGN && !mgr_own_follow(calls->parts.own, &error)) ||
        (step == MGR_SUCCESSION_END && !end_old(calls, NULL, &error)))
        hl_log_limited(HL_LOG_WARN, "authority", "step", "the new authority has to wait: %s", error->message);
    return G_SOURCE_CONTINUE;
}

static const MgrCallRow rows[] = {
    { "server authority start", "", "", MGR_NEED_OWN, MGR_SCOPE_NONE, call_start },
    { "server authority status", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, call_status },
    { "server authority finish", "", "force", MGR_NEED_OWN, MGR_SCOPE_NONE, call_finish },
    { "server authority cancel", "", "", MGR_NEED_OWN, MGR_SCOPE_NONE, call_cancel },
    { .name = NULL },
};

MgrSuccessionCalls *mgr_succession_calls_new(const MgrSuccessionCallsOptions *options, MgrDispatch *dispatch)
{
    MgrSuccessionCalls *calls = g_new0(MgrSuccessionCalls, 1);

    calls->parts = *options;
    calls->timer = g_timeout_add_seconds(LOOK_EVERY, on_look, calls);
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_succession_calls_free(MgrSuccessionCalls *calls)
{
    if (calls == NULL)
        return;
    g_clear_handle_id(&calls->timer, g_source_remove);
    g_free(calls);
}
