/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/succession_calls.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/refusal.h"
#include "manager/core/succession.h"
#include "manager/daemon/state/holders.h"
#include "manager/daemon/work/withdrawal.h"

#define LOOK_EVERY 5 /* s; a walk over the endpoints, while a succession is on */

struct MgrSuccessionCalls {
    MgrSuccessionCallsOptions parts;
    MgrHolders holders;
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

/* An external broker that nobody can tell has it when the owner says so. */
static bool is_told(const MgrPki *pki, bool is_forced)
{
    return mgr_pki_tells_broker(pki) ? mgr_pki_is_next_ready(pki) : is_forced;
}

static bool is_over(const MgrSuccessionCalls *calls)
{
    return mgr_pki_stage(calls->parts.pki) == MGR_AUTHORITY_OVER;
}

static MgrSuccessionStep step_of(const MgrSuccessionCalls *calls, guint endpoints, guint people, bool is_forced)
{
    bool over = is_over(calls);

    return mgr_succession_step(&(MgrSuccessionView){ .is_on = true,
                                                     .endpoints = endpoints,
                                                     .people = people,
                                                     .is_own_new = mgr_own_is_of_next(calls->parts.own),
                                                     .is_managed = mgr_pki_manages_broker(calls->parts.pki),
                                                     .is_told = is_told(calls->parts.pki, is_forced || over),
                                                     .is_forced = is_forced,
                                                     .is_over = over });
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
    if (is_forced || is_over(calls))
        return step_of(calls, 0, 0, is_forced);
    next = next_id(calls);
    endpoints = mgr_holders_endpoints_left(&calls->holders, NULL, next, 1, &of);
    if (endpoints->len > 0)
        return MGR_SUCCESSION_WAIT;
    people = mgr_holders_people_left(&calls->holders, NULL, next, 1);
    return step_of(calls, 0, people->len, false);
}

/* -------------------------------------------------------------------------------------------------------- documents */

static void add_authority(json_t *array, const HlCert *cert, const char *role)
{
    g_autofree char *id = hl_trust_id(cert);
    g_autofree char *expires = hl_time_format(hl_cert_info(cert)->not_after);

    json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "id", id, "expires", expires, "role", role));
}

/* Those who have no certificate of the new one: all that are there for the caller (NULL: all). */
typedef struct {
    char *next;
    GPtrArray *endpoints, *people; /* state/holders.h */
    guint of;                      /* endpoints */
} Left;

static void left_clear(Left *left)
{
    g_free(left->next);
    g_ptr_array_unref(left->endpoints);
    g_ptr_array_unref(left->people);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Left, left_clear)

static Left find_left(const MgrSuccessionCalls *calls, const MgrCaller *caller)
{
    Left left = { .next = next_id(calls) };

    left.endpoints = mgr_holders_endpoints_left(&calls->holders, caller, left.next, G_MAXUINT, &left.of);
    left.people = mgr_holders_people_left(&calls->holders, caller, left.next, G_MAXUINT);
    return left;
}

static void name_left(const MgrSuccessionCalls *calls, const Left *left, json_t *document)
{
    guint more = left->endpoints->len - MIN(left->endpoints->len, MGR_HOLDERS_MAX_NAMED) + left->people->len -
                 MIN(left->people->len, MGR_HOLDERS_MAX_NAMED);

    json_object_set_new(document, "left", mgr_holders_endpoints_document(&calls->holders, left->endpoints, left->next));
    json_object_set_new(document, "people", mgr_holders_people_document(&calls->holders, left->people, left->next));
    json_object_set_new(document, "more", json_integer(more));
}

/* Of one that is on.  Its state is that of all; who is left, and how many, is what is there for the caller. */
static void add_left(const MgrSuccessionCalls *calls, const MgrCaller *caller, json_t *document)
{
    g_auto(Left) left = find_left(calls, caller);
    const MgrPlaceRecord *announced = &calls->parts.fleet->places.announced;
    g_autofree char *since =
        hl_time_format(announced->authorities_since != 0 ? announced->authorities_since : announced->changed_at);

    json_object_set_new(document, "state", json_string(mgr_succession_name(find_step(calls, false))));
    json_object_set_new(document, "since", json_string(since));
    json_object_set_new(document, "through", json_integer(left.of - left.endpoints->len));
    json_object_set_new(document, "of", json_integer(left.of));
    name_left(calls, &left, document);
}

/* "state": none, announced or broker; "authorities" that count; while it is on also how many endpoints are "through",
 * "of" how many, "left": some of the others with "state" (untold, old-certificate), "people" who are left, and "more":
 * how many are named in neither. */
static json_t *status_document(const MgrSuccessionCalls *calls, const MgrCaller *caller)
{
    json_t *authorities = json_array();
    json_t *document =
        json_pack("{s:s, s:o}", "state", mgr_succession_name(MGR_SUCCESSION_NONE), "authorities", authorities);

    if (is_on(calls))
        add_authority(authorities, mgr_pki_next(calls->parts.pki), "next");
    add_authority(authorities, mgr_pki_authority(calls->parts.pki), "present");
    if (is_on(calls))
        add_left(calls, caller, document);
    return document;
}

/* ------------------------------------------------------------------------------------------------- the announcement */

typedef struct {
    MgrSuccessionCalls *calls;
    MgrCall *call; /* NULL: by itself */
    const char *what;
    MgrPlaceRecord record;
    GPtrArray *bundles; /* ids of those that it withdraws; NULL: none */
    json_t *shut_out;   /* by the end of the old one, as in status_document; NULL: nobody */
} Step;

static void step_free(gpointer item)
{
    Step *step = item;

    step->calls->is_writing = false;
    mgr_place_record_clear(&step->record);
    g_clear_pointer(&step->bundles, g_ptr_array_unref);
    json_decref(step->shut_out);
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
    mgr_holders_mark_left_behind(&step->calls->holders);
    parts->changed(parts->user);
    if (step->call == NULL)
        return;
    document = status_document(step->calls, mgr_call_caller(step->call));
    json_object_set_new(document, "bundles_withdrawn", json_integer(step->bundles != NULL ? step->bundles->len : 0));
    if (step->shut_out != NULL)
        json_object_set(document, "shut_out", step->shut_out);
    mgr_call_done(step->call, document);
}

static void fail_step(gpointer change, const GError *error)
{
    const Step *step = change;
    g_autoptr(GError) told = NULL;

    mgr_refuse(&told, MGR_REFUSE_ROLLOVER_CA_UNRECORDED, error->message, NULL);
    told->code = (int)hl_error_code(error);
    if (step->call != NULL)
        mgr_call_fail(step->call, told);
    else
        hl_warn("authority", "%s: %s", step->what, told->message);
}

static void note(const Step *step, HlWriteSet *set)
{
    mgr_calls_note(set,
                   &(MgrAuditRecord){ .account = hl_unconst(MGR_AUDIT_SITE),
                                      .certificate = hl_unconst(""),
                                      .call = hl_unconst("server authority"),
                                      .arguments = hl_unconst(""),
                                      .code = hl_unconst(""),
                                      .text = hl_unconst(step->what) },
                   step->calls->parts.calls);
}

/* From before authorities were told apart: only while the first one is the only one, or the present one, is it known.
 */
static void name_present(const MgrSuccessionCalls *calls, HlWriteSet *set)
{
    g_autofree char *present = hl_trust_id(mgr_pki_authority(calls->parts.pki));
    GHashTableIter iter;
    gpointer value;

    if (!is_on(calls))
        return;
    mgr_write_authority(set, present);
    g_hash_table_iter_init(&iter, calls->parts.fleet->certificates);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        MgrCertificateRecord *record = value;

        if (*mgr_certificate_authority(record) == '\0')
            mgr_set_text(&record->authority, present);
    }
}

typedef enum { KEEP_BUNDLES, WITHDRAW_BUNDLES } Bundles;

/* What counts on disk now.  Whether the call may change anything was asked before the disk was.  NULL, or takes who is
 * shut out by it. */
static void announce_without(MgrSuccessionCalls *calls, MgrCall *call, const char *what, Bundles bundles,
                             json_t *shut_out)
{
    static const MgrChangeKind kind = { fold_step, fail_step, step_free };
    HlWriteSet *set = hl_write_set_new();
    Step *step = g_new0(Step, 1);

    calls->is_writing = true;
    *step = (Step){ .calls = calls, .call = call, .what = what, .shut_out = shut_out };
    step->record = mgr_location_next(calls->parts.location, call != NULL ? mgr_call_admin(call) : MGR_AUDIT_SITE);
    if (bundles == WITHDRAW_BUNDLES)
        step->bundles = mgr_bundles_write_withdrawal(calls->parts.fleet, set, step->record.changed_at);
    mgr_write_place(set, &step->record);
    name_present(calls, set);
    if (call != NULL)
        mgr_call_note(call, set);
    else
        note(step, set);
    mgr_record_commit(calls->parts.record, set, &kind, step);
}

static void announce(MgrSuccessionCalls *calls, MgrCall *call, const char *what, Bundles bundles)
{
    announce_without(calls, call, what, bundles, NULL);
}

/* ------------------------------------------------------------------------------------------------------------ steps */

#define ANNOUNCED "a new authority is announced"
#define ENDED     "the new authority is the only one"
#define OVER      "the authority before has ended by its date: the new one is the only one"
#define CANCELLED "the new authority is no longer announced"

/* Who is without a certificate of the new one, and will not be found when the old one has ended.  NULL: nobody. */
static json_t *find_shut_out(const MgrSuccessionCalls *calls)
{
    g_auto(Left) left = find_left(calls, NULL);
    json_t *document;

    if (left.endpoints->len + left.people->len == 0)
        return NULL;
    document = json_object();
    name_left(calls, &left, document);
    return document;
}

/* The server's own certificates first: while they are of the old one, that one must count. */
static bool end_old(MgrSuccessionCalls *calls, MgrCall *call, GError **error)
{
    g_autoptr(json_t) shut_out = find_shut_out(calls);
    bool over = is_over(calls);

    if ((call != NULL && !mgr_call_may_change(call, error)) || !mgr_own_follow(calls->parts.own, error) ||
        !(over ? mgr_pki_outlive_present(calls->parts.pki, error) : mgr_pki_end_present(calls->parts.pki, error)))
        return false;
    announce_without(calls, call, over ? OVER : ENDED, WITHDRAW_BUNDLES, g_steal_pointer(&shut_out));
    return true;
}

static bool check_free(const MgrSuccessionCalls *calls, GError **error)
{
    return !calls->is_writing || mgr_refuse(error, MGR_REFUSE_ROLLOVER_WRITING, NULL);
}

static bool check_start(const MgrSuccessionCalls *calls, GError **error)
{
    if (!check_free(calls, error))
        return false;
    if (is_on(calls))
        return mgr_refuse(error, MGR_REFUSE_ROLLOVER_CA_EXISTS, NULL);
    return mgr_pki_tells_broker(calls->parts.pki) || mgr_refuse(error, MGR_REFUSE_ROLLOVER_EXTERNAL, NULL);
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
    const char *serial = mgr_call_message(call)->certificate;

    return next == NULL || mgr_call_console(call) != NULL ||
           mgr_holders_is_of(mgr_fleet_certificate(calls->parts.fleet, serial), next) ||
           mgr_refuse(error, MGR_REFUSE_ROLLOVER_OWN_OLD, NULL);
}

static void refuse_left(const MgrSuccessionCalls *calls, GError **error)
{
    g_auto(Left) left = find_left(calls, NULL);
    g_autofree char *names = mgr_holders_names(left.people, left.endpoints);

    mgr_refuse(error, MGR_REFUSE_ROLLOVER_CA_NOT_ALL, names, HL_NUMBER(left.people->len),
               HL_NUMBER(left.endpoints->len), NULL);
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
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_NO_CA, NULL);
        break;
    case MGR_SUCCESSION_WAIT:
        refuse_left(calls, &error);
        break;
    case MGR_SUCCESSION_SIGN:
        if (mgr_own_follow(calls->parts.own, &error))
            mgr_refuse(&error, MGR_REFUSE_ROLLOVER_CA_BROKER, NULL);
        break;
    case MGR_SUCCESSION_BROKER:
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_CA_UNREAD, NULL);
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

        if (mgr_holders_is_live(record) && mgr_holders_is_of(record, next))
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
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_NO_CA_YET, NULL);
    else if (is_used(calls))
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_CA_USED, NULL);
    else if (mgr_call_may_change(call, &error) && mgr_pki_cancel_next(calls->parts.pki, &error)) {
        announce(calls, call, CANCELLED, KEEP_BUNDLES);
        return;
    }
    mgr_call_fail(call, error);
}

static void call_status(MgrCall *call, gpointer user)
{
    mgr_call_done(call, status_document(user, mgr_call_caller(call)));
}

/* ------------------------------------------------------------------------------------------------------------- life */

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

/* Somebody on the server can tell which of the two is wrong, clock or authority; so can an endpoint's clock. */
static void tell_doubt(const MgrSuccessionCalls *calls)
{
    g_autofree char *end = hl_time_format(hl_cert_info(mgr_pki_authority(calls->parts.pki))->not_after);
    g_autofree char *now = hl_time_format(hl_clock_wall());

    hl_log_limited(HL_LOG_ERROR, "authority", "doubt",
                   "the certificate authority ends at %s, and this server's clock, which has jumped, says %s: set it "
                   "if it is wrong.  If it is right, another authority follows as soon as an endpoint says so too, or "
                   "by 'holdline account certificate NAME --site DIR' on this server",
                   end, now);
}

/* The owner has not done it: who is on line follows within seconds, and nobody has to be visited. */
static void begin_by_itself(MgrSuccessionCalls *calls)
{
    g_autoptr(GError) error = NULL;

    switch (mgr_pki_stage(calls->parts.pki)) {
    case MGR_AUTHORITY_GOOD:
        return;
    case MGR_AUTHORITY_DOUBTFUL:
        tell_doubt(calls);
        return;
    case MGR_AUTHORITY_LAST_MONTH:
        if (!mgr_pki_tells_broker(calls->parts.pki))
            return; /* the ends say that it is time (core/ends) */
        break;
    case MGR_AUTHORITY_OVER:
        break;
    }
    if (mgr_pki_begin_next(calls->parts.pki, &error))
        announce(calls, NULL, ANNOUNCED, KEEP_BUNDLES);
    else
        hl_log_limited(HL_LOG_ERROR, "authority", "begin", "another authority cannot be made: %s", error->message);
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
    if (!is_on(calls)) {
        begin_by_itself(calls);
        return G_SOURCE_CONTINUE;
    }
    step = find_step(calls, false);
    if ((step == MGR_SUCCESSION_SIGN && !mgr_own_follow(calls->parts.own, &error)) ||
        (step == MGR_SUCCESSION_END && !end_old(calls, NULL, &error)))
        hl_log_limited(HL_LOG_WARN, "authority", "step", "the new authority has to wait: %s", error->message);
    return G_SOURCE_CONTINUE;
}

static const MgrCallRow rows[] = {
    { "server authority start", "", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_start },
    { "server authority status", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_status },
    { "server authority finish", "", "force", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_finish },
    { "server authority cancel", "", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_cancel },
    { .name = NULL },
};

MgrSuccessionCalls *mgr_succession_calls_new(const MgrSuccessionCallsOptions *options, MgrDispatch *dispatch)
{
    MgrSuccessionCalls *calls = g_new0(MgrSuccessionCalls, 1);

    calls->parts = *options;
    calls->holders = (MgrHolders){ options->fleet, options->location };
    mgr_holders_mark_left_behind(&calls->holders);
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
