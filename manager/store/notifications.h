/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of notification, their outbox, and what they have told of already.  As registry.h: loading blocks, changes are
 * statements added to an HlWriteSet.
 *
 * In backups, secrets of webhooks included: who has a backup has the keys of the site in any case.  Not in the journal:
 * a restore brings back the rules of the backup, and may send again what waited then. */
#ifndef MANAGER_STORE_NOTIFICATIONS_H
#define MANAGER_STORE_NOTIFICATIONS_H

#include "lib/base/clock.h"
#include "lib/store/db.h"
#include "lib/store/writer.h"

typedef struct {
    char *name;
    uint64_t version;
    char *options, *secret;
    HlTime changed_at;
    char *changed_by;
} MgrRuleRecord;

typedef enum { MGR_MESSAGE_GATHERING, MGR_MESSAGE_WAITING, MGR_MESSAGE_SENT, MGR_MESSAGE_GIVEN_UP } MgrMessageState;

const char *mgr_message_state_name(MgrMessageState state);

typedef struct {
    char *id, *rule;
    MgrMessageState state;
    char *notes;
    HlTime begun_at, closed_at, ended_at;
    int64_t attempts;
    char *said;
    char *replies; /* core/mail_replies.h; NULL: none */
} MgrMessageRecord;

/* Numbers of the last rows of tables. */
typedef struct {
    int64_t history, detection, audit;
} MgrSeen;

void mgr_rule_record_clear(MgrRuleRecord *record);
void mgr_message_record_clear(MgrMessageRecord *record);

/* The receivers take what they want out of a record; the rest is freed. */
typedef void (*MgrRuleFn)(MgrRuleRecord *record, gpointer user);
typedef void (*MgrMessageFn)(MgrMessageRecord *record, gpointer user);
typedef void (*MgrKnownFn)(const char *rule, const char *kind, int64_t endpoint, const char *key, gpointer user);

bool mgr_registry_load_rules(HlDb *db, MgrRuleFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Those that are not ended, in their order. */
bool mgr_registry_load_messages(HlDb *db, MgrMessageFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_load_known(HlDb *db, MgrKnownFn fn, gpointer user, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The newest first; rule NULL: of all. */
bool mgr_registry_list_messages(HlDb *db, const char *rule, int64_t limit, MgrMessageFn fn, gpointer user,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* When a message of the rule was closed last; 0: never. */
bool mgr_registry_last_closed(HlDb *db, const char *rule, HlTime *closed, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The replies to the last message of the rule that was sent, to whomever; NULL: none was.  Caller frees. */
bool mgr_registry_last_replies(HlDb *db, const char *rule, char **replies, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* false in *is_there: nothing was seen yet. */
bool mgr_registry_read_seen(HlDb *db, MgrSeen *seen, bool *is_there, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What there is now. */
bool mgr_registry_read_last(HlDb *db, MgrSeen *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A row of what happened; borrowed.  Of a detection what is "detection" and name the host, of the audit log name is the
 * account and what the call ("" or an error's name in code). */
typedef struct {
    int64_t number;
    HlTime at;
    const char *endpoint, *name, *what, *detail, *code;
} MgrHappening;

typedef void (*MgrHappeningFn)(const MgrHappening *happening, gpointer user);

/* Rows after one number, up to another, at most limit of those that a rule can tell of, in order.  *last becomes the
 * number up to which all were looked at. */
bool mgr_registry_happened_history(HlDb *db, int64_t after, int64_t until, int64_t limit, MgrHappeningFn fn,
                                   gpointer user, int64_t *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_happened_detection(HlDb *db, int64_t after, int64_t until, int64_t limit, MgrHappeningFn fn,
                                     gpointer user, int64_t *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;
bool mgr_registry_happened_audit(HlDb *db, int64_t after, int64_t until, int64_t limit, MgrHappeningFn fn,
                                 gpointer user, int64_t *last, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* base: the version that it was made of, 0: a new one; otherwise the set fails with HL_ERROR_CONFLICT. */
void mgr_write_rule(HlWriteSet *set, const MgrRuleRecord *record, uint64_t base);
/* And its version into MGR_ENDED_RULE (registry.h). */
void mgr_write_rule_removal(HlWriteSet *set, const char *name);
/* All of it, by its id; nothing if its rule was removed. */
void mgr_write_message(HlWriteSet *set, const MgrMessageRecord *record);
void mgr_write_message_removal(HlWriteSet *set, const char *id);
void mgr_write_known(HlWriteSet *set, const char *rule, const char *kind, int64_t endpoint, const char *key,
                     bool is_known);
/* All of a kind that the rule does not tell any longer. */
void mgr_write_unknown(HlWriteSet *set, const char *rule, const char *kind);
void mgr_write_seen(HlWriteSet *set, const MgrSeen *seen);
/* Those that ended before, and of each rule all but the newest hundred that ended. */
void mgr_write_prune_messages(HlWriteSet *set, HlTime before);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrRuleRecord, mgr_rule_record_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgrMessageRecord, mgr_message_record_clear)

#endif
