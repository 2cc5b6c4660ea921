/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of notifications.h: from the registry, saved, removed, shown. */
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/notifications/internal.h"

#define RELOAD_EVERY (30 * HL_SECOND)

void mgr_errand_free(gpointer item)
{
    MgrErrand *errand = item;

    g_free(errand->rule);
    g_free(errand->id);
    g_free(errand);
}

void mgr_outgoing_free(gpointer item)
{
    MgrOutgoing *outgoing = item;

    mgr_message_record_clear(&outgoing->record);
    json_decref(outgoing->replies);
    g_free(outgoing);
}

MgrOutgoing *mgr_outgoing_new(MgrMessageRecord *record, MgrNow known)
{
    MgrOutgoing *outgoing = g_new0(MgrOutgoing, 1);

    outgoing->record = *record;
    memset(record, 0, sizeof *record);
    outgoing->known = known;
    outgoing->replies = mgr_mail_replies_parse(outgoing->record.replies != NULL ? outgoing->record.replies : "{}");
    return outgoing;
}

static void live_free(gpointer item)
{
    MgrLive *live = item;

    mgr_rule_record_clear(&live->record);
    mgr_rule_clear(&live->rule);
    mgr_gathering_free(live->gathering);
    g_queue_clear_full(&live->waiting, mgr_outgoing_free);
    g_queue_clear_full(&live->late, mgr_outgoing_free);
    g_strfreev(live->recipients);
    json_decref(live->replies);
    g_free(live->id);
    g_free(live->said);
    g_free(live->missed);
    g_free(live);
}

static GHashTable *new_rules(void)
{
    return g_hash_table_new_full(hl_text_hash, g_str_equal, NULL, live_free);
}

/* The host's name with what may stand in a Message-ID and in a header of syslog. */
static char *server_name(void)
{
    char *name = g_strdup(g_get_host_name());

    g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-", '-');
    return name;
}

MgrNotifications *mgr_notifications_new(const MgrNotificationsOptions *options)
{
    MgrNotifications *notifications = g_new0(MgrNotifications, 1);

    notifications->parts = *options;
    notifications->server = server_name();
    notifications->rules = new_rules();
    notifications->unstored = mgr_unstored_new();
    notifications->sender = mgr_sender_new(options->conf, options->dir, mgr_errand_free);
    notifications->happenings = mgr_happenings_new(&(MgrHappeningsOptions){ .dir = options->dir,
                                                                            .conf = options->conf,
                                                                            .fleet = options->fleet,
                                                                            .record = options->record,
                                                                            .status = options->status,
                                                                            .timestamp = options->timestamp });
    return notifications;
}

void mgr_notifications_free(MgrNotifications *notifications)
{
    if (notifications == NULL)
        return;
    mgr_sender_free(notifications->sender);
    mgr_happenings_free(notifications->happenings);
    mgr_unstored_free(notifications->unstored);
    g_hash_table_unref(notifications->rules);
    g_free(notifications->server);
    g_free(notifications);
}

/* ---------------------------------------------------------------------------------------------------------- loading */

MgrLive *mgr_live_find(const MgrNotifications *notifications, const char *name)
{
    return g_hash_table_lookup(notifications->rules, name);
}

static void show_missed(MgrLive *live)
{
    const MgrOutgoing *late = g_queue_peek_tail(&live->late);

    g_free(live->missed);
    live->missed =
        mgr_mail_replies_missed(late != NULL ? late->replies : live->replies, (const char *const *)live->recipients);
}

void mgr_live_note_missed(MgrLive *live, json_t *replies)
{
    json_incref(replies);
    json_decref(live->replies);
    live->replies = replies;
    show_missed(live);
}

static void take_recipients(MgrLive *live)
{
    g_auto(MgrDestination) destination = { 0 };

    g_clear_pointer(&live->recipients, g_strfreev);
    if (mgr_destination_parse(live->rule.to, &destination, NULL) && destination.way == MGR_WAY_MAIL)
        live->recipients = g_strdupv(destination.recipients);
}

static void take_record(MgrLive *live, MgrRuleRecord *record)
{
    g_autofree char *odd = NULL;

    mgr_rule_record_clear(&live->record);
    mgr_rule_clear(&live->rule);
    live->record = *record;
    memset(record, 0, sizeof *record);
    mgr_rule_parse(live->record.options, &live->rule, &odd);
    take_recipients(live);
    live->policy = mgr_rule_policy(&live->rule);
    live->kinds = mgr_rule_kinds(&live->rule);
    if (odd != NULL)
        hl_warn("notification", "rule '%s' has what this version does not know, and goes on without: %s",
                live->record.name, odd);
}

static MgrLive *add(MgrNotifications *notifications, MgrRuleRecord *record)
{
    MgrLive *live = g_new0(MgrLive, 1);

    take_record(live, record);
    live->gathering = mgr_gathering_new();
    live->said = g_strdup("");
    live->replies = json_object();
    live->missed = g_strdup("");
    g_queue_init(&live->waiting);
    g_queue_init(&live->late);
    g_hash_table_insert(notifications->rules, live->record.name, live);
    return live;
}

static void on_rule(MgrRuleRecord *record, gpointer user)
{
    add(user, record);
}

static void on_message(MgrMessageRecord *record, gpointer user)
{
    const MgrNotifications *notifications = user;
    MgrLive *live = mgr_live_find(notifications, record->rule);
    json_t *notes = mgr_notes_parse(record->notes);
    MgrOutgoing *outgoing;

    if (live == NULL || notes == NULL || !mgr_unstored_apply(notifications, record)) {
        json_decref(notes);
        return; /* somebody wrote past the manager; or its end could not be stored yet */
    }
    if (record->state == MGR_MESSAGE_GATHERING) {
        g_free(live->id);
        live->id = g_strdup(record->id);
        live->id_wall = record->begun_at;
        mgr_gathering_restore(live->gathering, notes, record->begun_at, 0, mgr_now());
        return;
    }
    json_decref(notes);
    outgoing = mgr_outgoing_new(record, mgr_now());
    outgoing->is_stored = true;
    g_queue_push_tail(mgr_mail_replies_has_some(outgoing->replies) ? &live->late : &live->waiting, outgoing);
}

static void on_known(const char *rule, const char *kind, int64_t endpoint, const char *key, gpointer user)
{
    const MgrNotifications *notifications = user;
    const MgrLive *live = mgr_live_find(notifications, rule);
    MgrNoteKind known;

    if (live != NULL && mgr_note_parse(kind, &known) && mgr_rule_wants(&live->rule, known))
        mgr_gathering_restore_known(live->gathering, known, endpoint, key);
}

static bool load_rule(HlDb *db, MgrLive *live, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(json_t) replies = NULL;
    HlTime closed;

    if (!mgr_registry_last_closed(db, live->record.name, &closed, error) ||
        !mgr_registry_last_replies(db, live->record.name, &text, error))
        return false;
    mgr_gathering_restore(live->gathering, NULL, 0, closed, mgr_now());
    replies = mgr_mail_replies_parse(text != NULL ? text : "{}");
    mgr_live_note_missed(live, replies);
    return true;
}

static bool load_rules(MgrNotifications *notifications, GError **error)
{
    HlDb *db = mgr_record_reader(notifications->parts.record);
    GHashTableIter iter;
    gpointer value;

    if (!mgr_registry_load_rules(db, on_rule, notifications, error) ||
        !mgr_registry_load_messages(db, on_message, notifications, error) ||
        !mgr_registry_load_known(db, on_known, notifications, error) ||
        !mgr_happenings_load(notifications->happenings, error))
        return false;
    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (!load_rule(db, value, error))
            return false;
    return true;
}

static const MgrOutgoing *find_late(const MgrLive *live, const char *id)
{
    for (const GList *at = live->late.head; at != NULL; at = at->next)
        if (strcmp(((const MgrOutgoing *)at->data)->record.id, id) == 0)
            return at->data;
    return NULL;
}

/* What only memory has goes on: a registry that cannot be written is read again and again, and for that nothing is
 * tried more often, or while it is on its way. */
static void carry_on(const MgrLive *before, MgrLive *live)
{
    live->is_busy = before->is_busy;
    live->attempts = before->attempts;
    g_free(live->said);
    live->said = g_strdup(before->said);
    for (const GList *at = live->late.head; at != NULL; at = at->next) {
        MgrOutgoing *outgoing = at->data;
        const MgrOutgoing *same = find_late(before, outgoing->record.id);

        if (same != NULL)
            outgoing->attempts = same->attempts;
    }
}

static void carry_all_on(GHashTable *before, GHashTable *loaded)
{
    GHashTableIter iter;
    gpointer name, live;

    g_hash_table_iter_init(&iter, loaded);
    while (g_hash_table_iter_next(&iter, &name, &live)) {
        const MgrLive *same = g_hash_table_lookup(before, name);

        if (same != NULL)
            carry_on(same, live);
    }
}

/* A registry that cannot be read leaves the rules as they were known: of a disk that is broken they have to tell. */
static bool load(MgrNotifications *notifications, GError **error)
{
    GHashTable *before = notifications->rules, *loaded = new_rules();

    notifications->rules = loaded;
    if (load_rules(notifications, error)) {
        carry_all_on(before, loaded);
        g_hash_table_unref(before);
        return true;
    }
    notifications->rules = before;
    g_hash_table_unref(loaded);
    return false;
}

bool mgr_notifications_load(MgrNotifications *notifications)
{
    HlTime now = hl_clock_mono();
    g_autoptr(GError) error = NULL;

    if (notifications->is_loaded)
        return true;
    if (notifications->load_mono != 0 && now - notifications->load_mono < RELOAD_EVERY)
        return false;
    notifications->load_mono = now;
    notifications->is_loaded = load(notifications, &error);
    if (!notifications->is_loaded)
        hl_log_limited(HL_LOG_ERROR, "notification", "load", "nobody is notified: %s", error->message);
    return notifications->is_loaded;
}

/* ------------------------------------------------------------------------------------------------------------ rules */

const MgrRuleView *mgr_notifications_rule(MgrNotifications *notifications, const char *name)
{
    MgrNow now = mgr_now();
    MgrLive *live = mgr_live_find(notifications, name);

    if (live == NULL)
        return NULL;
    live->view =
        (MgrRuleView){ .record = &live->record,
                       .rule = &live->rule,
                       .waiting = live->waiting.length + live->late.length,
                       .failing_since =
                           live->attempts.failures == 0 ? 0 : now.wall - (now.mono - live->attempts.since_mono),
                       .said = live->said,
                       .missed = live->missed };
    return &live->view;
}

GStrv mgr_notifications_names(const MgrNotifications *notifications)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(notifications->rules), (GCompareFunc)strcmp);
    GPtrArray *out = g_ptr_array_new();

    for (const GList *at = names; at != NULL; at = at->next)
        g_ptr_array_add(out, g_strdup(at->data));
    g_ptr_array_add(out, NULL);
    return (GStrv)g_ptr_array_free(out, FALSE);
}

void mgr_notifications_write(const MgrNotifications *notifications, HlWriteSet *set, const MgrRule *rule,
                             const char *name)
{
    MgrSeen seen = mgr_happenings_seen(notifications->happenings);

    for (int kind = 0; kind < MGR_NOTE_TEST; kind++)
        if (!mgr_rule_wants(rule, (MgrNoteKind)kind))
            mgr_write_unknown(set, name, mgr_note_row((MgrNoteKind)kind)->name);
    mgr_write_seen(set, &seen); /* what was before the rule is none of its business */
}

void mgr_notifications_put(MgrNotifications *notifications, MgrRuleRecord *record)
{
    MgrLive *live = mgr_live_find(notifications, record->name);

    if (live == NULL) {
        add(notifications, record);
        return;
    }
    g_hash_table_steal(notifications->rules, live->record.name); /* the name is the record's */
    take_record(live, record);
    g_hash_table_insert(notifications->rules, live->record.name, live);
    for (int kind = 0; kind < MGR_NOTE_TEST; kind++)
        if (!mgr_rule_wants(&live->rule, (MgrNoteKind)kind))
            mgr_gathering_forget(live->gathering, (MgrNoteKind)kind);
    mgr_attempts_succeeded(&live->attempts); /* perhaps it goes elsewhere now: at once */
    for (const GList *at = live->late.head; at != NULL; at = at->next)
        mgr_attempts_succeeded(&((MgrOutgoing *)at->data)->attempts);
    show_missed(live); /* who is not named any longer misses nothing */
}

void mgr_notifications_remove(MgrNotifications *notifications, const char *name)
{
    g_hash_table_remove(notifications->rules, name);
    mgr_unstored_forget(notifications, name);
}

MgrNotificationCounts mgr_notifications_count(const MgrNotifications *notifications)
{
    MgrNotificationCounts counts = notifications->counts;
    GHashTableIter iter;
    gpointer value;

    counts.rules = g_hash_table_size(notifications->rules);
    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        counts.waiting += ((const MgrLive *)value)->waiting.length + ((const MgrLive *)value)->late.length;
    return counts;
}
