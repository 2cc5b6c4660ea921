/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this part share: a rule at work, and errands that come back. */
#ifndef MANAGER_DAEMON_STATE_NOTIFICATIONS_INTERNAL_H
#define MANAGER_DAEMON_STATE_NOTIFICATIONS_INTERNAL_H

#include "manager/core/gathering.h"
#include "manager/core/mail_replies.h"
#include "manager/daemon/state/notifications/notifications.h"

/* A message on its way. */
typedef struct {
    MgrMessageRecord record;
    MgrNow known; /* since when it is in memory: its end is not believed to a clock that was set ahead after that */
    bool is_stored;
    json_t *replies;      /* core/mail_replies.h */
    MgrAttempts attempts; /* of one that waits for some of its recipients */
} MgrOutgoing;

typedef struct {
    MgrRuleRecord record;
    MgrRule rule;
    GStrv recipients;          /* of the rule; NULL: it sends no mail */
    MgrGatheringPolicy policy; /* of the rule, as are the kinds: asked for each endpoint */
    guint kinds;
    MgrGathering *gathering;
    char *id;       /* of what is gathered; NULL: nothing was stored of it */
    HlTime id_wall; /* its first note */
    GQueue waiting; /* MgrOutgoing *, that nobody has */
    GQueue late;    /* MgrOutgoing *, that some of the recipients were put off with: they hold up nobody else */
    MgrAttempts attempts;
    char *said;      /* the last failure */
    json_t *replies; /* to the last message */
    char *missed;    /* who of the recipients did not get it, or not yet, and why; "" */
    bool is_busy;
    MgrRuleView view;
} MgrLive;

typedef struct MgrUnstored MgrUnstored; /* unstored.c */

struct MgrNotifications {
    MgrNotificationsOptions parts;
    MgrSender *sender;
    MgrHappenings *happenings;
    MgrUnstored *unstored;
    GHashTable *rules; /* name -> MgrLive * */
    char *server;
    bool is_loaded, is_saving, is_moved; /* the last: rows were read that a rule told of */
    HlTime load_mono, look_mono, prune_mono;
    MgrNotificationCounts counts;
};

/* An attempt, or a set of changes, on its way. */
typedef struct {
    MgrNotifications *notifications;
    char *rule, *id;
    MgrSent done; /* of a test */
    gpointer user;
} MgrErrand;

/* rules.c */
void mgr_errand_free(gpointer errand);
void mgr_outgoing_free(gpointer outgoing);
/* Takes what is in the record. */
MgrOutgoing *mgr_outgoing_new(MgrMessageRecord *record, MgrNow known);
MgrLive *mgr_live_find(const MgrNotifications *notifications, const char *name);
/* Who of the recipients misses something: the last of the messages that still wait for some of them; without such, the
 * one that had these replies. */
void mgr_live_note_missed(MgrLive *live, json_t *replies);
/* At the start, and after a write that failed: then memory was ahead of the registry.  false: not now. */
bool mgr_notifications_load(MgrNotifications *notifications);

/* What is sent; borrowed. */
typedef struct {
    const char *id;
    const json_t *notes;
    char *const *to; /* of a mail; NULL: all */
} MgrParcel;

/* send.c: one attempt, as mgr_sender_send. */
bool mgr_live_send(MgrNotifications *notifications, const MgrLive *live, const MgrParcel *parcel, MgrSent done,
                   MgrErrand *errand, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* unstored.c: what is known and sent without the registry. */
MgrUnstored *mgr_unstored_new(void);
void mgr_unstored_free(MgrUnstored *unstored);
/* Once a second.  minute: of the server's day. */
void mgr_unstored_tick(MgrNotifications *notifications, int minute, MgrNow now);
/* Before each look: what the rules know of the disk then is in the registry. */
void mgr_unstored_heed(MgrNotifications *notifications);
/* What was told is over: while messages can be gathered. */
void mgr_unstored_gather(MgrNotifications *notifications, MgrNow now);
/* How the save after that ended. */
void mgr_unstored_saved(MgrNotifications *notifications, bool is_stored);
/* A message that has ended, and takes what is in the record: stored as soon as it can be. */
void mgr_unstored_end(MgrNotifications *notifications, MgrMessageRecord *record);
/* The same of one that goes on waiting: what its last attempt came to. */
void mgr_unstored_note(MgrNotifications *notifications, const MgrMessageRecord *record);
/* A message as the registry has it becomes what is known of it.  false: it has ended. */
bool mgr_unstored_apply(const MgrNotifications *notifications, MgrMessageRecord *record);
void mgr_unstored_forget(MgrNotifications *notifications, const char *rule);

/* gather.c: what happened becomes messages, in the registry; not while a save is on its way. */
void mgr_notifications_gather(MgrNotifications *notifications, int minute, MgrNow now);

#endif
