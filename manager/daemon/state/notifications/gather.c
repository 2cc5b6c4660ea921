/* SPDX-License-Identifier: Apache-2.0 */
/* The half of notifications.h that makes messages and stores them. */
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/notifications/internal.h"

#define MOST_WAITING 20 /* messages of a rule */
#define LOOK_EVERY   (5 * HL_SECOND)

/* -------------------------------------------------------------------------------------------------------- gathering */

static void on_note(const MgrNote *note, const char *group, gpointer user)
{
    MgrNotifications *notifications = user;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrLive *live = value;

        if (!live->rule.enabled || !mgr_rule_wants(&live->rule, note->kind) || !mgr_rule_covers(&live->rule, group))
            continue;
        mgr_gathering_add(live->gathering, note, mgr_now());
        notifications->is_moved = true;
    }
}

/* One look: rules that are enabled, each beside the fleet and the server. */
typedef struct {
    MgrNotifications *notifications;
    GPtrArray *lives; /* MgrLive * */
    MgrNow now;
} Look;

static void on_state(const char *key, const MgrNote *note, bool is_young, gpointer user)
{
    const Look *look = user;

    for (guint i = 0; i < look->lives->len; i++) {
        const MgrLive *live = look->lives->pdata[i];

        if ((live->kinds & MGR_NOTE_BIT(note->kind)) == 0 || !mgr_rule_covers(&live->rule, NULL) ||
            (is_young && !mgr_gathering_knows_state(live->gathering, note->kind, key)))
            continue;
        mgr_gathering_server(live->gathering, key, note, look->now);
    }
}

static void look_at_endpoint(const Look *look, const MgrLive *live, const MgrEndpoint *endpoint)
{
    const MgrEndpointRecord *record = &endpoint->record;
    MgrNow now = look->now;
    MgrNote note = { .name = *record->host != '\0' ? record->host : record->id, .at = now.wall };

    if ((live->kinds & MGR_GATHERING_ENDPOINTS) == 0 || !mgr_rule_covers(&live->rule, record->group))
        return;
    if ((live->kinds & MGR_NOTE_BIT(MGR_NOTE_OFFLINE)) != 0) {
        bool is_told = mgr_gathering_knows(live->gathering, MGR_NOTE_OFFLINE, record->number);
        bool holds = mgr_happenings_is_offline(endpoint, live->rule.offline_after, is_told, now.wall);

        note.kind = MGR_NOTE_OFFLINE;
        note.at = holds ? record->presence.since_wall : now.wall;
        mgr_gathering_endpoint(live->gathering, &live->policy, record->number, holds, &note, now);
    }
    if ((live->kinds & MGR_NOTE_BIT(MGR_NOTE_OUTDATED)) != 0) {
        bool is_told = mgr_gathering_knows(live->gathering, MGR_NOTE_OUTDATED, record->number);
        bool holds =
            mgr_happenings_is_outdated(look->notifications->happenings, endpoint, live->rule.outdated_after, is_told);

        note.kind = MGR_NOTE_OUTDATED;
        note.at = now.wall;
        mgr_gathering_endpoint(live->gathering, &live->policy, record->number, holds, &note, now);
    }
}

static void look_at_fleet(const Look *look)
{
    GHashTableIter iter;
    gpointer value;
    guint kinds = 0;

    for (guint i = 0; i < look->lives->len; i++)
        kinds |= ((const MgrLive *)look->lives->pdata[i])->kinds;
    if ((kinds & MGR_GATHERING_ENDPOINTS) == 0)
        return;
    g_hash_table_iter_init(&iter, look->notifications->parts.fleet->endpoints);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrEndpoint *endpoint = value;

        for (guint i = 0; endpoint->record.revoked_at == 0 && i < look->lives->len; i++)
            look_at_endpoint(look, look->lives->pdata[i], endpoint);
    }
}

static void begin_look(const Look *look, bool hears)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, look->notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrLive *live = value;

        if (!live->rule.enabled)
            continue;
        mgr_gathering_begin(live->gathering);
        if (!hears)
            mgr_gathering_hush(live->gathering);
        g_ptr_array_add(look->lives, value);
    }
}

static void look(MgrNotifications *notifications)
{
    bool hears = mgr_happenings_hears(notifications->happenings);
    g_autoptr(GPtrArray) lives = g_ptr_array_new();
    Look look = { notifications, lives, mgr_now() };
    guint judged = hears ? MGR_GATHERING_ENDPOINTS : 0;

    if (look.now.mono - notifications->look_mono < LOOK_EVERY)
        return;
    notifications->look_mono = look.now.mono;
    begin_look(&look, hears);
    if (hears)
        look_at_fleet(&look);
    judged |= mgr_happenings_server(notifications->happenings, on_state, &look);
    for (guint i = 0; i < lives->len; i++) {
        const MgrLive *live = lives->pdata[i];

        mgr_gathering_end(live->gathering, &live->policy, judged, look.now);
    }
}

/* --------------------------------------------------------------------------------------------------------- messages */

/* The last one that waits takes what there is no room for; the first may be on its way. */
static void join_last(MgrLive *live, const json_t *notes, MgrNow now)
{
    MgrOutgoing *last = g_queue_peek_tail(&live->waiting);
    g_autoptr(json_t) joined = json_deep_copy(notes);
    g_autoptr(json_t) earlier = mgr_notes_parse(last->record.notes);

    mgr_notes_join(joined, earlier);
    g_free(last->record.notes);
    last->record.notes = hl_json_print(joined);
    last->record.closed_at = now.wall;
    last->known = now;
    last->is_stored = false;
}

static void close_due(MgrLive *live, int minute, MgrNow now)
{
    g_autoptr(json_t) notes = NULL;
    MgrMessageRecord record;

    if (!live->rule.enabled || !mgr_gathering_is_due(live->gathering, &live->policy, minute, now))
        return;
    notes = mgr_gathering_close(live->gathering, now);
    if (live->waiting.length >= MOST_WAITING) {
        join_last(live, notes, now);
        return; /* what was stored as gathered goes with the next save */
    }
    record = (MgrMessageRecord){ .id = live->id != NULL ? g_steal_pointer(&live->id) : hl_ident_new("n-"),
                                 .rule = g_strdup(live->record.name),
                                 .state = MGR_MESSAGE_WAITING,
                                 .notes = hl_json_print(notes),
                                 .begun_at = live->id_wall != 0 ? live->id_wall : now.wall,
                                 .closed_at = now.wall,
                                 .said = g_strdup("") };
    g_queue_push_tail(&live->waiting, mgr_outgoing_new(&record, now));
}

static void save_gathered(MgrLive *live, HlWriteSet *set)
{
    g_autofree char *notes = NULL;

    if (mgr_notes_is_empty(live->gathering->notes)) {
        if (live->id != NULL)
            mgr_write_message_removal(set, live->id);
        g_clear_pointer(&live->id, g_free);
        live->id_wall = 0;
        return;
    }
    if (live->id == NULL) {
        live->id = hl_ident_new("n-");
        live->id_wall = hl_clock_wall();
    }
    notes = hl_json_print(live->gathering->notes);
    mgr_write_message(set, &(MgrMessageRecord){ .id = live->id,
                                                .rule = live->record.name,
                                                .state = MGR_MESSAGE_GATHERING,
                                                .notes = notes,
                                                .begun_at = live->id_wall,
                                                .said = hl_unconst("") });
}

/* Whether there was anything. */
static bool save_rule(MgrLive *live, HlWriteSet *set)
{
    MgrGathering *gathering = live->gathering;
    bool any = gathering->changes->len > 0 || gathering->is_changed;

    for (guint i = 0; i < gathering->changes->len; i++) {
        const MgrKnownChange *change = &g_array_index(gathering->changes, MgrKnownChange, i);

        mgr_write_known(set, live->record.name, mgr_note_row(change->kind)->name, change->endpoint, change->key,
                        change->is_known);
    }
    mgr_gathering_clear_changes(gathering);
    for (const GList *at = live->waiting.head; at != NULL; at = at->next) {
        const MgrOutgoing *outgoing = at->data;

        if (!outgoing->is_stored)
            mgr_write_message(set, &outgoing->record);
        any |= !outgoing->is_stored;
    }
    if (gathering->is_changed)
        save_gathered(live, set);
    gathering->is_changed = false;
    return any;
}

static void fold_save(gpointer item)
{
    const MgrErrand *errand = item;
    GHashTableIter iter;
    gpointer value;

    errand->notifications->is_saving = false;
    mgr_unstored_saved(errand->notifications, true);
    g_hash_table_iter_init(&iter, errand->notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        for (const GList *at = ((const MgrLive *)value)->waiting.head; at != NULL; at = at->next)
            ((MgrOutgoing *)at->data)->is_stored = true; /* nothing is closed while a save is on its way */
}

static void fail_save(gpointer item, const GError *error)
{
    MgrNotifications *notifications = ((const MgrErrand *)item)->notifications;

    hl_log_limited(HL_LOG_ERROR, "notification", "save", "notifications wait, because they cannot be stored: %s",
                   error->message);
    mgr_unstored_saved(notifications, false);
    notifications->is_saving = false;
    notifications->is_loaded = false;
    notifications->load_mono = hl_clock_mono();
}

static void save(MgrNotifications *notifications)
{
    static const MgrChangeKind kind = { fold_save, fail_save, mgr_errand_free };
    HlWriteSet *set = hl_write_set_new();
    bool any = notifications->is_moved;
    MgrSeen seen = mgr_happenings_seen(notifications->happenings);
    GHashTableIter iter;
    gpointer value;
    MgrErrand *errand;

    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        any |= save_rule(value, set);
    if (!any) {
        hl_write_set_free(set);
        mgr_unstored_saved(notifications, true); /* nothing was to be said of it */
        return;
    }
    notifications->is_moved = false;
    notifications->is_saving = true;
    mgr_write_seen(set, &seen);
    errand = g_new0(MgrErrand, 1);
    errand->notifications = notifications;
    hl_write_set_durable(set);
    mgr_record_commit(notifications->parts.record, set, &kind, errand);
}

void mgr_notifications_gather(MgrNotifications *notifications, int minute, MgrNow now)
{
    GHashTableIter iter;
    gpointer value;

    mgr_happenings_poll(notifications->happenings, on_note, notifications);
    mgr_unstored_heed(notifications);
    look(notifications);
    mgr_unstored_gather(notifications, now);
    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        close_due(value, minute, now);
    save(notifications);
}
