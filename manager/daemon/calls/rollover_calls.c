/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/rollover_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/refusal.h"
#include "manager/daemon/work/withdrawal.h"

#define LOOK_EVERY     10 /* s; a walk over the endpoints, while a rollover is on */
#define COMPLAIN_EVERY HL_HOUR

struct MgrRolloverCalls {
    MgrRolloverCallsOptions parts;
    guint timer;
    bool is_stepping;      /* one at a time: each is made of what was announced before it */
    bool is_unsigned;      /* another key signs than what the broker keeps was signed with */
    const char *complaint; /* the last one; NULL: none */
    HlTime complained;     /* mono */
};

typedef enum { START, FINISH, CANCEL } Kind;

/* An announcement on its way through the registry. */
typedef struct {
    MgrRolloverCalls *calls;
    MgrCall *call; /* NULL: by itself */
    Kind kind;
    MgrPlaceRecord record;
    GPtrArray *bundles; /* ids of those that it withdraws; NULL: none */
    json_t *shut_out;   /* by the end of the old key, if they have not got the new one by now; NULL: nobody */
} Step;

static Step *step_new(MgrRolloverCalls *calls, MgrCall *call, Kind kind)
{
    Step *step = g_new0(Step, 1);

    calls->is_stepping = true;
    *step = (Step){ .calls = calls, .call = call, .kind = kind };
    step->record = mgr_location_next(calls->parts.location, call != NULL ? mgr_call_admin(call) : MGR_AUDIT_SITE);
    return step;
}

static void step_free(gpointer item)
{
    Step *step = item;

    step->calls->is_stepping = false;
    mgr_place_record_clear(&step->record);
    g_clear_pointer(&step->bundles, g_ptr_array_unref);
    json_decref(step->shut_out);
    g_free(step);
}

static bool is_rolling(const MgrRolloverCalls *calls)
{
    g_auto(MgrPlaceRecord) now = mgr_location_next(calls->parts.location, "");

    return g_strv_length(now.keys) > 1;
}

static char *key_text(GBytes *key)
{
    return hl_hex(g_bytes_get_data(key, NULL), g_bytes_get_size(key));
}

/* -------------------------------------------------------------------------------------------------------- documents */

static json_t *key_document(const char *text, const char *signing)
{
    g_autoptr(GBytes) key = hl_unhex(text);
    g_autofree char *id = hl_signing_key_id(key);

    return json_pack("{s:s, s:b}", "id", id, "signs", strcmp(text, signing) == 0);
}

/* "state": none or announced; "keys" that endpoints are told of; "holding" of "of" endpoints have the announcement; the
 * others in "left" and "more", as in "server show". */
static json_t *status_document(const MgrRolloverCalls *calls, const MgrCaller *caller)
{
    g_auto(MgrPlaceRecord) now = mgr_location_next(calls->parts.location, "");
    g_autofree char *signing = key_text(hl_signing_key_public(mgr_sealer_key(calls->parts.sealer)));
    g_autoptr(json_t) announced = mgr_location_document(calls->parts.location, caller);
    json_t *keys = json_array();
    guint of, holding = mgr_location_holding(calls->parts.location, caller, &of);
    json_t *document;

    for (gsize i = 0; now.keys[i] != NULL; i++)
        json_array_append_new(keys, key_document(now.keys[i], signing));
    document = json_pack("{s:s, s:o, s:I, s:I}", "state", json_array_size(keys) > 1 ? "announced" : "none", "keys",
                         keys, "holding", (json_int_t)holding, "of", (json_int_t)of);
    if (announced != NULL) {
        g_autofree char *since = hl_time_format(now.keys_since);

        json_object_set_new(document, "since",
                            now.keys_since != 0 ? json_string(since)
                                                : json_incref(json_object_get(announced, "changed_at")));
        json_object_set(document, "left", json_object_get(announced, "left"));
        json_object_set(document, "more", json_object_get(announced, "more"));
    }
    return document;
}

/* ------------------------------------------------------------------------------------------------------------ steps */

/* Of what is tried again at each look: hl_log_limited lets one through each time. */
static void complain(MgrRolloverCalls *calls, const char *what, const GError *error)
{
    HlTime now = hl_clock_mono();

    if (calls->complaint != NULL && strcmp(calls->complaint, what) == 0 && now < calls->complained + COMPLAIN_EVERY)
        return;
    calls->complaint = what;
    calls->complained = now;
    hl_warn("rollover", "%s (tried again every %d s): %s", what, LOOK_EVERY, error->message);
}

/* What the broker keeps first; what is killed before the file is in place begins with that again. */
static void settle(MgrRolloverCalls *calls)
{
    g_autoptr(GError) error = NULL;

    if (calls->is_unsigned && !mgr_down_is_up(calls->parts.down))
        return; /* no broker: in a while */
    if (calls->is_unsigned)
        mgr_delivery_resign(calls->parts.delivery);
    calls->is_unsigned = false;
    if (!mgr_sealer_settle(calls->parts.sealer, &error))
        complain(calls, "the new sealing key signs, and is not in place yet", error);
}

/* The registry says that the new key is the only one. */
static void take_new(MgrRolloverCalls *calls)
{
    if (mgr_sealer_next(calls->parts.sealer) != NULL)
        mgr_sealer_switch(calls->parts.sealer);
    calls->is_unsigned = true;
}

static void fold_step(gpointer change)
{
    static const char *const words[] = { [START] = "a new sealing key is announced",
                                         [FINISH] = "the new sealing key signs, and the old one is gone",
                                         [CANCEL] = "the new sealing key is no longer announced" };
    Step *step = change;
    MgrRolloverCalls *calls = step->calls;
    g_autoptr(GError) error = NULL;
    json_t *document;

    hl_info("rollover", "%s, by %s", words[step->kind], step->record.changed_by);
    mgr_bundles_fold_withdrawal(calls->parts.fleet, step->bundles, step->record.changed_at);
    if (step->kind == FINISH)
        take_new(calls);
    mgr_location_announce(calls->parts.location, &step->record);
    if (step->kind == FINISH)
        settle(calls);
    if (step->kind == CANCEL && !mgr_sealer_drop(calls->parts.sealer, &error))
        hl_warn("rollover", "%s: it is not used, and the next rollover takes it", error->message);
    if (step->call == NULL)
        return;
    document = status_document(calls, mgr_call_caller(step->call));
    json_object_set_new(document, "bundles_withdrawn", json_integer(step->bundles != NULL ? step->bundles->len : 0));
    if (step->shut_out != NULL)
        json_object_set(document, "shut_out", step->shut_out);
    mgr_call_done(step->call, document);
}

static void fail_step(gpointer change, const GError *error)
{
    const Step *step = change;
    g_autoptr(GError) conflict = NULL;

    if (step->call == NULL) {
        complain(step->calls, "the rollover of the sealing key cannot be finished yet, and the old one signs on",
                 error);
        return;
    }
    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&conflict, MGR_REFUSE_ROLLOVER_CHANGED, NULL);
    mgr_call_fail(step->call, conflict != NULL ? conflict : error);
}

static const MgrChangeKind step_kind = { fold_step, fail_step, step_free };

static void set_keys(Step *step, char *newest, char *older)
{
    g_strfreev(step->record.keys);
    step->record.keys = g_new0(char *, 3);
    step->record.keys[0] = newest;
    step->record.keys[1] = older;
    step->record.keys_since = step->record.changed_at;
}

static void commit(Step *step, HlWriteSet *set)
{
    mgr_write_place(set, &step->record);
    if (step->call != NULL)
        mgr_call_commit(step->call, step->calls->parts.record, set, &step_kind, step);
    else
        mgr_record_commit(step->calls->parts.record, set, &step_kind, step);
}

static bool check_free(const MgrRolloverCalls *calls, GError **error)
{
    return !calls->is_stepping || mgr_refuse(error, MGR_REFUSE_ROLLOVER_WRITING, NULL);
}

static void call_start(MgrCall *call, gpointer user)
{
    MgrRolloverCalls *calls = user;
    g_autoptr(GError) error = NULL;
    Step *step;

    if (check_free(calls, &error) && is_rolling(calls))
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_KEY_EXISTS, NULL);
    if (error != NULL || !mgr_sealer_prepare(calls->parts.sealer, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    step = step_new(calls, call, START);
    set_keys(step, key_text(mgr_sealer_next(calls->parts.sealer)),
             key_text(hl_signing_key_public(mgr_sealer_key(calls->parts.sealer))));
    commit(step, hl_write_set_new());
}

static bool check_finish(const MgrRolloverCalls *calls, bool is_forced, GError **error)
{
    guint of, holding = mgr_location_holding(calls->parts.location, NULL, &of);

    if (!check_free(calls, error))
        return false;
    if (!is_rolling(calls))
        return mgr_refuse(error, MGR_REFUSE_ROLLOVER_NO_KEY, NULL);
    return is_forced || holding == of ||
           mgr_refuse(error, MGR_REFUSE_ROLLOVER_NOT_ALL, HL_NUMBER(of - holding), HL_NUMBER(of), NULL);
}

/* The registry first: where it cannot be written, on a full disk say, the old key signs on, and nobody is left behind.
 * The file follows, at the next start if need be. */
static void finish(MgrRolloverCalls *calls, MgrCall *call)
{
    Step *step = step_new(calls, call, FINISH);
    HlWriteSet *set = hl_write_set_new();
    GBytes *next = mgr_sealer_next(calls->parts.sealer);

    /* none: a manager of before had moved the file, and was killed then */
    set_keys(step, key_text(next != NULL ? next : hl_signing_key_public(mgr_sealer_key(calls->parts.sealer))), NULL);
    step->shut_out = mgr_location_lacking(calls->parts.location);
    step->bundles = mgr_bundles_write_withdrawal(calls->parts.fleet, set, step->record.changed_at);
    if (call == NULL)
        mgr_calls_note(set,
                       &(MgrAuditRecord){ .account = hl_unconst(MGR_AUDIT_SITE),
                                          .certificate = hl_unconst(""),
                                          .call = hl_unconst("server rollover finish"),
                                          .arguments = hl_unconst(""),
                                          .code = hl_unconst(""),
                                          .text = hl_unconst("all endpoints hold the new key") },
                       calls->parts.calls);
    commit(step, set);
}

static void call_finish(MgrCall *call, gpointer user)
{
    MgrRolloverCalls *calls = user;
    g_autoptr(GError) error = NULL;

    if (check_finish(calls, mgr_call_argument(call, "force") != NULL, &error))
        finish(calls, call);
    else
        mgr_call_fail(call, error);
}

static void call_cancel(MgrCall *call, gpointer user)
{
    MgrRolloverCalls *calls = user;
    g_autoptr(GError) error = NULL;
    Step *step;

    if (check_free(calls, &error) && !is_rolling(calls))
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_NO_KEY_YET, NULL);
    else if (error == NULL && mgr_sealer_next(calls->parts.sealer) == NULL)
        mgr_refuse(&error, MGR_REFUSE_ROLLOVER_KEY_SIGNS, NULL);
    if (error != NULL) {
        mgr_call_fail(call, error);
        return;
    }
    step = step_new(calls, call, CANCEL);
    set_keys(step, key_text(hl_signing_key_public(mgr_sealer_key(calls->parts.sealer))), NULL);
    commit(step, hl_write_set_new());
}

static void call_status(MgrCall *call, gpointer user)
{
    mgr_call_done(call, status_document(user, mgr_call_caller(call)));
}

/* ------------------------------------------------------------------------------------------------------------- life */

static gboolean on_look(gpointer user)
{
    MgrRolloverCalls *calls = user;

    settle(calls);
    if (is_rolling(calls) && check_finish(calls, false, NULL))
        finish(calls, NULL);
    return G_SOURCE_CONTINUE;
}

/* Killed between registry and file: the one key that is announced is the next one. */
static void catch_up(MgrRolloverCalls *calls)
{
    g_auto(MgrPlaceRecord) now = mgr_location_next(calls->parts.location, "");
    GBytes *next = mgr_sealer_next(calls->parts.sealer);
    g_autofree char *text = next != NULL ? key_text(next) : NULL;

    if (text != NULL && g_strv_length(now.keys) == 1 && strcmp(now.keys[0], text) == 0)
        take_new(calls);
}

static const MgrCallRow rows[] = {
    { "server rollover start", "", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_start },
    { "server rollover status", "", "", MGR_NEED_AUDIT, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_status },
    { "server rollover finish", "", "force", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_finish },
    { "server rollover cancel", "", "", MGR_NEED_OWN, MGR_SCOPE_NONE, MGR_PROOF_PASSWORD, call_cancel },
    { .name = NULL },
};

MgrRolloverCalls *mgr_rollover_calls_new(const MgrRolloverCallsOptions *options, MgrDispatch *dispatch)
{
    MgrRolloverCalls *calls = g_new0(MgrRolloverCalls, 1);

    calls->parts = *options;
    catch_up(calls);
    calls->timer = g_timeout_add_seconds(LOOK_EVERY, on_look, calls);
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_rollover_calls_free(MgrRolloverCalls *calls)
{
    if (calls == NULL)
        return;
    g_clear_handle_id(&calls->timer, g_source_remove);
    g_free(calls);
}
