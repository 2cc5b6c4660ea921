/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/call.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/said.h"
#include "lib/base/unconst.h"
#include "manager/core/refusal.h"
#include "manager/daemon/calls/audit_text.h"
#include "manager/daemon/calls/once.h"
#include "manager/daemon/calls/reply.h"
#include "proto/wire.h"

#define PART_ELEMENTS 100
#define MAX_AUDITED   1024   /* bytes of a message, and of the serials of a name */
#define ROW_SIZE      256    /* bytes of a row beside its texts: times, hash, indexes */
#define MAX_PART      200000 /* bytes of a part's document, unless one element alone has more */

struct MgrCalls {
    const MgrFleet *fleet;
    MgrDown *down;
    MgrRecord *record;
    MgrAudit *audit;
    MgrOnce *once;
    GHashTable *open; /* a set of MgrCall * */
    uint64_t refused;
    guint64 last;         /* number of a call */
    MgrWarnings warnings; /* NULL: there is nothing to warn of */
    gpointer user;
};

struct MgrCall {
    MgrCalls *calls;
    guint64 number;
    MgrOrigin origin;
    guint broker, parts; /* that it came by, where the answer goes; of a list that went there, so far */
    bool failed;
    bool is_second;      /* an earlier one with its key is under way */
    bool noted;          /* the audit log has it, with the change */
    GBytes *correlation; /* may be NULL */
    HlMsgCall *message;
    MgrClaim *claim;   /* NULL: it came without a key, or its answer is kept */
    MgrStream *stream; /* NULL: nothing makes the answer piece by piece */
    GDestroyNotify free_stream;
};

static void free_call(gpointer item)
{
    MgrCall *call = item;

    if (call->stream != NULL)
        call->free_stream(call->stream);
    if (call->claim != NULL)
        mgr_claim_end(call->claim, MGR_CLAIM_UNDONE);
    mgr_caller_clear(&call->origin.caller);
    g_free(call->origin.name);
    g_free(call->origin.certificates);
    g_free(call->origin.address);
    g_free(call->origin.pass);
    g_clear_pointer(&call->correlation, g_bytes_unref);
    hl_wire_free(call->message);
    g_free(call);
}

MgrCalls *mgr_calls_new(const MgrFleet *fleet, MgrDown *down, MgrRecord *record, MgrWitness *witness)
{
    MgrCalls *calls = g_new0(MgrCalls, 1);

    calls->fleet = fleet;
    calls->down = down;
    calls->record = record;
    calls->audit = mgr_audit_new(fleet, record, witness);
    calls->once = mgr_once_new(&(MgrOnceOptions){ record, fleet });
    calls->open = g_hash_table_new_full(NULL, NULL, free_call, NULL);
    return calls;
}

void mgr_calls_free(MgrCalls *calls)
{
    if (calls == NULL)
        return;
    g_hash_table_unref(calls->open);
    mgr_once_free(calls->once);
    mgr_audit_free(calls->audit);
    g_free(calls);
}

void mgr_calls_warn_with(MgrCalls *calls, MgrWarnings warnings, gpointer user)
{
    calls->warnings = warnings;
    calls->user = user;
}

void mgr_calls_settle(MgrCalls *calls)
{
    mgr_calls_warn_with(calls, NULL, NULL);
    mgr_audit_settle(calls->audit);
}

void mgr_calls_note(HlWriteSet *set, const MgrAuditRecord *row, gpointer calls)
{
    mgr_audit_add(((MgrCalls *)calls)->audit, set, row);
}

void mgr_calls_tell(const MgrAuditRecord *row, gpointer calls)
{
    mgr_audit_tell(((MgrCalls *)calls)->audit, row, MGR_QUOTA_STRANGER);
}

uint64_t mgr_calls_refused(const MgrCalls *calls)
{
    return calls->refused;
}

MgrCall *mgr_call_new(MgrCalls *calls, MgrOrigin *origin, GBytes *correlation, HlMsgCall *message)
{
    MgrCall *call = g_new0(MgrCall, 1);

    call->calls = calls;
    call->number = ++calls->last;
    call->broker = mgr_down_heard(calls->down);
    call->origin = *origin;
    *origin = (MgrOrigin){ 0 };
    call->correlation = correlation != NULL ? g_bytes_ref(correlation) : NULL;
    call->message = message;
    g_hash_table_add(calls->open, call);
    return call;
}

MgrCall *mgr_calls_find(const MgrCalls *calls, bool (*is_it)(const MgrCall *call, gpointer user), gpointer user)
{
    GHashTableIter iter;
    gpointer call;

    g_hash_table_iter_init(&iter, calls->open);
    while (g_hash_table_iter_next(&iter, &call, NULL))
        if (is_it(call, user))
            return call;
    return NULL;
}

MgrCalls *mgr_call_calls(const MgrCall *call)
{
    return call->calls;
}

guint64 mgr_call_number(const MgrCall *call)
{
    return call->number;
}

void mgr_call_set_stream(MgrCall *call, MgrStream *stream, GDestroyNotify free)
{
    call->stream = stream;
    call->free_stream = free;
}

MgrStream *mgr_call_stream(const MgrCall *call)
{
    return call->stream;
}

const MgrOrigin *mgr_call_origin(const MgrCall *call)
{
    return &call->origin;
}

GBytes *mgr_call_correlation(const MgrCall *call)
{
    return call->correlation;
}

static bool are_same_groups(char *const *a, char *const *b)
{
    return a == NULL || b == NULL ? a == b : g_strv_equal((const char *const *)a, (const char *const *)b);
}

bool mgr_call_is_still_allowed(const MgrCall *call)
{
    const MgrCaller *then = &call->origin.caller;
    const MgrAccountRecord *account = mgr_accounts_get(call->calls->fleet->accounts, then->account);
    g_auto(MgrCaller) now = { 0 };

    if (!call->origin.is_account || account == NULL || account->disabled_at != 0)
        return !call->origin.is_account;
    mgr_caller_init(&now, account->name, account->role, account->groups);
    return now.role == then->role && are_same_groups(now.groups, then->groups);
}

guint mgr_call_parts(const MgrCall *call)
{
    return call->parts;
}

gsize mgr_call_queued(const MgrCall *call)
{
    return mgr_down_count_at(call->calls->down, call->broker).queued;
}

const MgrCaller *mgr_call_caller(const MgrCall *call)
{
    return &call->origin.caller;
}

const char *mgr_call_admin(const MgrCall *call)
{
    return call->origin.caller.account;
}

const char *mgr_call_console(const MgrCall *call)
{
    return call->origin.is_console ? call->origin.name : NULL;
}

const char *mgr_call_pass(const MgrCall *call)
{
    return call->origin.pass;
}

bool mgr_call_is_token(const MgrCall *call)
{
    return call->origin.pass != NULL && g_str_has_prefix(call->origin.pass, "t-");
}

const char *mgr_call_address(const MgrCall *call)
{
    return call->origin.address;
}

const HlMsgCall *mgr_call_message(const MgrCall *call)
{
    return call->message;
}

/* -------------------------------------------------------------------------------------------------------- arguments */

const char *mgr_call_argument(const MgrCall *call, const char *name)
{
    for (size_t i = 0; i < call->message->n_arguments; i++)
        if (strcmp(call->message->arguments[i]->name, name) == 0)
            return call->message->arguments[i]->value;
    return NULL;
}

bool mgr_call_duration(const MgrCall *call, const char *name, HlTime fallback, HlTime min, HlTime max, HlTime *value,
                       GError **error)
{
    const char *text = mgr_call_argument(call, name);

    *value = fallback;
    if (text == NULL)
        return true;
    if (!hl_duration_parse(text, value, error))
        return hl_error_prefix(error, "%s", name);
    if (*value < min || *value > max) {
        g_autofree char *least = hl_duration_format(min);
        g_autofree char *most = hl_duration_format(max);

        return mgr_refuse(error, MGR_REFUSE_CALL_BETWEEN, name, text, least, most, NULL);
    }
    return true;
}

bool mgr_call_integer(const MgrCall *call, const char *name, int64_t min, int64_t max, int64_t *value, GError **error)
{
    const char *text = mgr_call_argument(call, name);
    gint64 parsed = 0;

    if (text == NULL)
        return true;
    if (!g_ascii_string_to_signed(text, 10, min, max, &parsed, NULL))
        return mgr_refuse(error, MGR_REFUSE_CALL_NUMBER, name, text, HL_NUMBER(min), HL_NUMBER(max), NULL);
    *value = parsed;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ audit */

static char *print_arguments(const MgrCall *call)
{
    const MgrAuditWay way = { mgr_call_console(call), call->origin.address, call->origin.pass };

    return mgr_audit_text(&way, call->message);
}

static void tell_audit(MgrCall *call, HlWriteSet *set, const char *code, const char *text)
{
    g_autofree char *name = mgr_audit_cut(call->message->name, MAX_AUDITED);
    g_autofree char *serials = mgr_audit_cut(call->origin.certificates, MAX_AUDITED); /* a name may have any number */
    g_autofree char *arguments = print_arguments(call);
    g_autofree char *shown = mgr_audit_cut(text, MAX_AUDITED);
    MgrAuditRecord record = { .account = call->origin.caller.account,
                              .certificate = serials,
                              .call = name,
                              .arguments = arguments,
                              .code = hl_unconst(code),
                              .text = shown };

    if (set != NULL)
        mgr_audit_add(call->calls->audit, set, &record);
    else
        mgr_audit_tell(call->calls->audit, &record, MGR_QUOTA_ROW);
}

void mgr_call_note(MgrCall *call, HlWriteSet *set)
{
    tell_audit(call, set, "", "");
    call->noted = true;
    if (call->claim != NULL)
        mgr_claim_note(call->claim, set);
}

/* A console that speaks for nobody yet lets somebody in, who proved to be that: it is that one's change. */
bool mgr_call_may_change(const MgrCall *call, GError **error)
{
    const MgrOrigin *origin = &call->origin;
    const char *name = origin->is_console && origin->pass == NULL ? mgr_call_argument(call, "name") : NULL;
    g_autofree char *arguments = print_arguments(call);
    MgrAuditChange change = { .account = name != NULL ? name : origin->caller.account,
                              .call = call->message->name,
                              .by_token = mgr_call_is_token(call),
                              .size = strlen(arguments) + MIN(strlen(origin->certificates), MAX_AUDITED) + ROW_SIZE };

    return mgr_audit_may_change(call->calls->audit, &change, error);
}

void mgr_call_commit(MgrCall *call, MgrRecord *record, HlWriteSet *set, const MgrChangeKind *kind, gpointer change)
{
    g_autoptr(GError) error = NULL;

    if (mgr_call_may_change(call, &error)) {
        mgr_call_note(call, set);
        mgr_record_commit(record, set, kind, change);
        return;
    }
    hl_write_set_free(set);
    kind->fail(change, error);
    if (kind->free != NULL)
        kind->free(change);
}

/* ---------------------------------------------------------------------------------------------------------- replies */

/* false: it is larger than it may be, and was not sent.  (Where the line is down it is lost: the CLI asks again.) */
static bool send(MgrCall *call, const MgrReply *reply)
{
    bool is_plain = call->origin.is_plain;
    bool is_denied = strcmp(reply->code, hl_error_name(HL_ERROR_DENIED)) == 0;
    g_autoptr(GBytes) payload = NULL;
    g_auto(GStrv) warnings = NULL;

    if (!reply->more && !is_denied && call->calls->warnings != NULL) /* who is refused is told nothing else */
        warnings = call->calls->warnings(&call->origin.caller, call->calls->user);
    payload = mgr_reply_encode(reply, is_plain ? MGR_REPLY_JSON : MGR_REPLY_WIRE, warnings);
    if (payload == NULL)
        return false;
    call->parts += reply->part != 0;
    if (reply->more && call->claim != NULL) {
        g_autoptr(json_t) document = mgr_reply_document(reply->document, &reply->list);

        mgr_claim_gather(call->claim, document, g_bytes_get_size(payload));
    }
    mgr_down_reply(call->calls->down, call->broker, is_plain ? HL_TOPIC_MONITOR_REPLY : HL_TOPIC_ADMIN_REPLY,
                   call->origin.name, payload, call->correlation);
    return true;
}

static bool reply(MgrCall *call, const char *code, const char *message, bool more, const json_t *document)
{
    return send(call, &(MgrReply){ code, message, more, document, { 0 }, HL_BUS_MAX_SIZE, call->is_second, 0, 0 });
}

static void end_call(MgrCall *call)
{
    if (!call->failed && !call->noted && !mgr_need_is_to_look(call->origin.need))
        tell_audit(call, NULL, "", "");
    g_hash_table_remove(call->calls->open, call);
}

void mgr_call_progress(MgrCall *call, json_t *document)
{
    g_autoptr(json_t) owned = document;

    if (!reply(call, "", "", true, owned))
        hl_log_limited(HL_LOG_ERROR, "call", call->message->name, "%s: progress larger than a message is left out",
                       call->message->name);
}

static void fail_too_large(MgrCall *call)
{
    g_autoptr(GError) error = NULL;

    mgr_refuse(&error, MGR_REFUSE_ANSWER_TOO_LARGE, call->message->name, HL_NUMBER(HL_BUS_MAX_SIZE), NULL);
    mgr_call_fail(call, error);
}

/* -------------------------------------------------------------------------------------------------- once, and again */

/* The end of a call with a key, on its way through the registry. */
typedef struct {
    MgrCall *call;
    MgrClaim *claim;
    GError *error; /* NULL: success */
    bool is_kept;
    const char *name; /* of the list that part is the end of; NULL: last is all */
    GPtrArray *part;  /* texts */
    json_t *last;
} End;

static void free_end(gpointer item)
{
    End *end = item;

    g_clear_error(&end->error);
    g_clear_pointer(&end->part, g_ptr_array_unref);
    json_decref(end->last);
    g_free(end);
}

static void finish(gpointer item)
{
    End *end = item;

    mgr_claim_end(end->claim, MGR_CLAIM_DONE);
    if (end->error != NULL && end->is_kept)
        mgr_call_refuse(end->call, end->error);
    else if (end->error != NULL)
        mgr_call_fail(end->call, end->error);
    else if (end->name != NULL)
        mgr_call_last(end->call, end->name, g_ptr_array_ref(end->part), json_incref(end->last));
    else
        mgr_call_done(end->call, json_incref(end->last));
}

/* It was done all the same, and is told; asked again, nobody knows the answer. */
static void finish_unkept(gpointer item, const GError *error)
{
    hl_log_limited(HL_LOG_ERROR, "call", "once", "an answer is not kept for who asks again: %s", error->message);
    finish(item);
}

/* Takes what is in end. */
static void keep(MgrCall *call, const End *end)
{
    static const MgrChangeKind kind = { finish, finish_unkept, free_end };
    HlWriteSet *set = hl_write_set_new();
    End *copy = g_memdup2(end, sizeof *end);
    g_autoptr(json_t) whole = mgr_reply_document(
        end->last, &(MgrReplyList){ end->name, end->part, 0, end->part != NULL ? end->part->len : 0 });

    copy->call = call;
    copy->claim = g_steal_pointer(&call->claim);
    mgr_claim_keep(copy->claim, set, end->error, whole);
    mgr_record_commit(call->calls->record, set, &kind, copy);
}

/* What came first is answered again, and nothing done: neither a row of the audit log nor a change. */
static void answer_again(MgrCall *call, const MgrOnceAnswer *answer)
{
    g_autoptr(json_t) document = hl_json_parse("an answer", answer->json, strlen(answer->json), NULL);

    call->noted = true;
    reply(call, answer->code, answer->message, false, document);
    end_call(call);
}

bool mgr_call_begin(MgrCall *call)
{
    const MgrOrigin *from = &call->origin;
    bool has_key = *call->message->once != '\0' && (!from->is_console || from->pass != NULL);
    g_auto(MgrOnceAnswer) answer = { 0 };
    g_autoptr(GError) error = NULL;

    if (!has_key || mgr_need_is_to_look_only(from->need) || !mgr_once_takes(call->message))
        return true;
    switch (mgr_once_claim(call->calls->once, &from->caller, from->pass, call->message, hl_clock_wall(), &call->claim,
                           &answer, &error)) {
    case MGR_ONCE_FIRST:
        return true;
    case MGR_ONCE_AGAIN:
        answer_again(call, &answer);
        return false;
    case MGR_ONCE_REFUSED:
        call->is_second = answer.is_under_way;
        mgr_call_fail(call, error);
        return false;
    }
    g_assert_not_reached();
}

void mgr_call_done(MgrCall *call, json_t *document)
{
    g_autoptr(json_t) owned = document;

    if (call->claim != NULL)
        keep(call, &(End){ .last = json_incref(owned) });
    else if (reply(call, "", "", false, owned))
        end_call(call);
    else
        fail_too_large(call);
}

/* What failed and did nothing gives its key back; what was done first, and then failed, is not done again. */
static void fail(MgrCall *call, const GError *error, bool is_kept)
{
    g_autoptr(json_t) said = hl_said_json(error);

    if (call->claim != NULL && call->noted) {
        if (mgr_claim_is_done(call->claim)) {
            keep(call, &(End){ .error = g_error_copy(error), .is_kept = is_kept });
            return;
        }
        mgr_claim_take_back(call->claim);
    }
    call->calls->refused++;
    call->failed = true;
    if (is_kept && !call->is_second)
        tell_audit(call, NULL, hl_error_name(hl_error_code(error)), error->message);
    reply(call, hl_error_name(hl_error_code(error)), error->message, false, said);
    end_call(call);
}

/* Those who look change nothing, and what they mistype is no refusal; one that is denied is. */
void mgr_call_fail(MgrCall *call, const GError *error)
{
    g_autoptr(GError) told = mgr_refusal_told(error);

    fail(call, told, !mgr_need_is_to_look(call->origin.need) || hl_error_code(told) == HL_ERROR_DENIED);
}

void mgr_call_refuse(MgrCall *call, const GError *error)
{
    fail(call, error, true);
}

static bool send_list(MgrCall *call, bool more, const json_t *document, const MgrReplyList *list, gsize max)
{
    return send(call, &(MgrReply){ "", "", more, document, *list, max, false, call->parts + 1,
                                   call->stream != NULL && call->message->paces ? MGR_REPLY_WINDOW : 0 });
}

/* What of the list is not the last, in as many parts as its size takes.  false: one element alone is too large. */
static bool send_elements(MgrCall *call, const MgrReplyList *list)
{
    guint n = list->to - list->from, middle = list->from + n / 2;

    if (send_list(call, true, NULL, list, n > 1 ? MAX_PART : HL_BUS_MAX_SIZE))
        return true;
    return n > 1 && send_elements(call, &(MgrReplyList){ list->name, list->texts, list->from, middle }) &&
           send_elements(call, &(MgrReplyList){ list->name, list->texts, middle, list->to });
}

bool mgr_call_part(MgrCall *call, const MgrReplyList *list)
{
    if (send_elements(call, list))
        return true;
    fail_too_large(call);
    return false;
}

void mgr_call_last(MgrCall *call, const char *name, GPtrArray *part, json_t *rest)
{
    MgrReplyList list = { name, part, 0, part->len };
    g_autoptr(GPtrArray) owned = part;
    g_autoptr(json_t) last = rest;

    if (call->claim != NULL)
        keep(call, &(End){ .name = name, .part = g_steal_pointer(&owned), .last = g_steal_pointer(&last) });
    else if (send_list(call, false, last, &list, HL_BUS_MAX_SIZE))
        end_call(call);
    else if (list.to == 0)
        fail_too_large(call);
    else if (mgr_call_part(call, &list))
        mgr_call_last(call, name, g_ptr_array_new(), g_steal_pointer(&last));
}

void mgr_call_done_list(MgrCall *call, const char *name, json_t *array, json_t *rest)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) all = array;
    g_autoptr(json_t) last = rest;
    json_t *element;
    guint from = 0;
    size_t i;

    json_array_foreach(all, i, element) g_ptr_array_add(texts, hl_json_print(element));
    for (; texts->len - from > PART_ELEMENTS; from += PART_ELEMENTS)
        if (!mgr_call_part(call, &(MgrReplyList){ name, texts, from, from + PART_ELEMENTS }))
            return;
    g_ptr_array_remove_range(texts, 0, from);
    mgr_call_last(call, name, g_steal_pointer(&texts), g_steal_pointer(&last));
}
