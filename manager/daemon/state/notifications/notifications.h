/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of notification at work: what happened is gathered for each rule, becomes messages, and is sent.
 *
 * A message is in the registry before it is sent (the outbox), with what its rule has told of and how far was read, in
 * one write set; after a kill it is sent again under the same id, so it arrives at least once.  Of each rule one
 * message is sent at a time, in their order; one that fails is tried again until its rule gives it up.  Twenty of a
 * rule wait at most: what comes then joins the last one, which says so.  A mail that some of its recipients have waits
 * for the others beside them, so that somebody whose server puts mail off holds up nobody else; of those, too, twenty.
 *
 * Only decides when, by manager/core/gathering.h; sends by ground/sender.h. */
#ifndef MANAGER_DAEMON_STATE_NOTIFICATIONS_H
#define MANAGER_DAEMON_STATE_NOTIFICATIONS_H

#include "manager/daemon/ground/sender.h"
#include "manager/daemon/state/happenings.h"

typedef struct MgrNotifications MgrNotifications;

typedef struct {
    const char *dir; /* the site; borrowed */
    const MgrConf *conf;
    MgrFleet *fleet;
    MgrRecord *record;
    MgrStatus *status;
    const MgrTimestamp *timestamp; /* NULL: of the repository nothing is told */
} MgrNotificationsOptions;

MgrNotifications *mgr_notifications_new(const MgrNotificationsOptions *options);
/* Attempts under way end; their messages are sent again after the next start. */
void mgr_notifications_free(MgrNotifications *notifications);

/* Once a second. */
void mgr_notifications_tick(MgrNotifications *notifications);

/* A rule as it stands; borrowed, until the loop runs other work. */
typedef struct {
    const MgrRuleRecord *record;
    const MgrRule *rule;
    guint waiting;        /* messages */
    HlTime failing_since; /* wall, of the first failure in a row; 0: the last attempt succeeded, or there was none */
    const char *said;     /* the last failure; "" */
    const char *missed;   /* who of several did not get the last message, or not yet, and why; "" */
} MgrRuleView;

/* NULL: there is none of that name. */
const MgrRuleView *mgr_notifications_rule(MgrNotifications *notifications, const char *name);
/* Their names, sorted; ends with NULL; free with g_strfreev. */
GStrv mgr_notifications_names(const MgrNotifications *notifications);

/* What goes into the write set of a rule that is saved, beside the rule: kinds that it does not tell any longer. */
void mgr_notifications_write(const MgrNotifications *notifications, HlWriteSet *set, const MgrRule *rule,
                             const char *name);
/* After the commit; takes what is in the record. */
void mgr_notifications_put(MgrNotifications *notifications, MgrRuleRecord *record);
void mgr_notifications_remove(MgrNotifications *notifications, const char *name);

/* One attempt with a test message, past the outbox. */
bool mgr_notifications_test(MgrNotifications *notifications, const char *name, MgrSent done, gpointer user,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
    uint64_t sent, failed, given_up; /* since the start; attempts that failed */
    guint rules, waiting, failing;   /* now */
} MgrNotificationCounts;

MgrNotificationCounts mgr_notifications_count(const MgrNotifications *notifications);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrNotifications, mgr_notifications_free)

#endif
