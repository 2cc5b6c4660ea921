/* SPDX-License-Identifier: Apache-2.0 */
/* The half of notifications.h that sends what is stored. */
#include <string.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/notifications/internal.h"
#include "proto/phrase.h"

#define PRUNE_EVERY HL_HOUR
#define FAILS_FOR   (15 * HL_MINUTE) /* a destination, before people are shown that */

/* ---------------------------------------------------------------------------------------------------------- sending */

static void store_record(MgrNotifications *notifications, const MgrMessageRecord *record)
{
    HlWriteSet *set = hl_write_set_new();

    mgr_write_message(set, record);
    mgr_record_write(notifications->parts.record, set);
}

static void note_failure(MgrNotifications *notifications, MgrLive *live, MgrMessageRecord *record, const char *why)
{
    notifications->counts.failed++;
    mgr_attempts_failed(&live->attempts, live->rule.retry, mgr_now());
    g_free(live->said);
    live->said = g_strdup(why);
    g_free(record->said);
    record->said = g_strdup(why);
    record->attempts++;
    hl_log_limited(HL_LOG_WARN, "notification", live->record.name, "'%s' could not be sent: %s", live->record.name,
                   why);
    store_record(notifications, record);
}

static void end_first(MgrNotifications *notifications, MgrLive *live, MgrMessageState state)
{
    MgrOutgoing *outgoing = g_queue_pop_head(&live->waiting);

    outgoing->record.state = state;
    outgoing->record.ended_at = hl_clock_wall();
    store_record(notifications, &outgoing->record);
    mgr_outgoing_free(outgoing);
}

/* MgrSent */
static void on_sent(const char *answer, const GError *error, gpointer user)
{
    MgrErrand *errand = user;
    MgrNotifications *notifications = errand->notifications;
    MgrLive *live = mgr_live_find(notifications, errand->rule);
    MgrOutgoing *first = live != NULL ? g_queue_peek_head(&live->waiting) : NULL;
    bool is_first = first != NULL && strcmp(first->record.id, errand->id) == 0;

    mgr_errand_free(errand);
    if (live != NULL)
        live->is_busy = false;
    if (!is_first)
        return; /* the rule was removed meanwhile, or loaded again: it is sent once more */
    if (error != NULL) {
        note_failure(notifications, live, &first->record, error->message);
        return;
    }
    notifications->counts.sent++;
    mgr_attempts_succeeded(&live->attempts);
    g_free(live->said);
    live->said = g_strdup("");
    g_free(first->record.said);
    first->record.said = g_strdup(answer);
    end_first(notifications, live, MGR_MESSAGE_SENT);
}

static bool send_message(MgrNotifications *notifications, const MgrLive *live, const char *id, const json_t *notes,
                         MgrSent done, MgrErrand *errand, GError **error)
{
    MgrSending sending = { &live->rule, live->record.secret, NULL, notes, errand->done != NULL };
    MgrMessage message = { .id = id,
                           .rule = live->record.name,
                           .server = notifications->server,
                           .offline_after = live->rule.offline_after,
                           .outdated_after = live->rule.outdated_after,
                           .language = mgr_sender_language((MgrLanguage)live->rule.language),
                           .word_detail = hl_phrase_detail_to };

    sending.message = &message;
    return mgr_sender_send(notifications->sender, &sending, done, errand, error);
}

static bool is_too_old(const MgrLive *live, const MgrOutgoing *outgoing, MgrNow now)
{
    return mgr_now_believed(outgoing->known, now) - outgoing->record.closed_at >= live->rule.give_up;
}

static void send_due(MgrNotifications *notifications, MgrLive *live, MgrNow now)
{
    MgrOutgoing *first = g_queue_peek_head(&live->waiting);
    g_autoptr(json_t) notes = NULL;
    g_autoptr(GError) error = NULL;
    MgrErrand *errand;

    if (first == NULL || live->is_busy || !first->is_stored || !live->rule.enabled ||
        !mgr_attempts_may(&live->attempts, now))
        return;
    if (first->record.attempts > 0 && is_too_old(live, first, now)) {
        notifications->counts.given_up++;
        hl_error("notification", "'%s' gives up a message after %d attempts: %s", live->record.name,
                 (int)first->record.attempts, first->record.said);
        end_first(notifications, live, MGR_MESSAGE_GIVEN_UP);
        return;
    }
    notes = mgr_notes_parse(first->record.notes);
    errand = g_new0(MgrErrand, 1);
    *errand = (MgrErrand){ notifications, g_strdup(live->record.name), g_strdup(first->record.id), NULL, NULL };
    live->is_busy = send_message(notifications, live, first->record.id, notes, on_sent, errand, &error);
    if (live->is_busy)
        return;
    mgr_errand_free(errand);
    if (hl_error_code(error) == HL_ERROR_LIMIT)
        hl_log_limited(HL_LOG_WARN, "notification", "room", "'%s' waits: %s", live->record.name, error->message);
    else
        note_failure(notifications, live, &first->record, error->message);
}

static void show_failures(MgrNotifications *notifications, MgrNow now)
{
    GHashTableIter iter;
    gpointer value;
    g_autofree char *problem = NULL;
    guint failing = 0;

    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const MgrLive *live = value;

        if (!live->rule.enabled || live->attempts.failures == 0 || now.mono - live->attempts.since_mono < FAILS_FOR)
            continue;
        failing++;
    }
    notifications->counts.failing = failing;
    /* no names: everybody reads it, and a rule may not be there for everybody */
    if (failing == 1)
        problem = g_strdup("1 notification cannot be sent: 'holdline notification list' says which, and 'holdline "
                           "notification show NAME' why.");
    else if (failing > 0)
        problem = g_strdup_printf("%u notifications cannot be sent: 'holdline notification list' says which, and "
                                  "'holdline notification show NAME' why.",
                                  failing);
    mgr_status_set_problem(notifications->parts.status, MGR_PROBLEM_NOTIFICATIONS, problem);
}

static void prune(MgrNotifications *notifications, MgrNow now)
{
    if (notifications->prune_mono != 0 && now.mono - notifications->prune_mono < PRUNE_EVERY)
        return;
    notifications->prune_mono = now.mono;
    mgr_write_prune_messages(mgr_record_background(notifications->parts.record),
                             now.wall - notifications->parts.conf->retention);
}

void mgr_notifications_tick(MgrNotifications *notifications)
{
    MgrNow now = mgr_now();
    GHashTableIter iter;
    gpointer value;

    if (!notifications->is_saving && !mgr_notifications_load(notifications))
        return;
    if (!notifications->is_saving)
        mgr_notifications_gather(notifications, now);
    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        send_due(notifications, value, now);
    show_failures(notifications, now);
    prune(notifications, now);
}

/* MgrSent.  Where a test goes through, what waits for another try need not. */
static void on_tested(const char *answer, const GError *error, gpointer user)
{
    MgrErrand *errand = user;
    MgrLive *live = error == NULL ? mgr_live_find(errand->notifications, errand->rule) : NULL;

    if (live != NULL)
        mgr_attempts_succeeded(&live->attempts);
    errand->done(answer, error, errand->user);
    mgr_errand_free(errand);
}

bool mgr_notifications_test(MgrNotifications *notifications, const char *name, MgrSent done, gpointer user,
                            GError **error)
{
    const MgrLive *live = mgr_live_find(notifications, name);
    g_autofree char *id = hl_ident_new("n-");
    g_autoptr(json_t) notes = mgr_notes_new();
    MgrErrand *errand;

    if (live == NULL)
        return mgr_refuse(error, MGR_REFUSE_NOTIFICATION_UNKNOWN_NOW, name, NULL);
    mgr_notes_add(notes, &(MgrNote){ .kind = MGR_NOTE_TEST, .at = hl_clock_wall() });
    errand = g_new0(MgrErrand, 1);
    *errand = (MgrErrand){ .notifications = notifications, .rule = g_strdup(name), .done = done, .user = user };
    if (send_message(notifications, live, id, notes, on_tested, errand, error))
        return true;
    mgr_errand_free(errand);
    return false;
}
