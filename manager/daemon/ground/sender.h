/* SPDX-License-Identifier: Apache-2.0 */
/* Sends one message to one destination, on a thread of its own, so that a slow one holds up nobody else.
 *
 * One attempt, which takes half a minute at most; who tries again, and when, is decided above.  What may be told where:
 * addresses that are not public only where notification.private names their network, and what is not encrypted only
 * there.  The mail server is the configuration's, so it may be anywhere; without TLS it is on this machine or in one of
 * those networks.  Loop thread. */
#ifndef MANAGER_DAEMON_GROUND_SENDER_H
#define MANAGER_DAEMON_GROUND_SENDER_H

#include "manager/core/conf.h"
#include "manager/core/notification_rule.h"
#include "manager/core/notification_text.h"

#define MGR_SENDER_TESTS 4                                  /* at work */
#define MGR_SENDER_MOST  (MGR_RULES_MAX + MGR_SENDER_TESTS) /* one for each rule, and tests */

typedef struct MgrSender MgrSender;

/* How an attempt ended. */
typedef struct {
    const char *answer;  /* what the destination said last ("" if it says nothing); NULL with an error */
    const GError *error; /* it did not take the message */
    const char *const *to, *const *replies; /* of a mail: whom it was for, and what was said of each
                                             * (core/mail_replies.h); NULL of others */
} MgrSendEnd;

typedef void (*MgrSent)(const MgrSendEnd *end, gpointer user);

/* conf is borrowed, and read at each attempt; dir: the site, of its relative paths.  drop: for the user of attempts
 * whose end nobody is told any more. */
MgrSender *mgr_sender_new(const MgrConf *conf, const char *dir, GDestroyNotify drop);

/* Ends what is at work, within a second, and drops it. */
void mgr_sender_free(MgrSender *sender);

/* What is sent; borrowed.  The message is worded here, in the language of the rule. */
typedef struct {
    const MgrRule *rule;
    const char *secret; /* of a webhook; "": not signed */
    const MgrMessage *message;
    const json_t *notes;
    const char *const *to; /* of a mail: who is still to get it; NULL: all that the rule names */
    bool is_test;          /* has room of its own: tests of somebody impatient hold up no message */
} MgrSending;

/* done is called once, later; not where this fails: LIMIT (no room, which is not the destination's fault), or a
 * destination for which something is not configured. */
bool mgr_sender_send(MgrSender *sender, const MgrSending *sending, MgrSent done, gpointer user,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The language of a rule; NULL: English. */
MgrSentenceLanguage mgr_sender_language(MgrLanguage language);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgrSender, mgr_sender_free)

#endif
