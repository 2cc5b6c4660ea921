/* SPDX-License-Identifier: Apache-2.0 */
/* The part of notifications.h that does not need the registry.
 *
 * The outbox is in the registry: while that takes nothing, no message gets in, and so none is sent.  That it takes
 * nothing is the one thing that is told all the same, from memory: it cannot be stored that somebody knows.  Each rule
 * tells it once; a manager that is restarted meanwhile may tell it once more, or not that it is over.
 *
 * The other way round, a message that was sent, to all or to some of its recipients, may not be noted as sent.  Until
 * it is, memory has it, so that it does not go out again each time that the outbox is read. */
#include "lib/base/hash.h"
#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "lib/base/unconst.h"
#include "manager/core/health.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/notifications/internal.h"

#define SETTLED     (30 * HL_SECOND) /* before it is told, and before it is over: a disk may be full and not by turns */
#define STORE_EVERY (30 * HL_SECOND)

/* What one rule tells of the registry. */
typedef struct {
    bool is_busy, is_told;
    bool is_ending;    /* that it is over is on its way into the outbox */
    bool is_left;      /* to the look at the disk, which tells that it is over */
    char *id;          /* of its message; NULL: nothing is to be told */
    HlTime begun_wall; /* that which is told */
    HlTime told_mono;
    MgrAttempts attempts;
} Word;

/* How far a message has come, on its way into the registry. */
typedef struct {
    MgrMessageRecord record;
    guint write; /* the last one: an earlier one that comes back says nothing of what is here now */
    bool is_busy;
} Kept;

/* One write of it. */
typedef struct {
    MgrUnstored *unstored;
    char *id;
    guint write;
} Storing;

struct MgrUnstored {
    bool is_unwritten;
    HlTime since_mono; /* of is_unwritten */
    HlTime since_wall;
    HlTime store_mono;
    guint writes;
    GHashTable *words; /* name of a rule -> Word * */
    GHashTable *kept;  /* id -> Kept *, which has the key */
};

static void word_free(gpointer item)
{
    Word *word = item;

    g_free(word->id);
    g_free(word);
}

static void kept_free(gpointer item)
{
    Kept *kept = item;

    mgr_message_record_clear(&kept->record);
    g_free(kept);
}

static void storing_free(gpointer item)
{
    Storing *storing = item;

    g_free(storing->id);
    g_free(storing);
}

MgrUnstored *mgr_unstored_new(void)
{
    MgrUnstored *unstored = g_new0(MgrUnstored, 1);

    unstored->words = g_hash_table_new_full(hl_text_hash, g_str_equal, g_free, word_free);
    unstored->kept = g_hash_table_new_full(hl_text_hash, g_str_equal, NULL, kept_free);
    return unstored;
}

void mgr_unstored_free(MgrUnstored *unstored)
{
    if (unstored == NULL)
        return;
    g_hash_table_unref(unstored->words);
    g_hash_table_unref(unstored->kept);
    g_free(unstored);
}

/* -------------------------------------------------------------------------------------------- messages on their way */

/* NULL: something newer is on its way. */
static Kept *find_stored(const Storing *storing)
{
    Kept *kept = g_hash_table_lookup(storing->unstored->kept, storing->id);

    return kept != NULL && kept->write == storing->write ? kept : NULL;
}

static void fold_kept(gpointer item)
{
    const Storing *storing = item;

    if (find_stored(storing) != NULL)
        g_hash_table_remove(storing->unstored->kept, storing->id);
}

static void fail_kept(gpointer item, const GError *error)
{
    Kept *kept = find_stored(item);

    hl_log_limited(HL_LOG_ERROR, "notification", "kept", "how far messages have come cannot be stored: %s",
                   error->message);
    if (kept != NULL)
        kept->is_busy = false;
}

static void store_kept(MgrNotifications *notifications, Kept *kept)
{
    static const MgrChangeKind kind = { fold_kept, fail_kept, storing_free };
    MgrUnstored *unstored = notifications->unstored;
    HlWriteSet *set = hl_write_set_new();
    Storing *storing = g_new0(Storing, 1);

    kept->is_busy = true;
    kept->write = ++unstored->writes;
    *storing = (Storing){ unstored, g_strdup(kept->record.id), kept->write };
    mgr_write_message(set, &kept->record);
    mgr_record_commit(notifications->parts.record, set, &kind, storing);
}

void mgr_unstored_end(MgrNotifications *notifications, MgrMessageRecord *record)
{
    Kept *kept = g_new0(Kept, 1);

    kept->record = *record;
    *record = (MgrMessageRecord){ 0 };
    g_hash_table_replace(notifications->unstored->kept, kept->record.id, kept);
    store_kept(notifications, kept);
}

void mgr_unstored_note(MgrNotifications *notifications, const MgrMessageRecord *record)
{
    MgrMessageRecord copy = *record;

    copy.id = g_strdup(record->id);
    copy.rule = g_strdup(record->rule);
    copy.notes = g_strdup(record->notes);
    copy.said = g_strdup(record->said);
    copy.replies = g_strdup(record->replies);
    mgr_unstored_end(notifications, &copy);
}

bool mgr_unstored_apply(const MgrNotifications *notifications, MgrMessageRecord *record)
{
    const Kept *kept = g_hash_table_lookup(notifications->unstored->kept, record->id);

    if (kept == NULL)
        return true;
    if (kept->record.state != MGR_MESSAGE_WAITING)
        return false;
    record->attempts = kept->record.attempts;
    g_free(record->said);
    record->said = g_strdup(kept->record.said);
    g_free(record->replies);
    record->replies = g_strdup(kept->record.replies);
    return true;
}

static void store_all_kept(MgrNotifications *notifications, MgrNow now)
{
    g_autoptr(GList) all = NULL;

    if (now.mono - notifications->unstored->store_mono < STORE_EVERY)
        return;
    notifications->unstored->store_mono = now.mono;
    all = g_hash_table_get_values(notifications->unstored->kept);
    for (const GList *at = all; at != NULL; at = at->next)
        if (!((const Kept *)at->data)->is_busy)
            store_kept(notifications, at->data);
}

/* ----------------------------------------------------------------------------------------- the word on the registry */

static bool is_told_by(const MgrLive *live, int minute)
{
    return live->rule.enabled && mgr_rule_wants(&live->rule, MGR_NOTE_DISK) && mgr_rule_covers(&live->rule, NULL) &&
           !mgr_gathering_is_quiet(&live->policy, minute);
}

static void on_told(const MgrSendEnd *end, gpointer user)
{
    MgrErrand *errand = user;
    MgrNotifications *notifications = errand->notifications;
    MgrLive *live = mgr_live_find(notifications, errand->rule);
    Word *word = g_hash_table_lookup(notifications->unstored->words, errand->rule);

    mgr_errand_free(errand);
    if (word != NULL)
        word->is_busy = false;
    if (word == NULL || live == NULL)
        return; /* the rule was removed meanwhile */
    if (end->error != NULL) {
        notifications->counts.failed++;
        mgr_attempts_failed(&word->attempts, live->rule.retry, mgr_now());
        hl_log_limited(HL_LOG_WARN, "notification", live->record.name, "'%s' could not be sent: %s", live->record.name,
                       end->error->message);
        return;
    }
    notifications->counts.sent++;
    word->is_told = true;
    word->told_mono = hl_clock_mono();
}

static Word *word_of(MgrUnstored *unstored, const char *rule)
{
    Word *word = g_hash_table_lookup(unstored->words, rule);

    if (word == NULL) {
        word = g_new0(Word, 1);
        g_hash_table_insert(unstored->words, g_strdup(rule), word);
    }
    if (word->id == NULL) {
        word->id = hl_ident_new("n-");
        word->begun_wall = unstored->since_wall;
    }
    return word;
}

/* All recipients of a mail are tried in each attempt: one that any of them took has told it. */
static void tell(MgrNotifications *notifications, const MgrLive *live, MgrNow now)
{
    Word *word = word_of(notifications->unstored, live->record.name);
    g_autofree char *detail = mgr_disk_describe(0, 0, mgr_record_unwritten(notifications->parts.record));
    g_autoptr(json_t) notes = mgr_notes_new();
    g_autoptr(GError) error = NULL;
    MgrErrand *errand;

    if (word->is_busy || word->is_told || !mgr_attempts_may(&word->attempts, now) ||
        (word->told_mono != 0 && now.mono - word->told_mono < live->rule.digest))
        return;
    mgr_notes_add(notes, &(MgrNote){ .kind = MGR_NOTE_DISK, .detail = detail, .at = word->begun_wall });
    errand = g_new0(MgrErrand, 1);
    *errand = (MgrErrand){ .notifications = notifications, .rule = g_strdup(live->record.name) };
    word->is_busy = mgr_live_send(notifications, live, &(MgrParcel){ word->id, notes, NULL }, on_told, errand, &error);
    if (word->is_busy)
        return;
    mgr_errand_free(errand);
    if (hl_error_code(error) != HL_ERROR_LIMIT)
        mgr_attempts_failed(&word->attempts, live->rule.retry, now);
    hl_log_limited(HL_LOG_WARN, "notification", live->record.name, "'%s' could not be sent: %s", live->record.name,
                   error->message);
}

static void look_at_registry(MgrUnstored *unstored, bool is_unwritten, MgrNow now)
{
    if (is_unwritten == unstored->is_unwritten)
        return;
    unstored->is_unwritten = is_unwritten;
    unstored->since_mono = now.mono;
    unstored->since_wall = now.wall;
}

void mgr_unstored_tick(MgrNotifications *notifications, int minute, MgrNow now)
{
    MgrUnstored *unstored = notifications->unstored;
    GHashTableIter iter;
    gpointer value;

    look_at_registry(unstored, mgr_record_unwritten(notifications->parts.record) != NULL, now);
    store_all_kept(notifications, now);
    if (!unstored->is_unwritten || now.mono - unstored->since_mono < SETTLED)
        return;
    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (is_told_by(value, minute))
            tell(notifications, value, now);
}

static bool knows_disk(const MgrLive *live)
{
    return live != NULL && mgr_gathering_knows_state(live->gathering, MGR_NOTE_DISK, "");
}

void mgr_unstored_heed(MgrNotifications *notifications)
{
    GHashTableIter iter;
    gpointer rule, value;

    g_hash_table_iter_init(&iter, notifications->unstored->words);
    while (g_hash_table_iter_next(&iter, &rule, &value))
        if (knows_disk(mgr_live_find(notifications, rule)))
            ((Word *)value)->is_left = true;
}

/* A rule that told it says that it is over; in the outbox, which works again.  Not where it also told that the disk is
 * short of room: when that is over it says so, as of each state that it knows, perhaps before, perhaps later. */
static void end_word(const MgrNotifications *notifications, const char *rule, const Word *word, MgrNow now)
{
    const MgrLive *live = mgr_live_find(notifications, rule);

    if (live != NULL && word->is_told && !word->is_left && !knows_disk(live) && live->policy.tells_over &&
        mgr_rule_wants(&live->rule, MGR_NOTE_DISK))
        mgr_gathering_add(live->gathering, &(MgrNote){ .kind = MGR_NOTE_DISK, .is_over = true, .at = now.wall }, now);
}

void mgr_unstored_gather(MgrNotifications *notifications, MgrNow now)
{
    MgrUnstored *unstored = notifications->unstored;
    GHashTableIter iter;
    gpointer rule, value;

    if (unstored->is_unwritten || now.mono - unstored->since_mono < SETTLED)
        return;
    g_hash_table_iter_init(&iter, unstored->words);
    while (g_hash_table_iter_next(&iter, &rule, &value)) {
        Word *word = value;

        if (word->is_busy || word->id == NULL || word->is_ending)
            continue;
        end_word(notifications, rule, word, now);
        word->is_ending = true;
    }
}

void mgr_unstored_saved(MgrNotifications *notifications, bool is_stored)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, notifications->unstored->words);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Word *word = value;

        if (word->is_ending && is_stored) {
            word->is_told = word->is_left = false;
            mgr_attempts_succeeded(&word->attempts);
            g_clear_pointer(&word->id, g_free); /* when it was told stays: not again within the digest */
        }
        word->is_ending = false;
    }
}

static gboolean is_of_rule(gpointer id G_GNUC_UNUSED, gpointer item, gpointer rule)
{
    return g_str_equal(((const Kept *)item)->record.rule, rule);
}

void mgr_unstored_forget(MgrNotifications *notifications, const char *rule)
{
    g_hash_table_remove(notifications->unstored->words, rule);
    g_hash_table_foreach_remove(notifications->unstored->kept, is_of_rule, hl_unconst(rule));
}
