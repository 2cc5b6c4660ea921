/* SPDX-License-Identifier: Apache-2.0 */
/* The half of notifications.h that sends what is stored. */
#include <string.h>
#include <time.h>

#include "lib/base/ident.h"
#include "lib/base/log.h"
#include "manager/core/refusal.h"
#include "manager/daemon/ground/now.h"
#include "manager/daemon/state/notifications/internal.h"
#include "proto/phrase.h"

#define PRUNE_EVERY HL_HOUR
#define MOST_LATE   20               /* messages of a rule that some have */
#define FAILS_FOR   (15 * HL_MINUTE) /* a destination, before people are shown that */

#define MINUTES_A_DAY (24 * 60)

/* ---------------------------------------------------------------------------------------------------------- sending */

static void note_said(MgrOutgoing *outgoing, const char *said)
{
    g_free(outgoing->record.said);
    outgoing->record.said = g_strdup(said);
}

/* Of this message: what else the rule has to send does not wait for that. */
static void note_attempt(MgrNotifications *notifications, const MgrLive *live, MgrOutgoing *outgoing, const char *why)
{
    notifications->counts.failed++;
    note_said(outgoing, why);
    outgoing->record.attempts++;
    hl_log_limited(HL_LOG_WARN, "notification", live->record.name, "'%s' could not be sent: %s", live->record.name,
                   why);
    mgr_unstored_note(notifications, &outgoing->record);
}

static void note_failure(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing, const char *why)
{
    mgr_attempts_failed(&live->attempts, live->rule.retry, mgr_now());
    g_free(live->said);
    live->said = g_strdup(why);
    note_attempt(notifications, live, outgoing, why);
}

static void note_reached(MgrLive *live)
{
    mgr_attempts_succeeded(&live->attempts);
    g_free(live->said);
    live->said = g_strdup("");
}

/* It leaves its queue, whichever that is. */
static void end_message(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing, MgrMessageState state)
{
    if (!g_queue_remove(&live->waiting, outgoing))
        g_queue_remove(&live->late, outgoing);
    outgoing->record.state = state;
    outgoing->record.ended_at = hl_clock_wall();
    mgr_unstored_end(notifications, &outgoing->record);
    mgr_outgoing_free(outgoing);
}

static void give_up(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing)
{
    g_autoptr(json_t) replies = json_incref(outgoing->replies);

    notifications->counts.given_up++;
    hl_error("notification", "'%s' gives up a message after %d attempt%s: %s", live->record.name,
             (int)outgoing->record.attempts, outgoing->record.attempts == 1 ? "" : "s", outgoing->record.said);
    end_message(notifications, live, outgoing, MGR_MESSAGE_GIVEN_UP);
    mgr_live_note_missed(live, replies);
}

/* Some have it, and others are to get it later. */
static void put_off(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing)
{
    outgoing->record.attempts++;
    mgr_attempts_failed(&outgoing->attempts, live->rule.retry, mgr_now());
    mgr_unstored_note(notifications, &outgoing->record);
    if (!g_queue_remove(&live->waiting, outgoing))
        return;
    if (live->late.length >= MOST_LATE)
        give_up(notifications, live, g_queue_peek_head(&live->late));
    g_queue_push_tail(&live->late, outgoing);
}

/* Those who are still to get it; NULL: it is no mail, and goes to its destination whole. */
static GStrv left_of(const MgrLive *live, const MgrOutgoing *outgoing)
{
    return live->recipients != NULL ? mgr_mail_replies_left(outgoing->replies, (const char *const *)live->recipients)
                                    : NULL;
}

/* The message has arrived at some, or all, or now is known not to reach the rest.  What did not go by mail has arrived
 * whole, also where its rule was changed on the way and sends mails now. */
static void take_end(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing, const MgrSendEnd *end)
{
    const char *const *all = (const char *const *)live->recipients;
    g_autoptr(json_t) replies = json_incref(outgoing->replies);
    g_auto(GStrv) left = end->to != NULL ? left_of(live, outgoing) : NULL;
    g_autofree char *missed = NULL;
    g_autofree char *said = NULL;
    bool waits = left != NULL && left[0] != NULL;

    if (end->to == NULL)
        json_object_clear(replies);
    missed = mgr_mail_replies_missed(replies, all);
    said = mgr_mail_replies_said(replies, all, end->answer);
    note_said(outgoing, said);
    g_free(outgoing->record.replies);
    outgoing->record.replies = hl_json_print(replies);
    if (*missed != '\0')
        hl_log_limited(HL_LOG_WARN, "notification", live->record.name,
                       waits ? "'%s' has not reached all, and tries again: %s" : "'%s' has not reached all: %s",
                       live->record.name, missed);
    if (waits)
        put_off(notifications, live, outgoing);
    else
        end_message(notifications, live, outgoing, MGR_MESSAGE_SENT);
    mgr_live_note_missed(live, replies);
}

/* No recipient got it.  Where the mail server took others for an earlier attempt, and answered in this one, it is this
 * message that it does not want now. */
static void take_failure(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing, const MgrSendEnd *end)
{
    bool is_late = g_queue_find(&live->late, outgoing) != NULL;

    if (is_late)
        mgr_attempts_failed(&outgoing->attempts, live->rule.retry, mgr_now());
    if (is_late && end->to != NULL && mgr_mail_replies_answered(end->replies)) {
        note_reached(live);
        note_attempt(notifications, live, outgoing, end->error->message);
        return;
    }
    note_failure(notifications, live, outgoing, end->error->message);
}

static MgrOutgoing *find_outgoing(const MgrLive *live, const char *id)
{
    const GList *first = live->waiting.head;

    if (first != NULL && strcmp(((MgrOutgoing *)first->data)->record.id, id) == 0)
        return first->data;
    for (const GList *at = live->late.head; at != NULL; at = at->next)
        if (strcmp(((MgrOutgoing *)at->data)->record.id, id) == 0)
            return at->data;
    return NULL;
}

/* MgrSent */
static void on_sent(const MgrSendEnd *end, gpointer user)
{
    MgrErrand *errand = user;
    MgrNotifications *notifications = errand->notifications;
    MgrLive *live = mgr_live_find(notifications, errand->rule);
    MgrOutgoing *outgoing = live != NULL ? find_outgoing(live, errand->id) : NULL;
    bool is_about_each;

    mgr_errand_free(errand);
    if (live != NULL)
        live->is_busy = false;
    if (outgoing == NULL)
        return; /* the rule was removed meanwhile, or loaded again: it is sent once more */
    is_about_each =
        end->to != NULL && mgr_mail_replies_fold(outgoing->replies, end->to, end->replies, end->error == NULL);
    if (end->error != NULL && !is_about_each) {
        take_failure(notifications, live, outgoing, end);
        return;
    }
    if (end->error == NULL)
        notifications->counts.sent++;
    note_reached(live);
    take_end(notifications, live, outgoing, end);
}

bool mgr_live_send(MgrNotifications *notifications, const MgrLive *live, const MgrParcel *parcel, MgrSent done,
                   MgrErrand *errand, GError **error)
{
    MgrSending sending = { .rule = &live->rule,
                           .secret = live->record.secret,
                           .notes = parcel->notes,
                           .to = (const char *const *)parcel->to,
                           .is_test = errand->done != NULL };
    MgrMessage message = { .id = parcel->id,
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

static void send_outgoing(MgrNotifications *notifications, MgrLive *live, MgrOutgoing *outgoing)
{
    g_autoptr(json_t) notes = mgr_notes_parse(outgoing->record.notes);
    g_auto(GStrv) left = left_of(live, outgoing);
    g_autoptr(GError) error = NULL;
    MgrErrand *errand;

    if (left != NULL && left[0] == NULL) {
        end_message(notifications, live, outgoing, MGR_MESSAGE_SENT); /* the rule names nobody else any longer */
        return;
    }
    errand = g_new0(MgrErrand, 1);
    *errand = (MgrErrand){ notifications, g_strdup(live->record.name), g_strdup(outgoing->record.id), NULL, NULL };
    live->is_busy =
        mgr_live_send(notifications, live, &(MgrParcel){ outgoing->record.id, notes, left }, on_sent, errand, &error);
    if (live->is_busy)
        return;
    mgr_errand_free(errand);
    if (hl_error_code(error) == HL_ERROR_LIMIT)
        hl_log_limited(HL_LOG_WARN, "notification", "room", "'%s' waits: %s", live->record.name, error->message);
    else
        note_failure(notifications, live, outgoing, error->message);
}

/* The first of those that nobody has, else one that some have.  NULL: none, now. */
static MgrOutgoing *choose_due(MgrLive *live, MgrNow now)
{
    MgrOutgoing *first = g_queue_peek_head(&live->waiting);

    if (first != NULL && first->is_stored)
        return first;
    for (const GList *at = live->late.head; at != NULL; at = at->next)
        if (mgr_attempts_may(&((MgrOutgoing *)at->data)->attempts, now))
            return at->data;
    return NULL;
}

static void send_due(MgrNotifications *notifications, MgrLive *live, MgrNow now)
{
    MgrOutgoing *due;

    if (live->is_busy || !live->rule.enabled || !mgr_attempts_may(&live->attempts, now))
        return;
    due = choose_due(live, now);
    if (due == NULL)
        return;
    if (due->record.attempts > 0 && is_too_old(live, due, now))
        give_up(notifications, live, due);
    else
        send_outgoing(notifications, live, due);
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

static int minute_of_day(HlTime wall)
{
    time_t seconds = (time_t)(wall / HL_SECOND);
    struct tm local;

    localtime_r(&seconds, &local);
    return (local.tm_hour * 60 + local.tm_min) % MINUTES_A_DAY;
}

void mgr_notifications_tick(MgrNotifications *notifications)
{
    MgrNow now = mgr_now();
    int minute = minute_of_day(now.wall);
    GHashTableIter iter;
    gpointer value;

    mgr_unstored_tick(notifications, minute, now);
    if (!notifications->is_saving && !mgr_notifications_load(notifications))
        return;
    if (!notifications->is_saving)
        mgr_notifications_gather(notifications, minute, now);
    g_hash_table_iter_init(&iter, notifications->rules);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        send_due(notifications, value, now);
    show_failures(notifications, now);
    prune(notifications, now);
}

/* MgrSent.  Where a test goes through, what waits for another try need not. */
static void on_tested(const MgrSendEnd *end, gpointer user)
{
    MgrErrand *errand = user;
    MgrLive *live = end->error == NULL ? mgr_live_find(errand->notifications, errand->rule) : NULL;

    if (live != NULL)
        mgr_attempts_succeeded(&live->attempts);
    errand->done(end, errand->user);
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
    if (mgr_live_send(notifications, live, &(MgrParcel){ id, notes, NULL }, on_tested, errand, error))
        return true;
    mgr_errand_free(errand);
    return false;
}
