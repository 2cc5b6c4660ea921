/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/daemon/calls/notification_calls.h"

#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/core/edition.h"
#include "manager/core/mail_replies.h"
#include "manager/core/meant.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/selector.h"

#define MOST_LISTED   500 /* messages */
#define USUALLY       50
#define SECRET_RANDOM 32 /* bytes */

struct MgrNotificationCalls {
    MgrNotificationCallsOptions parts;
};

static bool fail_unknown(const MgrNotificationCalls *calls, const MgrCaller *caller, const char *name, GError **error)
{
    g_auto(GStrv) names = mgr_notifications_names(calls->parts.notifications);
    MgrMeant meant;
    g_autofree char *near = NULL;

    mgr_meant_begin(&meant, name);
    for (gsize i = 0; names[i] != NULL; i++)
        if (mgr_rule_is_seen(mgr_notifications_rule(calls->parts.notifications, names[i])->rule, caller))
            mgr_meant_consider(&meant, names[i], NULL);
    near = mgr_meant_end(&meant);
    return near != NULL ? mgr_refuse(error, MGR_REFUSE_NOTIFICATION_NEAR, name, near, NULL)
                        : mgr_refuse(error, MGR_REFUSE_NOTIFICATION_UNKNOWN, name, NULL);
}

/* What a caller may not see is not there. */
static const MgrRuleView *view_of(const MgrNotificationCalls *calls, const MgrCall *call, const char *name,
                                  GError **error)
{
    const MgrRuleView *view = mgr_notifications_rule(calls->parts.notifications, name);

    if (view != NULL && mgr_rule_is_seen(view->rule, mgr_call_caller(call)))
        return view;
    fail_unknown(calls, mgr_call_caller(call), name, error);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------- list, show */

static json_t *options_of(const MgrRule *rule)
{
    HlOptionTable table = mgr_rule_table();
    json_t *object = json_object();

    for (size_t i = 0; i < table.count; i++) {
        g_autofree char *value = hl_option_get(&table.rows[i], rule);

        json_object_set_new(object, table.rows[i].name, json_string(value));
    }
    return object;
}

static MgrEdition edition_of(const MgrRuleView *view)
{
    return view != NULL ? (MgrEdition){ view->record->version, (uint64_t)view->record->changed_at } : (MgrEdition){ 0 };
}

static json_t *rule_document(const MgrRuleView *view)
{
    g_autofree char *tag = mgr_edition_tag(edition_of(view));
    const char *state = !view->rule->enabled       ? "disabled"
                        : view->failing_since != 0 ? "failing"
                        : *view->missed != '\0'    ? "partial"
                                                   : "ok";

    return json_pack("{s:s, s:I, s:s, s:o, s:s, s:s, s:b, s:i, s:o, s:s, s:s, s:o}", "name", view->record->name,
                     "version", (json_int_t)view->record->version, "tag", tag, "changed",
                     hl_json_time(view->record->changed_at), "changed_by", view->record->changed_by, "state", state,
                     "signed", *view->record->secret != '\0', "waiting", (int)view->waiting, "failing_since",
                     hl_json_time(view->failing_since), "said", view->said, "missed", view->missed, "options",
                     options_of(view->rule));
}

static void call_list(MgrCall *call, gpointer user)
{
    const MgrNotificationCalls *calls = user;
    g_auto(GStrv) names = mgr_notifications_names(calls->parts.notifications);
    json_t *array = json_array();

    for (gsize i = 0; names[i] != NULL; i++) {
        const MgrRuleView *view = view_of(calls, call, names[i], NULL);

        if (view != NULL)
            json_array_append_new(array, rule_document(view));
    }
    mgr_call_done_list(call, "notifications", array, NULL);
}

static void call_show(MgrCall *call, gpointer user)
{
    const MgrNotificationCalls *calls = user;
    g_autoptr(GError) error = NULL;
    const MgrRuleView *view = view_of(calls, call, mgr_call_argument(call, "name"), &error);

    if (view == NULL)
        mgr_call_fail(call, error);
    else
        mgr_call_done(call, rule_document(view));
}

/* -------------------------------------------------------------------------------------------------------------- set */

/* A rule on its way through the registry. */
typedef struct {
    MgrNotificationCalls *calls;
    MgrCall *call;
    MgrRuleRecord record;
    char *told; /* a secret that was made, which is told now and never again; NULL: none */
} Save;

static void save_free(gpointer change)
{
    Save *save = change;

    mgr_rule_record_clear(&save->record);
    g_free(save->told);
    g_free(save);
}

static void fail_save(gpointer change, const GError *error)
{
    const Save *save = change;
    g_autoptr(GError) conflict = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&conflict, MGR_REFUSE_NOTIFICATION_CHANGED, save->record.name, NULL);
    mgr_call_fail(save->call, conflict != NULL ? conflict : error);
}

static void fold_save(gpointer change)
{
    Save *save = change;
    MgrNotifications *notifications = save->calls->parts.notifications;
    g_autofree char *name = g_strdup(save->record.name);
    json_t *document;

    hl_info("notification", "'%s' version %" G_GUINT64_FORMAT " by %s", name, save->record.version,
            save->record.changed_by);
    mgr_notifications_put(notifications, &save->record);
    document = rule_document(mgr_notifications_rule(notifications, name));
    if (save->told != NULL)
        json_object_set_new(document, "secret", json_string(save->told));
    mgr_call_done(save->call, document);
}

static bool apply_settings(const MgrCall *call, MgrRule *rule, GError **error)
{
    const HlMsgCall *message = mgr_call_message(call);

    for (size_t i = 0; i < message->n_arguments; i++) {
        const HlMsgArgument *argument = message->arguments[i];
        const char *equals = strchr(argument->value, '=');
        g_autofree char *key = NULL;

        if (strcmp(argument->name, "setting") != 0)
            continue;
        if (equals == NULL)
            return mgr_refuse(error, MGR_REFUSE_CALL_KEY_VALUE, argument->value, NULL);
        key = g_strndup(argument->value, (gsize)(equals - argument->value));
        if (strchr(equals, '\n') != NULL)
            return mgr_refuse(error, MGR_REFUSE_CALL_ONE_LINE, key, NULL);
        if (!hl_options_set(mgr_rule_table(), rule, key, equals + 1, error))
            return false;
    }
    return mgr_rule_check(rule, error);
}

/* Its groups are there for the caller; and nobody makes a rule that tells more than the caller may read: of groups, and
 * of the audit log.  The rule as it was before was judged by check_name. */
static bool check_scope(const MgrNotificationCalls *calls, const MgrCall *call, const MgrRule *rule, GError **error)
{
    const MgrCaller *caller = mgr_call_caller(call);

    for (gsize i = 0; rule->groups[i] != NULL; i++)
        if (mgr_selector_group(calls->parts.fleet, caller, rule->groups[i], error) == NULL)
            return false;
    if (mgr_rule_is_seen(rule, caller))
        return true;
    if (mgr_rule_tells_audit(rule) && !mgr_role_may(caller->role, MGR_NEED_AUDIT))
        return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_AUDIT, caller->account, NULL);
    return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_LIMITED, caller->account, NULL);
}

/* The secret that is to be: as it was, given, or made (then *told has it).  NULL on failure. */
static char *choose_secret(const MgrCall *call, const MgrRule *rule, const char *before, char **told, GError **error)
{
    const char *given = mgr_call_argument(call, "secret");
    g_auto(MgrDestination) destination = { 0 };
    uint8_t random[SECRET_RANDOM];

    if (!mgr_destination_parse(rule->to, &destination, error))
        return NULL;
    if (destination.way != MGR_WAY_WEBHOOK) {
        if (given == NULL && mgr_call_argument(call, "new-secret") == NULL)
            return g_strdup("");
        mgr_refuse(error, MGR_REFUSE_NOTIFICATION_SECRET, NULL);
        return NULL;
    }
    if (given != NULL) {
        if (strlen(given) >= MGR_RULE_SECRET_MIN && strlen(given) <= MGR_RULE_SECRET_MAX)
            return g_strdup(given);
        mgr_refuse(error, MGR_REFUSE_NOTIFICATION_SECRET_SIZE, HL_NUMBER(MGR_RULE_SECRET_MIN),
                   HL_NUMBER(MGR_RULE_SECRET_MAX), NULL);
        return NULL;
    }
    if (*before != '\0' && mgr_call_argument(call, "new-secret") == NULL)
        return g_strdup(before);
    hl_random_bytes(random, sizeof random);
    *told = hl_hex(random, sizeof random);
    return g_strdup(*told);
}

static bool check_name(const MgrNotificationCalls *calls, const MgrCall *call, const char *name, GError **error)
{
    if (mgr_notifications_rule(calls->parts.notifications, name) != NULL)
        return view_of(calls, call, name, NULL) != NULL ||
               mgr_refuse(error, MGR_REFUSE_NOTIFICATION_NAME_TAKEN, name, NULL);
    if (!hl_ident_is_valid(name))
        return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_NAME, name, NULL);
    return mgr_notifications_count(calls->parts.notifications).rules < MGR_RULES_MAX ||
           mgr_refuse(error, MGR_REFUSE_NOTIFICATION_QUOTA, HL_NUMBER(MGR_RULES_MAX), NULL);
}

/* "0": there must be none of this name yet. */
static bool check_version(const MgrRuleView *view, const char *name, const char *expected, GError **error)
{
    MgrEditionFit fit = expected != NULL ? mgr_edition_fit(expected, edition_of(view)) : MGR_EDITION_SAME;

    if (fit == MGR_EDITION_SAME)
        return true;
    if (fit == MGR_EDITION_MALFORMED)
        return mgr_refuse(error, MGR_REFUSE_CALL_NO_VERSION, expected, NULL);
    if (strcmp(expected, "0") == 0)
        return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_EXISTS, name, NULL);
    if (view == NULL)
        return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_GONE, name, NULL);
    return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_STALE, name, HL_NUMBER(view->record->version), expected, NULL);
}

/* The version that the rule is to have; base becomes the one that it has, 0: none. */
static bool choose_version(const MgrNotificationCalls *calls, const MgrRuleView *view, uint64_t *base,
                           uint64_t *version, GError **error)
{
    *base = view != NULL ? view->record->version : 0;
    *version = *base + 1;
    return view != NULL ||
           mgr_registry_first_version(mgr_record_committed(calls->parts.record), MGR_ENDED_RULE, version, error);
}

static void commit_save(Save *save, const MgrRule *rule, uint64_t base)
{
    static const MgrChangeKind kind = { fold_save, fail_save, save_free };
    HlWriteSet *set = hl_write_set_new();

    mgr_write_rule(set, &save->record, base);
    mgr_notifications_write(save->calls->parts.notifications, set, rule, save->record.name);
    mgr_call_commit(save->call, save->calls->parts.record, set, &kind, save);
}

static void call_set(MgrCall *call, gpointer user)
{
    MgrNotificationCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    const MgrRuleView *view = NULL;
    g_auto(MgrRule) rule = { 0 };
    g_autofree char *odd = NULL;
    g_autofree char *told = NULL;
    g_autofree char *secret = NULL;
    g_autoptr(GError) error = NULL;
    uint64_t base = 0, version = 0;
    Save *save;

    if (check_name(calls, call, name, &error)) {
        view = mgr_notifications_rule(calls->parts.notifications, name);
        mgr_rule_parse(view != NULL ? view->record->options : "", &rule, &odd);
        if (check_version(view, name, mgr_call_argument(call, "version"), &error) &&
            apply_settings(call, &rule, &error) && check_scope(calls, call, &rule, &error) &&
            choose_version(calls, view, &base, &version, &error))
            secret = choose_secret(call, &rule, view != NULL ? view->record->secret : "", &told, &error);
    }
    if (secret == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    save = g_new0(Save, 1);
    *save = (Save){ calls, call, { 0 }, g_steal_pointer(&told) };
    save->record = (MgrRuleRecord){ .name = g_strdup(name),
                                    .version = version,
                                    .options = mgr_rule_print(&rule),
                                    .secret = g_steal_pointer(&secret),
                                    .changed_at = hl_clock_wall(),
                                    .changed_by = g_strdup(mgr_call_admin(call)) };
    commit_save(save, &rule, base);
}

/* ----------------------------------------------------------------------------------------------------------- delete */

typedef struct {
    MgrNotificationCalls *calls;
    MgrCall *call;
    char *name;
} Deletion;

static void deletion_free(gpointer change)
{
    g_free(((Deletion *)change)->name);
    g_free(change);
}

static void fold_deletion(gpointer change)
{
    const Deletion *deletion = change;

    mgr_notifications_remove(deletion->calls->parts.notifications, deletion->name);
    hl_info("notification", "'%s' deleted by %s", deletion->name, mgr_call_admin(deletion->call));
    mgr_call_done(deletion->call, NULL);
}

static void fail_deletion(gpointer change, const GError *error)
{
    const Deletion *deletion = change;
    g_autoptr(GError) why = NULL;

    if (hl_error_code(error) == HL_ERROR_CONFLICT)
        mgr_refuse(&why, MGR_REFUSE_NOTIFICATION_DELETED, deletion->name, NULL);
    mgr_call_fail(deletion->call, why != NULL ? why : error);
}

static void call_delete(MgrCall *call, gpointer user)
{
    static const MgrChangeKind kind = { fold_deletion, fail_deletion, deletion_free };
    MgrNotificationCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;
    Deletion *deletion;
    HlWriteSet *set;

    if (view_of(calls, call, name, &error) == NULL) {
        mgr_call_fail(call, error);
        return;
    }
    set = hl_write_set_new();
    mgr_write_rule_removal(set, name);
    deletion = g_new(Deletion, 1);
    *deletion = (Deletion){ calls, call, g_strdup(name) };
    mgr_call_commit(call, calls->parts.record, set, &kind, deletion);
}

/* ---------------------------------------------------------------------------------------------------- test, outbox */

/* MgrSent */
static void on_tested(const MgrSendEnd *end, gpointer user)
{
    MgrCall *call = user;
    g_autoptr(json_t) replies = json_object();
    g_autofree char *said = NULL;

    if (end->error != NULL) {
        mgr_call_fail(call, end->error);
        return;
    }
    if (end->to != NULL)
        mgr_mail_replies_fold(replies, end->to, end->replies, true);
    said = mgr_mail_replies_said(replies, end->to, end->answer);
    mgr_call_done(call, json_pack("{s:s, s:s}", "name", mgr_call_argument(call, "name"), "answer", said));
}

/* It changes nothing here, and somebody gets a message by it: so it is in the audit log. */
static void call_test(MgrCall *call, gpointer user)
{
    const MgrNotificationCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    g_autoptr(GError) error = NULL;
    HlWriteSet *set;

    if (view_of(calls, call, name, &error) == NULL || !mgr_call_may_change(call, &error) ||
        !mgr_notifications_test(calls->parts.notifications, name, on_tested, call, &error)) {
        mgr_call_fail(call, error);
        return;
    }
    set = hl_write_set_new();
    mgr_call_note(call, set);
    mgr_record_write(calls->parts.record, set);
}

typedef struct {
    const MgrNotificationCalls *calls;
    const MgrCall *call;
    json_t *array;
} Listing;

static void on_message(MgrMessageRecord *record, gpointer user)
{
    const Listing *listing = user;
    const MgrRuleView *view = view_of(listing->calls, listing->call, record->rule, NULL);
    g_autoptr(json_t) notes = mgr_notes_parse(record->notes);
    g_autofree char *subject = NULL;

    if (view == NULL || notes == NULL || mgr_notes_is_empty(notes))
        return;
    subject = mgr_message_subject(&(MgrMessage){ .id = record->id,
                                                 .rule = record->rule,
                                                 .server = "",
                                                 .offline_after = view->rule->offline_after,
                                                 .outdated_after = view->rule->outdated_after,
                                                 .language = mgr_sender_language((MgrLanguage)view->rule->language) },
                                  notes);
    json_array_append_new(listing->array,
                          json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:s, s:s}", "id", record->id, "rule",
                                    record->rule, "state", mgr_message_state_name(record->state), "begun",
                                    hl_json_time(record->begun_at), "closed", hl_json_time(record->closed_at), "ended",
                                    hl_json_time(record->ended_at), "attempts", (json_int_t)record->attempts, "count",
                                    (json_int_t)mgr_notes_count(notes), "subject", subject, "said", record->said));
}

static bool parse_limit(const char *text, int64_t *limit, GError **error)
{
    guint64 number = (guint64)*limit;

    if (text != NULL && !g_ascii_string_to_unsigned(text, 10, 1, MOST_LISTED, &number, NULL))
        return mgr_refuse(error, MGR_REFUSE_CALL_LIMIT, text, HL_NUMBER(MOST_LISTED), NULL);
    *limit = (int64_t)number;
    return true;
}

static void call_outbox(MgrCall *call, gpointer user)
{
    const MgrNotificationCalls *calls = user;
    const char *name = mgr_call_argument(call, "name");
    Listing listing = { calls, call, json_array() };
    g_autoptr(GError) error = NULL;
    int64_t limit = USUALLY;

    if ((name == NULL || view_of(calls, call, name, &error) != NULL) &&
        parse_limit(mgr_call_argument(call, "limit"), &limit, &error) &&
        mgr_registry_list_messages(mgr_record_reader(calls->parts.record), name, limit, on_message, &listing, &error)) {
        mgr_call_done_list(call, "messages", listing.array, NULL);
        return;
    }
    json_decref(listing.array);
    mgr_call_fail(call, error);
}

static const MgrCallRow rows[] = {
    { "notification list", "", "", MGR_NEED_REVIEW, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_list },
    { "notification show", "name", "", MGR_NEED_REVIEW, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_show },
    { "notification set", "name", "setting secret new-secret version", MGR_NEED_MANAGE, MGR_SCOPE_NONE, MGR_PROOF_NONE,
      call_set },
    { "notification delete", "name", "", MGR_NEED_MANAGE, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_delete },
    { "notification test", "name", "", MGR_NEED_MANAGE, MGR_SCOPE_NONE, MGR_PROOF_NONE, call_test },
    { "notification outbox", "", "name limit", MGR_NEED_REVIEW, MGR_SCOPE_LIST, MGR_PROOF_NONE, call_outbox },
    { .name = NULL },
};

MgrNotificationCalls *mgr_notification_calls_new(const MgrNotificationCallsOptions *options, MgrDispatch *dispatch)
{
    MgrNotificationCalls *calls = g_new0(MgrNotificationCalls, 1);

    calls->parts = *options;
    mgr_dispatch_add(dispatch, rows, calls);
    return calls;
}

void mgr_notification_calls_free(MgrNotificationCalls *calls)
{
    g_free(calls);
}
